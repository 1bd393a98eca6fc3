// $(( )): signed 64-bit arithmetic with C's operators.
#pragma once

#include <stdbool.h>

/// False, with a message, if the expression is wrong.
bool evaluate(const char *expression, long *result);
