// The environment: an array that belongs to the program until the first change makes a copy.
#include "../internal/lock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static char **own_array; ///< allocated here, if `environ` still points at it
static size_t own_capacity;
static char **allocated; ///< entries made by setenv, which may be freed when they are replaced
static size_t allocated_count;
static lock_t environment_lock;

static size_t name_length(const char *entry)
{
    return strcspn(entry, "=");
}

static char **find(const char *name, size_t length)
{
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
    {
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
        {
            return entry;
        }
    }
    return NULL;
}

char *getenv(const char *name)
{
    const size_t length = name_length(name);
    char **entry        = name[length] == '\0' && length > 0 ? find(name, length) : NULL;
    return entry != NULL ? *entry + length + 1 : NULL;
}

char *secure_getenv(const char *name)
{
    return getauxval(AT_SECURE) ? NULL : getenv(name);
}

static void forget(char *entry)
{
    for (size_t i = 0; i < allocated_count; i++)
    {
        if (allocated[i] == entry)
        {
            free(entry);
            allocated[i] = allocated[--allocated_count];
            return;
        }
    }
}

static int remember(char *entry)
{
    char **more = reallocarray(allocated, allocated_count + 1, sizeof *more);
    if (more == NULL)
    {
        return -1;
    }
    allocated                    = more;
    allocated[allocated_count++] = entry;
    return 0;
}

/// Puts an entry in its name's place, or at the end.
static int put(char *entry, size_t length)
{
    char **old = find(entry, length);
    if (old != NULL)
    {
        char *replaced = *old;
        *old           = entry;
        forget(replaced);
        return 0;
    }
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL)
    {
        count++;
    }
    if (environ != own_array || own_array == NULL || count + 2 > own_capacity)
    {
        const size_t capacity = count * 2 + 16;
        char **array          = reallocarray(NULL, capacity, sizeof *array);
        if (array == NULL)
        {
            return -1;
        }
        if (count > 0)
        {
            memcpy(array, environ, count * sizeof *array);
        }
        if (environ == own_array)
        {
            free(own_array);
        }
        environ = own_array = array;
        own_capacity        = capacity;
    }
    environ[count]     = entry;
    environ[count + 1] = NULL;
    return 0;
}

int setenv(const char *name, const char *value, int replace)
{
    const size_t length = name_length(name);
    if (length == 0 || name[length] != '\0')
    {
        errno = EINVAL;
        return -1;
    }
    lock(&environment_lock);
    int outcome = 0;
    if (replace || find(name, length) == NULL)
    {
        const size_t size = strlen(value) + 1;
        char *entry       = malloc(length + 1 + size);
        outcome           = entry == NULL ? -1 : 0;
        if (entry != NULL)
        {
            memcpy(entry, name, length);
            entry[length] = '=';
            memcpy(entry + length + 1, value, size);
            outcome = put(entry, length);
            if (outcome != 0 || remember(entry) != 0)
            {
                outcome = -1;
            }
        }
    }
    unlock(&environment_lock);
    return outcome;
}

int unsetenv(const char *name)
{
    const size_t length = name_length(name);
    if (length == 0 || name[length] != '\0')
    {
        errno = EINVAL;
        return -1;
    }
    lock(&environment_lock);
    for (char **entry; (entry = find(name, length)) != NULL;)
    {
        char *removed = *entry;
        do
        {
            entry[0] = entry[1];
        } while (*entry++ != NULL);
        forget(removed);
    }
    unlock(&environment_lock);
    return 0;
}

int putenv(char *entry)
{
    const size_t length = name_length(entry);
    if (entry[length] == '\0')
    {
        return unsetenv(entry);
    }
    lock(&environment_lock);
    const int outcome = put(entry, length);
    unlock(&environment_lock);
    return outcome;
}

int clearenv(void)
{
    lock(&environment_lock);
    environ = NULL;
    while (allocated_count > 0)
    {
        free(allocated[--allocated_count]);
    }
    unlock(&environment_lock);
    return 0;
}
