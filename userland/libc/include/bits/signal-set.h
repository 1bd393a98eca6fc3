#ifndef _BITS_SIGNAL_SET_H
#define _BITS_SIGNAL_SET_H
typedef struct
{
    unsigned long __bits[16];
} sigset_t;
#endif
