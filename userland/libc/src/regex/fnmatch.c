// Patterns of file names.
#include "../internal/characters.h"

#include <fnmatch.h>

enum bracket
{
    bracket_no,
    bracket_yes,
    bracket_none, ///< it has no end, or what it names does not exist: the [ stands for itself
};

static uint32_t folded(uint32_t character, int flags)
{
    return flags & FNM_CASEFOLD && character < 128 ? (uint32_t)tolower((int)character) : character;
}

/// One end of a range. False if it is no bracket expression.
static bool bracket_character(const char **pattern, const char *end, int flags, uint32_t *character)
{
    const char *p = *pattern;
    unsigned length;
    if (p[0] == '[' && (p[1] == '.' || p[1] == '='))
    {
        const char kind = p[1];
        *character      = decode(p + 2, end, &length);
        p += 2 + length;
        if (p[0] != kind || p[1] != ']')
        {
            return false;
        }
        *pattern = p + 2;
        return true;
    }
    if (p[0] == '\\' && !(flags & FNM_NOESCAPE) && p[1] != '\0')
    {
        p++;
    }
    if (*p == '\0' || (*p == '/' && flags & FNM_PATHNAME))
    {
        return false;
    }
    *character = decode(p, end, &length);
    *pattern   = p + length;
    return true;
}

/// `*pattern` is behind the [; after a verdict it is behind the ].
static enum bracket match_bracket(const char **pattern, const char *end, uint32_t character, int flags)
{
    const char *p    = *pattern;
    const bool negated = *p == '!' || *p == '^';
    bool found         = false;
    p += negated;
    for (bool first = true; first || *p != ']'; first = false)
    {
        if (*p == '\0' || (*p == '/' && flags & FNM_PATHNAME))
        {
            return bracket_none;
        }
        if (p[0] == '[' && p[1] == ':')
        {
            const char *name  = p + 2;
            const char *close = strstr(name, ":]");
            if (close != NULL)
            {
                const enum class class = find_class(name, (size_t)(close - name));
                if (class == class_none)
                {
                    return bracket_none;
                }
                found |= in_class(character, class)
                         || (flags & FNM_CASEFOLD && in_class(other_case(character), class));
                p = close + 2;
                continue;
            }
        }
        uint32_t low, high;
        if (!bracket_character(&p, end, flags, &low))
        {
            return bracket_none;
        }
        high = low;
        if (p[0] == '-' && p[1] != ']' && p[1] != '\0')
        {
            p++;
            if (!bracket_character(&p, end, flags, &high))
            {
                return bracket_none;
            }
        }
        const uint32_t c = folded(character, flags);
        found |= (folded(low, flags) <= c && c <= folded(high, flags));
    }
    *pattern = p + 1;
    return found != negated ? bracket_yes : bracket_no;
}

/// One element of the pattern, not a *, against one character; the pattern moves on.
static bool match_one(const char **pattern, const char *pattern_end, uint32_t character, int flags)
{
    const char *p = *pattern;
    if (*p == '?')
    {
        *pattern = p + 1;
        return !(character == '/' && flags & FNM_PATHNAME);
    }
    if (*p == '[')
    {
        const char *after = p + 1;
        switch (match_bracket(&after, pattern_end, character, flags))
        {
        case bracket_yes: *pattern = after; return !(character == '/' && flags & FNM_PATHNAME);
        case bracket_no: return false;
        case bracket_none: break;
        }
    }
    else if (*p == '\\' && !(flags & FNM_NOESCAPE))
    {
        p++;
        if (*p == '\0')
        {
            return false;
        }
    }
    unsigned length;
    const uint32_t wanted = decode(p, pattern_end, &length);
    *pattern              = p + length;
    return folded(wanted, flags) == folded(character, flags);
}

int fnmatch(const char *pattern, const char *text, int flags)
{
    const char *const pattern_end = pattern + strlen(pattern);
    const char *const text_start = text, *const text_end = text + strlen(text);
    // Only the last * need ever take more: what an earlier one takes more, the last can take as well, unless a / stops it.
    const char *retry_pattern = NULL, *retry_text = NULL;
    for (;;)
    {
        const bool leading = *text == '.' && flags & FNM_PERIOD
                             && (text == text_start || (flags & FNM_PATHNAME && text[-1] == '/'));
        bool matches;
        if (*pattern == '*')
        {
            if (!leading)
            {
                retry_pattern = ++pattern;
                retry_text    = text;
                continue;
            }
            matches = false;
        }
        else if (*pattern == '\0')
        {
            if (*text == '\0' || (flags & FNM_LEADING_DIR && *text == '/'))
            {
                return 0;
            }
            matches = false;
        }
        else if (*text == '\0')
        {
            return FNM_NOMATCH;
        }
        else
        {
            unsigned length;
            const uint32_t character = decode(text, text_end, &length);
            matches = !(leading && (*pattern == '?' || *pattern == '[')) && match_one(&pattern, pattern_end, character, flags);
            text += matches ? length : 0;
            if (matches && character == '/' && flags & FNM_PATHNAME)
            {
                retry_pattern = NULL; // no * before it reaches beyond
            }
        }
        if (!matches)
        {
            if (retry_pattern == NULL || *retry_text == '\0' || (*retry_text == '/' && flags & FNM_PATHNAME))
            {
                return FNM_NOMATCH;
            }
            unsigned length;
            decode(retry_text, text_end, &length);
            retry_text += length;
            text    = retry_text;
            pattern = retry_pattern;
        }
    }
}
