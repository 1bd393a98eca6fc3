// Directories, options and patterns of names; the first argument is a folder to make and work in.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long state = 88172645463325252;
static unsigned next(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 20) % limit);
}

static void random_text(char *to, const char *alphabet, unsigned longest)
{
    const unsigned length = next(longest + 1);
    for (unsigned i = 0; i < length; i++)
        *to++ = alphabet[next((unsigned)strlen(alphabet))];
    *to = '\0';
}

/// Left out, as the host has its own mind: "[a-", which for us stands for itself as "[a" does; glob's "*/" with GLOB_MARK
/// (two slashes there) and its "//*" (one slash there).
static void patterns(void)
{
    static const int flags[] = { 0, FNM_PATHNAME, FNM_NOESCAPE, FNM_PERIOD, FNM_PERIOD | FNM_PATHNAME, FNM_CASEFOLD,
        FNM_LEADING_DIR, FNM_LEADING_DIR | FNM_PATHNAME };
    static const char *const fixed[][2] = { { "[[:alpha:]]*", "a1" }, { "[[:digit:][:upper:]]", "7" },
        { "[!a-c]", "d" }, { "[^a-c]", "b" }, { "[]a]", "]" }, { "[!]a]", "]" }, { "[", "[" },
        { "\\*", "*" }, { "\\", "\\" }, { "a\\", "a" }, { "*", "" }, { "**", "" }, { "?", "" }, { "a/*", "a/.b" }, { "[[.a.]]", "a" },
        { "[[=a=]b]", "a" }, { "[a-c-e]", "-" }, { "[\\]]", "]" }, { "[a\\-c]", "b" }, { "[.]x", ".x" },
        { "*/b", "a/b" }, { "*b", ".ab" }, { "a*/.b", "axx/.b" }, { "[/]b", "/b" }, { "[[:none:]]", "a" } };
    for (unsigned i = 0; i < sizeof fixed / sizeof *fixed; i++)
        for (unsigned f = 0; f < 8; f++)
            printf("%s %s %d: %d\n", fixed[i][0], fixed[i][1], flags[f], fnmatch(fixed[i][0], fixed[i][1], flags[f]));
    for (unsigned i = 0; i < 200000; i++)
    {
        char pattern[20], text[20];
        // Malformed brackets are left to the fixed cases: libraries read them in different ways.
        unsigned parts = next(6);
        pattern[0]     = '\0';
        while (parts-- > 0)
        {
            static const char *const all[] = { "*", "?", "a", "b", ".", "/", "B", "\\a", "\\*", "[ab]", "[!a]", "[a-c]", "[.b]", "**" };
            strcat(pattern, all[next(14)]);
        }
        random_text(text, "aabB./*c", 7);
        const int f = flags[next(8)];
        printf("%s %s %d: %d\n", pattern, text, f, fnmatch(pattern, text, f));
    }
    // Would take for ever if every * were tried with every other.
    char text[3000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    printf("%d\n", fnmatch("*a*a*a*a*a*a*a*a*a*a*a*b", text, 0));
}

static int no_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void directories(void)
{
    struct dirent **list;
    const int count = scandir(".", &list, no_dots, alphasort);
    for (int i = 0; i < count; i++)
        printf("%s %d\n", list[i]->d_name, list[i]->d_type), free(list[i]);
    free(list);
    const int versions = scandir(".", &list, NULL, versionsort);
    for (int i = 0; i < versions; i++)
        printf("%s\n", list[i]->d_name), free(list[i]);
    free(list);
    printf("%d %d\n", scandir("/none/such", &list, NULL, NULL), errno);

    // The same entries again from a position, and from the start.
    DIR *directory = opendir(".");
    char names[3][300] = { "" };
    for (int i = 0; i < 3; i++)
        readdir(directory);
    const long position = telldir(directory);
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        strcat(names[0], entry->d_name);
    seekdir(directory, position);
    while ((entry = readdir(directory)) != NULL)
        strcat(names[1], entry->d_name);
    int total = 0;
    rewinddir(directory);
    while (readdir(directory) != NULL)
        total++;
    printf("%d %d %d\n", strcmp(names[0], names[1]), names[0][0] != '\0', total);
    printf("%d\n", dirfd(directory) > 2);
    printf("%d\n", closedir(directory));
    const int file = open("one", O_RDONLY);
    printf("%d %d\n", fdopendir(file) == NULL, errno);
    printf("%d %d\n", opendir("one") == NULL, errno);
    DIR *again = fdopendir(open("sub", O_RDONLY));
    total      = 0;
    while (readdir(again) != NULL)
        total++;
    printf("%d %d\n", total, closedir(again));
}

static int report(const char *path, int error)
{
    printf("cannot read %s: %d\n", path, error);
    return 0;
}

static void globs(void)
{
    static const char *const all[] = { "*", ".*", "o*", "*/*", "*/.x", "sub/../*", "[ot]*", "none*", "nothing", "one",
        "sub/", "./*", "\\*star", "*\\*", "sub*/deeper/*", "f[0-9]", "", "[a", "s[u]b", "*/deeper" };
    static const int flags[] = { 0, GLOB_MARK, GLOB_NOCHECK, GLOB_NOESCAPE, GLOB_MARK | GLOB_NOCHECK };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        for (unsigned f = 0; f < 5; f++)
        {
            glob_t found;
            const int outcome = glob(all[i], flags[f], report, &found);
            printf("%s %d: %d", all[i], flags[f], outcome);
            for (size_t n = 0; outcome == 0 && n < found.gl_pathc; n++)
                printf(" <%s>", found.gl_pathv[n]);
            putchar('\n');
            if (outcome == 0)
                globfree(&found);
        }
    glob_t found = { .gl_offs = 2 };
    glob("o*", GLOB_DOOFFS, NULL, &found);
    glob("f*", GLOB_DOOFFS | GLOB_APPEND, NULL, &found);
    printf("%zu %p %p %s\n", found.gl_pathc, (void *)found.gl_pathv[0], (void *)found.gl_pathv[1], found.gl_pathv[2]);
    for (size_t n = 0; n < found.gl_pathc; n++)
        printf("%s\n", found.gl_pathv[2 + n]);
    globfree(&found);
}

static void options(char **words, int count, const char *shorts, const struct option *longs, int form)
{
    optind = 0;
    opterr = 1;
    int option, index = -1;
    while ((option = form == 0   ? getopt(count, words, shorts)
                     : form == 1 ? getopt_long(count, words, shorts, longs, &index)
                                 : getopt_long_only(count, words, shorts, longs, &index))
           != -1)
    {
        printf(" %d(%s)", option, optarg == NULL ? "-" : optarg);
        if (option == '?' || option == ':')
            printf("[%c]", optopt == 0 ? '0' : optopt);
        if (option == 0)
            printf("{%d}", index);
    }
    printf(" | %d", optind);
    for (int i = 0; i < count; i++)
        printf(" %s", words[i]);
    putchar('\n');
}

static void all_options(void)
{
    static int flag;
    static const struct option longs[] = { { "alpha", no_argument, NULL, 'a' }, { "beta", required_argument, NULL, 'B' },
        { "bet", optional_argument, NULL, 1000 }, { "flag", no_argument, &flag, 7 }, { "gamma", no_argument, NULL, 'g' },
        { "gammb", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
    static const char *const words[] = { "-a", "-b", "-bvalue", "-ab", "-c", "-cx", "-x", "--", "-", "word", "other", "--alpha",
        "--beta", "--beta=v", "--bet", "--bet=w", "--al", "--flag", "--gam", "--none", "--alpha=no", "-alpha", "-flag", "-g" };
    static const char *const shorts[] = { "ab:c::", ":ab:c::", "+ab:c::", "-ab:c::", "" };
    for (unsigned i = 0; i < 5000; i++)
    {
        char *chosen[9] = { "program" };
        const int count = 1 + (int)next(7);
        for (int w = 1; w < count; w++)
            chosen[w] = (char *)words[next(24)];
        const unsigned s = next(5);
        options(chosen, count, shorts[s], longs, (int)next(3));
    }
    char text[]            = "ro,size=12,,none=3,rw";
    char *const tokens[]   = { "ro", "rw", "size", NULL };
    char *rest = text, *value;
    while (*rest != '\0')
    {
        const int found = getsubopt(&rest, tokens, &value);
        printf("%d %s\n", found, value == NULL ? "-" : value);
    }
}

int main(int count, char **words)
{
    if (count < 2 || mkdir(words[1], 0777) < 0 || chdir(words[1]) < 0)
        return 1;
    static const char *const files[] = { "one", "two", "three", "f1", "f10", "f2", ".hidden", "*star", "sub/.x", "sub/deeper/y" };
    mkdir("sub", 0777);
    mkdir("sub/deeper", 0777);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        close(open(files[i], O_CREAT | O_WRONLY, 0666));
    dup2(1, 2);
    directories();
    globs();
    patterns();
    fflush(stdout);
    setvbuf(stdout, NULL, _IONBF, 0); // in order with the messages
    all_options();
    return 0;
}
