// Aliases and functions.
#include "shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct alias
{
    char         *name;
    char         *value;
    struct alias *next;
};

struct function
{
    char            *name;
    struct node     *body;
    struct arena    *arena;
    struct function *next;
};

static struct alias    *aliases;
static struct function *functions;

const char *find_alias(const char *name)
{
    for (const struct alias *alias = aliases; alias != NULL; alias = alias->next)
    {
        if (strcmp(alias->name, name) == 0)
        {
            return alias->value;
        }
    }
    return NULL;
}

void set_alias(const char *name, const char *value)
{
    remove_alias(name);
    struct alias **end = &aliases;
    while (*end != NULL && strcmp((*end)->name, name) < 0)
    {
        end = &(*end)->next;
    }
    struct alias *alias = allocate(sizeof *alias);
    *alias              = (struct alias) { copy_of(name), copy_of(value), *end };
    *end                = alias;
}

bool remove_alias(const char *name)
{
    bool found = false;
    for (struct alias **link = &aliases; *link != NULL;)
    {
        struct alias *alias = *link;
        if (name != NULL && strcmp(alias->name, name) != 0)
        {
            link = &alias->next;
            continue;
        }
        found = true;
        *link = alias->next;
        free(alias->name);
        free(alias->value);
        free(alias);
    }
    return found;
}

void print_aliases(void)
{
    for (const struct alias *alias = aliases; alias != NULL; alias = alias->next)
    {
        printf("%s='%s'\n", alias->name, alias->value);
    }
}

static struct function **link_of(const char *name)
{
    struct function **link = &functions;
    while (*link != NULL && strcmp((*link)->name, name) != 0)
    {
        link = &(*link)->next;
    }
    return link;
}

struct node *find_function(const char *name)
{
    const struct function *function = *link_of(name);
    return function == NULL ? NULL : function->body;
}

void define_function(struct node *definition)
{
    struct function **link = link_of(definition->name);
    if (*link == NULL)
    {
        *link  = allocate(sizeof **link);
        **link = (struct function) { .name = copy_of(definition->name) };
    }
    // The arena of a body that is replaced stays: it may be running.
    (*link)->body  = definition->left;
    (*link)->arena = definition->arena;
}

bool remove_function(const char *name)
{
    struct function **link     = link_of(name);
    struct function  *function = *link;
    if (function == NULL)
    {
        return false;
    }
    *link = function->next;
    free(function->name);
    free(function);
    return true;
}

bool arena_is_kept(const struct arena *arena)
{
    for (const struct function *function = functions; function != NULL; function = function->next)
    {
        if (function->arena == arena)
        {
            return true;
        }
    }
    return false;
}
