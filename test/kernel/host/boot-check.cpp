// Boots the kernel with an init image of a few pages, makes kernel calls as init, and lets it stop.
#include "boot-image.hpp"

#include <core/process.hpp>
#include <hal/host/devices.hpp>
#include <hal/host/memory.hpp>
#include <hal/host/processor.hpp>
#include <hal/interface/memory.hpp>

#include <stdio.h>

namespace
{
    using namespace a9n;

    void print_effect(const host::effect& happened)
    {
        if (happened.kind == host::effect_kind::console)
        {
            putchar(static_cast<char>(happened.value));
        }
    }

    void call(abi::kernel_call number, word mr0, word mr1 = 0, word mr2 = 0)
    {
        hal::process_context& context = *host::running.context;
        context.registers[static_cast<word>(abi::context_register::rax)] = static_cast<word>(number);
        hal::set_message_register(context, 0, mr0);
        hal::set_message_register(context, 1, mr1);
        hal::set_message_register(context, 2, mr2);
        host::make_kernel_call();
    }

    word result(word index)
    {
        return hal::get_message_register(*host::running.context, index);
    }

    const process_control_block& running_process()
    {
        return *reinterpret_cast<const process_control_block*>(host::running.context);
    }

    void act_as_init()
    {
        for (const char letter : { 'o', 'k', '\n' })
        {
            call(abi::kernel_call::debug, static_cast<word>(letter));
        }
        call(abi::kernel_call::capability_call, 0);
        printf("descriptor 0: %lu %lu\n", result(0), result(1));
        call(abi::kernel_call::capability_call, abi::init_root_descriptor(abi::init_slot::ipc_buffer_frame),
            static_cast<word>(abi::frame_operation::get_address));
        printf("IPC buffer: %lu 0x%lx\n", result(0), result(2));
        const bool is_root = host::running.address_space == running_process().address_space.data.address_space.base;
        printf("address space: %s, in the image: %s\n", is_root ? "init's" : "unknown",
            host::running.address_space >= host::image_physical_address ? "yes" : "no");
        host::tick();
        printf("quantum: %lu\n", running_process().quantum);
    }
}

int main()
{
    constexpr word memory_size = 16 << 20;
    if (!host::create_memory(memory_size))
    {
        perror("memory");
        return 1;
    }
    host::on_effect = print_effect;
    host::start(host::write_boot_image({ .memory_size = memory_size, .image_pages = 4, .devices = {} }));
    if (!host::save_machine())
    {
        perror("save_machine");
        return 1;
    }
    // Twice the same: what happens in between is undone.
    for (int i = 0; i < 2; i++)
    {
        act_as_init();
        host::restore_machine();
    }
    host::fault({ abi::fault_type::memory, 0x1234, 4 });
    printf("halted: %s\n", host::running.is_halted ? "yes" : "no");
}
