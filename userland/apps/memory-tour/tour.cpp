#include "tour.hpp"

namespace tour
{
    namespace
    {
        /// What a page is filled with: different on every page and for every stop.
        word pattern(word stop_number, word page)
        {
            return (stop_number + 1) * 0x9e37'79b9'7f4a'7c15 + page;
        }
    }

    void fail(const char *where, const char *what)
    {
        write_line("memory-tour: ", where, ": ", what);
        runtime::exit(1);
    }

    void fail(const char *where, const char *step, ulmm::reply_code code)
    {
        write_line("memory-tour: ", where, ": ", step, ": ", ulmm::to_string(code));
        runtime::exit(1);
    }

    bool is_zero(word address, word size)
    {
        for (word offset = 0; offset < size; offset += sizeof(word))
        {
            if (word_at(address + offset) != 0)
            {
                return false;
            }
        }
        return true;
    }

    word write_and_read_back(word address, word size, word stop_number)
    {
        word wrong = 0;
        for (word page = 0; page * page_size < size; ++page)
        {
            word_at(address + page * page_size) = pattern(stop_number, page);
        }
        for (word page = 0; page * page_size < size; ++page)
        {
            wrong += word_at(address + page * page_size) != pattern(stop_number, page);
        }
        return wrong;
    }
}
