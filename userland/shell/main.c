// sh: the shell. `sh [-aCefmnuvx] [-o OPTION] [-i] [-l] [-s] [-c COMMAND [NAME]] [FILE] [ARGUMENT…]`
#include "builtins.h"
#include "edit.h"
#include "execute.h"
#include "expand.h"
#include "jobs.h"
#include "redirect.h"
#include "shell.h"
#include "source.h"
#include "trap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

struct shell shell = { .name = "sh" };

void report_at(int line, const char *format, va_list arguments)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", shell.name);
    if (line != 0 && !shell.options.interactive)
    {
        fprintf(stderr, "line %d: ", line);
    }
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void report(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_at(0, format, arguments);
    va_end(arguments);
}

struct command_line
{
    const char *command;     ///< -c
    bool        interactive; ///< -i
    bool        from_input;  ///< -s
    bool        is_login;    ///< -l, or a name that begins with -
    int         next;        ///< first argument that is no option
};

/// Takes `c`, `i`, `l` and `s` out of the options; the others are those of `set`. False after a message.
static bool read_command_line(int count, char **arguments, struct command_line *line)
{
    *line = (struct command_line) { .is_login = count > 0 && arguments[0][0] == '-', .next = 1 };
    bool wants_command = false;
    for (; line->next < count && (arguments[line->next][0] == '-' || arguments[line->next][0] == '+'); ++line->next)
    {
        char *option = arguments[line->next];
        if (strcmp(option, "--") == 0 || strcmp(option, "-") == 0)
        {
            ++line->next;
            break;
        }
        char others[32] = { option[0] };
        size_t length   = 1;
        for (const char *letter = option + 1; *letter != '\0' && length + 1 < sizeof others; ++letter)
        {
            switch (*letter)
            {
                case 'c': wants_command = true; break;
                case 'i': line->interactive = true; break;
                case 'l': line->is_login = true; break;
                case 's': line->from_input = true; break;
                default: others[length++] = *letter;
            }
        }
        if (length == 1)
        {
            continue;
        }
        char *set_arguments[] = { others, line->next + 1 < count ? arguments[line->next + 1] : NULL, NULL };
        const bool has_name   = strchr(others, 'o') != NULL && set_arguments[1] != NULL;
        if (take_options(has_name ? 2 : 1, set_arguments, 0) < 0)
        {
            return false;
        }
        line->next += has_name;
    }
    if (wants_command)
    {
        if (line->next == count)
        {
            report("-c needs a command");
            return false;
        }
        line->command = arguments[line->next++];
    }
    return true;
}

static void set_parameters(int count, char **arguments, int first)
{
    for (int i = first; i < count; ++i)
    {
        list_add(&shell.parameters, copy_of(arguments[i]));
    }
}

static void set_default_variables(void)
{
    static const struct
    {
        const char *name, *value;
    } defaults[] = { { "IFS", " \t\n" }, { "OPTIND", "1" }, { "PS2", "> " }, { "PS4", "+ " },
        { "PATH", "/bin:/usr/bin:/sbin:/usr/sbin" } };
    import_environment(environ);
    unset_variable("IFS"); // never taken from outside
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; ++i)
    {
        if (variable_value(defaults[i].name) == NULL || strcmp(defaults[i].name, "OPTIND") == 0)
        {
            set_variable(defaults[i].name, defaults[i].value);
        }
    }
    if (variable_value("PS1") == NULL)
    {
        set_variable("PS1", geteuid() == 0 ? "# " : "$ ");
    }
    char number[32];
    snprintf(number, sizeof number, "%ld", (long)getppid());
    set_variable("PPID", number);
    char path[4096];
    if (variable_value("PWD") == NULL && getcwd(path, sizeof path) != NULL)
    {
        set_variable("PWD", path);
    }
}

/// Executes a file if it is there.
static void execute_profile(const char *path)
{
    const int descriptor = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
    {
        return;
    }
    struct source source;
    const int     own = move_away(descriptor);
    source_from_descriptor(&source, own, false);
    execute_source(&source);
    source_free(&source);
    close(own);
    if (shell.unwinding != unwinding_exit)
    {
        shell.unwinding = unwinding_none;
    }
}

static void execute_profiles(bool is_login)
{
    if (is_login)
    {
        execute_profile("/etc/profile");
        const char *home = variable_value("HOME");
        struct text path = { 0 };
        text_add(&path, home == NULL ? "" : home);
        text_add(&path, "/.profile");
        execute_profile(path.chars);
        text_free(&path);
    }
    if (shell.options.interactive && variable_value("ENV") != NULL)
    {
        char *path = expand_here_document(variable_value("ENV"));
        execute_profile(path);
        free(path);
    }
}

static void become_interactive(void)
{
    shell.options.interactive = true;
    prepare_interactive_signals();
    if (jobs_take_terminal())
    {
        shell.options.job_control = true;
    }
    else
    {
        report("there is no terminal to control: no job control");
    }
    load_history();
}

int main(int count, char **arguments)
{
    struct command_line line;
    shell.process = getpid();
    if (count == 0 || !read_command_line(count, arguments, &line))
    {
        return 2;
    }
    learn_ignored_signals();
    set_default_variables();

    struct source source;
    if (line.command != NULL)
    {
        if (line.next < count)
        {
            shell.name = arguments[line.next++];
        }
        source_from_text(&source, line.command);
        shell.is_subshell = true; // its last program may take its place
    }
    else if (line.next < count && !line.from_input)
    {
        const int descriptor = open(arguments[line.next], O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
        {
            report("%s: %s", arguments[line.next], strerror(errno));
            return 127;
        }
        shell.name = arguments[line.next++];
        source_from_descriptor(&source, move_away(descriptor), false);
    }
    else
    {
        line.interactive = line.interactive || (isatty(STDIN_FILENO) && isatty(STDERR_FILENO));
        source_from_descriptor(&source, STDIN_FILENO, line.interactive);
    }
    set_parameters(count, arguments, line.next);
    if (line.interactive)
    {
        become_interactive();
    }
    execute_profiles(line.is_login);
    if (shell.unwinding == unwinding_none)
    {
        execute_source(&source);
    }
    source_free(&source);
    run_exit_trap();
    if (shell.options.interactive)
    {
        save_history();
    }
    fflush(NULL);
    return shell.status;
}
