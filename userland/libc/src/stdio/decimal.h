// A floating-point number's exact decimal digits.
#pragma once

#include <stdint.h>

enum
{
    /// Of a long double: 64 bits times 5^16445.
    most_digits = 11600,
};

/// mantissa * 2^exponent = 0.DDDD… * 10^point. Digits are characters; the count has no trailing zeros beyond what comes
/// out, and is 0 for zero.
struct decimal
{
    int count;
    int point;
    char digits[];
};

/// Room that the digits need.
int __decimal_room(uint64_t mantissa, int exponent);
void __to_decimal(struct decimal *decimal, uint64_t mantissa, int exponent);

/// Rounds to `count` digits (which may be 0 or less: then the number becomes 0 or a 1 one place higher).
void __round_decimal(struct decimal *decimal, int count, unsigned direction, int negative);
