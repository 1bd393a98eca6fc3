// Files as memory objects, so that every process that executes or maps a file shares its unwritten pages.
#pragma once

#include "file-service.hpp"
#include "machine.hpp"

namespace posix
{
    /// The file's bytes as an object. Good until the next call: map it at once. EACCES is not checked.
    result<machine::object> image_of(inode &file);

    /// Forgets images that no longer fit into memory elsewhere; whether there was one.
    bool forget_oldest_image();
}
