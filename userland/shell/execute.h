// Executes parsed commands.
#pragma once

#include "tree.h"

/// `is_last`: nothing follows in this process, so that a program may take its place.
int execute(const struct node *node, bool is_last);

/// What the command writes, without the newlines at its end; NULL if it could not be started. The caller frees it.
char *capture_output(const char *command);

/// Ends a child of the shell, after its EXIT trap.
_Noreturn void leave_child(int status);

/// Calls `body` with these parameters in place of the shell's.
int call_with_parameters(struct string_list parameters, const struct node *body);

/// Replaces the process by the program, searched for in PATH. Returns the status to end with if there is none.
int execute_program(char **arguments, char **environment);

/// The program's path, as PATH finds it; NULL if it does not. The caller frees it.
char *find_program(const char *name);
