#include "kernel-model.hpp"

#include <a9n/system-call.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>

namespace kernel_model
{
    using a9n::message_registers;
    using a9n::abi::capability_error;

    capability root;
    unsigned   failure_percentage = 0;

    namespace
    {
        std::mt19937 random_failures { 1 };

        [[noreturn]] void unexpected(const char *what)
        {
            std::printf("FAILED: the server made %s\n", what);
            std::exit(1);
        }

        void succeed(message_registers &registers)
        {
            registers.mr[0] = 1;
        }

        void refuse(message_registers &registers, capability_error error)
        {
            registers.mr[0] = 0;
            registers.mr[1] = static_cast<word>(error);
        }

        /// The slot a descriptor names, or nullptr.
        capability *look_up(word descriptor)
        {
            const word depth = (descriptor >> 56) + 8;
            object    *node  = root.get();
            for (word used = 8;;)
            {
                used += node->radix;
                if (used > depth || used > 64)
                {
                    return nullptr;
                }
                const word  index = (descriptor >> (64 - used)) & ((word { 1 } << node->radix) - 1);
                capability &slot  = node->slots[index];
                if (used == depth)
                {
                    return &slot;
                }
                if (slot == nullptr || slot->type != capability_type::node)
                {
                    return nullptr;
                }
                node = slot.get();
            }
        }

        void for_each_slot(object &node, auto visit, std::set<object *> &seen)
        {
            if (!seen.insert(&node).second)
            {
                return;
            }
            for (capability &slot : node.slots)
            {
                if (slot != nullptr && slot->type == capability_type::node)
                {
                    for_each_slot(*slot, visit, seen);
                }
                visit(slot);
            }
        }

        void for_each_slot(auto visit)
        {
            std::set<object *> seen;
            for_each_slot(*root, visit, seen);
        }

        /// The object is gone: no address space refers to it any more.
        void forget_mappings(const object *gone)
        {
            for_each_slot(
                [&](capability &slot)
                {
                    if (slot != nullptr && slot->type == capability_type::address_space)
                    {
                        std::erase_if(slot->pages, [&](const auto &entry) { return entry.second == gone; });
                        std::erase_if(slot->tables, [&](const auto &entry) { return entry.second == gone; });
                    }
                });
        }

        bool descends_from(const object *candidate, const object *ancestor)
        {
            while (candidate != nullptr && candidate != ancestor)
            {
                candidate = candidate->parent;
            }
            return candidate == ancestor;
        }

        void revoke(object &generic)
        {
            std::vector<capability> gone; // kept alive until all are unlinked
            for_each_slot(
                [&](capability &slot)
                {
                    if (slot != nullptr && slot.get() != &generic && descends_from(slot->parent, &generic))
                    {
                        gone.push_back(std::move(slot));
                        slot = nullptr;
                    }
                });
            for (const capability &each : gone)
            {
                forget_mappings(each.get());
            }
            generic.watermark = generic.base;
        }

        void convert(object &generic, message_registers &registers)
        {
            const auto  type  = static_cast<capability_type>(registers.mr[2]);
            const word  bits  = registers.mr[3];
            const word  count = registers.mr[4];
            capability *node  = look_up(registers.mr[5]);
            const word  first = registers.mr[6];
            if (node == nullptr || *node == nullptr || (*node)->type != capability_type::node)
            {
                return refuse(registers, capability_error::invalid_descriptor);
            }
            auto &slots = (*node)->slots;
            if (count == 0 || first >= slots.size() || count > slots.size() - first)
            {
                return refuse(registers, capability_error::invalid_argument);
            }
            for (word i = 0; i < count; ++i)
            {
                if (slots[first + i] != nullptr)
                {
                    return refuse(registers, capability_error::invalid_argument);
                }
            }
            const word unit_bits = type == capability_type::page_table ? a9n::abi::page_table_size_bits : bits;
            const word unit      = word { 1 } << unit_bits;
            const word start     = (generic.watermark + unit - 1) & ~(unit - 1);
            if (start + count * unit > generic.base + (word { 1 } << generic.size_bits))
            {
                return refuse(registers, capability_error::illegal_operation);
            }
            for (word i = 0; i < count; ++i)
            {
                auto made       = std::make_shared<object>();
                made->type      = type;
                made->parent    = &generic;
                made->base      = start + i * unit;
                made->watermark = made->base;
                made->size_bits = unit_bits;
                made->depth     = type == capability_type::page_table ? bits : 0;
                slots[first + i] = made;
            }
            generic.watermark = start + count * unit;
            succeed(registers);
        }

        void call_node(object &node, message_registers &registers)
        {
            using operation = a9n::abi::node_operation;
            const word index = registers.mr[2];
            if (index >= node.slots.size())
            {
                return refuse(registers, capability_error::invalid_argument);
            }
            capability &target = node.slots[index];
            switch (static_cast<operation>(registers.mr[1]))
            {
                case operation::move :
                {
                    capability *source = look_up(registers.mr[3]);
                    if (source == nullptr || *source == nullptr)
                    {
                        return refuse(registers, capability_error::invalid_argument);
                    }
                    if (target != nullptr)
                    {
                        return refuse(registers, capability_error::fatal);
                    }
                    target = std::move(*source);
                    *source = nullptr;
                    return succeed(registers);
                }
                case operation::revoke :
                    if (target == nullptr || target->type != capability_type::generic)
                    {
                        return refuse(registers, capability_error::illegal_operation);
                    }
                    revoke(*target);
                    return succeed(registers);
                case operation::remove :
                    if (target == nullptr)
                    {
                        return refuse(registers, capability_error::permission_denied);
                    }
                    target = nullptr;
                    return succeed(registers);
                default : unexpected("a node operation the model does not know");
            }
        }

        /// Depth of the first table missing above a leaf of `leaf_bits`, 0 if none is.
        word missing_depth(const object &space, word address, word leaf_bits)
        {
            const word last = leaf_bits == a9n::abi::page_size_bits ? 1 : 2;
            for (word depth = 3; depth >= last; --depth)
            {
                const word first = address >> table_coverage_bits(depth) << table_coverage_bits(depth);
                if (!space.tables.contains({ depth, first }))
                {
                    return depth;
                }
            }
            return 0;
        }

        void map(object &space, object &mapped, word address, message_registers &registers)
        {
            if (address >= a9n::abi::user_address_end)
            {
                return refuse(registers, capability_error::invalid_argument);
            }
            if (mapped.type == capability_type::page_table)
            {
                const word missing = missing_depth(space, address, a9n::abi::page_size_bits);
                if (missing > mapped.depth)
                {
                    return refuse(registers, capability_error::invalid_descriptor);
                }
                const word first = address >> table_coverage_bits(mapped.depth) << table_coverage_bits(mapped.depth);
                if (!space.tables.emplace(std::pair { mapped.depth, first }, &mapped).second)
                {
                    return refuse(registers, capability_error::illegal_operation);
                }
                return succeed(registers);
            }
            if (address % (word { 1 } << mapped.size_bits) != 0)
            {
                return refuse(registers, capability_error::invalid_argument);
            }
            if (missing_depth(space, address, mapped.size_bits) != 0)
            {
                return refuse(registers, capability_error::invalid_descriptor);
            }
            const word end = address + (word { 1 } << mapped.size_bits);
            for (const auto &[start, other] : space.pages)
            {
                if (start < end && address < start + (word { 1 } << other->size_bits))
                {
                    return refuse(registers, capability_error::illegal_operation);
                }
            }
            // A table for small pages where the large page would go is in the way, too.
            if (mapped.size_bits == a9n::abi::large_page_size_bits && space.tables.contains({ 1, address }))
            {
                return refuse(registers, capability_error::illegal_operation);
            }
            space.pages[address] = &mapped;
            succeed(registers);
        }

        void call_address_space(object &space, message_registers &registers)
        {
            using operation = a9n::abi::address_space_operation;
            switch (static_cast<operation>(registers.mr[1]))
            {
                case operation::map :
                case operation::unmap :
                {
                    capability *slot = look_up(registers.mr[2]);
                    if (slot == nullptr || *slot == nullptr
                        || ((*slot)->type != capability_type::frame && (*slot)->type != capability_type::page_table))
                    {
                        return refuse(registers, capability_error::invalid_descriptor);
                    }
                    if (static_cast<operation>(registers.mr[1]) == operation::map)
                    {
                        return map(space, **slot, registers.mr[3], registers);
                    }
                    return space.pages.erase(registers.mr[3]) == 1
                        ? succeed(registers)
                        : refuse(registers, capability_error::illegal_operation);
                }
                case operation::get_unset_depth :
                    registers.mr[2] = missing_depth(space, registers.mr[2], registers.mr[3]);
                    return succeed(registers);
                case operation::can_map_frame_size_bits : return succeed(registers);
            }
            unexpected("an unknown address space operation");
        }

        bool builds(const object &target, word operation)
        {
            const bool unmaps = operation == static_cast<word>(a9n::abi::address_space_operation::unmap);
            return target.type == capability_type::generic
                || (target.type == capability_type::address_space && !unmaps);
        }
    }

    capability make_node(word radix)
    {
        auto made   = std::make_shared<object>();
        made->type  = capability_type::node;
        made->radix = radix;
        made->slots.resize(size_t { 1 } << radix);
        return made;
    }

    capability make_generic(word base, word size_bits)
    {
        auto made       = std::make_shared<object>();
        made->type      = capability_type::generic;
        made->base      = base;
        made->watermark = base;
        made->size_bits = size_bits;
        return made;
    }

    capability make_address_space()
    {
        auto made  = std::make_shared<object>();
        made->type = capability_type::address_space;
        return made;
    }
}

void a9n::kernel_call(abi::kernel_call type, message_registers &registers)
{
    using namespace kernel_model;
    if (type != abi::kernel_call::capability_call)
    {
        unexpected("a kernel call the model does not know");
    }
    capability *slot = look_up(registers.mr[0]);
    if (slot == nullptr || *slot == nullptr)
    {
        return refuse(registers, abi::capability_error::invalid_descriptor);
    }
    const capability held = *slot; // the call may empty the slot it was made on
    if (builds(*held, registers.mr[1]) && random_failures() % 100 < failure_percentage)
    {
        return refuse(registers, abi::capability_error::fatal);
    }
    switch (held->type)
    {
        case abi::capability_type::node : return call_node(*held, registers);
        case abi::capability_type::generic : return convert(*held, registers);
        case abi::capability_type::address_space : return call_address_space(*held, registers);
        default : unexpected("a call on a capability the model does not know");
    }
}
