// Memory that is converted never shows what was there before. The test fills it; whoever watches the program may fill all of it
// again when it writes 1 to port 0x80, and look at the objects made of it when it writes 2.
#include "properties.hpp"

#include <report.hpp>
#include <workbench.hpp>

namespace properties
{
    namespace
    {
        using namespace conformance;
        using space_operation = abi::address_space_operation;

        constexpr word window     = 0x4000'0000; // in the second GiB: no worker's tables are there
        constexpr word first      = first_free_slot;
        constexpr word tables     = 200;         ///< slots of the window's tables
        constexpr word pattern    = 0x5ec7'e75e'c7e7'5ec7;
        constexpr word large_size = word { 1 } << abi::large_page_size_bits;

        enum class moment : word
        {
            poison = 1, inspect = 2,
        };

        void tell(moment which)
        {
            constexpr word post_code_port = 0x80;
            require("tell", call(all_io_ports, abi::io_port_operation::write, post_code_port, 1, which));
        }

        /// Of memory that is not what the tests work with.
        void make_window()
        {
            for (word index = tables;; ++index)
            {
                const word depth = call(own_space, space_operation::get_unset_depth, window, abi::page_size_bits).mr[2];
                if (depth == 0)
                {
                    return;
                }
                require("table", call(slot(worker_memory), abi::generic_operation::convert, capability_type::page_table, depth, 1, root, index));
                require("enter", call(own_space, space_operation::map, slot(index), window, 0));
            }
        }

        bool is_zero(word address, word size)
        {
            word at = address, count = size / sizeof(word);
            bool zero;
            asm volatile("repe scasq" : "+D"(at), "+c"(count), "=@ccz"(zero) : "a"(0) : "memory");
            return zero;
        }

        void fill(word address, word size)
        {
            void *destination = reinterpret_cast<void *>(address);
            word  count       = size / sizeof(word);
            asm volatile("rep stosq" : "+D"(destination), "+c"(count) : "a"(pattern) : "memory");
        }

        /// Maps the frame, looks at it and fills it.
        bool was_zero_then_fill(word frame, word size)
        {
            // A large page is entered where the window's last table is not.
            const word address = size == abi::page_size ? window : window + large_size;
            require("map", call(own_space, space_operation::map, frame, address, 0));
            const bool zero = is_zero(address, size);
            fill(address, size);
            require("unmap", call(own_space, space_operation::unmap, frame, address));
            return zero;
        }

        void revoke_memory()
        {
            require("revoke", call(root, abi::node_operation::revoke, memory_slot));
        }

        /// As many 2 MiB frames as the tests' memory holds.
        bool use_large_frames()
        {
            bool zero = true;
            for (word index = first; convert(capability_type::frame, abi::large_page_size_bits, index).ok(); ++index)
            {
                zero &= was_zero_then_fill(slot(index), large_size);
            }
            return zero;
        }

        /// All of the tests' memory but the node that holds the frames.
        bool use_small_frames()
        {
            constexpr word radix = 11;
            bool zero            = true;
            const word node      = make(capability_type::node, radix, first);
            for (word index = 0; call(slot(memory_slot), abi::generic_operation::convert, capability_type::frame,
                     abi::page_size_bits, 1, node, index).ok();
                 ++index)
            {
                zero &= was_zero_then_fill(slot_in(first, radix, index), abi::page_size);
            }
            return zero;
        }

        struct life
        {
            capability_type type;
            word            specific_bits;
        };

        constexpr life lives[] = {
            { capability_type::node, 9 },
            { capability_type::address_space, 0 },
            { capability_type::page_table, 1 },
            { capability_type::page_table, 3 },
            { capability_type::process_control_block, 0 },
            { capability_type::ipc_port, 0 },
            { capability_type::notification_port, 0 },
        };

        /// What the object shows of itself through its operations.
        bool looks_new(const life &which, word index)
        {
            const word object = slot_in(first, 6, index);
            switch (which.type)
            {
                case capability_type::node :
                {
                    bool empty = true;
                    for (word i = 0; i < word { 1 } << which.specific_bits; i += 37)
                    {
                        empty &= !call(object, abi::node_operation::remove, i).ok();
                    }
                    return empty;
                }
                case capability_type::address_space :
                    return call(object, space_operation::get_unset_depth, 0x1000, abi::page_size_bits).mr[2] == 3;
                case capability_type::process_control_block :
                {
                    word values[abi::context_register_count];
                    read_registers(object, abi::context_register_count, values);
                    word found = 0;
                    for (word i = 0; i < index_of(abi::context_register::cs); ++i)
                    {
                        found |= values[i];
                    }
                    return found == 0 && values[index_of(abi::context_register::gs_base)] == 0
                        && values[index_of(abi::context_register::fs_base)] == 0;
                }
                case capability_type::ipc_port :
                    return call(object, abi::ipc_port_operation::receive, word { 1 } << 63).mr[2] == word { 1 } << 63;
                case capability_type::notification_port :
                    return call(object, abi::notification_port_operation::poll).mr[2] == 0;
                default :
                    return true;
            }
        }

        /// 64 objects of each kind in memory full of the pattern.
        bool use_objects(const life &which)
        {
            const word node = make(capability_type::node, 6, first);
            bool is_new     = true;
            for (word index = 0; index < 64; ++index)
            {
                if (!call(slot(memory_slot), abi::generic_operation::convert, which.type, which.specific_bits, 1, node, index).ok())
                {
                    break;
                }
                is_new &= looks_new(which, index);
            }
            return is_new;
        }

        /// Gives every kind of object contents of its own: registers, capabilities, flags, table entries.
        void use_up_objects()
        {
            word index = first;
            make(capability_type::frame, abi::page_size_bits, index);
            const word frame = slot(index++);
            for (word i = 0; i < 16; ++i)
            {
                const word process = make(capability_type::process_control_block, 0, index++);
                word values[abi::context_register_count];
                for (word &value : values)
                {
                    value = pattern & 0x7fff'ffff'ffff;
                }
                require("registers", write_registers(process, abi::context_register_count, values));
                const word bell = make(capability_type::notification_port, 0, index++);
                require("identify", call(bell, abi::notification_port_operation::identify, pattern));
                require("notify", call(bell, abi::notification_port_operation::notify));
                const word node = make(capability_type::node, 4, index++);
                for (word j = 0; j < 16; ++j)
                {
                    require("copy", call(node, abi::node_operation::copy, j, bell));
                }
            }
            const word table = make(capability_type::page_table, 1, index++);
            require("enter", call(own_space, space_operation::map, table, window + 2 * large_size, 0));
            for (word i = 0; i < 512; i += 3)
            {
                require("map", call(own_space, space_operation::map, frame, window + 2 * large_size + i * abi::page_size, 0));
            }
        }
    }

    void test_memory()
    {
        make_window();
        use_large_frames();
        revoke_memory();
        expect_true("memory", "2 MiB frames that were 2 MiB frames are zero", use_large_frames());
        revoke_memory();
        for (const life &each : lives)
        {
            expect_true("memory", "objects in memory that was 4 KiB frames are new", use_objects(each));
            tell(moment::inspect);
            revoke_memory();
        }
        use_up_objects();
        revoke_memory();
        expect_true("memory", "4 KiB frames that were all kinds of objects are zero", use_small_frames());
        revoke_memory();
        for (const life &each : lives)
        {
            tell(moment::poison);
            expect_true("memory", "objects in poisoned memory are new", use_objects(each));
            tell(moment::inspect);
            revoke_memory();
        }
        tell(moment::poison);
        expect_true("memory", "2 MiB frames in poisoned memory are zero", use_large_frames());
        revoke_memory();
        tell(moment::poison);
        expect_true("memory", "4 KiB frames in poisoned memory are zero", use_small_frames());
        revoke_memory();
    }
}
