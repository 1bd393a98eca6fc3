// id, uname, hostname, clear, yes, seq, date: about the system, and small sources of text.
#include "tool.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

int id_tool(int count, char **arguments)
{
    bool names = false, real = false;
    int  what = 0;
    for (int option; (option = getopt(count, arguments, "Ggnru")) != -1;)
    {
        switch (option)
        {
            case 'G':
            case 'g':
            case 'u': what = option; break;
            case 'n': names = true; break;
            case 'r': real = true; break;
            default: return 1;
        }
    }
    uid_t     user        = real || what == 0 ? getuid() : geteuid();
    gid_t     group       = real || what == 0 ? getgid() : getegid();
    const int group_count = getgroups(0, NULL);
    gid_t    *groups      = allocate(((size_t)(group_count < 0 ? 0 : group_count) + 1) * sizeof *groups);
    int       others      = getgroups(group_count < 0 ? 0 : group_count, groups);
    char      number[16];
    if (optind < count)
    {
        const struct passwd *entry = getpwnam(arguments[optind]);
        if (entry == NULL)
        {
            free(groups);
            return complain("%s: no such user", arguments[optind]);
        }
        user   = entry->pw_uid;
        group  = entry->pw_gid;
        others = 0;
    }
    switch (what)
    {
        case 'u':
            snprintf(number, sizeof number, "%lu", (unsigned long)user);
            puts(names ? user_text(user, number) : number);
            break;
        case 'g':
            snprintf(number, sizeof number, "%lu", (unsigned long)group);
            puts(names ? group_text(group, number) : number);
            break;
        default:
            if (what == 0)
            {
                printf("uid=%lu(%s)", (unsigned long)user, user_text(user, number));
                printf(" gid=%lu(%s) groups=", (unsigned long)group, group_text(group, number));
            }
            for (int i = -1; i < others; ++i)
            {
                const gid_t one = i < 0 ? group : groups[i];
                if (i >= 0 && one == group)
                {
                    continue;
                }
                if (i >= 0)
                {
                    putchar(what == 0 ? ',' : ' ');
                }
                if (what == 0)
                {
                    printf("%lu(%s)", (unsigned long)one, group_text(one, number));
                }
                else if (names)
                {
                    fputs(group_text(one, number), stdout);
                }
                else
                {
                    printf("%lu", (unsigned long)one);
                }
            }
            putchar('\n');
    }
    free(groups);
    return 0;
}

int uname_tool(int count, char **arguments)
{
    static const char letters[] = "snrvm";
    unsigned          shown     = 0;
    for (int option; (option = getopt(count, arguments, "amnrsv")) != -1;)
    {
        if (option == '?')
        {
            return 1;
        }
        shown |= option == 'a' ? 31 : 1u << (strchr(letters, option) - letters);
    }
    struct utsname name;
    if (uname(&name) < 0)
    {
        return complain_about("system name");
    }
    const char *parts[] = { name.sysname, name.nodename, name.release, name.version, name.machine };
    const char *between = "";
    for (int i = 0; i < 5; ++i)
    {
        if (((shown == 0 ? 1 : shown) >> i & 1) != 0)
        {
            printf("%s%s", between, parts[i]);
            between = " ";
        }
    }
    putchar('\n');
    return 0;
}

int hostname_tool(int count, char **arguments)
{
    struct utsname name;
    if (count > 1)
    {
        return complain("%s: the name cannot be changed", arguments[1]);
    }
    if (uname(&name) < 0)
    {
        return complain_about("system name");
    }
    puts(name.nodename);
    return 0;
}

int clear_tool(int count, char **arguments)
{
    (void)count, (void)arguments;
    fputs("\033[H\033[2J\033[3J", stdout);
    return 0;
}

int yes_tool(int count, char **arguments)
{
    for (;;)
    {
        for (int i = 1; i < count; ++i)
        {
            printf("%s%c", arguments[i], i + 1 < count ? ' ' : '\n');
        }
        if (count == 1)
        {
            puts("y");
        }
        if (ferror(stdout) != 0)
        {
            return 1;
        }
    }
}

static long long whole_number(const char *text)
{
    char           *end;
    errno                 = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0)
    {
        fail(1, "%s: no whole number", text);
    }
    return value;
}

int seq_tool(int count, char **arguments)
{
    const char *separator = "\n";
    bool        same_width = false;
    int         next       = 1;
    // Read by hand: -5 is a number.
    for (; next < count && arguments[next][0] == '-' && (arguments[next][1] < '0' || arguments[next][1] > '9'); ++next)
    {
        if (strcmp(arguments[next], "-w") == 0)
        {
            same_width = true;
        }
        else if (strcmp(arguments[next], "-s") == 0 && next + 1 < count)
        {
            separator = arguments[++next];
        }
        else
        {
            return complain("%s: no option; -w and -s SEPARATOR are", arguments[next]);
        }
    }
    const int numbers = count - next;
    if (numbers < 1 || numbers > 3)
    {
        return complain("[FIRST [STEP]] LAST is wanted");
    }
    const long long first = numbers > 1 ? whole_number(arguments[next]) : 1;
    const long long step  = numbers > 2 ? whole_number(arguments[next + 1]) : 1;
    const long long last  = whole_number(arguments[count - 1]);
    if (step == 0)
    {
        return complain("the step is 0");
    }
    int width = 0;
    if (same_width)
    {
        const int a = snprintf(NULL, 0, "%lld", first), b = snprintf(NULL, 0, "%lld", last);
        width = a > b ? a : b;
    }
    bool      any   = false;
    long long value = first;
    while (step > 0 ? value <= last : value >= last)
    {
        printf("%s%0*lld", any ? separator : "", width, value);
        any = true;
        if (__builtin_add_overflow(value, step, &value))
        {
            break;
        }
    }
    fputs(any ? "\n" : "", stdout);
    return 0;
}

int date_tool(int count, char **arguments)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    bool universal = false;
    for (int option; (option = getopt(count, arguments, "d:r:u")) != -1;)
    {
        struct stat status;
        char       *end;
        switch (option)
        {
            case 'd':
                now = (struct timespec) { .tv_sec = optarg[0] == '@' ? strtoll(optarg + 1, &end, 10) : 0 };
                if (optarg[0] != '@' || optarg[1] == '\0' || *end != '\0')
                {
                    return complain("%s: no time; @SECONDS is wanted", optarg);
                }
                break;
            case 'r':
                if (stat(optarg, &status) != 0)
                {
                    return complain_about(optarg);
                }
                now = status.st_mtim;
                break;
            case 'u': universal = true; break;
            default: return 1;
        }
    }
    if (optind < count && arguments[optind][0] != '+')
    {
        return complain("%s: the time cannot be set; a format begins with +", arguments[optind]);
    }
    const struct tm *fields = universal ? gmtime(&now.tv_sec) : localtime(&now.tv_sec);
    if (fields == NULL)
    {
        return complain("%lld: no such time", (long long)now.tv_sec);
    }
    // A letter more, because strftime says 0 for an empty result as for a full buffer.
    struct text format = { 0 };
    text_add_string(&format, optind < count ? arguments[optind] : universal ? "+%a %b %e %H:%M:%S UTC %Y" : "+%a %b %e %H:%M:%S %Z %Y");
    char   result[4096];
    size_t length = strftime(result, sizeof result, format.chars, fields);
    text_free(&format);
    if (length == 0)
    {
        return complain("the result is too long");
    }
    puts(result + 1);
    return 0;
}
