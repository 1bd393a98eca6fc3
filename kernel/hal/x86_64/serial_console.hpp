#pragma once

namespace a9n::hal
{
    /// Prepares COM1 for write_console.
    void initialise_console();
}
