// What happens to the kernel, as words: the same that host-kernel.ts makes of a KernelEvent.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    enum class event_kind : word
    {
        call      = 0, ///< call type, MR0…MR9
        fault     = 1, ///< type, detail, code
        tick      = 2, ///< nothing
        interrupt = 3, ///< line
        write     = 4, ///< physical address, count, words
    };

    enum class event_outcome : word
    {
        entered    = 0,
        halted     = 1, ///< the kernel stopped in this entry
        impossible = 2, ///< nothing happened: no process runs, the line is masked, the kernel has halted, or memory is not RAM
        malformed  = 3, ///< these words are no event
        unfinished = 4, ///< another process runs before the caller's interrupted call has ended
    };

    /// While true, an interrupt waits whenever the kernel looks, and it looks as often as it can. A call that is left
    /// unfinished for that is made again within the same event.
    void interrupt_always(bool always);

    /// Performs the event that begins at `at` and moves `at` behind it.
    event_outcome perform_event(const word*& at, const word* end);

    /// The same, but a call is one kernel entry. A process whose call was left unfinished makes it again at the next event that
    /// is a call or a fault, whatever its words say, because it does nothing of its own before.
    event_outcome perform_entry(const word*& at, const word* end);
}
