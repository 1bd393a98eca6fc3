// cut, paste, tr: parts of lines, and single characters.
#include "tool.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct range
{
    unsigned long first, last;
};

struct ranges
{
    struct range *items;
    size_t        count;
};

static struct ranges parse_ranges(const char *text)
{
    struct ranges ranges = { 0 };
    char         *next   = (char *)text;
    for (;;)
    {
        struct range range  = { 1, ULONG_MAX };
        const bool   starts = isdigit((unsigned char)*next);
        if (starts)
        {
            range.first = range.last = strtoul(next, &next, 10);
        }
        bool ends = starts;
        if (*next == '-')
        {
            ++next;
            ends       = isdigit((unsigned char)*next);
            range.last = ends ? strtoul(next, &next, 10) : ULONG_MAX;
        }
        if ((!starts && !ends) || range.first == 0 || range.last < range.first || (*next != '\0' && *next != ',' && *next != ' '))
        {
            fail(1, "%s: no list: N, N-, N-M or -M are wanted, from 1 on, with commas between", text);
        }
        ranges.items                 = reallocate(ranges.items, (ranges.count + 1) * sizeof *ranges.items);
        ranges.items[ranges.count++] = range;
        if (*next++ == '\0')
        {
            return ranges;
        }
    }
}

static bool is_selected(const struct ranges *ranges, unsigned long place, bool complement)
{
    for (size_t i = 0; i < ranges->count; ++i)
    {
        if (place >= ranges->items[i].first && place <= ranges->items[i].last)
        {
            return !complement;
        }
    }
    return complement;
}

static void cut_fields(const struct text *line, const struct ranges *ranges, char delimiter, bool only_delimited)
{
    if (memchr(line->chars, delimiter, line->length) == NULL)
    {
        if (!only_delimited)
        {
            fwrite(line->chars, 1, line->length, stdout);
            putchar('\n');
        }
        return;
    }
    const char   *next = line->chars, *end = line->chars + line->length;
    bool          first = true;
    for (unsigned long field = 1;; ++field)
    {
        const char  *found  = memchr(next, delimiter, (size_t)(end - next));
        const size_t length = (size_t)((found == NULL ? end : found) - next);
        if (is_selected(ranges, field, false))
        {
            if (!first)
            {
                putchar(delimiter);
            }
            first = false;
            fwrite(next, 1, length, stdout);
        }
        if (found == NULL)
        {
            break;
        }
        next = found + 1;
    }
    putchar('\n');
}

int cut_tool(int count, char **arguments)
{
    const char *list      = NULL;
    int         unit      = 0;
    char        delimiter = '\t';
    bool        only_delimited = false;
    for (int option; (option = getopt(count, arguments, "b:c:d:f:ns")) != -1;)
    {
        switch (option)
        {
            case 'b':
            case 'c':
            case 'f':
                if (list != NULL)
                {
                    return complain("only one list is wanted");
                }
                list = optarg;
                unit = option;
                break;
            case 'd':
                if (strlen(optarg) > 1)
                {
                    return complain("%s: one character is wanted as delimiter", optarg);
                }
                delimiter = optarg[0];
                break;
            case 'n': break;
            case 's': only_delimited = true; break;
            default: return 1;
        }
    }
    if (list == NULL)
    {
        return complain("a list is wanted: -b, -c or -f");
    }
    struct ranges ranges           = parse_ranges(list);
    static char  *standard_input[] = { "-", NULL };
    struct text   line             = { 0 };
    int           status           = 0;
    for (char **path = optind < count ? arguments + optind : standard_input; *path != NULL; ++path)
    {
        FILE *file = open_input(*path);
        if (file == NULL)
        {
            status = 1;
            continue;
        }
        while (read_line(file, &line))
        {
            if (unit == 'f')
            {
                cut_fields(&line, &ranges, delimiter, only_delimited);
                continue;
            }
            for (size_t i = 0; i < line.length; ++i)
            {
                if (is_selected(&ranges, i + 1, false))
                {
                    putchar((unsigned char)line.chars[i]);
                }
            }
            putchar('\n');
        }
        close_input(file);
    }
    text_free(&line);
    free(ranges.items);
    return status;
}

/// The delimiters of paste, taken in turn; -1 is none.
static size_t parse_delimiters(const char *text, int *delimiters)
{
    size_t count = 0;
    for (; *text != '\0'; ++text)
    {
        int delimiter = (unsigned char)*text;
        if (*text == '\\' && text[1] != '\0')
        {
            ++text;
            delimiter = *text == 'n' ? '\n' : *text == 't' ? '\t' : *text == '0' ? -1 : (unsigned char)*text;
        }
        delimiters[count++] = delimiter;
    }
    if (count == 0)
    {
        delimiters[count++] = -1;
    }
    return count;
}

static void put_delimiter(int delimiter)
{
    if (delimiter >= 0)
    {
        putchar(delimiter);
    }
}

int paste_tool(int count, char **arguments)
{
    bool        serial = false;
    const char *list   = "\t";
    for (int option; (option = getopt(count, arguments, "d:s")) != -1;)
    {
        switch (option)
        {
            case 'd': list = optarg; break;
            case 's': serial = true; break;
            default: return 1;
        }
    }
    int         *delimiters       = allocate((strlen(list) + 1) * sizeof *delimiters);
    const size_t delimiter_count  = parse_delimiters(list, delimiters);
    static char *standard_input[] = { "-", NULL };
    char       **paths            = optind < count ? arguments + optind : standard_input;
    const size_t path_count       = optind < count ? (size_t)(count - optind) : 1;
    FILE       **files            = allocate(path_count * sizeof *files);
    struct text  line             = { 0 };
    for (size_t i = 0; i < path_count; ++i)
    {
        files[i] = open_input(paths[i]);
        if (files[i] == NULL)
        {
            return 1;
        }
    }
    for (size_t i = 0; serial && i < path_count; ++i)
    {
        for (size_t lines = 0; read_line(files[i], &line); ++lines)
        {
            if (lines > 0)
            {
                put_delimiter(delimiters[(lines - 1) % delimiter_count]);
            }
            fwrite(line.chars, 1, line.length, stdout);
        }
        putchar('\n');
    }
    for (bool any = !serial; any;)
    {
        struct text row = { 0 };
        any             = false;
        text_add(&row, "", 0);
        for (size_t i = 0; i < path_count; ++i)
        {
            if (i > 0 && delimiters[(i - 1) % delimiter_count] >= 0)
            {
                text_add_character(&row, (char)delimiters[(i - 1) % delimiter_count]);
            }
            if (read_line(files[i], &line))
            {
                any = true;
                text_add(&row, line.chars, line.length);
            }
        }
        if (any)
        {
            fwrite(row.chars, 1, row.length, stdout);
            putchar('\n');
        }
        text_free(&row);
    }
    for (size_t i = 0; i < path_count; ++i)
    {
        close_input(files[i]);
    }
    text_free(&line);
    free(files);
    free(delimiters);
    return 0;
}

/// A set of tr: its characters in order. `fill` is where `[c*]` stands that takes what is missing.
struct set
{
    unsigned char *items;
    size_t         count;
    size_t         fill;
    unsigned char  fill_character;
    bool           has_fill;
};

static void set_add(struct set *set, int character)
{
    set->items               = reallocate(set->items, set->count + 1);
    set->items[set->count++] = (unsigned char)character;
}

static int read_set_character(const char **text)
{
    const char *next = *text;
    if (*next != '\\' || next[1] == '\0')
    {
        *text = next + 1;
        return (unsigned char)*next;
    }
    ++next;
    if (*next >= '0' && *next <= '7')
    {
        int value = 0;
        for (int digits = 0; digits < 3 && *next >= '0' && *next <= '7' && value * 8 + *next - '0' < 256; ++digits)
        {
            value = value * 8 + *next++ - '0';
        }
        *text = next;
        return value;
    }
    static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    const char       *found   = strchr(names, *next);
    *text                     = next + 1;
    return found != NULL ? values[found - names] : (unsigned char)*next;
}

static bool add_class(struct set *set, const char *name, size_t length)
{
    static const struct
    {
        const char *name;
        int (*contains)(int);
    } classes[] = { { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl }, { "digit", isdigit },
        { "graph", isgraph }, { "lower", islower }, { "print", isprint }, { "punct", ispunct }, { "space", isspace }, { "upper", isupper },
        { "xdigit", isxdigit } };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; ++i)
    {
        if (strlen(classes[i].name) == length && strncmp(classes[i].name, name, length) == 0)
        {
            for (int character = 0; character < 256; ++character)
            {
                if (classes[i].contains(character))
                {
                    set_add(set, character);
                }
            }
            return true;
        }
    }
    return false;
}

/// `[:class:]`, `[=c=]` or `[c*n]` at `*text`; false if none of them stands there.
static bool add_bracket(struct set *set, const char **text)
{
    const char *start = *text;
    const char *end   = start[1] == ':' ? strstr(start + 2, ":]") : NULL;
    if (end != NULL)
    {
        if (!add_class(set, start + 2, (size_t)(end - start - 2)))
        {
            fail(1, "%.*s: no class of characters", (int)(end + 2 - start), start);
        }
        *text = end + 2;
        return true;
    }
    if (start[1] == '=' && start[2] != '\0' && start[3] == '=' && start[4] == ']')
    {
        set_add(set, (unsigned char)start[2]);
        *text = start + 5;
        return true;
    }
    const char *next = start + 1;
    if (*next == '\0')
    {
        return false;
    }
    const int character = read_set_character(&next);
    if (*next != '*')
    {
        return false;
    }
    char               *stop;
    const unsigned long repeats = strtoul(next + 1, &stop, next[1] == '0' ? 8 : 10);
    if (*stop != ']')
    {
        return false;
    }
    if (repeats == 0)
    {
        set->has_fill       = true;
        set->fill           = set->count;
        set->fill_character = (unsigned char)character;
    }
    for (unsigned long i = 0; i < repeats && i < 65536; ++i)
    {
        set_add(set, character);
    }
    *text = stop + 1;
    return true;
}

static struct set parse_set(const char *text)
{
    struct set set = { 0 };
    while (*text != '\0')
    {
        if (*text == '[' && add_bracket(&set, &text))
        {
            continue;
        }
        const int first = read_set_character(&text);
        if (*text != '-' || text[1] == '\0')
        {
            set_add(&set, first);
            continue;
        }
        ++text;
        const int last = read_set_character(&text);
        if (last < first)
        {
            fail(1, "%c-%c: a range goes upwards", first, last);
        }
        for (int character = first; character <= last; ++character)
        {
            set_add(&set, character);
        }
    }
    return set;
}

static void complement_set(struct set *set)
{
    bool       contained[256] = { false };
    struct set others         = { 0 };
    for (size_t i = 0; i < set->count; ++i)
    {
        contained[set->items[i]] = true;
    }
    for (int character = 0; character < 256; ++character)
    {
        if (!contained[character])
        {
            set_add(&others, character);
        }
    }
    free(set->items);
    *set = others;
}

/// As long as the first set: by its `[c*]`, or by its last character.
static void lengthen_set(struct set *set, size_t length)
{
    const size_t missing = set->count < length ? length - set->count : 0;
    if (set->has_fill)
    {
        set->items = reallocate(set->items, set->count + missing);
        memmove(set->items + set->fill + missing, set->items + set->fill, set->count - set->fill);
        memset(set->items + set->fill, set->fill_character, missing);
        set->count += missing;
        return;
    }
    if (set->count == 0)
    {
        fail(1, "the second set is empty");
    }
    for (size_t i = 0; i < missing; ++i)
    {
        set_add(set, set->items[set->count - 1]);
    }
}

int tr_tool(int count, char **arguments)
{
    bool complement = false, deletes = false, squeezes = false, truncates = false;
    for (int option; (option = getopt(count, arguments, "+cCdst")) != -1;)
    {
        switch (option)
        {
            case 'c':
            case 'C': complement = true; break;
            case 'd': deletes = true; break;
            case 's': squeezes = true; break;
            case 't': truncates = true; break;
            default: return 1;
        }
    }
    const int  sets       = count - optind;
    const bool translates = !deletes && sets == 2;
    if (sets < 1 || sets > 2 || (deletes && sets != (squeezes ? 2 : 1)) || (!deletes && !squeezes && sets != 2))
    {
        return complain("%s", sets < 1 ? "a set of characters is wanted" : "two sets of characters are wanted to translate, one to delete");
    }
    struct set first  = parse_set(arguments[optind]);
    struct set second = sets == 2 ? parse_set(arguments[optind + 1]) : (struct set) { 0 };
    if (complement)
    {
        complement_set(&first);
    }
    bool          deleted[256] = { false }, squeezed[256] = { false };
    unsigned char translated[256];
    for (int character = 0; character < 256; ++character)
    {
        translated[character] = (unsigned char)character;
    }
    if (translates)
    {
        if (truncates && first.count > second.count)
        {
            first.count = second.count;
        }
        else if (first.count > 0)
        {
            lengthen_set(&second, first.count);
        }
        for (size_t i = 0; i < first.count; ++i)
        {
            translated[first.items[i]] = second.items[i];
        }
    }
    for (size_t i = 0; deletes && i < first.count; ++i)
    {
        deleted[first.items[i]] = true;
    }
    const struct set *squeeze_set = sets == 2 ? &second : &first;
    for (size_t i = 0; squeezes && i < squeeze_set->count; ++i)
    {
        squeezed[squeeze_set->items[i]] = true;
    }
    int previous = -1;
    for (int byte; (byte = getchar()) != EOF;)
    {
        if (deleted[byte])
        {
            continue;
        }
        byte = translated[byte];
        if (squeezed[byte] && byte == previous)
        {
            continue;
        }
        putchar(byte);
        previous = byte;
    }
    free(first.items);
    free(second.items);
    return 0;
}
