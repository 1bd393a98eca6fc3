#pragma once

#include <hal/interface/process_context.hpp>

namespace a9n::hal
{
    /// Makes vector state, selectors and bases in the processor those of `context`.
    void load_context(process_context& context);
}
