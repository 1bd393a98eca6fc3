// Classes of bytes in the locale "C".
#include <ctype.h>

#undef isascii

int isalnum(int c)
{
    return isalpha(c) || isdigit(c);
}

int isalpha(int c)
{
    return ((unsigned)c | 32) - 'a' < 26;
}

int isblank(int c)
{
    return c == ' ' || c == '\t';
}

int iscntrl(int c)
{
    return (unsigned)c < 32 || c == 127;
}

int isdigit(int c)
{
    return (unsigned)c - '0' < 10;
}

int isgraph(int c)
{
    return (unsigned)c - 33 < 94;
}

int islower(int c)
{
    return (unsigned)c - 'a' < 26;
}

int isprint(int c)
{
    return (unsigned)c - 32 < 95;
}

int ispunct(int c)
{
    return isgraph(c) && !isalnum(c);
}

int isspace(int c)
{
    return c == ' ' || (unsigned)c - '\t' < 5;
}

int isupper(int c)
{
    return (unsigned)c - 'A' < 26;
}

int isxdigit(int c)
{
    return isdigit(c) || ((unsigned)c | 32) - 'a' < 6;
}

int tolower(int c)
{
    return isupper(c) ? c | 32 : c;
}

int toupper(int c)
{
    return islower(c) ? c & ~32 : c;
}

int isascii(int c)
{
    return (unsigned)c < 128;
}

int toascii(int c)
{
    return c & 127;
}

int isalnum_l(int c, locale_t locale)
{
    (void)locale;
    return isalnum(c);
}

int isalpha_l(int c, locale_t locale)
{
    (void)locale;
    return isalpha(c);
}

int isblank_l(int c, locale_t locale)
{
    (void)locale;
    return isblank(c);
}

int iscntrl_l(int c, locale_t locale)
{
    (void)locale;
    return iscntrl(c);
}

int isdigit_l(int c, locale_t locale)
{
    (void)locale;
    return isdigit(c);
}

int isgraph_l(int c, locale_t locale)
{
    (void)locale;
    return isgraph(c);
}

int islower_l(int c, locale_t locale)
{
    (void)locale;
    return islower(c);
}

int isprint_l(int c, locale_t locale)
{
    (void)locale;
    return isprint(c);
}

int ispunct_l(int c, locale_t locale)
{
    (void)locale;
    return ispunct(c);
}

int isspace_l(int c, locale_t locale)
{
    (void)locale;
    return isspace(c);
}

int isupper_l(int c, locale_t locale)
{
    (void)locale;
    return isupper(c);
}

int isxdigit_l(int c, locale_t locale)
{
    (void)locale;
    return isxdigit(c);
}

int tolower_l(int c, locale_t locale)
{
    (void)locale;
    return tolower(c);
}

int toupper_l(int c, locale_t locale)
{
    (void)locale;
    return toupper(c);
}
