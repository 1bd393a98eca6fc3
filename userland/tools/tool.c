#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *tool_name = "tools";

static void vcomplain(const char *format, va_list arguments)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", tool_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vcomplain(format, arguments);
    va_end(arguments);
    return 1;
}

int complain_about(const char *subject)
{
    return complain("%s: %s", subject, strerror(errno));
}

void fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vcomplain(format, arguments);
    va_end(arguments);
    exit(status);
}

void *reallocate(void *old, size_t size)
{
    void *memory = realloc(old, size == 0 ? 1 : size);
    if (memory == NULL)
    {
        fail(2, "out of memory");
    }
    return memory;
}

void *allocate(size_t size)
{
    return reallocate(NULL, size);
}

char *copy_of(const char *text)
{
    const size_t size = strlen(text) + 1;
    return memcpy(allocate(size), text, size);
}

char *joined_path(const char *directory, const char *name)
{
    const size_t length = strlen(directory);
    const size_t size   = length + strlen(name) + 2;
    char        *path   = allocate(size);
    snprintf(path, size, "%s%s%s", directory, length > 0 && directory[length - 1] == '/' ? "" : "/", name);
    return path;
}

char *last_part(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
    {
        --end;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
    {
        --start;
    }
    if (start == end && end > 0)
    {
        start = end - 1; // the root
    }
    char *part = allocate(end - start + 1);
    memcpy(part, path + start, end - start);
    part[end - start] = '\0';
    return part;
}

void text_add(struct text *text, const char *added, size_t length)
{
    if (text->capacity - text->length < length + 1)
    {
        size_t capacity = text->capacity < 64 ? 64 : text->capacity;
        while (capacity - text->length < length + 1)
        {
            if (capacity > SIZE_MAX / 2)
            {
                fail(2, "out of memory");
            }
            capacity *= 2;
        }
        text->chars    = reallocate(text->chars, capacity);
        text->capacity = capacity;
    }
    if (length > 0)
    {
        memcpy(text->chars + text->length, added, length);
    }
    text->length += length;
    text->chars[text->length] = '\0';
}

void text_add_string(struct text *text, const char *added)
{
    text_add(text, added, strlen(added));
}

void text_add_character(struct text *text, char character)
{
    text_add(text, &character, 1);
}

void text_clear(struct text *text)
{
    text->length = 0;
    text_add(text, "", 0);
}

void text_free(struct text *text)
{
    free(text->chars);
    *text = (struct text) { 0 };
}

FILE *open_input(const char *path)
{
    if (strcmp(path, "-") == 0)
    {
        return stdin;
    }
    FILE       *file = fopen(path, "r");
    struct stat status;
    if (file != NULL && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode))
    {
        fclose(file);
        file  = NULL;
        errno = EISDIR;
    }
    if (file == NULL)
    {
        complain_about(path);
    }
    return file;
}

void close_input(FILE *file)
{
    if (file != stdin)
    {
        fclose(file);
    }
    else
    {
        clearerr(file);
    }
}

bool read_line(FILE *file, struct text *line)
{
    text_clear(line);
    int character = getc(file);
    if (character == EOF)
    {
        return false;
    }
    for (; character != EOF && character != '\n'; character = getc(file))
    {
        text_add_character(line, (char)character);
    }
    return true;
}

void read_all(FILE *file, struct text *content)
{
    char   buffer[8192];
    size_t length;
    text_add(content, "", 0);
    while ((length = fread(buffer, 1, sizeof buffer, file)) > 0)
    {
        text_add(content, buffer, length);
    }
}

bool write_all(int descriptor, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0)
    {
        const ssize_t written = write(descriptor, next, length);
        if (written < 0 && errno != EINTR)
        {
            return false;
        }
        if (written > 0)
        {
            next += written;
            length -= (size_t)written;
        }
    }
    return true;
}

long long number_with_unit(const char *text, const char *what)
{
    char           *end;
    long long       unit  = 1;
    errno                 = 0;
    const long long value = strtoll(text, &end, 10);
    const bool      empty = end == text;
    switch (*end)
    {
        case 'b': unit = 512; ++end; break;
        case 'k':
        case 'K': unit = 1LL << 10; ++end; break;
        case 'M': unit = 1LL << 20; ++end; break;
        case 'G': unit = 1LL << 30; ++end; break;
    }
    long long result;
    if (empty || *end != '\0' || errno != 0 || __builtin_mul_overflow(value, unit, &result))
    {
        fail(1, "%s: not a number of %s", text, what);
    }
    return result;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

bool read_directory(const char *path, struct name_list *names)
{
    *names         = (struct name_list) { 0 };
    DIR *directory = opendir(path);
    if (directory == NULL)
    {
        complain_about(path);
        return false;
    }
    size_t         capacity = 0;
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
    {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        {
            continue;
        }
        if (names->count == capacity)
        {
            capacity     = capacity == 0 ? 16 : capacity * 2;
            names->items = reallocate(names->items, capacity * sizeof *names->items);
        }
        names->items[names->count++] = copy_of(entry->d_name);
    }
    closedir(directory);
    if (names->count > 0)
    {
        qsort(names->items, names->count, sizeof *names->items, compare_names);
    }
    return true;
}

void free_names(struct name_list *names)
{
    for (size_t i = 0; i < names->count; ++i)
    {
        free(names->items[i]);
    }
    free(names->items);
}

static bool apply_symbolic_mode(const char *text, mode_t old, mode_t mask, mode_t *result)
{
    mode_t mode = old;
    do
    {
        mode_t who = 0;
        for (; *text != '\0' && strchr("ugoa", *text) != NULL; ++text)
        {
            who |= *text == 'u' ? 04700 : *text == 'g' ? 02070 : *text == 'o' ? 01007 : 07777;
        }
        const mode_t reach = who != 0 ? who : (mode_t)(07777 & ~mask);
        if (*text == '\0' || strchr("+-=", *text) == NULL)
        {
            return false;
        }
        while (*text != '\0' && strchr("+-=", *text) != NULL)
        {
            const char action = *text++;
            mode_t     bits   = 0;
            if (*text != '\0' && strchr("ugo", *text) != NULL)
            {
                const mode_t from = (*text == 'u' ? mode >> 6 : *text == 'g' ? mode >> 3 : mode) & 7;
                bits              = from * 0111;
                ++text;
            }
            else
            {
                for (; *text != '\0' && strchr("rwxXst", *text) != NULL; ++text)
                {
                    switch (*text)
                    {
                        case 'r': bits |= 0444; break;
                        case 'w': bits |= 0222; break;
                        case 'x': bits |= 0111; break;
                        case 'X': bits |= S_ISDIR(old) || (mode & 0111) != 0 ? 0111 : 0; break;
                        case 's': bits |= 06000; break;
                        case 't': bits |= 01000; break;
                    }
                }
            }
            bits &= reach;
            if (action == '=')
            {
                // A directory keeps its set-ID bits unless they are named.
                const mode_t cleared = (who != 0 ? who : 07777) & ~(S_ISDIR(old) ? (mode_t)06000 : 0);
                mode                 = (mode & ~cleared) | bits;
            }
            else
            {
                mode = action == '+' ? mode | bits : mode & ~bits;
            }
        }
    } while (*text == ',' && *++text != '\0');
    *result = mode & 07777;
    return *text == '\0';
}

bool apply_mode(const char *text, mode_t old, mode_t mask, mode_t *result)
{
    if (*text >= '0' && *text <= '7')
    {
        char               *end;
        const unsigned long value = strtoul(text, &end, 8);
        const mode_t        kept  = S_ISDIR(old) && end - text < 5 ? old & 06000 : 0;
        *result                   = (mode_t)value | kept;
        return *end == '\0' && value <= 07777;
    }
    return apply_symbolic_mode(text, old, mask, result);
}

void mode_text(mode_t mode, char text[11])
{
    text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : S_ISBLK(mode) ? 'b' : S_ISFIFO(mode) ? 'p' : S_ISSOCK(mode) ? 's' : '-';
    for (int i = 0; i < 9; ++i)
    {
        text[1 + i] = (mode >> (8 - i) & 1) != 0 ? "rwx"[i % 3] : '-';
    }
    static const struct
    {
        mode_t bit;
        int    place;
        char   letter;
    } special[] = { { 04000, 3, 's' }, { 02000, 6, 's' }, { 01000, 9, 't' } };
    for (int i = 0; i < 3; ++i)
    {
        if ((mode & special[i].bit) != 0)
        {
            char *place = &text[special[i].place];
            *place      = *place == 'x' ? special[i].letter : (char)(special[i].letter - 'a' + 'A');
        }
    }
    text[10] = '\0';
}

void size_text(unsigned long long size, char text[24])
{
    static const char units[] = "KMGTPE";
    if (size < 1024)
    {
        snprintf(text, 24, "%llu", size);
        return;
    }
    int                unit = 0;
    unsigned long long one  = 1024;
    while (units[unit + 1] != '\0' && size / one >= 1024)
    {
        one <<= 10;
        ++unit;
    }
    // Rounded up, as a size that does not fit is worse than one that does.
    unsigned long long tenths = size / one * 10 + (size % one * 10 + one - 1) / one;
    if (tenths < 100)
    {
        snprintf(text, 24, "%llu.%llu%c", tenths / 10, tenths % 10, units[unit]);
        return;
    }
    unsigned long long whole = (tenths + 9) / 10;
    if (whole == 1024 && units[unit + 1] != '\0')
    {
        snprintf(text, 24, "1.0%c", units[unit + 1]);
        return;
    }
    snprintf(text, 24, "%llu%c", whole, units[unit]);
}

const char *user_text(uid_t user, char number[16])
{
    const struct passwd *entry = getpwuid(user);
    snprintf(number, 16, "%lu", (unsigned long)user);
    return entry != NULL ? entry->pw_name : number;
}

const char *group_text(gid_t group, char number[16])
{
    const struct group *entry = getgrgid(group);
    snprintf(number, 16, "%lu", (unsigned long)group);
    return entry != NULL ? entry->gr_name : number;
}

bool confirmed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fprintf(stderr, "%s: ", tool_name);
    vfprintf(stderr, format, arguments);
    fputs("? ", stderr);
    va_end(arguments);
    struct text answer = { 0 };
    const bool  yes    = read_line(stdin, &answer) && (answer.chars[0] == 'y' || answer.chars[0] == 'Y');
    text_free(&answer);
    return yes;
}
