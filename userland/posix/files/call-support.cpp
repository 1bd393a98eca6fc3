#include "call-support.hpp"

namespace posix
{
    reference<open_file> usable_file(const call &from, size_t index)
    {
        reference<open_file> file = any_file(from, index);
        return file && (file->flags & open_flag::path) != 0 ? reference<open_file> {} : file;
    }

    status path_argument::load(call &from, word address)
    {
        const result<word> length = from.memory.copy_string(characters, address, path_capacity);
        if (!length)
        {
            return length.reason;
        }
        path = { characters, *length };
        return {};
    }

    lookup lookup_of(const call &from)
    {
        return { from.process, from.process.who, directories_of(from) };
    }

    tree_change change_of(const call &from)
    {
        return { from.process, from.process.who, from.now.real_time };
    }

    result<reference<directory>> base_directory(const call &from, int32_t descriptor, text path)
    {
        if (path.length == 0 || path.characters[0] == '/' || descriptor == at_working_directory)
        {
            return directories_of(from).working;
        }
        const reference<open_file> file = descriptors_of(from).get(descriptor);
        if (!file)
        {
            return error::ebadf;
        }
        directory *folder = as_directory(*file->node);
        if (folder == nullptr)
        {
            return error::enotdir;
        }
        return reference<directory> { folder };
    }

    result<found_path> find_at(call &from, int32_t descriptor, text path, bool follow, end_slashes slashes)
    {
        const result<reference<directory>> base = base_directory(from, descriptor, path);
        if (!base)
        {
            return base.reason;
        }
        return lookup_of(from).find(*base, path, follow, slashes);
    }

    result<reference<inode>> find_file(call &from, int32_t descriptor, word path_address, bool follow, bool empty_allowed)
    {
        path_argument path;
        const status  loaded = path.load(from, path_address);
        if (!loaded)
        {
            return loaded.reason;
        }
        if (path.path.length == 0 && empty_allowed)
        {
            if (descriptor == at_working_directory)
            {
                return reference<inode> { directories_of(from).working.get() };
            }
            const reference<open_file> file = descriptors_of(from).get(descriptor);
            return file ? result<reference<inode>> { file->node } : result<reference<inode>> { error::ebadf };
        }
        const result<reference<directory>> base = base_directory(from, descriptor, path.path);
        if (!base)
        {
            return base.reason;
        }
        result<found_path> found = lookup_of(from).find_existing(*base, path.path, follow);
        if (!found)
        {
            return found.reason;
        }
        return runtime::move(found->target);
    }

    outcome add_descriptor(call &from, reference<open_file> file, bool close_on_exec)
    {
        if (!file)
        {
            return error::enomem;
        }
        return descriptors_of(from).add(runtime::move(file), close_on_exec, 0, descriptor_limit(from.process));
    }
}
