#include "kernel-model.hpp"

#include <a9n/ipc-buffer.hpp>
#include <a9n/system-call.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

namespace kernel_model
{
    using a9n::message_registers;
    using a9n::abi::capability_error;
    using a9n::abi::page_size;
    using a9n::abi::page_size_bits;

    capability root;
    unsigned   failure_percentage = 0;

    namespace
    {
        constexpr word top_depth       = 4;
        constexpr word physical_memory = word { 1 } << 32; ///< sparse

        std::mt19937 random_failures { 1 };

        [[noreturn]] void unexpected(const char *what)
        {
            std::printf("FAILED: the server made %s\n", what);
            std::fflush(stdout);
            std::_Exit(1);
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

        // ---- Physical memory ---------------------------------------------------------------------------------------

        struct memory_file
        {
            int   descriptor = memfd_create("physical", 0);
            char *bytes      = nullptr;

            memory_file()
            {
                if (descriptor < 0 || ftruncate(descriptor, physical_memory) != 0)
                {
                    unexpected("no memory");
                }
                void *mapped = mmap(nullptr, physical_memory, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
                bytes        = mapped == MAP_FAILED ? nullptr : static_cast<char *>(mapped);
            }
        };

        memory_file &memory()
        {
            static memory_file file;
            return file;
        }

        void show(word address, const object &frame)
        {
            if (mmap(reinterpret_cast<void *>(address), page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                    memory().descriptor, static_cast<off_t>(frame.base))
                == MAP_FAILED)
            {
                unexpected("a mapping that this process cannot have");
            }
        }

        void hide(word address)
        {
            (void)mmap(reinterpret_cast<void *>(address), page_size, PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
        }

        // ---- Slots -------------------------------------------------------------------------------------------------

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

        capability *look_up(word descriptor, capability_type type)
        {
            capability *slot = look_up(descriptor);
            return slot != nullptr && *slot != nullptr && (*slot)->type == type ? slot : nullptr;
        }

        void for_each_slot(object &node, auto visit, std::set<object *> &seen)
        {
            if (!seen.insert(&node).second)
            {
                return;
            }
            for (capability &slot : node.slots)
            {
                if (slot == nullptr)
                {
                    continue;
                }
                if (slot->type == capability_type::node)
                {
                    for_each_slot(*slot, visit, seen);
                }
                if (slot->type == capability_type::process_control_block)
                {
                    visit(slot->space);
                    visit(slot->buffer);
                }
                visit(slot);
            }
        }

        /// Slots of nodes, and those in processes.
        void for_each_slot(auto visit)
        {
            std::set<object *> seen;
            for_each_slot(*root, visit, seen);
        }

        // ---- The end of objects ------------------------------------------------------------------------------------

        void forget_entries(object &space_or_table, const std::set<object *> &gone, bool is_own, word prefix)
        {
            const word shift = page_size_bits + 9 * (space_or_table.depth - 1);
            std::erase_if(space_or_table.entries,
                [&](const auto &each)
                {
                    if (gone.contains(each.second.target))
                    {
                        if (is_own && each.second.target->type == capability_type::frame)
                        {
                            hide(prefix | each.first << shift);
                        }
                        return true;
                    }
                    return false;
                });
            if (is_own)
            {
                for (auto &[index, found] : space_or_table.entries)
                {
                    if (found.target->type == capability_type::page_table)
                    {
                        forget_entries(*found.target, gone, true, prefix | index << shift);
                    }
                }
            }
        }

        /// No table refers to these objects any more.
        void forget_mappings(const std::set<object *> &gone)
        {
            for (const bool is_own : { true, false }) // the server's first, because what it shows is to be hidden
            {
                for_each_slot(
                    [&](capability &slot)
                    {
                        if (slot != nullptr && slot->is_own == is_own
                            && (slot->type == capability_type::address_space || slot->type == capability_type::page_table))
                        {
                            forget_entries(*slot, gone, is_own, 0);
                        }
                    });
            }
        }

        bool descends_from(const object *candidate, const object *ancestor)
        {
            while (candidate != nullptr && candidate != ancestor)
            {
                candidate = candidate->parent;
            }
            return candidate == ancestor;
        }

        void reset_process(object &process)
        {
            process.space  = nullptr;
            process.buffer = nullptr;
        }

        /// Objects whose last capability has gone.
        void end_objects(std::vector<capability> ended)
        {
            std::set<object *> gone;
            while (!ended.empty())
            {
                const capability each = std::move(ended.back());
                ended.pop_back();
                if (each == nullptr || !gone.insert(each.get()).second)
                {
                    continue;
                }
                for (capability &inner : each->slots)
                {
                    ended.push_back(std::move(inner));
                    inner = nullptr;
                }
                reset_process(*each);
                if (each->type == capability_type::address_space)
                {
                    each->entries.clear();
                }
            }
            forget_mappings(gone);
        }

        void revoke_generic(object &generic)
        {
            std::vector<capability> gone; // kept alive until all are unlinked
            for_each_slot(
                [&](capability &slot)
                {
                    if (slot != nullptr && slot.get() != &generic && descends_from(slot->parent, &generic))
                    {
                        gone.push_back(slot);
                    }
                });
            for_each_slot(
                [&](capability &slot)
                {
                    if (slot != nullptr && slot.get() != &generic && descends_from(slot->parent, &generic))
                    {
                        slot = nullptr;
                    }
                });
            const std::vector<capability> kept = gone;
            end_objects(std::move(gone));
            generic.watermark = generic.base;
        }

        // ---- Operations --------------------------------------------------------------------------------------------

        word unit_bits_of(capability_type type, word bits)
        {
            switch (type)
            {
                case capability_type::node : return a9n::abi::node_size_bits(bits);
                case capability_type::address_space : return a9n::abi::address_space_size_bits;
                case capability_type::page_table : return a9n::abi::page_table_size_bits;
                case capability_type::process_control_block : return a9n::abi::process_control_block_size_bits;
                case capability_type::ipc_port : return a9n::abi::ipc_port_size_bits;
                case capability_type::notification_port : return a9n::abi::notification_port_size_bits;
                case capability_type::generic :
                case capability_type::frame : return bits;
                default : unexpected("an object of a type that cannot be made");
            }
        }

        void convert(object &generic, message_registers &registers)
        {
            const auto  type  = static_cast<capability_type>(registers.mr[2]);
            const word  bits  = registers.mr[3];
            const word  count = registers.mr[4];
            capability *node  = look_up(registers.mr[5], capability_type::node);
            const word  first = registers.mr[6];
            if (node == nullptr)
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
            const word unit_bits = unit_bits_of(type, bits);
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
                made->depth     = type == capability_type::page_table ? bits : top_depth;
                if (type == capability_type::node)
                {
                    made->radix = bits;
                    made->slots.resize(size_t { 1 } << bits);
                }
                if (type == capability_type::frame)
                {
                    std::memset(memory().bytes + made->base, 0, unit);
                }
                slots[first + i] = made;
            }
            generic.watermark = start + count * unit;
            succeed(registers);
        }

        bool is_last(const capability &slot)
        {
            word places = 0;
            for_each_slot([&](const capability &each) { places += each == slot; });
            return places == 1;
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
                case operation::copy :
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
                    target = *source;
                    if (static_cast<operation>(registers.mr[1]) == operation::move)
                    {
                        *source = nullptr;
                    }
                    return succeed(registers);
                }
                case operation::revoke :
                    if (target == nullptr)
                    {
                        return refuse(registers, capability_error::invalid_descriptor);
                    }
                    ++target->revocations;
                    switch (target->type)
                    {
                        case capability_type::generic : revoke_generic(*target); break;
                        case capability_type::process_control_block : reset_process(*target); break;
                        case capability_type::node :
                        case capability_type::ipc_port :
                        case capability_type::notification_port : break;
                        default : unexpected("a revocation of something it need not revoke");
                    }
                    return succeed(registers);
                case operation::remove :
                {
                    if (target == nullptr)
                    {
                        return refuse(registers, capability_error::invalid_descriptor);
                    }
                    const bool       ends = is_last(target);
                    const capability gone = std::move(target);
                    target                = nullptr;
                    if (ends)
                    {
                        end_objects({ gone });
                    }
                    return succeed(registers);
                }
                default : unexpected("a node operation the model does not know");
            }
        }

        word index_at(word address, word depth)
        {
            return address >> (page_size_bits + 9 * (depth - 1)) & 511;
        }

        /// The table of `depth` on the way to `address`, or the depth of the first that is missing.
        object *find_table(object &space, word address, word depth, word &missing)
        {
            object *table = &space;
            while (table->depth > depth)
            {
                const auto found = table->entries.find(index_at(address, table->depth));
                if (found == table->entries.end())
                {
                    missing = table->depth - 1;
                    return nullptr;
                }
                table = found->second.target;
                if (table->type != capability_type::page_table)
                {
                    missing = table->depth;
                    return nullptr;
                }
            }
            missing = 0;
            return table;
        }

        void map(object &space, object &mapped, word address, word attributes, message_registers &registers)
        {
            const bool is_table = mapped.type == capability_type::page_table;
            if (address >= a9n::abi::user_address_end / page_size * page_size
                || (!is_table && address % (word { 1 } << mapped.size_bits) != 0))
            {
                return refuse(registers, capability_error::invalid_argument);
            }
            word    missing = 0;
            object *table   = find_table(space, address, is_table ? mapped.depth + 1 : 1, missing);
            if (table == nullptr)
            {
                return refuse(registers, capability_error::invalid_descriptor);
            }
            if (!table->entries.emplace(index_at(address, table->depth), entry { &mapped, attributes }).second)
            {
                return refuse(registers, capability_error::illegal_operation);
            }
            if (is_table && !mapped.entries.empty())
            {
                unexpected("a page table into an address space that is not empty");
            }
            if (!is_table && space.is_own)
            {
                show(address, mapped);
            }
            succeed(registers);
        }

        void unmap(object &space, const object &mapped, word address, message_registers &registers)
        {
            const bool is_table = mapped.type == capability_type::page_table;
            word       missing  = 0;
            object    *table    = find_table(space, address, is_table ? mapped.depth + 1 : 1, missing);
            if (table == nullptr)
            {
                return refuse(registers, capability_error::invalid_descriptor);
            }
            const auto found = table->entries.find(index_at(address, table->depth));
            if (found == table->entries.end())
            {
                return is_table ? succeed(registers) : refuse(registers, capability_error::illegal_operation);
            }
            if (found->second.target != &mapped && !space.is_own)
            {
                // Allowed, but ours has no reason to.
                unexpected("an unmapping of another object than the one it names");
            }
            table->entries.erase(found);
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
                    return static_cast<operation>(registers.mr[1]) == operation::map
                        ? map(space, **slot, registers.mr[3], registers.mr[4], registers)
                        : unmap(space, **slot, registers.mr[3], registers);
                }
                case operation::get_unset_depth :
                    (void)find_table(space, registers.mr[2], 1, registers.mr[2]);
                    return succeed(registers);
                case operation::can_map_frame_size_bits : return succeed(registers);
            }
            unexpected("an unknown address space operation");
        }

        void configure(object &process, message_registers &registers)
        {
            using field        = a9n::abi::configure_field;
            const word  fields = registers.mr[2];
            const auto  wants  = [&](field each) { return (fields & static_cast<word>(each)) != 0; };
            capability *space  = look_up(registers.mr[3], capability_type::address_space);
            capability *buffer = look_up(registers.mr[5], capability_type::frame);
            if ((wants(field::address_space) && space == nullptr) || (wants(field::frame_ipc_buffer) && buffer == nullptr))
            {
                return refuse(registers, capability_error::invalid_descriptor);
            }
            process.space  = wants(field::address_space) ? *space : process.space;
            process.buffer = wants(field::frame_ipc_buffer) ? *buffer : process.buffer;
            succeed(registers);
        }

        bool builds(const object &target, word operation)
        {
            switch (target.type)
            {
                case capability_type::generic :
                case capability_type::process_control_block : return true;
                case capability_type::address_space :
                    return operation != static_cast<word>(a9n::abi::address_space_operation::unmap);
                case capability_type::node : return operation == static_cast<word>(a9n::abi::node_operation::copy);
                default : return false;
            }
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
        auto made   = std::make_shared<object>();
        made->type  = capability_type::address_space;
        made->depth = top_depth;
        return made;
    }

    word &physical(word address)
    {
        return *reinterpret_cast<word *>(memory().bytes + address);
    }

    std::optional<translation> translate(const object &space, word address)
    {
        const object *table = &space;
        for (;;)
        {
            const auto found = table->entries.find(index_at(address, table->depth));
            if (found == table->entries.end())
            {
                return std::nullopt;
            }
            if (found->second.target->type == capability_type::frame)
            {
                return translation { found->second.target, found->second.attributes };
            }
            table = found->second.target;
        }
    }

    void end_address_space(const capability &space)
    {
        for_each_slot(
            [&](capability &slot)
            {
                if (slot == space)
                {
                    slot = nullptr;
                }
            });
        end_objects({ space });
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
    if (failure_percentage != 0 && builds(*held, registers.mr[1]) && random_failures() % 100 < failure_percentage)
    {
        return refuse(registers, abi::capability_error::fatal);
    }
    switch (held->type)
    {
        case abi::capability_type::node : return call_node(*held, registers);
        case abi::capability_type::generic : return convert(*held, registers);
        case abi::capability_type::address_space : return call_address_space(*held, registers);
        case abi::capability_type::process_control_block : return configure(*held, registers);
        default : unexpected("a call on a capability the model does not know");
    }
}
