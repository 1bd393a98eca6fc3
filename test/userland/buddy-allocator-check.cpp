// Runs the buddy allocator against a model of Generic capabilities that follows the kernel's rules for CONVERT and
// REVOKE. Arguments: seed, number of random steps, percentage of kernel calls that fail.
#include <ulmm/buddy-allocator.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <vector>

namespace
{
    using ulmm::word;

    /// A Generic as the kernel sees it.
    struct generic_model
    {
        word base;
        word size_bits;
        word watermark;
        word parent; ///< slot, or `outside`

        word end() const
        {
            return base + (word { 1 } << size_bits);
        }
    };

    constexpr word outside = ~word { 0 };

    std::map<word, generic_model> slots;
    std::vector<generic_model>    memory; ///< Generics not yet adopted; a source descriptor is an index here

    unsigned     failure_percentage = 0;
    std::mt19937 random_failures;

    bool kernel_fails()
    {
        return random_failures() % 100 < failure_percentage;
    }

    [[noreturn]] void fail(const char *what)
    {
        std::printf("FAILED: %s\n", what);
        std::exit(1);
    }

    void expect(bool condition, const char *what)
    {
        if (!condition)
        {
            fail(what);
        }
    }

    void remove_descendants(word slot)
    {
        std::vector<word> children;
        for (const auto &[index, model] : slots)
        {
            if (model.parent == slot)
            {
                children.push_back(index);
            }
        }
        for (const word child : children)
        {
            remove_descendants(child);
            slots.erase(child);
        }
    }
}

// The model in place of block-node.cpp.
namespace ulmm
{
    a9n::status block_node::adopt(a9n::word index, a9n::descriptor source) const
    {
        expect(::slots.count(index) == 0, "adopt into a used slot");
        ::slots[index] = ::memory[source.value];
        return {};
    }

    a9n::status block_node::divide(a9n::word parent, a9n::word order, a9n::word count, a9n::word first) const
    {
        if (kernel_fails())
        {
            return a9n::capability_error::fatal;
        }
        expect(::slots.count(parent) == 1, "divide an empty slot");
        generic_model &whole = ::slots[parent];
        const word     unit  = word { 1 } << order;
        const word     start = (whole.watermark + unit - 1) & ~(unit - 1);
        expect(start + count * unit <= whole.end(), "divide beyond the Generic's end");
        for (word i = 0; i < count; ++i)
        {
            expect(::slots.count(first + i) == 0, "divide into a used slot");
            ::slots[first + i] = { start + i * unit, order, start + i * unit, parent };
        }
        ::slots[parent].watermark = start + count * unit;
        return {};
    }

    a9n::status block_node::reclaim(a9n::word index) const
    {
        if (kernel_fails())
        {
            return a9n::capability_error::fatal;
        }
        expect(::slots.count(index) == 1, "reclaim an empty slot");
        remove_descendants(index);
        ::slots[index].watermark = ::slots[index].base;
        return {};
    }

    /// Sees the allocator's tables.
    struct allocator_inspector
    {
        static void check(const buddy_allocator &allocator, word total, const std::map<word, word> &allocated)
        {
            word covered     = 0;
            word listed_free = 0;
            word state_free  = 0;
            for (word order = minimum_order; order <= maximum_order; ++order)
            {
                const block *previous = nullptr;
                for (const block *each = allocator.free_lists[order - minimum_order]; each != nullptr; each = each->next)
                {
                    expect(each->state == block_state::free, "a block on a free list is not free");
                    expect(each->order == order, "a block is on the free list of another order");
                    expect(each->previous == previous, "a free list's links disagree");
                    previous = each;
                    ++listed_free;
                }
            }
            std::map<word, word> ranges; // start → end of free and allocated blocks
            for (const block &each : allocator.blocks)
            {
                const word index = allocator.index_of(each);
                const bool used  = each.state != block_state::unused;
                expect(used == (slots.count(index) == 1), "a block and its Generic's slot disagree");
                if (!used)
                {
                    continue;
                }
                const generic_model &model = slots[index];
                expect(model.size_bits == each.order, "a block's order is not its Generic's size");
                if (each.parent != nullptr)
                {
                    expect(model.parent == allocator.index_of(*each.parent), "a block's parent is not its Generic's");
                    expect(each.parent->state == block_state::split, "the parent of a block is not split");
                    expect(each.parent->halves == &allocator.blocks[index & ~word { 1 }], "a parent names other halves");
                }
                if (each.state == block_state::split || each.state == block_state::carved)
                {
                    continue;
                }
                expect(model.base % each.size() == 0, "a block is not aligned to its size");
                expect(each.state != block_state::free || model.watermark == model.base, "a free block is not clean");
                expect((each.state == block_state::allocated) == (allocated.count(index) == 1),
                    "an allocated block is not the caller's");
                state_free += each.state == block_state::free;
                covered    += each.size();
                ranges[model.base] = model.end();
            }
            expect(listed_free == state_free, "a free block is on no free list");
            expect(covered == total, "memory was lost or invented");
            word reached = 0;
            for (const auto &[start, end] : ranges)
            {
                expect(start >= reached, "two blocks overlap");
                reached = end;
            }
        }

        static word unused_pairs(const buddy_allocator &allocator)
        {
            word count = 0;
            for (const block *each = allocator.unused_pairs; each != nullptr; each = each->next)
            {
                ++count;
            }
            return count;
        }
    };
}

namespace
{
    ulmm::buddy_allocator allocator { a9n::node { { 0 }, ulmm::block_radix } };

    /// Gives the allocator Generics as a machine has them: page-aligned, but not aligned to their sizes. Returns the bytes
    /// of the aligned 64 KiB units in them, which is what it can use.
    word add_machine_memory(std::mt19937 &random)
    {
        word total   = 0;
        word address = 0x3000;
        for (const word size_bits : { 27, 26, 23, 20, 18, 16 })
        {
            memory.push_back({ address, size_bits, address, outside });
            constexpr word unit = 0x1'0000;
            const word     end  = address + (word { 1 } << size_bits);
            const word     first_unit = (address + unit - 1) / unit;
            total   += end / unit > first_unit ? (end / unit - first_unit) * unit : 0;
            address  = end + (random() % 64 << 12);
        }
        for (word i = 0; i < memory.size(); ++i)
        {
            expect(allocator.add_memory({ i }, memory[i].base, memory[i].size_bits) == ulmm::allocation_error::none,
                "memory is refused");
        }
        return total;
    }

    /// Order of the largest block there is, which is free again afterwards.
    word largest_available()
    {
        for (word order = ulmm::maximum_order; order >= ulmm::minimum_order; --order)
        {
            if (ulmm::block *probe = allocator.allocate(order))
            {
                expect(allocator.release(*probe).ok, "a block cannot be released");
                return order;
            }
            expect(allocator.last_error == ulmm::allocation_error::out_of_memory, "a refusal names a wrong reason");
        }
        return 0;
    }
}

int main(int count, char **arguments)
{
    expect(count == 4, "usage: seed steps failure-percentage");
    std::mt19937        random(static_cast<unsigned>(std::strtoul(arguments[1], nullptr, 10)));
    const unsigned long steps = std::strtoul(arguments[2], nullptr, 10);
    random_failures.seed(random());

    const word                         total = add_machine_memory(random);
    std::map<word, word>               allocated; // index → order
    std::vector<ulmm::block *> held;
    const word                         largest = largest_available();
    unsigned long                      refused = 0;
    ulmm::allocator_inspector::check(allocator, total, allocated);
    const word pairs_when_whole = ulmm::allocator_inspector::unused_pairs(allocator);

    failure_percentage = static_cast<unsigned>(std::strtoul(arguments[3], nullptr, 10));
    for (unsigned long step = 0; step < steps; ++step)
    {
        // Phases of growing and of shrinking, so that memory also runs out and also empties.
        const bool grow = random() % 10 < (step / 200 % 2 == 0 ? 7u : 3u);
        if (grow || held.empty())
        {
            const word   order = ulmm::minimum_order + (random() % 4 == 0 ? random() % 14 : random() % 4);
            ulmm::block *taken = allocator.allocate(order);
            if (taken == nullptr)
            {
                expect(allocator.last_error != ulmm::allocation_error::none, "a refusal without a reason");
                ++refused;
            }
            else
            {
                expect(taken->order == order, "a block of another order than asked for");
                const word index = allocator.index_of(*taken);
                expect(slots[index].watermark == slots[index].base, "an allocated block is not clean");
                slots[index].watermark += 0x1000; // its new owner makes something of it
                allocated[index]        = order;
                held.push_back(taken);
            }
        }
        else
        {
            const size_t which = random() % held.size();
            ulmm::block &given = *held[which];
            const word   index = allocator.index_of(given);
            if (allocator.release(given))
            {
                allocated.erase(index);
                held[which] = held.back();
                held.pop_back();
            }
        }
        ulmm::allocator_inspector::check(allocator, total, allocated);
    }

    failure_percentage = 0;
    for (ulmm::block *each : held)
    {
        expect(allocator.release(*each).ok, "a block cannot be released");
    }
    allocated.clear();
    ulmm::allocator_inspector::check(allocator, total, allocated);

    // Whole again: the largest block can be had, and after merging no slot is in use that was not at the start.
    expect(largest_available() == largest, "the largest block did not come back");
    expect(allocator.allocate(largest + 1) == nullptr, "a block larger than the largest");
    ulmm::allocator_inspector::check(allocator, total, allocated);
    expect(ulmm::allocator_inspector::unused_pairs(allocator) == pairs_when_whole, "slots were lost");
    std::printf("whole again: order %llu, %lu refusals\n", static_cast<unsigned long long>(largest), refused);
    return 0;
}
