// Where commands come from: a string, a file, or a terminal with prompts and line editing.
#pragma once

#include "memory.h"

struct source
{
    struct text buffer;   ///< what has been read and is not yet dropped
    size_t      position; ///< of the next character in it
    int         line;     ///< number of the line at `position`, from 1
    int         descriptor; ///< to read from, or −1
    bool        seekable; ///< may be read in blocks
    bool        interactive;
    bool        at_end;
};

enum
{
    end_of_source = -1
};

void source_from_text(struct source *source, const char *text);
void source_from_descriptor(struct source *source, int descriptor, bool interactive);
void source_free(struct source *source);

/// The next character without taking it, or `end_of_source`. Reads a further line if needed, with the prompt for
/// continued commands if one has begun.
int source_peek(struct source *source);
int source_next(struct source *source);

/// Forgets what has been read and executed.
void source_drop_consumed(struct source *source);

/// Forgets what is left of the present line, after a syntax error.
void source_drop_line(struct source *source);

/// Puts `text` in place of what lies between `start` and the position, to be read next (aliases).
void source_replace(struct source *source, size_t start, const char *text);
