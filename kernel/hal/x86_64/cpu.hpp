// Privileged instructions, one function each.
#pragma once

#include <hal/interface/types.hpp>

namespace a9n::hal::cpu
{
    inline word read_msr(uint32_t number)
    {
        uint32_t low, high;
        asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
        return static_cast<word>(high) << 32 | low;
    }

    inline void write_msr(uint32_t number, word value)
    {
        asm volatile("wrmsr"
                     :
                     : "c"(number), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                     : "memory");
    }

    inline word read_cr2()
    {
        word value;
        asm volatile("movq %%cr2, %0" : "=r"(value));
        return value;
    }

    inline word read_cr3()
    {
        word value;
        asm volatile("movq %%cr3, %0" : "=r"(value));
        return value;
    }

    inline void write_cr3(word value)
    {
        asm volatile("movq %0, %%cr3" : : "r"(value) : "memory");
    }

    inline word read_cr0()
    {
        word value;
        asm volatile("movq %%cr0, %0" : "=r"(value));
        return value;
    }

    inline void write_cr0(word value)
    {
        asm volatile("movq %0, %%cr0" : : "r"(value) : "memory");
    }

    inline void write_cr4(word value)
    {
        asm volatile("movq %0, %%cr4" : : "r"(value) : "memory");
    }

    struct cpuid_result
    {
        uint32_t eax, ebx, ecx, edx;
    };

    inline cpuid_result cpuid(uint32_t leaf)
    {
        cpuid_result result {};
        asm volatile("cpuid"
                     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                     : "a"(leaf), "c"(0));
        return result;
    }

    inline uint8_t in8(uint16_t port)
    {
        uint8_t value;
        asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
        return value;
    }

    inline uint16_t in16(uint16_t port)
    {
        uint16_t value;
        asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
        return value;
    }

    inline uint32_t in32(uint16_t port)
    {
        uint32_t value;
        asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
        return value;
    }

    inline void out8(uint16_t port, uint8_t value)
    {
        asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
    }

    inline void out16(uint16_t port, uint16_t value)
    {
        asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
    }

    inline void out32(uint16_t port, uint32_t value)
    {
        asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
    }

    enum msr : uint32_t
    {
        apic_base = 0x1b,
        efer      = 0xc000'0080,
        star      = 0xc000'0081,
        lstar     = 0xc000'0082,
        sfmask    = 0xc000'0084,
        fs_base   = 0xc000'0100,
        gs_base   = 0xc000'0101,
    };
}
