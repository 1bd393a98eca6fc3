#ifndef _BITS_LOCALE_H
#define _BITS_LOCALE_H
/* There is one locale, with the rules of "C" and UTF-8 as its encoding; a locale_t only says that. */
typedef const struct __locale *locale_t;
#endif
