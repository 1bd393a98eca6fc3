// Commands that the shell is itself.
#pragma once

#include <stdbool.h>

struct builtin
{
    const char *name;
    int (*function)(int count, char **arguments);
    bool is_special;         ///< POSIX: found before functions, assignments before it stay, its errors end a script
    bool keeps_redirections; ///< exec
};

const struct builtin *find_builtin(const char *name);

/// The names of all, for completion: NULL at the end.
const struct builtin *next_builtin(const struct builtin *previous);

// In files of their own:
int builtin_test(int count, char **arguments);
int builtin_printf(int count, char **arguments);
int builtin_echo(int count, char **arguments);

/// Takes the options of `set` and of the command line: `-x`, `+x`, `-o NAME`. Index of the first other argument, −1 after a message.
int take_options(int count, char **arguments, int first);
