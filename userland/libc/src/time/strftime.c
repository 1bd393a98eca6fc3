// Dates as text, in the locale "C".
#include "../internal/system.h"

#include <langinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int is_leap(long year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// Week of ISO 8601, and the year it belongs to.
static int iso_week(const struct tm *tm, long *year)
{
    *year           = tm->tm_year + 1900L;
    const int monday = (tm->tm_wday + 6) % 7;
    int week         = (tm->tm_yday - monday + 10) / 7;
    if (week < 1)
    {
        --*year;
        const int days = 365 + is_leap(*year);
        week           = (tm->tm_yday + days - monday + 10) / 7;
    }
    else if (week == 53 && tm->tm_yday - monday + 3 >= 365 + is_leap(*year))
    {
        ++*year;
        week = 1;
    }
    return week;
}

static const char *name_of(int first, int index, int count)
{
    return index >= 0 && index < count ? nl_langinfo(first + index) : "?";
}

size_t strftime(char *restrict text, size_t size, const char *restrict format, const struct tm *restrict tm)
{
    size_t done = 0;
    for (; *format != '\0'; format++)
    {
        char piece[64];
        const char *from = piece;
        if (*format != '%')
        {
            piece[0] = *format;
            piece[1] = '\0';
        }
        else
        {
            // GNU's flags and width, then the modifiers E and O, which say nothing in this locale.
            char padding = 0;
            int upper    = 0;
            for (format++; *format != '\0' && strchr("_-0^#", *format) != NULL; format++)
            {
                if (*format == '^' || *format == '#')
                {
                    upper = 1;
                }
                else
                {
                    padding = *format;
                }
            }
            char *end;
            const long width = *format >= '0' && *format <= '9' ? strtol(format, &end, 10) : -1;
            if (width >= 0)
            {
                format = end;
            }
            if (*format == 'E' || *format == 'O')
            {
                format++;
            }
            long number = 0, year;
            int digits  = 0; // 0: not a number
            char usual  = '0';
            switch (*format)
            {
            case 'a': from = name_of(ABDAY_1, tm->tm_wday, 7); break;
            case 'A': from = name_of(DAY_1, tm->tm_wday, 7); break;
            case 'h':
            case 'b': from = name_of(ABMON_1, tm->tm_mon, 12); break;
            case 'B': from = name_of(MON_1, tm->tm_mon, 12); break;
            case 'p': from = tm->tm_hour >= 12 ? "PM" : "AM"; break;
            case 'P': from = tm->tm_hour >= 12 ? "pm" : "am"; break;
            case 'C': year = tm->tm_year + 1900L; number = year / 100 - (year % 100 < 0); digits = 2; break;
            case 'd': number = tm->tm_mday; digits = 2; break;
            case 'e': number = tm->tm_mday; digits = 2; usual = '_'; break;
            case 'g': iso_week(tm, &year); number = (year % 100 + 100) % 100; digits = 2; break;
            case 'G': iso_week(tm, &number); digits = 1; break;
            case 'H': number = tm->tm_hour; digits = 2; break;
            case 'k': number = tm->tm_hour; digits = 2; usual = '_'; break;
            case 'I': number = (tm->tm_hour + 11) % 12 + 1; digits = 2; break;
            case 'l': number = (tm->tm_hour + 11) % 12 + 1; digits = 2; usual = '_'; break;
            case 'j': number = tm->tm_yday + 1; digits = 3; break;
            case 'm': number = tm->tm_mon + 1; digits = 2; break;
            case 'M': number = tm->tm_min; digits = 2; break;
            case 'S': number = tm->tm_sec; digits = 2; break;
            case 'u': number = (tm->tm_wday + 6) % 7 + 1; digits = 1; break;
            case 'w': number = tm->tm_wday; digits = 1; break;
            case 'U': number = (tm->tm_yday + 7 - tm->tm_wday) / 7; digits = 2; break;
            case 'W': number = (tm->tm_yday + 7 - (tm->tm_wday + 6) % 7) / 7; digits = 2; break;
            case 'V': number = iso_week(tm, &year); digits = 2; break;
            case 'y': number = ((tm->tm_year + 1900L) % 100 + 100) % 100; digits = 2; break;
            case 'Y': number = tm->tm_year + 1900L; digits = 1; break;
            case 's':
            {
                struct tm copy = *tm;
                number         = mktime(&copy);
                digits         = 1;
                break;
            }
            case 'c': strftime(piece, sizeof piece, "%a %b %e %H:%M:%S %Y", tm); break;
            case 'D':
            case 'x': strftime(piece, sizeof piece, "%m/%d/%y", tm); break;
            case 'F': strftime(piece, sizeof piece, "%Y-%m-%d", tm); break;
            case 'r': strftime(piece, sizeof piece, "%I:%M:%S %p", tm); break;
            case 'R': strftime(piece, sizeof piece, "%H:%M", tm); break;
            case 'T':
            case 'X': strftime(piece, sizeof piece, "%H:%M:%S", tm); break;
            case 'z':
            {
                const long minutes = labs(tm->tm_gmtoff) / 60;
                snprintf(piece, sizeof piece, "%c%02ld%02ld", tm->tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
                break;
            }
            case 'Z': from = tm->tm_zone != NULL ? tm->tm_zone : ""; break;
            case 'n': strcpy(piece, "\n"); break;
            case 't': strcpy(piece, "\t"); break;
            case '%': strcpy(piece, "%"); break;
            case '\0': format--; strcpy(piece, "%"); break;
            default: snprintf(piece, sizeof piece, "%%%c", *format); break;
            }
            if (digits > 0)
            {
                padding               = padding == 0 ? usual : padding;
                const int least       = width > 0 ? (int)(width < 40 ? width : 40) : digits;
                const int field       = padding == '-' ? 1 : least;
                const char *conversion = padding == '_' ? "%*ld" : "%0*ld";
                snprintf(piece, sizeof piece, conversion, field, number);
            }
            if (upper)
            {
                char *to = piece;
                for (const char *c = from; *c != '\0' && to < piece + sizeof piece - 1; c++)
                {
                    *to++ = *c >= 'a' && *c <= 'z' ? *c & ~32 : *c;
                }
                *to  = '\0';
                from = piece;
            }
        }
        const size_t length = strlen(from);
        if (length >= size - done)
        {
            return 0;
        }
        memcpy(text + done, from, length);
        done += length;
    }
    if (done >= size)
    {
        return 0;
    }
    text[done] = '\0';
    return done;
}

size_t strftime_l(
    char *restrict text, size_t size, const char *restrict format, const struct tm *restrict tm, locale_t locale)
{
    (void)locale;
    return strftime(text, size, format, tm);
}
