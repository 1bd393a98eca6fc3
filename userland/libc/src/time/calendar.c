// Dates and times of day: the calendar, and time zones by the TZ strings of POSIX. Without TZ it is UTC.
#include "../internal/lock.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum
{
    day_seconds = 86400,
    name_size   = 16,
};

/// When summer time begins or ends.
struct rule
{
    enum
    {
        rule_julian,   ///< day 1 to 365; February 29 is never counted
        rule_day,      ///< day 0 to 365
        rule_weekday,  ///< week 1 to 5 (5: the last), day of the week, month
    } kind;
    int day, week, month;
    long time; ///< seconds after local midnight
};

static struct zone
{
    char names[2][name_size];
    long offsets[2]; ///< east of Greenwich, in seconds
    int has_summer;
    struct rule start, end;
} zone = { .names = { "UTC", "UTC" } };
static char zone_text[128] = "\1"; // what `zone` was made from; at first nothing that TZ could be
static lock_t zone_lock;

char *tzname[2] = { zone.names[0], zone.names[1] };
long timezone;
int daylight;

// The calendar. Days are counted from 1970-01-01.

static int64_t days_before_year(int64_t year)
{
    const int64_t y = year - 1;
    const int64_t leaps = (y >= 0 ? y / 4 : (y - 3) / 4) - (y >= 0 ? y / 100 : (y - 99) / 100)
                          + (y >= 0 ? y / 400 : (y - 399) / 400);
    return y * 365 + leaps - 719162;
}

static int is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_before_month(int month, int leap)
{
    static const short days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
    return days[month] + (leap && month > 1);
}

/// False if the year does not fit.
static int split(int64_t seconds, struct tm *tm)
{
    int64_t days = seconds / day_seconds, rest = seconds % day_seconds;
    if (rest < 0)
    {
        rest += day_seconds;
        days--;
    }
    int64_t year = 1970 + days / 366; // at or before the right one for later days, at or after it for earlier ones
    if (days < 0)
    {
        year = 1970 + days / 365 - 1;
    }
    // Whole cycles of 400 years first, so that few steps remain.
    const int64_t cycles = (days - days_before_year(year)) / 146097;
    year += cycles * 400;
    while (days_before_year(year + 1) <= days)
    {
        const int64_t ahead = (days - days_before_year(year)) / 366;
        year += ahead > 0 ? ahead : 1;
    }
    while (days_before_year(year) > days)
    {
        year--;
    }
    if (year - 1900 > INT_MAX || year - 1900 < INT_MIN)
    {
        return 0;
    }
    const int leap = is_leap(year);
    tm->tm_year    = (int)(year - 1900);
    tm->tm_yday    = (int)(days - days_before_year(year));
    tm->tm_mon     = 11;
    while (days_before_month(tm->tm_mon, leap) > tm->tm_yday)
    {
        tm->tm_mon--;
    }
    tm->tm_mday = tm->tm_yday - days_before_month(tm->tm_mon, leap) + 1;
    tm->tm_wday = (int)((days % 7 + 11) % 7); // 1970-01-01 was a Thursday
    tm->tm_hour = (int)(rest / 3600);
    tm->tm_min  = (int)(rest / 60 % 60);
    tm->tm_sec  = (int)(rest % 60);
    return 1;
}

/// Seconds of a date whose fields may be out of their ranges.
static int64_t join(const struct tm *tm)
{
    int64_t year = (int64_t)tm->tm_year + 1900 + tm->tm_mon / 12;
    int month    = tm->tm_mon % 12;
    if (month < 0)
    {
        month += 12;
        year--;
    }
    const int64_t days = days_before_year(year) + days_before_month(month, is_leap(year)) + tm->tm_mday - 1;
    return days * day_seconds + (int64_t)tm->tm_hour * 3600 + (int64_t)tm->tm_min * 60 + tm->tm_sec;
}

// TZ.

static const char *parse_name(const char *at, char name[name_size])
{
    size_t length = 0;
    const int quoted = *at == '<';
    at += quoted;
    while (quoted ? *at != '\0' && *at != '>' : isalpha((unsigned char)*at))
    {
        if (length < name_size - 1)
        {
            name[length++] = *at;
        }
        at++;
    }
    name[length] = '\0';
    return length < 3 || (quoted && *at != '>') ? NULL : at + quoted;
}

/// [+|-]hh[:mm[:ss]] in seconds.
static const char *parse_time(const char *at, long *seconds)
{
    const int negative = *at == '-';
    at += *at == '-' || *at == '+';
    if (!isdigit((unsigned char)*at))
    {
        return NULL;
    }
    char *end;
    long value = strtol(at, &end, 10) * 3600;
    if (*end == ':')
    {
        value += strtol(end + 1, &end, 10) * 60;
    }
    if (*end == ':')
    {
        value += strtol(end + 1, &end, 10);
    }
    *seconds = negative ? -value : value;
    return end;
}

static const char *parse_rule(const char *at, struct rule *rule)
{
    char *end;
    rule->time = 7200;
    if (*at == 'M')
    {
        rule->kind  = rule_weekday;
        rule->month = (int)strtol(at + 1, &end, 10);
        rule->week  = *end == '.' ? (int)strtol(end + 1, &end, 10) : 0;
        rule->day   = *end == '.' ? (int)strtol(end + 1, &end, 10) : 7;
        if (rule->month < 1 || rule->month > 12 || rule->week < 1 || rule->week > 5 || rule->day < 0 || rule->day > 6)
        {
            return NULL;
        }
    }
    else
    {
        rule->kind = *at == 'J' ? rule_julian : rule_day;
        rule->day  = (int)strtol(at + (*at == 'J'), &end, 10);
        if (end == at + (*at == 'J') || rule->day < (*at == 'J') || rule->day > 365)
        {
            return NULL;
        }
    }
    return *end == '/' ? parse_time(end + 1, &rule->time) : end;
}

static int parse_zone(const char *text, struct zone *to)
{
    const char *at = parse_name(text, to->names[0]);
    long west;
    if (at == NULL || (at = parse_time(at, &west)) == NULL)
    {
        return 0;
    }
    to->offsets[0] = to->offsets[1] = -west;
    strcpy(to->names[1], to->names[0]);
    if (*at == '\0')
    {
        return 1;
    }
    if ((at = parse_name(at, to->names[1])) == NULL)
    {
        return 0;
    }
    to->has_summer = 1;
    to->offsets[1] = to->offsets[0] + 3600;
    if (*at != ',' && *at != '\0')
    {
        if ((at = parse_time(at, &west)) == NULL)
        {
            return 0;
        }
        to->offsets[1] = -west;
    }
    // Without rules those of the United States.
    at = *at == '\0' ? ",M3.2.0,M11.1.0" : at;
    return *at == ',' && (at = parse_rule(at + 1, &to->start)) != NULL && *at == ','
           && (at = parse_rule(at + 1, &to->end)) != NULL && *at == '\0';
}

static void set_zone(void)
{
    const char *text = getenv("TZ");
    text             = text == NULL ? "" : *text == ':' ? text + 1 : text;
    if (strcmp(text, zone_text) == 0)
    {
        return;
    }
    strlcpy(zone_text, text, sizeof zone_text);
    static const struct zone utc = { .names = { "UTC", "UTC" } };
    struct zone parsed           = { 0 };
    zone                         = parse_zone(text, &parsed) ? parsed : utc;
    timezone                     = -zone.offsets[0];
    daylight                     = zone.has_summer;
}

void tzset(void)
{
    lock(&zone_lock);
    set_zone();
    unlock(&zone_lock);
}

/// Seconds from 1970 to a rule's moment in a year, in local time.
static int64_t moment_of(const struct rule *rule, int64_t year)
{
    const int leap = is_leap(year);
    int64_t day    = days_before_year(year);
    switch (rule->kind)
    {
    case rule_julian: day += rule->day - 1 + (leap && rule->day > 59); break;
    case rule_day: day += rule->day; break;
    case rule_weekday:
    {
        const int64_t first = day + days_before_month(rule->month - 1, leap);
        const int64_t next  = day + days_before_month(rule->month, leap && rule->month > 1);
        const int weekday   = (int)((first % 7 + 11) % 7);
        day                 = first + (rule->day - weekday + 7) % 7 + (rule->week - 1) * 7;
        while (day >= next)
        {
            day -= 7;
        }
        break;
    }
    }
    return day * day_seconds + rule->time;
}

/// Whether it is summer time at `seconds` UTC.
static int is_summer(int64_t seconds)
{
    struct tm tm;
    if (!zone.has_summer || !split(seconds + zone.offsets[0], &tm))
    {
        return 0;
    }
    const int64_t year  = (int64_t)tm.tm_year + 1900;
    const int64_t start = moment_of(&zone.start, year) - zone.offsets[0];
    const int64_t end   = moment_of(&zone.end, year) - zone.offsets[1];
    return start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
}

struct tm *gmtime_r(const time_t *restrict time, struct tm *restrict tm)
{
    if (!split(*time, tm))
    {
        errno = EOVERFLOW;
        return NULL;
    }
    tm->tm_isdst  = 0;
    tm->tm_gmtoff = 0;
    tm->tm_zone   = "GMT";
    return tm;
}

struct tm *localtime_r(const time_t *restrict time, struct tm *restrict tm)
{
    lock(&zone_lock);
    set_zone();
    const int summer  = is_summer(*time);
    const long offset = zone.offsets[summer];
    int64_t local;
    const int fits = !__builtin_add_overflow(*time, offset, &local) && split(local, tm);
    unlock(&zone_lock);
    if (!fits)
    {
        errno = EOVERFLOW;
        return NULL;
    }
    tm->tm_isdst  = summer;
    tm->tm_gmtoff = offset;
    tm->tm_zone   = tzname[summer];
    return tm;
}

static struct tm own_tm;

struct tm *gmtime(const time_t *time)
{
    return gmtime_r(time, &own_tm);
}

struct tm *localtime(const time_t *time)
{
    return localtime_r(time, &own_tm);
}

time_t timegm(struct tm *tm)
{
    const time_t seconds = join(tm);
    return gmtime_r(&seconds, tm) != NULL ? seconds : -1;
}

time_t mktime(struct tm *tm)
{
    lock(&zone_lock);
    set_zone();
    const int64_t local = join(tm);
    time_t seconds      = local - zone.offsets[0];
    if (zone.has_summer)
    {
        const time_t summer = local - zone.offsets[1];
        // What the program says counts; if it says nothing, what is true then.
        if (tm->tm_isdst > 0 || (tm->tm_isdst < 0 && is_summer(summer)))
        {
            seconds = summer;
        }
    }
    unlock(&zone_lock);
    return localtime_r(&seconds, tm) != NULL ? seconds : -1;
}

char *asctime_r(const struct tm *restrict tm, char *restrict text)
{
    // The 26 bytes that the standard promises, whatever the fields hold.
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int known_day = tm->tm_wday >= 0 && tm->tm_wday < 7, known_month = tm->tm_mon >= 0 && tm->tm_mon < 12;
    const int length = snprintf(text, 26, "%.3s %.3s%3d %.2d:%.2d:%.2d %d\n", known_day ? days + 3 * tm->tm_wday : "???",
        known_month ? months + 3 * tm->tm_mon : "???", tm->tm_mday, tm->tm_hour, tm->tm_min, tm->tm_sec,
        1900 + tm->tm_year);
    if (length >= 26)
    {
        errno = EOVERFLOW;
        return NULL;
    }
    return text;
}

char *asctime(const struct tm *tm)
{
    static char text[26];
    return asctime_r(tm, text);
}

char *ctime_r(const time_t *time, char *text)
{
    struct tm tm;
    return localtime_r(time, &tm) != NULL ? asctime_r(&tm, text) : NULL;
}

char *ctime(const time_t *time)
{
    const struct tm *tm = localtime(time);
    return tm != NULL ? asctime(tm) : NULL;
}
