// What the tools share. Running out of memory ends a tool with a message.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

extern const char *tool_name;
extern char      **environ;

/// The tool of this name, NULL if there is none.
typedef int tool_function(int count, char **arguments);
tool_function *tool_named(const char *name);

/// Writes `NAME: message`. Both return 1, the status of a failed tool.
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Writes `NAME: subject: cause`, the cause as errno says.
int complain_about(const char *subject);
/// Complains and ends the tool.
_Noreturn void fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

void *allocate(size_t size);
void *reallocate(void *old, size_t size);
char *copy_of(const char *text);
/// `directory/name`, which the caller frees.
char *joined_path(const char *directory, const char *name);
/// The part after the last `/`, trailing ones left out; the caller frees it.
char *last_part(const char *path);

/// Bytes that grow; `chars` ends with a NUL once something was added.
struct text
{
    char  *chars;
    size_t length;
    size_t capacity;
};

void text_add(struct text *text, const char *added, size_t length);
void text_add_string(struct text *text, const char *added);
void text_add_character(struct text *text, char character);
void text_clear(struct text *text);
void text_free(struct text *text);

/// The file, or standard input for `-`; NULL after a message.
FILE *open_input(const char *path);
void  close_input(FILE *file);
/// Reads a line without its newline; false at the end.
bool read_line(FILE *file, struct text *line);
/// All that is left in the file.
void read_all(FILE *file, struct text *content);
/// Writes all of it; false with errno set.
bool write_all(int descriptor, const void *bytes, size_t length);

/// A number with an optional unit: b (512), k, M, G. Ends the tool with a message that names `what`.
long long number_with_unit(const char *text, const char *what);

/// Names in a directory without `.` and `..`, sorted; false after a message.
struct name_list
{
    char **items;
    size_t count;
};
bool read_directory(const char *path, struct name_list *names);
void free_names(struct name_list *names);

/// An octal or symbolic mode applied to `old`; false if it is none. `mask` is the creation mask.
bool apply_mode(const char *text, mode_t old, mode_t mask, mode_t *result);
/// `drwxr-xr-x` and a NUL.
void mode_text(mode_t mode, char text[11]);
/// `1.2K` as `ls -h` writes it.
void size_text(unsigned long long size, char text[24]);
const char *user_text(uid_t user, char number[16]);
const char *group_text(gid_t group, char number[16]);

/// Asks on standard error; true if the answer begins with y.
bool confirmed(const char *format, ...) __attribute__((format(printf, 1, 2)));
