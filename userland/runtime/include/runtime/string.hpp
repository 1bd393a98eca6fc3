// Text of its own. What needs memory tells whether there was enough.
#pragma once

#include <runtime/memory.hpp>
#include <runtime/text.hpp>
#include <runtime/vector.hpp>

namespace runtime
{
    class string
    {
    public:
        operator text() const
        {
            return { characters.data(), characters.size() };
        }

        text view() const
        {
            return *this;
        }

        size_t size() const
        {
            return characters.size();
        }

        const char *data() const
        {
            return characters.data();
        }

        char operator[](size_t index) const
        {
            return characters[index];
        }

        /// Unchanged if there is no memory. `part` must not be of this string.
        [[nodiscard]] bool append(text part)
        {
            const size_t before = characters.size();
            const size_t wanted = before + part.length;
            if (wanted > characters.capacity() && !characters.reserve(maximum(wanted, before == 0 ? 0 : characters.capacity() * 2)))
            {
                return false;
            }
            if (!characters.resize(wanted))
            {
                return false;
            }
            if (part.length != 0)
            {
                memcpy(characters.data() + before, part.characters, part.length);
            }
            return true;
        }

        /// Unchanged if there is no memory. `value` may be part of this string.
        [[nodiscard]] bool assign(text value)
        {
            string fresh;
            if (!fresh.append(value))
            {
                return false;
            }
            characters.swap_with(fresh.characters);
            return true;
        }

        void truncate(size_t length)
        {
            while (characters.size() > length)
            {
                characters.pop_back();
            }
        }

    private:
        vector<char> characters;
    };
}
