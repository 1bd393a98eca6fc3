// Wait queues and user memory of the POSIX server, natively and under sanitizers.
#include <posix/call.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "posix-host-memory.hpp"

namespace
{
    int failures = 0;

    void expect(bool holds, const char *what)
    {
        if (!holds)
        {
            std::printf("FAILED: %s\n", what);
            ++failures;
        }
    }

    void test_wait_queues()
    {
        posix::ready_list ready;
        posix::waiter     first { ready };
        posix::waiter     second { ready };
        {
            posix::wait_queue queues[8];
            for (posix::wait_queue &queue : queues)
            {
                expect(bool(first.join(queue)), "a waiter joins more queues than it has places of its own");
            }
            expect(bool(second.join(queues[5])), "a second waiter joins");
            queues[5].wake_all();
            expect(queues[0].empty() && queues[7].empty(), "one queue's wake leaves all others");
            expect(ready.take() == &first && ready.take() == &second && ready.take() == nullptr, "woken in order");

            expect(bool(first.join(queues[0])) && bool(second.join(queues[0])), "joins again");
            expect(queues[0].wake_one() && !queues[0].empty(), "wake_one wakes one");
            first.wake();
            first.wake();
            expect(ready.take() == &first && ready.take() == nullptr, "waking twice makes ready once");
        }
        expect(ready.take() == &second, "a queue's end wakes those in it");
        second.set_deadline(10);
        second.set_deadline(20);
        expect(second.deadline == 10, "the first run's deadline holds");
        second.clear();
        expect(second.deadline == posix::never, "a new call has none");
    }

    void test_user_memory()
    {
        posix::host_memory memory { 0x10000, 3 };
        char               buffer[32];
        expect(bool(memory.copy_out(0x10ffe, "abcd", 5)), "a copy across pages");
        expect(std::memcmp(memory.bytes.data() + 0xffe, "abcd", 5) == 0, "arrives whole");
        const auto length = memory.copy_string(buffer, 0x10ffe, sizeof(buffer));
        expect(length && *length == 4 && std::strcmp(buffer, "abcd") == 0, "a string across pages");
        expect(memory.copy_string(buffer, 0x10ffe, 4).reason == posix::error::enametoolong, "room for its zero byte");
        expect(memory.copy_out(0x12ffe, "abcd", 4).reason == posix::error::efault, "beyond the end is EFAULT");
        expect(memory.copy_in(buffer, ~0ull - 2, 8).reason == posix::error::efault, "at the end of all addresses too");
        memory.read_only = true;
        expect(memory.write<uint32_t>(0x10000, 1).reason == posix::error::efault, "read-only memory is not written");
        const auto taken = memory.for_each_span(0x12000, 0x2000, posix::user_access::read,
            [](posix::user_span span) { return posix::result<posix::word> { span.size }; });
        expect(taken && *taken == 0x1000, "a span that ends in nothing counts as far as it went");
    }
}

int main()
{
    test_wait_queues();
    test_user_memory();
    std::printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}
