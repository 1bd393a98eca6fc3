#include "process.hpp"

#include <runtime/debug-console.hpp>
#include <runtime/memory.hpp>

namespace koito
{
    namespace
    {
        using a9n::abi::page_size;
        using a9n::abi::page_size_bits;

        /// Where KOITO maps a new process's pages, one after the other, to fill them.
        constexpr word window_address = 0x4000'0000;

        constexpr word program_area_end      = 0x4000'0000;
        constexpr word page_table_node_radix = 4;
        constexpr word ipc_buffer_pages      = 1;

        /// Makes the page tables missing on the way to `address`, in slots `next_slot`… of `tables`.
        a9n::status add_page_tables(
            a9n::address_space space, word address, a9n::generic memory, a9n::node tables, word &next_slot)
        {
            for (;;)
            {
                const a9n::result<word> depth = space.missing_table_depth(address, page_size_bits);
                if (!depth)
                {
                    return depth.error;
                }
                if (*depth == 0)
                {
                    return {};
                }
                const a9n::status made =
                    memory.convert(a9n::capability_type::page_table, *depth, 1, tables, next_slot);
                if (!made)
                {
                    return made;
                }
                const a9n::page_table table { tables[next_slot++] };
                if (const a9n::status mapped = space.map(table, address); !mapped)
                {
                    return mapped;
                }
            }
        }

        /// Copies the part of the segment's contents that belongs on the page at `page` of the process.
        a9n::status fill_frame(a9n::frame target, word page, const elf_segment &segment)
        {
            const word contents_end = segment.address + segment.contents.size;
            const word start        = page > segment.address ? page : segment.address;
            const word end          = page + page_size < contents_end ? page + page_size : contents_end;
            if (start >= end)
            {
                return {}; // only zeros
            }
            if (const a9n::status mapped = own_address_space.map(target, window_address, a9n::access::read_write);
                !mapped)
            {
                return mapped;
            }
            memcpy(reinterpret_cast<void *>(window_address + (start - page)),
                segment.contents.data + (start - segment.address), end - start);
            return own_address_space.unmap(target, window_address);
        }

        a9n::access access_of(const elf_segment &segment)
        {
            if (segment.writable)
            {
                return segment.executable ? a9n::access::read_write_execute : a9n::access::read_write;
            }
            return segment.executable ? a9n::access::read_execute : a9n::access::read;
        }

        /// The pages of a process under construction: hands out its frames and maps them.
        struct page_builder
        {
            const process &target;
            a9n::node      frames;
            a9n::node      tables;
            word           next_frame = 0;
            word           next_table = 0;

            a9n::status map_next(word address, a9n::access permitted)
            {
                const a9n::status ready =
                    add_page_tables(target.space(), address, target.memory(), tables, next_table);
                if (!ready)
                {
                    return ready;
                }
                return target.space().map(a9n::frame { frames[next_frame++] }, address, permitted);
            }

            a9n::status map_segment(const elf_segment &segment)
            {
                for (word page = segment.first_page(); page < segment.page_end(); page += page_size)
                {
                    const a9n::frame target_frame { frames[next_frame] };
                    if (const a9n::status filled = fill_frame(target_frame, page, segment); !filled)
                    {
                        return filled;
                    }
                    if (const a9n::status mapped = map_next(page, access_of(segment)); !mapped)
                    {
                        return mapped;
                    }
                }
                return {};
            }
        };

        word bits_for(word count)
        {
            word bits = 0;
            while ((word { 1 } << bits) < count)
            {
                ++bits;
            }
            return bits;
        }

        /// The process's port to KOITO: it may only send.
        a9n::status connect_operating_system(const process &target)
        {
            const a9n::status copied = make_identified_copy(os_port, target.identifier);
            const a9n::status minted =
                copied ? target.root().mint(static_cast<word>(process_slot::operating_system_port),
                             root[scratch_index], a9n::capability_rights::write)
                       : copied;
            (void)root.remove(scratch_index);
            return minted;
        }

        /// Gives the control block everything it needs to run `program`.
        a9n::status configure(
            const process &target, const elf_program &program, a9n::frame ipc_buffer, word priority)
        {
            a9n::process_configuration configuration;
            configuration.set_address_space(target.space());
            configuration.set_root_node(target.root());
            configuration.set_ipc_buffer(ipc_buffer);
            configuration.set_instruction_pointer(program.entry);
            configuration.set_stack_pointer(stack_top);
            configuration.set_priority(priority);
            configuration.set_resolver({ root[scratch_index] });

            const a9n::status copied     = make_identified_copy(fault_port, target.identifier);
            const a9n::status configured = copied ? target.control_block().configure(configuration) : copied;
            (void)root.remove(scratch_index);
            return configured;
        }

        /// Everything that can fail; the caller cleans up.
        a9n::status build(process &target, const program_description &description, const elf_program &program,
            word memory_bits, word frame_node_radix, a9n::generic reserve)
        {
            using a9n::capability_type;

            const word index = target.identifier;
            a9n::status step = reserve.convert(capability_type::generic, memory_bits, 1, process_memories, index);
            const auto  make = [&](capability_type type, word bits, word count, a9n::node where, word first)
            {
                if (step)
                {
                    step = target.memory().convert(type, bits, count, where, first);
                }
            };
            const auto in_root = [&](process_slot slot)
            { return static_cast<word>(slot); };

            // The private memory is the largest object: first, so that aligning it costs nothing.
            const bool has_private_memory = description.private_memory_bits != 0;
            if (has_private_memory)
            {
                make(capability_type::generic, description.private_memory_bits, 1, root, scratch_index);
            }
            make(capability_type::node, process_root_radix, 1, process_roots, index);
            const a9n::node its_root = target.root();
            if (has_private_memory && step)
            {
                step = its_root.move(description.private_memory_slot, root[scratch_index]);
            }
            make(capability_type::process_control_block, 0, 1, its_root, in_root(process_slot::process_control_block));
            make(capability_type::address_space, 0, 1, its_root, in_root(process_slot::address_space));
            make(capability_type::node, page_table_node_radix, 1, its_root, in_root(process_slot::page_table_node));
            make(capability_type::node, frame_node_radix, 1, its_root, in_root(process_slot::frame_node));

            page_builder pages { target, { target.slot(process_slot::frame_node), frame_node_radix },
                { target.slot(process_slot::page_table_node), page_table_node_radix } };
            const word   frame_count = program.page_count() + stack_pages + ipc_buffer_pages;
            make(capability_type::frame, page_size_bits, frame_count, pages.frames, 0);

            for (size_t i = 0; i < program.segment_count && step; ++i)
            {
                step = pages.map_segment(program.segments[i]);
            }
            for (word page = stack_top - stack_pages * page_size; page < stack_top && step; page += page_size)
            {
                step = pages.map_next(page, a9n::access::read_write);
            }
            const a9n::frame ipc_buffer { pages.frames[pages.next_frame] };
            if (step)
            {
                step = pages.map_next(ipc_buffer_address, a9n::access::read_write);
            }
            if (step)
            {
                step = its_root.copy(in_root(process_slot::root_node), process_roots[index]);
            }
            if (step)
            {
                step = its_root.copy(in_root(process_slot::ipc_buffer_frame), ipc_buffer);
            }

            if (step)
            {
                step = connect_operating_system(target);
            }
            if (step)
            {
                step = configure(target, program, ipc_buffer, description.priority);
            }

            // What is mapped stays mapped, but a process does not learn physical addresses: that needs READ.
            for (word i = 0; i < frame_count && step; ++i)
            {
                step = pages.frames.demote(i, a9n::capability_rights::none);
            }
            if (step)
            {
                step = its_root.demote(in_root(process_slot::ipc_buffer_frame), a9n::capability_rights::none);
            }
            if (!step)
            {
                return step;
            }

            // The start-up code expects the IPC buffer's address in RDI.
            word registers[static_cast<word>(a9n::abi::context_register::rdi) + 1] {};
            registers[static_cast<word>(a9n::abi::context_register::rdi)] = ipc_buffer_address;
            return target.control_block().write_registers(
                registers, static_cast<word>(a9n::abi::context_register::rdi) + 1);
        }
    }

    bool build_process(process &target, const program_description &description, bytes file, a9n::generic reserve)
    {
        elf_program     program;
        const elf_error error = read_elf(file, image_start, program_area_end, program);
        if (error != elf_error::none)
        {
            runtime::debug_line("koito: cannot start ", description.name, ": ", to_string(error));
            return false;
        }

        word              next_window_table = static_cast<word>(own::window_tables);
        const a9n::status window = add_page_tables(own_address_space, window_address, reserve, root, next_window_table);

        // The nodes, the address space, the page tables and what alignment costs fit in the slack.
        constexpr word slack_pages      = 32;
        const word     frame_count      = program.page_count() + stack_pages + ipc_buffer_pages;
        const word     frame_node_radix = bits_for(frame_count);
        word           memory_size      = (frame_count + slack_pages) * page_size;
        if (description.private_memory_bits != 0)
        {
            memory_size += word { 1 } << description.private_memory_bits;
        }
        const word memory_bits = bits_for(memory_size);

        const a9n::status built =
            window ? build(target, description, program, memory_bits, frame_node_radix, reserve) : window;
        if (!built)
        {
            runtime::debug_line("koito: cannot start ", description.name, ": ", a9n::to_string(built.error));
            revoke_process(target);
            return false;
        }
        target.name     = description.name;
        target.priority = description.priority;
        target.state    = process_state::built;
        return true;
    }

    void revoke_process(const process &target)
    {
        (void)process_memories.revoke(target.identifier);
    }
}
