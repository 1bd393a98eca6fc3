// Signals: traps, and what an interactive shell does with its own.
#pragma once

#include <stdbool.h>

enum
{
    exit_trap    = 0,
    signal_count = 65,
};

/// A script may not trap what was ignored when it began.
void learn_ignored_signals(void);

/// What an interactive shell ignores, and that an interrupt takes it back to its prompt.
void prepare_interactive_signals(void);

/// After fork: traps are reset, signals as a program expects them.
void become_child(bool in_background);

/// Number of a signal by name (with or without SIG) or number; −1 if there is none. 0 is EXIT.
int         signal_number(const char *name);
const char *signal_name(int number); ///< without SIG; NULL if there is none

/// NULL: as before the shell; "": ignored.
void        set_trap(int number, const char *command);
const char *get_trap(int number);

/// Executes the commands of signals that have come.
void run_traps(void);
void run_exit_trap(void);

/// A signal that has come and whose trap has not run; 0 if there is none.
int pending_signal(void);

/// An interrupt of the interactive shell: true once for each.
bool take_interrupt(void);
