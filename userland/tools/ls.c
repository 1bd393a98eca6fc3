// ls: what is in directories.
#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

struct entry
{
    char       *name;
    char       *path;
    struct stat status;
    char       *target; ///< of a link, in the long form
};

struct entries
{
    struct entry *items;
    size_t        count;
};

enum order
{
    by_name,
    by_time,
    by_size,
    in_no_order
};

static struct
{
    bool       all, almost_all, long_form, recursive, columns, across, human, directory_itself, classify, slashes, reverse, inode, blocks;
    bool       numeric, follow, no_owner, no_group, quote_controls, access_time, change_time;
    enum order order;
    int        width;
    time_t     now;
} how;

static struct timespec time_of(const struct stat *status)
{
    return how.access_time ? status->st_atim : how.change_time ? status->st_ctim : status->st_mtim;
}

static int compare_entries(const void *left_entry, const void *right_entry)
{
    const struct entry *left = left_entry, *right = right_entry;
    int                 order = 0;
    if (how.order == by_time)
    {
        const struct timespec a = time_of(&left->status), b = time_of(&right->status);
        order = a.tv_sec != b.tv_sec ? (a.tv_sec < b.tv_sec ? 1 : -1) : (a.tv_nsec < b.tv_nsec) - (a.tv_nsec > b.tv_nsec);
    }
    else if (how.order == by_size)
    {
        order = (left->status.st_size < right->status.st_size) - (left->status.st_size > right->status.st_size);
    }
    order = order != 0 ? order : strcmp(left->name, right->name);
    return how.reverse ? -order : order;
}

static const char *mark_of(mode_t mode)
{
    if (S_ISDIR(mode))
    {
        return how.classify || how.slashes ? "/" : "";
    }
    if (!how.classify)
    {
        return "";
    }
    return S_ISLNK(mode) ? "@" : S_ISFIFO(mode) ? "|" : S_ISSOCK(mode) ? "=" : S_ISREG(mode) && (mode & 0111) != 0 ? "*" : "";
}

static void put_name(const char *name)
{
    for (; *name != '\0'; ++name)
    {
        const unsigned char byte = (unsigned char)*name;
        putchar(how.quote_controls && (byte < 32 || byte == 127) ? '?' : byte);
    }
}

static int number_width(unsigned long long number)
{
    int width = 1;
    while ((number /= 10) != 0)
    {
        ++width;
    }
    return width;
}

static int larger(int left, int right)
{
    return left > right ? left : right;
}

static unsigned long long blocks_of(const struct entry *entry)
{
    return ((unsigned long long)entry->status.st_blocks + 1) / 2;
}

static void amount_text(unsigned long long bytes, unsigned long long plain, char text[24])
{
    if (how.human)
    {
        size_text(bytes, text);
    }
    else
    {
        snprintf(text, 24, "%llu", plain);
    }
}

static void file_size_text(const struct entry *entry, char text[24])
{
    if (S_ISCHR(entry->status.st_mode) || S_ISBLK(entry->status.st_mode))
    {
        snprintf(text, 24, "%u, %u", major(entry->status.st_rdev), minor(entry->status.st_rdev));
        return;
    }
    amount_text((unsigned long long)entry->status.st_size, (unsigned long long)entry->status.st_size, text);
}

static const char *owner_of(const struct entry *entry, char number[16])
{
    if (!how.numeric)
    {
        return user_text(entry->status.st_uid, number);
    }
    snprintf(number, 16, "%lu", (unsigned long)entry->status.st_uid);
    return number;
}

static const char *group_of(const struct entry *entry, char number[16])
{
    if (!how.numeric)
    {
        return group_text(entry->status.st_gid, number);
    }
    snprintf(number, 16, "%lu", (unsigned long)entry->status.st_gid);
    return number;
}

struct widths
{
    int inode, blocks, links, owner, group, size;
};

static struct widths measure(const struct entries *entries)
{
    struct widths widths = { 0 };
    for (size_t i = 0; i < entries->count; ++i)
    {
        const struct entry *entry = &entries->items[i];
        char                text[24], number[16];
        widths.inode = larger(widths.inode, number_width(entry->status.st_ino));
        amount_text((unsigned long long)entry->status.st_blocks * 512, blocks_of(entry), text);
        widths.blocks = larger(widths.blocks, (int)strlen(text));
        if (how.long_form)
        {
            widths.links = larger(widths.links, number_width(entry->status.st_nlink));
            widths.owner = larger(widths.owner, (int)strlen(owner_of(entry, number)));
            widths.group = larger(widths.group, (int)strlen(group_of(entry, number)));
            file_size_text(entry, text);
            widths.size = larger(widths.size, (int)strlen(text));
        }
    }
    return widths;
}

static void put_prefix(const struct entry *entry, const struct widths *widths)
{
    if (how.inode)
    {
        printf("%*llu ", widths->inode, (unsigned long long)entry->status.st_ino);
    }
    if (how.blocks)
    {
        char text[24];
        amount_text((unsigned long long)entry->status.st_blocks * 512, blocks_of(entry), text);
        printf("%*s ", widths->blocks, text);
    }
}

static void put_long(const struct entry *entry, const struct widths *widths)
{
    char mode[11], size[24], number[16], date[32];
    mode_text(entry->status.st_mode, mode);
    file_size_text(entry, size);
    printf("%s %*lu ", mode, widths->links, (unsigned long)entry->status.st_nlink);
    if (!how.no_owner)
    {
        const bool is_number = how.numeric;
        printf(is_number ? "%*s " : "%-*s ", widths->owner, owner_of(entry, number));
    }
    if (!how.no_group)
    {
        printf(how.numeric ? "%*s " : "%-*s ", widths->group, group_of(entry, number));
    }
    const time_t     when   = time_of(&entry->status).tv_sec;
    const time_t     half   = 31556952 / 2;
    const struct tm *fields = localtime(&when);
    if (fields == NULL || strftime(date, sizeof date, when > how.now - half && when <= how.now ? "%b %e %H:%M" : "%b %e  %Y", fields) == 0)
    {
        snprintf(date, sizeof date, "%lld", (long long)when);
    }
    printf("%*s %s ", widths->size, size, date);
    put_name(entry->name);
    if (entry->target != NULL)
    {
        struct stat pointed;
        printf(" -> ");
        put_name(entry->target);
        puts(stat(entry->path, &pointed) == 0 ? mark_of(pointed.st_mode) : "");
        return;
    }
    puts(mark_of(entry->status.st_mode));
}

static int shown_width(const struct entry *entry, const struct widths *widths)
{
    return (int)strlen(entry->name) + (int)strlen(mark_of(entry->status.st_mode)) + (how.inode ? widths->inode + 1 : 0)
        + (how.blocks ? widths->blocks + 1 : 0);
}

/// As many columns as fit, each as wide as its longest name.
static void put_columns(const struct entries *entries, const struct widths *widths)
{
    const size_t count = entries->count;
    int         *width = allocate((count + 1) * sizeof *width);
    size_t       columns = count, rows = 1;
    for (; columns > 1; --columns)
    {
        rows = (count + columns - 1) / columns;
        memset(width, 0, columns * sizeof *width);
        for (size_t i = 0; i < count; ++i)
        {
            const size_t column = how.across ? i % columns : i / rows;
            width[column]       = larger(width[column], shown_width(&entries->items[i], widths) + 2);
        }
        long total = -2;
        for (size_t column = 0; column < columns; ++column)
        {
            total += width[column];
        }
        if (total < how.width)
        {
            break;
        }
    }
    rows = columns == 0 ? 0 : (count + columns - 1) / columns;
    for (size_t row = 0; row < rows; ++row)
    {
        for (size_t column = 0; column < columns; ++column)
        {
            const size_t i = how.across ? row * columns + column : column * rows + row;
            if (i >= count)
            {
                break;
            }
            const struct entry *entry = &entries->items[i];
            put_prefix(entry, widths);
            put_name(entry->name);
            fputs(mark_of(entry->status.st_mode), stdout);
            const size_t next = how.across ? i + 1 : i + rows;
            if (column + 1 < columns && next < count)
            {
                printf("%*s", width[column] - shown_width(entry, widths), "");
            }
        }
        putchar('\n');
    }
    free(width);
}

static void put_entries(const struct entries *entries)
{
    const struct widths widths = measure(entries);
    if (how.columns)
    {
        put_columns(entries, &widths);
        return;
    }
    for (size_t i = 0; i < entries->count; ++i)
    {
        const struct entry *entry = &entries->items[i];
        put_prefix(entry, &widths);
        if (how.long_form)
        {
            put_long(entry, &widths);
        }
        else
        {
            put_name(entry->name);
            puts(mark_of(entry->status.st_mode));
        }
    }
}

/// False after a message.
static bool add_entry(struct entries *entries, const char *directory, const char *name, bool is_named)
{
    struct entry entry   = { .name = copy_of(name), .path = directory == NULL ? copy_of(name) : joined_path(directory, name) };
    const bool   follows = how.follow || (is_named && !how.long_form && !how.directory_itself && !how.classify);
    if ((!follows || stat(entry.path, &entry.status) != 0) && lstat(entry.path, &entry.status) != 0)
    {
        complain_about(entry.path);
        free(entry.name);
        free(entry.path);
        return false;
    }
    if (how.long_form && S_ISLNK(entry.status.st_mode))
    {
        char          target[PATH_MAX];
        const ssize_t length = readlink(entry.path, target, sizeof target - 1);
        target[length < 0 ? 0 : length] = '\0';
        entry.target                    = copy_of(target);
    }
    entries->items                   = reallocate(entries->items, (entries->count + 1) * sizeof *entries->items);
    entries->items[entries->count++] = entry;
    return true;
}

static void free_entries(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; ++i)
    {
        free(entries->items[i].name);
        free(entries->items[i].path);
        free(entries->items[i].target);
    }
    free(entries->items);
}

static void sort_entries(struct entries *entries)
{
    if (how.order != in_no_order && entries->count > 0)
    {
        qsort(entries->items, entries->count, sizeof *entries->items, compare_entries);
    }
}

static int list_directory(const char *path, bool heading, bool first)
{
    struct name_list names;
    if (!read_directory(path, &names))
    {
        return 1;
    }
    if (heading)
    {
        printf("%s%s:\n", first ? "" : "\n", path);
    }
    struct entries entries = { 0 };
    int            status  = 0;
    if (how.all)
    {
        add_entry(&entries, path, ".", false);
        add_entry(&entries, path, "..", false);
    }
    for (size_t i = 0; i < names.count; ++i)
    {
        if ((how.all || how.almost_all || names.items[i][0] != '.') && !add_entry(&entries, path, names.items[i], false))
        {
            status = 1;
        }
    }
    free_names(&names);
    sort_entries(&entries);
    if (how.long_form || how.blocks)
    {
        unsigned long long total = 0;
        char               text[24];
        for (size_t i = 0; i < entries.count; ++i)
        {
            total += (unsigned long long)entries.items[i].status.st_blocks;
        }
        amount_text(total * 512, (total + 1) / 2, text);
        printf("total %s\n", text);
    }
    put_entries(&entries);
    for (size_t i = 0; how.recursive && i < entries.count; ++i)
    {
        const struct entry *entry = &entries.items[i];
        if (S_ISDIR(entry->status.st_mode) && strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
        {
            status |= list_directory(entry->path, true, false);
        }
    }
    free_entries(&entries);
    return status;
}

static int terminal_width(void)
{
    struct winsize size;
    const char    *columns = getenv("COLUMNS");
    if (columns != NULL && atoi(columns) > 0)
    {
        return atoi(columns);
    }
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int ls_tool(int count, char **arguments)
{
    how.now            = time(NULL);
    how.columns        = isatty(STDOUT_FILENO);
    how.quote_controls = how.columns;
    how.width          = terminal_width();
    for (int option; (option = getopt(count, arguments, "1AacCdFfghiLlnopqRrSstUuw:x")) != -1;)
    {
        switch (option)
        {
            case '1': how.columns = false; break;
            case 'A': how.almost_all = true; break;
            case 'a': how.all = true; break;
            case 'c': how.change_time = true; break;
            case 'C':
                how.columns   = true;
                how.across    = false;
                how.long_form = false;
                break;
            case 'd': how.directory_itself = true; break;
            case 'F': how.classify = true; break;
            case 'f':
                how.order = in_no_order;
                how.all   = true;
                break;
            case 'g': how.no_owner = how.long_form = true; break;
            case 'h': how.human = true; break;
            case 'i': how.inode = true; break;
            case 'L': how.follow = true; break;
            case 'l': how.long_form = true; break;
            case 'n': how.numeric = how.long_form = true; break;
            case 'o': how.no_group = how.long_form = true; break;
            case 'p': how.slashes = true; break;
            case 'q': how.quote_controls = true; break;
            case 'R': how.recursive = true; break;
            case 'r': how.reverse = true; break;
            case 'S': how.order = by_size; break;
            case 's': how.blocks = true; break;
            case 't': how.order = by_time; break;
            case 'U': how.order = in_no_order; break;
            case 'u': how.access_time = true; break;
            case 'w': how.width = (int)number_with_unit(optarg, "columns"); break;
            case 'x': how.columns = how.across = true; break;
            default: return 2;
        }
    }
    how.columns = how.columns && !how.long_form;

    static char   *here[]      = { ".", NULL };
    char         **names       = optind < count ? arguments + optind : here;
    struct entries files       = { 0 };
    struct entries directories = { 0 };
    int            status      = 0;
    for (char **name = names; *name != NULL; ++name)
    {
        struct entries named = { 0 };
        if (!add_entry(&named, NULL, *name, true))
        {
            status = 2;
            continue;
        }
        struct entries *list = S_ISDIR(named.items[0].status.st_mode) && !how.directory_itself ? &directories : &files;
        list->items          = reallocate(list->items, (list->count + 1) * sizeof *list->items);
        list->items[list->count++] = named.items[0];
        free(named.items);
    }
    sort_entries(&files);
    sort_entries(&directories);
    put_entries(&files);
    const bool heading = names[0] != NULL && (names[1] != NULL || how.recursive);
    for (size_t i = 0; i < directories.count; ++i)
    {
        const int result = list_directory(directories.items[i].name, heading, i == 0 && files.count == 0);
        status           = status != 0 ? status : result == 0 ? 0 : 2;
    }
    free_entries(&files);
    free_entries(&directories);
    return status;
}
