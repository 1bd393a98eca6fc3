// Fills the file system from the boot archive.
#pragma once

#include "directory.hpp"

namespace posix
{
    /// The archive's bytes stay where they are: files refer to them. EINVAL if it is damaged, or has a path with `..`, through a link or through a
    /// file; ENOSPC if the file system is full. What came before the damage is there.
    status load_archive(const uint8_t *archive, word size, const reference<memory_directory> &root);
}
