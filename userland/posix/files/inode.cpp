#include "inode.hpp"

#include "directory.hpp"
#include "file-system.hpp"

namespace posix
{
    timestamp to_timestamp(uint64_t nanoseconds)
    {
        constexpr uint64_t second = 1'000'000'000;
        return { static_cast<int64_t>(nanoseconds / second), static_cast<uint32_t>(nanoseconds % second) };
    }

    inode::inode(inode_kind kind, file_system &home) : kind(kind), home(home), number(home.next_number++)
    {
        ++home.inodes;
    }

    inode::~inode()
    {
        --home.inodes;
    }

    uint32_t inode::mode() const
    {
        switch (kind)
        {
            case inode_kind::regular :
            case inode_kind::generated : return file_mode::regular | permissions;
            case inode_kind::directory : return file_mode::directory | permissions;
            case inode_kind::symbolic_link : return file_mode::symbolic_link | permissions;
            case inode_kind::fifo : return file_mode::fifo | permissions;
            case inode_kind::character_device : return file_mode::character_device | permissions;
            case inode_kind::block_device : return file_mode::block_device | permissions;
            case inode_kind::socket : return file_mode::socket | permissions;
            case inode_kind::anonymous : break;
        }
        return permissions;
    }

    result<runtime::string> inode::link_target(const process_state &)
    {
        return error::einval;
    }

    result<reference<inode>> inode::link_destination(const process_state &)
    {
        return reference<inode> {};
    }

    void fill_stat(const inode &file, linux_stat &filled)
    {
        const auto convert = [](timestamp time) { return linux_timespec { time.seconds, time.nanoseconds }; };

        filled                    = {};
        filled.device             = device_number { 0, file.home.device_minor }.encoded();
        filled.inode              = file.number;
        filled.link_count         = file.link_count;
        filled.mode               = file.mode();
        filled.user               = file.user;
        filled.group              = file.group;
        filled.represented_device = file.device.encoded();
        filled.size               = static_cast<int64_t>(file.size());
        filled.block_size         = page_size;
        filled.blocks             = static_cast<int64_t>(file.blocks());
        filled.accessed           = convert(file.accessed);
        filled.modified           = convert(file.modified);
        filled.changed            = convert(file.changed);
    }

    bool is_member(const credentials &who, uint32_t group)
    {
        if (who.file_group == group)
        {
            return true;
        }
        for (uint32_t i = 0; i < who.group_count && i < credentials::maximum_groups; ++i)
        {
            if (who.groups[i] == group)
            {
                return true;
            }
        }
        return false;
    }

    bool may_access(const inode &file, const credentials &who, uint32_t rights)
    {
        if (who.file_user == 0)
        {
            const bool executable = file.kind == inode_kind::directory || (file.permissions & 0111) != 0;
            return (rights & access_right::execute) == 0 || executable;
        }
        const uint32_t shift   = who.file_user == file.user ? 6 : is_member(who, file.group) ? 3 : 0;
        const uint32_t granted = file.permissions >> shift & 7;
        return (rights & ~granted) == 0;
    }

    status append_path(const inode &file, const directory *root, runtime::string &path)
    {
        // From the file up: each step puts a name in front. Above the root of a mounted file system is the place where it is mounted.
        char         characters[path_capacity];
        size_t       start   = path_capacity;
        bool         deleted = false;
        const inode *current = &file;
        while (current != root)
        {
            const directory *folder = current->kind == inode_kind::directory ? static_cast<const directory *>(current) : nullptr;
            if (folder != nullptr && folder->covered != nullptr)
            {
                current = folder->covered;
                continue;
            }
            const directory_entry *entry = current->names.front();
            const text             name  = entry != nullptr ? entry->name : folder != nullptr ? folder->generated_name() : text {};
            if (name.length == 0)
            {
                // The root of all is its own parent; what else has no name was removed.
                deleted = folder == nullptr || folder->parent.get() != folder;
                break;
            }
            if (name.length >= start)
            {
                return error::enametoolong;
            }
            start -= name.length;
            memcpy(characters + start, name.characters, name.length);
            characters[--start] = '/';
            current             = entry != nullptr ? entry->where : folder->parent.get();
        }
        const bool complete = path.append(start == path_capacity ? text { "/" } : text { characters + start, path_capacity - start })
            && (!deleted || path.append(" (deleted)"));
        return complete ? status {} : status { error::enomem };
    }
}
