// What others see in the middle of a REVOKE (ABI section 4: a long one may be interrupted and continued). A worker of higher
// priority waits for the real-time clock's periodic interrupt, and is thereby the one who runs when the kernel leaves the call.
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using node_operation = abi::node_operation;
        using bell_operation = abi::notification_port_operation;

        // ---- The tree: a Generic with ports and a Generic, in which there are as many ports -----------------------------

        constexpr word tree_slot      = first_free_slot;
        constexpr word branch_slot    = first_free_slot + 1;
        constexpr word elsewhere      = first_free_slot + 2;
        constexpr word many_slot      = first_free_slot + 3; ///< node of the ports; it is no part of the tree
        constexpr word many           = slot(many_slot);
        constexpr word many_radix     = 13;
        constexpr word many_count     = word { 1 } << many_radix;
        constexpr word branch_count   = many_count / 2;
        constexpr word tree_size_bits = many_radix + abi::ipc_port_size_bits;

        constexpr word clock_slot  = first_free_slot + 4;
        constexpr word clock_line  = slot(clock_slot);
        constexpr word bell_slot   = first_free_slot + 5;
        constexpr word bell        = slot(bell_slot);
        constexpr word server_slot = first_free_slot + 6;
        constexpr word server_port = slot(server_slot);

        constexpr word one_of_many(word index)
        {
            return slot_in(many_slot, many_radix, index);
        }

        reply grow(word generic, capability_type type, word specific_bits, word count, word node, word index)
        {
            return call(generic, abi::generic_operation::convert, type, specific_bits, count, node, index);
        }

        /// It takes all of the Generic and of the node, so it succeeds only if nothing is left of the one before.
        reply grow_tree()
        {
            const reply branch = grow(slot(tree_slot), capability_type::generic, tree_size_bits - 1, 1, root, branch_slot);
            const reply there  = branch.ok()
                ? grow(slot(branch_slot), capability_type::ipc_port, 0, branch_count, many, 0)
                : branch;
            return there.ok() ? grow(slot(tree_slot), capability_type::ipc_port, 0, branch_count, many, branch_count) : there;
        }

        bool is_there(word descriptor)
        {
            constexpr word no_operation = ~word { 0 };
            return call(descriptor, no_operation).error() != capability_error::invalid_descriptor;
        }

        struct middle
        {
            word emptied;
            word left;
        };

        /// Whether a part of the tree is gone, and one that is and one that is not. From both ends, because what goes last
        /// may then be far from what goes next.
        bool find_middle(middle &found)
        {
            bool has_emptied = false, has_left = false;
            for (word i = 0; i < many_count && !(has_emptied && has_left); ++i)
            {
                const word index = i % 2 == 0 ? i / 2 : many_count - 1 - i / 2;
                const bool is_left = is_there(one_of_many(index));
                (is_left ? found.left : found.emptied) = index;
                (is_left ? has_left : has_emptied)     = true;
            }
            return has_emptied && has_left;
        }

        // ---- The real-time clock -----------------------------------------------------------------------------------------

        constexpr word clock_irq = 8;
        constexpr word clock_index = 0x70, clock_data = 0x71;
        constexpr word register_a = 0x0a, register_b = 0x0b, register_c = 0x0c;
        constexpr word rate_mask = 15, every_122_microseconds = 3, periodic_interrupt = 1 << 6;

        word read_clock(word index)
        {
            require("clock", call(all_io_ports, abi::io_port_operation::write, clock_index, 1, index));
            return require("clock", call(all_io_ports, abi::io_port_operation::read, clock_data, 1)).mr[2];
        }

        void write_clock(word index, word value)
        {
            require("clock", call(all_io_ports, abi::io_port_operation::write, clock_index, 1, index));
            require("clock", call(all_io_ports, abi::io_port_operation::write, clock_data, 1, value));
        }

        /// In this order the line rises only after it may be heard.
        void await_next_interrupt()
        {
            require("acknowledge", call(clock_line, abi::interrupt_port_operation::ack));
            read_clock(register_c);
        }

        void start_clock()
        {
            write_clock(register_b, read_clock(register_b) | periodic_interrupt);
            await_next_interrupt();
        }

        void stop_clock()
        {
            write_clock(register_b, read_clock(register_b) & ~periodic_interrupt);
            read_clock(register_c);
        }

        // ---- One who calls, one who comes between --------------------------------------------------------------------------

        enum class phase : word
        {
            before,
            revoking,
            over,
        };

        volatile phase now = phase::over;
        void (*interfere)(const middle &);

        void come_between(worker &self)
        {
            self.value = 0;
            start_clock();
            while (now != phase::over)
            {
                require("wait", call(bell, bell_operation::wait));
                middle found {};
                if (now == phase::revoking && find_middle(found))
                {
                    stop_clock();
                    interfere(found);
                    self.value = 1;
                    return;
                }
                await_next_interrupt();
            }
            stop_clock();
        }

        constexpr word attempts = 30;

        /// Revokes the tree while `what` is done in the middle. When the interrupt comes is the machine's affair: if it was not
        /// in the middle, once more.
        void revoke_while(const char *detail, void (*what)(const middle &))
        {
            interfere = what;
            for (word i = 0; i < attempts; ++i)
            {
                worker &other = workers[0];
                now           = phase::before;
                require("come between", !other.start(come_between));
                now               = phase::revoking;
                const reply ended = call(root, node_operation::revoke, tree_slot);
                now               = phase::over;
                if (!other.is_finished)
                {
                    require("release", call(bell, bell_operation::notify));
                }
                require("out of the way", other.is_finished);
                if (other.value != 0)
                {
                    expect_true("node.revoke", "another process runs in its middle", true);
                    expect_success("node.revoke", detail, ended);
                    return;
                }
                require("revoke", ended);
                require("tree", grow_tree());
            }
            require("another process runs in the middle of a REVOKE", false);
        }

        // ---- What others may do meanwhile ----------------------------------------------------------------------------------

        struct
        {
            word  caller_message_0;
            reply copied, moved, removed, served, suspended, resumed;
            word  copied_to;
            bool  is_all_gone;
        } seen;

        void serve_once(worker &)
        {
            require("receive", call(server_port, abi::ipc_port_operation::receive, 1));
            require("reply", call(server_port, abi::ipc_port_operation::reply, 0));
        }

        void use_what_is_there(const middle &found)
        {
            using process_operation = abi::process_control_block_operation;
            constexpr word count    = index_of(abi::context_register::rdi) + 1;
            // MR3 is the first register of the context, and MR0 is RDI.
            seen.caller_message_0 = call(own_process, process_operation::read_register, count).mr[2 + count];
            seen.copied_to        = found.emptied;
            seen.copied           = call(many, node_operation::copy, found.emptied, bell);
            seen.moved            = call(root, node_operation::move, elsewhere, one_of_many(found.left));
            seen.served           = call(server_port, abi::ipc_port_operation::call, 1);
            seen.suspended        = call(own_process, process_operation::suspend);
            seen.resumed          = call(own_process, process_operation::resume);
        }

        void test_use()
        {
            require("server", !workers[1].start(serve_once));
            revoke_while("its caller was stopped and resumed meanwhile and sees one call", use_what_is_there);
            expect_equal("node.revoke", "in its middle the caller has no result yet", seen.caller_message_0, root);
            expect_success("node.copy", "into a slot that was emptied already, in the middle of a REVOKE", seen.copied);
            expect_success("node.move", "out of a tree that is being revoked", seen.moved);
            expect_success("ipc_port.call", "a server, in the middle of a REVOKE", seen.served);
            expect_success("process_control_block.suspend", "a process in the middle of its REVOKE", seen.suspended);
            expect_success("process_control_block.resume", "a process in the middle of its REVOKE", seen.resumed);
            expect_true("node.revoke", "what was moved out of the tree meanwhile is gone, too", !is_there(slot(elsewhere)));
            expect_success("node.revoke", "what was put into an emptied slot meanwhile stays",
                call(one_of_many(seen.copied_to), bell_operation::poll));
            require("remove", call(many, node_operation::remove, seen.copied_to));
            expect_success("node.revoke", "all slots are empty then and all memory is free", grow_tree());
        }

        void move_root_of_tree(const middle &)
        {
            seen.moved = call(root, node_operation::move, elsewhere, slot(tree_slot));
        }

        void test_move_of_root()
        {
            revoke_while("its target was moved meanwhile", move_root_of_tree);
            expect_success("node.move", "the target of a REVOKE in its middle", seen.moved);
            require("move back", call(root, node_operation::move, tree_slot, slot(elsewhere)));
            expect_success("node.revoke", "the target is found where it was moved, and its memory is free", grow_tree());
        }

        void remove_root_of_tree(const middle &)
        {
            seen.removed     = call(root, node_operation::remove, tree_slot);
            seen.is_all_gone = !is_there(slot(tree_slot)) && !is_there(slot(branch_slot));
            for (word i = 0; i < many_count && seen.is_all_gone; ++i)
            {
                seen.is_all_gone = !is_there(one_of_many(i));
            }
        }

        void test_removal_of_root()
        {
            revoke_while("its target was removed meanwhile", remove_root_of_tree);
            expect_success("node.remove", "the target of a REVOKE in its middle", seen.removed);
            expect_true("node.remove", "it ends with nothing left of the tree", seen.is_all_gone);
            expect_error("node.revoke", "the target stays removed", call(root, node_operation::revoke, tree_slot),
                capability_error::invalid_descriptor);
        }
    }

    void test_interrupted_revoke()
    {
        make(capability_type::node, many_radix, many_slot);
        make(capability_type::generic, tree_size_bits, tree_slot);
        make(capability_type::ipc_port, 0, server_slot);
        make(capability_type::notification_port, 0, bell_slot);
        require("identify", call(bell, bell_operation::identify, 1));
        require("clock", call(all_interrupts, abi::interrupt_region_operation::make_port, clock_irq, root, clock_slot));
        require("bind", call(clock_line, abi::interrupt_port_operation::bind, bell));
        const word rate = read_clock(register_a);
        write_clock(register_a, (rate & ~rate_mask) | every_122_microseconds);

        require("tree", grow_tree());
        test_use();
        test_move_of_root();
        test_removal_of_root();

        write_clock(register_a, rate);
        require("remove", call(root, node_operation::remove, clock_slot));
        clean_up();
    }
}
