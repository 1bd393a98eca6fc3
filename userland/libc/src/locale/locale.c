// The one locale: "C", also known as "POSIX", with UTF-8 as its encoding.
#include "../internal/system.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

struct __locale
{
    char unused;
};
static const struct __locale the_locale;

static int is_known(const char *name)
{
    static const char *const names[] = { "", "C", "POSIX", "C.UTF-8", "C.utf8", "en_US.UTF-8" };
    for (size_t i = 0; i < length_of(names); i++)
    {
        if (strcmp(name, names[i]) == 0)
        {
            return 1;
        }
    }
    return 0;
}

char *setlocale(int category, const char *name)
{
    if (category < LC_CTYPE || category > LC_ALL || (name != NULL && !is_known(name)))
    {
        return NULL;
    }
    return (char *)"C.UTF-8";
}

struct lconv *localeconv(void)
{
    static char empty[]  = "";
    static char point[]  = ".";
    static struct lconv c = {
        .decimal_point = point, .thousands_sep = empty, .grouping = empty, .int_curr_symbol = empty,
        .currency_symbol = empty, .mon_decimal_point = empty, .mon_thousands_sep = empty, .mon_grouping = empty,
        .positive_sign = empty, .negative_sign = empty, .int_frac_digits = CHAR_MAX, .frac_digits = CHAR_MAX,
        .p_cs_precedes = CHAR_MAX, .p_sep_by_space = CHAR_MAX, .n_cs_precedes = CHAR_MAX, .n_sep_by_space = CHAR_MAX,
        .p_sign_posn = CHAR_MAX, .n_sign_posn = CHAR_MAX, .int_p_cs_precedes = CHAR_MAX,
        .int_p_sep_by_space = CHAR_MAX, .int_n_cs_precedes = CHAR_MAX, .int_n_sep_by_space = CHAR_MAX,
        .int_p_sign_posn = CHAR_MAX, .int_n_sign_posn = CHAR_MAX,
    };
    return &c;
}

locale_t newlocale(int mask, const char *name, locale_t base)
{
    (void)base;
    if (mask & ~LC_ALL_MASK || name == NULL)
    {
        errno = EINVAL;
        return NULL;
    }
    if (!is_known(name))
    {
        errno = ENOENT;
        return NULL;
    }
    return &the_locale;
}

locale_t duplocale(locale_t locale)
{
    (void)locale;
    return &the_locale;
}

locale_t uselocale(locale_t locale)
{
    (void)locale;
    return LC_GLOBAL_LOCALE;
}

void freelocale(locale_t locale)
{
    (void)locale;
}

char *nl_langinfo(nl_item item)
{
    static const char *const general[] = { [CODESET] = "UTF-8", [RADIXCHAR] = ".", [THOUSEP] = "", [YESEXPR] = "^[yY]",
        [NOEXPR] = "^[nN]", [CRNCYSTR] = "-", [D_T_FMT] = "%a %b %e %H:%M:%S %Y", [D_FMT] = "%m/%d/%y",
        [T_FMT] = "%H:%M:%S", [T_FMT_AMPM] = "%I:%M:%S %p", [AM_STR] = "AM", [PM_STR] = "PM" };
    static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
    static const char *const short_days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
        "September", "October", "November", "December" };
    static const char *const short_months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
        "Nov", "Dec" };
    static const struct
    {
        nl_item first;
        size_t count;
        const char *const *texts;
    } tables[] = { { 0, length_of(general), general }, { DAY_1, 7, days }, { ABDAY_1, 7, short_days },
        { MON_1, 12, months }, { ABMON_1, 12, short_months } };
    for (size_t i = 0; i < length_of(tables); i++)
    {
        const size_t index = (size_t)(item - tables[i].first);
        if (item >= tables[i].first && index < tables[i].count && tables[i].texts[index] != NULL)
        {
            return (char *)tables[i].texts[index];
        }
    }
    return (char *)"";
}

char *nl_langinfo_l(nl_item item, locale_t locale)
{
    (void)locale;
    return nl_langinfo(item);
}
