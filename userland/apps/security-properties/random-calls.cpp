// Random kernel calls by a process with few capabilities. What comes back depends on nothing but these capabilities: the same calls
// give the same results whatever else there is in the system. Whoever runs this program may look for kernel addresses in what
// comes back, too.
#include "properties.hpp"
#include "sandbox.hpp"

#include <report.hpp>

namespace properties
{
    using namespace conformance;

    namespace
    {
        /// xorshift64*: enough for choices.
        struct random_source
        {
            word state;

            word next()
            {
                state ^= state >> 12;
                state ^= state << 25;
                state ^= state >> 27;
                return state * 0x2545'f491'4f6c'dd1d;
            }

            word below(word limit)
            {
                return (next() >> 32) % limit;
            }
        };

        word own_descriptor(random_source &random)
        {
            const word index = random.below(static_cast<word>(own::end) + 3);
            const word path  = abi::extend_descriptor(0, abi::descriptor_prefix_bits, sandbox_radix, index);
            return random.below(8) == 0
                ? abi::extend_descriptor(abi::extend_descriptor(0, 8, sandbox_radix, static_cast<word>(own::node)),
                    abi::descriptor_prefix_bits + sandbox_radix, sandbox_node_radix, random.below(1 << sandbox_node_radix))
                : path;
        }

        word argument(random_source &random)
        {
            switch (random.below(8))
            {
                case 0 :
                case 1 :
                    return own_descriptor(random);
                case 2 :
                    return random.next();
                case 3 :
                    return 0x1000'0000 + (random.below(16) << abi::page_size_bits);
                case 4 :
                    return word { 1 } << random.below(64);
                case 5 :
                    return random.below(4096);
                default :
                    return random.below(16);
            }
        }
    }

    void make_random_calls(sandbox_page &page)
    {
        random_source random { page.seed };
        while (page.calls < page.count)
        {
            word mr[abi::hardware_message_registers];
            for (word &value : mr)
            {
                value = argument(random);
            }
            mr[0]           = random.below(32) == 0 ? random.next() : own_descriptor(random);
            mr[1]           = random.below(7);
            const reply got = perform(to_registers(abi::kernel_call::capability_call, mr));
            for (const word value : got.mr)
            {
                page.transcript = (page.transcript ^ value) * 0x0000'0100'0000'01b3;
            }
            ++page.calls;
        }
    }

    namespace
    {
        constexpr word rounds          = 24;
        constexpr word calls_per_round = 200;

        struct round
        {
            word calls; ///< that have returned: the process may have stopped itself
            word transcript;
        };

        round first_results[rounds];

        round run_round(word seed)
        {
            build_sandbox();
            sandbox->seed  = (seed + 1) * 0x9e37'79b9'7f4a'7c15;
            sandbox->count = calls_per_round;
            run_sandbox(sandbox_action::random_calls, 0);
            const round result { sandbox->calls, sandbox->transcript };
            remove_sandbox();
            return result;
        }

        /// Objects, waiting processes, flags and interrupts that the sandbox knows nothing of.
        void disturb()
        {
            constexpr word first = 160;
            make(capability_type::generic, 17, first);
            require("objects", convert(capability_type::ipc_port, 0, first + 1, 5));
            require("objects", convert(capability_type::notification_port, 0, first + 6, 5));
            require("identify", call(slot(first + 6), abi::notification_port_operation::identify, 0xff));
            require("notify", call(slot(first + 6), abi::notification_port_operation::notify));
            require("interrupt", call(all_interrupts, abi::interrupt_region_operation::make_port, 201, root, first + 12));
            require("bind", call(slot(first + 12), abi::interrupt_port_operation::bind, slot(first + 6)));
            require("wait", !workers[0].start_call(slot(first + 1), abi::ipc_port_operation::receive, 1));
            require("wait", !workers[1].start_call(slot(first + 2), abi::ipc_port_operation::call, 1));
            require("copy", call(root, abi::node_operation::copy, first + 13, slot(first + 1)));
        }
    }

    void test_random_calls()
    {
        // The sandbox's memory is at the same place each time: a frame's address is no secret from who has the frame.
        make(capability_type::generic, sandbox_memory_bits, sandbox_memory);
        word total = 0;
        for (word seed = 0; seed < rounds; ++seed)
        {
            first_results[seed] = run_round(seed);
            total += first_results[seed].calls;
        }
        expect_true("random calls", "hundreds of calls have returned", total > 500);
        disturb();
        bool same = true;
        for (word seed = 0; seed < rounds; ++seed)
        {
            const round again = run_round(seed);
            same &= again.calls == first_results[seed].calls && again.transcript == first_results[seed].transcript;
        }
        expect_true("random calls", "results do not depend on what others have", same);
        clean_up();
    }
}
