#include "signal-frame.hpp"

namespace posix
{
    namespace
    {
        using machine::context_register;

        /// struct sigcontext of <asm/sigcontext.h>.
        struct signal_context
        {
            word r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
            uint16_t cs, gs, fs, ss;
            word error, trap, old_mask, cr2, vector_state;
            word reserved[8];
        };
        static_assert(sizeof(signal_context) == 256);

        struct user_context
        {
            word           flags;
            word           link;
            signal_stack   stack;
            signal_context registers;
            signal_set     mask;
        };

        struct signal_frame
        {
            word               return_address;
            user_context       context;
            signal_information information;
        };
        static_assert(sizeof(signal_frame) == 440);

        /// What IRETQ takes from the stack.
        struct return_frame
        {
            word rip, cs, rflags, rsp, ss;
        };

        constexpr word vector_state_size      = 512;
        constexpr word vector_state_alignment = 64;
        constexpr word return_frame_room      = 64; // in front of the vector state
        constexpr word red_zone               = 128;

        constexpr word context_flags = 2 | 4; // UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS
        constexpr word user_cs       = 0x2b;
        constexpr word user_ss       = 0x23;

        constexpr word flag_trap      = 1 << 8;
        constexpr word flag_direction = 1 << 10;
        constexpr word flag_resume    = 1 << 16;

        constexpr word mxcsr_offset = 24;
        constexpr word mxcsr_bits   = 0xffff;

        constexpr word round_down(word value, word alignment)
        {
            return value & ~(alignment - 1);
        }

        /// The frame's address for a vector state, and back.
        constexpr word frame_below(word vector_state)
        {
            return round_down(vector_state - return_frame_room - sizeof(signal_frame), 16) - 8;
        }

        constexpr word vector_state_above(word frame)
        {
            return round_down(frame + 8 + sizeof(signal_frame) + return_frame_room + vector_state_alignment - 1,
                vector_state_alignment);
        }

        static_assert(vector_state_above(frame_below(0x10000)) == 0x10000);
        static_assert(vector_state_above(frame_below(0x10040)) == 0x10040);

        struct register_place
        {
            context_register      which;
            word signal_context::*member;
        };

        using which = context_register;
        constexpr register_place places[] = {
            { which::r8, &signal_context::r8 }, { which::r9, &signal_context::r9 }, { which::r10, &signal_context::r10 },
            { which::r11, &signal_context::r11 }, { which::r12, &signal_context::r12 }, { which::r13, &signal_context::r13 },
            { which::r14, &signal_context::r14 }, { which::r15, &signal_context::r15 }, { which::rdi, &signal_context::rdi },
            { which::rsi, &signal_context::rsi }, { which::rbp, &signal_context::rbp }, { which::rbx, &signal_context::rbx },
            { which::rdx, &signal_context::rdx }, { which::rax, &signal_context::rax }, { which::rcx, &signal_context::rcx },
            { which::rsp, &signal_context::rsp }, { which::rip, &signal_context::rip },
            { which::rflags, &signal_context::rflags },
        };
    }

    bool is_on_stack(const signal_stack &stack, word address)
    {
        return (stack.flags & ss_disable) == 0 && address - stack.address < stack.size;
    }

    status push_signal_frame(user_memory &memory, machine::registers &registers, const frame_request &request)
    {
        const signal_stack &alternate    = request.alternate;
        const word          interrupted  = registers[which::rsp];
        const bool          is_on_alternate = is_on_stack(alternate, interrupted);
        const bool          switches = (request.action.flags & sa_onstack) != 0 && (alternate.flags & ss_disable) == 0
            && !is_on_alternate;

        const word top          = switches ? alternate.address + alternate.size : interrupted - red_zone;
        const word vector_state = round_down(top - vector_state_size, vector_state_alignment);
        const word address      = frame_below(vector_state);
        if (address >= top || top > user_address_end
            || ((switches || is_on_alternate) && !is_on_stack(alternate, address)))
        {
            return error::efault;
        }

        signal_frame frame {};
        frame.return_address = (request.action.flags & sa_restorer) != 0 ? request.action.restorer
                                                                         : request.page + page_restorer;
        frame.context.flags       = context_flags;
        frame.context.stack       = alternate;
        frame.context.stack.flags = (alternate.flags & ss_disable) != 0 ? ss_disable : is_on_alternate ? ss_onstack : 0;
        signal_context &context   = frame.context.registers;
        for (const register_place &each : places)
        {
            context.*each.member = registers[each.which];
        }
        context.cs           = user_cs;
        context.ss           = user_ss;
        context.error        = request.trap_error;
        context.trap         = request.trap;
        context.cr2          = request.trap_address;
        context.old_mask     = request.mask;
        context.vector_state = vector_state;
        frame.context.mask   = request.mask;
        frame.information    = request.information;

        // The vector state is the signal page's to write, so see that there is memory for it.
        if (const status room = memory.fill_zero(vector_state, vector_state_size); !room)
        {
            return room;
        }
        if (const status written = memory.write(address, frame); !written)
        {
            return written;
        }

        registers[which::rdi]    = static_cast<word>(request.information.number);
        registers[which::rsi]    = address + offsetof(signal_frame, information);
        registers[which::rdx]    = address + offsetof(signal_frame, context);
        registers[which::rax]    = 0;
        registers[which::r10]    = vector_state;
        registers[which::r11]    = request.action.handler;
        registers[which::rsp]    = address;
        registers[which::rip]    = request.page + page_enter_handler;
        registers[which::rflags] &= ~(flag_trap | flag_direction | flag_resume);
        return {};
    }

    result<restored_frame> pop_signal_frame(user_memory &memory, machine::registers &registers, word page)
    {
        const word           address = registers[which::rsp] - 8; // the handler's RET took the return address
        result<user_context> context = memory.read<user_context>(address + offsetof(signal_frame, context));
        if (!context)
        {
            return context.reason;
        }
        const signal_context &saved = context->registers;
        machine::registers    wanted = registers;
        for (const register_place &each : places)
        {
            wanted[each.which] = saved.*each.member;
        }
        if (wanted[which::rip] >= user_address_end || wanted[which::rsp] >= user_address_end)
        {
            return error::efault;
        }

        if (saved.vector_state != 0)
        {
            const word vector_state = vector_state_above(address);
            uint8_t    bytes[vector_state_size];
            if (const status read = memory.copy_in(bytes, saved.vector_state, sizeof(bytes)); !read)
            {
                return read.reason;
            }
            uint32_t mxcsr;
            __builtin_memcpy(&mxcsr, bytes + mxcsr_offset, sizeof(mxcsr));
            mxcsr &= mxcsr_bits; // others would fault
            __builtin_memcpy(bytes + mxcsr_offset, &mxcsr, sizeof(mxcsr));
            const return_frame last { wanted[which::rip], user_cs, wanted[which::rflags], wanted[which::rsp], user_ss };
            status             written = memory.copy_out(vector_state, bytes, sizeof(bytes));
            if (written)
            {
                written = memory.write(vector_state - return_frame_room, last);
            }
            if (!written)
            {
                return written.reason;
            }
            wanted[which::rip]     = page + page_leave_handler;
            wanted[which::rsp]     = vector_state - return_frame_room;
            wanted[which::rflags] &= ~flag_trap;
        }
        registers = wanted;
        return restored_frame { context->mask & ~unblockable, context->stack };
    }
}
