#include "decimal.h"

#include "../internal/big.h"

/// Takes the powers of two out of the mantissa, so that as few fives as possible are needed.
static void normalize(uint64_t *mantissa, int *exponent)
{
    if (*exponent < 0)
    {
        int zeros = __builtin_ctzl(*mantissa);
        zeros     = zeros < -*exponent ? zeros : -*exponent;
        *mantissa >>= zeros;
        *exponent += zeros;
    }
}

int __decimal_room(uint64_t mantissa, int exponent)
{
    if (mantissa == 0)
    {
        return 1;
    }
    normalize(&mantissa, &exponent);
    // 0.30103 digits a bit, 0.699 digits a power of five; nine digits are made at once.
    return 20 + 9 + (exponent >= 0 ? exponent * 31 / 100 : -exponent * 70 / 100);
}

void __to_decimal(struct decimal *decimal, uint64_t mantissa, int exponent)
{
    decimal->count = 0;
    decimal->point = 0;
    if (mantissa == 0)
    {
        return;
    }
    normalize(&mantissa, &exponent);
    // With a negative exponent, m / 2^k = m * 5^k / 10^k.
    const unsigned power = exponent < 0 ? (unsigned)-exponent : 0;
    limb number[4 + (exponent >= 0 ? exponent / 32 : -exponent * 73 / 1000)];
    number[0]     = (limb)mantissa;
    number[1]     = (limb)(mantissa >> 32);
    size_t length = big_trim(number, 2);
    length = exponent >= 0 ? big_shift_left(number, length, (size_t)exponent) : big_multiply_power_of_5(number, length, power);

    // From the last digit on, at the end of the room, then moved to its beginning.
    const int room = __decimal_room(mantissa, exponent);
    char *at       = decimal->digits + room;
    while (length > 0)
    {
        limb nine = big_divide_by_billion(number, &length);
        for (int i = 0; i < 9; i++)
        {
            *--at = (char)('0' + nine % 10);
            nine /= 10;
        }
    }
    while (*at == '0')
    {
        at++;
    }
    decimal->count = (int)(decimal->digits + room - at);
    decimal->point = decimal->count - (int)power;
    memmove(decimal->digits, at, (size_t)decimal->count);
}

void __round_decimal(struct decimal *decimal, int count, unsigned direction, int negative)
{
    if (count >= decimal->count)
    {
        return;
    }
    bool up;
    if (direction == 0)
    {
        up = false;
        if (count >= 0)
        {
            const char next = decimal->digits[count];
            const bool tie  = next == '5' && count + 1 == decimal->count;
            up              = tie ? count > 0 && (decimal->digits[count - 1] & 1) : next >= '5';
        }
    }
    else
    {
        up = direction == (negative ? 1 : 2);
    }
    if (count < 0)
    {
        decimal->point -= count;
        count = 0;
    }
    decimal->count = count;
    if (!up)
    {
        return;
    }
    while (count > 0 && decimal->digits[count - 1] == '9')
    {
        count--;
    }
    if (count == 0)
    {
        decimal->digits[0] = '1';
        decimal->count     = 1;
        decimal->point++;
        return;
    }
    decimal->digits[count - 1]++;
    decimal->count = count;
}
