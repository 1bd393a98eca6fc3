// Emptying slots and what follows from it: objects whose last capability goes are destroyed, descendants are removed.
//
// The work may be long and is then done in pieces, with the kernel left in between. What others see meanwhile is a tree
// of which a part is gone already; all of what is there is whole. They may change it as they like: what is moved is
// found, what is removed was to go anyway, and nothing can be derived from the capability that is being revoked until that
// is over. Memory does not become free before all work is done, whoever it was done for: the watermark of a Generic
// falls last. There is one list of unfinished work. Whoever needs it done goes on with it; if nobody does, the timer does.
#pragma once

#include "bounded_work.hpp"
#include "capability.hpp"

namespace a9n
{
    struct process_control_block;

    /// Removes the capability in `slot`, of a type that has no descendants; with the last one its object is destroyed.
    /// What is long of that becomes unfinished work. lost_memory::has_room. Returns how much work it was.
    word empty_slot(capability_slot& slot);

    // ---- Both start work that go_on_with_revocation finishes. False: nothing was done, because other work has to be over
    // first.

    /// REVOKE: removes all descendants of `slot` and resets its object; the slot stays.
    bool start_revocation(capability_slot& slot);

    /// REMOVE: empties the slot; with the last capability its object is destroyed and what derives from it removed.
    bool start_removal(capability_slot& slot);

    // ---- Unfinished work -------------------------------------------------------------------------------------------

    /// Whether there is work that was started since this was last asked.
    bool was_revocation_started();

    bool is_revocation_unfinished();

    /// Whether the descendants of `slot` are being removed: nothing may be derived from it meanwhile.
    bool is_being_revoked(const capability_slot& slot);

    /// Goes on until all work is done: true, or an interrupt waits: false.
    bool go_on_with_revocation();

    /// At each tick: does a bounded part of the work if nobody has gone on with it since the tick before.
    void do_abandoned_revocation();

    /// What is started until all work is done has the same number, which is not 0.
    word revocation_number();
}
