#include "archive-loader.hpp"

#include "file-server.hpp"

#include <runtime/tar.hpp>

namespace posix
{
    namespace
    {
        /// The parts of a path in the archive: `.` and empty parts do not count.
        class path_parts
        {
        public:
            path_parts(text prefix, text name) : rests { prefix, name }
            {
            }

            /// False at the end, or if there is a part that may not be: then `is_bad`.
            bool next(text &part)
            {
                for (; current < 2; ++current)
                {
                    text &rest = rests[current];
                    while (rest.length != 0)
                    {
                        size_t length = 0;
                        while (length < rest.length && rest.characters[length] != '/')
                        {
                            is_bad = is_bad || rest.characters[length] == 0;
                            ++length;
                        }
                        part = { rest.characters, length };
                        rest = { rest.characters + length, rest.length - length };
                        if (rest.length != 0)
                        {
                            rest = { rest.characters + 1, rest.length - 1 };
                        }
                        if (length == 0 || part == text { "." })
                        {
                            continue;
                        }
                        is_bad = is_bad || part == text { ".." } || length > name_capacity;
                        return !is_bad;
                    }
                }
                return false;
            }

            bool is_bad = false;

        private:
            text   rests[2];
            size_t current = 0;
        };

        uint64_t to_nanoseconds(int64_t seconds)
        {
            constexpr uint64_t second = 1'000'000'000;
            return seconds < 0 || static_cast<uint64_t>(seconds) > ~uint64_t { 0 } / second ? 0 : static_cast<uint64_t>(seconds) * second;
        }

        struct loader
        {
            const reference<memory_directory> &root;

            /// The directory of that name in `where`, made if there is none.
            result<reference<memory_directory>> enter(const reference<memory_directory> &where, text name, uint64_t time) const
            {
                if (directory_entry *entry = where->entry_of(name))
                {
                    directory *folder = as_directory(*entry->target);
                    if (folder == nullptr)
                    {
                        return error::einval;
                    }
                    return reference<memory_directory> { static_cast<memory_directory *>(folder) };
                }
                reference<memory_directory> made = make_directory(where->home, time);
                if (!made)
                {
                    return error::enospc;
                }
                made->permissions  = 0755;
                const status added = where->add(name, reference<inode> { made.get() });
                return added ? result<reference<memory_directory>> { made } : result<reference<memory_directory>> { added.reason };
            }

            /// An earlier entry of the archive; null if there is none.
            reference<inode> find(text path) const
            {
                path_parts       parts { {}, path };
                reference<inode> current { root.get() };
                text             part;
                while (parts.next(part))
                {
                    directory *folder = as_directory(*current);
                    if (folder == nullptr)
                    {
                        return {};
                    }
                    directory_entry *entry = static_cast<memory_directory *>(folder)->entry_of(part);
                    if (entry == nullptr)
                    {
                        return {};
                    }
                    current = entry->target;
                }
                return parts.is_bad ? reference<inode> {} : current;
            }

            result<reference<inode>> make(const runtime::tar_entry &entry, uint64_t time) const
            {
                file_system     &home = root->home;
                reference<inode> made;
                switch (entry.kind)
                {
                    case runtime::tar_kind::file :
                        made = make_regular_file(home, time);
                        if (made)
                        {
                            as_regular_file(*made)->contents.set_archived(entry.contents, entry.size);
                        }
                        break;
                    case runtime::tar_kind::hard_link :
                        made = find(entry.link);
                        if (!made || made->kind == inode_kind::directory)
                        {
                            return error::einval;
                        }
                        return made;
                    case runtime::tar_kind::symbolic_link :
                        if (entry.link.length == 0 || entry.link.length >= path_capacity)
                        {
                            return error::einval;
                        }
                        made = make_symbolic_link(home, entry.link, time);
                        break;
                    case runtime::tar_kind::fifo : made = make_fifo(home, time); break;
                    case runtime::tar_kind::character_device :
                        made = make_device_node(inode_kind::character_device, home, { entry.device_major, entry.device_minor }, time);
                        break;
                    case runtime::tar_kind::block_device :
                        made = make_device_node(inode_kind::block_device, home, { entry.device_major, entry.device_minor }, time);
                        break;
                    case runtime::tar_kind::directory : return error::einval;
                }
                if (!made)
                {
                    return error::enospc;
                }
                return made;
            }

            status load(const runtime::tar_entry &entry) const
            {
                const uint64_t              time = to_nanoseconds(entry.modified);
                path_parts                  parts { entry.prefix, entry.name };
                reference<memory_directory> where = root;
                text                        name;
                text                        part;
                while (parts.next(part))
                {
                    if (name.length != 0)
                    {
                        const result<reference<memory_directory>> entered = enter(where, name, time);
                        if (!entered)
                        {
                            return entered.reason;
                        }
                        where = *entered;
                    }
                    name = part;
                }
                if (parts.is_bad)
                {
                    return error::einval;
                }
                reference<inode> file;
                if (entry.kind == runtime::tar_kind::directory)
                {
                    if (name.length == 0)
                    {
                        file = reference<inode> { root.get() };
                    }
                    else
                    {
                        const result<reference<memory_directory>> entered = enter(where, name, time);
                        if (!entered)
                        {
                            return entered.reason;
                        }
                        file = reference<inode> { entered->get() };
                    }
                }
                else
                {
                    if (name.length == 0)
                    {
                        return error::einval;
                    }
                    const result<reference<inode>> made = make(entry, time);
                    if (!made)
                    {
                        return made.reason;
                    }
                    file = *made;
                    if (directory_entry *earlier = where->entry_of(name))
                    {
                        if (earlier->target->kind == inode_kind::directory)
                        {
                            return error::einval;
                        }
                        where->replace(*earlier, file);
                    }
                    else if (const status added = where->add(name, file); !added)
                    {
                        return added;
                    }
                    if (entry.kind == runtime::tar_kind::hard_link)
                    {
                        return {};
                    }
                }
                file->permissions = file->kind == inode_kind::symbolic_link ? 0777 : entry.mode & file_mode::permissions;
                file->user        = entry.user;
                file->group       = entry.group;
                file->modified    = to_timestamp(time);
                return {};
            }
        };
    }

    status load_archive(const uint8_t *archive, word size, const reference<memory_directory> &root)
    {
        runtime::tar_reader reader { archive, size };
        const loader        filling { root };
        for (;;)
        {
            switch (reader.next())
            {
                case runtime::tar_status::end : return {};
                case runtime::tar_status::malformed : return error::einval;
                case runtime::tar_status::entry : break;
            }
            const status loaded = filling.load(reader.current);
            if (!loaded)
            {
                return loaded;
            }
        }
    }
}
