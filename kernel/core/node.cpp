// NODE: copying, moving, restricting and removing capabilities.
#include "node.hpp"

#include "capability_call.hpp"
#include "revocation.hpp"

namespace a9n
{
    namespace
    {
        outcome copy(const invocation& call);
        outcome move(const invocation& call);
        outcome mint(const invocation& call);
        outcome demote(const invocation& call);
        outcome revoke(const invocation& call);
        outcome remove(const invocation& call);

        constexpr word number(abi::node_operation operation)
        {
            return static_cast<word>(operation);
        }

        constexpr auto illegal = capability_error::illegal_operation;
        constexpr auto denied  = capability_error::permission_denied;

        constexpr operation operations[] = {
            { number(abi::node_operation::copy), "copy", read_write, illegal, copy },
            { number(abi::node_operation::move), "move", read_write, illegal, move },
            { number(abi::node_operation::mint), "mint", read_write, illegal, mint },
            { number(abi::node_operation::demote), "demote", capability_rights::write, illegal, demote },
            { number(abi::node_operation::revoke), "revoke", capability_rights::write, illegal, revoke },
            { number(abi::node_operation::remove), "remove", capability_rights::write, denied, remove },
        };

        // ---- Decode ------------------------------------------------------------------------------------------------

        struct source_and_destination
        {
            capability_slot* source;
            capability_slot* destination;
        };

        bool is_subset(word rights, capability_rights of)
        {
            return (rights & ~static_cast<word>(of)) == 0;
        }

        /// MR2 destination index, MR3 source descriptor. `new_rights` ≠ nullptr: the source must be copyable and have
        /// these rights.
        result<source_and_destination> decode_source_and_destination(const invocation& call, const word* new_rights)
        {
            const result<capability_slot*> source = call.find(call.argument(3));
            if (!source.ok())
            {
                return capability_error::invalid_argument;
            }
            if (new_rights != nullptr
                && (!source.value()->has(capability_rights::copy) || !is_subset(*new_rights, source.value()->rights)))
            {
                return denied;
            }
            capability_slot* destination = call.slot.object<node>().slot_at(call.argument(2));
            if (destination == nullptr)
            {
                return capability_error::invalid_argument;
            }
            if (!destination->is_empty())
            {
                return capability_error::fatal;
            }
            return source_and_destination { source.value(), destination };
        }

        /// MR2 index of a slot that must hold a capability with read and write.
        result<capability_slot*> decode_target(const invocation& call, capability_error missing_right)
        {
            capability_slot* target = call.slot.object<node>().slot_at(call.argument(2));
            if (target == nullptr)
            {
                return capability_error::invalid_argument;
            }
            if (target->is_empty())
            {
                return capability_error::invalid_descriptor;
            }
            if (!target->has(read_write))
            {
                return missing_right;
            }
            return target;
        }

        // ---- Invoke ------------------------------------------------------------------------------------------------

        outcome copy_with_rights(const invocation& call, const word* rights)
        {
            const auto decoded = decode_source_and_destination(call, rights);
            if (!decoded.ok())
            {
                return decoded.error();
            }
            fill_copy(*decoded.value().destination, *decoded.value().source, static_cast<capability_rights>(*rights));
            return success;
        }

        outcome copy(const invocation& call)
        {
            const auto source = call.find(call.argument(3));
            const word rights = source.ok() ? static_cast<word>(source.value()->rights) : 0;
            return copy_with_rights(call, &rights);
        }

        outcome mint(const invocation& call)
        {
            const word rights = call.argument(4);
            return copy_with_rights(call, &rights);
        }

        outcome move(const invocation& call)
        {
            const auto decoded = decode_source_and_destination(call, nullptr);
            if (!decoded.ok())
            {
                return decoded.error();
            }
            move_capability(*decoded.value().destination, *decoded.value().source);
            return success;
        }

        outcome demote(const invocation& call)
        {
            const auto target = decode_target(call, illegal);
            if (!target.ok())
            {
                return target.error();
            }
            if (!is_subset(call.argument(3), target.value()->rights))
            {
                return denied;
            }
            target.value()->rights = static_cast<capability_rights>(call.argument(3));
            return success;
        }

        outcome revoke(const invocation& call)
        {
            const auto target = decode_target(call, illegal);
            if (!target.ok())
            {
                return target.error();
            }
            a9n::revoke(*target.value());
            return success;
        }

        outcome remove(const invocation& call)
        {
            const auto target = decode_target(call, denied);
            if (!target.ok())
            {
                return target.error();
            }
            empty_slot(*target.value());
            return success;
        }
    }

    const operation_table node_operations = make_table(operations);
}
