// sed: edits lines by a script.
#include "tool.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum address_kind
{
    address_none,
    address_line,
    address_last,
    address_match
};

struct address
{
    enum address_kind kind;
    unsigned long     line;
    regex_t          *expression; ///< NULL: the one used last
};

struct command
{
    struct address first, second;
    bool           inverted;
    bool           is_active; ///< between the two addresses
    char           name;
    regex_t       *expression;
    struct text    text;  ///< of a, i, c, s and y; label or file name of others
    size_t         target; ///< of b, t and {: the command to go on with
    bool           global, prints;
    unsigned long  occurrence;
    FILE          *output;
    unsigned char *translation;
    int            exit_status;
};

struct output_file
{
    char *path;
    FILE *file;
};

static struct
{
    struct command     *commands;
    size_t              count;
    struct text         script;
    const char         *next;
    bool                quiet, extended;
    struct output_file *outputs;
    size_t              output_count;
    regex_t            *last_expression;
    char              **paths;
    FILE               *input;
    struct text         pattern, hold, ahead;
    bool                has_ahead, ahead_lacks_newline, lacks_newline;
    unsigned long       line;
    struct text         appended; ///< what is written after the cycle
    int                 status;
} sed;

static void skip_blanks(void)
{
    while (*sed.next == ' ' || *sed.next == '\t')
    {
        ++sed.next;
    }
}

static void skip_separators(void)
{
    while (*sed.next == ' ' || *sed.next == '\t' || *sed.next == '\n' || *sed.next == ';')
    {
        ++sed.next;
    }
}

static FILE *output_file(const char *path)
{
    for (size_t i = 0; i < sed.output_count; ++i)
    {
        if (strcmp(sed.outputs[i].path, path) == 0)
        {
            return sed.outputs[i].file;
        }
    }
    FILE *file = strcmp(path, "/dev/stdout") == 0 ? stdout : strcmp(path, "/dev/stderr") == 0 ? stderr : fopen(path, "w");
    if (file == NULL)
    {
        fail(4, "%s: %s", path, strerror(errno));
    }
    sed.outputs                     = reallocate(sed.outputs, (sed.output_count + 1) * sizeof *sed.outputs);
    sed.outputs[sed.output_count++] = (struct output_file) { copy_of(path), file };
    return file;
}

/// Up to the delimiter, which is stepped over. `\n` becomes a newline, `\DELIMITER` the delimiter; other escapes stay.
static void read_delimited(char delimiter, bool is_expression, struct text *part)
{
    text_clear(part);
    for (; *sed.next != delimiter; ++sed.next)
    {
        if (*sed.next == '\0' || (*sed.next == '\n' && is_expression))
        {
            fail(1, "%c: has no end", delimiter);
        }
        if (*sed.next == '[' && is_expression)
        {
            // Within brackets the delimiter is a character, and so is a backslash.
            const char *end = sed.next + 1;
            end += *end == '^';
            end += *end == ']';
            while (*end != '\0' && *end != ']' && *end != '\n')
            {
                if (*end == '[' && (end[1] == ':' || end[1] == '.' || end[1] == '='))
                {
                    const char close[] = { end[1], ']', '\0' };
                    const char *stop   = strstr(end + 2, close);
                    end                = stop != NULL ? stop + 2 : end + 1;
                    continue;
                }
                ++end;
            }
            if (*end == ']')
            {
                while (sed.next < end)
                {
                    const bool newline = sed.next[0] == '\\' && sed.next[1] == 'n';
                    text_add_character(part, newline ? '\n' : *sed.next);
                    sed.next += 1 + newline;
                }
            }
        }
        else if (*sed.next == '\\' && sed.next[1] != '\0')
        {
            ++sed.next;
            if (*sed.next == delimiter)
            {
                text_add_character(part, delimiter);
                continue;
            }
            if (*sed.next == 'n' && is_expression)
            {
                text_add_character(part, '\n');
                continue;
            }
            if (*sed.next == 't' && is_expression)
            {
                text_add_character(part, '\t');
                continue;
            }
            text_add_character(part, '\\');
        }
        text_add_character(part, *sed.next);
    }
    ++sed.next;
}

/// NULL for the empty expression, which stands for the last used.
static regex_t *compile(const struct text *source, bool fold)
{
    if (source->length == 0)
    {
        return NULL;
    }
    regex_t  *expression = allocate(sizeof *expression);
    const int error      = regcomp(expression, source->chars, (sed.extended ? REG_EXTENDED : 0) | (fold ? REG_ICASE : 0));
    if (error != 0)
    {
        char message[128];
        regerror(error, expression, message, sizeof message);
        fail(1, "%s: %s", source->chars, message);
    }
    return expression;
}

static struct address read_address(void)
{
    struct address address = { .kind = address_none };
    if (isdigit((unsigned char)*sed.next))
    {
        char *end;
        address.kind = address_line;
        address.line = strtoul(sed.next, &end, 10);
        sed.next     = end;
        if (address.line == 0)
        {
            fail(1, "0: lines count from 1 on");
        }
    }
    else if (*sed.next == '$')
    {
        address.kind = address_last;
        ++sed.next;
    }
    else if (*sed.next == '/' || (*sed.next == '\\' && sed.next[1] != '\0'))
    {
        sed.next += *sed.next == '\\';
        const char  delimiter = *sed.next++;
        struct text source    = { 0 };
        read_delimited(delimiter, true, &source);
        const bool fold    = *sed.next == 'I';
        sed.next          += fold;
        address.kind       = address_match;
        address.expression = compile(&source, fold);
        text_free(&source);
    }
    return address;
}

/// A label or a file's name: the rest of the line; a label ends at a semicolon too.
static void read_word(struct text *word, bool is_label)
{
    skip_blanks();
    text_clear(word);
    while (*sed.next != '\0' && *sed.next != '\n' && !(is_label && (*sed.next == ';' || *sed.next == '}' || *sed.next == ' ')))
    {
        text_add_character(word, *sed.next++);
    }
}

/// The text of a, i and c: after `\` and a newline, or in the same line.
static void read_text(struct text *text)
{
    text_clear(text);
    skip_blanks();
    if (*sed.next == '\\')
    {
        ++sed.next;
        const char *rest = sed.next + strspn(sed.next, " \t");
        sed.next         = *rest == '\n' ? rest + 1 : sed.next;
    }
    for (; *sed.next != '\0' && *sed.next != '\n'; ++sed.next)
    {
        if (*sed.next == '\\' && sed.next[1] != '\0')
        {
            ++sed.next;
        }
        text_add_character(text, *sed.next);
    }
    text_add_character(text, '\n');
}

static void read_substitution(struct command *command)
{
    const char delimiter = *sed.next;
    if (delimiter == '\0' || delimiter == '\n' || delimiter == '\\')
    {
        fail(1, "s: a delimiter is wanted");
    }
    ++sed.next;
    struct text source = { 0 };
    read_delimited(delimiter, true, &source);
    read_delimited(delimiter, false, &command->text);
    bool fold           = false;
    command->occurrence = 1;
    for (;; ++sed.next)
    {
        if (*sed.next == 'g')
        {
            command->global = true;
        }
        else if (*sed.next == 'p')
        {
            command->prints = true;
        }
        else if (*sed.next == 'i' || *sed.next == 'I')
        {
            fold = true;
        }
        else if (isdigit((unsigned char)*sed.next) && *sed.next != '0')
        {
            char *end;
            command->occurrence = strtoul(sed.next, &end, 10);
            sed.next            = end - 1;
        }
        else if (*sed.next == 'w')
        {
            struct text path = { 0 };
            ++sed.next;
            read_word(&path, false);
            command->output = output_file(path.chars);
            text_free(&path);
            break;
        }
        else
        {
            break;
        }
    }
    command->expression = compile(&source, fold);
    size_t groups       = command->expression != NULL ? command->expression->re_nsub : 9;
    for (const char *next = command->text.chars; *next != '\0'; ++next)
    {
        if (*next == '\\' && *++next >= '1' && *next <= '9' && (size_t)(*next - '0') > groups)
        {
            fail(1, "s: \\%c: the expression has no such group", *next);
        }
        if (*next == '\0')
        {
            break;
        }
    }
    text_free(&source);
}

static void read_translation(struct command *command)
{
    const char  delimiter = *sed.next++;
    struct text sides[2]  = { { 0 }, { 0 } };
    for (int side = 0; side < 2; ++side)
    {
        struct text raw = { 0 };
        if (delimiter == '\0')
        {
            fail(1, "y: a delimiter is wanted");
        }
        read_delimited(delimiter, false, &raw);
        text_clear(&sides[side]);
        for (const char *next = raw.chars; *next != '\0'; ++next)
        {
            if (*next == '\\' && (next[1] == '\\' || next[1] == 'n'))
            {
                ++next;
                text_add_character(&sides[side], *next == 'n' ? '\n' : '\\');
            }
            else
            {
                text_add_character(&sides[side], *next);
            }
        }
        text_free(&raw);
    }
    if (sides[0].length != sides[1].length)
    {
        fail(1, "y: both sides must be equally long");
    }
    command->translation = allocate(256);
    for (int byte = 0; byte < 256; ++byte)
    {
        command->translation[byte] = (unsigned char)byte;
    }
    for (size_t i = 0; i < sides[0].length; ++i)
    {
        command->translation[(unsigned char)sides[0].chars[i]] = (unsigned char)sides[1].chars[i];
    }
    text_free(&sides[0]);
    text_free(&sides[1]);
}

static void end_command(char name)
{
    skip_blanks();
    if (*sed.next == '#')
    {
        sed.next += strcspn(sed.next, "\n");
    }
    if (*sed.next != '\0' && *sed.next != '\n' && *sed.next != ';' && *sed.next != '}')
    {
        fail(1, "%c: is followed by %s", name, sed.next);
    }
}

static void read_command(struct command *command)
{
    command->first = read_address();
    skip_blanks();
    if (command->first.kind != address_none && *sed.next == ',')
    {
        ++sed.next;
        skip_blanks();
        command->second = read_address();
        if (command->second.kind == address_none)
        {
            fail(1, "a second address is wanted after the comma");
        }
        skip_blanks();
    }
    while (*sed.next == '!')
    {
        command->inverted = true;
        ++sed.next;
        skip_blanks();
    }
    command->name = *sed.next;
    if (command->name == '\0')
    {
        fail(1, "a command is wanted after the address");
    }
    ++sed.next;
    switch (command->name)
    {
        case '{': return;
        case ':':
            if (command->first.kind != address_none)
            {
                fail(1, ":: takes no address");
            }
            read_word(&command->text, true);
            if (command->text.length == 0)
            {
                fail(1, ":: a label is wanted");
            }
            break;
        case 'b':
        case 't': read_word(&command->text, true); break;
        case 'a':
        case 'i':
        case 'c': read_text(&command->text); return;
        case 'r': read_word(&command->text, false); break;
        case 'w':
            read_word(&command->text, false);
            command->output = output_file(command->text.chars);
            break;
        case 's': read_substitution(command); break;
        case 'y': read_translation(command); break;
        case 'q':
            if (command->second.kind != address_none)
            {
                fail(1, "q: takes one address only");
            }
            skip_blanks();
            if (isdigit((unsigned char)*sed.next))
            {
                char *end;
                command->exit_status = (int)strtol(sed.next, &end, 10);
                sed.next             = end;
            }
            break;
        case '}':
            if (command->first.kind != address_none)
            {
                fail(1, "}: takes no address");
            }
            break;
        case 'd':
        case 'D':
        case 'g':
        case 'G':
        case 'h':
        case 'H':
        case 'l':
        case 'n':
        case 'N':
        case 'p':
        case 'P':
        case 'x':
        case '=': break;
        default: fail(1, "%c: no such command", command->name);
    }
    end_command(command->name);
}

static void read_script(void)
{
    size_t open[64];
    size_t depth = 0;
    sed.next     = sed.script.chars;
    if (strncmp(sed.next, "#n\n", 3) == 0 || strcmp(sed.next, "#n") == 0)
    {
        sed.quiet = true;
    }
    for (;;)
    {
        skip_separators();
        if (*sed.next == '\0')
        {
            break;
        }
        if (*sed.next == '#')
        {
            sed.next += strcspn(sed.next, "\n");
            continue;
        }
        struct command command = { 0 };
        read_command(&command);
        if (command.name == '{')
        {
            if (depth == sizeof open / sizeof open[0])
            {
                fail(1, "{: more than 64 within each other");
            }
            open[depth++] = sed.count;
        }
        else if (command.name == '}')
        {
            if (depth == 0)
            {
                fail(1, "}: there is no {");
            }
            sed.commands[open[--depth]].target = sed.count;
        }
        sed.commands              = reallocate(sed.commands, (sed.count + 1) * sizeof *sed.commands);
        sed.commands[sed.count++] = command;
    }
    if (depth != 0)
    {
        fail(1, "{: there is no }");
    }
    for (size_t i = 0; i < sed.count; ++i)
    {
        struct command *command = &sed.commands[i];
        if (command->name != 'b' && command->name != 't')
        {
            continue;
        }
        command->target = sed.count;
        bool found      = command->text.length == 0;
        for (size_t j = 0; j < sed.count && !found; ++j)
        {
            if (sed.commands[j].name == ':' && strcmp(sed.commands[j].text.chars, command->text.chars) == 0)
            {
                command->target = j;
                found           = true;
            }
        }
        if (!found)
        {
            fail(1, "%s: no such label", command->text.chars);
        }
    }
}

/// Reads the line after the current one, so that `$` is known.
static void look_ahead(void)
{
    while (!sed.has_ahead)
    {
        if (sed.input == NULL)
        {
            if (*sed.paths == NULL)
            {
                return;
            }
            sed.input = open_input(*sed.paths++);
            if (sed.input == NULL)
            {
                sed.status = 2;
                continue;
            }
        }
        text_clear(&sed.ahead);
        int byte;
        while ((byte = getc(sed.input)) != EOF && byte != '\n')
        {
            text_add_character(&sed.ahead, (char)byte);
        }
        if (byte == '\n' || sed.ahead.length > 0)
        {
            sed.has_ahead           = true;
            sed.ahead_lacks_newline = byte == EOF;
            return;
        }
        close_input(sed.input);
        sed.input = NULL;
    }
}

/// The newline that the last line lacks is left out, unless more follows.
static void put_line(FILE *file, const char *chars, size_t length)
{
    static bool owes_newline; // on standard output
    if (file == stdout && owes_newline)
    {
        putc('\n', file);
        owes_newline = false;
    }
    fwrite(chars, 1, length, file);
    if (sed.lacks_newline)
    {
        owes_newline = owes_newline || file == stdout;
    }
    else
    {
        putc('\n', file);
    }
    if (file != stdout)
    {
        fflush(file);
    }
}

static void put_text(const char *chars, size_t length)
{
    if (length == 0)
    {
        return;
    }
    const bool lacked = sed.lacks_newline;
    const bool ends   = chars[length - 1] == '\n';
    sed.lacks_newline = !ends;
    put_line(stdout, chars, length - ends);
    sed.lacks_newline = lacked;
}

static void put_appended(void)
{
    put_text(sed.appended.chars, sed.appended.length);
    text_clear(&sed.appended);
}

static bool next_line(bool appends)
{
    look_ahead();
    if (!sed.has_ahead)
    {
        return false;
    }
    if (appends)
    {
        text_add_character(&sed.pattern, '\n');
    }
    else
    {
        text_clear(&sed.pattern);
    }
    text_add(&sed.pattern, sed.ahead.chars, sed.ahead.length);
    sed.lacks_newline = sed.ahead_lacks_newline;
    sed.has_ahead     = false;
    ++sed.line;
    return true;
}

static bool is_last_line(void)
{
    look_ahead();
    return !sed.has_ahead;
}

static regex_t *expression_to_use(regex_t *expression)
{
    if (expression != NULL)
    {
        sed.last_expression = expression;
    }
    if (sed.last_expression == NULL)
    {
        fail(1, "an empty expression, and there is none before it");
    }
    return sed.last_expression;
}

static bool address_holds(const struct address *address)
{
    switch (address->kind)
    {
        case address_line: return sed.line == address->line;
        case address_last: return is_last_line();
        case address_match: return regexec(expression_to_use(address->expression), sed.pattern.chars, 0, NULL, 0) == 0;
        default: return true;
    }
}

static bool is_selected(struct command *command)
{
    if (command->second.kind == address_none)
    {
        return address_holds(&command->first);
    }
    if (command->is_active)
    {
        if (command->second.kind == address_line)
        {
            command->is_active = sed.line < command->second.line;
            // A line before the second address may have been skipped.
            return sed.line <= command->second.line || address_holds(&command->first);
        }
        command->is_active = !address_holds(&command->second);
        return true;
    }
    if (!address_holds(&command->first))
    {
        return false;
    }
    const bool is_one_line = command->second.kind == address_line && command->second.line <= sed.line;
    command->is_active     = !is_one_line && !(command->second.kind == address_last && is_last_line());
    return true;
}

static void add_replacement(struct text *result, const char *replacement, const char *subject, const regmatch_t *groups)
{
    for (; *replacement != '\0'; ++replacement)
    {
        int group = -1;
        if (*replacement == '&')
        {
            group = 0;
        }
        else if (*replacement == '\\' && replacement[1] != '\0')
        {
            ++replacement;
            if (*replacement >= '0' && *replacement <= '9')
            {
                group = *replacement - '0';
            }
            else
            {
                text_add_character(result, *replacement == 'n' ? '\n' : *replacement == 't' ? '\t' : *replacement);
                continue;
            }
        }
        if (group < 0)
        {
            text_add_character(result, *replacement);
        }
        else if (groups[group].rm_so >= 0)
        {
            text_add(result, subject + groups[group].rm_so, (size_t)(groups[group].rm_eo - groups[group].rm_so));
        }
    }
}

static bool substitute(const struct command *command)
{
    regex_t      *expression = expression_to_use(command->expression);
    struct text   result     = { 0 };
    regmatch_t    groups[10];
    size_t        from  = 0;
    unsigned long found = 0;
    bool          done = false, after_match = false;
    text_add(&result, "", 0);
    while (from <= sed.pattern.length && regexec(expression, sed.pattern.chars + from, 10, groups, from > 0 ? REG_NOTBOL : 0) == 0)
    {
        const char  *subject = sed.pattern.chars + from;
        const size_t start = (size_t)groups[0].rm_so, end = (size_t)groups[0].rm_eo;
        text_add(&result, subject, start);
        // Nothing, right after a match, is no match of its own.
        const bool counts = !(start == end && start == 0 && after_match);
        found += counts;
        if (counts && (found == command->occurrence || (found > command->occurrence && command->global)))
        {
            add_replacement(&result, command->text.chars, subject, groups);
            done = true;
        }
        else
        {
            text_add(&result, subject + start, end - start);
        }
        from += end;
        after_match = end > start;
        if (start == end)
        {
            if (from < sed.pattern.length)
            {
                text_add_character(&result, sed.pattern.chars[from]);
            }
            ++from;
        }
        if (done && !command->global)
        {
            break;
        }
    }
    if (!done)
    {
        text_free(&result);
        return false;
    }
    if (from < sed.pattern.length)
    {
        text_add(&result, sed.pattern.chars + from, sed.pattern.length - from);
    }
    text_free(&sed.pattern);
    sed.pattern = result;
    if (command->prints)
    {
        put_line(stdout, sed.pattern.chars, sed.pattern.length);
    }
    if (command->output != NULL)
    {
        put_line(command->output, sed.pattern.chars, sed.pattern.length);
    }
    return true;
}

/// `l`: what cannot be seen as escapes, lines folded at 70.
static void put_visible(void)
{
    static const char from[] = "\\\a\b\f\n\r\t\v", to[] = "\\abfnrtv";
    size_t            column = 0;
    for (size_t i = 0; i < sed.pattern.length; ++i)
    {
        const unsigned char byte = (unsigned char)sed.pattern.chars[i];
        const char         *found = byte == 0 ? NULL : strchr(from, byte);
        char                shown[8];
        if (found != NULL)
        {
            snprintf(shown, sizeof shown, "\\%c", to[found - from]);
        }
        else
        {
            snprintf(shown, sizeof shown, isprint(byte) ? "%c" : "\\%03o", byte);
        }
        if (column + strlen(shown) > 69)
        {
            put_text("\\\n", 2);
            column = 0;
        }
        fputs(shown, stdout);
        column += strlen(shown);
    }
    put_text("$\n", 2);
}

static void append_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file != NULL)
    {
        read_all(file, &sed.appended);
        fclose(file);
    }
}

enum next
{
    next_command,
    next_cycle,         ///< the pattern space is written first
    next_cycle_deleted, ///< it is not
    next_cycle_kept,    ///< D: and no line is read
    next_end
};

static enum next execute(struct command *command, size_t *at, bool *substituted)
{
    struct text *pattern = &sed.pattern;
    switch (command->name)
    {
        case '{':
        case '}':
        case ':': break;
        case '=':
        {
            char      number[32];
            const int length = snprintf(number, sizeof number, "%lu\n", sed.line);
            put_text(number, (size_t)length);
            break;
        }
        case 'a': text_add(&sed.appended, command->text.chars, command->text.length); break;
        case 'b': *at = command->target; break;
        case 'c':
            if (command->second.kind == address_none || !command->is_active || command->inverted)
            {
                put_text(command->text.chars, command->text.length);
            }
            return next_cycle_deleted;
        case 'd': return next_cycle_deleted;
        case 'D':
        {
            const char *newline = memchr(pattern->chars, '\n', pattern->length);
            if (newline == NULL)
            {
                return next_cycle_deleted;
            }
            const size_t removed = (size_t)(newline - pattern->chars) + 1;
            memmove(pattern->chars, newline + 1, pattern->length - removed + 1);
            pattern->length -= removed;
            return next_cycle_kept;
        }
        case 'g':
            text_clear(pattern);
            text_add(pattern, sed.hold.chars, sed.hold.length);
            sed.lacks_newline = false; // what comes from the hold space is a whole line
            break;
        case 'G':
            text_add_character(pattern, '\n');
            text_add(pattern, sed.hold.chars, sed.hold.length);
            sed.lacks_newline = false;
            break;
        case 'h':
            text_clear(&sed.hold);
            text_add(&sed.hold, pattern->chars, pattern->length);
            break;
        case 'H':
            text_add_character(&sed.hold, '\n');
            text_add(&sed.hold, pattern->chars, pattern->length);
            break;
        case 'i': put_text(command->text.chars, command->text.length); break;
        case 'l': put_visible(); break;
        case 'n':
            if (is_last_line())
            {
                return next_end;
            }
            if (!sed.quiet)
            {
                put_line(stdout, pattern->chars, pattern->length);
            }
            put_appended();
            next_line(false);
            break;
        case 'N':
            // With nothing left the pattern space is written, as GNU does; POSIX leaves it open.
            if (is_last_line())
            {
                return next_end;
            }
            put_appended();
            next_line(true);
            break;
        case 'p': put_line(stdout, pattern->chars, pattern->length); break;
        case 'P':
        {
            const char *newline = memchr(pattern->chars, '\n', pattern->length);
            const bool  lacked  = sed.lacks_newline;
            sed.lacks_newline   = lacked && newline == NULL;
            put_line(stdout, pattern->chars, newline == NULL ? pattern->length : (size_t)(newline - pattern->chars));
            sed.lacks_newline = lacked;
            break;
        }
        case 'q': sed.status = command->exit_status; return next_end;
        case 'r': append_file(command->text.chars); break;
        case 's': *substituted = substitute(command) || *substituted; break;
        case 't':
            if (*substituted)
            {
                *substituted = false;
                *at          = command->target;
            }
            break;
        case 'w': put_line(command->output, pattern->chars, pattern->length); break;
        case 'x':
        {
            const struct text spare = *pattern;
            *pattern                = sed.hold;
            sed.hold                = spare;
            sed.lacks_newline       = false;
            break;
        }
        case 'y':
            for (size_t i = 0; i < pattern->length; ++i)
            {
                pattern->chars[i] = (char)command->translation[(unsigned char)pattern->chars[i]];
            }
            break;
    }
    return next_command;
}

static enum next run_cycle(void)
{
    bool substituted = false;
    for (size_t at = 0; at < sed.count;)
    {
        struct command *command = &sed.commands[at++];
        if (is_selected(command) == command->inverted)
        {
            at = command->name == '{' ? command->target : at;
            continue;
        }
        const enum next next = execute(command, &at, &substituted);
        if (next != next_command)
        {
            return next;
        }
    }
    return next_cycle;
}

static void add_script(const char *part)
{
    if (sed.script.length > 0)
    {
        text_add_character(&sed.script, '\n');
    }
    text_add_string(&sed.script, part);
}

int sed_tool(int count, char **arguments)
{
    bool has_script = false;
    for (int option; (option = getopt(count, arguments, "Ee:f:nrs")) != -1;)
    {
        struct text content = { 0 };
        FILE       *file;
        switch (option)
        {
            case 'E':
            case 'r': sed.extended = true; break;
            case 'e':
                add_script(optarg);
                has_script = true;
                break;
            case 'f':
                file = open_input(optarg);
                if (file == NULL)
                {
                    return 1;
                }
                read_all(file, &content);
                close_input(file);
                if (content.length > 0 && content.chars[content.length - 1] == '\n')
                {
                    content.chars[--content.length] = '\0';
                }
                add_script(content.chars);
                text_free(&content);
                has_script = true;
                break;
            case 'n': sed.quiet = true; break;
            default: return 1;
        }
    }
    if (!has_script)
    {
        if (optind == count)
        {
            return complain("a script is wanted");
        }
        add_script(arguments[optind++]);
    }
    text_add(&sed.script, "", 0);
    read_script();
    static char *standard_input[] = { "-", NULL };
    sed.paths                     = optind < count ? arguments + optind : standard_input;
    text_clear(&sed.hold);
    text_clear(&sed.appended);
    for (bool keeps = false; keeps || next_line(false);)
    {
        const enum next next = run_cycle();
        if (!sed.quiet && (next == next_cycle || next == next_end))
        {
            put_line(stdout, sed.pattern.chars, sed.pattern.length);
        }
        put_appended();
        if (next == next_end)
        {
            break;
        }
        keeps = next == next_cycle_kept;
    }
    return sed.status;
}
