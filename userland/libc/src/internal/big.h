// Natural numbers of any size, for exact conversion between binary and decimal: 32-bit limbs, lowest first.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t limb;

static inline size_t big_trim(const limb *number, size_t length)
{
    while (length > 0 && number[length - 1] == 0)
    {
        length--;
    }
    return length;
}

/// number := number * factor + addend; the new length. There must be room for one limb more.
static inline size_t big_multiply_add(limb *number, size_t length, limb factor, limb addend)
{
    uint64_t carry = addend;
    for (size_t i = 0; i < length; i++)
    {
        carry += (uint64_t)number[i] * factor;
        number[i] = (limb)carry;
        carry >>= 32;
    }
    if (carry != 0)
    {
        number[length++] = (limb)carry;
    }
    return length;
}

/// number := number * 5^power; the new length. There must be room for power * 0.0726 + 1 limbs more.
static inline size_t big_multiply_power_of_5(limb *number, size_t length, unsigned power)
{
    for (; power >= 13; power -= 13)
    {
        length = big_multiply_add(number, length, 1220703125, 0);
    }
    limb rest = 1;
    for (; power > 0; power--)
    {
        rest *= 5;
    }
    return big_multiply_add(number, length, rest, 0);
}

/// number := number << bits; the new length. There must be room for bits / 32 + 1 limbs more.
static inline size_t big_shift_left(limb *number, size_t length, size_t bits)
{
    const size_t limbs  = bits / 32;
    const unsigned rest = bits % 32;
    if (length == 0)
    {
        return 0;
    }
    number[length] = 0;
    for (size_t i = length + 1; i-- > 0;)
    {
        const limb low     = rest != 0 && i > 0 ? number[i - 1] >> (32 - rest) : 0;
        number[i + limbs] = number[i] << rest | low;
    }
    memset(number, 0, limbs * sizeof *number);
    return big_trim(number, length + limbs + 1);
}

static inline size_t big_bits(const limb *number, size_t length)
{
    return length == 0 ? 0 : length * 32 - (size_t)__builtin_clz(number[length - 1]);
}

/// number := number / 10^9; the remainder.
static inline limb big_divide_by_billion(limb *number, size_t *length)
{
    uint64_t rest = 0;
    for (size_t i = *length; i-- > 0;)
    {
        rest      = rest << 32 | number[i];
        number[i] = (limb)(rest / 1000000000);
        rest %= 1000000000;
    }
    *length = big_trim(number, *length);
    return (limb)rest;
}
