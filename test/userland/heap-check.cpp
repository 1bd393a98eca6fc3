// Random allocations from the runtime's heap: aligned, disjoint, and all memory whole again in the end.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <runtime/heap.hpp>
#include <sys/mman.h>
#include <vector>

namespace
{
    constexpr size_t range_size = size_t { 16 } << 20;

    size_t limit     = range_size;
    size_t committed = 0;

    bool commit(uintptr_t address, size_t size)
    {
        if (size > limit - committed)
        {
            return false;
        }
        committed += size;
        return mprotect(reinterpret_cast<void *>(address), size, PROT_READ | PROT_WRITE) == 0;
    }

    void require(bool condition, const char *what)
    {
        if (!condition)
        {
            std::printf("wrong: %s\n", what);
            std::exit(1);
        }
    }

    struct block
    {
        unsigned char *start;
        size_t         size;
        unsigned char  mark;
    };

    void check(const block &checked)
    {
        for (size_t i = 0; i < checked.size; ++i)
        {
            require(checked.start[i] == checked.mark, "blocks do not overlap");
        }
    }
}

int main()
{
    void *range = mmap(nullptr, range_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(runtime::begin_heap({ reinterpret_cast<uintptr_t>(range), range_size, commit }), "a heap begins");
    const size_t own = runtime::heap_usage().in_use;

    std::mt19937       random { 1 };
    std::vector<block> blocks;
    size_t             refused = 0;
    for (int step = 0; step < 200000; ++step)
    {
        limit = step < 100000 ? size_t { 6 } << 20 : range_size;
        if (blocks.empty() || random() % (step % 20000 < 10000 ? 3 : 2) != 0)
        {
            const size_t size  = random() % 50 == 0 ? random() % 100000 : random() % 3000 >> random() % 10;
            auto        *start = static_cast<unsigned char *>(runtime::allocate(size));
            if (start == nullptr)
            {
                ++refused;
                continue;
            }
            require(reinterpret_cast<uintptr_t>(start) % (size % 4096 == 0 && size != 0 ? 4096 : 16) == 0, "blocks are aligned");
            const block made { start, size, static_cast<unsigned char>(random()) };
            std::memset(start, made.mark, size);
            blocks.push_back(made);
        }
        else
        {
            std::swap(blocks[random() % blocks.size()], blocks.back());
            check(blocks.back());
            runtime::release(blocks.back().start, blocks.back().size);
            blocks.pop_back();
        }
        require(runtime::heap_usage().committed == committed, "the heap knows what it got");
    }
    require(refused != 0, "some allocations were refused");
    for (const block &left : blocks)
    {
        check(left);
        runtime::release(left.start, left.size);
    }
    require(runtime::heap_usage().in_use == own, "all pages are free again");
    void *whole = runtime::allocate(range_size - own);
    require(whole != nullptr, "all memory is one piece again");
    require(runtime::allocate(1) == nullptr, "no more than all can be had");
    runtime::release(whole, range_size - own);
    std::puts("ok");
}
