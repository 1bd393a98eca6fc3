// Floating-point numbers from text.
#pragma once

/// What a result is rounded to.
enum number_format
{
    number_float,
    number_double,
    number_long_double,
};

/// The number at `text` as strtold reads it, rounded once, to that format; errno as strtod sets it.
long double __parse_number(const char *text, char **end, enum number_format format);
