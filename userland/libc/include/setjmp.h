#ifndef _SETJMP_H
#define _SETJMP_H

#include <bits/c.h>

__C_BEGIN

/* RBX, RBP, R12 to R15, RSP, RIP; whether a signal mask was saved; the mask. */
typedef struct __jump_buffer
{
    unsigned long __registers[8];
    unsigned long __has_mask;
    unsigned long __mask;
} jmp_buf[1];
typedef jmp_buf sigjmp_buf;

int setjmp(jmp_buf) __attribute__((__returns_twice__));
int _setjmp(jmp_buf) __attribute__((__returns_twice__));
int sigsetjmp(sigjmp_buf, int) __attribute__((__returns_twice__));
__NORETURN void longjmp(jmp_buf, int);
__NORETURN void _longjmp(jmp_buf, int);
__NORETURN void siglongjmp(sigjmp_buf, int);
#define setjmp(buffer) setjmp(buffer)

__C_END

#endif
