// cp, mv, rm: whole trees of files.
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct copying
{
    bool   recursive, keep_links, follow_named_links, preserve, force, ask, no_clobber, only_newer, verbose;
    mode_t mask;
};

static bool same_file(const struct stat *left, const struct stat *right)
{
    return left->st_ino == right->st_ino && left->st_dev == right->st_dev;
}

static int preserve(const char *path, const struct stat *from)
{
    const struct timespec times[2]  = { from->st_atim, from->st_mtim };
    const bool            is_link   = S_ISLNK(from->st_mode);
    const int             owner     = lchown(path, from->st_uid, from->st_gid);
    const mode_t          mode      = from->st_mode & (owner == 0 ? 07777 : 01777); // not another's set-ID program
    const bool            preserved = (is_link || chmod(path, mode) == 0) && utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0;
    return preserved ? 0 : complain_about(path);
}

static int copy_content(const char *from, const char *to, const struct stat *source, const struct copying *how)
{
    const int input = open(from, O_RDONLY);
    if (input < 0)
    {
        return complain_about(from);
    }
    int output = open(to, O_WRONLY | O_CREAT | O_TRUNC, source->st_mode & 0777);
    if (output < 0 && how->force && unlink(to) == 0)
    {
        output = open(to, O_WRONLY | O_CREAT | O_TRUNC, source->st_mode & 0777);
    }
    if (output < 0)
    {
        complain_about(to);
        close(input);
        return 1;
    }
    static char buffer[65536];
    int         status = 0;
    ssize_t     length;
    while (status == 0 && (length = read(input, buffer, sizeof buffer)) != 0)
    {
        if (length < 0)
        {
            status = errno == EINTR ? 0 : complain_about(from);
        }
        else if (!write_all(output, buffer, (size_t)length))
        {
            status = complain_about(to);
        }
    }
    close(input);
    return close(output) == 0 || status != 0 ? status : complain_about(to);
}

static int copy(const char *from, const char *to, const struct copying *how, bool is_named, const struct stat *top);

static int copy_directory(const char *from, const char *to, const struct stat *source, bool exists, const struct copying *how,
    const struct stat *top)
{
    if (!exists && mkdir(to, (source->st_mode & 0777) | 0700) != 0)
    {
        return complain_about(to);
    }
    struct stat made;
    if (stat(to, &made) != 0)
    {
        return complain_about(to);
    }
    struct name_list names;
    if (!read_directory(from, &names))
    {
        return 1;
    }
    int status = 0;
    for (size_t i = 0; i < names.count; ++i)
    {
        char *inner_from = joined_path(from, names.items[i]);
        char *inner_to   = joined_path(to, names.items[i]);
        status |= copy(inner_from, inner_to, how, false, top != NULL ? top : &made);
        free(inner_from);
        free(inner_to);
    }
    free_names(&names);
    if (!exists && !how->preserve)
    {
        chmod(to, source->st_mode & 0777 & ~how->mask);
    }
    return status;
}

static int copy_other(const char *from, const char *to, const struct stat *source)
{
    if (S_ISLNK(source->st_mode))
    {
        char          target[PATH_MAX];
        const ssize_t length = readlink(from, target, sizeof target - 1);
        if (length < 0)
        {
            return complain_about(from);
        }
        target[length] = '\0';
        return symlink(target, to) == 0 ? 0 : complain_about(to);
    }
    return mknod(to, source->st_mode, source->st_rdev) == 0 ? 0 : complain_about(to);
}

/// `top` is the first directory made, which a copy into itself would meet again.
static int copy(const char *from, const char *to, const struct copying *how, bool is_named, const struct stat *top)
{
    struct stat source, target;
    const bool  follow = !how->keep_links || (is_named && how->follow_named_links);
    if ((follow ? stat(from, &source) : lstat(from, &source)) != 0)
    {
        return complain_about(from);
    }
    if (top != NULL && same_file(&source, top))
    {
        return complain("%s: a directory cannot be copied into itself", from);
    }
    if (S_ISDIR(source.st_mode) && !how->recursive)
    {
        return complain("%s: is a directory, and there is no -r", from);
    }
    const bool makes_file = S_ISREG(source.st_mode) || (!how->recursive && !S_ISLNK(source.st_mode));
    bool       exists     = (S_ISLNK(source.st_mode) ? lstat(to, &target) : stat(to, &target)) == 0;
    if (exists && same_file(&source, &target))
    {
        return complain("%s and %s are the same file", from, to);
    }
    if (exists && S_ISDIR(source.st_mode) != S_ISDIR(target.st_mode))
    {
        return complain("%s: %s", to, strerror(S_ISDIR(target.st_mode) ? EISDIR : ENOTDIR));
    }
    if (exists && !S_ISDIR(target.st_mode))
    {
        const bool is_older = source.st_mtim.tv_sec < target.st_mtim.tv_sec
            || (source.st_mtim.tv_sec == target.st_mtim.tv_sec && source.st_mtim.tv_nsec <= target.st_mtim.tv_nsec);
        if (how->no_clobber || (how->only_newer && is_older) || (how->ask && !confirmed("overwrite %s", to)))
        {
            return 0;
        }
        if (!makes_file && unlink(to) != 0)
        {
            return complain_about(to);
        }
    }
    if (how->verbose)
    {
        printf("'%s' -> '%s'\n", from, to);
    }
    int status;
    if (S_ISDIR(source.st_mode))
    {
        status = copy_directory(from, to, &source, exists, how, top);
    }
    else
    {
        status = makes_file ? copy_content(from, to, &source, how) : copy_other(from, to, &source);
    }
    return status == 0 && how->preserve ? preserve(to, &source) : status;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/// Calls `act(from, to)` for each of the names, as cp, mv and ln take them: into a directory, or one to another name.
static int for_each_target(int count, char **names, const char *directory, bool no_directory, int (*act)(const char *, const char *, void *),
    void *context)
{
    if (count < (directory == NULL ? 2 : 1))
    {
        return complain(count == 0 ? "a name is wanted" : "%s: a second name is wanted", names[0]);
    }
    if (directory == NULL)
    {
        const bool into = !no_directory && is_directory(names[count - 1]);
        if (!into && count > 2)
        {
            return complain("%s: is no directory", names[count - 1]);
        }
        if (!into)
        {
            return act(names[0], names[1], context);
        }
        directory = names[--count];
    }
    int status = 0;
    for (int i = 0; i < count; ++i)
    {
        char *name = last_part(names[i]);
        char *to   = joined_path(directory, name);
        status |= act(names[i], to, context);
        free(name);
        free(to);
    }
    return status;
}

static int copy_named(const char *from, const char *to, void *context)
{
    return copy(from, to, context, true, NULL);
}

int cp_tool(int count, char **arguments)
{
    struct copying how       = { .mask = umask(0) };
    const char    *directory = NULL;
    bool           single    = false, keeps_links = false, follows_all = false;
    umask(how.mask);
    for (int option; (option = getopt(count, arguments, "adfHiLnPpRrTt:uv")) != -1;)
    {
        switch (option)
        {
            case 'a': how.recursive = how.preserve = keeps_links = true; break;
            case 'd':
            case 'P': keeps_links = true; break;
            case 'f': how.force = true; break;
            case 'H': how.follow_named_links = true; break;
            case 'i': how.ask = true; break;
            case 'L': follows_all = true; break;
            case 'n': how.no_clobber = true; break;
            case 'p': how.preserve = true; break;
            case 'R':
            case 'r': how.recursive = true; break;
            case 'T': single = true; break;
            case 't': directory = optarg; break;
            case 'u': how.only_newer = true; break;
            case 'v': how.verbose = true; break;
            default: return 1;
        }
    }
    how.keep_links = keeps_links || (how.recursive && !follows_all);
    return for_each_target(count - optind, arguments + optind, directory, single, copy_named, &how);
}

struct removal
{
    bool recursive, force, ask, directories, verbose;
};

static int remove_tree(const char *path, const struct removal *how)
{
    struct stat status;
    if (lstat(path, &status) != 0)
    {
        return how->force && (errno == ENOENT || errno == ENOTDIR) ? 0 : complain_about(path);
    }
    if (!S_ISDIR(status.st_mode))
    {
        const bool asks = how->ask || (!how->force && !S_ISLNK(status.st_mode) && isatty(STDIN_FILENO) && access(path, W_OK) != 0);
        if (asks && !confirmed("remove %s", path))
        {
            return 0;
        }
        if (unlink(path) != 0)
        {
            return complain_about(path);
        }
        if (how->verbose)
        {
            printf("removed '%s'\n", path);
        }
        return 0;
    }
    if (!how->recursive && !how->directories)
    {
        return complain("%s: is a directory, and there is no -r", path);
    }
    int result = 0;
    if (how->recursive)
    {
        struct name_list names;
        if (how->ask && !confirmed("descend into directory %s", path))
        {
            return 0;
        }
        if (!read_directory(path, &names))
        {
            return 1;
        }
        for (size_t i = 0; i < names.count; ++i)
        {
            char *inner = joined_path(path, names.items[i]);
            result |= remove_tree(inner, how);
            free(inner);
        }
        free_names(&names);
    }
    if (how->ask && !confirmed("remove directory %s", path))
    {
        return result;
    }
    if (rmdir(path) != 0)
    {
        return result != 0 ? result : complain_about(path);
    }
    if (how->verbose)
    {
        printf("removed directory '%s'\n", path);
    }
    return result;
}

int rm_tool(int count, char **arguments)
{
    struct removal how = { 0 };
    for (int option; (option = getopt(count, arguments, "dfiRrv")) != -1;)
    {
        switch (option)
        {
            case 'd': how.directories = true; break;
            case 'f':
                how.force = true;
                how.ask   = false;
                break;
            case 'i':
                how.ask   = true;
                how.force = false;
                break;
            case 'R':
            case 'r': how.recursive = true; break;
            case 'v': how.verbose = true; break;
            default: return 1;
        }
    }
    if (optind == count && !how.force)
    {
        return complain("a name is wanted");
    }
    int status = 0;
    for (int i = optind; i < count; ++i)
    {
        char      *name = last_part(arguments[i]);
        const bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        if (how.recursive && (dots || strcmp(name, "/") == 0))
        {
            status = complain("%s: is not removed: it is the root, or a directory in use", arguments[i]);
        }
        else
        {
            status |= remove_tree(arguments[i], &how);
        }
        free(name);
    }
    return status;
}

struct moving
{
    bool ask, no_clobber, verbose, only_newer;
};

/// To another file system: copied, and removed when all of it is there.
static int move_across(const char *from, const char *to)
{
    struct copying how = { .recursive = true, .keep_links = true, .preserve = true, .force = true };
    struct stat    target;
    if (lstat(to, &target) == 0 && (S_ISDIR(target.st_mode) ? rmdir(to) : unlink(to)) != 0)
    {
        return complain_about(to);
    }
    const int status = copy(from, to, &how, true, NULL);
    return status != 0 ? status : remove_tree(from, &(struct removal) { .recursive = true, .force = true });
}

static int move_named(const char *from, const char *to, void *context)
{
    const struct moving *how = context;
    struct stat          source, target;
    if (lstat(from, &source) != 0)
    {
        return complain_about(from);
    }
    if (lstat(to, &target) == 0)
    {
        if (same_file(&source, &target) && strcmp(from, to) == 0)
        {
            return complain("%s and %s are the same file", from, to);
        }
        if (!S_ISDIR(source.st_mode) && S_ISDIR(target.st_mode))
        {
            return complain("%s: %s", to, strerror(EISDIR));
        }
        const bool is_older = source.st_mtim.tv_sec < target.st_mtim.tv_sec
            || (source.st_mtim.tv_sec == target.st_mtim.tv_sec && source.st_mtim.tv_nsec <= target.st_mtim.tv_nsec);
        if (how->no_clobber || (how->only_newer && is_older) || (how->ask && !confirmed("overwrite %s", to)))
        {
            return 0;
        }
    }
    if (rename(from, to) != 0)
    {
        if (errno != EXDEV)
        {
            return complain("%s to %s: %s", from, to, strerror(errno));
        }
        if (move_across(from, to) != 0)
        {
            return 1;
        }
    }
    if (how->verbose)
    {
        printf("renamed '%s' -> '%s'\n", from, to);
    }
    return 0;
}

int mv_tool(int count, char **arguments)
{
    struct moving how       = { 0 };
    const char   *directory = NULL;
    bool          single    = false;
    for (int option; (option = getopt(count, arguments, "finTt:uv")) != -1;)
    {
        switch (option)
        {
            case 'f': how.ask = how.no_clobber = false; break;
            case 'i': how.ask = true; break;
            case 'n': how.no_clobber = true; break;
            case 'T': single = true; break;
            case 't': directory = optarg; break;
            case 'u': how.only_newer = true; break;
            case 'v': how.verbose = true; break;
            default: return 1;
        }
    }
    return for_each_target(count - optind, arguments + optind, directory, single, move_named, &how);
}

struct linking
{
    bool symbolic, force, verbose, no_follow;
};

static int link_named(const char *from, const char *to, void *context)
{
    const struct linking *how = context;
    struct stat           source, target;
    if (!how->symbolic && lstat(from, &source) != 0)
    {
        return complain_about(from);
    }
    if (how->force && lstat(to, &target) == 0)
    {
        if (!how->symbolic && same_file(&source, &target))
        {
            return complain("%s and %s are the same file", from, to);
        }
        if (unlink(to) != 0)
        {
            return complain_about(to);
        }
    }
    if ((how->symbolic ? symlink(from, to) : link(from, to)) != 0)
    {
        return complain("%s to %s: %s", to, from, strerror(errno));
    }
    if (how->verbose)
    {
        printf("'%s' %s '%s'\n", to, how->symbolic ? "->" : "=>", from);
    }
    return 0;
}

int ln_tool(int count, char **arguments)
{
    struct linking how       = { 0 };
    const char    *directory = NULL;
    bool           single    = false;
    for (int option; (option = getopt(count, arguments, "fnsTt:v")) != -1;)
    {
        switch (option)
        {
            case 'f': how.force = true; break;
            case 'n': how.no_follow = true; break;
            case 's': how.symbolic = true; break;
            case 'T': single = true; break;
            case 't': directory = optarg; break;
            case 'v': how.verbose = true; break;
            default: return 1;
        }
    }
    struct stat last;
    if (how.no_follow && optind < count && lstat(arguments[count - 1], &last) == 0 && S_ISLNK(last.st_mode))
    {
        single = true;
    }
    if (count - optind == 1 && directory == NULL)
    {
        directory = ".";
    }
    return for_each_target(count - optind, arguments + optind, directory, single, link_named, &how);
}
