// What exceptions in user mode mean to the core (Intel SDM volume 3, section 6.15; ABI section 19).
#pragma once

#include <hal/interface/kernel_entry.hpp>
#include <hal/interface/memory.hpp>

namespace a9n::hal
{
    enum exception_vector : word
    {
        divide_error         = 0,
        overflow             = 4,
        invalid_opcode       = 6,
        general_protection   = 13,
        page_fault           = 14,
        floating_point_error = 16,
        simd_error           = 19,
        first_interrupt      = 32,
    };

    enum page_fault_error : word
    {
        page_fault_present = 1 << 0, ///< something is mapped, but not for this access
        page_fault_write   = 1 << 1,
        page_fault_fetch   = 1 << 4,
    };

    /// `fault_address` counts for page faults only. Whether the kernel has something at an address tells its layout, so an
    /// address that is not the user's always counts as present.
    inline fault_cause describe_exception(word vector, word error_code, virtual_address fault_address)
    {
        const word code = vector << 32 | (error_code & 0xffff'ffff);
        switch (vector)
        {
            case page_fault:
                return { (error_code & page_fault_fetch) != 0 ? abi::fault_type::memory_instruction_fetch
                                                              : abi::fault_type::memory,
                    fault_address,
                    is_user_address(fault_address) ? error_code : error_code | page_fault_present };
            case invalid_opcode:
                return { abi::fault_type::invalid_instruction, code, 0 };
            case divide_error:
            case overflow:
            case floating_point_error:
            case simd_error:
                return { abi::fault_type::invalid_arithmetic, code, 0 };
            default:
                return { abi::fault_type::architecture, code, 0 };
        }
    }
}
