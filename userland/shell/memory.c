#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_end(void *memory)
{
    if (memory == NULL)
    {
        fputs("sh: out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

void *allocate(size_t size)
{
    return or_end(malloc(size == 0 ? 1 : size));
}

void *reallocate(void *old, size_t size)
{
    return or_end(realloc(old, size == 0 ? 1 : size));
}

char *copy_of(const char *text)
{
    return copy_of_part(text, strlen(text));
}

char *copy_of_part(const char *text, size_t length)
{
    char *copy = allocate(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

// ---- Text ----------------------------------------------------------------------------------------------------------

void text_add_part(struct text *text, const char *added, size_t length)
{
    if (text->length + length + 1 > text->capacity)
    {
        text->capacity = (text->length + length + 1) * 2;
        text->chars    = reallocate(text->chars, text->capacity);
    }
    memcpy(text->chars + text->length, added, length);
    text->length += length;
    text->chars[text->length] = '\0';
}

void text_add(struct text *text, const char *added)
{
    text_add_part(text, added, strlen(added));
}

void text_add_character(struct text *text, char character)
{
    text_add_part(text, &character, 1);
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->chars != NULL)
    {
        text->chars[0] = '\0';
    }
}

void text_free(struct text *text)
{
    free(text->chars);
    *text = (struct text) { 0 };
}

char *text_take(struct text *text)
{
    char *chars = text->chars != NULL ? text->chars : copy_of("");
    *text       = (struct text) { 0 };
    return chars;
}

// ---- Lists ---------------------------------------------------------------------------------------------------------

void list_add(struct string_list *list, char *item)
{
    if (list->count + 2 > list->capacity)
    {
        list->capacity = (list->count + 2) * 2;
        list->items    = reallocate(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = item;
    list->items[list->count]   = NULL;
}

void list_free(struct string_list *list)
{
    for (size_t i = 0; i < list->count; ++i)
    {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct string_list) { 0 };
}

// ---- Arenas --------------------------------------------------------------------------------------------------------

struct chunk
{
    struct chunk *next;
    size_t        used;
    size_t        size;
    max_align_t   memory[];
};

struct arena
{
    struct chunk *chunks;
};

enum
{
    chunk_size = 4000,
    alignment  = _Alignof(max_align_t),
};

struct arena *arena_new(void)
{
    struct arena *arena = allocate(sizeof *arena);
    arena->chunks       = NULL;
    return arena;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    size                = (size + alignment - 1) / alignment * alignment;
    struct chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size)
    {
        const size_t capacity = size > chunk_size ? size : chunk_size;
        chunk                 = allocate(sizeof *chunk + capacity);
        chunk->next           = arena->chunks;
        chunk->used           = 0;
        chunk->size           = capacity;
        arena->chunks         = chunk;
    }
    void *memory = (char *)chunk->memory + chunk->used;
    chunk->used += size;
    return memory;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_allocate(arena, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void arena_free(struct arena *arena)
{
    for (struct chunk *chunk = arena->chunks; chunk != NULL;)
    {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}
