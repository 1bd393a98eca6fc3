// Stops of the tour: a thread, the limit, the policies.
#include "tour.hpp"

#include <a9n/notification-port.hpp>
#include <a9n/process-control-block.hpp>

namespace tour
{
    namespace
    {
        constexpr a9n::node root { koito::own_slot(koito::process_slot::root_node), koito::process_root_radix };

        /// Slots of our root node where capabilities arrive.
        enum arrival : word
        {
            bell = 12,
            thread_control_block,
        };

        constexpr a9n::notification_port     done { koito::own_slot(bell) };
        constexpr a9n::process_control_block thread { koito::own_slot(thread_control_block) };

        volatile word sum_of_thread = 0;

        [[noreturn]] void run_thread()
        {
            for (word i = 1; i <= 100; ++i)
            {
                sum_of_thread = sum_of_thread + i;
            }
            (void)done.notify();
            for (;;)
            {
                a9n::yield();
            }
        }
    }

    void show_thread()
    {
        constexpr const char *here       = "thread";
        constexpr word        stack_size = 4 * page_size;
        const word stack = require(here, "map a stack",
            memory.map(ulmm::own_space, 0, stack_size, ulmm::access::read_write, ulmm::map_flags::commit));

        a9n::set_transfer_destination(root, bell);
        const word port = require(
            here, "make a port", memory.make_objects(a9n::abi::capability_type::notification_port, 0, 1));
        require(here, "identify the port", done.identify(1));
        a9n::set_transfer_destination(root, thread_control_block);
        const word process = require(here, "make a process", memory.make_process(ulmm::own_space, 0));

        a9n::process_configuration configuration;
        configuration.set_root_node(root);
        configuration.set_instruction_pointer(reinterpret_cast<word>(&run_thread));
        configuration.set_stack_pointer(stack + stack_size - sizeof(word));
        configuration.set_priority(10);
        require(here, "configure", thread.configure(configuration));
        require(here, "resume", thread.resume());
        const auto flags = done.wait();
        write_line("memory-tour: ", here, ": a second thread added the numbers to 100: ", sum_of_thread);
        if (!flags || *flags != 1 || sum_of_thread != 5050)
        {
            fail(here, "it did not do its work");
        }
        require(here, "release the process", memory.release_objects(process));
        require(here, "release the port", memory.release_objects(port));
        if (thread.resume() || done.notify())
        {
            fail(here, "a released object still answers");
        }
        require(here, "unmap", memory.unmap(ulmm::own_space, stack, stack_size));
    }

    void show_limit()
    {
        constexpr const char *here   = "limit";
        const auto            before = require(here, "statistics", memory.own_statistics());
        const auto refused = memory.map(ulmm::own_space, 0, before.limit, ulmm::access::read_write, ulmm::map_flags::commit);
        const auto after   = require(here, "statistics", memory.own_statistics());
        write_line("memory-tour: ", here, ": ", before.limit, " bytes at once: ", ulmm::to_string(refused.code));
            const bool is_refused =
            refused.code == ulmm::reply_code::limit_reached || refused.code == ulmm::reply_code::out_of_memory;
        if (!is_refused || after.bytes != before.bytes)
        {
            fail(here, "too much was not refused, or something is left of it");
        }
    }

    void show_policies()
    {
        constexpr const char *here   = "policy";
        constexpr word        pieces = 12;
        const auto            first  = require(here, "statistics", memory.system_memory());
        word                  addresses[pieces];
        for (word i = 0; i < pieces; ++i)
        {
            const auto policy = static_cast<ulmm::policy_number>((i / 3) % ulmm::policy_count);
            require(here, "set the policy", memory.set_policy(policy));
            const word size = (i + 1) * 20 * kibibyte;
            addresses[i] = require(here, "map",
                memory.map(ulmm::own_space, 0, size, ulmm::access::read_write, ulmm::map_flags::commit));
            if (write_and_read_back(addresses[i], size, i) != 0)
            {
                fail(here, "pages read back differently");
            }
        }
        const auto loaded = require(here, "statistics", memory.system_memory());
        write_line("memory-tour: ", here, ": replaced under load, now ", ulmm::to_string(loaded.policy));
        for (word i = 0; i < pieces; ++i)
        {
            require(here, "unmap", memory.unmap(ulmm::own_space, addresses[i], (i + 1) * 20 * kibibyte));
        }
        require(here, "set the policy", memory.set_policy(ulmm::policy_number::buddy));
        const auto last = require(here, "statistics", memory.system_memory());
        write_line("memory-tour: ", here, ": ", ulmm::to_string(last.policy), " again, and all is free");
        // Up to 1 MiB may have become the server's own.
        if (last.free + mebibyte < first.free)
        {
            fail(here, "memory was lost");
        }
    }
}
