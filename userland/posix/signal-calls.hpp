// Sending, handling, blocking and awaiting signals.
#pragma once

#include "call.hpp"

namespace posix
{
    outcome rt_sigaction(call &made);
    outcome rt_sigprocmask(call &made);
    outcome rt_sigpending(call &made);
    outcome rt_sigsuspend(call &made);
    outcome rt_sigtimedwait(call &made);
    outcome rt_sigqueueinfo(call &made);
    outcome rt_sigreturn(call &made);
    outcome sigaltstack(call &made);
    outcome pause(call &made);
    outcome kill(call &made);
    outcome tkill(call &made);
    outcome tgkill(call &made);
}
