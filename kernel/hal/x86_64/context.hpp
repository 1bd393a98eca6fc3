#pragma once

#include <hal/interface/process_context.hpp>

namespace a9n::hal
{
    /// The process of `context` is to run: makes vector state, selectors and bases in the processor its own, and lets
    /// interrupts push there. At once and not when it needs them: what is not there cannot leak.
    /// Returns &context.
    process_context* load_context(process_context& context);
}
