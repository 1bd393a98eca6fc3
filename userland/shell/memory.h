// Memory of the shell: growing text, and arenas for what a command was parsed into. Running out ends the shell.
#pragma once

#include <stdbool.h>
#include <stddef.h>

void *allocate(size_t size);
void *reallocate(void *old, size_t size);
char *copy_of(const char *text);
char *copy_of_part(const char *text, size_t length);

/// Text that grows; `chars` always ends with a NUL once something was added.
struct text
{
    char  *chars;
    size_t length;
    size_t capacity;
};

void text_add_character(struct text *text, char character);
void text_add(struct text *text, const char *added);
void text_add_part(struct text *text, const char *added, size_t length);
void text_clear(struct text *text);
void text_free(struct text *text);

/// The characters, which the caller frees; never NULL.
char *text_take(struct text *text);

/// A list of strings that ends with NULL, as execve wants it.
struct string_list
{
    char **items;
    size_t count;
    size_t capacity;
};

/// Takes over `item`.
void list_add(struct string_list *list, char *item);
void list_free(struct string_list *list);

/// All memory of one parsed command, freed at once, unless a function was defined in it.
struct arena;

struct arena *arena_new(void);
void         *arena_allocate(struct arena *arena, size_t size);
char         *arena_copy(struct arena *arena, const char *text, size_t length);
void          arena_free(struct arena *arena);
