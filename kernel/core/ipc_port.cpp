// IPC_PORT: send, receive, call, reply.
#include "ipc_port.hpp"

#include "bounded_work.hpp"
#include "capability_call.hpp"
#include "capability_transfer.hpp"
#include "notification_port.hpp"
#include "scheduler.hpp"

namespace a9n
{
    namespace
    {
        outcome send(const invocation& call);
        outcome receive(const invocation& call);
        outcome call(const invocation& call);
        outcome reply(const invocation& call);
        outcome reply_receive(const invocation& call);
        outcome identify(const invocation& call);

        constexpr word number(abi::ipc_port_operation operation)
        {
            return static_cast<word>(operation);
        }

        constexpr auto denied = capability_error::permission_denied;

        constexpr operation operations[] = {
            /// Delivers a message to a waiting receiver, or waits for one. Without `block` and receiver: nothing
            /// happens. The identifier the receiver sees is the invoked capability's. MR2 is a message_info: bit 0
            /// block, 1–8 payload words, 9–12 capabilities that move (from the IPC buffer's descriptors), 13–14 source,
            /// 0.
            /// in: MR2 message_info, MR4… payload
            /// invalid_argument: source not 0; a capability to move is missing or named twice; the receiver's slots for
            ///   capabilities are no node with WRITE, not there or used
            /// illegal_operation: capabilities, and one side has no IPC buffer; suspended and resumed meanwhile
            /// invalid_descriptor: the port was destroyed or revoked meanwhile
            /// fatal: payload above MR9 and one side has no IPC buffer
            { number(abi::ipc_port_operation::send), "send", capability_rights::write, denied, send },
            /// Takes the message of the first waiting sender, or a pending bound notification (source 2, flags in MR3),
            /// or waits. Without `block` and sender: message registers stay. A caller that still waits for a reply of
            /// this process is dropped.
            /// in: MR2 message_info (block)
            /// out: MR2 message_info, MR3 identifier, MR4… payload
            /// invalid_argument: source not 0; capabilities, and the slots for them are no node with WRITE, not there
            ///   or used
            /// illegal_operation: capabilities and no IPC buffer; suspended and resumed meanwhile
            /// invalid_descriptor: the port was destroyed or revoked meanwhile
            /// fatal: payload above MR9 and no IPC buffer
            { number(abi::ipc_port_operation::receive), "receive", capability_rights::read, denied, receive },
            /// As send, then waits for the receiver's reply whatever `block` says. With `block` and without receiver, a
            /// pending bound notification ends it before anything is sent. A waiting receiver runs at once unless a
            /// process of higher priority is ready.
            /// in: MR2 message_info, MR4… payload
            /// out: MR2 message_info of the reply, MR3 0, MR4… payload of the reply
            /// invalid_argument: source not 0; a capability to move is missing or named twice; the receiver's slots for
            ///   capabilities are no node with WRITE, not there or used
            /// illegal_operation: capabilities, and one side has no IPC buffer; suspended and resumed meanwhile;
            ///   dropped by the receiver
            /// invalid_descriptor: the port was destroyed or revoked meanwhile
            /// fatal: payload above MR9 and one side has no IPC buffer
            { number(abi::ipc_port_operation::call), "call", capability_rights::write, denied, call },
            /// Answers the process whose call, or fault, this one received last; no effect if there is none. The port
            /// does not matter. A faulter goes on; after an unknown kernel call, a payload of 26 words or more replaces
            /// its registers by MR7…MR29.
            /// in: MR2 message_info, MR4… payload
            /// invalid_argument: source not 0; a capability to move is missing or named twice; the caller's slots for
            ///   them are no node with WRITE, not there or used; registers that no user may have
            /// illegal_operation: capabilities, and one side has no IPC buffer
            /// fatal: payload above MR9 and one side has no IPC buffer
            { number(abi::ipc_port_operation::reply), "reply", capability_rights::none, denied, reply },
            /// Reply, then receive, as one: neither happens if the reply fails or the waiting message cannot be
            /// received.
            /// in: MR2 message_info of the reply, MR4… payload of the reply
            /// out: MR2 message_info, MR3 identifier, MR4… payload
            /// invalid_argument: as reply and receive
            /// illegal_operation: as reply and receive
            /// invalid_descriptor: the port was destroyed or revoked meanwhile
            /// fatal: payload above MR9 and one side has no IPC buffer
            { number(abi::ipc_port_operation::reply_receive), "reply_receive", capability_rights::read, denied,
                reply_receive },
            /// Sets the identifier of the invoked capability; copies made before and messages under way keep theirs.
            /// in: MR2 identifier
            { number(abi::ipc_port_operation::identify), "identify", capability_rights::modify, denied, identify },
        };

        constexpr word payload_begin  = 4; // message registers before it: result, error, info, identifier
        constexpr word info_bits      = 0x1fff; // block, length, transfer count
        constexpr word context_length = 3 + abi::context_register_count; // of an invalid_kernel_call message

        // ---- Decode ------------------------------------------------------------------------------------------------

        /// MR2: a user's message is never a fault or a notification.
        result<message_info> decode_info(const invocation& call)
        {
            const message_info info { call.argument(2) };
            if (info.source() != abi::message_source::normal)
            {
                return capability_error::invalid_argument;
            }
            return message_info { info.value & info_bits };
        }

        bool has_payload_registers(const process_control_block& process, message_info info)
        {
            return has_message_registers(process, payload_begin + info.length());
        }

        /// A message that can be delivered: both ends have been checked.
        struct delivery
        {
            message_info     info;
            word             identifier = 0;
            transfer_sources sources;
            capability_slot* destination = nullptr;
        };

        /// What the sender itself has to have.
        status check_sender(const process_control_block& sender, message_info info, transfer_sources& sources)
        {
            if (!has_payload_registers(sender, info))
            {
                return capability_error::fatal;
            }
            return find_transfer_sources(sender, info.transfer_count(), sources);
        }

        /// What the receiver has to have; returns where capabilities go.
        result<capability_slot*> check_receiver(const process_control_block& receiver, message_info info)
        {
            if (!has_payload_registers(receiver, info))
            {
                return capability_error::fatal;
            }
            return find_transfer_destination(receiver, info.transfer_count());
        }

        // ---- Invoke: messages ----------------------------------------------------------------------------------------

        void copy_payload(const process_control_block& sender, process_control_block& receiver, word length)
        {
            const word end          = payload_begin + length;
            const word register_end = end < abi::hardware_message_registers ? end : abi::hardware_message_registers;
            for (word i = payload_begin; i < register_end; i++)
            {
                hal::set_message_register(receiver.context, i, hal::get_message_register(sender.context, i));
            }
            if (end > register_end)
            {
                const abi::ipc_buffer* from = sender.get_ipc_buffer();
                abi::ipc_buffer*       to   = receiver.get_ipc_buffer();
                __builtin_memcpy(&to->messages[register_end], &from->messages[register_end], (end - register_end) * sizeof(word));
            }
        }

        /// The capabilities have been moved.
        void deliver_moved(process_control_block& sender, process_control_block& receiver, const delivery& message)
        {
            copy_payload(sender, receiver, message.info.length());
            forget_transfer_sources(sender, message.sources);
            set_message_register(receiver, 2, message.info.value);
            set_message_register(receiver, 3, message.identifier);
            set_success(receiver);
        }

        void deliver(process_control_block& sender, process_control_block& receiver, const delivery& message)
        {
            move_to_destination(message.sources, message.destination);
            deliver_moved(sender, receiver, message);
        }

        void deliver_fault(const process_control_block& faulter, process_control_block& receiver)
        {
            const fault_cause& fault        = faulter.fault;
            const bool         is_memory    = fault.type == abi::fault_type::memory
                || fault.type == abi::fault_type::memory_instruction_fetch;
            const bool         has_context  = fault.type == abi::fault_type::invalid_kernel_call
                && has_message_registers(receiver, payload_begin + context_length);
            const word         length       = has_context ? context_length : is_memory ? 4 : 3;

            set_message_register(receiver, 0, 1);
            set_message_register(receiver, 1, 0);
            set_message_register(receiver, 2, message_info { false, length, 0, abi::message_source::fault }.value);
            set_message_register(receiver, 3, faulter.pending_identifier);
            set_message_register(receiver, 4, static_cast<word>(fault.type));
            set_message_register(receiver, 5, hal::get_program_counter(faulter.context));
            set_message_register(receiver, 6, fault.detail);
            if (is_memory)
            {
                set_message_register(receiver, 7, fault.code);
            }
            for (word i = 0; has_context && i < abi::context_register_count; i++)
            {
                set_message_register(receiver, 7 + i, hal::read_register(faulter.context, i));
            }
        }

        /// Queued senders whose own data has gone bad end with the error, up to the first whose message can be sent. False:
        /// there are more, and an interrupt waits.
        bool pass_bad_senders(ipc_port& port, delivery& message)
        {
            work_meter meter;
            while (port.state == ipc_port_state::has_senders && !port.waiters.first->has_fault)
            {
                process_control_block& sender = *port.waiters.first;
                message.info                  = sender.pending_message;
                message.identifier            = sender.pending_identifier;
                const status checked          = check_sender(sender, message.info, message.sources);
                if (checked.ok())
                {
                    return true;
                }
                leave_ipc_port(sender);
                end_blocked_call(sender, checked.error());
                if (!meter.goes_on(work::ended_wait + message.info.transfer_count() * work::found_capability))
                {
                    return false;
                }
            }
            return true;
        }

        /// After pass_bad_senders: the first queued sender, if `receiver` can get its message; nullptr if there is none. The
        /// receiver's own fault is its error.
        result<process_control_block*> find_sender(
            ipc_port& port, const process_control_block& receiver, delivery& message)
        {
            if (port.state != ipc_port_state::has_senders)
            {
                return nullptr;
            }
            process_control_block& sender = *port.waiters.first;
            if (!sender.has_fault)
            {
                const auto destination = check_receiver(receiver, message.info);
                if (!destination.ok())
                {
                    return destination.error();
                }
                message.destination = destination.value();
            }
            return &sender;
        }

        void take_message(process_control_block& sender, process_control_block& receiver, const delivery& message)
        {
            leave_ipc_port(sender);
            if (sender.has_fault)
            {
                deliver_fault(sender, receiver);
                link_for_reply(sender, receiver);
                return;
            }
            deliver(sender, receiver, message);
            if (sender.is_calling)
            {
                link_for_reply(sender, receiver);
                return;
            }
            set_success(sender);
            scheduler::make_ready(sender);
        }

        outcome queue_sender(const invocation& call, message_info info, bool is_calling)
        {
            process_control_block& sender = call.caller;
            sender.pending_message        = info;
            sender.pending_identifier     = call.slot.data.port.identifier;
            sender.is_calling             = is_calling;
            wait_at(call.slot.object<ipc_port>(), ipc_port_state::has_senders, sender, process_state::blocked_send);
            return outcome::unfinished();
        }

        outcome send_or_call(const invocation& call, bool is_calling)
        {
            const auto info = decode_info(call);
            if (!info.ok())
            {
                return info.error();
            }
            delivery message;
            message.info         = info.value();
            message.identifier   = call.slot.data.port.identifier;
            const status checked = check_sender(call.caller, message.info, message.sources);
            if (!checked.ok())
            {
                return checked;
            }

            process_control_block& sender = call.caller;
            ipc_port&              port   = call.slot.object<ipc_port>();
            if (process_control_block* receiver = waiting_receiver(port))
            {
                const auto destination = check_receiver(*receiver, message.info);
                if (!destination.ok())
                {
                    return destination.error();
                }
                message.destination = destination.value();
                leave_ipc_port(*receiver);
                deliver(sender, *receiver, message);
                if (!is_calling)
                {
                    scheduler::make_ready(*receiver);
                    return success;
                }
                link_for_reply(sender, *receiver);
                scheduler::switch_directly(*receiver);
                return outcome::unfinished();
            }

            if (!info.value().block())
            {
                return success;
            }
            if (is_calling)
            {
                if (const word flags = take_bound_notification(sender); flags != 0)
                {
                    receive_notification(sender, flags);
                    return outcome::unfinished();
                }
            }
            return queue_sender(call, info.value(), is_calling);
        }

        // ---- Invoke: reply -------------------------------------------------------------------------------------------

        /// A reply that can be carried out; `caller` is nullptr if nobody waits for one.
        struct planned_reply
        {
            process_control_block* caller = nullptr;
            delivery               message;
            bool                   writes_context = false;
            word                   context[abi::context_register_count]; ///< if writes_context
        };

        status plan_reply(process_control_block& replier, message_info info, planned_reply& plan)
        {
            process_control_block* caller = replier.reply_target;
            if (caller == nullptr)
            {
                return success;
            }
            plan.message.info    = info;
            const status checked = check_sender(replier, info, plan.message.sources);
            if (!checked.ok())
            {
                return checked;
            }
            const auto destination = caller->has_fault
                ? find_transfer_destination(*caller, info.transfer_count())
                : check_receiver(*caller, info);
            if (!destination.ok())
            {
                return destination.error();
            }
            plan.caller              = caller;
            plan.message.destination = destination.value();

            plan.writes_context = caller->has_fault && caller->fault.type == abi::fault_type::invalid_kernel_call
                && info.length() >= context_length;
            if (plan.writes_context)
            {
                for (word i = 0; i < abi::context_register_count; i++)
                {
                    plan.context[i] = get_message_register(replier, 7 + i);
                }
                if (!hal::are_registers_valid(plan.context, abi::context_register_count))
                {
                    return capability_error::invalid_argument;
                }
            }
            return success;
        }

        /// The capabilities have been moved.
        void carry_out_moved_reply(process_control_block& replier, const planned_reply& plan)
        {
            if (plan.caller == nullptr)
            {
                return;
            }
            process_control_block& caller = *plan.caller;
            unlink_for_reply(caller, replier);
            if (caller.has_fault)
            {
                caller.has_fault = false;
                forget_transfer_sources(replier, plan.message.sources);
                if (plan.writes_context)
                {
                    hal::write_registers(caller.context, plan.context, abi::context_register_count);
                }
            }
            else
            {
                deliver_moved(replier, caller, plan.message);
            }
            scheduler::make_ready(caller);
        }

        // ---- Invoke: operations --------------------------------------------------------------------------------------

        outcome send(const invocation& call)
        {
            return send_or_call(call, false);
        }

        outcome call(const invocation& call)
        {
            return send_or_call(call, true);
        }

        outcome reply(const invocation& call)
        {
            const auto info = decode_info(call);
            if (!info.ok())
            {
                return info.error();
            }
            planned_reply plan;
            const status  planned = plan_reply(call.caller, info.value(), plan);
            if (planned.ok())
            {
                move_to_destination(plan.message.sources, plan.message.destination);
                carry_out_moved_reply(call.caller, plan);
            }
            return planned;
        }

        /// Takes a message, a notification, or waits for one. The check was made: a sender's message fits.
        outcome receive_or_wait(process_control_block& receiver, ipc_port& port, message_info info,
            process_control_block* sender, const delivery& message)
        {
            if (sender != nullptr)
            {
                take_message(*sender, receiver, message);
                return outcome::unfinished();
            }
            if (const word flags = take_bound_notification(receiver); flags != 0)
            {
                receive_notification(receiver, flags);
                return outcome::unfinished();
            }
            if (!info.block())
            {
                return success;
            }
            wait_at(port, ipc_port_state::has_receivers, receiver, process_state::blocked_receive);
            return outcome::unfinished();
        }

        outcome receive(const invocation& call)
        {
            const auto info = decode_info(call);
            if (!info.ok())
            {
                return info.error();
            }
            ipc_port& port = call.slot.object<ipc_port>();
            delivery  message;
            if (!pass_bad_senders(port, message))
            {
                return repeat(call);
            }
            const auto sender = find_sender(port, call.caller, message);
            if (!sender.ok())
            {
                return sender.error();
            }
            drop_reply_target(call.caller);
            return receive_or_wait(call.caller, port, info.value(), sender.value(), message);
        }

        outcome reply_receive(const invocation& call)
        {
            const auto info = decode_info(call);
            if (!info.ok())
            {
                return info.error();
            }
            planned_reply plan;
            const status  planned = plan_reply(call.caller, info.value(), plan);
            if (!planned.ok())
            {
                return planned;
            }
            // The reply's capabilities move first: they may empty or fill the slots that the message's go to, and may be
            // the node with these slots. If the receive cannot work then, they move back. The capability that is called
            // may be among them.
            ipc_port& port = call.slot.object<ipc_port>();
            move_to_destination(plan.message.sources, plan.message.destination);
            delivery message;
            if (!pass_bad_senders(port, message))
            {
                move_to_sources(plan.message.sources, plan.message.destination);
                return repeat(call);
            }
            const auto sender = find_sender(port, call.caller, message);
            if (!sender.ok())
            {
                move_to_sources(plan.message.sources, plan.message.destination);
                return sender.error();
            }
            carry_out_moved_reply(call.caller, plan);
            return receive_or_wait(call.caller, port, info.value(), sender.value(), message);
        }

        outcome identify(const invocation& call)
        {
            call.slot.data.port.identifier = call.argument(2);
            return success;
        }
    }

    const operation_table ipc_port_operations = make_table(operations);

    bool end_waiters(ipc_port& port, word most)
    {
        for (word ended = 0; ended < most && !port.waiters.is_empty(); ended++)
        {
            process_control_block& waiter = *port.waiters.first;
            leave_ipc_port(waiter);
            end_blocked_call(waiter, capability_error::invalid_descriptor);
        }
        return port.waiters.is_empty();
    }

    void send_fault(process_control_block& process, ipc_port& port, word identifier)
    {
        process.pending_identifier = identifier;
        if (process_control_block* receiver = waiting_receiver(port))
        {
            leave_ipc_port(*receiver);
            deliver_fault(process, *receiver);
            link_for_reply(process, *receiver);
            scheduler::switch_directly(*receiver);
            return;
        }
        wait_at(port, ipc_port_state::has_senders, process, process_state::blocked_fault);
    }

    void receive_notification(process_control_block& process, word flags)
    {
        set_message_register(process, 2, message_info { false, 0, 0, abi::message_source::notification }.value);
        set_message_register(process, 3, flags);
        set_success(process);
    }
}
