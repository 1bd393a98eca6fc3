#include "expand.h"

#include "arithmetic.h"
#include "execute.h"
#include "parser.h"
#include "pattern.h"
#include "shell.h"

#include <ctype.h>
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// What is known of each character of an expanded word. The last two belong to no character (its place holds a NUL).
enum mark
{
    mark_plain  = 0, ///< as written: may be a wildcard, is no separator
    mark_quoted = 1,
    mark_split  = 2, ///< came from an expansion outside quotes: may separate fields
    mark_quotes = 3, ///< there were quotes: the field exists even if empty
    mark_break  = 4, ///< between the parameters of $@
};

struct expansion
{
    struct text chars;
    struct text marks;
    bool        failed;
    bool        is_empty_list;    ///< "$@" without parameters
    bool        in_here_document; ///< double quotes are ordinary
    bool        in_assignment;    ///< tildes after colons
};

static void expand_into(struct expansion *expansion, const char *text, size_t length, bool in_quotes);

static void add(struct expansion *expansion, char character, enum mark mark)
{
    text_add_character(&expansion->chars, character);
    text_add_character(&expansion->marks, (char)mark);
}

static void add_value(struct expansion *expansion, const char *value, bool in_quotes)
{
    for (; *value != '\0'; ++value)
    {
        add(expansion, *value, in_quotes ? mark_quoted : mark_split);
    }
}

static void add_quotes(struct expansion *expansion)
{
    if (!expansion->in_here_document)
    {
        add(expansion, '\0', mark_quotes);
    }
}

static void expansion_free(struct expansion *expansion)
{
    text_free(&expansion->chars);
    text_free(&expansion->marks);
}

// ---- Parameters ----------------------------------------------------------------------------------------------------

static const char *separators(void)
{
    return variable_or("IFS", " \t\n");
}

/// All parameters in one, as "$*" gives them.
static char *joined_parameters(void)
{
    struct text joined = { 0 };
    for (size_t i = 0; i < shell.parameters.count; ++i)
    {
        if (i != 0 && *separators() != '\0')
        {
            text_add_character(&joined, *separators());
        }
        text_add(&joined, shell.parameters.items[i]);
    }
    return text_take(&joined);
}

static char *number_text(long number)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%ld", number);
    return copy_of(digits);
}

static char *option_letters(void)
{
    const struct options *options = &shell.options;
    const struct
    {
        bool set;
        char letter;
    } letters[] = { { options->all_export, 'a' }, { options->exit_on_error, 'e' }, { options->no_globbing, 'f' },
        { options->interactive, 'i' }, { options->job_control, 'm' }, { options->no_clobber, 'C' },
        { options->fail_on_unset, 'u' }, { options->show_input, 'v' }, { options->trace, 'x' } };
    struct text text = { 0 };
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; ++i)
    {
        if (letters[i].set)
        {
            text_add_character(&text, letters[i].letter);
        }
    }
    return text_take(&text);
}

/// The value of a variable or special parameter, which the caller frees; NULL if it is not set.
static char *parameter_value(const char *name, size_t length)
{
    if (isdigit((unsigned char)*name))
    {
        size_t number = 0; // digits may follow that do not belong to it: $10 is ${1}0
        for (size_t i = 0; i < length && number <= shell.parameters.count; ++i)
        {
            number = number * 10 + (size_t)(name[i] - '0');
        }
        if (number == 0)
        {
            return copy_of(shell.name);
        }
        return number <= shell.parameters.count ? copy_of(shell.parameters.items[number - 1]) : NULL;
    }
    switch (*name)
    {
        case '@':
        case '*': return shell.parameters.count == 0 ? NULL : joined_parameters();
        case '#': return number_text((long)shell.parameters.count);
        case '?': return number_text(shell.status);
        case '-': return option_letters();
        case '$': return number_text(shell.process);
        case '!': return shell.last_background == 0 ? NULL : number_text(shell.last_background);
        default: break;
    }
    char       *variable = copy_of_part(name, length);
    const char *value    = variable_value(variable);
    free(variable);
    return value == NULL ? NULL : copy_of(value);
}

/// Length of the name of a variable or special parameter at `text`; 0 if there is none. Without braces only one digit.
static size_t parameter_length(const char *text, bool in_braces)
{
    if (*text != '\0' && strchr("@*#?-$!", *text) != NULL)
    {
        return 1;
    }
    if (isdigit((unsigned char)*text))
    {
        return in_braces ? strspn(text, "0123456789") : 1;
    }
    size_t length = 0;
    while (text[length] == '_' || isalpha((unsigned char)text[length])
        || (length != 0 && isdigit((unsigned char)text[length])))
    {
        ++length;
    }
    return length;
}

static void add_parameters(struct expansion *expansion, bool in_quotes, bool joined)
{
    if (in_quotes && joined)
    {
        char *all = joined_parameters();
        add_value(expansion, all, true);
        free(all);
        return;
    }
    if (shell.parameters.count == 0)
    {
        expansion->is_empty_list = true;
        return;
    }
    for (size_t i = 0; i < shell.parameters.count; ++i)
    {
        if (i != 0)
        {
            add(expansion, '\0', mark_break);
        }
        if (in_quotes)
        {
            add_quotes(expansion);
        }
        add_value(expansion, shell.parameters.items[i], in_quotes);
    }
}

static void fail_for(struct expansion *expansion, const char *name, size_t length, const char *why)
{
    report("%.*s: %s", (int)length, name, why);
    expansion->failed = true;
}

static void add_parameter(struct expansion *expansion, const char *name, size_t length, bool in_quotes)
{
    if (*name == '@' || *name == '*')
    {
        add_parameters(expansion, in_quotes, *name == '*');
        return;
    }
    char *value = parameter_value(name, length);
    if (value != NULL)
    {
        add_value(expansion, value, in_quotes);
    }
    else if (shell.options.fail_on_unset)
    {
        fail_for(expansion, name, length, "is not set");
    }
    free(value);
}

static size_t character_count(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; ++text)
    {
        count += ((unsigned char)*text & 0xc0) != 0x80; // UTF-8: what follows in a character does not count
    }
    return count;
}

static char *expand_part(const char *text, size_t length, bool as_pattern);

/// `${name#pattern}` and its kin.
static void add_trimmed(struct expansion *expansion, char *value, const char *pattern_text, size_t pattern_length,
    char end, bool longest, bool in_quotes)
{
    char *pattern = expand_part(pattern_text, pattern_length, true);
    if (pattern == NULL)
    {
        expansion->failed = true;
        return;
    }
    const size_t length = strlen(value);
    for (size_t i = 0; i <= length; ++i)
    {
        const size_t cut   = longest ? length - i : i;
        const char  *start = end == '#' ? value : value + length - cut;
        if (matches_pattern(pattern, start, cut))
        {
            if (end == '#')
            {
                memmove(value, value + cut, length - cut + 1);
            }
            else
            {
                value[length - cut] = '\0';
            }
            break;
        }
    }
    add_value(expansion, value, in_quotes);
    free(pattern);
}

/// `word` after `${name:-` and its kin: its parts keep their own quotes.
static void add_alternative(struct expansion *expansion, const char *word, size_t length, bool in_quotes)
{
    const size_t before = expansion->marks.length;
    expand_into(expansion, word, length, in_quotes);
    for (size_t i = before; i < expansion->marks.length && !in_quotes; ++i)
    {
        if (expansion->marks.chars[i] == mark_plain)
        {
            expansion->marks.chars[i] = mark_split;
        }
    }
}

static void assign_parameter(
    struct expansion *expansion, const char *name, size_t length, const char *word, size_t word_length, bool in_quotes)
{
    if (!is_valid_name(name, length))
    {
        fail_for(expansion, name, length, "cannot be assigned to in this way");
        return;
    }
    char *value    = expand_part(word, word_length, false);
    char *variable = copy_of_part(name, length);
    if (value == NULL || !set_variable(variable, value))
    {
        expansion->failed = true;
    }
    else
    {
        add_value(expansion, value, in_quotes);
    }
    free(variable);
    free(value);
}

static void expand_braces(struct expansion *expansion, const char *text, size_t length, bool in_quotes)
{
    if (length > 1 && text[0] == '#' && parameter_length(text + 1, true) == length - 1)
    {
        const bool counts = text[1] == '@' || text[1] == '*';
        char      *value  = counts ? NULL : parameter_value(text + 1, length - 1);
        if (value == NULL && !counts && shell.options.fail_on_unset)
        {
            fail_for(expansion, text + 1, length - 1, "is not set");
        }
        char *digits = number_text(
            counts ? (long)shell.parameters.count : value == NULL ? 0 : (long)character_count(value));
        add_value(expansion, digits, in_quotes);
        free(digits);
        free(value);
        return;
    }
    const size_t name_length = parameter_length(text, true);
    if (name_length == 0)
    {
        fail_for(expansion, text, length, "bad substitution");
        return;
    }
    if (name_length == length)
    {
        add_parameter(expansion, text, length, in_quotes);
        return;
    }

    const char *operator      = text + name_length;
    const bool  empty_is_unset = *operator == ':';
    operator += empty_is_unset;
    const char  kind    = *operator;
    const bool  doubled = (kind == '#' || kind == '%') && operator[1] == kind;
    const char *word    = operator + 1 + doubled;
    if (word > text + length || strchr(empty_is_unset ? "-=?+" : "-=?+#%", kind) == NULL)
    {
        fail_for(expansion, text, length, "bad substitution");
        return;
    }
    const size_t word_length = (size_t)(text + length - word);

    char *value = parameter_value(text, name_length);
    if (kind == '#' || kind == '%')
    {
        if (value == NULL && shell.options.fail_on_unset)
        {
            fail_for(expansion, text, name_length, "is not set");
        }
        char *whole = value == NULL ? copy_of("") : copy_of(value);
        add_trimmed(expansion, whole, word, word_length, kind, doubled, in_quotes);
        free(whole);
        free(value);
        return;
    }
    const bool has_value = value != NULL && !(empty_is_unset && *value == '\0');
    if (kind == '+')
    {
        if (has_value)
        {
            add_alternative(expansion, word, word_length, in_quotes);
        }
    }
    else if (has_value)
    {
        add_parameter(expansion, text, name_length, in_quotes);
    }
    else if (kind == '-')
    {
        add_alternative(expansion, word, word_length, in_quotes);
    }
    else if (kind == '=')
    {
        assign_parameter(expansion, text, name_length, word, word_length, in_quotes);
    }
    else
    {
        char *why = expand_part(word, word_length, false);
        fail_for(expansion, text, name_length,
            why != NULL && *why != '\0' ? why : empty_is_unset ? "is not set, or empty" : "is not set");
        free(why);
    }
    free(value);
}

// ---- Substitutions -------------------------------------------------------------------------------------------------

static void expand_command(struct expansion *expansion, const char *text, size_t length, bool in_quotes)
{
    char *command = copy_of_part(text, length);
    char *output  = capture_output(command);
    if (output == NULL)
    {
        expansion->failed = true;
    }
    else
    {
        add_value(expansion, output, in_quotes);
    }
    free(output);
    free(command);
}

/// Within backquotes a backslash stands before `$`, `` ` `` and itself, and before `"` within double quotes.
static void expand_backquotes(struct expansion *expansion, const char *text, size_t length, bool in_quotes)
{
    struct text command = { 0 };
    for (size_t i = 0; i < length; ++i)
    {
        if (text[i] == '\\' && i + 1 < length && strchr(in_quotes ? "$`\\\"" : "$`\\", text[i + 1]) != NULL)
        {
            ++i;
        }
        text_add_character(&command, text[i]);
    }
    char *taken = text_take(&command);
    expand_command(expansion, taken, strlen(taken), in_quotes);
    free(taken);
}

static void expand_arithmetic(struct expansion *expansion, const char *text, size_t length, bool in_quotes)
{
    struct expansion inner = { .in_here_document = true };
    expand_into(&inner, text, length, true);
    long  result     = 0;
    char *expression = text_take(&inner.chars);
    if (inner.failed || !evaluate(expression, &result))
    {
        expansion->failed = true;
    }
    else
    {
        char *digits = number_text(result);
        add_value(expansion, digits, in_quotes);
        free(digits);
    }
    free(expression);
    expansion_free(&inner);
}

/// `$…` or `` `…` ``; returns its length.
static size_t expand_dollar(struct expansion *expansion, const char *text, bool in_quotes)
{
    if (*text == '$' && text[1] != '{' && text[1] != '(')
    {
        const size_t length = parameter_length(text + 1, false);
        if (length == 0)
        {
            add(expansion, '$', in_quotes ? mark_quoted : mark_plain);
            return 1;
        }
        add_parameter(expansion, text + 1, length, in_quotes);
        return 1 + length;
    }
    const size_t length = length_of_expansion(text);
    if (length == 0)
    {
        expansion->failed = true; // said by the parser
        return strlen(text);
    }
    if (*text == '`')
    {
        expand_backquotes(expansion, text + 1, length - 2, in_quotes);
    }
    else if (text[1] == '{')
    {
        expand_braces(expansion, text + 2, length - 3, in_quotes);
    }
    else if (text[2] == '(')
    {
        expand_arithmetic(expansion, text + 3, length - 5, in_quotes);
    }
    else
    {
        expand_command(expansion, text + 2, length - 3, in_quotes);
    }
    return length;
}

// ---- Tildes --------------------------------------------------------------------------------------------------------

/// The length of a `~` or `~name` that was replaced, or 0.
static size_t expand_tilde(struct expansion *expansion, const char *text, size_t length)
{
    size_t end = 1;
    while (end < length && text[end] != '/' && !(expansion->in_assignment && text[end] == ':'))
    {
        if (strchr("'\"\\$`", text[end]) != NULL)
        {
            return 0;
        }
        ++end;
    }
    const char *home = NULL;
    if (end == 1)
    {
        home = variable_value("HOME");
    }
    else
    {
        char                *name = copy_of_part(text + 1, end - 1);
        const struct passwd *user = getpwnam(name);
        home                      = user == NULL ? NULL : user->pw_dir;
        free(name);
    }
    if (home == NULL)
    {
        return 0;
    }
    add_value(expansion, home, true);
    return end;
}

// ---- Words ---------------------------------------------------------------------------------------------------------

static size_t expand_single_quotes(struct expansion *expansion, const char *text, size_t length)
{
    add_quotes(expansion);
    size_t i = 1;
    for (; i < length && text[i] != '\''; ++i)
    {
        add(expansion, text[i], mark_quoted);
    }
    return i + 1;
}

static size_t expand_backslash(struct expansion *expansion, const char *text, size_t length, bool in_quotes)
{
    if (length == 1)
    {
        add(expansion, '\\', mark_quoted);
        return 1;
    }
    if (text[1] == '\n')
    {
        return 2;
    }
    if (in_quotes && strchr(expansion->in_here_document ? "$`\\" : "$`\"\\}", text[1]) == NULL)
    {
        add(expansion, '\\', mark_quoted);
    }
    add(expansion, text[1], mark_quoted);
    return 2;
}

static void expand_into(struct expansion *expansion, const char *text, size_t length, bool in_quotes)
{
    // Quotes within the word of a quoted ${…} end, and begin, quoting again.
    bool quoted = in_quotes;
    for (size_t i = 0; i < length && !expansion->failed;)
    {
        const char character = text[i];
        const bool at_start  = i == 0 || (expansion->in_assignment && text[i - 1] == ':');
        if (character == '\\')
        {
            i += expand_backslash(expansion, text + i, length - i, quoted);
        }
        else if (character == '"' && !expansion->in_here_document)
        {
            add_quotes(expansion);
            quoted = !quoted;
            ++i;
        }
        else if (character == '\'' && !quoted)
        {
            i += expand_single_quotes(expansion, text + i, length - i);
        }
        else if (character == '$' || character == '`')
        {
            i += expand_dollar(expansion, text + i, quoted);
        }
        else
        {
            const size_t replaced =
                character == '~' && !quoted && at_start ? expand_tilde(expansion, text + i, length - i) : 0;
            if (replaced == 0)
            {
                add(expansion, character, quoted ? mark_quoted : mark_plain);
            }
            i += replaced == 0 ? 1 : replaced;
        }
    }
}

static bool is_special_in_pattern(char character)
{
    return strchr("*?[]\\!-^", character) != NULL;
}

static void add_to_pattern(struct text *pattern, char character, enum mark mark)
{
    if (mark == mark_quoted && is_special_in_pattern(character))
    {
        text_add_character(pattern, '\\');
    }
    text_add_character(pattern, character);
}

/// Everything as one text.
static char *text_of(struct expansion *expansion, bool as_pattern)
{
    struct text result = { 0 };
    for (size_t i = 0; i < expansion->marks.length; ++i)
    {
        const enum mark mark = (enum mark)expansion->marks.chars[i];
        if (mark == mark_break)
        {
            text_add_character(&result, ' ');
        }
        else if (mark != mark_quotes)
        {
            if (as_pattern)
            {
                add_to_pattern(&result, expansion->chars.chars[i], mark);
            }
            else
            {
                text_add_character(&result, expansion->chars.chars[i]);
            }
        }
    }
    return text_take(&result);
}

static char *expand_with(struct expansion *expansion, const char *text, size_t length, bool in_quotes, bool as_pattern)
{
    expand_into(expansion, text, length, in_quotes);
    char *result = expansion->failed ? NULL : text_of(expansion, as_pattern);
    expansion_free(expansion);
    return result;
}

static char *expand_part(const char *text, size_t length, bool as_pattern)
{
    struct expansion expansion = { 0 };
    return expand_with(&expansion, text, length, false, as_pattern);
}

char *expand_to_text(const char *word)
{
    return expand_part(word, strlen(word), false);
}

char *expand_to_pattern(const char *word)
{
    return expand_part(word, strlen(word), true);
}

char *expand_here_document(const char *contents)
{
    struct expansion expansion = { .in_here_document = true };
    return expand_with(&expansion, contents, strlen(contents), true, false);
}

char *expand_assignment(const char *word)
{
    struct expansion expansion = { .in_assignment = true };
    return expand_with(&expansion, word, strlen(word), false, false);
}

// ---- Pathnames -----------------------------------------------------------------------------------------------------

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static char *without_escapes(const char *pattern, size_t length)
{
    struct text plain = { 0 };
    for (size_t i = 0; i < length; ++i)
    {
        i += pattern[i] == '\\' && i + 1 < length;
        text_add_character(&plain, pattern[i]);
    }
    return text_take(&plain);
}

/// Adds what exists of `prefix` (a directory and a slash, or nothing) followed by what matches `pattern`.
static void find_paths(const char *prefix, const char *pattern, struct string_list *found)
{
    const size_t slashes = strspn(pattern, "/");
    size_t       length  = slashes;
    while (pattern[length] != '\0' && pattern[length] != '/')
    {
        length += pattern[length] == '\\' && pattern[length + 1] != '\0' ? 2 : 1;
    }
    char       *part = copy_of_part(pattern + slashes, length - slashes);
    struct text base = { 0 };
    text_add(&base, prefix);
    text_add_part(&base, pattern, slashes);
    const char *rest = pattern + length;

    if (!has_wildcards(part))
    {
        char *plain = without_escapes(part, strlen(part));
        text_add(&base, plain);
        free(plain);
        struct stat status;
        if (*rest != '\0')
        {
            find_paths(base.chars, rest, found);
        }
        else if (base.length != 0 && lstat(base.chars, &status) == 0)
        {
            list_add(found, copy_of(base.chars));
        }
    }
    else
    {
        DIR *directory = opendir(base.length == 0 ? "." : base.chars);
        for (const struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        {
            if ((entry->d_name[0] == '.' && part[0] != '.')
                || !matches_pattern(part, entry->d_name, strlen(entry->d_name)))
            {
                continue;
            }
            struct text path = { 0 };
            text_add(&path, base.chars);
            text_add(&path, entry->d_name);
            struct stat status;
            if (*rest == '\0')
            {
                list_add(found, copy_of(path.chars));
            }
            else if (stat(path.chars, &status) == 0 && S_ISDIR(status.st_mode))
            {
                find_paths(path.chars, rest, found);
            }
            text_free(&path);
        }
        if (directory != NULL)
        {
            closedir(directory);
        }
    }
    text_free(&base);
    free(part);
}

// ---- Fields --------------------------------------------------------------------------------------------------------

struct field
{
    struct text plain;
    struct text pattern;
    bool        exists; ///< it has a character, or had quotes
};

static void end_field(struct field *field, struct string_list *fields)
{
    if (!field->exists)
    {
        return;
    }
    if (field->plain.chars == NULL)
    {
        text_add(&field->plain, "");
    }
    struct string_list found = { 0 };
    if (!shell.options.no_globbing && field->pattern.chars != NULL && has_wildcards(field->pattern.chars))
    {
        find_paths("", field->pattern.chars, &found);
    }
    if (found.count == 0)
    {
        list_add(fields, copy_of(field->plain.chars));
    }
    else
    {
        qsort(found.items, found.count, sizeof *found.items, by_text);
        for (size_t i = 0; i < found.count; ++i)
        {
            list_add(fields, found.items[i]);
        }
    }
    free(found.items);
    text_clear(&field->plain);
    text_clear(&field->pattern);
    field->exists = false;
}

static void split_fields(const struct expansion *expansion, struct string_list *fields)
{
    const char  *ifs            = separators();
    struct field field          = { 0 };
    bool         ended_by_space = false; // a separator other than a space after it belongs to the same one
    for (size_t i = 0; i < expansion->marks.length; ++i)
    {
        const char      character = expansion->chars.chars[i];
        const enum mark mark      = (enum mark)expansion->marks.chars[i];
        if (mark == mark_break)
        {
            end_field(&field, fields);
            ended_by_space = false;
        }
        else if (mark == mark_quotes)
        {
            field.exists   = field.exists || !expansion->is_empty_list;
            ended_by_space = false;
        }
        else if (mark == mark_split && strchr(ifs, character) != NULL)
        {
            if (character == ' ' || character == '\t' || character == '\n')
            {
                ended_by_space = ended_by_space || field.exists;
                end_field(&field, fields);
            }
            else
            {
                field.exists   = field.exists || !ended_by_space;
                ended_by_space = false;
                end_field(&field, fields);
            }
        }
        else
        {
            text_add_character(&field.plain, character);
            add_to_pattern(&field.pattern, character, mark);
            field.exists   = true;
            ended_by_space = false;
        }
    }
    end_field(&field, fields);
    text_free(&field.plain);
    text_free(&field.pattern);
}

bool expand_word(const char *word, struct string_list *fields)
{
    struct expansion expansion = { 0 };
    expand_into(&expansion, word, strlen(word), false);
    if (!expansion.failed)
    {
        split_fields(&expansion, fields);
    }
    expansion_free(&expansion);
    return !expansion.failed;
}
