// The engine of the scanf family.
#pragma once

#include <stdarg.h>
#include <stdbool.h>

/// Where bytes come from. `next` returns -1 at the end; `back` takes back the last one.
struct scan_source
{
    int (*next)(struct scan_source *source);
    void (*back)(struct scan_source *source, int byte);
};

/// Reads as scanf does; the number of conversions that were stored, or EOF. `wide`: a function of <wchar.h>, whose format and
/// input were converted to UTF-8: widths count characters.
int __scan(struct scan_source *source, const char *format, va_list arguments, bool wide);
