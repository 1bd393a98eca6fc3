// In place of the file of the same name in userland/include: kernel calls go to kernel-model.cpp.
#pragma once

#include <a9n/message-registers.hpp>

namespace a9n
{
    void kernel_call(abi::kernel_call type, message_registers &registers);
}
