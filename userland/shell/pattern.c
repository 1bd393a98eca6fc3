#include "pattern.h"

#include <ctype.h>
#include <string.h>

static bool is_in_class(const char *name, size_t length, unsigned char character)
{
    static const struct
    {
        const char *name;
        int (*contains)(int);
    } classes[] = {
        { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl }, { "digit", isdigit },
        { "graph", isgraph }, { "lower", islower }, { "print", isprint }, { "punct", ispunct }, { "space", isspace },
        { "upper", isupper }, { "xdigit", isxdigit },
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; ++i)
    {
        if (strlen(classes[i].name) == length && memcmp(classes[i].name, name, length) == 0)
        {
            return classes[i].contains(character) != 0;
        }
    }
    return false;
}

/// The `]` that ends the expression whose `[` is at `open`, or NULL: then the `[` means itself.
static const char *end_of_bracket(const char *open)
{
    const char *next = open + 1;
    next += *next == '!' || *next == '^';
    next += *next == ']';
    while (*next != '\0' && *next != ']')
    {
        if (*next == '[' && next[1] == ':')
        {
            const char *end = strstr(next + 2, ":]");
            if (end != NULL)
            {
                next = end + 2;
                continue;
            }
        }
        next += *next == '\\' && next[1] != '\0' ? 2 : 1;
    }
    return *next == ']' ? next : NULL;
}

static bool matches_bracket(const char *open, const char *end, unsigned char character)
{
    const char *next     = open + 1;
    const bool  inverted = *next == '!' || *next == '^';
    next += inverted;
    bool found = false;
    while (next < end)
    {
        if (*next == '[' && next[1] == ':')
        {
            const char *close = strstr(next + 2, ":]");
            if (close != NULL && close < end)
            {
                found = found || is_in_class(next + 2, (size_t)(close - next - 2), character);
                next  = close + 2;
                continue;
            }
        }
        next += *next == '\\' && next + 1 < end;
        const unsigned char low  = (unsigned char)*next++;
        unsigned char       high = low;
        if (*next == '-' && next + 1 < end)
        {
            ++next;
            next += *next == '\\' && next + 1 < end;
            high = (unsigned char)*next++;
        }
        found = found || (low <= character && character <= high);
    }
    return found != inverted;
}

bool matches_pattern(const char *pattern, const char *text, size_t length)
{
    // After a mismatch, the last star takes one character more.
    const char *const end        = text + length;
    const char       *star       = NULL;
    const char       *star_text  = NULL;
    for (;;)
    {
        bool matched = false;
        const char *after = pattern;
        if (*pattern == '*')
        {
            star      = ++pattern;
            star_text = text;
            continue;
        }
        if (text == end)
        {
            if (*pattern == '\0')
            {
                return true;
            }
        }
        else if (*pattern == '?')
        {
            matched = true;
            after   = pattern + 1;
        }
        else if (*pattern == '[' && end_of_bracket(pattern) != NULL)
        {
            const char *close = end_of_bracket(pattern);
            matched           = matches_bracket(pattern, close, (unsigned char)*text);
            after             = close + 1;
        }
        else if (*pattern != '\0')
        {
            const char *literal = pattern + (*pattern == '\\' && pattern[1] != '\0');
            matched             = *literal == *text;
            after               = literal + 1;
        }
        if (matched)
        {
            pattern = after;
            ++text;
        }
        else if (star != NULL && star_text < end)
        {
            pattern = star;
            text    = ++star_text;
        }
        else
        {
            return false;
        }
    }
}

bool has_wildcards(const char *pattern)
{
    for (; *pattern != '\0'; ++pattern)
    {
        if (*pattern == '\\' && pattern[1] != '\0')
        {
            ++pattern;
        }
        else if (*pattern == '*' || *pattern == '?' || (*pattern == '[' && end_of_bracket(pattern) != NULL))
        {
            return true;
        }
    }
    return false;
}
