// NODE (ABI section 6), descriptors (section 3) and derivation (section 4).
#include "report.hpp"
#include "tests.hpp"
#include "workbench.hpp"

namespace conformance
{
    namespace
    {
        using operation = abi::node_operation;

        constexpr word node_slot  = first_free_slot; // a node of 16 slots
        constexpr word node_radix = 4;
        constexpr word node       = slot(node_slot);
        constexpr word scratch    = first_free_slot + 1;
        constexpr word scratch_2  = first_free_slot + 2;
        constexpr word port_slot  = first_free_slot + 3;
        constexpr word port       = slot(port_slot);
        constexpr word missing    = slot(first_free_slot + 60);

        word in_node(word index)
        {
            return slot_in(node_slot, node_radix, index);
        }

        void remove(word index)
        {
            require("remove", call(root, operation::remove, index));
        }

        void test_lookup()
        {
            const auto invalid = capability_error::invalid_descriptor;
            expect_error("lookup", "descriptor 0", call(0, operation::remove, 1), invalid);
            expect_error("lookup", "empty slot", call(missing, operation::remove, 1), invalid);
            expect_error("lookup", "deeper than the path",
                call(root + (word { 4 } << 56), operation::remove, 1), invalid);
            expect_error("lookup", "shallower than the radix",
                call(node & 0x00ff'ffff'ffff'ffff, operation::remove, 1), invalid);
            expect_error("lookup", "through a capability that is no node",
                call(slot_in(port_slot, node_radix, 0), operation::remove, 1), invalid);
            expect_error("lookup", "depth above 64", call(word { 0xff } << 56, operation::remove, 1), invalid);
            expect_error("lookup", "through an empty slot",
                call(slot_in(first_free_slot + 60, node_radix, 0), operation::remove, 1), invalid);
        }

        void test_nested_lookup()
        {
            // The ABI's example: root radix 8, then 10, then 6: descriptor 0x1802'00C4'0000'0000.
            constexpr word outer = first_free_slot + 4;
            make(capability_type::node, 10, outer);
            make(capability_type::node, 6, scratch);
            require("move", call(slot(outer), operation::move, 3, slot(scratch)));
            const word inner = abi::extend_descriptor(slot(outer), 16, 10, 3);
            const word leaf  = abi::extend_descriptor(inner, 26, 6, 4);
            expect_equal("lookup", "descriptor of the ABI's example, relative to its slot",
                leaf - (outer << 48), 0x1800'00c4'0000'0000);
            expect_success("node.copy", "into a node two levels down", call(inner, operation::copy, 4, port));
            expect_success("ipc_port.identify", "through three nodes", call(leaf, abi::ipc_port_operation::identify, 7));
            expect_error("lookup", "a node's own path is not a path into it",
                call(abi::extend_descriptor(leaf, 32, 6, 0), operation::copy, 0, port),
                capability_error::invalid_descriptor);
            require("remove", call(root, operation::remove, outer));
        }

        /// The root node holds itself, so a path through it is as long as one likes.
        void test_longest_path()
        {
            constexpr word itself = static_cast<word>(abi::init_slot::root_node);
            word path = root;
            word depth = abi::descriptor_prefix_bits + abi::init_root_radix;
            for (; depth < 56; depth += abi::init_root_radix)
            {
                path = abi::extend_descriptor(path, depth, abi::init_root_radix, itself);
            }
            const word longest = abi::extend_descriptor(path, depth, abi::init_root_radix, port_slot);
            require("seven indexes", longest == (0x3803'0303'0303'0300 | port_slot));
            expect_success("lookup", "seven indexes of 8 bits: depth 64", call(longest, abi::ipc_port_operation::identify, 1));
            expect_error("lookup", "an eighth index has no room", call(longest + (word { 8 } << 56), operation::remove, 1),
                capability_error::invalid_descriptor);
            require("root again", abi::extend_descriptor(path, depth, abi::init_root_radix, itself) == 0x3803'0303'0303'0303);
            expect_error("lookup", "nor has it below a node", call(0x4003'0303'0303'0303, operation::remove, 1),
                capability_error::invalid_descriptor);
        }

        void test_copy()
        {
            expect_success("node.copy", "into a free slot", call(node, operation::copy, 0, port));
            expect_equal("node.copy", "the copy has all rights of the source",
                call(in_node(0), abi::ipc_port_operation::identify, 5).mr[0], 1);
            expect_error("node.copy", "source path leads nowhere", call(node, operation::copy, 1, missing),
                capability_error::invalid_argument);
            expect_error("node.copy", "destination index out of range", call(node, operation::copy, 16, port),
                capability_error::invalid_argument);
            expect_error("node.copy", "destination in use", call(node, operation::copy, 0, port),
                capability_error::fatal);
            const word uncopyable = mint(port, without(capability_rights::copy));
            expect_error("node.copy", "source without copy right", call(node, operation::copy, 1, uncopyable),
                capability_error::permission_denied);
            expect_error("node.copy", "a Generic is never copyable", call(node, operation::copy, 1, slot(memory_slot)),
                capability_error::permission_denied);

            constexpr capability_rights needed[] = { capability_rights::read, capability_rights::write };
            for (const capability_rights right : needed)
            {
                const word weak = mint(node, without(right));
                expect_error("node.copy", right == capability_rights::read ? "node without read" : "node without write",
                    call(weak, operation::copy, 1, port), capability_error::illegal_operation);
                expect_error("node.move", right == capability_rights::read ? "node without read" : "node without write",
                    call(weak, operation::move, 1, port), capability_error::illegal_operation);
                expect_error("node.mint", right == capability_rights::read ? "node without read" : "node without write",
                    call(weak, operation::mint, 1, port, 1), capability_error::illegal_operation);
            }
            expect_error("node", "unknown operation", call(node, 0), capability_error::illegal_operation);
            expect_error("node", "unknown operation 7", call(node, 7), capability_error::illegal_operation);
            require("remove", call(node, operation::remove, 0));
        }

        void test_mint()
        {
            expect_success("node.mint", "a subset of the rights",
                call(node, operation::mint, 0, port, bits(capability_rights::read)));
            expect_error("node.mint", "the copy lacks what was left out",
                call(in_node(0), abi::ipc_port_operation::identify, 5), capability_error::permission_denied);
            expect_error("node.mint", "source without copy right", call(node, operation::mint, 1, in_node(0), 1),
                capability_error::permission_denied);
            const word unmodifiable = mint(port, without(capability_rights::modify));
            expect_error("node.mint", "more rights than the source",
                call(node, operation::mint, 1, unmodifiable, bits(capability_rights::all)),
                capability_error::permission_denied);
            expect_error("node.mint", "bits that are no rights", call(node, operation::mint, 1, port, 0x100),
                capability_error::permission_denied);
            expect_error("node.mint", "source path leads nowhere", call(node, operation::mint, 1, missing, 1),
                capability_error::invalid_argument);
            expect_error("node.mint", "destination index out of range", call(node, operation::mint, 16, port, 1),
                capability_error::invalid_argument);
            expect_error("node.mint", "destination in use", call(node, operation::mint, 0, port, 1),
                capability_error::fatal);
            require("revoke node", call(root, operation::revoke, node_slot));
        }

        void test_move()
        {
            const word powerless = mint(port, capability_rights::none);
            expect_success("node.move", "a capability without any right", call(node, operation::move, 2, powerless));
            expect_error("lookup", "the source of a move is empty afterwards", call(powerless, operation::remove, 1),
                capability_error::invalid_descriptor);
            expect_error("node.move", "source path leads nowhere", call(node, operation::move, 3, missing),
                capability_error::invalid_argument);
            expect_error("node.move", "destination index out of range", call(node, operation::move, 16, port),
                capability_error::invalid_argument);
            expect_error("node.move", "destination in use", call(node, operation::move, 2, port),
                capability_error::fatal);
            require("identify", call(port, abi::ipc_port_operation::identify, 0x1d));
            require("restricted", call(node, operation::mint, 4, port, bits(without(capability_rights::modify))));
            expect_success("node.move", "a capability with some rights", call(node, operation::move, 5, in_node(4)));
            expect_error("ipc_port.identify", "a moved capability keeps its rights", call(in_node(5), abi::ipc_port_operation::identify, 1),
                capability_error::permission_denied);
            require("sends", !workers[0].start_call(in_node(5), abi::ipc_port_operation::send, 1));
            expect_equal("node.move", "it keeps its identifier",
                call(port, abi::ipc_port_operation::receive, 1).mr[3], 0x1d);
            expect_error("node.move", "onto itself", call(node, operation::move, 2, in_node(2)),
                capability_error::fatal);
            require("revoke node", call(root, operation::revoke, node_slot));
        }

        void test_demote()
        {
            require("copy", call(node, operation::copy, 0, port));
            expect_success("node.demote", "to fewer rights",
                call(node, operation::demote, 0, unused_argument, bits(without(capability_rights::modify))));
            expect_error("node.demote", "the right is gone", call(in_node(0), abi::ipc_port_operation::identify, 5),
                capability_error::permission_denied);
            expect_error("node.demote", "back to more rights",
                call(node, operation::demote, 0, unused_argument, bits(capability_rights::all)), capability_error::permission_denied);
            expect_error("node.demote", "bits that are no rights", call(node, operation::demote, 0, unused_argument, 0x100),
                capability_error::permission_denied);
            expect_error("node.demote", "index out of range", call(node, operation::demote, 16, unused_argument, 0),
                capability_error::invalid_argument);
            expect_error("node.demote", "empty slot", call(node, operation::demote, 5, unused_argument, 0),
                capability_error::invalid_descriptor);
            const word weak = mint(node, without(capability_rights::write));
            expect_error("node.demote", "node without write", call(weak, operation::demote, 0, unused_argument, 0),
                capability_error::illegal_operation);
            expect_error("node.revoke", "node without write", call(weak, operation::revoke, 0),
                capability_error::illegal_operation);
            expect_error("node.remove", "node without write", call(weak, operation::remove, 0),
                capability_error::permission_denied);

            require("mint", call(node, operation::mint, 1, port, bits(without(capability_rights::write))));
            expect_error("node.demote", "target without write", call(node, operation::demote, 1, unused_argument, 0),
                capability_error::illegal_operation);
            expect_error("node.revoke", "target without write", call(node, operation::revoke, 1),
                capability_error::illegal_operation);
            expect_error("node.remove", "target without write", call(node, operation::remove, 1),
                capability_error::permission_denied);
            require("revoke node", call(root, operation::revoke, node_slot));
        }

        void test_revoke()
        {
            make(capability_type::generic, 16, scratch);
            require("child", call(slot(scratch), abi::generic_operation::convert, capability_type::node, 1, 1, node, 0));
            require("copy of child", call(root, operation::mint, scratch_2, in_node(0), 0));
            require("child of child",
                call(slot(scratch), abi::generic_operation::convert, capability_type::generic, 12, 1, node, 1));
            require("grandchild",
                call(in_node(1), abi::generic_operation::convert, capability_type::ipc_port, 0, 1, node, 2));
            expect_success("node.revoke", "a Generic with descendants", call(root, operation::revoke, scratch));
            expect_error("node.revoke", "children are gone", call(in_node(0), operation::remove, 0),
                capability_error::invalid_descriptor);
            expect_error("node.revoke", "copies of children are gone, whatever their rights",
                call(slot(scratch_2), operation::remove, 0), capability_error::invalid_descriptor);
            expect_error("node.revoke", "children of children are gone",
                call(in_node(2), abi::ipc_port_operation::identify, 0), capability_error::invalid_descriptor);
            expect_success("node.revoke", "the target stays, with all its memory",
                call(slot(scratch), abi::generic_operation::convert, capability_type::generic, 16, 1, node, 0));
            require("revoke", call(root, operation::revoke, scratch));

            require("copy", call(root, operation::copy, scratch_2, port));
            expect_success("node.revoke", "a port that has copies", call(root, operation::revoke, port_slot));
            expect_success("node.revoke", "copies are no descendants",
                call(slot(scratch_2), abi::ipc_port_operation::identify, 0));
            remove(scratch_2);

            require("fill", call(node, operation::copy, 0, port));
            require("self", call(node, operation::copy, 1, node));
            expect_success("node.revoke", "a node that holds itself", call(root, operation::revoke, node_slot));
            expect_error("node.revoke", "the node is empty", call(in_node(0), abi::ipc_port_operation::identify, 0),
                capability_error::invalid_descriptor);
            require("self", call(node, operation::copy, 1, node));
            require("fill", call(node, operation::copy, 0, port));
            expect_success("node.revoke", "the target lies in the node that is called",
                call(node, operation::revoke, 1));
            expect_error("node.revoke", "its other slots are empty", call(in_node(0), abi::ipc_port_operation::identify, 0),
                capability_error::invalid_descriptor);
            expect_success("node.revoke", "it stays itself", call(in_node(1), operation::copy, 3, port));
            require("revoke node", call(root, operation::revoke, node_slot));

            expect_error("node.revoke", "index out of range", call(node, operation::revoke, 16),
                capability_error::invalid_argument);
            expect_error("node.revoke", "empty slot", call(node, operation::revoke, 7),
                capability_error::invalid_descriptor);
            remove(scratch);
        }

        void test_remove()
        {
            require("copy", call(node, operation::copy, 0, port));
            expect_success("node.remove", "one of two capabilities", call(node, operation::remove, 0));
            expect_success("node.remove", "the object lives on", call(port, abi::ipc_port_operation::identify, 1));
            expect_error("node.remove", "index out of range", call(node, operation::remove, 16),
                capability_error::invalid_argument);
            expect_error("node.remove", "empty slot", call(node, operation::remove, 0),
                capability_error::invalid_descriptor);

            require("self", call(node, operation::copy, 1, node));
            expect_success("node.demote", "the invoked node itself",
                call(node, operation::demote, 1, unused_argument, bits(without(capability_rights::copy))));
            expect_success("node.remove", "a capability to the invoked node", call(node, operation::remove, 1));
            expect_success("node.remove", "the node lives on", call(node, operation::copy, 1, port));
            require("remove", call(node, operation::remove, 1));

            // Two nodes, each of which holds the last capability to the other.
            make(capability_type::node, 1, scratch);
            make(capability_type::node, 1, scratch_2);
            require("cycle", call(slot(scratch), operation::copy, 0, slot(scratch_2)));
            require("cycle", call(slot(scratch_2), operation::copy, 0, slot(scratch)));
            require("cycle", call(root, operation::remove, scratch_2));
            expect_success("node.revoke", "a node in a cycle of nodes", call(root, operation::revoke, scratch));
            expect_error("node.revoke", "the cycle is gone", call(slot_in(scratch, 1, 0), operation::remove, 0),
                capability_error::invalid_descriptor);
            remove(scratch);

            // A chain of nodes, each the last capability to the next.
            make(capability_type::node, 1, scratch);
            make(capability_type::node, 1, scratch_2);
            make(capability_type::ipc_port, 0, first_free_slot + 5);
            require("worker waits",
                !workers[0].start_call(slot(first_free_slot + 5), abi::ipc_port_operation::receive, 1));
            require("chain", call(slot(scratch_2), operation::move, 0, slot(first_free_slot + 5)));
            require("chain", call(slot(scratch), operation::move, 0, slot(scratch_2)));
            expect_success("node.remove", "a node that holds the last capabilities of others",
                call(root, operation::remove, scratch));
            expect_true("node.remove", "what the nodes held is destroyed: a waiter there ends", workers[0].is_finished);
            expect_error("node.remove", "with invalid_descriptor", workers[0].result, capability_error::invalid_descriptor);

            make(capability_type::generic, 14, scratch);
            require("child", call(slot(scratch), abi::generic_operation::convert, capability_type::ipc_port, 0, 1, node, 0));
            expect_success("node.remove", "a Generic with descendants", call(root, operation::remove, scratch));
            expect_error("node.remove", "they are gone", call(in_node(0), abi::ipc_port_operation::identify, 0),
                capability_error::invalid_descriptor);
        }
    }

    void test_node()
    {
        make(capability_type::node, node_radix, node_slot);
        make(capability_type::ipc_port, 0, port_slot);
        test_lookup();
        test_nested_lookup();
        test_longest_path();
        test_copy();
        test_mint();
        test_move();
        test_demote();
        test_revoke();
        test_remove();
        clean_up();
    }
}
