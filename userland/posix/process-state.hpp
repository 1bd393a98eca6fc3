// What of a process the file side sees and keeps.
#pragma once

#include "errors.hpp"

namespace posix
{
    struct descriptor_table;  // file side: descriptors, counted by the processes that share them
    struct directory_context; // file side: working directory, root, umask; shared after CLONE_FS

    struct credentials
    {
        static constexpr size_t maximum_groups = 32;

        uint32_t user = 0, effective_user = 0, saved_user = 0, file_user = 0;
        uint32_t group = 0, effective_group = 0, saved_group = 0, file_group = 0;
        uint32_t groups[maximum_groups] {};
        uint32_t group_count = 0;

        bool is_root() const
        {
            return effective_user == 0;
        }
    };

    enum class resource : uint8_t
    {
        cpu, file_size, data, stack, core, resident, processes, open_files, locked_memory, address_space, locks,
        pending_signals, message_queues, nice, real_time_priority, real_time_duration,
        count,
    };

    struct resource_limit
    {
        word current;
        word maximum;
    };

    inline constexpr word no_limit = ~word { 0 };

    struct process_state
    {
        int32_t identifier = 0;
        int32_t parent     = 0;
        int32_t group      = 0; ///< process group
        int32_t session    = 0;

        credentials        who;
        descriptor_table  *descriptors = nullptr;
        directory_context *directories = nullptr;
        resource_limit     limits[static_cast<size_t>(resource::count)];
    };
}
