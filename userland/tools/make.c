// mkdir, rmdir, touch, chmod, mktemp: what a file is beside its content.
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static mode_t creation_mask(void)
{
    const mode_t mask = umask(0);
    umask(mask);
    return mask;
}

static int make_directory(const char *path, mode_t mode, bool parents, bool verbose)
{
    if (parents)
    {
        // Those between must let their maker go on in them.
        for (char *copy = copy_of(path), *slash = copy + 1; copy != NULL;)
        {
            slash = *copy == '\0' ? NULL : strchr(slash, '/');
            if (slash == NULL || slash[strspn(slash, "/")] == '\0')
            {
                free(copy);
                break;
            }
            *slash = '\0';
            struct stat status;
            if (mkdir(copy, (0777 & ~creation_mask()) | 0300) == 0)
            {
                if (verbose)
                {
                    printf("mkdir: created directory '%s'\n", copy);
                }
            }
            else if (stat(copy, &status) != 0 || !S_ISDIR(status.st_mode))
            {
                errno = errno == EEXIST ? ENOTDIR : errno;
                complain_about(copy);
                free(copy);
                return 1;
            }
            *slash = '/';
            slash += strspn(slash, "/");
        }
    }
    if (mkdir(path, mode) != 0)
    {
        const int   cause = errno;
        struct stat status;
        if (parents && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        {
            return 0;
        }
        errno = cause;
        return complain_about(path);
    }
    if (verbose)
    {
        printf("mkdir: created directory '%s'\n", path);
    }
    return 0;
}

int mkdir_tool(int count, char **arguments)
{
    const char *mode_option = NULL;
    bool        parents = false, verbose = false;
    for (int option; (option = getopt(count, arguments, "m:pv")) != -1;)
    {
        switch (option)
        {
            case 'm': mode_option = optarg; break;
            case 'p': parents = true; break;
            case 'v': verbose = true; break;
            default: return 1;
        }
    }
    mode_t mode = 0777;
    if (mode_option != NULL && !apply_mode(mode_option, 0777, creation_mask(), &mode))
    {
        return complain("%s: no mode", mode_option);
    }
    if (optind == count)
    {
        return complain("a name is wanted");
    }
    int status = 0;
    for (int i = optind; i < count; ++i)
    {
        struct stat before;
        const bool  existed = stat(arguments[i], &before) == 0;
        status |= make_directory(arguments[i], mode, parents, verbose);
        if (mode_option != NULL && !existed && chmod(arguments[i], mode) != 0)
        {
            status = complain_about(arguments[i]);
        }
    }
    return status;
}

int rmdir_tool(int count, char **arguments)
{
    bool parents = false;
    for (int option; (option = getopt(count, arguments, "p")) != -1;)
    {
        if (option == '?')
        {
            return 1;
        }
        parents = true;
    }
    if (optind == count)
    {
        return complain("a name is wanted");
    }
    int status = 0;
    for (int i = optind; i < count; ++i)
    {
        char *path = copy_of(arguments[i]);
        for (;;)
        {
            if (rmdir(path) != 0)
            {
                status = complain_about(path);
                break;
            }
            size_t end = strlen(path);
            while (end > 0 && path[end - 1] == '/')
            {
                path[--end] = '\0';
            }
            char *slash = strrchr(path, '/');
            if (!parents || slash == NULL || slash == path)
            {
                break;
            }
            *slash = '\0';
        }
        free(path);
    }
    return status;
}

static int two_digits(const char **text)
{
    const char *digits = *text;
    if (digits[0] < '0' || digits[0] > '9' || digits[1] < '0' || digits[1] > '9')
    {
        return -1;
    }
    *text += 2;
    return (digits[0] - '0') * 10 + digits[1] - '0';
}

/// `[[CC]YY]MMDDhhmm[.ss]`.
static bool parse_touch_time(const char *text, struct timespec *result)
{
    const size_t    length = strcspn(text, ".");
    const time_t    now    = time(NULL);
    struct tm       fields = *localtime(&now);
    int             year   = -1;
    if (length != 8 && length != 10 && length != 12)
    {
        return false;
    }
    if (length == 12)
    {
        const int century = two_digits(&text);
        const int rest    = two_digits(&text);
        if (century < 0 || rest < 0)
        {
            return false;
        }
        year = century * 100 + rest;
    }
    else if (length == 10)
    {
        year = two_digits(&text);
        if (year < 0)
        {
            return false;
        }
        year += year < 69 ? 2000 : 1900;
    }
    fields.tm_year  = year < 0 ? fields.tm_year : year - 1900;
    fields.tm_mon   = two_digits(&text) - 1;
    fields.tm_mday  = fields.tm_mon < 0 ? -1 : two_digits(&text);
    fields.tm_hour  = fields.tm_mday < 1 ? -1 : two_digits(&text);
    fields.tm_min   = fields.tm_hour < 0 ? -1 : two_digits(&text);
    fields.tm_sec   = 0;
    fields.tm_isdst = -1;
    if (fields.tm_min < 0 || fields.tm_mon > 11 || fields.tm_mday > 31 || fields.tm_hour > 23 || fields.tm_min > 59)
    {
        return false;
    }
    if (*text == '.')
    {
        ++text;
        fields.tm_sec = two_digits(&text);
    }
    if (*text != '\0' || fields.tm_sec < 0 || fields.tm_sec > 60)
    {
        return false;
    }
    *result = (struct timespec) { .tv_sec = mktime(&fields) };
    return true;
}

/// `@SECONDS` or `YYYY-MM-DD[Thh:mm[:ss]]`, with Z for UTC.
static bool parse_date(const char *text, struct timespec *result)
{
    int  length = 0;
    long seconds;
    if (sscanf(text, "@%ld%n", &seconds, &length) == 1 && text[length] == '\0')
    {
        *result = (struct timespec) { .tv_sec = seconds };
        return true;
    }
    struct tm fields = { .tm_isdst = -1 };
    if (sscanf(text, "%4d-%2d-%2d%n", &fields.tm_year, &fields.tm_mon, &fields.tm_mday, &length) != 3)
    {
        return false;
    }
    text += length;
    length = 0;
    if (*text == 'T' || *text == ' ')
    {
        if (sscanf(text + 1, "%2d:%2d%n", &fields.tm_hour, &fields.tm_min, &length) != 2)
        {
            return false;
        }
        text += 1 + length;
        length = 0;
        if (sscanf(text, ":%2d%n", &fields.tm_sec, &length) == 1)
        {
            text += length;
        }
    }
    if (*text == 'Z')
    {
        ++text;
        setenv("TZ", "UTC0", 1);
        tzset();
    }
    fields.tm_year -= 1900;
    fields.tm_mon -= 1;
    if (*text != '\0' || fields.tm_mon < 0 || fields.tm_mon > 11 || fields.tm_mday < 1 || fields.tm_mday > 31)
    {
        return false;
    }
    *result = (struct timespec) { .tv_sec = mktime(&fields) };
    return true;
}

int touch_tool(int count, char **arguments)
{
    bool            access_time = false, change_time = false, create = true;
    struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };
    for (int option; (option = getopt(count, arguments, "acd:mr:t:")) != -1;)
    {
        struct stat reference;
        switch (option)
        {
            case 'a': access_time = true; break;
            case 'c': create = false; break;
            case 'm': change_time = true; break;
            case 'd':
            case 't':
                if (!(option == 'd' ? parse_date : parse_touch_time)(optarg, &times[0]))
                {
                    return complain("%s: no time", optarg);
                }
                times[1] = times[0];
                break;
            case 'r':
                if (stat(optarg, &reference) != 0)
                {
                    return complain_about(optarg);
                }
                times[0] = reference.st_atim;
                times[1] = reference.st_mtim;
                break;
            default: return 1;
        }
    }
    if (access_time != change_time)
    {
        times[access_time ? 1 : 0].tv_nsec = UTIME_OMIT;
    }
    if (optind == count)
    {
        return complain("a name is wanted");
    }
    int status = 0;
    for (int i = optind; i < count; ++i)
    {
        struct stat before;
        if (stat(arguments[i], &before) != 0)
        {
            if (!create && errno == ENOENT)
            {
                continue;
            }
            const int descriptor = open(arguments[i], O_WRONLY | O_CREAT, 0666);
            if (descriptor < 0)
            {
                status = complain_about(arguments[i]);
                continue;
            }
            close(descriptor);
        }
        if (utimensat(AT_FDCWD, arguments[i], times, 0) != 0)
        {
            status = complain_about(arguments[i]);
        }
    }
    return status;
}

static int change_mode(const char *path, const char *text, bool recursive, bool is_named)
{
    struct stat status;
    mode_t      mode;
    if (!is_named && lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
    {
        return 0;
    }
    if (stat(path, &status) != 0)
    {
        return complain_about(path);
    }
    if (!apply_mode(text, status.st_mode, creation_mask(), &mode))
    {
        fail(1, "%s: no mode", text);
    }
    int result = chmod(path, mode) == 0 ? 0 : complain_about(path);
    if (recursive && S_ISDIR(status.st_mode))
    {
        struct name_list names;
        if (!read_directory(path, &names))
        {
            return 1;
        }
        for (size_t i = 0; i < names.count; ++i)
        {
            char *inner = joined_path(path, names.items[i]);
            result |= change_mode(inner, text, recursive, false);
            free(inner);
        }
        free_names(&names);
    }
    return result;
}

int chmod_tool(int count, char **arguments)
{
    // A mode such as -x looks like an option, so options are read by hand.
    bool recursive = false;
    int  next      = 1;
    for (; next < count && arguments[next][0] == '-'; ++next)
    {
        if (strcmp(arguments[next], "-R") == 0)
        {
            recursive = true;
        }
        else
        {
            next += strcmp(arguments[next], "--") == 0;
            break;
        }
    }
    if (count - next < 2)
    {
        return complain("a mode and a name are wanted");
    }
    mode_t ignored;
    if (!apply_mode(arguments[next], 0, 0, &ignored))
    {
        return complain("%s: no mode", arguments[next]);
    }
    int status = 0;
    for (int i = next + 1; i < count; ++i)
    {
        status |= change_mode(arguments[i], arguments[next], recursive, true);
    }
    return status;
}

int mktemp_tool(int count, char **arguments)
{
    bool        directory = false, in_temporary = false;
    const char *folder = getenv("TMPDIR");
    for (int option; (option = getopt(count, arguments, "dp:t")) != -1;)
    {
        switch (option)
        {
            case 'd': directory = true; break;
            case 'p':
                folder       = optarg;
                in_temporary = true;
                break;
            case 't': in_temporary = true; break;
            default: return 1;
        }
    }
    folder             = folder == NULL || *folder == '\0' ? "/tmp" : folder;
    const char  *model = optind < count ? arguments[optind] : "tmp.XXXXXXXXXX";
    const size_t length = strlen(model);
    if (length < 6 || strcmp(model + length - 6, "XXXXXX") != 0)
    {
        return complain("%s: a name that ends with XXXXXX is wanted", model);
    }
    char *path = in_temporary || optind == count ? joined_path(folder, model) : copy_of(model);
    int   made = directory ? (mkdtemp(path) == NULL ? -1 : 0) : mkstemp(path);
    if (made < 0)
    {
        complain_about(path);
        free(path);
        return 1;
    }
    puts(path);
    free(path);
    return 0;
}
