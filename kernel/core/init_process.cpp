// The init process: the first one, with all memory and all devices in its capabilities. What it needs lies in the
// kernel image, because nothing can be allocated before it exists.
#include "boot.hpp"
#include "node.hpp"
#include "scheduler.hpp"
#include "version.hpp"

#include <hal/interface/memory.hpp>

namespace a9n
{
    process_control_block init_process;

    namespace
    {
        struct alignas(abi::page_size) table_storage
        {
            uint8_t bytes[abi::page_size];
        };

        constexpr word maximum_tables = word { 1 } << abi::init_page_table_radix;
        constexpr word highest_priority = abi::priority_count - 1;
        constexpr word maximum_pieces   = 8;

        table_storage init_address_space;
        table_storage init_page_tables[maximum_tables];

        node_storage<abi::init_root_radix>       init_root_node;
        node_storage<abi::init_page_table_radix> init_page_table_node;
        node_storage<abi::init_frame_radix>      init_frame_node;
        node_storage<abi::init_generic_radix>    init_generic_node;

        capability_slot& root_slot(node& root, abi::init_slot index)
        {
            return root.slots[static_cast<word>(index)];
        }

        capability make_original(capability_type type, void* component)
        {
            return { type, capability_rights::all, component, {} };
        }

        /// Maps page `index` of the image at its address, with the tables that are missing on the way.
        void map_page(word index, physical_address page, node& tables, word& tables_used)
        {
            const physical_address root    = hal::to_physical(&init_address_space);
            const virtual_address  address = index << abi::page_size_bits;
            while (const word depth = hal::find_missing_table(root, address, 1))
            {
                table_storage&  storage = init_page_tables[tables_used];
                capability_slot& slot   = tables.slots[tables_used++];
                capability made         = make_original(capability_type::page_table, &storage);
                made.data.page_table    = { hal::to_physical(&storage), static_cast<uint8_t>(depth), true };
                fill_original(slot, made);
                (void) hal::enter_table(root, address, made.data.page_table.base, depth);
            }
            (void) hal::enter_page(root, address, page, abi::page_size_bits, { .writable = true, .executable = true });
        }

        void map_image(const abi::boot_info& info, node& frames, node& tables)
        {
            word tables_used = 0;
            for (word i = 0; i < info.init_image_size; i++)
            {
                const physical_address page = info.init_loaded_address + (i << abi::page_size_bits);
                map_page(i, page, tables, tables_used);
                capability made = make_original(capability_type::frame, nullptr);
                made.data.frame = { page, abi::page_size_bits, false, true };
                fill_original(frames.slots[i], made);
            }
        }

        /// Cuts one range into powers of two, largest first, and makes each a Generic.
        void make_generics(const abi::memory_map_entry& entry, node& generics, abi::init_info& init_info)
        {
            const bool is_device = entry.type == abi::memory_map_type::device;
            physical_address start = entry.start;
            word remaining         = entry.page_count << abi::page_size_bits;
            for (word piece = 0; piece < maximum_pieces && remaining >= abi::page_size
                 && init_info.generic_list_count < abi::init_maximum_generics;
                 piece++)
            {
                const auto size_bits = static_cast<uint8_t>(63 - __builtin_clzll(remaining));
                const word index     = init_info.generic_list_count++;
                init_info.generic_list[index] = { start, size_bits, is_device, {} };

                capability made { capability_type::generic, read_write, nullptr, {} };
                made.data.generic = { start, start, size_bits, is_device, 0, 0 };
                fill_original(generics.slots[index], made);
                start += word { 1 } << size_bits;
                remaining -= word { 1 } << size_bits;
            }
        }

        void describe_kernel(const abi::boot_info& info, abi::init_info& init_info)
        {
            init_info                   = {};
            init_info.kernel_version[0] = kernel_version::major;
            init_info.kernel_version[1] = kernel_version::minor;
            init_info.kernel_version[2] = kernel_version::patch;
            init_info.ipc_buffer        = info.init_ipc_buffer_address;
            for (word i = 0; i < abi::arch_info_count; i++)
            {
                init_info.arch_info[i] = info.arch_info[i];
            }
        }
    }

    void create_init_process(const abi::boot_info& info)
    {
        node& root     = init_root_node.initialise();
        node& tables   = init_page_table_node.initialise();
        node& frames   = init_frame_node.initialise();
        node& generics = init_generic_node.initialise();

        // boot_info and the map may lie in free memory: read everything before init runs.
        auto& init_info = *hal::to_pointer<abi::init_info>(info.init_loaded_address + info.init_info_address);
        describe_kernel(info, init_info);
        const auto* map = hal::to_pointer<abi::memory_map_entry>(info.memory_map);
        for (word i = 0; i < info.memory_map_count; i++)
        {
            if (map[i].type != abi::memory_map_type::reserved)
            {
                make_generics(map[i], generics, init_info);
            }
        }

        hal::initialise_address_space(hal::to_physical(&init_address_space));
        map_image(info, frames, tables);
        initialise_process(init_process);

        capability address_space         = make_original(capability_type::address_space, &init_address_space);
        address_space.data.address_space = { hal::to_physical(&init_address_space) };
        capability io_port               = make_original(capability_type::io_port, nullptr);
        io_port.data.io_port             = { 0, ~word { 0 } };

        struct
        {
            abi::init_slot slot;
            capability     content;
        } const originals[] = {
            { abi::init_slot::process_control_block,
                make_original(capability_type::process_control_block, &init_process) },
            { abi::init_slot::address_space, address_space },
            { abi::init_slot::root_node, make_original(capability_type::node, &root) },
            { abi::init_slot::page_table_node, make_original(capability_type::node, &tables) },
            { abi::init_slot::frame_node, make_original(capability_type::node, &frames) },
            { abi::init_slot::generic_node, make_original(capability_type::node, &generics) },
            { abi::init_slot::interrupt_region, make_original(capability_type::interrupt_region, nullptr) },
            { abi::init_slot::io_port, io_port },
        };
        for (const auto& original : originals)
        {
            fill_original(root_slot(root, original.slot), original.content);
        }

        capability_slot& buffer_frame = frames.slots[info.init_ipc_buffer_address >> abi::page_size_bits];
        fill_copy(root_slot(root, abi::init_slot::ipc_buffer_frame), buffer_frame, buffer_frame.rights);
        fill_copy(init_process.ipc_buffer, buffer_frame, buffer_frame.rights);
        fill_copy(init_process.address_space, root_slot(root, abi::init_slot::address_space), capability_rights::all);
        fill_copy(init_process.root_node, root_slot(root, abi::init_slot::root_node), capability_rights::all);

        hal::set_program_counter(init_process.context, info.init_entry_point);
        init_process.priority = highest_priority;
        scheduler::make_ready(init_process);
    }
}
