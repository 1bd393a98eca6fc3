// The line at the prompt: editing, history, completion.
#pragma once

/// One line without its newline, which the caller frees; NULL at the end of the input. `prompt` is expanded like a word in
/// double quotes. If the terminal cannot be edited on, it is read plainly.
char *edit_line(const char *prompt);

void load_history(void);
void save_history(void);
void print_history(void);
