#include "source.h"

#include "edit.h"
#include "shell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void source_from_text(struct source *source, const char *text)
{
    *source = (struct source) { .line = 1, .descriptor = -1, .at_end = true };
    text_add(&source->buffer, text);
}

void source_from_descriptor(struct source *source, int descriptor, bool interactive)
{
    // Of a script on standard input the commands it starts may read the rest: not a byte too much is taken.
    const bool seekable = descriptor != STDIN_FILENO && lseek(descriptor, 0, SEEK_CUR) >= 0;
    *source             = (struct source) {
                    .line = 1, .descriptor = descriptor, .seekable = seekable, .interactive = interactive };
}

void source_free(struct source *source)
{
    text_free(&source->buffer);
}

/// Appends a block, or a line at most. Returns whether there was something.
static bool read_more(struct source *source)
{
    char   block[1024];
    size_t length = 0;
    while (length < sizeof block)
    {
        const ssize_t count = read(source->descriptor, block + length, source->seekable ? sizeof block - length : 1);
        if (count < 0 && errno == EINTR)
        {
            continue;
        }
        if (count <= 0)
        {
            source->at_end = true;
            break;
        }
        length += (size_t)count;
        if (source->seekable || block[length - 1] == '\n')
        {
            break;
        }
    }
    // NUL bytes mean nothing in a script.
    for (size_t i = 0; i < length; ++i)
    {
        if (block[i] != '\0')
        {
            text_add_character(&source->buffer, block[i]);
        }
    }
    return length != 0;
}

static bool edit_more(struct source *source)
{
    const bool continued = source->position != 0;
    char      *line      = edit_line(variable_or(continued ? "PS2" : "PS1", continued ? "> " : "$ "));
    if (line == NULL)
    {
        source->at_end = true;
        return false;
    }
    text_add(&source->buffer, line);
    text_add_character(&source->buffer, '\n');
    free(line);
    return true;
}

int source_peek(struct source *source)
{
    while (source->position >= source->buffer.length)
    {
        if (source->at_end || !(source->interactive ? edit_more(source) : read_more(source)))
        {
            if (source->at_end)
            {
                return end_of_source;
            }
        }
    }
    return (unsigned char)source->buffer.chars[source->position];
}

int source_next(struct source *source)
{
    const int character = source_peek(source);
    if (character != end_of_source)
    {
        ++source->position;
        source->line += character == '\n';
    }
    return character;
}

void source_drop_consumed(struct source *source)
{
    if (source->position != 0)
    {
        const size_t left = source->buffer.length - source->position;
        memmove(source->buffer.chars, source->buffer.chars + source->position, left);
        source->buffer.length = left;
        source->buffer.chars[left] = '\0';
        source->position           = 0;
    }
}

void source_drop_line(struct source *source)
{
    while (source->position < source->buffer.length && source->buffer.chars[source->position] != '\n')
    {
        ++source->position;
    }
}

void source_replace(struct source *source, size_t start, const char *text)
{
    char *rest = copy_of_part(
        source->buffer.chars + source->position, source->buffer.length - source->position);
    source->buffer.length = start;
    text_add(&source->buffer, text);
    text_add(&source->buffer, rest);
    source->position = start;
    free(rest);
}
