// Programs started, users, tables and trees, walks through files, streams in memory. The first argument is a folder to make and work in.
#include <err.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <search.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void started(void)
{
    printf("%d\n", system(NULL));
    printf("%x %x %x\n", system("exit 3"), system("kill -9 $$"), system("echo from a shell >/dev/null"));
    char line[100];
    FILE *pipe = popen("read a; echo \"got $a\"; exit 4", "r");
    printf("%d ", pipe != NULL);
    fgets(line, sizeof line, pipe);
    printf("%s", line);
    printf("%x\n", pclose(pipe));
    fflush(stdout);
    FILE *first = popen("cat", "w"), *second = popen("cat >/dev/null", "w");
    fputs("through cat\n", first);
    printf("%x", pclose(first)); // would hang if the second child held its pipe
    printf(" %x\n", pclose(second));
    printf("%d\n", popen("x", "q") == NULL);
    printf("%d\n", errno);

    pid_t process;
    int status;
    fflush(stdout);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 5, "out", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 5, 1);
    posix_spawn_file_actions_addclose(&actions, 5);
    posix_spawn_file_actions_addchdir_np(&actions, "/");
    posix_spawnattr_init(&attributes);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    posix_spawnattr_setsigmask(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    char *const words[] = { "sh", "-c", "pwd; grep SigBlk /proc/self/status; echo $VALUE; [ -e /proc/self/fd/5 ]; echo $?", NULL };
    char *const values[] = { "VALUE=given", "PATH=/bin:/usr/bin", NULL };
    printf("%d\n", posix_spawnp(&process, "sh", &actions, &attributes, words, values));
    waitpid(process, &status, 0);
    printf("%x\n", status);
    FILE *out = fopen("out", "r");
    while (fgets(line, sizeof line, out) != NULL)
        printf("%s", line);
    fclose(out);
    printf("%d\n", posix_spawn(&process, "/none/such", NULL, NULL, words, values));
    printf("%d\n", posix_spawnp(&process, "none-such", NULL, NULL, words, values));
    posix_spawn_file_actions_addopen(&actions, 6, "/none/such", O_RDONLY, 0);
    printf("%d\n", posix_spawnp(&process, "sh", &actions, NULL, words, values));
    printf("%d\n", posix_spawn_file_actions_addclose(&actions, -1));
    printf("%d\n", waitpid(-1, &status, WNOHANG)); // nothing was left behind
    printf("%d\n", errno);
    posix_spawn_file_actions_destroy(&actions);
}

static void users(void)
{
    for (const struct passwd *user; (user = getpwent()) != NULL;)
        printf("%s:%s:%d:%d:%s:%s:%s\n", user->pw_name, user->pw_passwd, user->pw_uid, user->pw_gid, user->pw_gecos,
            user->pw_dir, user->pw_shell);
    endpwent();
    for (const struct group *group; (group = getgrent()) != NULL;)
    {
        printf("%s:%s:%d:", group->gr_name, group->gr_passwd, group->gr_gid);
        for (char **member = group->gr_mem; *member != NULL; member++)
            printf(" %s", *member);
        putchar('\n');
    }
    endgrent();
    printf("%s %d\n", getpwuid(0)->pw_name, getpwnam("root")->pw_uid);
    printf("%s %d\n", getgrgid(0)->gr_name, getgrnam("root")->gr_gid);
    printf("%d\n", getpwnam("nobody-of-that-name") == NULL);
    struct passwd user, *found;
    char small[8], large[1000];
    printf("%d\n", getpwnam_r("root", &user, small, sizeof small, &found));
    printf("%d\n", getpwnam_r("root", &user, large, sizeof large, &found));
    printf("%d\n", found == &user);
    gid_t list[10];
    int count = 10;
    printf("%d\n", getgrouplist("root", 77, list, &count));
    printf("%d %d\n", count, list[0]);
    double load[3];
    printf("%d\n", getloadavg(load, 5));
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static int last, visits;
static void check_order(const void *node, VISIT visit, int depth)
{
    if (visit == postorder || visit == leaf)
    {
        const int value = **(int *const *)node;
        if (value <= last)
            printf("out of order: %d after %d\n", value, last);
        last = value;
        visits++;
        if (depth > 20)
            printf("depth %d\n", depth);
    }
}

static void nothing(void *key)
{
    (void)key;
}

static void tables(void)
{
    static char names[2000][8];
    hcreate(10);
    hdestroy();
    printf("%d\n", hcreate(2000) != 0);
    for (long i = 0; i < 2000; i++)
    {
        sprintf(names[i], "k%ld", i * 7 % 1500);
        ENTRY entry = { names[i], (void *)i };
        const ENTRY *found = hsearch(entry, ENTER);
        printf("%ld ", (long)found->data);
    }
    printf("%d\n", hsearch((ENTRY) { "none", NULL }, FIND) == NULL);
    hdestroy();

    static int values[5000];
    void *root = NULL;
    int count  = 0;
    for (int i = 0; i < 5000; i++)
    {
        values[i] = (int)(i * 2654435761u % 3001);
        count += *(int **)tsearch(&values[i], &root, compare) == &values[i];
    }
    last = -1;
    twalk(root, check_order);
    printf("%d %d\n", count, visits);
    for (int i = 0; i < 3001; i += 2)
    {
        if (tfind(&i, &root, compare) != NULL)
            count -= tdelete(&i, &root, compare) != NULL;
        if (tfind(&i, &root, compare) != NULL)
            printf("%d is still there\n", i);
    }
    last   = -1;
    visits = 0;
    twalk(root, check_order);
    printf("%d %d\n", count, visits);
    int absent = 99999;
    printf("%d\n", tdelete(&absent, &root, compare) == NULL);
    tdestroy(root, nothing);

    int array[10] = { 3, 1, 4 }, five = 5, one = 1;
    size_t used = 3;
    printf("%d ", lfind(&five, array, &used, sizeof(int), compare) == NULL);
    printf("%d ", *(int *)lsearch(&five, array, &used, sizeof(int), compare));
    printf("%d ", (int)((int *)lsearch(&one, array, &used, sizeof(int), compare) - array));
    printf("%zu\n", used);
    struct link
    {
        struct link *next, *previous;
        int value;
    } links[3] = { { NULL, NULL, 1 }, { NULL, NULL, 2 }, { NULL, NULL, 3 } };
    insque(&links[0], NULL);
    insque(&links[2], &links[0]);
    insque(&links[1], &links[0]);
    remque(&links[2]);
    for (struct link *l = links; l != NULL; l = l->next)
        printf("%d ", l->value);
    putchar('\n');
}

// A directory's order is the file system's: what is printed must not depend on it.
static char *seen[200];
static int seen_count;
static int note(const char *path, const struct stat *status, int type, struct FTW *place)
{
    char line[300];
    sprintf(line, "%s %d %d %d %o", path, type, place->base, place->level, status->st_mode);
    seen[seen_count++] = strdup(line);
    return 0;
}

static int note_plain(const char *path, const struct stat *status, int type)
{
    struct FTW none = { 0, 0 };
    return note(path, status, type, &none);
}

static int stop(const char *path, const struct stat *status, int type, struct FTW *place)
{
    return place->level == 2 ? 42 : 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_seen(int outcome)
{
    qsort(seen, seen_count, sizeof *seen, by_text);
    printf("%d %d\n", outcome, seen_count);
    for (int i = 0; i < seen_count; i++)
        printf("%s\n", seen[i]), free(seen[i]);
    seen_count = 0;
}

static void walks(void)
{
    mkdir("tree", 0777);
    mkdir("tree/a", 0777);
    mkdir("tree/a/b", 0777);
    mkdir("tree/c", 0777);
    close(open("tree/a/b/file", O_CREAT | O_WRONLY, 0666));
    close(open("tree/last", O_CREAT | O_WRONLY, 0644));
    symlink("../c", "tree/a/link");
    symlink("nowhere", "tree/dangling");
    symlink("../../tree", "tree/c/round");
    for (int limit = 1; limit < 10; limit += 8)
    {
        print_seen(nftw("tree", note, limit, FTW_PHYS));
        print_seen(nftw("tree", note, limit, FTW_PHYS | FTW_DEPTH));
        print_seen(nftw("./tree/a/", note, limit, FTW_PHYS | FTW_CHDIR));
        print_seen(nftw("tree/a/b", note, limit, FTW_MOUNT));
        print_seen(ftw("tree/a/b", note_plain, limit));
    }
    printf("%d\n", nftw("tree", stop, 5, FTW_PHYS));
    printf("%d\n", nftw("none", note, 5, 0));
    printf("%d\n", errno);
    print_seen(nftw("tree/last", note, 5, 0));
}

static void streams(void)
{
    char bytes[20] = "hello world", line[50];
    FILE *file = fmemopen(bytes, 11, "r");
    printf("%d ", fgetc(file));
    fgets(line, sizeof line, file);
    printf("%s %d %ld\n", line, feof(file) != 0, ftell(file));
    printf("%d %ld\n", fseek(file, -3, SEEK_END), ftell(file));
    printf("%d\n", fgetc(file));
    printf("%d\n", fseek(file, 12, SEEK_SET));
    fclose(file);
    file = fmemopen(bytes, sizeof bytes, "w");
    fprintf(file, "number %d", 42);
    fflush(file);
    printf("%s\n", bytes);
    fclose(file);
    file = fmemopen(bytes, sizeof bytes, "a+");
    fputs("!?", file);
    fclose(file);
    printf("%s\n", bytes);
    file = fmemopen(NULL, 100, "w+");
    fputs("to be read", file);
    rewind(file);
    fgets(line, sizeof line, file);
    printf("%s\n", line);
    fclose(file);

    char *text;
    size_t size;
    file = open_memstream(&text, &size);
    fflush(file);
    printf("%zu %s\n", size, text);
    for (int i = 0; i < 3000; i++)
        fprintf(file, "%d ", i);
    fflush(file);
    printf("%zu %s\n", size, text);
    fseek(file, 2, SEEK_SET);
    fputs("X", file);
    fflush(file);
    printf("%zu %.10s\n", size, text);
    fseek(file, 13890, SEEK_SET); // the host counts SEEK_END from the last write
    fputs("end", file);
    fclose(file);
    printf("%zu %s\n", size, text + size - 10);
    free(text);
}

int main(int count, char **words)
{
    if (count < 2 || mkdir(words[1], 0777) < 0 || chdir(words[1]) < 0)
        return 1;
    freopen("/dev/null", "r", stdin);
    started();
    users();
    tables();
    walks();
    streams();
    fflush(stdout);
    errno = ENOENT;
    warn("number %d", 7);
    warnx("number %d", 7);
    warn(NULL);
    error(0, EACCES, "reason %s", "given");
    error(0, 0, "none");
    fprintf(stderr, "%d\n", error_message_count);
    fflush(stdout);
    errno = EPERM;
    if (fork() == 0)
        err(9, "last");
    int status;
    wait(&status);
    printf("%x\n", status);
    return 0;
}
