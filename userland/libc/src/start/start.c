// From the first stack to main(): environment, auxiliary vector, thread-local variables, constructors.
#include "../internal/system.h"
#include "../internal/thread.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char **environ;
char *program_invocation_name       = "";
char *program_invocation_short_name = "";
bool __threaded;
const unsigned long *__auxiliary_vector;

typedef void function(void);
extern hidden const Elf64_Ehdr __ehdr_start;
extern hidden function *const __preinit_array_start[] __attribute__((weak));
extern hidden function *const __preinit_array_end[] __attribute__((weak));
extern hidden void (*const __init_array_start[])(int, char **, char **) __attribute__((weak));
extern hidden void (*const __init_array_end[])(int, char **, char **) __attribute__((weak));

/// Thread-local variables as the linker laid them out.
static struct
{
    const void *image;
    size_t image_size;
    size_t offset; ///< from their start to the thread pointer: their size, aligned
    size_t alignment;
} thread_template = { .alignment = 64 };

static size_t round_up(size_t value, size_t alignment)
{
    return (value + alignment - 1) & -alignment;
}

static void find_thread_template(void)
{
    const Elf64_Phdr *header = (const void *)((const char *)&__ehdr_start + __ehdr_start.e_phoff);
    for (int i = 0; i < __ehdr_start.e_phnum; i++, header++)
    {
        if (header->p_type == PT_TLS)
        {
            thread_template.image      = (const void *)header->p_vaddr;
            thread_template.image_size = header->p_filesz;
            thread_template.offset     = round_up(header->p_memsz, header->p_align);
            if (header->p_align > thread_template.alignment)
            {
                thread_template.alignment = header->p_align;
            }
        }
    }
}

size_t __thread_area_size(void)
{
    // One alignment more, since the memory need not be aligned so.
    return round_up(thread_template.offset, thread_template.alignment) + thread_template.alignment
           + round_up(sizeof(struct thread), 64);
}

struct thread *__make_thread_area(void *memory)
{
    const size_t below = round_up(thread_template.offset, thread_template.alignment);
    struct thread *thread =
        (struct thread *)(round_up((uintptr_t)memory, thread_template.alignment) + below);
    if (thread_template.image_size > 0)
    {
        memcpy((char *)thread - thread_template.offset, thread_template.image, thread_template.image_size);
    }
    thread->self = thread;
    return thread;
}

unsigned long getauxval(unsigned long type)
{
    for (const unsigned long *entry = __auxiliary_vector; entry[0] != AT_NULL; entry += 2)
    {
        if (entry[0] == type)
        {
            return entry[1];
        }
    }
    errno = ENOENT;
    return 0;
}

static void start_first_thread(void)
{
    static char usual_area[sizeof(struct thread) + 2048] __attribute__((aligned(64)));
    find_thread_template();
    void *area = usual_area;
    if (__thread_area_size() > sizeof usual_area)
    {
        area = (void *)system_call(
            SYS_mmap, 0, __thread_area_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    struct thread *thread = __make_thread_area(area);
    system_call(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, thread);
    thread->next = thread->previous = thread;
    thread->id                      = (int)system_call(SYS_set_tid_address, &thread->id);

    const uintptr_t *random = (const void *)getauxval(AT_RANDOM);
    thread->stack_guard     = random != NULL ? random[0] & ~0xffUL : 0xa9a9a900a9a9a900;
    errno                   = 0;
}

_Noreturn void __start(long *stack, int (*main)(int, char **, char **))
{
    const int argc = (int)stack[0];
    char **argv    = (char **)(stack + 1);
    environ        = argv + argc + 1;
    char **end     = environ;
    while (*end != NULL)
    {
        end++;
    }
    __auxiliary_vector = (const unsigned long *)(end + 1);
    start_first_thread();

    if (argc > 0 && argv[0] != NULL)
    {
        program_invocation_name = program_invocation_short_name = argv[0];
        for (char *c = argv[0]; *c != '\0'; c++)
        {
            if (*c == '/')
            {
                program_invocation_short_name = c + 1;
            }
        }
    }
    for (function *const *f = __preinit_array_start; f < __preinit_array_end; f++)
    {
        (*f)();
    }
    for (void (*const *f)(int, char **, char **) = __init_array_start; f < __init_array_end; f++)
    {
        (*f)(argc, argv, environ);
    }
    exit(main(argc, argv, environ));
}
