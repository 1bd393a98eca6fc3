#include "process.hpp"

#include "process-pages.hpp"

#include <runtime/debug-console.hpp>

namespace koito
{
    namespace
    {
        using a9n::capability_type;
        using a9n::abi::page_size;
        using a9n::abi::page_size_bits;

        constexpr word program_area_end      = 0x4000'0000;
        constexpr word page_table_node_radix = 4;
        constexpr word ipc_buffer_pages      = 1;

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
            const program_description &description;
            const elf_program         &program;
            word                       frame_count;
            word                       frame_node_radix;
            word                       memory_bits; ///< size bits of the Generic for all of it
        };

        blueprint make_blueprint(const program_description &description, const elf_program &program)
        {
            // The nodes, the address space, the page tables and what alignment costs fit in the slack.
            constexpr word slack_pages = 32;
            const word     frame_count = program.page_count() + stack_pages + ipc_buffer_pages;
            const word     private_memory =
                description.private_memory_bits == 0 ? 0 : word { 1 } << description.private_memory_bits;
            return { description, program, frame_count, bits_for(frame_count),
                bits_for((frame_count + slack_pages) * page_size + private_memory) };
        }

        /// Makes a process step by step; once a step has failed, the others do nothing.
        struct process_builder
        {
            const process   &target;
            const blueprint &plan;
            a9n::status      outcome {};

            a9n::node its_root = target.root();
            a9n::node frames { target.slot(process_slot::frame_node), plan.frame_node_radix };
            a9n::node tables { target.slot(process_slot::page_table_node), page_table_node_radix };

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

            void make_objects(a9n::generic reserve)
            {
                then([&] {
                    return reserve.convert(
                        capability_type::generic, plan.memory_bits, 1, process_memories, target.identifier);
                });
                // The private memory is the largest object: first, so that aligning it costs nothing.
                const bool has_private_memory = plan.description.private_memory_bits != 0;
                if (has_private_memory)
                {
                    make(capability_type::generic, plan.description.private_memory_bits, 1, root, scratch_index);
                }
                make(capability_type::node, process_root_radix, 1, process_roots, target.identifier);
                if (has_private_memory)
                {
                    then([&] { return its_root.move(plan.description.private_memory_slot, root[scratch_index]); });
                }
                make(capability_type::process_control_block, 0, 1, its_root,
                    index_of(process_slot::process_control_block));
                make(capability_type::address_space, 0, 1, its_root, index_of(process_slot::address_space));
                make(capability_type::node, page_table_node_radix, 1, its_root,
                    index_of(process_slot::page_table_node));
                make(capability_type::node, plan.frame_node_radix, 1, its_root, index_of(process_slot::frame_node));
                make(capability_type::frame, page_size_bits, plan.frame_count, frames, 0);
            }

            /// Maps all frames; the last one is the IPC buffer.
            void map_memory()
            {
                page_builder pages { target, frames, tables };
                for (size_t i = 0; i < plan.program.segment_count; ++i)
                {
                    then([&] { return pages.map_segment(plan.program.segments[i]); });
                }
                then([&] { return pages.map_stack(); });
                then([&] { return pages.map_next(ipc_buffer_address, a9n::access::read_write); });
            }

            a9n::frame ipc_buffer() const
            {
                return { frames[plan.frame_count - 1] };
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
                configuration.set_priority(plan.description.priority);
                then([&] { return make_identified_copy(
                             plan.description.is_memory_client ? memory_fault_port : fault_port, target.identifier); });
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
        };
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

        const blueprint needs = make_blueprint(description, program);
        process_builder builder { target, needs };
        builder.then([&] { return open_window(reserve); });
        builder.make_objects(reserve);
        builder.map_memory();
        builder.fill_root_node();
        builder.configure();
        builder.hide_frames();
        if (!builder.outcome)
        {
            runtime::debug_line("koito: cannot start ", description.name, ": ", a9n::to_string(builder.outcome.error));
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
