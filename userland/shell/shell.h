// What the parts of the shell share: variables, options, aliases, functions, messages, and how commands end early.
#pragma once

#include "source.h"
#include "tree.h"

#include <stdarg.h>
#include <stdbool.h>

/// Why commands that follow are not executed. Every loop over commands looks at it.
enum unwinding
{
    unwinding_none,
    unwinding_break,    ///< `shell.unwinding_depth` loops
    unwinding_continue,
    unwinding_return,   ///< from a function or a script read by `.`
    unwinding_abandon,  ///< after an error or an interrupt: up to the command line; a script ends
    unwinding_exit,
};

struct options
{
    bool all_export;      ///< -a
    bool exit_on_error;   ///< -e
    bool no_globbing;     ///< -f
    bool interactive;     ///< -i
    bool job_control;     ///< -m
    bool no_execution;    ///< -n
    bool no_clobber;      ///< -C
    bool fail_on_unset;   ///< -u
    bool show_input;      ///< -v
    bool trace;           ///< -x
    bool ignore_end;      ///< ignoreeof
    bool pipe_failure;    ///< pipefail
};

struct shell
{
    struct options     options;
    const char        *name; ///< $0
    struct string_list parameters; ///< $1…
    int                status;     ///< $?
    int                substitution_status; ///< of the last command substitution of a command
    long               process;    ///< $$
    long               last_background; ///< $!, 0 if none
    enum unwinding     unwinding;
    int                unwinding_depth;
    int                loop_depth;
    int                function_depth;
    bool               ignores_errors; ///< -e has no effect in a condition
    bool               is_subshell;
};

extern struct shell shell;

// ---- Messages ------------------------------------------------------------------------------------------------------

/// "NAME: LINE: …" on standard error.
void report_at(int line, const char *format, va_list arguments);
__attribute__((format(printf, 1, 2))) void report(const char *format, ...);

// ---- Variables (variables.c) ---------------------------------------------------------------------------------------

struct variable
{
    char            *name;
    char            *value; ///< NULL: exported or read-only but not set
    bool             exported;
    bool             read_only;
    struct variable *next;
};

void        import_environment(char **environment);
const char *variable_value(const char *name); ///< NULL if not set
const char *variable_or(const char *name, const char *otherwise);
/// False, with a message, if it is read-only.
bool        set_variable(const char *name, const char *value);
bool        unset_variable(const char *name);
struct variable *find_variable(const char *name);
struct variable *make_variable(const char *name);
/// "name=value" of every exported variable; the caller frees it.
struct string_list environment_list(void);
void               print_variables(bool (*selected)(const struct variable *), const char *prefix);
bool               is_valid_name(const char *text, size_t length);

/// A variable as it was, to be put back.
struct saved_variable
{
    char                  *name;
    char                  *value;
    bool                   was_set, exported, read_only;
    struct saved_variable *next;
};

struct saved_variable *save_variable(struct saved_variable *list, const char *name);
void                   restore_variables(struct saved_variable *list);

/// `local` in a function adds to it.
extern struct saved_variable *local_variables;

// ---- Aliases and functions (names.c) -------------------------------------------------------------------------------

const char  *find_alias(const char *name);
void         set_alias(const char *name, const char *value);
bool         remove_alias(const char *name); ///< NULL: all
void         print_aliases(void);
struct node *find_function(const char *name);
void         define_function(struct node *definition);
bool         remove_function(const char *name);
/// Whether the arena holds a function's body; it is then kept.
bool         arena_is_kept(const struct arena *arena);

// ---- Execution -----------------------------------------------------------------------------------------------------

/// Reads and executes commands up to the end of the source; the status of the last.
int execute_source(struct source *source);
int execute_text(const char *text);
