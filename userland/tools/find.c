// find, xargs: commands over many files.
#include "tool.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// Runs a program and waits for it: its exit status, 128 plus the number of a signal; 126 or 127 if it could not run.
static int run_program(char **arguments)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child < 0)
    {
        fail(1, "%s: %s", arguments[0], strerror(errno));
    }
    if (child == 0)
    {
        execvp(arguments[0], arguments);
        const int status = errno == ENOENT ? 127 : 126;
        complain_about(arguments[0]);
        _exit(status);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
    {
        if (errno != EINTR)
        {
            fail(1, "%s: %s", arguments[0], strerror(errno));
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct file
{
    const char *path;
    const char *name;
    struct stat status;
    int         depth;
    bool        pruned;
};

enum kind
{
    test_and,
    test_or,
    test_not,
    test_name,
    test_path,
    test_type,
    test_size,
    test_time,
    test_newer,
    test_empty,
    test_mode,
    test_user,
    test_group,
    test_links,
    test_inode,
    test_true,
    test_false,
    act_print,
    act_print0,
    act_prune,
    act_quit,
    act_delete,
    act_execute,
    act_ask_execute,
    act_execute_many
};

struct node
{
    enum kind    kind;
    struct node *left, *right;
    const char  *text;
    long long    number;
    char         comparison; ///< of the number: `+`, `-` or `=`; of a mode: `-`, `/` or `=`
    long long    unit;
    int          flags;
    char         clock; ///< a, c or m
    mode_t       mode;
    struct timespec when;
    char       **command;
    size_t       command_length;
    char       **collected;
    size_t       collected_count;
    size_t       collected_bytes;
};

static struct
{
    bool   follow, follow_named, depth_first, stays, has_action, quits;
    int    least_depth, most_depth;
    int    status;
    time_t now;
    char **next;
    struct node *many; ///< those of `-exec … +`, linked by `right`
} how = { .most_depth = INT_MAX };

static struct node *new_node(enum kind kind)
{
    struct node *node = allocate(sizeof *node);
    *node             = (struct node) { .kind = kind };
    return node;
}

static const char *argument_of(const char *test)
{
    if (*how.next == NULL)
    {
        fail(1, "%s: an argument is wanted", test);
    }
    return *how.next++;
}

static void read_number(struct node *node, const char *text, const char *test)
{
    char *end;
    node->comparison = *text == '+' || *text == '-' ? *text : '=';
    const char *digits = text + (node->comparison != '=');
    node->number       = strtoll(digits, &end, 10);
    node->unit         = 1;
    if (node->kind == test_size)
    {
        switch (*end)
        {
            case 'c': node->unit = 1; break;
            case 'w': node->unit = 2; break;
            case 'k': node->unit = 1 << 10; break;
            case 'M': node->unit = 1 << 20; break;
            case 'G': node->unit = 1 << 30; break;
            default: node->unit = 512;
        }
        end += *end == 'c' || *end == 'w' || *end == 'b' || *end == 'k' || *end == 'M' || *end == 'G';
    }
    if (end == digits || *end != '\0' || node->number < 0)
    {
        fail(1, "%s %s: a number is wanted, perhaps after + or -", test, text);
    }
}

static void read_command(struct node *node, const char *test)
{
    char **start = how.next;
    for (; *how.next != NULL; ++how.next)
    {
        const bool many = test[1] == 'e' && strcmp(*how.next, "+") == 0 && how.next > start && strcmp(how.next[-1], "{}") == 0;
        if (strcmp(*how.next, ";") == 0 || many)
        {
            node->command        = start;
            node->command_length = (size_t)(how.next - start) - many;
            if (node->command_length == 0)
            {
                fail(1, "%s: a command is wanted", test);
            }
            if (many)
            {
                node->kind  = act_execute_many;
                node->right = how.many;
                how.many    = node;
            }
            ++how.next;
            return;
        }
    }
    fail(1, "%s: the command must end with ; or {} +", test);
}

static struct node *parse_or(void);

static struct node *parse_primary(void)
{
    static const struct
    {
        const char *name;
        enum kind   kind;
        char        detail;
    } tests[] = { { "-name", test_name, 0 }, { "-iname", test_name, 'i' }, { "-path", test_path, 0 }, { "-ipath", test_path, 'i' },
        { "-wholename", test_path, 0 }, { "-type", test_type, 0 }, { "-size", test_size, 0 }, { "-mtime", test_time, 'm' },
        { "-atime", test_time, 'a' }, { "-ctime", test_time, 'c' }, { "-mmin", test_time, 'M' }, { "-amin", test_time, 'A' },
        { "-cmin", test_time, 'C' }, { "-newer", test_newer, 0 }, { "-empty", test_empty, 0 }, { "-perm", test_mode, 0 },
        { "-user", test_user, 0 }, { "-group", test_group, 0 }, { "-links", test_links, 0 }, { "-inum", test_inode, 0 },
        { "-true", test_true, 0 }, { "-false", test_false, 0 }, { "-print", act_print, 0 }, { "-print0", act_print0, 0 },
        { "-prune", act_prune, 0 }, { "-quit", act_quit, 0 }, { "-delete", act_delete, 0 }, { "-exec", act_execute, 0 },
        { "-ok", act_ask_execute, 0 }, { "-depth", test_true, 'd' }, { "-xdev", test_true, 'x' }, { "-mount", test_true, 'x' },
        { "-maxdepth", test_true, '>' }, { "-mindepth", test_true, '<' }, { "-follow", test_true, 'L' } };

    const char *word = *how.next;
    if (word == NULL)
    {
        fail(1, "the expression ends where a test is wanted");
    }
    ++how.next;
    if (strcmp(word, "(") == 0)
    {
        struct node *inner = parse_or();
        if (*how.next == NULL || strcmp(*how.next, ")") != 0)
        {
            fail(1, "a ( has no )");
        }
        ++how.next;
        return inner;
    }
    if (strcmp(word, "!") == 0 || strcmp(word, "-not") == 0)
    {
        struct node *node = new_node(test_not);
        node->left        = parse_primary();
        return node;
    }
    size_t which = 0;
    while (which < sizeof tests / sizeof tests[0] && strcmp(tests[which].name, word) != 0)
    {
        ++which;
    }
    if (which == sizeof tests / sizeof tests[0])
    {
        fail(1, "%s: no such test", word);
    }
    struct node *node   = new_node(tests[which].kind);
    const char   detail = tests[which].detail;
    how.has_action      = how.has_action || (node->kind >= act_print && node->kind != act_prune && node->kind != act_quit);
    struct stat reference;
    switch (node->kind)
    {
        case test_name:
        case test_path:
            node->text  = argument_of(word);
            node->flags = detail;
            break;
        case test_type:
            node->text = argument_of(word);
            if (*node->text == '\0' || strspn(node->text, "bcdpfls,") != strlen(node->text))
            {
                fail(1, "-type %s: one of b c d p f l s is wanted", node->text);
            }
            break;
        case test_size:
        case test_links:
        case test_inode: read_number(node, argument_of(word), word); break;
        case test_time:
            read_number(node, argument_of(word), word);
            node->unit  = detail < 'a' ? 60 : 86400;
            node->clock = detail < 'a' ? (char)(detail - 'A' + 'a') : detail;
            break;
        case test_newer:
            node->text = argument_of(word);
            if (stat(node->text, &reference) != 0)
            {
                fail(1, "%s: %s", node->text, strerror(errno));
            }
            node->when = reference.st_mtim;
            break;
        case test_mode:
            node->text       = argument_of(word);
            node->comparison = *node->text == '-' || *node->text == '/' ? *node->text : '=';
            if (!apply_mode(node->text + (node->comparison != '='), 0, 0, &node->mode))
            {
                fail(1, "-perm %s: no mode", node->text);
            }
            break;
        case test_user:
        case test_group: node->text = argument_of(word); break;
        case act_execute:
        case act_ask_execute: read_command(node, word); break;
        case act_delete: how.depth_first = true; break;
        case test_true:
            switch (detail)
            {
                case 'd': how.depth_first = true; break;
                case 'x': how.stays = true; break;
                case 'L': how.follow = true; break;
                case '<':
                case '>':
                    read_number(node, argument_of(word), word);
                    *(detail == '<' ? &how.least_depth : &how.most_depth) = node->number > INT_MAX ? INT_MAX : (int)node->number;
                    break;
            }
            break;
        default: break;
    }
    return node;
}

static bool is_at(const char *word, const char *other)
{
    return *how.next != NULL && (strcmp(*how.next, word) == 0 || strcmp(*how.next, other) == 0);
}

static struct node *parse_and(void)
{
    struct node *left = parse_primary();
    while (*how.next != NULL && !is_at("-o", "-or") && !is_at(")", ","))
    {
        how.next += is_at("-a", "-and");
        struct node *node = new_node(test_and);
        node->left        = left;
        node->right       = parse_primary();
        left              = node;
    }
    return left;
}

static struct node *parse_or(void)
{
    struct node *left = parse_and();
    while (is_at("-o", "-or"))
    {
        ++how.next;
        struct node *node = new_node(test_or);
        node->left        = left;
        node->right       = parse_and();
        left              = node;
    }
    return left;
}

static bool compares(const struct node *node, long long value)
{
    return node->comparison == '+' ? value > node->number : node->comparison == '-' ? value < node->number : value == node->number;
}

static bool is_of_type(mode_t mode, const char *types)
{
    const char type = S_ISREG(mode) ? 'f' : S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : S_ISBLK(mode) ? 'b' : S_ISFIFO(mode) ? 'p' : 's';
    return strchr(types, type) != NULL;
}

static bool is_empty(const struct file *file)
{
    if (S_ISREG(file->status.st_mode))
    {
        return file->status.st_size == 0;
    }
    struct name_list names;
    if (!S_ISDIR(file->status.st_mode) || !read_directory(file->path, &names))
    {
        return false;
    }
    const bool empty = names.count == 0;
    free_names(&names);
    return empty;
}

static bool is_owned(const struct node *node, unsigned long owner, const char *name)
{
    char               *end;
    const unsigned long number = strtoul(node->text, &end, 10);
    return strcmp(node->text, name) == 0 || (*end == '\0' && end != node->text && number == owner);
}

static bool execute(const struct node *node, const struct file *file)
{
    char **command = allocate((node->command_length + 1) * sizeof *command);
    for (size_t i = 0; i < node->command_length; ++i)
    {
        struct text word = { 0 };
        text_add_string(&word, "");
        for (const char *next = node->command[i]; *next != '\0';)
        {
            if (next[0] == '{' && next[1] == '}')
            {
                text_add_string(&word, file->path);
                next += 2;
            }
            else
            {
                text_add_character(&word, *next++);
            }
        }
        command[i] = word.chars;
    }
    command[node->command_length] = NULL;
    const bool agreed             = node->kind != act_ask_execute || confirmed("run %s on %s", command[0], file->path);
    const bool succeeded          = agreed && run_program(command) == 0;
    for (size_t i = 0; i < node->command_length; ++i)
    {
        free(command[i]);
    }
    free(command);
    return succeeded;
}

static void execute_collected(struct node *node)
{
    if (node->collected_count == 0)
    {
        return;
    }
    const size_t fixed   = node->command_length;
    char       **command = allocate((fixed + node->collected_count + 1) * sizeof *command);
    memcpy(command, node->command, fixed * sizeof *command);
    memcpy(command + fixed, node->collected, node->collected_count * sizeof *command);
    command[fixed + node->collected_count] = NULL;
    if (run_program(command) != 0)
    {
        how.status = 1;
    }
    for (size_t i = 0; i < node->collected_count; ++i)
    {
        free(node->collected[i]);
    }
    free(command);
    node->collected_count = node->collected_bytes = 0;
}

static const size_t most_argument_bytes = 65536;

static void collect(struct node *node, const char *path)
{
    const size_t size = strlen(path) + 1;
    if (node->collected_bytes + size > most_argument_bytes)
    {
        execute_collected(node);
    }
    node->collected                          = reallocate(node->collected, (node->collected_count + 1) * sizeof *node->collected);
    node->collected[node->collected_count++] = copy_of(path);
    node->collected_bytes += size;
}

static bool holds(struct node *node, struct file *file)
{
    const struct stat *status = &file->status;
    char               number[16];
    switch (node->kind)
    {
        case test_and: return holds(node->left, file) && !how.quits && holds(node->right, file);
        case test_or: return holds(node->left, file) || holds(node->right, file);
        case test_not: return !holds(node->left, file);
        case test_name:
        case test_path:
        {
            // Case is folded by hand: POSIX's fnmatch cannot.
            char *pattern = copy_of(node->text);
            char *subject = copy_of(node->kind == test_name ? file->name : file->path);
            for (char *next = pattern; node->flags == 'i' && *next != '\0'; ++next)
            {
                *next = *next >= 'A' && *next <= 'Z' ? (char)(*next - 'A' + 'a') : *next;
            }
            for (char *next = subject; node->flags == 'i' && *next != '\0'; ++next)
            {
                *next = *next >= 'A' && *next <= 'Z' ? (char)(*next - 'A' + 'a') : *next;
            }
            const bool matches = fnmatch(pattern, subject, 0) == 0;
            free(pattern);
            free(subject);
            return matches;
        }
        case test_type: return is_of_type(status->st_mode, node->text);
        case test_size: return compares(node, (status->st_size + node->unit - 1) / node->unit);
        case test_time:
        {
            const time_t when = node->clock == 'a' ? status->st_atime : node->clock == 'c' ? status->st_ctime : status->st_mtime;
            const long long age = (long long)(how.now - when);
            // Minutes are compared as they are, days without their fraction.
            if (node->unit == 60)
            {
                return node->comparison == '+' ? age > node->number * 60
                    : node->comparison == '-'  ? age < node->number * 60
                                               : age > (node->number - 1) * 60 && age <= node->number * 60;
            }
            return compares(node, age >= 0 ? age / node->unit : -1);
        }
        case test_newer:
            return status->st_mtim.tv_sec > node->when.tv_sec
                || (status->st_mtim.tv_sec == node->when.tv_sec && status->st_mtim.tv_nsec > node->when.tv_nsec);
        case test_empty: return is_empty(file);
        case test_mode:
        {
            const mode_t mode = status->st_mode & 07777;
            return node->comparison == '-' ? (mode & node->mode) == node->mode
                : node->comparison == '/'  ? node->mode == 0 || (mode & node->mode) != 0
                                           : mode == node->mode;
        }
        case test_user: return is_owned(node, status->st_uid, user_text(status->st_uid, number));
        case test_group: return is_owned(node, status->st_gid, group_text(status->st_gid, number));
        case test_links: return compares(node, (long long)status->st_nlink);
        case test_inode: return compares(node, (long long)status->st_ino);
        case test_true: return true;
        case test_false: return false;
        case act_print: puts(file->path); return true;
        case act_print0: fwrite(file->path, 1, strlen(file->path) + 1, stdout); return true;
        case act_prune: file->pruned = true; return true;
        case act_quit: how.quits = true; return true;
        case act_delete:
            if (strcmp(file->path, ".") == 0)
            {
                return true;
            }
            if ((S_ISDIR(status->st_mode) ? rmdir(file->path) : unlink(file->path)) != 0)
            {
                how.status = complain_about(file->path);
                return false;
            }
            return true;
        case act_execute:
        case act_ask_execute: return execute(node, file);
        case act_execute_many: collect(node, file->path); return true;
    }
    return false;
}

/// A directory being walked, for finding loops of links.
struct above
{
    const struct above *next;
    dev_t               device;
    ino_t               inode;
};

static void walk(const char *path, const char *name, int depth, struct node *expression, const struct above *above)
{
    struct file file    = { .path = path, .name = name, .depth = depth };
    const bool  follows = how.follow || (how.follow_named && depth == 0);
    if ((!follows || stat(path, &file.status) != 0) && lstat(path, &file.status) != 0)
    {
        how.status = complain_about(path);
        return;
    }
    for (const struct above *other = above; other != NULL; other = other->next)
    {
        if (S_ISDIR(file.status.st_mode) && other->device == file.status.st_dev && other->inode == file.status.st_ino)
        {
            how.status = complain("%s: a link leads back to a directory above", path);
            return;
        }
    }
    const bool tested = depth >= how.least_depth;
    if (!how.depth_first && tested)
    {
        holds(expression, &file);
    }
    const bool leaves = how.stays && above != NULL && above->device != file.status.st_dev;
    if (S_ISDIR(file.status.st_mode) && !file.pruned && depth < how.most_depth && !how.quits && !leaves)
    {
        const struct above here = { above, file.status.st_dev, file.status.st_ino };
        struct name_list   names;
        if (read_directory(path, &names))
        {
            for (size_t i = 0; i < names.count && !how.quits; ++i)
            {
                char *inner = joined_path(path, names.items[i]);
                walk(inner, names.items[i], depth + 1, expression, &here);
                free(inner);
            }
            free_names(&names);
        }
        else
        {
            how.status = 1;
        }
    }
    if (how.depth_first && tested && !how.quits)
    {
        holds(expression, &file);
    }
}

static bool begins_expression(const char *word)
{
    return (word[0] == '-' && word[1] != '\0') || strcmp(word, "(") == 0 || strcmp(word, "!") == 0;
}

int find_tool(int count, char **arguments)
{
    how.now  = time(NULL);
    int next = 1;
    for (; next < count && (strcmp(arguments[next], "-L") == 0 || strcmp(arguments[next], "-H") == 0 || strcmp(arguments[next], "-P") == 0);
         ++next)
    {
        how.follow       = arguments[next][1] == 'L';
        how.follow_named = arguments[next][1] == 'H';
    }
    static char *here[] = { ".", NULL };
    char       **paths  = arguments + next;
    int          path_count = 0;
    while (paths[path_count] != NULL && !begins_expression(paths[path_count]))
    {
        ++path_count;
    }
    how.next                = paths + path_count;
    struct node *expression = *how.next == NULL ? new_node(test_true) : parse_or();
    if (*how.next != NULL)
    {
        fail(1, "%s: is out of place in the expression", *how.next);
    }
    if (!how.has_action)
    {
        struct node *node = new_node(test_and);
        node->left        = expression;
        node->right       = new_node(act_print);
        expression        = node;
    }
    if (path_count == 0)
    {
        paths      = here;
        path_count = 1;
    }
    for (int i = 0; i < path_count && !how.quits; ++i)
    {
        char *name = last_part(paths[i]);
        walk(paths[i], name, 0, expression, NULL);
        free(name);
    }
    for (struct node *node = how.many; node != NULL; node = node->right)
    {
        execute_collected(node);
    }
    return how.status;
}

static struct
{
    bool        null_separated, no_empty_run, trace;
    const char *replaced;
    size_t      most_arguments, most_lines, most_bytes;
    char      **command;
    size_t      command_length;
    int         status;
    int         failed;
    const char *end;
} each = { .most_bytes = 65536 };

/// One argument of xargs; false at the end. `ends_line` says whether a line ended after it.
static bool read_argument(struct text *word, bool *ends_line)
{
    int  byte;
    bool any = false;
    text_clear(word);
    *ends_line = false;
    if (each.null_separated || each.replaced != NULL)
    {
        const int end = each.null_separated ? '\0' : '\n';
        for (;;)
        {
            while ((byte = getchar()) != EOF && byte != end)
            {
                any = true;
                if (!(each.replaced != NULL && !each.null_separated && word->length == 0 && (byte == ' ' || byte == '\t')))
                {
                    text_add_character(word, (char)byte);
                }
            }
            if (byte == EOF || word->length > 0 || each.null_separated)
            {
                return byte != EOF || (any && word->length > 0);
            }
        }
    }
    int quote = 0;
    while ((byte = getchar()) != EOF)
    {
        if (quote != 0)
        {
            if (byte == '\n')
            {
                break;
            }
            if (byte == quote)
            {
                quote = 0;
            }
            else
            {
                text_add_character(word, (char)byte);
            }
        }
        else if (byte == '"' || byte == '\'')
        {
            quote = byte;
            any   = true;
        }
        else if (byte == '\\')
        {
            byte = getchar();
            any  = true;
            if (byte != EOF)
            {
                text_add_character(word, (char)byte);
            }
        }
        else if (byte == ' ' || byte == '\t' || byte == '\n')
        {
            if (any)
            {
                *ends_line = byte == '\n';
                return true;
            }
        }
        else
        {
            any = true;
            text_add_character(word, (char)byte);
        }
    }
    if (quote != 0)
    {
        each.failed = complain("a %s quote has no end on its line", quote == '"' ? "double" : "single");
        return false; // what came before is still used
    }
    return any;
}

static void run_each(char **command)
{
    if (each.trace)
    {
        for (char **word = command; *word != NULL; ++word)
        {
            fprintf(stderr, "%s%s", word == command ? "" : " ", *word);
        }
        fputc('\n', stderr);
    }
    const int status = run_program(command);
    if (status == 255)
    {
        fail(124, "%s: exited with status 255; aborting", command[0]);
    }
    if (status == 126 || status == 127)
    {
        exit(status);
    }
    if (status > 128)
    {
        fail(125, "%s: terminated by signal %d", command[0], status - 128);
    }
    each.status = status != 0 ? 123 : each.status;
}

static void run_replaced(const char *argument)
{
    struct node command = { .command = each.command, .command_length = each.command_length };
    char      **words   = allocate((command.command_length + 1) * sizeof *words);
    const size_t length = strlen(each.replaced);
    for (size_t i = 0; i < command.command_length; ++i)
    {
        struct text word = { 0 };
        text_add_string(&word, "");
        for (const char *next = command.command[i]; *next != '\0';)
        {
            if (length > 0 && strncmp(next, each.replaced, length) == 0)
            {
                text_add_string(&word, argument);
                next += length;
            }
            else
            {
                text_add_character(&word, *next++);
            }
        }
        words[i] = word.chars;
    }
    words[command.command_length] = NULL;
    run_each(words);
    for (size_t i = 0; i < command.command_length; ++i)
    {
        free(words[i]);
    }
    free(words);
}

int xargs_tool(int count, char **arguments)
{
    for (int option; (option = getopt(count, arguments, "+0E:I:L:n:rs:tx")) != -1;)
    {
        switch (option)
        {
            case '0': each.null_separated = true; break;
            case 'E': each.end = optarg; break;
            case 'I': each.replaced = optarg; break;
            case 'L': each.most_lines = (size_t)number_with_unit(optarg, "lines"); break;
            case 'n': each.most_arguments = (size_t)number_with_unit(optarg, "arguments"); break;
            case 'r': each.no_empty_run = true; break;
            case 's': each.most_bytes = (size_t)number_with_unit(optarg, "bytes"); break;
            case 't': each.trace = true; break;
            case 'x': break;
            default: return 1;
        }
    }
    static char *echo[] = { "echo", NULL };
    each.command        = optind < count ? arguments + optind : echo;
    each.command_length = optind < count ? (size_t)(count - optind) : 1;

    char      **words = allocate((each.command_length + 1) * sizeof *words);
    struct text word  = { 0 };
    size_t      used = each.command_length, bytes = 0, lines = 0, fixed_bytes = 0;
    bool        ends_line, ran = false;
    memcpy(words, each.command, used * sizeof *words);
    for (size_t i = 0; i < used; ++i)
    {
        fixed_bytes += strlen(words[i]) + 1;
    }
    bytes = fixed_bytes;
    for (;;)
    {
        const bool has  = read_argument(&word, &ends_line) && (each.end == NULL || each.null_separated || strcmp(word.chars, each.end) != 0);
        const bool full = used - each.command_length > 0
            && ((each.most_arguments > 0 && used - each.command_length >= each.most_arguments)
                || (each.most_lines > 0 && lines >= each.most_lines) || (has && bytes + word.length + 1 > each.most_bytes));
        if (has && each.replaced != NULL)
        {
            run_replaced(word.chars);
            continue;
        }
        const bool runs_empty = !has && !ran && used == each.command_length && !each.no_empty_run && each.replaced == NULL;
        if (full || runs_empty || (!has && used > each.command_length))
        {
            words[used] = NULL;
            run_each(words);
            ran = true;
            while (used > each.command_length)
            {
                free(words[--used]);
            }
            bytes = fixed_bytes;
            lines = 0;
        }
        if (!has)
        {
            break;
        }
        words         = reallocate(words, (used + 2) * sizeof *words);
        words[used++] = copy_of(word.chars);
        bytes += word.length + 1;
        lines += ends_line;
    }
    text_free(&word);
    free(words);
    return each.failed != 0 ? each.failed : each.status;
}
