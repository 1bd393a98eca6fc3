// IO_PORT: a range of I/O ports.
#include "capability_call.hpp"
#include "node.hpp"
#include "revocation.hpp"

#include <hal/interface/devices.hpp>

namespace a9n
{
    namespace
    {
        outcome read(const invocation& call);
        outcome write(const invocation& call);
        outcome mint(const invocation& call);

        constexpr word number(abi::io_port_operation operation)
        {
            return static_cast<word>(operation);
        }

        constexpr auto denied = capability_error::permission_denied;

        constexpr operation operations[] = {
            /// Reads an I/O port with one access of that width.
            /// in: MR2 port, MR3 width in bytes: 1, 2 or 4
            /// out: MR2 value, zero-extended
            /// permission_denied: a byte of it is outside the capability's range or above 0xffff
            /// fatal: another width
            { number(abi::io_port_operation::read), "read", capability_rights::read, denied, read },
            /// Writes an I/O port with one access of that width.
            /// in: MR2 port, MR3 width in bytes: 1, 2 or 4, MR4 value
            /// permission_denied: a byte of it is outside the capability's range or above 0xffff
            /// fatal: another width
            { number(abi::io_port_operation::write), "write", capability_rights::write, denied, write },
            /// Derives a capability for part of the range, with the same rights.
            /// in: MR2 first port, MR3 last port, MR4 descriptor of the destination node, MR5 index
            /// permission_denied: not part of the range; the destination node lacks WRITE
            /// invalid_argument: first above last; no node there; a slot that is used or does not exist
            { number(abi::io_port_operation::mint), "mint", capability_rights::copy, denied, mint },
        };

        /// MR2 port, MR3 width: every byte must lie in the range and be a port at all.
        status check_access(const invocation& call)
        {
            const word port = call.argument(2), width = call.argument(3);
            if (width != 1 && width != 2 && width != 4)
            {
                return capability_error::fatal;
            }
            const io_port_data& range = call.slot.data.io_port;
            if (port < range.first || port > range.last || width - 1 > range.last - port || port >= hal::io_port_end
                || width > hal::io_port_end - port)
            {
                return denied;
            }
            return success;
        }

        outcome read(const invocation& call)
        {
            const status allowed = check_access(call);
            if (allowed.ok())
            {
                call.set_result(2, hal::read_io_port(call.argument(2), call.argument(3)));
            }
            return allowed;
        }

        outcome write(const invocation& call)
        {
            const status allowed = check_access(call);
            if (allowed.ok())
            {
                hal::write_io_port(call.argument(2), call.argument(3), call.argument(4));
            }
            return allowed;
        }

        outcome mint(const invocation& call)
        {
            if (is_being_revoked(call.slot))
            {
                return repeat_after_revocation(call);
            }
            const word first = call.argument(2), last = call.argument(3);
            const auto destination = call.find(call.argument(4), capability_type::node);
            if (!destination.ok())
            {
                return capability_error::invalid_argument;
            }
            if (!destination.value()->has(capability_rights::write))
            {
                return denied;
            }
            capability_slot* slot = destination.value()->object<node>().slot_at(call.argument(5));
            if (first > last || slot == nullptr || !slot->is_empty())
            {
                return capability_error::invalid_argument;
            }
            const io_port_data& range = call.slot.data.io_port;
            if (first < range.first || last > range.last)
            {
                return denied;
            }

            capability made { capability_type::io_port, call.slot.rights, nullptr, {} };
            made.data.io_port = { first, last };
            fill_child(*slot, call.slot, made);
            return success;
        }
    }

    const operation_table io_port_operations = make_table(operations);
}
