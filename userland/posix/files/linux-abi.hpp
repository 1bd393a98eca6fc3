// Numbers and structures of Linux on x86-64 that the calls on files use. Lower case: a host's headers have macros of the other names.
#pragma once

#include "../errors.hpp"

namespace posix
{
    namespace open_flag
    {
        inline constexpr uint32_t access_mode   = 3;
        inline constexpr uint32_t read_only     = 0;
        inline constexpr uint32_t write_only    = 1;
        inline constexpr uint32_t read_write    = 2;
        inline constexpr uint32_t create        = 0100;
        inline constexpr uint32_t exclusive     = 0200;
        inline constexpr uint32_t no_terminal   = 0400;
        inline constexpr uint32_t truncate      = 01000;
        inline constexpr uint32_t append        = 02000;
        inline constexpr uint32_t non_blocking  = 04000;
        inline constexpr uint32_t data_sync     = 010000;
        inline constexpr uint32_t asynchronous  = 020000;
        inline constexpr uint32_t direct        = 040000;
        inline constexpr uint32_t large_file    = 0100000;
        inline constexpr uint32_t directory     = 0200000;
        inline constexpr uint32_t no_follow     = 0400000;
        inline constexpr uint32_t no_access_time = 01000000;
        inline constexpr uint32_t close_on_exec = 02000000;
        inline constexpr uint32_t sync          = 04000000;
        inline constexpr uint32_t path          = 010000000;
        inline constexpr uint32_t temporary     = 020000000;

        inline constexpr uint32_t known = 037777703;
        /// What F_SETFL may change.
        inline constexpr uint32_t changeable = append | non_blocking | asynchronous | direct | no_access_time;
    }

    namespace file_mode
    {
        inline constexpr uint32_t type_mask        = 0170000;
        inline constexpr uint32_t socket           = 0140000;
        inline constexpr uint32_t symbolic_link    = 0120000;
        inline constexpr uint32_t regular          = 0100000;
        inline constexpr uint32_t block_device     = 0060000;
        inline constexpr uint32_t directory        = 0040000;
        inline constexpr uint32_t character_device = 0020000;
        inline constexpr uint32_t fifo             = 0010000;

        inline constexpr uint32_t set_user    = 04000;
        inline constexpr uint32_t set_group   = 02000;
        inline constexpr uint32_t sticky      = 01000;
        inline constexpr uint32_t permissions = 07777;
    }

    namespace at_flag
    {
        inline constexpr uint32_t symlink_no_follow = 0x100;
        inline constexpr uint32_t remove_directory  = 0x200;
        inline constexpr uint32_t effective_access  = 0x200;
        inline constexpr uint32_t symlink_follow    = 0x400;
        inline constexpr uint32_t no_automount      = 0x800;
        inline constexpr uint32_t empty_path        = 0x1000;
        inline constexpr uint32_t statx_sync        = 0x6000;
    }

    /// Instead of a descriptor: the working directory.
    inline constexpr int32_t at_working_directory = -100;

    inline constexpr size_t name_capacity = 255;
    inline constexpr size_t path_capacity = 4096; ///< with the zero byte
    inline constexpr size_t symlink_limit = 40;   ///< in one lookup
    inline constexpr size_t iovec_limit   = 1024;

    /// No read or write moves more at once.
    inline constexpr word transfer_limit = 0x7fff'f000;

    inline constexpr word maximum_file_size = 0x7fff'ffff'ffff'ffff;

    namespace access_right
    {
        inline constexpr uint32_t execute = 1;
        inline constexpr uint32_t write   = 2;
        inline constexpr uint32_t read    = 4;
    }

    namespace poll_event
    {
        inline constexpr uint32_t in       = 0x001;
        inline constexpr uint32_t priority = 0x002;
        inline constexpr uint32_t out      = 0x004;
        inline constexpr uint32_t error    = 0x008;
        inline constexpr uint32_t hang_up  = 0x010;
        inline constexpr uint32_t invalid  = 0x020;
        inline constexpr uint32_t in_normal  = 0x040;
        inline constexpr uint32_t out_normal = 0x100;
        inline constexpr uint32_t read_hang_up = 0x2000;

        inline constexpr uint32_t readable = in | in_normal;
        inline constexpr uint32_t writable = out | out_normal;
    }

    namespace signal_number
    {
        inline constexpr int hang_up           = 1;
        inline constexpr int interrupt         = 2;
        inline constexpr int quit              = 3;
        inline constexpr int broken_pipe       = 13;
        inline constexpr int proceed           = 18;
        inline constexpr int terminal_stop     = 20;
        inline constexpr int background_read   = 21;
        inline constexpr int background_write  = 22;
        inline constexpr int file_size_exceeded = 25;
        inline constexpr int window_changed    = 28;
    }

    struct timestamp
    {
        int64_t  seconds     = 0;
        uint32_t nanoseconds = 0;
    };

    struct linux_timespec
    {
        int64_t seconds;
        int64_t nanoseconds;
    };

    struct linux_timeval
    {
        int64_t seconds;
        int64_t microseconds;
    };

    struct linux_stat
    {
        uint64_t       device;
        uint64_t       inode;
        uint64_t       link_count;
        uint32_t       mode;
        uint32_t       user;
        uint32_t       group;
        uint32_t       padding;
        uint64_t       represented_device;
        int64_t        size;
        int64_t        block_size;
        int64_t        blocks; ///< of 512 bytes
        linux_timespec accessed;
        linux_timespec modified;
        linux_timespec changed;
        int64_t        unused[3];
    };
    static_assert(sizeof(linux_stat) == 144);

    struct linux_statx_time
    {
        int64_t  seconds;
        uint32_t nanoseconds;
        int32_t  padding;
    };

    struct linux_statx
    {
        uint32_t         mask;
        uint32_t         block_size;
        uint64_t         attributes;
        uint32_t         link_count;
        uint32_t         user;
        uint32_t         group;
        uint16_t         mode;
        uint16_t         padding;
        uint64_t         inode;
        uint64_t         size;
        uint64_t         blocks;
        uint64_t         attributes_mask;
        linux_statx_time accessed;
        linux_statx_time born;
        linux_statx_time changed;
        linux_statx_time modified;
        uint32_t         represented_major;
        uint32_t         represented_minor;
        uint32_t         device_major;
        uint32_t         device_minor;
        uint64_t         unused[14];
    };
    static_assert(sizeof(linux_statx) == 256);

    struct linux_statfs
    {
        int64_t type;
        int64_t block_size;
        int64_t blocks;
        int64_t blocks_free;
        int64_t blocks_available;
        int64_t files;
        int64_t files_free;
        int32_t identifier[2];
        int64_t name_length;
        int64_t fragment_size;
        int64_t flags;
        int64_t spare[4];
    };
    static_assert(sizeof(linux_statfs) == 120);

    struct linux_iovec
    {
        word base;
        word length;
    };

    /// Start of an entry of getdents64; the name, ended by a zero byte, follows after `header_size`.
    struct linux_directory_entry
    {
        static constexpr size_t header_size = 19;

        uint64_t inode;
        int64_t  next_offset;
        uint16_t size;
        uint8_t  type;
    };

    struct linux_file_lock
    {
        int16_t type;
        int16_t whence;
        int32_t padding;
        int64_t start;
        int64_t length;
        int32_t process;
        int32_t padding_after;
    };
    static_assert(sizeof(linux_file_lock) == 32);

    struct linux_pollfd
    {
        int32_t  descriptor;
        uint16_t events;
        uint16_t found;
    };
}
