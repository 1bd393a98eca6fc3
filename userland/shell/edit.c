#include "edit.h"

#include "builtins.h"
#include "expand.h"
#include "memory.h"
#include "shell.h"
#include "trap.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

// ---- History -------------------------------------------------------------------------------------------------------

enum
{
    history_limit = 500
};

static struct string_list history;

static void remember(const char *line)
{
    if (line[strspn(line, " \t")] == '\0'
        || (history.count != 0 && strcmp(history.items[history.count - 1], line) == 0))
    {
        return;
    }
    if (history.count == history_limit)
    {
        free(history.items[0]);
        memmove(history.items, history.items + 1, history.count * sizeof *history.items);
        --history.count;
    }
    list_add(&history, copy_of(line));
}

void load_history(void)
{
    const char *path   = variable_value("HISTFILE");
    FILE       *stream = path == NULL ? NULL : fopen(path, "r");
    char        line[4096];
    while (stream != NULL && fgets(line, sizeof line, stream) != NULL)
    {
        line[strcspn(line, "\n")] = '\0';
        remember(line);
    }
    if (stream != NULL)
    {
        fclose(stream);
    }
}

void save_history(void)
{
    const char *path   = variable_value("HISTFILE");
    FILE       *stream = path == NULL ? NULL : fopen(path, "w");
    for (size_t i = 0; stream != NULL && i < history.count; ++i)
    {
        fprintf(stream, "%s\n", history.items[i]);
    }
    if (stream != NULL)
    {
        fclose(stream);
    }
}

void print_history(void)
{
    for (size_t i = 0; i < history.count; ++i)
    {
        printf("%5zu  %s\n", i + 1, history.items[i]);
    }
}

// ---- Keys ----------------------------------------------------------------------------------------------------------

enum key
{
    key_end_of_input = -1,
    key_interrupted  = -2,
    key_up           = 256,
    key_down,
    key_left,
    key_right,
    key_home,
    key_end,
    key_delete,
    key_word_left,
    key_word_right,
    key_delete_word,
    key_unknown,
};

enum
{
    escape    = 27,
    backspace = 127,
    control   = 0x1f, ///< what Ctrl leaves of a letter
};

static int read_byte(void)
{
    for (;;)
    {
        unsigned char byte  = 0;
        const ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count == 1)
        {
            return byte;
        }
        if (count == 0 || errno != EINTR)
        {
            return key_end_of_input;
        }
        if (take_interrupt())
        {
            return key_interrupted;
        }
        run_traps();
    }
}

/// `ESC [ … final` and `ESC O final`, as terminals send them.
static int read_sequence(void)
{
    const int first = read_byte();
    if (first != '[' && first != 'O')
    {
        switch (first)
        {
            case 'b': return key_word_left;
            case 'f': return key_word_right;
            case 'd': return key_delete_word;
            default: return key_unknown;
        }
    }
    int number   = 0;
    int modifier = 0;
    for (;;)
    {
        const int byte = read_byte();
        if (byte >= '0' && byte <= '9')
        {
            number = (number * 10 + byte - '0') % 1000;
            continue;
        }
        if (byte == ';')
        {
            modifier = number;
            number   = 0;
            continue;
        }
        const bool with_control = modifier != 0 && number == 5;
        switch (byte)
        {
            case 'A': return key_up;
            case 'B': return key_down;
            case 'C': return with_control ? key_word_right : key_right;
            case 'D': return with_control ? key_word_left : key_left;
            case 'H': return key_home;
            case 'F': return key_end;
            case '~':
                return number == 1 || number == 7 ? key_home
                    : number == 4 || number == 8  ? key_end
                    : number == 3                 ? key_delete
                                                  : key_unknown;
            default: return key_unknown;
        }
    }
}

static int read_key(void)
{
    const int byte = read_byte();
    return byte == escape ? read_sequence() : byte;
}

// ---- The line ------------------------------------------------------------------------------------------------------

struct line
{
    struct text text;
    size_t      cursor; ///< byte in the text
    const char *prompt;
    size_t      prompt_width;
    struct text killed; ///< what Ctrl-Y brings back
    size_t      history_index;
    char       *unfinished; ///< the new line, while looking at old ones
};

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t before(const struct line *line, size_t position)
{
    while (position > 0 && is_continuation(line->text.chars[--position]))
    {
    }
    return position;
}

static size_t after(const struct line *line, size_t position)
{
    if (position < line->text.length)
    {
        ++position;
    }
    while (position < line->text.length && is_continuation(line->text.chars[position]))
    {
        ++position;
    }
    return position;
}

static size_t width(const char *text, size_t length)
{
    size_t columns = 0;
    for (size_t i = 0; i < length; ++i)
    {
        columns += !is_continuation(text[i]);
    }
    return columns;
}

/// Of a prompt: what `ESC [ … letter` sequences and what comes before the last newline take no room.
static size_t prompt_width(const char *prompt)
{
    const char *last = strrchr(prompt, '\n');
    size_t      columns = 0;
    for (const char *next = last == NULL ? prompt : last + 1; *next != '\0'; ++next)
    {
        if (*next == escape && next[1] == '[')
        {
            while (*next != '\0' && !isalpha((unsigned char)*next))
            {
                ++next;
            }
            if (*next == '\0')
            {
                break;
            }
            continue;
        }
        columns += !is_continuation(*next);
    }
    return columns;
}

static size_t screen_width(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : 80;
}

static void put(const char *text, size_t length)
{
    while (length != 0)
    {
        const ssize_t count = write(STDOUT_FILENO, text, length);
        if (count <= 0)
        {
            return;
        }
        text += count;
        length -= (size_t)count;
    }
}

/// Whether keys wait: pasted text is drawn once, not key by key.
static bool has_input(void)
{
    int waiting = 0;
    return ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0;
}

/// Draws the line on one row, the part around the cursor if it is longer.
static void draw(const struct line *line)
{
    const char  *last_row = strrchr(line->prompt, '\n');
    const size_t room     = screen_width() - 1;
    const size_t prompted = line->prompt_width < room - 10 ? line->prompt_width : 0;
    size_t       start    = 0;
    const char  *text     = line->text.chars == NULL ? "" : line->text.chars;
    while (prompted + width(text + start, line->cursor - start) >= room)
    {
        start = after(line, start);
    }
    size_t end = start;
    while (end < line->text.length && prompted + width(text + start, end - start) < room)
    {
        end = after(line, end);
    }

    struct text output = { 0 };
    text_add(&output, "\r");
    if (prompted != 0)
    {
        text_add(&output, last_row == NULL ? line->prompt : last_row + 1);
    }
    text_add_part(&output, text + start, end - start);
    text_add(&output, "\x1b[K\r");
    const size_t column = prompted + width(text + start, line->cursor - start);
    if (column != 0)
    {
        char move[32];
        snprintf(move, sizeof move, "\x1b[%zuC", column);
        text_add(&output, move);
    }
    put(output.chars, output.length);
    text_free(&output);
}

static void insert(struct line *line, const char *added, size_t length)
{
    char *rest        = copy_of(line->text.chars == NULL ? "" : line->text.chars + line->cursor);
    line->text.length = line->cursor;
    text_add_part(&line->text, added, length);
    text_add(&line->text, rest);
    line->cursor += length;
    free(rest);
}

static void erase(struct line *line, size_t start, size_t end, bool keeps)
{
    if (start >= end)
    {
        return;
    }
    if (keeps)
    {
        text_clear(&line->killed);
        text_add_part(&line->killed, line->text.chars + start, end - start);
    }
    memmove(line->text.chars + start, line->text.chars + end, line->text.length - end + 1);
    line->text.length -= end - start;
    line->cursor = start;
}

static size_t word_before(const struct line *line)
{
    size_t position = line->cursor;
    while (position > 0 && line->text.chars[position - 1] == ' ')
    {
        --position;
    }
    while (position > 0 && line->text.chars[position - 1] != ' ')
    {
        --position;
    }
    return position;
}

static size_t word_after(const struct line *line)
{
    size_t position = line->cursor;
    while (position < line->text.length && line->text.chars[position] == ' ')
    {
        ++position;
    }
    while (position < line->text.length && line->text.chars[position] != ' ')
    {
        ++position;
    }
    return position;
}

static void replace_line(struct line *line, const char *text)
{
    text_clear(&line->text);
    text_add(&line->text, text);
    line->cursor = line->text.length;
}

static void show_history(struct line *line, size_t index)
{
    if (index > history.count)
    {
        return;
    }
    if (line->history_index == history.count)
    {
        free(line->unfinished);
        line->unfinished = copy_of(line->text.chars == NULL ? "" : line->text.chars);
    }
    line->history_index = index;
    replace_line(line, index == history.count ? line->unfinished : history.items[index]);
}

/// Ctrl-R: the newest line that contains what is typed. Returns the key that ended it, to be handled as usual.
static int search_history(struct line *line)
{
    struct text wanted = { 0 };
    size_t      found  = history.count;
    text_add(&wanted, "");
    for (;;)
    {
        struct text shown = { 0 };
        text_add(&shown, "\r\x1b[K(search) ");
        text_add(&shown, wanted.chars);
        text_add(&shown, ": ");
        text_add(&shown, found < history.count ? history.items[found] : "");
        put(shown.chars, shown.length);
        text_free(&shown);

        const int key     = read_key();
        size_t    from    = history.count;
        if (key == ('R' & control))
        {
            from = found;
        }
        else if (key == backspace || key == ('H' & control))
        {
            if (wanted.length != 0)
            {
                wanted.chars[--wanted.length] = '\0';
            }
        }
        else if (key >= ' ' && key < 256)
        {
            text_add_character(&wanted, (char)key);
        }
        else
        {
            if (found < history.count && key != ('G' & control))
            {
                replace_line(line, history.items[found]);
            }
            text_free(&wanted);
            return key == ('G' & control) ? key_unknown : key;
        }
        for (size_t i = from; wanted.length != 0 && i-- > 0;)
        {
            if (strstr(history.items[i], wanted.chars) != NULL)
            {
                found = i;
                break;
            }
        }
    }
}

// ---- Completion ----------------------------------------------------------------------------------------------------

static void add_entries(const char *directory, const char *prefix, bool only_programs, struct string_list *found)
{
    DIR *stream = opendir(directory);
    for (const struct dirent *entry; stream != NULL && (entry = readdir(stream)) != NULL;)
    {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || (entry->d_name[0] == '.' && prefix[0] != '.')
            || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        {
            continue;
        }
        struct text path = { 0 };
        text_add(&path, directory);
        text_add_character(&path, '/');
        text_add(&path, entry->d_name);
        struct stat status;
        const bool  is_directory = stat(path.chars, &status) == 0 && S_ISDIR(status.st_mode);
        if (!only_programs || (!is_directory && access(path.chars, X_OK) == 0))
        {
            struct text name = { 0 };
            text_add(&name, entry->d_name);
            text_add(&name, is_directory ? "/" : "");
            list_add(found, text_take(&name));
        }
        text_free(&path);
    }
    if (stream != NULL)
    {
        closedir(stream);
    }
}

static void add_commands(const char *prefix, struct string_list *found)
{
    for (const struct builtin *builtin = next_builtin(NULL); builtin != NULL; builtin = next_builtin(builtin))
    {
        if (strncmp(builtin->name, prefix, strlen(prefix)) == 0)
        {
            list_add(found, copy_of(builtin->name));
        }
    }
    for (const char *next = variable_or("PATH", ""); next != NULL && *next != '\0';)
    {
        const char *colon     = strchr(next, ':');
        char       *directory = copy_of_part(next, colon == NULL ? strlen(next) : (size_t)(colon - next));
        add_entries(directory, prefix, true, found);
        free(directory);
        next = colon == NULL ? NULL : colon + 1;
    }
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static size_t common_length(const struct string_list *list)
{
    size_t length = strlen(list->items[0]);
    for (size_t i = 1; i < list->count; ++i)
    {
        size_t same = 0;
        while (same < length && list->items[i][same] == list->items[0][same])
        {
            ++same;
        }
        length = same;
    }
    return length;
}

static void list_choices(const struct string_list *choices)
{
    size_t widest = 0;
    for (size_t i = 0; i < choices->count; ++i)
    {
        const size_t each = width(choices->items[i], strlen(choices->items[i]));
        widest            = each > widest ? each : widest;
    }
    const size_t columns = screen_width() / (widest + 2) == 0 ? 1 : screen_width() / (widest + 2);
    put("\r\n", 2);
    for (size_t i = 0; i < choices->count; ++i)
    {
        struct text cell = { 0 };
        text_add(&cell, choices->items[i]);
        const bool ends_row = (i + 1) % columns == 0 || i + 1 == choices->count;
        for (size_t used = width(cell.chars, cell.length); !ends_row && used < widest + 2; ++used)
        {
            text_add_character(&cell, ' ');
        }
        text_add(&cell, ends_row ? "\r\n" : "");
        put(cell.chars, cell.length);
        text_free(&cell);
    }
}

static void complete(struct line *line)
{
    const char *text  = line->text.chars == NULL ? "" : line->text.chars;
    size_t      start = line->cursor;
    while (start > 0 && strchr(" \t;|&<>()=", text[start - 1]) == NULL)
    {
        --start;
    }
    size_t first = start;
    while (first > 0 && text[first - 1] == ' ')
    {
        --first;
    }
    const bool is_command = first == 0 || strchr(";|&(", text[first - 1]) != NULL;

    char       *word   = copy_of_part(text + start, line->cursor - start);
    char       *slash  = strrchr(word, '/');
    const char *prefix = slash == NULL ? word : slash + 1;

    struct string_list found = { 0 };
    if (slash != NULL || !is_command)
    {
        char *directory = slash == NULL ? copy_of(".")
            : slash == word             ? copy_of("/")
                                        : copy_of_part(word, (size_t)(slash - word));
        if (directory[0] == '~')
        {
            char *expanded = expand_to_text(directory);
            free(directory);
            directory = expanded == NULL ? copy_of(".") : expanded;
        }
        add_entries(directory, prefix, false, &found);
        free(directory);
    }
    else
    {
        add_commands(prefix, &found);
    }
    if (found.count == 0)
    {
        put("\a", 1);
    }
    else
    {
        qsort(found.items, found.count, sizeof *found.items, by_text);
        const size_t same  = common_length(&found);
        const size_t typed = strlen(prefix);
        insert(line, found.items[0] + typed, same - typed);
        if (strcmp(found.items[0], found.items[found.count - 1]) == 0)
        {
            if (found.items[0][strlen(found.items[0]) - 1] != '/')
            {
                insert(line, " ", 1);
            }
        }
        else if (same == typed)
        {
            list_choices(&found);
        }
    }
    list_free(&found);
    free(word);
}

// ---- Editing -------------------------------------------------------------------------------------------------------

static void transpose(struct line *line)
{
    if (line->cursor == 0 || line->text.length < 2)
    {
        return;
    }
    const size_t right = line->cursor == line->text.length ? before(line, line->cursor) : line->cursor;
    const size_t left  = before(line, right);
    const size_t end   = after(line, right);
    char        *moved = copy_of_part(line->text.chars + left, right - left);
    memmove(line->text.chars + left, line->text.chars + right, end - right);
    memcpy(line->text.chars + left + (end - right), moved, right - left);
    line->cursor = end;
    free(moved);
}

enum line_state
{
    line_goes_on,
    line_complete,
    line_abandoned,
    line_at_end,
};

static enum line_state handle_key(struct line *line, int key)
{
    if (key == ('R' & control))
    {
        key = search_history(line);
    }
    switch (key)
    {
        case '\r':
        case '\n': return line_complete;
        case key_interrupted:
        case 'C' & control: return line_abandoned;
        case key_end_of_input: return line_at_end;
        case 'D' & control:
            if (line->text.length == 0)
            {
                return line_at_end;
            }
            __attribute__((fallthrough));
        case key_delete: erase(line, line->cursor, after(line, line->cursor), false); break;
        case backspace:
        case 'H' & control: erase(line, before(line, line->cursor), line->cursor, false); break;
        case 'A' & control:
        case key_home: line->cursor = 0; break;
        case 'E' & control:
        case key_end: line->cursor = line->text.length; break;
        case 'B' & control:
        case key_left: line->cursor = before(line, line->cursor); break;
        case 'F' & control:
        case key_right: line->cursor = after(line, line->cursor); break;
        case key_word_left: line->cursor = word_before(line); break;
        case key_word_right: line->cursor = word_after(line); break;
        case key_delete_word: erase(line, line->cursor, word_after(line), true); break;
        case 'W' & control: erase(line, word_before(line), line->cursor, true); break;
        case 'K' & control: erase(line, line->cursor, line->text.length, true); break;
        case 'U' & control: erase(line, 0, line->cursor, true); break;
        case 'Y' & control:
            insert(line, line->killed.chars == NULL ? "" : line->killed.chars, line->killed.length);
            break;
        case 'T' & control: transpose(line); break;
        case 'L' & control: put("\x1b[H\x1b[2J", 7); break;
        case 'P' & control:
        case key_up:
            if (line->history_index != 0)
            {
                show_history(line, line->history_index - 1);
            }
            break;
        case 'N' & control:
        case key_down: show_history(line, line->history_index + 1); break;
        case '\t': complete(line); break;
        default:
            if (key >= ' ' && key < 256)
            {
                const char byte = (char)key;
                insert(line, &byte, 1);
            }
    }
    return line_goes_on;
}

static enum line_state edit(struct line *line)
{
    enum line_state state = line_goes_on;
    bool            is_drawn = true;
    draw(line);
    while (state == line_goes_on)
    {
        const size_t cursor = line->cursor;
        const int    key    = read_key();
        state               = handle_key(line, key);
        // A character at the end of a short line is all that changes.
        const char last      = (char)key;
        const bool is_append = is_drawn && key >= ' ' && key < backspace && cursor + 1 == line->text.length
            && line->prompt_width + width(line->text.chars, line->text.length) + 1 < screen_width();
        if (is_append)
        {
            put(&last, 1);
        }
        else
        {
            is_drawn = state == line_goes_on && !has_input();
            if (is_drawn)
            {
                draw(line);
            }
        }
    }
    line->cursor = line->text.length;
    draw(line);
    put(state == line_abandoned ? "^C\r\n" : "\r\n", state == line_abandoned ? 4 : 2);
    return state;
}

/// Without a terminal that can be edited on.
static char *read_plain_line(const char *prompt)
{
    struct text line = { 0 };
    fputs(prompt, stderr);
    fflush(stderr);
    for (;;)
    {
        const int byte = read_byte();
        if (byte == key_interrupted)
        {
            text_free(&line);
            fputc('\n', stderr);
            return copy_of("");
        }
        if (byte == key_end_of_input && line.length == 0)
        {
            return NULL;
        }
        if (byte == '\n' || byte == key_end_of_input)
        {
            return text_take(&line);
        }
        text_add_character(&line, (char)byte);
    }
}

static bool can_edit(void)
{
    const char *kind = variable_value("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && (kind == NULL || strcmp(kind, "dumb") != 0);
}

static char *edit_on_terminal(const char *prompt)
{
    struct termios old;
    if (tcgetattr(STDIN_FILENO, &old) != 0)
    {
        return read_plain_line(prompt);
    }
    struct termios raw = old;
    raw.c_lflag &= (tcflag_t) ~(ECHO | ICANON | ISIG | IEXTEN);
    raw.c_iflag &= (tcflag_t) ~(ICRNL | IXON);
    raw.c_cc[VMIN]  = 1;
    raw.c_cc[VTIME] = 0;
    const char *last_row = strrchr(prompt, '\n');
    if (last_row != NULL)
    {
        put(prompt, (size_t)(last_row + 1 - prompt));
    }
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    struct line     line  = { .prompt = prompt, .prompt_width = prompt_width(prompt), .history_index = history.count };
    enum line_state state = edit(&line);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &old);

    char *result = NULL;
    if (state == line_abandoned)
    {
        shell.status = 128 + 2;
        result       = copy_of("");
    }
    else if (state == line_complete || line.text.length != 0)
    {
        result = text_take(&line.text);
        remember(result);
    }
    text_free(&line.text);
    text_free(&line.killed);
    free(line.unfinished);
    return result;
}

char *edit_line(const char *prompt)
{
    fflush(NULL);
    char *expanded = expand_here_document(prompt);
    char *shown    = expanded == NULL ? copy_of("$ ") : expanded;
    char *line     = can_edit() ? edit_on_terminal(shown) : read_plain_line(shown);
    free(shown);
    return line;
}
