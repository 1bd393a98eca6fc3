#include "process.hpp"

#include "elf.hpp"
#include "grants.hpp"
#include "process-pages.hpp"

#include <runtime/debug-console.hpp>

namespace koito
{
    namespace
    {
        using a9n::capability_type;
        using a9n::abi::page_size;
        using a9n::abi::page_size_bits;

        constexpr word program_area_end = 0x4000'0000;
        constexpr word table_coverage   = word { 1 } << 21; ///< of one page table

        word bits_for(word count)
        {
            word bits = 0;
            while ((word { 1 } << bits) < count)
            {
                ++bits;
            }
            return bits;
        }

        constexpr word index_of(process_slot slot)
        {
            return static_cast<word>(slot);
        }

        /// What a process needs, worked out before anything is made.
        struct blueprint
        {
            const manifest_entry &entry;
            const elf_program    &program;
            image_pages           boot_archive; ///< empty if the process does not get it
            word                  frame_count;
            word                  frame_node_radix;
            word                  table_node_radix;
            word                  memory_bits; ///< size bits of the Generic for all of it

            /// The last two frames.
            word start_page() const
            {
                return frame_count - 2;
            }

            word ipc_buffer() const
            {
                return frame_count - 1;
            }
        };

        blueprint make_blueprint(const manifest_entry &entry, const elf_program &program, const image_pages &boot_archive)
        {
            // The nodes, the address space, most page tables and what alignment costs fit in the slack.
            constexpr word slack_pages   = 32;
            constexpr word few_tables    = 16;
            constexpr word single_pages  = 2;
            const word     frame_count   = program.page_count() + stack_pages + single_pages;
            const word     archive_pages = entry.has_boot_archive ? boot_archive.count : 0;
            const word     more_tables   = archive_pages * page_size / table_coverage + (archive_pages != 0 ? 4 : 0);

            word more_bytes = more_tables * page_size;
            for (word i = 0; i < entry.grant_count; ++i)
            {
                constexpr word node_slot_bits = 7;
                const grant   &given          = entry.grants[i];
                if (given.kind == grant_kind::generic)
                {
                    more_bytes += word { 1 } << given.first;
                }
                else if (given.kind == grant_kind::node)
                {
                    more_bytes += word { 2 } << (given.first + node_slot_bits); // aligned
                }
            }
            return { entry, program, { boot_archive.first, archive_pages, boot_archive.size }, frame_count, bits_for(frame_count),
                bits_for(few_tables + more_tables), bits_for((frame_count + slack_pages) * page_size + more_bytes) };
        }

        /// Makes a process step by step; once a step has failed, the others do nothing.
        struct process_builder
        {
            const process   &target;
            const blueprint &plan;
            a9n::status      outcome {};

            a9n::node its_root = target.root();
            a9n::node frames { target.slot(process_slot::frame_node), plan.frame_node_radix };
            a9n::node tables { target.slot(process_slot::page_table_node), plan.table_node_radix };

            template<typename Step>
            void then(Step step)
            {
                if (outcome)
                {
                    outcome = step();
                }
            }

            void make(capability_type type, word specific_bits, word count, a9n::node where, word first)
            {
                then([&] { return target.memory().convert(type, specific_bits, count, where, first); });
            }

            /// The Generic stays after the first time, as large as its program needs.
            void make_memory(process &owner, a9n::generic reserve)
            {
                if (owner.memory_bits != 0)
                {
                    return;
                }
                then([&] {
                    return reserve.convert(capability_type::generic, plan.memory_bits, 1, process_memories, target.identifier);
                });
                if (outcome)
                {
                    owner.memory_bits = plan.memory_bits;
                }
            }

            void make_objects()
            {
                // A Generic of its own is the largest object: first, so that aligning it costs nothing.
                if (const grant *generic = plan.entry.find(grant_kind::generic); generic != nullptr)
                {
                    make(capability_type::generic, generic->first, 1, root, scratch_index);
                }
                make(capability_type::node, process_root_radix, 1, process_roots, target.identifier);
                if (const grant *generic = plan.entry.find(grant_kind::generic); generic != nullptr)
                {
                    then([&] { return give(target, *generic); });
                }
                make(capability_type::process_control_block, 0, 1, its_root,
                    index_of(process_slot::process_control_block));
                make(capability_type::address_space, 0, 1, its_root, index_of(process_slot::address_space));
                make(capability_type::node, plan.table_node_radix, 1, its_root,
                    index_of(process_slot::page_table_node));
                make(capability_type::node, plan.frame_node_radix, 1, its_root, index_of(process_slot::frame_node));
                make(capability_type::frame, page_size_bits, plan.frame_count, frames, 0);
            }

            /// Maps all frames, in their order.
            void map_memory()
            {
                page_builder pages { target, frames, tables };
                for (size_t i = 0; i < plan.program.segment_count; ++i)
                {
                    then([&] { return pages.map_segment(plan.program.segments[i]); });
                }
                then([&] { return pages.map_stack(); });
                then([&] { return pages.map_next(start_information_address, a9n::access::read); });
                then([&] { return pages.map_next(ipc_buffer_address, a9n::access::read_write); });
                then([&] { return pages.map_image(plan.boot_archive, boot_archive_address); });
                then([&] { return start_pages.copy(target.identifier, frames[plan.start_page()]); });
            }

            a9n::frame ipc_buffer() const
            {
                return { frames[plan.ipc_buffer()] };
            }

            void fill_root_node()
            {
                then([&] {
                    return its_root.copy(index_of(process_slot::root_node), process_roots[target.identifier]);
                });
                then([&] { return its_root.copy(index_of(process_slot::ipc_buffer_frame), ipc_buffer()); });

                // To KOITO a process may only send.
                then([&] { return make_identified_copy(os_port, target.identifier); });
                then([&] {
                    return its_root.mint(index_of(process_slot::operating_system_port), root[scratch_index],
                        a9n::capability_rights::write);
                });
                (void)root.remove(scratch_index);
            }

            void configure()
            {
                a9n::process_configuration configuration;
                configuration.set_address_space(target.space());
                configuration.set_root_node(its_root);
                configuration.set_ipc_buffer(ipc_buffer());
                configuration.set_resolver({ root[scratch_index] });
                configuration.set_instruction_pointer(plan.program.entry);
                configuration.set_stack_pointer(stack_top);
                configuration.set_priority(plan.entry.priority);
                then([&] {
                    return make_identified_copy(target.is_memory_client() ? memory_fault_port : fault_port, target.identifier);
                });
                then([&] { return target.control_block().configure(configuration); });
                (void)root.remove(scratch_index);

                // The start-up code expects the IPC buffer's address in RDI.
                constexpr word count = static_cast<word>(a9n::abi::context_register::rdi) + 1;
                word           registers[count] {};
                registers[count - 1] = ipc_buffer_address;
                then([&] { return target.control_block().write_registers(registers, count); });
            }

            /// What is mapped stays mapped, but a process does not learn physical addresses: that needs READ.
            void hide_frames()
            {
                for (word i = 0; i < plan.frame_count; ++i)
                {
                    then([&] { return frames.demote(i, a9n::capability_rights::none); });
                }
                then([&] {
                    return its_root.demote(
                        index_of(process_slot::ipc_buffer_frame), a9n::capability_rights::none);
                });
            }

            void give_grants()
            {
                for (word i = 0; i < plan.entry.grant_count; ++i)
                {
                    if (plan.entry.grants[i].kind != grant_kind::generic) // it has that already
                    {
                        then([&] { return give(target, plan.entry.grants[i]); });
                    }
                }
            }
        };
    }

    bool build_process(process &target, bytes file, const image_pages &boot_archive, a9n::generic reserve)
    {
        elf_program     program;
        const elf_error error = read_elf(file, image_start, program_area_end, program);
        if (error != elf_error::none)
        {
            runtime::debug_line("koito: cannot start ", target.entry->name, ": ", to_string(error));
            return false;
        }

        const blueprint needs = make_blueprint(*target.entry, program, boot_archive);
        process_builder builder { target, needs };
        builder.then([&] { return open_window(reserve); });
        builder.make_memory(target, reserve);
        builder.make_objects();
        builder.map_memory();
        builder.fill_root_node();
        builder.configure();
        builder.hide_frames();
        builder.give_grants();
        if (!builder.outcome)
        {
            runtime::debug_line("koito: cannot start ", target.entry->name, ": ", a9n::to_string(builder.outcome.error));
            (void)root.remove(scratch_index);
            revoke_process(target);
            return false;
        }
        target.state = process_state::built;
        return true;
    }

    a9n::status write_start_information(const process &target, const image_pages &boot_archive)
    {
        start_information information { .identifier = target.identifier,
            .boot_archive        = target.entry->has_boot_archive ? boot_archive_address : 0,
            .boot_archive_size   = target.entry->has_boot_archive ? boot_archive.size : 0,
            .archive_object      = target.archive_object,
            .archive_object_size = target.archive_object_size,
            .restarts            = target.restarts };
        const char *start = nullptr;
        for (word i = 0; i < target.arguments_length && information.argument_count < maximum_arguments; ++i)
        {
            if (start == nullptr)
            {
                start = reinterpret_cast<const char *>(start_information_address + sizeof(information) + i);
            }
            if (target.arguments[i] == 0)
            {
                information.arguments[information.argument_count++] = start;
                start                                               = nullptr;
            }
        }
        static_assert(sizeof(information) + arguments_capacity <= page_size);
        const a9n::frame page { start_pages[target.identifier] };
        a9n::status      outcome = write_frame(page, 0, &information, sizeof(information));
        return outcome ? write_frame(page, sizeof(information), target.arguments, target.arguments_length) : outcome;
    }

    void revoke_process(const process &target)
    {
        (void)process_memories.revoke(target.identifier);
    }
}
