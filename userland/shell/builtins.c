#include "builtins.h"

#include "edit.h"
#include "execute.h"
#include "expand.h"
#include "jobs.h"
#include "parser.h"
#include "redirect.h"
#include "shell.h"
#include "trap.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <unistd.h>

static int usage(const char *text)
{
    report("usage: %s", text);
    return 2;
}

static bool read_number(const char *text, long *number)
{
    char *end = NULL;
    errno     = 0;
    *number   = strtol(text, &end, 10);
    return end != text && *end == '\0' && errno == 0;
}

// ---- Flow ----------------------------------------------------------------------------------------------------------

static int builtin_true(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return 0;
}

static int builtin_false(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return 1;
}

static int leave_loops(int count, char **arguments, enum unwinding unwinding)
{
    long depth = 1;
    if (count > 1 && (!read_number(arguments[1], &depth) || depth < 1))
    {
        report("%s: %s: is not a number of loops", arguments[0], arguments[1]);
        shell.unwinding = unwinding_abandon;
        return shell.status = 2;
    }
    if (shell.loop_depth != 0)
    {
        shell.unwinding       = unwinding;
        shell.unwinding_depth = depth > shell.loop_depth ? shell.loop_depth : (int)depth;
    }
    return shell.status = 0;
}

static int builtin_break(int count, char **arguments)
{
    return leave_loops(count, arguments, unwinding_break);
}

static int builtin_continue(int count, char **arguments)
{
    return leave_loops(count, arguments, unwinding_continue);
}

static int leave_with_status(int count, char **arguments, enum unwinding unwinding)
{
    long status = shell.status;
    if (count > 1 && !read_number(arguments[1], &status))
    {
        report("%s: %s: is not a number", arguments[0], arguments[1]);
        status = 2;
    }
    shell.unwinding = unwinding;
    return shell.status = (int)(status & 0xff);
}

static int builtin_exit(int count, char **arguments)
{
    return leave_with_status(count, arguments, unwinding_exit);
}

static int builtin_return(int count, char **arguments)
{
    return leave_with_status(count, arguments, unwinding_return);
}

static int builtin_eval(int count, char **arguments)
{
    struct text command = { 0 };
    for (int i = 1; i < count; ++i)
    {
        text_add(&command, arguments[i]);
        text_add(&command, i + 1 < count ? " " : "");
    }
    char     *text   = text_take(&command);
    const int status = execute_text(text);
    free(text);
    return status;
}

static int builtin_exec(int count, char **arguments)
{
    if (count == 1)
    {
        return 0;
    }
    struct string_list environment = environment_list();
    fflush(NULL);
    const int status = execute_program(arguments + 1, environment.items);
    list_free(&environment);
    if (!shell.options.interactive)
    {
        shell.unwinding = unwinding_exit;
    }
    return shell.status = status;
}

static int builtin_dot(int count, char **arguments)
{
    if (count < 2)
    {
        return usage(". FILE");
    }
    char *path = NULL;
    if (strchr(arguments[1], '/') == NULL)
    {
        // PATH is searched for readable files, not only for programs.
        const char *directories = variable_or("PATH", "");
        for (const char *next = directories; next != NULL && path == NULL;)
        {
            const char *colon     = strchr(next, ':');
            struct text candidate = { 0 };
            text_add_part(&candidate, next, colon == NULL ? strlen(next) : (size_t)(colon - next));
            text_add(&candidate, candidate.length == 0 ? "./" : "/");
            text_add(&candidate, arguments[1]);
            if (access(candidate.chars, R_OK) == 0)
            {
                path = text_take(&candidate);
            }
            text_free(&candidate);
            next = colon == NULL ? NULL : colon + 1;
        }
    }
    path                 = path == NULL ? copy_of(arguments[1]) : path;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
    {
        report(".: %s: %s", path, strerror(errno));
        free(path);
        shell.unwinding = unwinding_abandon;
        return shell.status = 2;
    }
    free(path);
    struct source source;
    const int     own = move_away(descriptor);
    source_from_descriptor(&source, own, false);
    const int loops  = shell.loop_depth;
    shell.loop_depth = 0;
    int status       = execute_source(&source);
    shell.loop_depth = loops;
    source_free(&source);
    close(own);
    if (shell.unwinding == unwinding_return)
    {
        shell.unwinding = unwinding_none;
        status          = shell.status;
    }
    return status;
}

// ---- Directories ---------------------------------------------------------------------------------------------------

/// `path` without `.`, `..` and doubled slashes, as the user sees it: `..` takes back what was entered, links or not.
static char *logical_path(const char *path)
{
    struct text result = { 0 };
    for (const char *next = path; *next != '\0';)
    {
        next += strspn(next, "/");
        const size_t length = strcspn(next, "/");
        if (length == 2 && next[0] == '.' && next[1] == '.')
        {
            while (result.length != 0 && result.chars[--result.length] != '/')
            {
            }
            if (result.chars != NULL)
            {
                result.chars[result.length] = '\0';
            }
        }
        else if (length != 0 && !(length == 1 && next[0] == '.'))
        {
            text_add_character(&result, '/');
            text_add_part(&result, next, length);
        }
        next += length;
    }
    if (result.length == 0)
    {
        text_add_character(&result, '/');
    }
    return text_take(&result);
}

static char *present_directory(void)
{
    const char *known = variable_value("PWD");
    struct stat here, there;
    if (known != NULL && known[0] == '/' && stat(known, &there) == 0 && stat(".", &here) == 0
        && here.st_dev == there.st_dev && here.st_ino == there.st_ino)
    {
        return copy_of(known);
    }
    char path[PATH_MAX];
    return getcwd(path, sizeof path) == NULL ? copy_of("?") : copy_of(path);
}

static char *directory_in_path(const char *name)
{
    const char *path = variable_value("CDPATH");
    if (path == NULL || name[0] == '/' || name[0] == '.')
    {
        return NULL;
    }
    for (const char *next = path; next != NULL;)
    {
        const char *colon     = strchr(next, ':');
        struct text candidate = { 0 };
        text_add_part(&candidate, next, colon == NULL ? strlen(next) : (size_t)(colon - next));
        text_add(&candidate, candidate.length == 0 ? "./" : "/");
        text_add(&candidate, name);
        struct stat status;
        if (stat(candidate.chars, &status) == 0 && S_ISDIR(status.st_mode))
        {
            return text_take(&candidate);
        }
        text_free(&candidate);
        next = colon == NULL ? NULL : colon + 1;
    }
    return NULL;
}

static int builtin_cd(int count, char **arguments)
{
    int  next     = 1;
    bool physical = false;
    while (next < count && (strcmp(arguments[next], "-L") == 0 || strcmp(arguments[next], "-P") == 0))
    {
        physical = arguments[next++][1] == 'P';
    }
    if (next < count && strcmp(arguments[next], "--") == 0)
    {
        ++next;
    }
    const char *target = next < count ? arguments[next] : variable_value("HOME");
    const bool  back   = target != NULL && strcmp(target, "-") == 0;
    if (back)
    {
        target = variable_value("OLDPWD");
    }
    if (target == NULL)
    {
        report("cd: %s is not set", back ? "OLDPWD" : "HOME");
        return 2;
    }
    char *found = directory_in_path(target);
    char *old   = present_directory();
    char *path  = NULL;
    struct text whole = { 0 };
    const char *wanted = found != NULL ? found : target;
    if (wanted[0] != '/')
    {
        text_add(&whole, old);
        text_add_character(&whole, '/');
    }
    text_add(&whole, wanted);
    path = physical ? copy_of(wanted) : logical_path(whole.chars);
    text_free(&whole);

    const bool done = chdir(path) == 0 || chdir(wanted) == 0;
    if (!done)
    {
        report("cd: %s: %s", target, strerror(errno));
    }
    else
    {
        set_variable("OLDPWD", old);
        if (!physical)
        {
            set_variable("PWD", path);
        }
        else
        {
            unset_variable("PWD");
        }
        char *now = present_directory();
        set_variable("PWD", now);
        find_variable("PWD")->exported = true;
        if (back || found != NULL)
        {
            puts(now);
        }
        free(now);
    }
    free(path);
    free(old);
    free(found);
    return done ? 0 : 2;
}

static int builtin_pwd(int count, char **arguments)
{
    char  physical[PATH_MAX];
    char *path = NULL;
    if (count > 1 && strcmp(arguments[1], "-P") == 0)
    {
        path = copy_of(getcwd(physical, sizeof physical) == NULL ? "?" : physical);
    }
    else
    {
        path = present_directory();
    }
    puts(path);
    free(path);
    return 0;
}

// ---- Variables -----------------------------------------------------------------------------------------------------

static bool is_exported(const struct variable *variable)
{
    return variable->exported;
}

static bool is_read_only(const struct variable *variable)
{
    return variable->read_only;
}

static bool is_set(const struct variable *variable)
{
    return variable->value != NULL;
}

/// `NAME` or `NAME=VALUE`; the name alone is returned, for the caller to free, or NULL after a message.
static char *declare(const char *command, const char *argument)
{
    const char  *equals = strchr(argument, '=');
    const size_t length = equals == NULL ? strlen(argument) : (size_t)(equals - argument);
    if (!is_valid_name(argument, length))
    {
        report("%s: %.*s: is not a name", command, (int)length, argument);
        return NULL;
    }
    char *name = copy_of_part(argument, length);
    if (equals != NULL && !set_variable(name, equals + 1))
    {
        free(name);
        return NULL;
    }
    return name;
}

static int mark_variables(int count, char **arguments, bool (*selected)(const struct variable *), const char *prefix)
{
    if (count == 1 || strcmp(arguments[1], "-p") == 0)
    {
        print_variables(selected, prefix);
        return 0;
    }
    int status = 0;
    for (int i = 1; i < count; ++i)
    {
        char *name = declare(arguments[0], arguments[i]);
        if (name == NULL)
        {
            status = 2;
            continue;
        }
        struct variable *variable = make_variable(name);
        variable->exported        = variable->exported || selected == is_exported;
        variable->read_only       = variable->read_only || selected == is_read_only;
        free(name);
    }
    return status;
}

static int builtin_export(int count, char **arguments)
{
    return mark_variables(count, arguments, is_exported, "export ");
}

static int builtin_readonly(int count, char **arguments)
{
    return mark_variables(count, arguments, is_read_only, "readonly ");
}

static int builtin_local(int count, char **arguments)
{
    if (shell.function_depth == 0)
    {
        report("local: there is no function here");
        return 2;
    }
    int status = 0;
    for (int i = 1; i < count; ++i)
    {
        char *name = copy_of_part(arguments[i], strcspn(arguments[i], "="));
        local_variables = save_variable(local_variables, name);
        free(name);
        char *declared = declare("local", arguments[i]);
        status         = declared == NULL ? 2 : status;
        free(declared);
    }
    return status;
}

static int builtin_unset(int count, char **arguments)
{
    const bool functions = count > 1 && strcmp(arguments[1], "-f") == 0;
    int        status    = 0;
    for (int i = functions || (count > 1 && strcmp(arguments[1], "-v") == 0) ? 2 : 1; i < count; ++i)
    {
        if (functions)
        {
            remove_function(arguments[i]);
        }
        else if (!unset_variable(arguments[i]))
        {
            status = 2;
        }
    }
    return status;
}

static int builtin_shift(int count, char **arguments)
{
    long places = 1;
    if (count > 1 && (!read_number(arguments[1], &places) || places < 0))
    {
        report("shift: %s: is not a number", arguments[1]);
        return 2;
    }
    if ((size_t)places > shell.parameters.count)
    {
        report("shift: there are only %zu parameters", shell.parameters.count);
        return 2;
    }
    for (long i = 0; i < places; ++i)
    {
        free(shell.parameters.items[i]);
    }
    shell.parameters.count -= (size_t)places;
    if (places != 0)
    {
        memmove(shell.parameters.items, shell.parameters.items + places,
            (shell.parameters.count + 1) * sizeof *shell.parameters.items);
    }
    return 0;
}

struct option_name
{
    char        letter;
    const char *name;
    bool       *value;
};

static const struct option_name option_names[] = {
    { 'a', "allexport", &shell.options.all_export },
    { 'C', "noclobber", &shell.options.no_clobber },
    { 'e', "errexit", &shell.options.exit_on_error },
    { 'f', "noglob", &shell.options.no_globbing },
    { 0, "ignoreeof", &shell.options.ignore_end },
    { 'm', "monitor", &shell.options.job_control },
    { 'n', "noexec", &shell.options.no_execution },
    { 'u', "nounset", &shell.options.fail_on_unset },
    { 0, "pipefail", &shell.options.pipe_failure },
    { 'v', "verbose", &shell.options.show_input },
    { 'x', "xtrace", &shell.options.trace },
};

enum
{
    option_count = sizeof option_names / sizeof option_names[0]
};

static const struct option_name *option_of_letter(char letter)
{
    for (size_t i = 0; i < option_count; ++i)
    {
        if (letter != 0 && option_names[i].letter == letter)
        {
            return &option_names[i];
        }
    }
    return NULL;
}

static bool set_named_option(const char *name, bool value)
{
    for (size_t i = 0; i < option_count; ++i)
    {
        if (strcmp(option_names[i].name, name) == 0)
        {
            *option_names[i].value = value;
            return true;
        }
    }
    report("set: %s: there is no such option", name);
    return false;
}

/// Takes `-x`, `+x`, `-o NAME`; returns the index of the first other argument, or −1 after a message.
int take_options(int count, char **arguments, int first)
{
    int next = first;
    for (; next < count && (arguments[next][0] == '-' || arguments[next][0] == '+') && arguments[next][1] != '\0'; ++next)
    {
        const bool value = arguments[next][0] == '-';
        if (strcmp(arguments[next], "--") == 0)
        {
            return next;
        }
        for (const char *letter = arguments[next] + 1; *letter != '\0'; ++letter)
        {
            if (*letter == 'o')
            {
                if (next + 1 == count)
                {
                    for (size_t i = 0; i < option_count; ++i)
                    {
                        printf("%-12s %s\n", option_names[i].name, *option_names[i].value ? "on" : "off");
                    }
                }
                else if (!set_named_option(arguments[++next], value))
                {
                    return -1;
                }
                break;
            }
            const struct option_name *option = option_of_letter(*letter);
            if (option == NULL)
            {
                report("set: -%c: there is no such option", *letter);
                return -1;
            }
            *option->value = value;
        }
    }
    return next;
}

static int builtin_set(int count, char **arguments)
{
    if (count == 1)
    {
        print_variables(is_set, "");
        return 0;
    }
    int first = take_options(count, arguments, 1);
    if (first < 0)
    {
        shell.unwinding = unwinding_abandon;
        return shell.status = 2;
    }
    const bool replaces = first < count;
    if (replaces && strcmp(arguments[first], "--") == 0)
    {
        ++first;
    }
    if (replaces)
    {
        struct string_list parameters = { 0 };
        for (int i = first; i < count; ++i)
        {
            list_add(&parameters, copy_of(arguments[i]));
        }
        list_free(&shell.parameters);
        shell.parameters = parameters;
    }
    return 0;
}

/// One line; a backslash before a newline joins it with the next, unless `raw`. Escaped characters are marked by a 1.
static bool read_text(bool raw, struct text *line, struct text *escaped)
{
    for (;;)
    {
        char          character = 0;
        const ssize_t count     = read(STDIN_FILENO, &character, 1);
        if (count < 0 && errno == EINTR && pending_signal() == 0)
        {
            continue;
        }
        if (count <= 0)
        {
            return false;
        }
        if (character == '\n')
        {
            return true;
        }
        if (character == '\\' && !raw)
        {
            if (read(STDIN_FILENO, &character, 1) <= 0)
            {
                return false;
            }
            if (character != '\n')
            {
                text_add_character(line, character);
                text_add_character(escaped, 1);
            }
            continue;
        }
        if (character != '\0')
        {
            text_add_character(line, character);
            text_add_character(escaped, 0);
        }
    }
}

static bool is_separator(const struct text *line, const struct text *escaped, size_t index, const char *ifs)
{
    return index < line->length && !escaped->chars[index] && strchr(ifs, line->chars[index]) != NULL;
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n';
}

static int builtin_read(int count, char **arguments)
{
    bool raw  = false;
    int  next = 1;
    for (; next < count && arguments[next][0] == '-'; ++next)
    {
        if (strcmp(arguments[next], "-r") == 0)
        {
            raw = true;
        }
        else if (strcmp(arguments[next], "-p") == 0 && next + 1 < count)
        {
            fputs(arguments[++next], stderr);
        }
        else
        {
            return usage("read [-r] [-p PROMPT] NAME…");
        }
    }
    static char  reply[] = "REPLY";
    static char *none[]  = { reply };
    char       **names   = next < count ? arguments + next : none;
    const int    wanted  = next < count ? count - next : 1;

    struct text line = { 0 }, escaped = { 0 };
    const bool  complete = read_text(raw, &line, &escaped);
    const char *ifs      = variable_or("IFS", " \t\n");
    size_t      position = 0;
    int         status   = complete ? 0 : 1;
    for (int i = 0; i < wanted; ++i)
    {
        while (is_separator(&line, &escaped, position, ifs) && is_space(line.chars[position]))
        {
            ++position;
        }
        size_t end = position;
        if (i + 1 < wanted)
        {
            while (end < line.length && !is_separator(&line, &escaped, end, ifs))
            {
                ++end;
            }
        }
        else
        {
            // The last name takes the rest, without the spaces at its end, and without a single separator there.
            end = line.length;
            while (end > position && is_separator(&line, &escaped, end - 1, ifs) && is_space(line.chars[end - 1]))
            {
                --end;
            }
            size_t first_separator = position;
            while (first_separator < end && !is_separator(&line, &escaped, first_separator, ifs))
            {
                ++first_separator;
            }
            if (first_separator + 1 == end && is_separator(&line, &escaped, first_separator, ifs))
            {
                end = first_separator;
            }
        }
        char *value = copy_of_part(line.chars == NULL ? "" : line.chars + position, end - position);
        if (!is_valid_name(names[i], strlen(names[i])) || !set_variable(names[i], value))
        {
            report("read: %s: cannot be read into", names[i]);
            status = 2;
        }
        free(value);
        position = end;
        while (is_separator(&line, &escaped, position, ifs) && is_space(line.chars[position]))
        {
            ++position;
        }
        if (is_separator(&line, &escaped, position, ifs) && !is_space(line.chars[position]))
        {
            ++position;
        }
    }
    text_free(&line);
    text_free(&escaped);
    return status;
}

static int builtin_getopts(int count, char **arguments)
{
    if (count < 3)
    {
        return usage("getopts OPTIONS NAME [ARGUMENT…]");
    }
    static size_t within; ///< the letter's place in its argument
    const char   *options = arguments[1];
    const bool    quiet   = options[0] == ':';
    char        **list    = count > 3 ? arguments + 3 : shell.parameters.items;
    const size_t  total   = count > 3 ? (size_t)count - 3 : shell.parameters.count;
    size_t        index   = strtoul(variable_or("OPTIND", "1"), NULL, 10);
    if (index == 0 || index == 1)
    {
        within = index == 0 || (index == 1 && within > 1 && (total == 0 || list[0][0] != '-')) ? 0 : within;
        index  = 1;
    }
    char letter[2] = "?";
    char digits[32];
    int  status = 0;
    unset_variable("OPTARG");
    const char *argument = index <= total ? list[index - 1] : NULL;
    if (argument != NULL && within >= strlen(argument))
    {
        within = 0;
    }
    if (argument == NULL || (within == 0 && (argument[0] != '-' || argument[1] == '\0')))
    {
        status = 1;
        within = 0;
    }
    else if (within == 0 && strcmp(argument, "--") == 0)
    {
        ++index;
        status = 1;
    }
    else
    {
        within            = within == 0 ? 1 : within;
        const char  found = argument[within++];
        const char *known = found == ':' ? NULL : strchr(options + quiet, found);
        letter[0]         = found;
        const bool ends   = argument[within] == '\0';
        if (known != NULL && known[1] == ':')
        {
            const char *value = !ends ? argument + within : index < total ? list[index] : NULL;
            index += ends ? 2 : 1;
            within = 0;
            if (value != NULL)
            {
                set_variable("OPTARG", value);
            }
            else if (quiet)
            {
                set_variable("OPTARG", letter);
                letter[0] = ':';
            }
            else
            {
                report("getopts: -%c needs an argument", found);
                letter[0] = '?';
            }
        }
        else
        {
            if (known == NULL)
            {
                if (quiet)
                {
                    set_variable("OPTARG", letter);
                }
                else
                {
                    report("getopts: -%c: there is no such option", found);
                }
                letter[0] = '?';
            }
            if (ends)
            {
                ++index;
                within = 0;
            }
        }
    }
    snprintf(digits, sizeof digits, "%zu", index);
    set_variable("OPTIND", digits);
    set_variable(arguments[2], letter);
    return status;
}

// ---- Names ---------------------------------------------------------------------------------------------------------

static int builtin_alias(int count, char **arguments)
{
    if (count == 1)
    {
        print_aliases();
        return 0;
    }
    int status = 0;
    for (int i = 1; i < count; ++i)
    {
        char *equals = strchr(arguments[i], '=');
        if (equals != NULL)
        {
            char *name = copy_of_part(arguments[i], (size_t)(equals - arguments[i]));
            set_alias(name, equals + 1);
            free(name);
        }
        else if (find_alias(arguments[i]) != NULL)
        {
            printf("%s='%s'\n", arguments[i], find_alias(arguments[i]));
        }
        else
        {
            report("alias: %s: there is none", arguments[i]);
            status = 1;
        }
    }
    return status;
}

static int builtin_unalias(int count, char **arguments)
{
    int status = 0;
    for (int i = 1; i < count; ++i)
    {
        const bool all = strcmp(arguments[i], "-a") == 0;
        if (!remove_alias(all ? NULL : arguments[i]) && !all)
        {
            status = 1;
        }
    }
    return status;
}

static bool is_keyword(const char *name)
{
    static const char *const words[] = { "!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if",
        "in", "then", "until", "while" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i)
    {
        if (strcmp(words[i], name) == 0)
        {
            return true;
        }
    }
    return false;
}

/// What a name would run. `brief`: as `command -v`.
static bool say_type(const char *name, bool brief)
{
    char *path = NULL;
    if (is_keyword(name))
    {
        printf(brief ? "%s\n" : "%s is a shell keyword\n", name);
    }
    else if (find_alias(name) != NULL)
    {
        printf(brief ? "alias %s='%s'\n" : "%s is an alias for %s\n", name, find_alias(name));
    }
    else if (find_builtin(name) != NULL && find_builtin(name)->is_special)
    {
        printf(brief ? "%s\n" : "%s is a special shell builtin\n", name);
    }
    else if (find_function(name) != NULL)
    {
        printf(brief ? "%s\n" : "%s is a shell function\n", name);
    }
    else if (find_builtin(name) != NULL)
    {
        printf(brief ? "%s\n" : "%s is a shell builtin\n", name);
    }
    else if ((path = find_program(name)) != NULL)
    {
        printf(brief ? "%s\n" : "%2$s is %1$s\n", path, name);
        free(path);
    }
    else
    {
        if (!brief)
        {
            printf("%s: not found\n", name);
        }
        return false;
    }
    return true;
}

static int builtin_type(int count, char **arguments)
{
    int status = 0;
    for (int i = 1; i < count; ++i)
    {
        status = say_type(arguments[i], false) ? status : 127;
    }
    return status;
}

static int builtin_hash(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return 0; // nothing is remembered, so there is nothing to forget
}

static int run_plainly(int count, char **arguments)
{
    const struct builtin *builtin = find_builtin(arguments[0]);
    if (builtin != NULL)
    {
        const int status = builtin->function(count, arguments);
        if (shell.unwinding == unwinding_abandon)
        {
            shell.unwinding = unwinding_none; // through `command`, errors of special builtins end nothing
        }
        return status;
    }
    struct job *job = job_new(arguments[0], false);
    if (job_fork(job) == 0)
    {
        struct string_list environment = environment_list();
        leave_child(execute_program(arguments, environment.items));
    }
    return job_wait(job);
}

static int builtin_command(int count, char **arguments)
{
    int next = 1;
    if (next < count && strcmp(arguments[next], "-p") == 0)
    {
        ++next;
    }
    if (next < count && (strcmp(arguments[next], "-v") == 0 || strcmp(arguments[next], "-V") == 0))
    {
        const bool brief  = arguments[next][1] == 'v';
        int        status = 0;
        for (int i = next + 1; i < count; ++i)
        {
            status = say_type(arguments[i], brief) ? status : 127;
        }
        return status;
    }
    if (next < count && strcmp(arguments[next], "--") == 0)
    {
        ++next;
    }
    return next == count ? 0 : run_plainly(count - next, arguments + next);
}

// ---- Jobs and signals ----------------------------------------------------------------------------------------------

static int builtin_jobs(int count, char **arguments)
{
    jobs_print(count > 1 && strcmp(arguments[1], "-l") == 0 ? list_processes
            : count > 1 && strcmp(arguments[1], "-p") == 0  ? list_only_groups
                                                            : list_ordinary);
    return 0;
}

static int continue_job(int count, char **arguments, bool in_foreground)
{
    if (!shell.options.job_control)
    {
        report("%s: there is no job control", arguments[0]);
        return 2;
    }
    struct job *job = job_find(count > 1 ? arguments[1] : NULL, arguments[0]);
    return job == NULL ? 2 : job_continue(job, in_foreground);
}

static int builtin_fg(int count, char **arguments)
{
    return continue_job(count, arguments, true);
}

static int builtin_bg(int count, char **arguments)
{
    return continue_job(count, arguments, false);
}

static int builtin_wait(int count, char **arguments)
{
    if (count == 1)
    {
        return wait_for_all();
    }
    int status = 0;
    for (int i = 1; i < count; ++i)
    {
        long number = 0;
        if (arguments[i][0] == '%')
        {
            struct job *job = job_find(arguments[i], "wait");
            status          = job == NULL ? 127 : job_wait(job);
        }
        else if (!read_number(arguments[i], &number))
        {
            report("wait: %s: is not a number", arguments[i]);
            status = 2;
        }
        else
        {
            status = wait_for_process((pid_t)number);
        }
    }
    return status;
}

static int builtin_kill(int count, char **arguments)
{
    int signal_to_send = SIGTERM;
    int next           = 1;
    if (count > 1 && strcmp(arguments[1], "-l") == 0)
    {
        for (int number = 1; number < signal_count && count == 2; ++number)
        {
            if (signal_name(number) != NULL)
            {
                printf("%2d %s\n", number, signal_name(number));
            }
        }
        for (int i = 2; i < count; ++i)
        {
            long number = 0;
            if (read_number(arguments[i], &number))
            {
                const char *name = signal_name((int)(number > 128 ? number - 128 : number));
                puts(name == NULL ? arguments[i] : name);
            }
            else
            {
                printf("%d\n", signal_number(arguments[i]));
            }
        }
        return 0;
    }
    if (count > 2 && strcmp(arguments[1], "-s") == 0)
    {
        signal_to_send = signal_number(arguments[2]);
        next           = 3;
    }
    else if (count > 1 && arguments[1][0] == '-' && strcmp(arguments[1], "--") != 0)
    {
        signal_to_send = signal_number(arguments[1] + 1);
        next           = 2;
    }
    if (signal_to_send < 0)
    {
        report("kill: %s: there is no such signal", arguments[next - 1]);
        return 2;
    }
    if (next < count && strcmp(arguments[next], "--") == 0)
    {
        ++next;
    }
    if (next == count)
    {
        return usage("kill [-s SIGNAL] PROCESS…");
    }
    int status = 0;
    for (; next < count; ++next)
    {
        long target = 0;
        if (arguments[next][0] == '%')
        {
            const struct job *job = job_find(arguments[next], "kill");
            if (job == NULL)
            {
                status = 1;
                continue;
            }
            target = shell.options.job_control ? -(long)job_group(job) : (long)job_group(job);
        }
        else if (!read_number(arguments[next], &target))
        {
            report("kill: %s: is not a number", arguments[next]);
            status = 2;
            continue;
        }
        if (kill((pid_t)target, signal_to_send) != 0)
        {
            report("kill: %s: %s", arguments[next], strerror(errno));
            status = 1;
        }
    }
    return status;
}

static int builtin_trap(int count, char **arguments)
{
    if (count == 1)
    {
        for (int number = 0; number < signal_count; ++number)
        {
            if (get_trap(number) != NULL && signal_name(number) != NULL)
            {
                printf("trap -- '%s' %s\n", get_trap(number), signal_name(number));
            }
        }
        return 0;
    }
    int next = strcmp(arguments[1], "--") == 0 ? 2 : 1;
    if (next == count)
    {
        return 0;
    }
    // A single argument, or a number first: back to the default.
    const char *command = arguments[next];
    if (strcmp(command, "-") == 0)
    {
        command = NULL;
        ++next;
    }
    else if (next + 1 == count || isdigit((unsigned char)*command))
    {
        command = NULL;
    }
    else
    {
        ++next;
    }
    int status = 0;
    for (; next < count; ++next)
    {
        const int number = signal_number(arguments[next]);
        if (number < 0 || number == SIGKILL || number == SIGSTOP)
        {
            report("trap: %s: cannot be trapped", arguments[next]);
            status = 1;
            continue;
        }
        set_trap(number, command);
    }
    return status;
}

static int builtin_times(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    struct tms    used;
    const long    second = sysconf(_SC_CLK_TCK);
    times(&used);
    const long ticks[] = { (long)used.tms_utime, (long)used.tms_stime, (long)used.tms_cutime, (long)used.tms_cstime };
    for (int i = 0; i < 4; ++i)
    {
        printf("%ldm%ld.%02lds%c", ticks[i] / second / 60, ticks[i] / second % 60, ticks[i] % second * 100 / second,
            i % 2 == 0 ? ' ' : '\n');
    }
    return 0;
}

static int builtin_umask(int count, char **arguments)
{
    const mode_t mask = umask(0);
    umask(mask);
    if (count == 1)
    {
        printf("%04o\n", (unsigned)mask);
        return 0;
    }
    char      *end   = NULL;
    const long value = strtol(arguments[1], &end, 8);
    if (*end != '\0' || value < 0 || value > 0777)
    {
        report("umask: %s: is not an octal number up to 777", arguments[1]);
        return 2;
    }
    umask((mode_t)value);
    return 0;
}

static const struct
{
    char        letter;
    int         resource;
    long        unit;
    const char *name;
} limits[] = {
    { 'c', RLIMIT_CORE, 512, "core file (512-byte blocks)" },
    { 'd', RLIMIT_DATA, 1024, "data (KiB)" },
    { 'f', RLIMIT_FSIZE, 512, "file (512-byte blocks)" },
    { 'n', RLIMIT_NOFILE, 1, "open files" },
    { 's', RLIMIT_STACK, 1024, "stack (KiB)" },
    { 't', RLIMIT_CPU, 1, "processor time (s)" },
    { 'v', RLIMIT_AS, 1024, "address space (KiB)" },
};

static void print_limit(size_t index)
{
    struct rlimit limit;
    if (getrlimit((unsigned)limits[index].resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    {
        puts("unlimited");
        return;
    }
    printf("%ld\n", (long)limit.rlim_cur / limits[index].unit);
}

static int builtin_ulimit(int count, char **arguments)
{
    char        letter = 'f';
    const char *value  = NULL;
    for (int i = 1; i < count; ++i)
    {
        if (arguments[i][0] != '-')
        {
            value = arguments[i];
            continue;
        }
        for (const char *next = arguments[i] + 1; *next != '\0'; ++next)
        {
            letter = *next == 'H' || *next == 'S' ? letter : *next;
        }
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; ++i)
    {
        if (letter == 'a')
        {
            printf("-%c %-28s ", limits[i].letter, limits[i].name);
            print_limit(i);
        }
        else if (limits[i].letter == letter && value == NULL)
        {
            print_limit(i);
            return 0;
        }
        else if (limits[i].letter == letter)
        {
            struct rlimit limit;
            long          number = 0;
            if (strcmp(value, "unlimited") != 0 && (!read_number(value, &number) || number < 0))
            {
                report("ulimit: %s: is not a number", value);
                return 2;
            }
            const rlim_t wanted =
                strcmp(value, "unlimited") == 0 ? RLIM_INFINITY : (rlim_t)number * (rlim_t)limits[i].unit;
            limit = (struct rlimit) { wanted, wanted };
            if (setrlimit((unsigned)limits[i].resource, &limit) != 0)
            {
                report("ulimit: %s", strerror(errno));
                return 1;
            }
            return 0;
        }
    }
    if (letter != 'a')
    {
        report("ulimit: -%c: there is no such limit", letter);
        return 2;
    }
    return 0;
}

static int builtin_history(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    print_history();
    return 0;
}

// ---- Table ---------------------------------------------------------------------------------------------------------

static const struct builtin builtins[] = {
    { ".", builtin_dot, true, false },
    { ":", builtin_true, true, false },
    { "[", builtin_test, false, false },
    { "alias", builtin_alias, false, false },
    { "bg", builtin_bg, false, false },
    { "break", builtin_break, true, false },
    { "cd", builtin_cd, false, false },
    { "command", builtin_command, false, false },
    { "continue", builtin_continue, true, false },
    { "echo", builtin_echo, false, false },
    { "eval", builtin_eval, true, false },
    { "exec", builtin_exec, true, true },
    { "exit", builtin_exit, true, false },
    { "export", builtin_export, true, false },
    { "false", builtin_false, false, false },
    { "fg", builtin_fg, false, false },
    { "getopts", builtin_getopts, false, false },
    { "hash", builtin_hash, false, false },
    { "history", builtin_history, false, false },
    { "jobs", builtin_jobs, false, false },
    { "kill", builtin_kill, false, false },
    { "local", builtin_local, false, false },
    { "printf", builtin_printf, false, false },
    { "pwd", builtin_pwd, false, false },
    { "read", builtin_read, false, false },
    { "readonly", builtin_readonly, true, false },
    { "return", builtin_return, true, false },
    { "set", builtin_set, true, false },
    { "shift", builtin_shift, true, false },
    { "test", builtin_test, false, false },
    { "times", builtin_times, true, false },
    { "trap", builtin_trap, true, false },
    { "true", builtin_true, false, false },
    { "type", builtin_type, false, false },
    { "ulimit", builtin_ulimit, false, false },
    { "umask", builtin_umask, false, false },
    { "unalias", builtin_unalias, false, false },
    { "unset", builtin_unset, true, false },
    { "wait", builtin_wait, false, false },
};

enum
{
    builtin_count = sizeof builtins / sizeof builtins[0]
};

const struct builtin *find_builtin(const char *name)
{
    for (size_t i = 0; i < builtin_count; ++i)
    {
        if (strcmp(builtins[i].name, name) == 0)
        {
            return &builtins[i];
        }
    }
    return NULL;
}

const struct builtin *next_builtin(const struct builtin *previous)
{
    const struct builtin *next = previous == NULL ? builtins : previous + 1;
    return next == builtins + builtin_count ? NULL : next;
}
