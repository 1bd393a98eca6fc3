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
            /// Fills an empty slot of this node with a copy of a capability, with all its rights.
            /// in: MR2 destination index, MR3 source descriptor
            /// permission_denied: the source lacks COPY
            /// invalid_argument: the source lookup fails or ends at an empty slot; no such index
            /// fatal: the destination slot is used
            { number(abi::node_operation::copy), "copy", read_write, illegal, copy },
            /// Moves a capability with its rights, its identifier and its place among derived capabilities into an
            /// empty slot of this node. No right on the source is needed.
            /// in: MR2 destination index, MR3 source descriptor
            /// invalid_argument: the source lookup fails or ends at an empty slot; no such index
            /// fatal: the destination slot is used, be it by the source itself
            { number(abi::node_operation::move), "move", read_write, illegal, move },
            /// As copy, with fewer rights.
            /// in: MR2 destination index, MR3 source descriptor, MR4 rights of the copy
            /// permission_denied: the source lacks COPY or one of the new rights
            /// invalid_argument: the source lookup fails or ends at an empty slot; no such index
            /// fatal: the destination slot is used
            { number(abi::node_operation::mint), "mint", read_write, illegal, mint },
            /// Takes rights from a capability in this node.
            /// in: MR2 target index, MR4 rights that remain
            /// illegal_operation: the target lacks READ or WRITE
            /// permission_denied: the target lacks one of the rights that are to remain
            /// invalid_descriptor: the target slot is empty
            /// invalid_argument: no such index
            { number(abi::node_operation::demote), "demote", capability_rights::write, illegal, demote },
            /// Removes all capabilities derived from the target, whatever their rights, and resets the target's object
            /// as far as ABI section 4 says; the target slot stays.
            /// in: MR2 target index
            /// illegal_operation: the target lacks READ or WRITE
            /// invalid_descriptor: the target slot is empty
            /// invalid_argument: no such index
            { number(abi::node_operation::revoke), "revoke", capability_rights::write, illegal, revoke },
            /// Empties a slot of this node. If it holds the last capability to its object, the object is destroyed.
            /// in: MR2 target index
            /// permission_denied: the target lacks READ or WRITE
            /// invalid_descriptor: the target slot is empty
            /// invalid_argument: no such index
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
            const word rights = call.argument(4);
            if (!is_subset(rights, target.value()->rights))
            {
                return denied;
            }
            target.value()->rights = static_cast<capability_rights>(rights);
            return success;
        }

        outcome revoke(const invocation& call)
        {
            const auto target = decode_target(call, illegal);
            if (!target.ok())
            {
                return target.error();
            }
            return start_revocation(*target.value()) ? success : repeat_after_revocation(call);
        }

        outcome remove(const invocation& call)
        {
            const auto target = decode_target(call, denied);
            if (!target.ok())
            {
                return target.error();
            }
            return start_removal(*target.value()) ? success : repeat_after_revocation(call);
        }
    }

    const operation_table node_operations = make_table(operations);
}
