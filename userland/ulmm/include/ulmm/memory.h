/* ULMMI for C: the requests of protocol.hpp as functions. Numbers are those of protocol.hpp, which explains them; a test compares them.
 *
 * Every function returns a reply code, 0 for success. Results go where a pointer says, and nothing is written there otherwise.
 * `port` is the descriptor of the client's port to ULMM. */
#ifndef ULMM_MEMORY_H
#define ULMM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t ulmm_word;

enum ulmm_request {
    ULMM_MAKE_OBJECTS = 1,
    ULMM_RELEASE_OBJECTS = 2,
    ULMM_MAKE_PROCESS = 3,
    ULMM_CREATE_SPACE = 4,
    ULMM_DESTROY_SPACE = 5,
    ULMM_CLONE_SPACE = 6,
    ULMM_MAP = 7,
    ULMM_MAP_OBJECT = 8,
    ULMM_UNMAP = 9,
    ULMM_PROTECT = 10,
    ULMM_COMMIT = 11,
    ULMM_CREATE_OBJECT = 12,
    ULMM_SHARE_OBJECT = 13,
    ULMM_RELEASE_OBJECT = 14,
    ULMM_RESOLVE_FAULT = 15,
    ULMM_OPEN_WINDOW = 17,
    ULMM_CLOSE_WINDOW = 18,
    ULMM_STATISTICS = 19,
    ULMM_OWN_STATISTICS = 20,
    ULMM_SYSTEM_STATISTICS = 21,
    ULMM_SET_POLICY = 22
};

enum ulmm_reply {
    ULMM_OK = 0,
    ULMM_UNKNOWN_REQUEST = 1,
    ULMM_PERMISSION_DENIED = 2,
    ULMM_UNKNOWN_CLIENT = 3,
    ULMM_INVALID_HANDLE = 4,
    ULMM_INVALID_ARGUMENT = 5,
    ULMM_ADDRESS_IN_USE = 6,
    ULMM_NOT_MAPPED = 7,
    ULMM_ACCESS_DENIED = 8,
    ULMM_OUT_OF_MEMORY = 9,
    ULMM_LIMIT_REACHED = 10,
    ULMM_TRANSFER_FAILED = 11,
    ULMM_KERNEL_ERROR = 12 /* also: the server did not answer */
};

/* Access, and how a range is mapped: bits of one word. */
enum ulmm_access {
    ULMM_ACCESS_NONE = 0,
    ULMM_ACCESS_READ = 1,
    ULMM_ACCESS_WRITE = 2,
    ULMM_ACCESS_EXECUTE = 4,
    ULMM_MAP_FIXED = 0x10,
    ULMM_MAP_SHARED = 0x20,
    ULMM_MAP_COMMIT = 0x40,
    ULMM_MAP_COPY_ON_WRITE = 0x80
};

enum ulmm_fault_access {
    ULMM_FAULT_READ = 0,
    ULMM_FAULT_WRITE = 1,
    ULMM_FAULT_EXECUTE = 2
};

enum { ULMM_OWN_SPACE = 0, ULMM_OBJECTS_EXCLUSIVE = 0x100 };

/* One request with up to five arguments; up to five results. */
static inline int ulmm_call(ulmm_word port, enum ulmm_request request, const ulmm_word arguments[5], ulmm_word results[5])
{
    const ulmm_word capability_call = ~(ulmm_word)0;
    const ulmm_word call_operation = 3;
    const ulmm_word blocking = 1, length = 6, source_bits = 3u << 13;

    ulmm_word mr0 = port, mr1 = call_operation, mr2 = blocking | length << 1;
    register ulmm_word mr3 __asm__("r8") = 0;
    register ulmm_word mr4 __asm__("r9") = (ulmm_word)request;
    register ulmm_word mr5 __asm__("r10") = arguments[0];
    register ulmm_word mr6 __asm__("r12") = arguments[1];
    register ulmm_word mr7 __asm__("r13") = arguments[2];
    register ulmm_word mr8 __asm__("r14") = arguments[3];
    register ulmm_word mr9 __asm__("r15") = arguments[4];
    __asm__ volatile("syscall"
                     : "+D"(mr0), "+S"(mr1), "+d"(mr2), "+r"(mr3), "+r"(mr4), "+r"(mr5), "+r"(mr6), "+r"(mr7), "+r"(mr8),
                       "+r"(mr9)
                     : "a"(capability_call)
                     : "rcx", "r11", "memory");
    if (mr0 != 1 || (mr2 & source_bits) != 0) {
        return ULMM_KERNEL_ERROR; /* the call failed, or a notification ended it */
    }
    results[0] = mr5;
    results[1] = mr6;
    results[2] = mr7;
    results[3] = mr8;
    results[4] = mr9;
    return (int)mr4;
}

/* The same for requests with one result, or none. */
static inline int ulmm_ask(ulmm_word port, enum ulmm_request request, ulmm_word a, ulmm_word b, ulmm_word c, ulmm_word d,
    ulmm_word e, ulmm_word *result)
{
    const ulmm_word arguments[5] = { a, b, c, d, e };
    ulmm_word results[5] = { 0, 0, 0, 0, 0 };
    const int code = ulmm_call(port, request, arguments, results);
    if (code == ULMM_OK && result != NULL) {
        *result = results[0];
    }
    return code;
}

/* Kernel objects: the capabilities arrive where the IPC buffer says. `type`: of the kernel's ABI, or with ULMM_OBJECTS_EXCLUSIVE. */
static inline int ulmm_make_objects(ulmm_word port, ulmm_word type, ulmm_word specific_bits, ulmm_word count, ulmm_word *handle)
{
    return ulmm_ask(port, ULMM_MAKE_OBJECTS, type, specific_bits, count, 0, 0, handle);
}

static inline int ulmm_release_objects(ulmm_word port, ulmm_word handle)
{
    return ulmm_ask(port, ULMM_RELEASE_OBJECTS, handle, 0, 0, 0, 0, NULL);
}

static inline int ulmm_make_process(ulmm_word port, ulmm_word space, ulmm_word ipc_buffer_address, ulmm_word *handle)
{
    return ulmm_ask(port, ULMM_MAKE_PROCESS, space, ipc_buffer_address, 0, 0, 0, handle);
}

static inline int ulmm_create_space(ulmm_word port, ulmm_word *space)
{
    return ulmm_ask(port, ULMM_CREATE_SPACE, 0, 0, 0, 0, 0, space);
}

static inline int ulmm_destroy_space(ulmm_word port, ulmm_word space)
{
    return ulmm_ask(port, ULMM_DESTROY_SPACE, space, 0, 0, 0, 0, NULL);
}

static inline int ulmm_clone_space(ulmm_word port, ulmm_word space, ulmm_word *copy)
{
    return ulmm_ask(port, ULMM_CLONE_SPACE, space, 0, 0, 0, 0, copy);
}

/* `*address` 0 leaves the choice to ULMM; it becomes the address. `attributes`: bits of enum ulmm_access. */
static inline int ulmm_map(ulmm_word port, ulmm_word space, ulmm_word *address, ulmm_word size, ulmm_word attributes)
{
    return ulmm_ask(port, ULMM_MAP, space, *address, size, attributes, 0, address);
}

static inline int ulmm_map_object(ulmm_word port, ulmm_word space, ulmm_word *address, ulmm_word size, ulmm_word attributes,
    ulmm_word object, ulmm_word offset)
{
    return ulmm_ask(port, ULMM_MAP_OBJECT, space, *address, size, object << 32 | attributes, offset, address);
}

static inline int ulmm_unmap(ulmm_word port, ulmm_word space, ulmm_word address, ulmm_word size)
{
    return ulmm_ask(port, ULMM_UNMAP, space, address, size, 0, 0, NULL);
}

static inline int ulmm_protect(ulmm_word port, ulmm_word space, ulmm_word address, ulmm_word size, ulmm_word access)
{
    return ulmm_ask(port, ULMM_PROTECT, space, address, size, access, 0, NULL);
}

static inline int ulmm_commit(ulmm_word port, ulmm_word space, ulmm_word address, ulmm_word size)
{
    return ulmm_ask(port, ULMM_COMMIT, space, address, size, 0, 0, NULL);
}

static inline int ulmm_create_object(ulmm_word port, ulmm_word size, ulmm_word *object)
{
    return ulmm_ask(port, ULMM_CREATE_OBJECT, size, 0, 0, 0, 0, object);
}

/* `*its_handle` is the recipient's, whom you have to tell it. */
static inline int ulmm_share_object(ulmm_word port, ulmm_word object, ulmm_word recipient, ulmm_word access, ulmm_word *its_handle)
{
    return ulmm_ask(port, ULMM_SHARE_OBJECT, object, recipient, access, 0, 0, its_handle);
}

static inline int ulmm_release_object(ulmm_word port, ulmm_word object)
{
    return ulmm_ask(port, ULMM_RELEASE_OBJECT, object, 0, 0, 0, 0, NULL);
}

/* `*replaced` is 1 if another page than before lies there now. */
static inline int ulmm_resolve_fault(ulmm_word port, ulmm_word space, ulmm_word address, enum ulmm_fault_access attempted,
    ulmm_word *replaced)
{
    return ulmm_ask(port, ULMM_RESOLVE_FAULT, space, address, (ulmm_word)attempted, 0, 0, replaced);
}

/* What the owner of a window must do: see `open_window` in memory.hpp. */
static inline int ulmm_open_window(ulmm_word port, ulmm_word space, ulmm_word address, ulmm_word size, ulmm_word access,
    ulmm_word *own_address)
{
    return ulmm_ask(port, ULMM_OPEN_WINDOW, space, address, size, access, *own_address, own_address);
}

static inline int ulmm_close_window(ulmm_word port, ulmm_word own_address, ulmm_word size)
{
    return ulmm_ask(port, ULMM_CLOSE_WINDOW, own_address, size, 0, 0, 0, NULL);
}

static inline int ulmm_set_policy(ulmm_word port, ulmm_word policy)
{
    return ulmm_ask(port, ULMM_SET_POLICY, policy, 0, 0, 0, 0, NULL);
}

#ifdef __cplusplus
}
#endif

#endif
