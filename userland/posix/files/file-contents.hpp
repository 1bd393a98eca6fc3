// The bytes of a regular file: those of the boot archive, in place, until a page is written; then the file system's own pages.
#pragma once

#include "file-system.hpp"

#include <runtime/hash-map.hpp>

namespace posix
{
    class file_contents
    {
    public:
        explicit file_contents(file_system &home) : home(home)
        {
        }

        ~file_contents();

        word size() const
        {
            return length;
        }

        /// Another number after each change.
        word version() const
        {
            return changes;
        }

        word page_count() const
        {
            return pages.size() + (archived_size + page_size - 1) / page_size;
        }

        /// For an empty file: these are its contents. They must stay where they are.
        void set_archived(const uint8_t *data, word size);

        /// Bytes up to the end of the page or file at most; `data` null stands for zeros. Requires offset < size().
        struct piece
        {
            const uint8_t *data;
            word           size;
        };
        piece at(word offset) const;

        /// Number of bytes copied: fewer at the end of the file.
        word read(word offset, uint8_t *buffer, word count) const;

        /// Number of bytes copied: fewer if memory runs out; ENOSPC if none.
        result<word> write(word offset, const uint8_t *buffer, word count);

        /// What is beyond the new end is gone, and zeros if the file grows again.
        void resize(word wanted);

        /// Makes pages for the range, so that writes cannot lack memory.
        status reserve(word offset, word count);

        /// Zeros, and memory given back where whole pages are.
        status punch(word offset, word count);

        /// The first byte from `offset` on that has memory, or that has none (it reads as zero); the file's end if there is no such byte.
        word next_data(word offset) const;
        word next_hole(word offset) const;

    private:
        uint8_t *writable_page(word index);
        void     drop_pages(word first, word end);
        bool     is_hole(word index) const;

        file_system                        &home;
        word                                changes       = 0;
        word                                length        = 0;
        const uint8_t                      *archived      = nullptr;
        word                                archived_size = 0; ///< what is beyond is zero
        runtime::hash_map<word, uint8_t *>  pages;             ///< by offset / page_size
    };
}
