#include "shell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
    bucket_count = 64
};

static struct variable *buckets[bucket_count];

struct saved_variable *local_variables;

static struct variable **bucket_of(const char *name)
{
    unsigned hash = 5381;
    for (; *name != '\0'; ++name)
    {
        hash = hash * 33 + (unsigned char)*name;
    }
    return &buckets[hash % bucket_count];
}

bool is_valid_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; ++i)
    {
        const unsigned char character = (unsigned char)text[i];
        if (character != '_' && !isalpha(character) && (i == 0 || !isdigit(character)))
        {
            return false;
        }
    }
    return length != 0;
}

struct variable *find_variable(const char *name)
{
    for (struct variable *variable = *bucket_of(name); variable != NULL; variable = variable->next)
    {
        if (strcmp(variable->name, name) == 0)
        {
            return variable;
        }
    }
    return NULL;
}

struct variable *make_variable(const char *name)
{
    struct variable *variable = find_variable(name);
    if (variable == NULL)
    {
        struct variable **bucket = bucket_of(name);
        variable                 = allocate(sizeof *variable);
        *variable                = (struct variable) { .name = copy_of(name), .next = *bucket };
        *bucket                  = variable;
    }
    return variable;
}

const char *variable_value(const char *name)
{
    const struct variable *variable = find_variable(name);
    return variable == NULL ? NULL : variable->value;
}

const char *variable_or(const char *name, const char *otherwise)
{
    const char *value = variable_value(name);
    return value == NULL ? otherwise : value;
}

bool set_variable(const char *name, const char *value)
{
    struct variable *variable = make_variable(name);
    if (variable->read_only)
    {
        report("%s: is read only", name);
        return false;
    }
    char *copy = copy_of(value);
    free(variable->value);
    variable->value    = copy;
    variable->exported = variable->exported || shell.options.all_export;
    return true;
}

bool unset_variable(const char *name)
{
    for (struct variable **link = bucket_of(name); *link != NULL; link = &(*link)->next)
    {
        struct variable *variable = *link;
        if (strcmp(variable->name, name) != 0)
        {
            continue;
        }
        if (variable->read_only)
        {
            report("%s: is read only", name);
            return false;
        }
        *link = variable->next;
        free(variable->name);
        free(variable->value);
        free(variable);
        return true;
    }
    return true;
}

void import_environment(char **environment)
{
    for (; *environment != NULL; ++environment)
    {
        const char *equals = strchr(*environment, '=');
        if (equals != NULL && is_valid_name(*environment, (size_t)(equals - *environment)))
        {
            char *name = copy_of_part(*environment, (size_t)(equals - *environment));
            set_variable(name, equals + 1);
            find_variable(name)->exported = true;
            free(name);
        }
    }
}

struct string_list environment_list(void)
{
    struct string_list list = { 0 };
    for (size_t i = 0; i < bucket_count; ++i)
    {
        for (const struct variable *variable = buckets[i]; variable != NULL; variable = variable->next)
        {
            if (variable->exported && variable->value != NULL)
            {
                struct text entry = { 0 };
                text_add(&entry, variable->name);
                text_add_character(&entry, '=');
                text_add(&entry, variable->value);
                list_add(&list, text_take(&entry));
            }
        }
    }
    return list;
}

static int by_name(const void *left, const void *right)
{
    const struct variable *const *a = left;
    const struct variable *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

/// In single quotes, so that it can be read again.
static void print_quoted(const char *value)
{
    putchar('\'');
    for (; *value != '\0'; ++value)
    {
        if (*value == '\'')
        {
            fputs("'\\''", stdout);
        }
        else
        {
            putchar(*value);
        }
    }
    putchar('\'');
}

void print_variables(bool (*selected)(const struct variable *), const char *prefix)
{
    size_t                  count = 0;
    const struct variable **all   = NULL;
    for (size_t i = 0; i < bucket_count; ++i)
    {
        for (const struct variable *variable = buckets[i]; variable != NULL; variable = variable->next)
        {
            if (selected(variable))
            {
                all          = reallocate(all, (count + 1) * sizeof *all);
                all[count++] = variable;
            }
        }
    }
    if (count != 0)
    {
        qsort(all, count, sizeof *all, by_name);
    }
    for (size_t i = 0; i < count; ++i)
    {
        printf("%s%s", prefix, all[i]->name);
        if (all[i]->value != NULL)
        {
            putchar('=');
            print_quoted(all[i]->value);
        }
        putchar('\n');
    }
    free(all);
}

struct saved_variable *save_variable(struct saved_variable *list, const char *name)
{
    const struct variable *variable = find_variable(name);
    struct saved_variable *saved    = allocate(sizeof *saved);
    *saved                          = (struct saved_variable) { .name = copy_of(name), .next = list };
    if (variable != NULL)
    {
        saved->was_set   = true;
        saved->value     = variable->value == NULL ? NULL : copy_of(variable->value);
        saved->exported  = variable->exported;
        saved->read_only = variable->read_only;
    }
    return saved;
}

void restore_variables(struct saved_variable *list)
{
    while (list != NULL)
    {
        struct saved_variable *saved    = list;
        struct variable       *variable = make_variable(saved->name);
        list                            = saved->next;
        free(variable->value);
        variable->value     = saved->value;
        variable->exported  = saved->exported;
        variable->read_only = saved->read_only;
        if (!saved->was_set)
        {
            unset_variable(saved->name);
        }
        free(saved->name);
        free(saved);
    }
}
