// Pseudo-random numbers. rand and random are a 64-bit linear congruential generator with its high bits mixed; the *48
// family is the generator that POSIX defines.
#include "../internal/lock.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t rand_state = 1;

static uint32_t mix(uint64_t *state)
{
    *state           = *state * 6364136223846793005U + 1442695040888963407U;
    const uint64_t x = (*state ^ *state >> 32) * 0xd6e8feb86659fd93U;
    return (uint32_t)((x ^ x >> 32) >> 1) & 0x7fffffff;
}

void srand(unsigned seed)
{
    rand_state = seed;
}

int rand(void)
{
    return (int)mix(&rand_state);
}

int rand_r(unsigned *seed)
{
    uint64_t state     = *seed;
    const int value    = (int)mix(&state);
    *seed              = (unsigned)(state >> 16);
    return value;
}

/// random()'s state is the caller's array, of which the first eight bytes serve.
static uint64_t own_random_state = 1;
static char *random_state        = (char *)&own_random_state;
static lock_t random_lock;

static void store(uint64_t value)
{
    memcpy(random_state, &value, sizeof value);
}

void srandom(unsigned seed)
{
    lock(&random_lock);
    store(seed);
    unlock(&random_lock);
}

long random(void)
{
    lock(&random_lock);
    uint64_t state;
    memcpy(&state, random_state, sizeof state);
    const long value = (long)mix(&state);
    store(state);
    unlock(&random_lock);
    return value;
}

char *initstate(unsigned seed, char *state, size_t size)
{
    if (size < 8)
    {
        return NULL;
    }
    char *before = setstate(state);
    srandom(seed);
    return before;
}

char *setstate(char *state)
{
    lock(&random_lock);
    char *before = random_state;
    random_state = state;
    unlock(&random_lock);
    return before;
}

static unsigned short x48[3];
static uint64_t factor48   = 0x5deece66d;
static uint16_t addend48   = 0xb;

static uint64_t step48(unsigned short x[3])
{
    uint64_t value = (uint64_t)x[2] << 32 | (uint64_t)x[1] << 16 | x[0];
    value          = (value * factor48 + addend48) & 0xffffffffffff;
    x[0]           = (unsigned short)value;
    x[1]           = (unsigned short)(value >> 16);
    x[2]           = (unsigned short)(value >> 32);
    return value;
}

double erand48(unsigned short x[3])
{
    return (double)step48(x) / 281474976710656.0;
}

long nrand48(unsigned short x[3])
{
    return (long)(step48(x) >> 17);
}

long jrand48(unsigned short x[3])
{
    return (int32_t)(step48(x) >> 16);
}

double drand48(void)
{
    return erand48(x48);
}

long lrand48(void)
{
    return nrand48(x48);
}

long mrand48(void)
{
    return jrand48(x48);
}

void srand48(long seed)
{
    factor48 = 0x5deece66d;
    addend48 = 0xb;
    x48[0]   = 0x330e;
    x48[1]   = (unsigned short)seed;
    x48[2]   = (unsigned short)(seed >> 16);
}

unsigned short *seed48(unsigned short seed[3])
{
    static unsigned short before[3];
    memcpy(before, x48, sizeof before);
    factor48 = 0x5deece66d;
    addend48 = 0xb;
    memcpy(x48, seed, sizeof x48);
    return before;
}

void lcong48(unsigned short parameters[7])
{
    memcpy(x48, parameters, sizeof x48);
    factor48 = (uint64_t)parameters[5] << 32 | (uint64_t)parameters[4] << 16 | parameters[3];
    addend48 = parameters[6];
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    return result(system_call(SYS_getrandom, buffer, size, flags));
}

int getentropy(void *buffer, size_t size)
{
    if (size > 256)
    {
        errno = EIO;
        return -1;
    }
    for (char *at = buffer; size > 0;)
    {
        const ssize_t count = getrandom(at, size, 0);
        if (count > 0)
        {
            at += count;
            size -= (size_t)count;
        }
        else if (errno != EINTR)
        {
            return -1;
        }
    }
    return 0;
}
