// The allocator. Small blocks come from runs of 64 KiB, each cut into blocks of one size; larger ones are mappings of
// their own, of which a few are kept for the next request. A block's header lies in the last multiple of 64 KiB before it.
#include "../internal/lock.h"

#include <malloc.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum
{
    run_size      = 64 << 10,
    runs_at_once  = 16,
    header_size   = 64,
    largest_small = 16 << 10,
    classes       = 8 + 7 * 4, ///< steps of 16 to 128, then four to each power of two
    kept_mappings = 16,
    kept_bytes    = 16 << 20,
    page          = 4096,
};

static const uint64_t small_magic = 0x5ba11b10c5ba11b1, large_magic = 0x1a46eb10c1a46eb1;

struct header
{
    uint64_t magic;
    struct header *next, *previous; ///< small: runs of this class with room
    void *freed;                    ///< small: freed blocks, each pointing at the next
    char *fresh;                    ///< small: from here on never used
    uint32_t class, used;           ///< small: class, blocks in use
    size_t mapping_size;            ///< large: from `mapping`
    void *mapping;                  ///< large
};
_Static_assert(sizeof(struct header) <= header_size, "the header is too large");

hidden lock_t __malloc_lock;
static struct header *with_room[classes];
static struct header *free_runs;
static struct
{
    struct header *header;
    size_t size;
} kept[kept_mappings];
static size_t kept_total;

static unsigned class_of(size_t size)
{
    if (size <= 128)
    {
        return size == 0 ? 0 : (unsigned)(size - 1) / 16;
    }
    const unsigned power = 63 - (unsigned)__builtin_clzl(size - 1); // of the power of two below
    return 8 + (power - 7) * 4 + (unsigned)((size - 1) >> (power - 2)) % 4;
}

static size_t size_of(unsigned class)
{
    return class < 8 ? (class + 1) * 16 : (5 + (class - 8) % 4) << ((class - 8) / 4 + 5);
}

/// No block begins at a multiple of 64 KiB, unless its header is 64 KiB before it.
static struct header *header_of(void *block)
{
    return (struct header *)(((uintptr_t)block - 1) & -(uintptr_t)run_size);
}

static void *map(size_t size)
{
    const long memory =
        system_call(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory < 0 && memory >= -4095 ? NULL : (void *)memory;
}

static struct header *take_run(void)
{
    if (free_runs == NULL)
    {
        char *memory = map((runs_at_once + 1) * run_size);
        if (memory == NULL)
        {
            return NULL;
        }
        const uintptr_t first = ((uintptr_t)memory + run_size - 1) & -(uintptr_t)run_size;
        for (int i = runs_at_once - 1; i >= 0; i--)
        {
            struct header *run = (struct header *)(first + (uintptr_t)i * run_size);
            run->next          = free_runs;
            free_runs          = run;
        }
    }
    struct header *run = free_runs;
    free_runs          = run->next;
    return run;
}

static void link_run(struct header *run)
{
    struct header **list = &with_room[run->class];
    run->previous        = NULL;
    run->next            = *list;
    if (*list != NULL)
    {
        (*list)->previous = run;
    }
    *list = run;
}

static void unlink_run(struct header *run)
{
    if (run->previous != NULL)
    {
        run->previous->next = run->next;
    }
    else
    {
        with_room[run->class] = run->next;
    }
    if (run->next != NULL)
    {
        run->next->previous = run->previous;
    }
}

static bool has_room(const struct header *run)
{
    return run->freed != NULL || run->fresh + size_of(run->class) <= (const char *)run + run_size;
}

static void *allocate_small(unsigned class)
{
    struct header *run = with_room[class];
    if (run == NULL)
    {
        run = take_run();
        if (run == NULL)
        {
            return NULL;
        }
        *run = (struct header) { .magic = small_magic, .class = class, .fresh = (char *)run + header_size };
        link_run(run);
    }
    void *block = run->freed;
    if (block != NULL)
    {
        run->freed = *(void **)block;
    }
    else
    {
        block = run->fresh;
        run->fresh += size_of(class);
    }
    run->used++;
    if (!has_room(run))
    {
        unlink_run(run);
    }
    return block;
}

static void free_small(struct header *run, void *block)
{
    const bool had_room = has_room(run);
    *(void **)block     = run->freed;
    run->freed          = block;
    run->used--;
    if (!had_room)
    {
        link_run(run);
    }
    // An empty run serves any class, but the last one of its class stays, lest it come and go with each block.
    if (run->used == 0 && (run->next != NULL || run->previous != NULL))
    {
        unlink_run(run);
        run->magic = 0;
        run->next  = free_runs;
        free_runs  = run;
    }
}

static struct header *take_kept(size_t size)
{
    int best = -1;
    for (int i = 0; i < kept_mappings; i++)
    {
        if (kept[i].header != NULL && kept[i].size >= size && kept[i].size <= size + size / 2
            && (best < 0 || kept[i].size < kept[best].size))
        {
            best = i;
        }
    }
    if (best < 0)
    {
        return NULL;
    }
    struct header *header = kept[best].header;
    kept[best].header     = NULL;
    kept_total -= kept[best].size;
    return header;
}

/// `zeroed` is set if the memory is known to be zero.
static void *allocate_large(size_t size, size_t alignment, bool *zeroed)
{
    if (size > PTRDIFF_MAX - 2 * run_size - alignment)
    {
        return NULL;
    }
    const size_t offset = alignment <= header_size ? header_size : alignment <= run_size ? alignment : run_size;
    const size_t needed = (offset + size + page - 1) & -(size_t)page;
    if (alignment <= run_size)
    {
        lock(&__malloc_lock);
        struct header *header = take_kept(needed);
        unlock(&__malloc_lock);
        if (header != NULL)
        {
            header->magic = large_magic;
            return (char *)header + offset;
        }
    }
    // The header is at a multiple of 64 KiB; what lies before it is given back.
    const size_t extra = alignment <= run_size ? run_size - page : alignment + run_size;
    char *memory       = map(needed + extra);
    if (memory == NULL)
    {
        return NULL;
    }
    *zeroed = true;
    uintptr_t start;
    if (alignment <= run_size)
    {
        start = ((uintptr_t)memory + run_size - 1) & -(uintptr_t)run_size;
    }
    else
    {
        start = (((uintptr_t)memory + run_size + alignment - 1) & -alignment) - run_size;
    }
    const size_t before = start - (uintptr_t)memory;
    if (before > 0)
    {
        system_call(SYS_munmap, memory, before);
    }
    if (extra > before)
    {
        system_call(SYS_munmap, start + needed, extra - before);
    }
    struct header *header = (struct header *)start;
    *header = (struct header) { .magic = large_magic, .mapping = header, .mapping_size = needed };
    return (char *)header + offset;
}

static void free_large(struct header *header)
{
    header->magic     = 0;
    const size_t size = header->mapping_size;
    if (size <= kept_bytes / 4)
    {
        lock(&__malloc_lock);
        for (int i = 0; i < kept_mappings && kept_total + size <= kept_bytes; i++)
        {
            if (kept[i].header == NULL)
            {
                kept[i].header = header;
                kept[i].size   = size;
                kept_total += size;
                unlock(&__malloc_lock);
                return;
            }
        }
        unlock(&__malloc_lock);
    }
    system_call(SYS_munmap, header->mapping, size);
}

static void *allocate(size_t size, size_t alignment, bool *zeroed)
{
    void *block = NULL;
    if (alignment > 16 && alignment <= 64 && size <= largest_small)
    {
        // Sizes that are multiples of 64 begin at multiples of 64.
        size = (size + 63) & ~63UL;
        while (size <= largest_small && size_of(class_of(size)) % alignment != 0)
        {
            size += 64;
        }
        alignment = 16;
    }
    if (size <= largest_small && alignment <= 16)
    {
        lock(&__malloc_lock);
        block = allocate_small(class_of(size));
        unlock(&__malloc_lock);
    }
    else
    {
        block = allocate_large(size, alignment, zeroed);
    }
    if (block == NULL)
    {
        errno = ENOMEM;
    }
    return block;
}

/// The header of a block that the program handed in; ends the program if it is none.
static struct header *checked_header(void *block)
{
    struct header *header = header_of(block);
    if ((uintptr_t)block % 16 != 0 || (header->magic != small_magic && header->magic != large_magic))
    {
        static const char message[] = "free(): not a block of malloc(), or freed before\n";
        system_call(SYS_write, 2, message, sizeof message - 1);
        abort();
    }
    return header;
}

void *malloc(size_t size)
{
    bool zeroed = false;
    return allocate(size, 16, &zeroed);
}

void free(void *block)
{
    if (block == NULL)
    {
        return;
    }
    struct header *header = checked_header(block);
    if (header->magic == large_magic)
    {
        free_large(header);
        return;
    }
    lock(&__malloc_lock);
    free_small(header, block);
    unlock(&__malloc_lock);
}

void *calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
    {
        errno = ENOMEM;
        return NULL;
    }
    bool zeroed = false;
    void *block = allocate(total, 16, &zeroed);
    if (block != NULL && !zeroed)
    {
        memset(block, 0, total);
    }
    return block;
}

size_t malloc_usable_size(void *block)
{
    if (block == NULL)
    {
        return 0;
    }
    struct header *header = checked_header(block);
    return header->magic == small_magic
               ? size_of(header->class)
               : header->mapping_size - (size_t)((char *)block - (char *)header->mapping);
}

void *realloc(void *block, size_t size)
{
    if (block == NULL)
    {
        return malloc(size);
    }
    if (size == 0)
    {
        free(block);
        return NULL;
    }
    struct header *header = checked_header(block);
    const size_t usable   = malloc_usable_size(block);
    if (header->magic == small_magic ? size <= largest_small && class_of(size) == header->class
                                     : size <= usable && size > usable / 2)
    {
        return block;
    }
    void *moved = malloc(size);
    if (moved != NULL)
    {
        memcpy(moved, block, size < usable ? size : usable);
        free(block);
    }
    return moved;
}

void *reallocarray(void *block, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
    {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, total);
}

void *memalign(size_t alignment, size_t size)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0)
    {
        errno = EINVAL;
        return NULL;
    }
    bool zeroed = false;
    return allocate(size, alignment < 16 ? 16 : alignment, &zeroed);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

void *valloc(size_t size)
{
    return memalign(page, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
    {
        return EINVAL;
    }
    const int before = errno;
    void *memory     = memalign(alignment, size);
    errno            = before;
    if (memory == NULL)
    {
        return ENOMEM;
    }
    *block = memory;
    return 0;
}
