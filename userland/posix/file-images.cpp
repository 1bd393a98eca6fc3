#include "file-images.hpp"

#include "program-memory.hpp"

namespace posix
{
    namespace
    {
        struct file_image
        {
            inode          *file    = nullptr; ///< a reference of its own; nullptr: unused
            word            version = 0;
            machine::object object  = 0;
            word            last_use = 0;
        };

        constexpr size_t image_count = 16;

        constinit file_image images[image_count];
        constinit word       use_counter = 0;

        void forget(file_image &gone)
        {
            if (gone.file != nullptr)
            {
                machine::release_object(gone.object);
                release(*gone.file);
                gone = {};
            }
        }

        file_image &oldest()
        {
            file_image *found = &images[0];
            for (file_image &each : images)
            {
                if (each.file == nullptr)
                {
                    return each;
                }
                if (each.last_use < found->last_use)
                {
                    found = &each;
                }
            }
            return *found;
        }

        status fill(inode &file, machine::object object, word size)
        {
            const result<uint8_t *> shown = machine::show_object(object, page_ceiling(size));
            if (!shown)
            {
                return shown.reason;
            }
            word done = 0;
            while (done < size)
            {
                const result<word> read = read_file(file, done, *shown + done, size - done);
                if (!read || *read == 0)
                {
                    machine::hide_object(*shown, page_ceiling(size));
                    return read ? error::eio : read.reason;
                }
                done += *read;
            }
            machine::hide_object(*shown, page_ceiling(size));
            return {};
        }
    }

    bool forget_oldest_image()
    {
        file_image *found = nullptr;
        for (file_image &each : images)
        {
            if (each.file != nullptr && (found == nullptr || each.last_use < found->last_use))
            {
                found = &each;
            }
        }
        if (found == nullptr)
        {
            return false;
        }
        forget(*found);
        return true;
    }

    result<machine::object> image_of(inode &file)
    {
        const word version = file_version(file);
        for (file_image &each : images)
        {
            if (each.file == &file)
            {
                if (each.version == version)
                {
                    each.last_use = ++use_counter;
                    return each.object;
                }
                forget(each);
            }
        }
        const word size = file_size(file);
        if (size == 0)
        {
            return error::einval;
        }
        file_image &place = oldest();
        forget(place);
        result<machine::object> made = machine::create_object(page_ceiling(size));
        while (!made && forget_oldest_image())
        {
            made = machine::create_object(page_ceiling(size));
        }
        if (!made)
        {
            return made.reason;
        }
        if (const status filled = fill(file, *made, size); !filled)
        {
            machine::release_object(*made);
            return filled.reason;
        }
        place = { acquire(file), version, *made, ++use_counter };
        return *made;
    }
}
