// sort, uniq, comm: lines in order.
#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line
{
    char  *chars;
    size_t length;
};

struct ordering
{
    bool numeric, reverse, fold, printable, dictionary, skip_blanks_start, skip_blanks_end;
};

struct key
{
    size_t          start_field, start_character, end_field, end_character; ///< from 1 on; end_field 0: to the end of the line
    struct ordering how;
    bool            has_own_ordering;
};

static struct ordering global;
static struct key     *keys;
static size_t          key_count;
static int             separator = -1;
static bool            is_unique, is_stable;

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n';
}

static const char *skip_blanks(const char *next, const char *end)
{
    while (next < end && is_blank(*next))
    {
        ++next;
    }
    return next;
}

/// Where field `field` (from 0 on) starts; a field includes the blanks before it, unless there is a separator.
static const char *field_start(const char *next, const char *end, size_t field)
{
    for (; field > 0 && next < end; --field)
    {
        if (separator >= 0)
        {
            const char *found = memchr(next, separator, (size_t)(end - next));
            next              = found == NULL ? end : found + 1;
        }
        else
        {
            next = skip_blanks(next, end);
            while (next < end && !is_blank(*next))
            {
                ++next;
            }
        }
    }
    return next;
}

static const char *field_end(const char *start, const char *end)
{
    if (separator >= 0)
    {
        const char *found = memchr(start, separator, (size_t)(end - start));
        return found == NULL ? end : found;
    }
    start = skip_blanks(start, end);
    while (start < end && !is_blank(*start))
    {
        ++start;
    }
    return start;
}

struct part
{
    const char *start, *end;
};

static const char *advance(const char *next, const char *end, size_t distance)
{
    return (size_t)(end - next) < distance ? end : next + distance;
}

static struct part part_for(const struct key *key, const struct line *line)
{
    const char *end   = line->chars + line->length;
    const char *start = field_start(line->chars, end, key->start_field - 1);
    if (key->how.skip_blanks_start)
    {
        start = skip_blanks(start, end);
    }
    start            = advance(start, end, key->start_character - 1);
    const char *stop = end;
    if (key->end_field != 0)
    {
        stop = field_start(line->chars, end, key->end_field - 1);
        if (key->end_character == 0)
        {
            stop = field_end(stop, end);
        }
        else
        {
            if (key->how.skip_blanks_end)
            {
                stop = skip_blanks(stop, end);
            }
            stop = advance(stop, end, key->end_character);
        }
    }
    return (struct part) { start, stop < start ? start : stop };
}

struct number
{
    bool        negative;
    const char *digits, *point, *end; ///< without leading zeros; from point on the fraction
};

static struct number read_number(struct part part)
{
    struct number number = { 0 };
    const char   *next   = skip_blanks(part.start, part.end);
    if (next < part.end && *next == '-')
    {
        number.negative = true;
        ++next;
    }
    while (next < part.end && *next == '0')
    {
        ++next;
    }
    number.digits = next;
    while (next < part.end && isdigit((unsigned char)*next))
    {
        ++next;
    }
    number.point = next;
    if (next < part.end && *next == '.')
    {
        ++next;
        while (next < part.end && isdigit((unsigned char)*next))
        {
            ++next;
        }
    }
    number.end = next;
    // Zeros at the end of a fraction say nothing.
    while (number.end > number.point && (number.end[-1] == '0' || number.end[-1] == '.'))
    {
        --number.end;
    }
    if (number.end == number.digits)
    {
        number.negative = false;
    }
    return number;
}

static int sign_of(long value)
{
    return (value > 0) - (value < 0);
}

static int compare_magnitudes(const struct number *left, const struct number *right)
{
    const long left_digits = left->point - left->digits, right_digits = right->point - right->digits;
    if (left_digits != right_digits)
    {
        return sign_of(left_digits - right_digits);
    }
    const size_t left_length = (size_t)(left->end - left->digits), right_length = (size_t)(right->end - right->digits);
    const int    order       = memcmp(left->digits, right->digits, left_length < right_length ? left_length : right_length);
    return order != 0 ? order : sign_of((long)left_length - (long)right_length);
}

static int compare_numbers(struct part left, struct part right)
{
    const struct number a = read_number(left), b = read_number(right);
    if (a.negative != b.negative)
    {
        return a.negative ? -1 : 1;
    }
    const int order = compare_magnitudes(&a, &b);
    return a.negative ? -order : order;
}

static bool is_ignored(const struct ordering *how, char character)
{
    const unsigned char byte = (unsigned char)character;
    return how->dictionary ? !isalnum(byte) && !is_blank(character) : how->printable && !isprint(byte);
}

static int compare_text(const struct ordering *how, struct part left, struct part right)
{
    if (!how->fold && !how->dictionary && !how->printable)
    {
        const size_t left_length = (size_t)(left.end - left.start), right_length = (size_t)(right.end - right.start);
        const size_t shared      = left_length < right_length ? left_length : right_length;
        const int    order       = shared == 0 ? 0 : memcmp(left.start, right.start, shared);
        return order != 0 ? order : sign_of((long)left_length - (long)right_length);
    }
    for (;; ++left.start, ++right.start)
    {
        while (left.start < left.end && is_ignored(how, *left.start))
        {
            ++left.start;
        }
        while (right.start < right.end && is_ignored(how, *right.start))
        {
            ++right.start;
        }
        if (left.start == left.end || right.start == right.end)
        {
            return (left.start != left.end) - (right.start != right.end);
        }
        int a = (unsigned char)*left.start, b = (unsigned char)*right.start;
        if (how->fold)
        {
            a = toupper(a);
            b = toupper(b);
        }
        if (a != b)
        {
            return a - b;
        }
    }
}

static int compare_parts(const struct ordering *how, struct part left, struct part right)
{
    const int order = how->numeric ? compare_numbers(left, right) : compare_text(how, left, right);
    return how->reverse ? -order : order;
}

static int compare_by_keys(const struct line *left, const struct line *right)
{
    for (size_t i = 0; i < key_count; ++i)
    {
        const int order = compare_parts(&keys[i].how, part_for(&keys[i], left), part_for(&keys[i], right));
        if (order != 0)
        {
            return order;
        }
    }
    return 0;
}

/// All that decides: the keys, and last the whole lines.
static int compare_lines(const struct line *left, const struct line *right)
{
    const int order = compare_by_keys(left, right);
    if (order != 0 || is_unique || is_stable)
    {
        return order;
    }
    const struct part a = { left->chars, left->chars + left->length }, b = { right->chars, right->chars + right->length };
    const int         last = compare_text(&(struct ordering) { 0 }, a, b);
    return global.reverse ? -last : last;
}

/// A merge sort, because equal lines keep their order.
static void sort_lines(struct line *lines, struct line *spare, size_t count)
{
    if (count < 2)
    {
        return;
    }
    const size_t half = count / 2;
    sort_lines(lines, spare, half);
    sort_lines(lines + half, spare, count - half);
    if (compare_lines(&lines[half - 1], &lines[half]) <= 0)
    {
        return;
    }
    memcpy(spare, lines, half * sizeof *lines);
    size_t left = 0, right = half, next = 0;
    while (left < half)
    {
        lines[next++] = right == count || compare_lines(&spare[left], &lines[right]) <= 0 ? spare[left++] : lines[right++];
    }
}

static bool set_ordering(struct ordering *how, char letter, bool is_end)
{
    switch (letter)
    {
        case 'b': *(is_end ? &how->skip_blanks_end : &how->skip_blanks_start) = true; return true;
        case 'd': how->dictionary = true; return true;
        case 'f': how->fold = true; return true;
        case 'i': how->printable = true; return true;
        case 'n': how->numeric = true; return true;
        case 'r': how->reverse = true; return true;
        default: return false;
    }
}

static void add_key(const char *text)
{
    struct key  key  = { .start_character = 1 };
    char       *next = (char *)text;
    const char *word = text;
    key.start_field  = isdigit((unsigned char)*next) ? strtoul(next, &next, 10) : 0;
    if (*next == '.')
    {
        key.start_character = strtoul(next + 1, &next, 10);
    }
    for (; set_ordering(&key.how, *next, false); ++next)
    {
        key.has_own_ordering = true;
    }
    if (*next == ',')
    {
        key.end_field = strtoul(next + 1, &next, 10);
        if (key.end_field == 0)
        {
            fail(2, "%s: no key: fields count from 1 on", word);
        }
        if (*next == '.')
        {
            key.end_character = strtoul(next + 1, &next, 10);
        }
        for (; set_ordering(&key.how, *next, true); ++next)
        {
            key.has_own_ordering = true;
        }
    }
    if (*next != '\0' || key.start_field == 0 || key.start_character == 0)
    {
        fail(2, "%s: no key: FIELD[.CHARACTER][bdfinr][,FIELD[.CHARACTER][bdfinr]] is wanted", word);
    }
    keys              = reallocate(keys, (key_count + 1) * sizeof *keys);
    keys[key_count++] = key;
}

int sort_tool(int count, char **arguments)
{
    const char *output = NULL;
    bool        checks = false, quiet = false;
    char        end = '\n';
    for (int option; (option = getopt(count, arguments, "bCcdfik:mno:rst:uz")) != -1;)
    {
        switch (option)
        {
            case 'C': quiet = true; // fall through
            case 'c': checks = true; break;
            case 'k': add_key(optarg); break;
            case 'm': break; // sorting merges too
            case 'o': output = optarg; break;
            case 's': is_stable = true; break;
            case 't':
                if (strcmp(optarg, "\\0") != 0 && strlen(optarg) != 1)
                {
                    fail(2, "%s: one character is wanted as separator", optarg);
                }
                separator = optarg[0] == '\\' && optarg[1] == '0' ? 0 : (unsigned char)optarg[0];
                break;
            case 'u': is_unique = true; break;
            case 'z': end = '\0'; break;
            default:
                if (!set_ordering(&global, (char)option, false))
                {
                    return 2;
                }
        }
    }
    global.skip_blanks_end = global.skip_blanks_start;
    for (size_t i = 0; i < key_count; ++i)
    {
        keys[i].how = keys[i].has_own_ordering ? keys[i].how : global;
    }
    if (key_count == 0)
    {
        add_key("1");
        keys[0].how = global;
    }
    for (size_t i = 0; i < key_count; ++i)
    {
        if (keys[i].how.numeric && (keys[i].how.dictionary || keys[i].how.printable))
        {
            fail(2, "-n cannot go with -d or -i");
        }
    }

    static char *standard_input[] = { "-", NULL };
    struct text  content          = { 0 };
    for (char **path = optind < count ? arguments + optind : standard_input; *path != NULL; ++path)
    {
        FILE *file = open_input(*path);
        if (file == NULL)
        {
            return 2;
        }
        read_all(file, &content);
        close_input(file);
        if (content.length > 0 && content.chars[content.length - 1] != end)
        {
            text_add_character(&content, end);
        }
    }
    struct line *lines    = NULL;
    size_t       lines_count = 0, capacity = 0;
    for (char *next = content.chars, *stop = content.chars + content.length; next < stop;)
    {
        if (lines_count == capacity)
        {
            capacity = capacity == 0 ? 64 : capacity * 2;
            lines    = reallocate(lines, capacity * sizeof *lines);
        }
        char *newline        = memchr(next, end, (size_t)(stop - next));
        lines[lines_count++] = (struct line) { next, (size_t)(newline - next) };
        next                 = newline + 1;
    }
    if (checks)
    {
        for (size_t i = 1; i < lines_count; ++i)
        {
            if (compare_lines(&lines[i - 1], &lines[i]) > (is_unique ? -1 : 0))
            {
                return quiet ? 1 : complain("line %zu is out of order: %.*s", i + 1, (int)lines[i].length, lines[i].chars);
            }
        }
        return 0;
    }
    struct line *spare = allocate((lines_count / 2 + 1) * sizeof *spare);
    sort_lines(lines, spare, lines_count);
    free(spare);
    if (output != NULL && freopen(output, "w", stdout) == NULL)
    {
        complain_about(output);
        return 2;
    }
    for (size_t i = 0; i < lines_count; ++i)
    {
        if (!is_unique || i == 0 || compare_by_keys(&lines[i - 1], &lines[i]) != 0)
        {
            fwrite(lines[i].chars, 1, lines[i].length, stdout);
            putchar(end);
        }
    }
    free(lines);
    free(keys);
    text_free(&content);
    return 0;
}

struct uniq
{
    bool      counts, repeated_only, unique_only, fold;
    long long skipped_fields, skipped_characters, compared;
};

static struct line compared_part(const struct text *line, const struct uniq *how)
{
    size_t start = 0;
    for (long long i = 0; i < how->skipped_fields && start < line->length; ++i)
    {
        while (start < line->length && is_blank(line->chars[start]))
        {
            ++start;
        }
        while (start < line->length && !is_blank(line->chars[start]))
        {
            ++start;
        }
    }
    const size_t left = line->length - start;
    start += (unsigned long long)how->skipped_characters < left ? (size_t)how->skipped_characters : left;
    size_t length = line->length - start;
    if (how->compared >= 0 && (unsigned long long)how->compared < length)
    {
        length = (size_t)how->compared;
    }
    return (struct line) { line->chars + start, length };
}

static bool is_same(const struct text *left, const struct text *right, const struct uniq *how)
{
    const struct line a = compared_part(left, how), b = compared_part(right, how);
    if (a.length != b.length)
    {
        return false;
    }
    for (size_t i = 0; i < a.length; ++i)
    {
        const int x = (unsigned char)a.chars[i], y = (unsigned char)b.chars[i];
        if (x != y && (!how->fold || tolower(x) != tolower(y)))
        {
            return false;
        }
    }
    return true;
}

int uniq_tool(int count, char **arguments)
{
    struct uniq how = { .compared = -1 };
    for (int option; (option = getopt(count, arguments, "cdf:is:uw:")) != -1;)
    {
        switch (option)
        {
            case 'c': how.counts = true; break;
            case 'd': how.repeated_only = true; break;
            case 'f': how.skipped_fields = number_with_unit(optarg, "fields"); break;
            case 'i': how.fold = true; break;
            case 's': how.skipped_characters = number_with_unit(optarg, "characters"); break;
            case 'u': how.unique_only = true; break;
            case 'w': how.compared = number_with_unit(optarg, "characters"); break;
            default: return 1;
        }
    }
    FILE *input = open_input(optind < count ? arguments[optind] : "-");
    if (input == NULL)
    {
        return 1;
    }
    if (optind + 1 < count && freopen(arguments[optind + 1], "w", stdout) == NULL)
    {
        return complain_about(arguments[optind + 1]);
    }
    struct text   current = { 0 }, next = { 0 };
    bool          more     = read_line(input, &current);
    unsigned long repeated = 1;
    while (more)
    {
        more = read_line(input, &next);
        if (more && is_same(&current, &next, &how))
        {
            ++repeated;
            continue;
        }
        if (!(repeated == 1 && how.repeated_only) && !(repeated > 1 && how.unique_only))
        {
            if (how.counts)
            {
                printf("%7lu ", repeated);
            }
            fwrite(current.chars, 1, current.length, stdout);
            putchar('\n');
        }
        repeated                = 1;
        const struct text spare = current;
        current                 = next;
        next                    = spare;
    }
    text_free(&current);
    text_free(&next);
    close_input(input);
    return 0;
}

int comm_tool(int count, char **arguments)
{
    bool hidden[3] = { false };
    for (int option; (option = getopt(count, arguments, "123")) != -1;)
    {
        if (option == '?')
        {
            return 1;
        }
        hidden[option - '1'] = true;
    }
    if (count - optind != 2)
    {
        return complain("two files are wanted");
    }
    FILE *left = open_input(arguments[optind]);
    if (left == NULL)
    {
        return 1;
    }
    FILE *right = open_input(arguments[optind + 1]);
    if (right == NULL)
    {
        return 1;
    }
    struct text a = { 0 }, b = { 0 };
    bool        has_a = read_line(left, &a), has_b = read_line(right, &b);
    while (has_a || has_b)
    {
        int order = has_a ? -1 : 1;
        if (has_a && has_b)
        {
            order = compare_text(&(struct ordering) { 0 }, (struct part) { a.chars, a.chars + a.length },
                (struct part) { b.chars, b.chars + b.length });
        }
        const int          column = order < 0 ? 0 : order > 0 ? 1 : 2;
        const struct text *line   = order <= 0 ? &a : &b;
        if (!hidden[column])
        {
            for (int before = 0; before < column; ++before)
            {
                fputs(hidden[before] ? "" : "\t", stdout);
            }
            fwrite(line->chars, 1, line->length, stdout);
            putchar('\n');
        }
        has_a = order <= 0 ? read_line(left, &a) : has_a;
        has_b = order >= 0 ? read_line(right, &b) : has_b;
    }
    text_free(&a);
    text_free(&b);
    close_input(left);
    close_input(right);
    return 0;
}
