// The grammar of POSIX.1-2017, "Shell Command Language".
#pragma once

#include "source.h"
#include "tree.h"

enum parse_result
{
    parse_command_line, ///< `*node` is a command, NULL for an empty line
    parse_end,     ///< of the source
    parse_error,   ///< said on standard error
};

/// Parses up to the end of a line that completes a command.
enum parse_result parse(struct source *source, struct arena *arena, struct node **node);

/// Length of the `$…` or `` `…` `` at the start of `text`, quotes and all; 1 for a `$` that means itself, 0 if it has no end.
size_t length_of_expansion(const char *text);
