// Patterns of the shell: *, ?, [ ] and backslash.
#pragma once

#include <stdbool.h>
#include <stddef.h>

/// Whether all of `text`, of that length, matches.
bool matches_pattern(const char *pattern, const char *text, size_t length);

/// Whether the pattern has a character that is special and not escaped.
bool has_wildcards(const char *pattern);
