// The signal mask in jump buffers: called from setjmp and longjmp.
#include "../internal/system.h"

#include <setjmp.h>
#include <signal.h>

hidden int __save_signal_mask(struct __jump_buffer *buffer)
{
    system_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, &buffer->__mask, 8);
    return 0;
}

hidden void __restore_signal_mask(const struct __jump_buffer *buffer)
{
    system_call(SYS_rt_sigprocmask, SIG_SETMASK, &buffer->__mask, 0, 8);
}
