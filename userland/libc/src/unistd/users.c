// Users and groups: lines of /etc/passwd and /etc/group.
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Splits a line at its colons; false if it has not so many fields.
static bool split(char *line, char *fields[], size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        fields[i] = line;
        line      = i + 1 < count ? strchr(line, ':') : line;
        if (line == NULL)
        {
            return false;
        }
        if (i + 1 < count)
        {
            *line++ = '\0';
        }
    }
    return true;
}

static bool parse_number(const char *text, unsigned *number)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);
    *number                   = (unsigned)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value <= UINT_MAX;
}

static bool parse_user(char *line, struct passwd *user)
{
    char *fields[7];
    if (!split(line, fields, 7) || !parse_number(fields[2], &user->pw_uid) || !parse_number(fields[3], &user->pw_gid))
    {
        return false;
    }
    user->pw_name   = fields[0];
    user->pw_passwd = fields[1];
    user->pw_gecos  = fields[4];
    user->pw_dir    = fields[5];
    user->pw_shell  = fields[6];
    return true;
}

/// The list of members goes into [room, end), as pointers; false with errno ERANGE if it is too small.
static bool parse_group(char *line, struct group *group, char *room, const char *end)
{
    char *fields[4];
    errno = 0;
    if (!split(line, fields, 4) || !parse_number(fields[2], &group->gr_gid))
    {
        return false;
    }
    group->gr_name   = fields[0];
    group->gr_passwd = fields[1];
    char **members   = (char **)(((uintptr_t)room + sizeof(char *) - 1) & ~(sizeof(char *) - 1));
    group->gr_mem    = members;
    char *rest       = fields[3];
    for (;;)
    {
        if ((const char *)(members + 1) > end)
        {
            errno = ERANGE;
            return false;
        }
        char *name;
        do
        {
            name = strsep(&rest, ",");
        } while (name != NULL && *name == '\0');
        *members++ = name;
        if (name == NULL)
        {
            return true;
        }
    }
}

/// A line without its newline. 1, 0 at the end, or -1 with errno ERANGE if the buffer is too small: then the same line
/// comes again.
static int read_line(FILE *file, char *buffer, size_t size)
{
    const off_t position = ftello(file);
    if (size < 2)
    {
        errno = ERANGE;
        return -1;
    }
    buffer[size - 1] = 'x';
    if (fgets(buffer, size < INT_MAX ? (int)size : INT_MAX, file) == NULL)
    {
        return 0;
    }
    if (buffer[size - 1] == '\0' && buffer[size - 2] != '\n' && !feof(file))
    {
        fseeko(file, position, SEEK_SET);
        errno = ERANGE;
        return -1;
    }
    buffer[strcspn(buffer, "\n")] = '\0';
    return 1;
}

static int next_user(FILE *file, struct passwd *user, char *buffer, size_t size)
{
    int outcome;
    while ((outcome = read_line(file, buffer, size)) > 0 && !parse_user(buffer, user))
    {
    }
    return outcome;
}

static int next_group(FILE *file, struct group *group, char *buffer, size_t size)
{
    for (;;)
    {
        const off_t position = ftello(file);
        const int outcome    = read_line(file, buffer, size);
        if (outcome <= 0 || parse_group(buffer, group, buffer + strlen(buffer) + 1, buffer + size))
        {
            return outcome;
        }
        // The line's end is no longer known once it is split: members go behind all of it.
        if (errno == ERANGE)
        {
            fseeko(file, position, SEEK_SET);
            return -1;
        }
    }
}

// A file that is not there has no users: not found, and no error.

static int find_user(const char *name, uid_t id, struct passwd *user, char *buffer, size_t size, struct passwd **found)
{
    *found     = NULL;
    FILE *file = fopen("/etc/passwd", "re");
    if (file == NULL)
    {
        return errno == ENOENT ? 0 : errno;
    }
    int outcome;
    while ((outcome = next_user(file, user, buffer, size)) > 0)
    {
        if (name != NULL ? strcmp(user->pw_name, name) == 0 : user->pw_uid == id)
        {
            *found = user;
            break;
        }
    }
    const int error = outcome < 0 ? errno : 0;
    fclose(file);
    return error;
}

static int find_group(const char *name, gid_t id, struct group *group, char *buffer, size_t size, struct group **found)
{
    *found     = NULL;
    FILE *file = fopen("/etc/group", "re");
    if (file == NULL)
    {
        return errno == ENOENT ? 0 : errno;
    }
    int outcome;
    while ((outcome = next_group(file, group, buffer, size)) > 0)
    {
        if (name != NULL ? strcmp(group->gr_name, name) == 0 : group->gr_gid == id)
        {
            *found = group;
            break;
        }
    }
    const int error = outcome < 0 ? errno : 0;
    fclose(file);
    return error;
}

int getpwnam_r(const char *name, struct passwd *user, char *buffer, size_t size, struct passwd **found)
{
    return find_user(name, 0, user, buffer, size, found);
}

int getpwuid_r(uid_t id, struct passwd *user, char *buffer, size_t size, struct passwd **found)
{
    return find_user(NULL, id, user, buffer, size, found);
}

int getgrnam_r(const char *name, struct group *group, char *buffer, size_t size, struct group **found)
{
    return find_group(name, 0, group, buffer, size, found);
}

int getgrgid_r(gid_t id, struct group *group, char *buffer, size_t size, struct group **found)
{
    return find_group(NULL, id, group, buffer, size, found);
}

// The functions with a result of their own.

struct own
{
    char *buffer;
    size_t size;
    FILE *file; ///< of the enumeration
};
static struct own users, groups;
static struct passwd own_user;
static struct group own_group;

/// Makes room for longer lines; false if there is none.
static bool grow(struct own *own)
{
    const size_t size = own->size == 0 ? 1024 : own->size * 2;
    char *buffer      = realloc(own->buffer, size);
    if (buffer == NULL)
    {
        return false;
    }
    own->buffer = buffer;
    own->size   = size;
    return true;
}

static struct passwd *own_find_user(const char *name, uid_t id)
{
    struct passwd *found = NULL;
    int error            = 0;
    do
    {
        if ((users.size == 0 || error == ERANGE) && !grow(&users))
        {
            return NULL;
        }
        error = find_user(name, id, &own_user, users.buffer, users.size, &found);
    } while (error == ERANGE);
    errno = error != 0 ? error : errno;
    return found;
}

static struct group *own_find_group(const char *name, gid_t id)
{
    struct group *found = NULL;
    int error           = 0;
    do
    {
        if ((groups.size == 0 || error == ERANGE) && !grow(&groups))
        {
            return NULL;
        }
        error = find_group(name, id, &own_group, groups.buffer, groups.size, &found);
    } while (error == ERANGE);
    errno = error != 0 ? error : errno;
    return found;
}

struct passwd *getpwnam(const char *name)
{
    return own_find_user(name, 0);
}

struct passwd *getpwuid(uid_t id)
{
    return own_find_user(NULL, id);
}

struct group *getgrnam(const char *name)
{
    return own_find_group(name, 0);
}

struct group *getgrgid(gid_t id)
{
    return own_find_group(NULL, id);
}

static void end(struct own *own)
{
    if (own->file != NULL)
    {
        fclose(own->file);
        own->file = NULL;
    }
}

void setpwent(void)
{
    end(&users);
}

void endpwent(void)
{
    end(&users);
}

void setgrent(void)
{
    end(&groups);
}

void endgrent(void)
{
    end(&groups);
}

static bool begin(struct own *own, const char *path)
{
    if (own->file == NULL)
    {
        own->file = fopen(path, "re");
    }
    return own->file != NULL && (own->size > 0 || grow(own));
}

struct passwd *getpwent(void)
{
    if (!begin(&users, "/etc/passwd"))
    {
        return NULL;
    }
    int outcome;
    while ((outcome = next_user(users.file, &own_user, users.buffer, users.size)) < 0 && errno == ERANGE && grow(&users))
    {
    }
    return outcome > 0 ? &own_user : NULL;
}

struct group *getgrent(void)
{
    if (!begin(&groups, "/etc/group"))
    {
        return NULL;
    }
    int outcome;
    while ((outcome = next_group(groups.file, &own_group, groups.buffer, groups.size)) < 0 && errno == ERANGE
           && grow(&groups))
    {
    }
    return outcome > 0 ? &own_group : NULL;
}

int getgrouplist(const char *user, gid_t group, gid_t *list, int *count)
{
    const int room = *count;
    int found      = 1;
    if (room > 0)
    {
        list[0] = group;
    }
    setgrent();
    for (const struct group *entry; (entry = getgrent()) != NULL;)
    {
        if (entry->gr_gid == group)
        {
            continue;
        }
        for (char **member = entry->gr_mem; *member != NULL; member++)
        {
            if (strcmp(*member, user) == 0)
            {
                if (found < room)
                {
                    list[found] = entry->gr_gid;
                }
                found++;
                break;
            }
        }
    }
    endgrent();
    *count = found;
    return found <= room ? found : -1;
}

int initgroups(const char *user, gid_t group)
{
    gid_t list[NGROUPS_MAX < 1024 ? NGROUPS_MAX : 1024];
    int count = (int)(sizeof list / sizeof *list);
    if (getgrouplist(user, group, list, &count) < 0)
    {
        errno = EINVAL;
        return -1;
    }
    return setgroups((size_t)count, list);
}

// Nobody logs in here: who works is who the process belongs to, or says so in LOGNAME.

int getlogin_r(char *name, size_t size)
{
    const char *login = getenv("LOGNAME");
    if (login == NULL)
    {
        return ENXIO;
    }
    return strlcpy(name, login, size) < size ? 0 : ERANGE;
}

char *getlogin(void)
{
    char *login = getenv("LOGNAME");
    if (login == NULL)
    {
        errno = ENXIO;
    }
    return login;
}
