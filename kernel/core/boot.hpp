// From the loader's boot_info to the init process.
#pragma once

#include "result.hpp"

namespace a9n
{
    /// Checks boot_info, brings up the devices and makes the init process ready. Halts with a message that names the
    /// cause if anything is wrong.
    void boot(physical_address boot_info);

    /// nullptr, or which field of boot_info is bad and how. Makes what it describes reachable.
    const char* check_boot_info(physical_address address);

    /// Makes the init process and its capabilities (boot_info was checked).
    void create_init_process(const abi::boot_info& info);
}
