// grep: lines that match.
#include "tool.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pattern
{
    char   *text;
    size_t  length;
    regex_t expression;
};

static struct
{
    bool            fixed, extended, fold, invert, numbers, counts, names_only, names_without, quiet, silent, only_matching, recursive, words;
    bool            whole_lines, with_names, without_names, text;
    long            limit, before, after;
    struct pattern *patterns;
    size_t          pattern_count;
} how = { .limit = -1 };

struct match
{
    size_t start, end;
};

static bool is_word(char character)
{
    return isalnum((unsigned char)character) || character == '_';
}

static void add_patterns(const char *text)
{
    for (;;)
    {
        const size_t length = strcspn(text, "\n");
        how.patterns        = reallocate(how.patterns, (how.pattern_count + 1) * sizeof *how.patterns);
        struct pattern *pattern = &how.patterns[how.pattern_count++];
        pattern->length         = length;
        pattern->text           = allocate(length + 1);
        memcpy(pattern->text, text, length);
        pattern->text[length] = '\0';
        if (text[length] == '\0')
        {
            return;
        }
        text += length + 1;
    }
}

static void compile_patterns(void)
{
    for (size_t i = 0; i < how.pattern_count && !how.fixed; ++i)
    {
        struct pattern *pattern = &how.patterns[i];
        struct text     wrapped = { 0 };
        // -x anchors the whole, alternatives included.
        if (how.whole_lines)
        {
            text_add_string(&wrapped, how.extended ? "^(" : "^\\(");
        }
        text_add(&wrapped, pattern->text, pattern->length);
        if (how.whole_lines)
        {
            text_add_string(&wrapped, how.extended ? ")$" : "\\)$");
        }
        const int error = regcomp(&pattern->expression, wrapped.chars, (how.extended ? REG_EXTENDED : 0) | (how.fold ? REG_ICASE : 0));
        if (error != 0)
        {
            char message[128];
            regerror(error, &pattern->expression, message, sizeof message);
            fail(2, "%s: %s", pattern->text, message);
        }
        text_free(&wrapped);
    }
}

static bool equal(const char *left, const char *right, size_t length)
{
    for (size_t i = 0; i < length; ++i)
    {
        if (left[i] != right[i] && (!how.fold || tolower((unsigned char)left[i]) != tolower((unsigned char)right[i])))
        {
            return false;
        }
    }
    return true;
}

static bool find_fixed(const struct pattern *pattern, const char *line, size_t length, size_t from, struct match *match)
{
    if (how.whole_lines)
    {
        *match = (struct match) { 0, length };
        return from == 0 && length == pattern->length && equal(line, pattern->text, length);
    }
    for (size_t start = from; start + pattern->length <= length; ++start)
    {
        if (equal(line + start, pattern->text, pattern->length))
        {
            *match = (struct match) { start, start + pattern->length };
            return true;
        }
    }
    return false;
}

static bool find_expression(const struct pattern *pattern, const char *line, size_t from, struct match *match)
{
    regmatch_t found;
    if (regexec(&pattern->expression, line + from, 1, &found, from > 0 ? REG_NOTBOL : 0) != 0)
    {
        return false;
    }
    *match = (struct match) { from + (size_t)found.rm_so, from + (size_t)found.rm_eo };
    return true;
}

/// With -w only a match between characters that belong to no word; shorter matches at the same place are tried too.
static bool find_word(const struct pattern *pattern, char *line, size_t length, size_t from, struct match *match)
{
    size_t limit = length;
    while (from <= length)
    {
        const char saved = line[limit];
        line[limit]      = '\0';
        const bool found = how.fixed ? find_fixed(pattern, line, limit, from, match) : find_expression(pattern, line, from, match);
        line[limit]      = saved;
        if (!found)
        {
            if (limit == length)
            {
                return false;
            }
            limit = length;
            ++from;
            continue;
        }
        const bool starts = match->start == 0 || !is_word(line[match->start - 1]);
        const bool ends   = match->end == length || !is_word(line[match->end]);
        if (starts && ends)
        {
            return true;
        }
        if (starts && match->end > match->start + 1 && !how.fixed)
        {
            from  = match->start;
            limit = match->end - 1;
        }
        else
        {
            from  = match->start + 1;
            limit = length;
        }
    }
    return false;
}

/// The first match from `from` on, the longest there.
static bool find(char *line, size_t length, size_t from, struct match *match)
{
    bool any = false;
    for (size_t i = 0; i < how.pattern_count; ++i)
    {
        const struct pattern *pattern = &how.patterns[i];
        struct match          found;
        const bool            has = how.words && !how.whole_lines ? find_word(pattern, line, length, from, &found)
                       : how.fixed                                ? find_fixed(pattern, line, length, from, &found)
                                                                  : find_expression(pattern, line, from, &found);
        if (has && (!any || found.start < match->start || (found.start == match->start && found.end > match->end)))
        {
            *match = found;
            any    = true;
        }
    }
    return any;
}

static void put_prefix(const char *name, unsigned long number, char separator)
{
    if (how.with_names)
    {
        printf("%s%c", name, separator);
    }
    if (how.numbers)
    {
        printf("%lu%c", number, separator);
    }
}

static void put_line(const char *name, unsigned long number, char separator, const char *chars, size_t length)
{
    put_prefix(name, number, separator);
    for (size_t i = 0; i < length; ++i)
    {
        putchar(chars[i] == '\n' ? '\0' : (unsigned char)chars[i]);
    }
    putchar('\n');
}

static void put_matches(const char *name, unsigned long number, struct text *line)
{
    struct match match;
    for (size_t from = 0; from <= line->length && find(line->chars, line->length, from, &match);)
    {
        if (match.end > match.start)
        {
            put_line(name, number, ':', line->chars + match.start, match.end - match.start);
        }
        from = match.end > match.start ? match.end : match.end + 1;
    }
}

/// True if lines were selected.
static bool search_file(FILE *file, const char *name)
{
    static bool   separates; // groups of lines were written before
    struct text   line = { 0 };
    struct text  *kept = allocate(((size_t)how.before + 1) * sizeof *kept); // the lines before, in a ring
    unsigned long number = 0, last_shown = 0, selected = 0;
    long          remaining = 0;
    const bool    shows     = !how.quiet && !how.counts && !how.names_only && !how.names_without;
    const bool    groups    = shows && (how.before > 0 || how.after > 0);
    bool          is_binary = false;
    memset(kept, 0, ((size_t)how.before + 1) * sizeof *kept);
    while ((how.limit < 0 || (long)selected < how.limit || remaining > 0) && read_line(file, &line))
    {
        ++number;
        struct match match;
        const bool   may_select = how.limit < 0 || (long)selected < how.limit;
        // regexec stops at a NUL, so a newline, which no line contains, stands for it.
        for (char *null; (null = memchr(line.chars, '\0', line.length)) != NULL; *null = '\n')
        {
            is_binary = !how.text;
        }
        if (may_select && find(line.chars, line.length, 0, &match) != how.invert)
        {
            ++selected;
            if (how.quiet || how.names_only || how.names_without)
            {
                break;
            }
            if (!shows)
            {
                continue;
            }
            if (is_binary)
            {
                complain("%s: binary file matches", name);
                break;
            }
            const unsigned long first = number - 1 < (unsigned long)how.before ? 1 : number - (unsigned long)how.before;
            const unsigned long start = first > last_shown ? first : last_shown + 1;
            if (groups && separates && (last_shown == 0 || start > last_shown + 1))
            {
                puts("--");
            }
            for (unsigned long earlier = start; earlier < number && !how.only_matching; ++earlier)
            {
                const struct text *before = &kept[earlier % ((unsigned long)how.before + 1)];
                put_line(name, earlier, '-', before->chars, before->length);
            }
            if (!how.only_matching)
            {
                put_line(name, number, ':', line.chars, line.length);
            }
            else if (!how.invert)
            {
                put_matches(name, number, &line);
            }
            last_shown = number;
            separates  = true;
            remaining  = how.after;
        }
        else if (remaining > 0)
        {
            --remaining;
            if (!how.only_matching && shows)
            {
                put_line(name, number, '-', line.chars, line.length);
                last_shown = number;
            }
        }
        if (how.before > 0)
        {
            struct text *place = &kept[number % ((unsigned long)how.before + 1)];
            text_clear(place);
            text_add(place, line.chars, line.length);
        }
    }
    if (how.counts && !how.quiet)
    {
        if (how.with_names)
        {
            printf("%s:", name);
        }
        printf("%lu\n", selected);
    }
    if (!how.quiet && ((how.names_only && selected > 0) || (how.names_without && selected == 0)))
    {
        puts(name);
    }
    for (long i = 0; i <= how.before; ++i)
    {
        text_free(&kept[i]);
    }
    free(kept);
    text_free(&line);
    return selected > 0;
}

static bool any_selected, any_error;

static void search(const char *path, bool is_named)
{
    struct stat status;
    if (strcmp(path, "-") != 0 && how.recursive)
    {
        if ((is_named ? stat(path, &status) : lstat(path, &status)) == 0)
        {
            if (S_ISDIR(status.st_mode))
            {
                struct name_list names;
                if (!read_directory(path, &names))
                {
                    any_error = true;
                    return;
                }
                for (size_t i = 0; i < names.count; ++i)
                {
                    char *inner = joined_path(path, names.items[i]);
                    search(inner, false);
                    free(inner);
                }
                free_names(&names);
                return;
            }
            if (!is_named && !S_ISREG(status.st_mode))
            {
                return;
            }
        }
    }
    FILE *file;
    if (how.silent && strcmp(path, "-") != 0 && access(path, R_OK) != 0)
    {
        any_error = true;
        return;
    }
    file = open_input(path);
    if (file == NULL)
    {
        any_error = true;
        return;
    }
    const bool selected = search_file(file, strcmp(path, "-") == 0 ? "(standard input)" : path);
    any_selected        = any_selected || selected;
    close_input(file);
}

static void add_patterns_of_file(const char *path)
{
    FILE *file = open_input(path);
    if (file == NULL)
    {
        exit(2);
    }
    struct text line = { 0 };
    while (read_line(file, &line))
    {
        add_patterns(line.chars);
    }
    text_free(&line);
    close_input(file);
}

int grep_tool(int count, char **arguments)
{
    bool has_patterns = false;
    for (int option; (option = getopt(count, arguments, "A:B:C:EFGHLRace:f:hilm:noqrsvwx")) != -1;)
    {
        switch (option)
        {
            case 'A': how.after = (long)number_with_unit(optarg, "lines"); break;
            case 'B': how.before = (long)number_with_unit(optarg, "lines"); break;
            case 'C': how.before = how.after = (long)number_with_unit(optarg, "lines"); break;
            case 'E':
                how.extended = true;
                how.fixed    = false;
                break;
            case 'F':
                how.fixed    = true;
                how.extended = false;
                break;
            case 'G': how.fixed = how.extended = false; break;
            case 'H': how.with_names = true; break;
            case 'L': how.names_without = true; break;
            case 'R':
            case 'r': how.recursive = true; break;
            case 'a': how.text = true; break;
            case 'c': how.counts = true; break;
            case 'e':
                add_patterns(optarg);
                has_patterns = true;
                break;
            case 'f':
                add_patterns_of_file(optarg);
                has_patterns = true;
                break;
            case 'h': how.without_names = true; break;
            case 'i': how.fold = true; break;
            case 'l': how.names_only = true; break;
            case 'm': how.limit = (long)number_with_unit(optarg, "lines"); break;
            case 'n': how.numbers = true; break;
            case 'o': how.only_matching = true; break;
            case 'q': how.quiet = true; break;
            case 's': how.silent = true; break;
            case 'v': how.invert = true; break;
            case 'w': how.words = true; break;
            case 'x': how.whole_lines = true; break;
            default: return 2;
        }
    }
    if (!has_patterns)
    {
        if (optind == count)
        {
            complain("a pattern is wanted");
            return 2;
        }
        add_patterns(arguments[optind++]);
    }
    if (how.before < 0 || how.after < 0)
    {
        complain("a number of lines is not negative");
        return 2;
    }
    compile_patterns();
    how.counts     = how.counts && !how.names_only && !how.names_without;
    how.with_names = !how.without_names && (how.with_names || how.recursive || count - optind > 1);
    if (optind == count)
    {
        if (how.recursive)
        {
            struct name_list names;
            if (read_directory(".", &names))
            {
                for (size_t i = 0; i < names.count; ++i)
                {
                    search(names.items[i], false);
                }
                free_names(&names);
            }
        }
        else
        {
            search("-", true);
        }
    }
    for (int i = optind; i < count; ++i)
    {
        search(arguments[i], true);
    }
    return how.quiet && any_selected ? 0 : any_error ? 2 : !any_selected;
}
