#include "file-server.hpp"

namespace posix
{
    constinit file_server *files = nullptr;

    namespace
    {
        struct anonymous_inode final : inode
        {
            using inode::inode;

            void dispose_self() override
            {
                runtime::destroy(this);
            }
        };

        template<typename Kind, typename... Arguments>
        reference<Kind> make_inode(file_system &home, uint64_t real_time, Arguments &&...arguments)
        {
            if (!home.has_room_for_inode())
            {
                return {};
            }
            reference<Kind> made { runtime::create<Kind>(runtime::forward<Arguments>(arguments)...) };
            if (made)
            {
                made->accessed = to_timestamp(real_time);
                made->modified = made->accessed;
                made->changed  = made->accessed;
            }
            return made;
        }

        template<typename Kind>
        reference<inode> as_inode(const reference<Kind> &made)
        {
            return reference<inode> { made.get() };
        }
    }

    void regular_file::dispose_self()
    {
        runtime::destroy(this);
    }

    void symbolic_link::dispose_self()
    {
        runtime::destroy(this);
    }

    result<runtime::string> symbolic_link::link_target(const process_state &)
    {
        runtime::string copy;
        return copy.assign(target) ? result<runtime::string> { runtime::move(copy) } : result<runtime::string> { error::enomem };
    }

    void fifo::dispose_self()
    {
        runtime::destroy(this);
    }

    void device_node::dispose_self()
    {
        runtime::destroy(this);
    }

    reference<inode> make_regular_file(file_system &home, uint64_t real_time)
    {
        return as_inode(make_inode<regular_file>(home, real_time, home));
    }

    reference<inode> make_symbolic_link(file_system &home, text target, uint64_t real_time)
    {
        runtime::string copy;
        if (!copy.assign(target))
        {
            return {};
        }
        return as_inode(make_inode<symbolic_link>(home, real_time, home, runtime::move(copy)));
    }

    reference<inode> make_fifo(file_system &home, uint64_t real_time)
    {
        return as_inode(make_inode<fifo>(home, real_time, home));
    }

    reference<inode> make_device_node(inode_kind kind, file_system &home, device_number number, uint64_t real_time)
    {
        return as_inode(make_inode<device_node>(home, real_time, kind, home, number));
    }

    reference<inode> make_anonymous(inode_kind kind, file_system &home, uint32_t permissions, uint64_t real_time)
    {
        reference<inode> made = as_inode(make_inode<anonymous_inode>(home, real_time, kind, home));
        if (made)
        {
            made->permissions = permissions;
            made->link_count  = 1;
        }
        return made;
    }

    reference<memory_directory> make_directory(file_system &home, uint64_t real_time)
    {
        return make_inode<memory_directory>(home, real_time, home);
    }

    reference<memory_directory> make_root(file_system &home, uint64_t real_time)
    {
        reference<memory_directory> root = make_directory(home, real_time);
        if (root)
        {
            root->parent      = reference<directory> { root.get() };
            root->link_count  = 2;
            root->permissions = 0755;
        }
        return root;
    }

    void mount(const reference<directory> &root, directory &place)
    {
        place.mounted = root;
        root->covered = &place;
    }
}
