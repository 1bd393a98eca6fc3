// The address space of a program: which ranges it has and what they are. ULMM has the pages; this is what mmap, brk,
// /proc/PID/maps and a fault's signal need to know.
#pragma once

#include "file-service.hpp"
#include "machine.hpp"
#include "user-memory.hpp"

#include <runtime/vector.hpp>

namespace posix
{
    enum class mapping_kind : uint8_t
    {
        anonymous,
        file,
        heap,
        stack,
        signal_page,
    };

    struct mapping
    {
        word         start      = 0;
        word         end        = 0;
        uint8_t      protection = 0;
        bool         shared     = false;
        mapping_kind kind       = mapping_kind::anonymous;
        inode       *file       = nullptr; ///< a reference of its own
        word         offset     = 0;       ///< of `start` in the file
    };

    inline constexpr word lowest_address = 0x1'0000;
    /// Where every program has the page that enters signal handlers, and below it its stack.
    inline constexpr word signal_page   = user_address_end - 0x1'0000;
    inline constexpr word stack_end     = user_address_end - 0x10'0000;
    inline constexpr word stack_size    = 0x80'0000;
    inline constexpr word mapping_area_end = stack_end - stack_size - 0x10'0000;
    inline constexpr word position_independent_base = 0x5555'5555'4000;
    inline constexpr size_t maximum_mappings = 1000; ///< ULMM has a limit of its own
    inline constexpr word maximum_program_size = word { 1 } << 40; ///< bytes in all mappings

    struct program_memory final : user_memory
    {
        program_memory() = default;
        ~program_memory();
        program_memory(const program_memory &)            = delete;
        program_memory &operator=(const program_memory &) = delete;

        /// A new one with one user, or the reason.
        static result<program_memory *> create();
        result<program_memory *>        clone();

        /// The last user's release ends it.
        void acquire()
        {
            ++users;
        }
        static void release(program_memory *gone);

        result<user_span> reach(word address, word size, user_access access) override;

        /// Maps zeroed memory at these addresses, in place of what is there.
        status map_zeroed(word address, word size, uint8_t protection, bool shared, mapping_kind kind);
        /// Maps a file's bytes, private copies once written. Beyond the file's end there are zeros to the end of the page only.
        status map_file(word address, word size, uint8_t protection, inode &file, word offset);
        status map_signal_page(machine::object page);
        status unmap(word address, word size);
        status protect(word address, word size, uint8_t protection);

        /// A free range of that size, as high as possible; 0 if there is none.
        word find_free(word size) const;
        bool is_free(word address, word size) const;

        /// The first mapping that ends above `address`.
        const mapping *find_above(word address) const;
        /// The mapping that contains it, or nullptr.
        const mapping *find(word address) const;

        word mapped_bytes() const;

        machine::space space = 0;
        uint32_t       users = 1;

        word break_start = 0, break_end = 0;
        word arguments_start = 0, arguments_end = 0; ///< of argv's strings
        word environment_start = 0, environment_end = 0;

    private:
        status make_room(size_t mappings_more) const;
        /// Makes `address` the border of two mappings, if it lies in one.
        bool   split_at(word address);
        void   remove(word start, word end);
        status insert(const mapping &added);

        runtime::vector<mapping> mappings; ///< ascending
    };

    constexpr word page_floor(word address)
    {
        return address & ~(page_size - 1);
    }

    constexpr word page_ceiling(word address)
    {
        return page_floor(address + page_size - 1);
    }

    /// Whether [address, address + size) lies in user addresses and is not empty.
    constexpr bool is_user_range(word address, word size)
    {
        return size != 0 && address < user_address_end && size <= user_address_end - address;
    }
}
