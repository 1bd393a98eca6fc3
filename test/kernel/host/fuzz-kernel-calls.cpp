// libFuzzer target: bytes become events against a kernel with several processes; after each, what must always hold is
// checked. All happens twice, with the fast path of IPC and without it, and must come to the same. With A9N_SHOW_EVENTS in the environment the events are printed.
#include "boot-image.hpp"
#include "event-generator.hpp"
#include "events.hpp"
#include "invariants.hpp"
#include "memory-guard.hpp"
#include "state-words.hpp"

#include <core/ipc_fast_path.hpp>
#include <hal/host/memory.hpp>
#include <hal/host/processor.hpp>

#include <stdio.h>
#include <stdlib.h>

namespace
{
    using namespace a9n;
    using namespace a9n::host;

    constexpr word memory_size   = 8 << 20;
    constexpr word maximum_events = 400;

    inventory objects;
    bool      shows_events = false;

    void require(bool holds, const char* what)
    {
        if (!holds)
        {
            fprintf(stderr, "broken: %s\n", what);
            abort();
        }
    }

    void look_at_kernel()
    {
        take_inventory(objects);
        guard_memory(objects);
    }

    void check_kernel()
    {
        const char* problem = find_broken_invariant(objects);
        require(problem == nullptr, problem);
    }

    event_outcome perform(const std::vector<word>& event)
    {
        const word* at = event.data();
        return perform_entry(at, event.data() + event.size());
    }

    void show(const std::vector<word>& event)
    {
        printf("event");
        for (const word value : event)
        {
            printf(" %lx", value);
        }
        printf("\n");
        fflush(stdout);
    }

    void prepare()
    {
        shows_events = getenv("A9N_SHOW_EVENTS") != nullptr;
        require(create_memory(memory_size), "memory");
        start(write_boot_image({ .memory_size = memory_size, .image_pages = 4, .devices = { { 0xfee0'0000, 16 } } }));
        for (const std::vector<word>& event : events_that_make_processes())
        {
            require(perform(event) == event_outcome::entered && hal::get_message_register(*running.context, 0) == 1,
                "a call that makes the processes failed");
        }
        begin_guard();
        require(save_machine(), "save_machine");
    }
}

namespace
{
    /// Performs the events from the state after `prepare`; returns the hash of the state after each.
    std::vector<word> run(byte_source bytes, bool with_fast_path)
    {
        restore_machine();
        is_fast_path_enabled = with_fast_path;
        look_at_kernel();
        std::vector<word> hashes, state;
        for (word i = 0; i < maximum_events && !bytes.is_empty() && !running.is_halted; i++)
        {
            // Every fourth event leaves long work unfinished.
            interrupt_always(bytes.next() % 4 == 3);
            const std::vector<word> event = generate_event(bytes);
            if (shows_events)
            {
                show(event);
            }
            require(perform(event) != event_outcome::malformed, "malformed event");
            look_at_kernel();
            // What holds with the fast path holds without it if the states are equal.
            if (with_fast_path)
            {
                check_kernel();
            }
            state.clear();
            encode_state(objects, state);
            hashes.push_back(hash_words(state));
        }
        return hashes;
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const bool is_prepared = (prepare(), true);
    (void) is_prepared;
    const byte_source bytes { data, data + size };
    require(run(bytes, true) == run(bytes, false), "the fast path does something else than the ordinary one");
    return 0;
}
