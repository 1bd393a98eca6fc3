// The active address space, mirrored page by page into that of this Linux process.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::host
{
    /// Finds out which addresses are free for user pages. Before the first call of the others.
    void initialise_pages();

    enum class access_kind
    {
        read,
        write,
        execute,
    };

    enum class access_verdict
    {
        allowed,   ///< the page is there now: try again
        absent,    ///< nothing is mapped at the address
        forbidden, ///< something is mapped, but not for this
    };

    /// What A9N's page tables say about an access that Linux refused.
    access_verdict mirror_page(virtual_address address, access_kind access);

    /// Makes `root` the address space to mirror.
    void activate_pages(physical_address root);

    /// Takes all pages away; they come back when they are touched.
    void drop_pages();
}
