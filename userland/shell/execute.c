#include "execute.h"

#include "builtins.h"
#include "expand.h"
#include "jobs.h"
#include "parser.h"
#include "pattern.h"
#include "redirect.h"
#include "shell.h"
#include "trap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
    status_error          = 2,
    status_not_executable = 126,
    status_not_found      = 127,
};

/// What goes wrong in a word or a special builtin ends a script, and the present line of an interactive shell.
static int abandon(int status)
{
    if (shell.unwinding == unwinding_none)
    {
        shell.unwinding = unwinding_abandon;
    }
    shell.status = status;
    return status;
}

_Noreturn void leave_child(int status)
{
    shell.status = status;
    run_exit_trap();
    fflush(NULL);
    _exit(shell.status);
}

// ---- Programs ------------------------------------------------------------------------------------------------------

/// A script without #! is one of this shell's.
static void execute_as_script(const char *path, char **arguments)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
    {
        return;
    }
    struct source source;
    source_from_descriptor(&source, move_away(descriptor), false);
    shell.name       = arguments[0];
    shell.parameters = (struct string_list) { 0 };
    for (char **next = arguments + 1; *next != NULL; ++next)
    {
        list_add(&shell.parameters, *next);
    }
    shell.function_depth = shell.loop_depth = 0;
    leave_child(execute_source(&source));
}

static void try_program(const char *path, char **arguments, char **environment)
{
    execve(path, arguments, environment);
    if (errno == ENOEXEC)
    {
        execute_as_script(path, arguments);
    }
}

/// Calls `visit` with each path that PATH makes of the name, until it returns true.
static bool visit_path(const char *name, bool (*visit)(const char *path, void *context), void *context)
{
    if (strchr(name, '/') != NULL)
    {
        return visit(name, context);
    }
    const char *path  = variable_or("PATH", "/bin:/usr/bin");
    bool        found = false;
    for (const char *next = path; next != NULL && !found;)
    {
        const char  *colon     = strchr(next, ':');
        const size_t length    = colon == NULL ? strlen(next) : (size_t)(colon - next);
        struct text  candidate = { 0 };
        text_add_part(&candidate, next, length);
        text_add(&candidate, length == 0 ? "./" : "/");
        text_add(&candidate, name);
        found = visit(candidate.chars, context);
        text_free(&candidate);
        next = colon == NULL ? NULL : colon + 1;
    }
    return found;
}

struct program_start
{
    char **arguments;
    char **environment;
    int    error; ///< the one worth telling
};

static bool try_candidate(const char *path, void *context)
{
    struct program_start *start = context;
    try_program(path, start->arguments, start->environment);
    if (errno != ENOENT && errno != ENOTDIR)
    {
        start->error = errno;
    }
    return false;
}

int execute_program(char **arguments, char **environment)
{
    struct program_start start = { arguments, environment, ENOENT };
    visit_path(arguments[0], try_candidate, &start);
    if (start.error == ENOENT)
    {
        report("%s: %s", arguments[0], strchr(arguments[0], '/') == NULL ? "not found" : strerror(ENOENT));
        return status_not_found;
    }
    report("%s: %s", arguments[0], strerror(start.error));
    return status_not_executable;
}

static bool is_program(const char *path, void *context)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || access(path, X_OK) != 0)
    {
        return false;
    }
    *(char **)context = copy_of(path);
    return true;
}

char *find_program(const char *name)
{
    char *path = NULL;
    visit_path(name, is_program, &path);
    return path;
}

// ---- Simple commands -----------------------------------------------------------------------------------------------

struct invocation
{
    struct string_list  arguments;
    const struct word  *assignments; ///< up to `first_argument`
    const struct word  *first_argument;
    const struct node  *command;
};

static bool begins_assignment(const char *text)
{
    const char *equals = strchr(text, '=');
    return equals != NULL && is_valid_name(text, (size_t)(equals - text));
}

/// Performs the assignments before a command. `exported`: for the command's environment; `saved` remembers what was.
static bool assign(const struct invocation *invocation, bool exported, struct saved_variable **saved)
{
    for (const struct word *word = invocation->assignments; word != invocation->first_argument; word = word->next)
    {
        const char *equals = strchr(word->text, '=');
        char       *name   = copy_of_part(word->text, (size_t)(equals - word->text));
        char       *value  = expand_assignment(equals + 1);
        if (value != NULL && saved != NULL)
        {
            *saved = save_variable(*saved, name);
        }
        const bool done = value != NULL && set_variable(name, value);
        if (done && exported)
        {
            find_variable(name)->exported = true;
        }
        if (done && shell.options.trace)
        {
            fprintf(stderr, "%s%s=%s\n", variable_or("PS4", "+ "), name, value);
        }
        free(name);
        free(value);
        if (!done)
        {
            return false;
        }
    }
    return true;
}

static void trace_arguments(const struct string_list *arguments)
{
    fputs(variable_or("PS4", "+ "), stderr);
    for (size_t i = 0; i < arguments->count; ++i)
    {
        fprintf(stderr, "%s%s", i == 0 ? "" : " ", arguments->items[i]);
    }
    fputc('\n', stderr);
}

int call_with_parameters(struct string_list parameters, const struct node *body)
{
    const struct string_list     outer  = shell.parameters;
    struct saved_variable *const locals = local_variables;
    const int                    loops  = shell.loop_depth;
    shell.parameters                    = parameters;
    local_variables                     = NULL;
    shell.loop_depth                    = 0;
    ++shell.function_depth;
    const int status = execute(body, false);
    --shell.function_depth;
    restore_variables(local_variables);
    local_variables  = locals;
    shell.loop_depth = loops;
    shell.parameters = outer;
    if (shell.unwinding == unwinding_return)
    {
        shell.unwinding = unwinding_none;
        return shell.status;
    }
    return status;
}

enum
{
    deepest_function = 1000
};

static int call_function(const struct invocation *invocation, const struct node *body)
{
    if (shell.function_depth == deepest_function)
    {
        report("%s: functions are nested too deeply", invocation->arguments.items[0]);
        return abandon(status_error);
    }
    struct saved_variable   *variables   = NULL;
    struct saved_descriptor *descriptors = NULL;
    int                      status      = 1;
    if (redirect(invocation->command->redirections, &descriptors) && assign(invocation, true, &variables))
    {
        struct string_list parameters = { 0 };
        for (size_t i = 1; i < invocation->arguments.count; ++i)
        {
            list_add(&parameters, copy_of(invocation->arguments.items[i]));
        }
        status = call_with_parameters(parameters, body);
    }
    restore_descriptors(descriptors);
    restore_variables(variables);
    return status;
}

static int call_builtin(const struct invocation *invocation, const struct builtin *builtin)
{
    struct saved_variable   *variables   = NULL;
    struct saved_descriptor *descriptors = NULL;
    const bool               keeps       = builtin->is_special;
    int                      status      = 1;
    bool                     began       = redirect(invocation->command->redirections, &descriptors);
    began = began && assign(invocation, !keeps, keeps ? NULL : &variables);
    if (began)
    {
        status = builtin->function((int)invocation->arguments.count, invocation->arguments.items);
        fflush(stdout);
        if (ferror(stdout))
        {
            clearerr(stdout);
            status = status == 0 ? 1 : status;
        }
    }
    if (began && builtin->keeps_redirections && invocation->arguments.count == 1)
    {
        forget_descriptors(descriptors);
    }
    else
    {
        restore_descriptors(descriptors);
    }
    restore_variables(variables);
    return began || !keeps ? status : abandon(status_error);
}

/// In a process of its own.
static _Noreturn void become_program(const struct invocation *invocation)
{
    if (!redirect(invocation->command->redirections, NULL) || !assign(invocation, true, NULL))
    {
        leave_child(1);
    }
    struct string_list environment = environment_list();
    leave_child(execute_program(invocation->arguments.items, environment.items));
}

static int run_program(const struct invocation *invocation, bool is_last)
{
    if (is_last && get_trap(exit_trap) == NULL)
    {
        fflush(NULL);
        become_program(invocation);
    }
    struct text text = { 0 };
    describe_command(invocation->command, &text);
    struct job *job = job_new(text.chars == NULL ? "" : text.chars, false);
    text_free(&text);
    const pid_t process = job_fork(job);
    if (process == 0)
    {
        become_program(invocation);
    }
    return job_wait(job);
}

static int run_assignments(const struct invocation *invocation)
{
    struct saved_descriptor *descriptors = NULL;
    shell.substitution_status            = 0;
    const bool redirected                = redirect(invocation->command->redirections, &descriptors);
    restore_descriptors(descriptors);
    if (!redirected)
    {
        return 1;
    }
    return assign(invocation, false, NULL) ? shell.substitution_status : abandon(status_error);
}

static int execute_simple(const struct node *node, bool is_last)
{
    struct invocation invocation = { .assignments = node->words, .command = node };
    const struct word *word      = node->words;
    while (word != NULL && begins_assignment(word->text))
    {
        word = word->next;
    }
    invocation.first_argument = word;
    shell.substitution_status = 0;
    for (; word != NULL; word = word->next)
    {
        if (!expand_word(word->text, &invocation.arguments))
        {
            list_free(&invocation.arguments);
            return abandon(status_error);
        }
    }
    int status = 0;
    if (invocation.arguments.count == 0)
    {
        const int substituted = shell.substitution_status;
        status                = run_assignments(&invocation);
        status                = status == 0 && invocation.first_argument != NULL ? substituted : status;
    }
    else
    {
        if (shell.options.trace)
        {
            trace_arguments(&invocation.arguments);
        }
        const char           *name    = invocation.arguments.items[0];
        const struct builtin *builtin = find_builtin(name);
        const struct node    *body    = find_function(name);
        if (builtin != NULL && (builtin->is_special || body == NULL))
        {
            status = call_builtin(&invocation, builtin);
        }
        else if (body != NULL)
        {
            status = call_function(&invocation, body);
        }
        else
        {
            status = run_program(&invocation, is_last);
        }
    }
    list_free(&invocation.arguments);
    return status;
}

// ---- Pipelines and lists -------------------------------------------------------------------------------------------

static struct job *new_job_for(const struct node *node, bool in_background)
{
    struct text text = { 0 };
    describe_command(node, &text);
    struct job *job = job_new(text.chars == NULL ? "" : text.chars, in_background);
    text_free(&text);
    return job;
}

/// The child of a pipeline: its ends of the pipes become its input and output.
static _Noreturn void become_stage(const struct node *stage, int input, int output, int unused)
{
    if (unused >= 0)
    {
        close(unused);
    }
    if (input >= 0)
    {
        dup2(input, STDIN_FILENO);
        close(input);
    }
    if (output >= 0)
    {
        dup2(output, STDOUT_FILENO);
        close(output);
    }
    leave_child(execute(stage, true));
}

/// Starts the stages of a pipeline in the job.
static void start_stages(struct job *job, const struct node *stages)
{
    int input = -1;
    for (const struct node *stage = stages; stage != NULL; stage = stage->next)
    {
        int ends[2] = { -1, -1 };
        if (stage->next != NULL && pipe(ends) != 0)
        {
            report("cannot make a pipe: %s", strerror(errno));
            break;
        }
        const pid_t process = job_fork(job);
        if (process == 0)
        {
            become_stage(stage, input, ends[1], ends[0]);
        }
        if (input >= 0)
        {
            close(input);
        }
        if (ends[1] >= 0)
        {
            close(ends[1]);
        }
        input = ends[0];
        if (process < 0)
        {
            break;
        }
    }
    if (input >= 0)
    {
        close(input);
    }
}

static int execute_pipeline(const struct node *node)
{
    int status = 0;
    if (node->left->next == NULL)
    {
        const bool outer     = shell.ignores_errors;
        shell.ignores_errors = true; // only a negated pipeline has but one command
        status               = execute(node->left, false);
        shell.ignores_errors = outer;
    }
    else
    {
        struct job *job = new_job_for(node, false);
        start_stages(job, node->left);
        status = job_wait(job);
    }
    return node->negated && shell.unwinding == unwinding_none ? status == 0 : status;
}

static int execute_condition(const struct node *node)
{
    const bool outer     = shell.ignores_errors;
    shell.ignores_errors = true;
    const int status     = execute(node, false);
    shell.ignores_errors = outer;
    return status;
}

static int execute_background(const struct node *node)
{
    struct job *job = new_job_for(node->left, true);
    if (node->left->kind == node_pipeline && !node->left->negated && node->left->left->next != NULL)
    {
        start_stages(job, node->left->left);
    }
    else if (job_fork(job) == 0)
    {
        leave_child(execute(node->left, true));
    }
    job_leave(job);
    return 0;
}

static int execute_subshell(const struct node *node)
{
    struct job *job = new_job_for(node, false);
    if (job_fork(job) == 0)
    {
        if (!redirect(node->redirections, NULL))
        {
            leave_child(1);
        }
        leave_child(execute(node->left, true));
    }
    return job_wait(job);
}

// ---- Compound commands ---------------------------------------------------------------------------------------------

/// Whether the loop ends because of break, continue for an outer one, or anything stronger.
static bool loop_ends(void)
{
    if (shell.unwinding != unwinding_break && shell.unwinding != unwinding_continue)
    {
        return shell.unwinding != unwinding_none;
    }
    const bool is_break = shell.unwinding == unwinding_break;
    if (--shell.unwinding_depth > 0)
    {
        return true;
    }
    shell.unwinding = unwinding_none;
    return is_break;
}

static int execute_while(const struct node *node)
{
    const bool wanted = node->kind == node_while;
    int        status = 0;
    ++shell.loop_depth;
    for (;;)
    {
        const bool holds = (execute_condition(node->condition) == 0) == wanted;
        if (shell.unwinding != unwinding_none ? loop_ends() : !holds)
        {
            break;
        }
        if (!holds)
        {
            continue;
        }
        status = execute(node->left, false);
        if (loop_ends())
        {
            break;
        }
    }
    --shell.loop_depth;
    return shell.unwinding == unwinding_none ? status : shell.status;
}

static int execute_for(const struct node *node)
{
    struct string_list values = { 0 };
    for (const struct word *word = node->words; word != NULL; word = word->next)
    {
        if (!expand_word(word->text, &values))
        {
            list_free(&values);
            return abandon(status_error);
        }
    }
    for (size_t i = 0; i < shell.parameters.count && !node->has_words; ++i)
    {
        list_add(&values, copy_of(shell.parameters.items[i]));
    }
    int status = 0;
    ++shell.loop_depth;
    for (size_t i = 0; i < values.count; ++i)
    {
        if (!set_variable(node->name, values.items[i]))
        {
            status = abandon(status_error);
            break;
        }
        status = execute(node->left, false);
        if (loop_ends())
        {
            break;
        }
    }
    --shell.loop_depth;
    list_free(&values);
    return status;
}

static bool item_matches(const struct case_item *item, const char *subject)
{
    for (const struct word *word = item->patterns; word != NULL; word = word->next)
    {
        char      *pattern = expand_to_pattern(word->text);
        const bool matches = pattern != NULL && matches_pattern(pattern, subject, strlen(subject));
        if (pattern == NULL)
        {
            abandon(status_error);
        }
        free(pattern);
        if (matches)
        {
            return true;
        }
    }
    return false;
}

static int execute_case(const struct node *node)
{
    char *subject = expand_to_text(node->name);
    if (subject == NULL)
    {
        return abandon(status_error);
    }
    int  status = 0;
    bool enters = false;
    for (const struct case_item *item = node->items; item != NULL && shell.unwinding == unwinding_none; item = item->next)
    {
        enters = enters || item_matches(item, subject);
        if (enters)
        {
            status = item->body == NULL ? 0 : execute(item->body, false);
            if (!item->falls_through)
            {
                break;
            }
        }
    }
    free(subject);
    return status;
}

static int execute_compound(const struct node *node, bool is_last)
{
    switch (node->kind)
    {
        case node_group: return execute(node->left, is_last);
        case node_if:
        {
            const int condition = execute_condition(node->condition);
            if (shell.unwinding != unwinding_none)
            {
                return shell.status;
            }
            const struct node *branch = condition == 0 ? node->left : node->right;
            return branch == NULL ? 0 : execute(branch, is_last);
        }
        case node_while:
        case node_until: return execute_while(node);
        case node_for: return execute_for(node);
        case node_case: return execute_case(node);
        default: return 0;
    }
}

static int execute_redirected(const struct node *node, bool is_last)
{
    if (node->redirections == NULL)
    {
        return execute_compound(node, is_last);
    }
    struct saved_descriptor *saved  = NULL;
    int                      status = 1;
    if (redirect(node->redirections, &saved))
    {
        status = execute_compound(node, false);
        fflush(stdout);
    }
    restore_descriptors(saved);
    return status;
}

static bool fails_the_shell(const struct node *node)
{
    return node->kind == node_simple || node->kind == node_subshell
        || (node->kind == node_pipeline && !node->negated);
}

int execute(const struct node *node, bool is_last)
{
    if (take_interrupt())
    {
        return abandon(128 + 2);
    }
    int status = 0;
    switch (node->kind)
    {
        case node_simple: status = execute_simple(node, is_last); break;
        case node_pipeline: status = execute_pipeline(node); break;
        case node_and:
        case node_or:
            status = execute_condition(node->left);
            if (shell.unwinding == unwinding_none && (status == 0) == (node->kind == node_and))
            {
                status = execute(node->right, is_last);
            }
            break;
        case node_sequence:
            status = execute(node->left, false);
            if (shell.unwinding == unwinding_none)
            {
                status = execute(node->right, is_last);
            }
            break;
        case node_background: status = execute_background(node); break;
        case node_subshell: status = execute_subshell(node); break;
        case node_function: define_function((struct node *)node); break;
        default: status = execute_redirected(node, is_last); break;
    }
    if (take_interrupt())
    {
        return abandon(128 + 2);
    }
    if (shell.unwinding != unwinding_none)
    {
        return shell.status;
    }
    shell.status = status;
    run_traps();
    if (status != 0 && shell.options.exit_on_error && !shell.ignores_errors && fails_the_shell(node)
        && shell.unwinding == unwinding_none)
    {
        shell.unwinding = unwinding_exit;
    }
    return shell.unwinding == unwinding_none ? status : shell.status;
}

// ---- Sources -------------------------------------------------------------------------------------------------------

/// After a command that was given up: an interactive shell goes on with the next line.
static bool goes_on(const struct source *source)
{
    if (shell.unwinding == unwinding_abandon && source->interactive)
    {
        shell.unwinding      = unwinding_none;
        shell.loop_depth     = 0;
        shell.function_depth = 0;
        shell.ignores_errors = false;
    }
    return shell.unwinding == unwinding_none;
}

static bool end_is_meant(struct source *source, bool *was_warned)
{
    if (!source->interactive || shell.is_subshell)
    {
        return true;
    }
    if (shell.options.ignore_end)
    {
        fputs("use exit to leave the shell\n", stderr);
    }
    else if (has_stopped_jobs() && !*was_warned)
    {
        fputs("there are stopped jobs\n", stderr);
        *was_warned = true;
    }
    else
    {
        return true;
    }
    source->at_end = false;
    return false;
}

int execute_source(struct source *source)
{
    int  status     = 0;
    bool was_warned = false;
    while (goes_on(source))
    {
        if (source->interactive)
        {
            jobs_update();
            jobs_report();
        }
        struct arena     *arena = arena_new();
        struct node      *node  = NULL;
        enum parse_result result = parse(source, arena, &node);
        if (result == parse_error)
        {
            status = shell.status = status_error;
            if (!source->interactive)
            {
                abandon(status_error);
            }
        }
        else if (node != NULL && !shell.options.no_execution)
        {
            const bool nothing_follows = source->descriptor < 0 && source->position == source->buffer.length
                && shell.is_subshell && shell.function_depth == 0;
            status = execute(node, nothing_follows);
        }
        if (!arena_is_kept(arena))
        {
            arena_free(arena);
        }
        source_drop_consumed(source);
        if (take_interrupt())
        {
            status = shell.status = 128 + 2;
        }
        if (result == parse_end && end_is_meant(source, &was_warned))
        {
            break;
        }
    }
    return shell.unwinding == unwinding_none ? status : shell.status;
}

int execute_text(const char *text)
{
    struct source source;
    source_from_text(&source, text);
    const int status = execute_source(&source);
    source_free(&source);
    return status;
}

char *capture_output(const char *command)
{
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0)
    {
        report("cannot make a pipe: %s", strerror(errno));
        return NULL;
    }
    const pid_t process = fork();
    if (process < 0)
    {
        report("cannot start a process: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return NULL;
    }
    if (process == 0)
    {
        become_child(false);
        close(ends[0]);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        shell.function_depth = 0;
        shell.unwinding      = unwinding_none;
        leave_child(execute_text(command));
    }
    close(ends[1]);
    struct text output = { 0 };
    char        block[4096];
    for (ssize_t count; (count = read(ends[0], block, sizeof block)) > 0 || (count < 0 && errno == EINTR);)
    {
        for (ssize_t i = 0; i < count; ++i)
        {
            if (block[i] != '\0')
            {
                text_add_character(&output, block[i]);
            }
        }
    }
    close(ends[0]);
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
    {
    }
    shell.substitution_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    while (output.length != 0 && output.chars[output.length - 1] == '\n')
    {
        output.chars[--output.length] = '\0';
    }
    return text_take(&output);
}
