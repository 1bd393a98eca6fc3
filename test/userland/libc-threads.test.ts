import { expect, it } from 'vitest';
import { buildTwice, reasonToSkipLibc } from './libc.ts';

/** Threads and their locks; children, accounts and messages: the same as with the host's library. */

const skip = reasonToSkipLibc();

function compare(source: string) {
  const programs = buildTwice(source);
  try {
    const host = programs.host();
    expect(host.status).toBe(0);
    expect(programs.ours()).toEqual(host);
  } finally {
    programs.dispose();
  }
}

it.skipIf(skip)('threads, mutexes, conditions, semaphores, barriers, read-write locks, keys', () => {
  compare(String.raw`
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphore;
static long counter, pair[2], torn, spun, serial, destroyed, initialised;
static _Thread_local long own = 7;
static int queue[4], queued;
static void initialise(void) { initialised++; }
static void destroy(void *value) { __atomic_add_fetch(&destroyed, (long)value, __ATOMIC_SEQ_CST); }
static void *work(void *argument)
{
    long id = (long)argument;
    pthread_once(&once, initialise);
    pthread_setspecific(key, (void *)id);
    own += id;
    for (int i = 0; i < 3000; i++)
    {
        pthread_mutex_lock(&mutex); counter++; pthread_mutex_unlock(&mutex);
        pthread_spin_lock(&spin); spun++; pthread_spin_unlock(&spin);
        if (i % 10 == 0) { pthread_rwlock_wrlock(&rwlock); pair[0]++; pair[1]++; pthread_rwlock_unlock(&rwlock); }
        else { pthread_rwlock_rdlock(&rwlock); if (pair[0] != pair[1]) torn++; pthread_rwlock_unlock(&rwlock); }
        free(malloc(i % 500));
        if (i % 500 == 0 && pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) __atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
    }
    sem_post(&semaphore);
    return (void *)(own * 10);
}
static void *produce(void *argument)
{
    for (int i = 1; i <= 2000; i++)
    {
        pthread_mutex_lock(&mutex);
        while (queued == 4) pthread_cond_wait(&not_full, &mutex);
        queue[queued++] = i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}
static void cleanup(void *argument) { *(int *)argument += 1; }
static void *leave(void *argument)
{
    pthread_cleanup_push(cleanup, argument);
    pthread_exit((void *)99);
    pthread_cleanup_pop(0);
    return NULL;
}
static void *detached(void *argument) { sem_post(&semaphore); return NULL; }
int main(void)
{
    pthread_t threads[6];
    pthread_key_create(&key, destroy);
    pthread_barrier_init(&barrier, NULL, 6);
    pthread_spin_init(&spin, 0);
    sem_init(&semaphore, 0, 0);
    for (long i = 0; i < 6; i++) if (pthread_create(&threads[i], NULL, work, (void *)(i + 1))) return 1;
    for (int i = 0; i < 6; i++) { void *value; pthread_join(threads[i], &value); printf("%ld ", (long)value); }
    for (int i = 0; i < 6; i++) sem_wait(&semaphore);
    printf("%ld %ld %ld %ld %ld %ld %ld %ld\n", counter, spun, pair[0], torn, serial, destroyed, initialised, own);
    long sum = 0;
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, produce, NULL);
    for (int i = 0; i < 4000; i++)
    {
        pthread_mutex_lock(&mutex);
        while (queued == 0) pthread_cond_wait(&not_empty, &mutex);
        sum += queue[--queued];
        pthread_cond_broadcast(&not_full);
        pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    int cleaned = 0;
    void *value;
    pthread_create(&threads[0], NULL, leave, &cleaned);
    pthread_join(threads[0], &value);
    printf("%ld %d %ld\n", sum, cleaned, (long)value);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 50; i++) { pthread_create(&threads[0], &attributes, detached, NULL); sem_wait(&semaphore); }
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutex_t other;
    for (int k = 1; k <= 2; k++)
    {
        pthread_mutexattr_settype(&kind, k == 1 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_ERRORCHECK);
        pthread_mutex_init(&other, &kind);
        printf("%d %d ", pthread_mutex_lock(&other), pthread_mutex_lock(&other));
        printf("%d %d ", pthread_mutex_trylock(&other), pthread_mutex_unlock(&other));
        printf("%d %d\n", pthread_mutex_unlock(&other), k == 1 ? pthread_mutex_unlock(&other) : pthread_mutex_unlock(&other));
    }
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    if (soon.tv_nsec >= 1000000000) { soon.tv_nsec -= 1000000000; soon.tv_sec++; }
    pthread_mutex_lock(&mutex);
    printf("%d ", pthread_cond_timedwait(&not_empty, &mutex, &soon) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    printf("%d ", sem_timedwait(&semaphore, &soon) == -1 && errno == ETIMEDOUT);
    pthread_rwlock_rdlock(&rwlock);
    printf("%d ", pthread_rwlock_timedwrlock(&rwlock, &soon) == ETIMEDOUT);
    printf("%d %d\n", pthread_rwlock_tryrdlock(&rwlock), pthread_rwlock_trywrlock(&rwlock) == EBUSY);
    return 0;
}`);
});

it.skipIf(skip)('system, popen and posix_spawn; accounts; messages', () => {
  compare(String.raw`
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("%d %d %d\n", system("exit 3"), system(NULL) != 0, system("echo from the shell; kill -9 $$"));
    FILE *file = popen("echo one; echo two; exit 5", "r");
    char line[100];
    while (fgets(line, sizeof line, file)) printf("read %s", line);
    printf("%d\n", pclose(file));
    file = popen("cat -n", "w");
    fprintf(file, "to a child\n");
    printf("%d\n", pclose(file));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_addclose(&actions, 0);
    char *arguments[] = {"sh", "-c", "echo spawned; echo to stderr >&2; exit 4", NULL};
    pid_t child;
    int status = 0;
    printf("%d ", posix_spawnp(&child, "sh", &actions, NULL, arguments, environ));
    waitpid(child, &status, 0);
    printf("%d\n", WEXITSTATUS(status));
    file = fopen("out", "r");
    while (fgets(line, sizeof line, file)) printf("%s", line);
    fclose(file);
    remove("out");
    printf("%d\n", posix_spawn(&child, "/none/such", NULL, NULL, arguments, environ) == ENOENT);
    posix_spawn_file_actions_destroy(&actions);
    for (uid_t i = 0; i < 10; i++)
    {
        struct passwd *user = getpwuid(i);
        struct group *group = getgrgid(i);
        if (user) printf("%s %d %d %s %s %s\n", user->pw_name, user->pw_uid, user->pw_gid, user->pw_gecos, user->pw_dir, user->pw_shell);
        if (group) { printf("%s", group->gr_name); for (char **m = group->gr_mem; *m; m++) printf(" %s", *m); puts(""); }
    }
    printf("%d %d %d\n", getpwnam("nobody") != NULL, getpwnam("no such user") == NULL, getgrnam("daemon")->gr_gid);
    struct passwd user, *found;
    char small[4];
    printf("%d\n", getpwnam_r("root", &user, small, sizeof small, &found) == ERANGE);
    int count = 0;
    while (getpwent()) count++;
    endpwent();
    while (getgrent()) count++;
    endgrent();
    printf("%d\n", count);
    errno = ENOENT;
    warn("with %s", "errno");
    warnx("without");
    errno = EACCES;
    if (fork() == 0) err(2, NULL);
    wait(&status);
    printf("%d\n", WEXITSTATUS(status));
    return 0;
}`);
});

it.skipIf(skip)('the threads of C11', () => {
  compare(String.raw`
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
static mtx_t mutex;
static cnd_t ready;
static tss_t key;
static once_flag once = ONCE_FLAG_INIT;
static int counter, turn, calls;
static void first(void) { calls++; }
static void destroy(void *value) { free(value); }
static int work(void *argument)
{
    call_once(&once, first);
    tss_set(key, malloc(10));
    for (int i = 0; i < 1000; i++) { mtx_lock(&mutex); counter++; mtx_unlock(&mutex); }
    mtx_lock(&mutex);
    while (turn != *(int *)argument) cnd_wait(&ready, &mutex);
    turn++;
    cnd_broadcast(&ready);
    mtx_unlock(&mutex);
    return *(int *)argument * 3;
}
int main(void)
{
    mtx_init(&mutex, mtx_plain);
    cnd_init(&ready);
    tss_create(&key, destroy);
    thrd_t threads[4];
    int ids[4], results[4];
    for (int i = 0; i < 4; i++) { ids[i] = i; thrd_create(&threads[i], work, &ids[i]); }
    for (int i = 0; i < 4; i++) { thrd_join(threads[i], &results[i]); printf("%d ", results[i]); }
    printf("%d %d %d\n", counter, turn, calls);
    printf("%d %d\n", mtx_trylock(&mutex) == thrd_success, mtx_trylock(&mutex) == thrd_busy);
    return 0;
}`);
});
