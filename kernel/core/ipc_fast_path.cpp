// The fast path of IPC: CALL when a receiver waits, and REPLY_RECEIVE when a caller waits for the reply and no sender does, with
// a payload in registers. It decides nothing: what it does is what ipc_port.cpp would do, and where one of its conditions does
// not hold it has changed nothing and ipc_port.cpp does the work.
#include "ipc_fast_path.hpp"

#include "ipc_port.hpp"
#include "notification_port.hpp"
#include "scheduler.hpp"

namespace a9n
{
    bool is_fast_path_enabled = true;

    namespace
    {
        constexpr word payload_begin       = 4;
        constexpr word registers_for_words = abi::hardware_message_registers - payload_begin;

        /// As a number: more words, capabilities or a source make it larger.
        constexpr word largest_info = message_info { true, registers_for_words }.value;

        [[gnu::always_inline]] inline void deliver(const process_control_block& sender,
            process_control_block& receiver, message_info info, word identifier)
        {
            const hal::process_context& from = sender.context;
            hal::process_context&       to   = receiver.context;
            const auto copy = [&](word i)
            { hal::set_message_register(to, payload_begin + i, hal::get_message_register(from, payload_begin + i)); };
            switch (info.length())
            {
                case 6:
                    copy(5);
                    [[fallthrough]];
                case 5:
                    copy(4);
                    [[fallthrough]];
                case 4:
                    copy(3);
                    [[fallthrough]];
                case 3:
                    copy(2);
                    [[fallthrough]];
                case 2:
                    copy(1);
                    [[fallthrough]];
                case 1:
                    copy(0);
                    [[fallthrough]];
                default:
                    break;
            }
            hal::set_message_register(to, 3, identifier);
            hal::set_message_register(to, 2, info.value);
            hal::set_message_register(to, 0, 1);
        }

        process_control_block* call(process_control_block& caller, capability_slot& slot)
        {
            const message_info     info { hal::get_message_register(caller.context, 2) };
            process_control_block* receiver = waiting_receiver(slot.object<ipc_port>());
            const bool is_fast = info.value <= largest_info
                && receiver != nullptr
                && !scheduler::is_outranked(*receiver);
            if (!is_fast)
            {
                return nullptr;
            }
            take_first_waiter(slot.object<ipc_port>());
            deliver(caller, *receiver, info, slot.data.port.identifier);
            link_for_reply(caller, *receiver);
            scheduler::run_with_gained_quantum(*receiver);
            return receiver;
        }

        process_control_block* reply_receive(process_control_block& replier, capability_slot& slot)
        {
            const message_info     info { hal::get_message_register(replier.context, 2) };
            ipc_port&              port   = slot.object<ipc_port>();
            process_control_block* caller = replier.reply_target;
            const bool is_fast = info.value <= largest_info
                && info.block()
                && caller != nullptr
                && !caller->has_fault
                && port.state != ipc_port_state::has_senders
                && !has_bound_notification(replier)
                && scheduler::is_most_important(*caller);
            if (!is_fast)
            {
                return nullptr;
            }
            unlink_for_reply(*caller, replier);
            deliver(replier, *caller, info, 0);
            wait_at(port, ipc_port_state::has_receivers, replier, process_state::blocked_receive);
            scheduler::run(*caller);
            return caller;
        }
    }

    process_control_block* try_fast_path(process_control_block& caller, capability_slot& slot, word operation)
    {
        switch (static_cast<abi::ipc_port_operation>(operation))
        {
            case abi::ipc_port_operation::call:
                return call(caller, slot);
            case abi::ipc_port_operation::reply_receive:
                return reply_receive(caller, slot);
            default:
                return nullptr;
        }
    }
}
