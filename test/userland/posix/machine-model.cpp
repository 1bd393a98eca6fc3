#include "machine-model.hpp"

#include <posix/user-memory.hpp>

#include <cstdio>
#include <cstring>

namespace model
{
    std::map<word, space>                spaces;
    std::map<word, std::vector<uint8_t>> objects;
    std::map<uint32_t, thread>           threads;
    answer                               last_answer = answer::none;
    word                                 last_value  = 0;
    posix::machine::registers            last_registers;
    posix::instant                       clock        = 1'000'000'000;
    posix::instant                       alarm        = posix::never;
    int                                  end_status   = -1;
    size_t                               thread_limit = 100;
    size_t                               space_limit  = 100;
}

namespace posix::machine
{
    namespace
    {
        word     next_space  = 1;
        word     next_object = 1;
        uint32_t next_slot   = 1;

        constexpr word largest_mapping = 16 << 20;
    }

    result<space> create_space()
    {
        if (model::spaces.size() >= model::space_limit)
        {
            return error::enomem;
        }
        model::spaces[next_space];
        return next_space++;
    }

    result<space> clone_space(space from)
    {
        const result<space> made = create_space();
        if (made)
        {
            model::spaces[*made] = model::spaces[from];
        }
        return made;
    }

    void destroy_space(space gone)
    {
        model::spaces.erase(gone);
    }

    status map(space where, word address, word size, uint8_t protection, bool)
    {
        if (size > largest_mapping)
        {
            return error::enomem; // every page is an entry here
        }
        for (word at = address; at < address + size; at += page_size)
        {
            model::spaces[where].pages.erase(at);
            model::spaces[where].protection[at] = protection;
        }
        return {};
    }

    status map(space where, word address, word size, uint8_t protection, object source, word offset, bool)
    {
        const std::vector<uint8_t> &bytes = model::objects.at(source);
        for (word done = 0; done < size; done += page_size)
        {
            model::page &page = model::spaces[where].pages[address + done];
            page              = {};
            if (offset + done < bytes.size())
            {
                std::memcpy(page.bytes.data(), bytes.data() + offset + done,
                    std::min<size_t>(page_size, bytes.size() - offset - done));
            }
            model::spaces[where].protection[address + done] = protection;
        }
        return {};
    }

    status unmap(space where, word address, word size)
    {
        auto &pages      = model::spaces[where].pages;
        auto &protection = model::spaces[where].protection;
        pages.erase(pages.lower_bound(address), pages.lower_bound(address + size));
        protection.erase(protection.lower_bound(address), protection.lower_bound(address + size));
        return {};
    }

    status protect(space where, word address, word size, uint8_t protection)
    {
        for (word at = address; at < address + size; at += page_size)
        {
            model::spaces[where].protection[at] = protection;
        }
        return {};
    }

    status resolve_fault(space where, word address, attempt attempted)
    {
        const auto found = model::spaces[where].protection.find(address);
        if (found == model::spaces[where].protection.end())
        {
            return error::efault;
        }
        const uint8_t needed = attempted == attempt::write ? writable : attempted == attempt::execute ? executable : readable;
        return (found->second & needed) != 0 ? status {} : status { error::eacces };
    }

    space_usage usage(space of)
    {
        return { model::spaces[of].protection.size() * page_size, model::spaces[of].pages.size() * page_size };
    }

    result<object> create_object(word size)
    {
        model::objects[next_object].resize(size);
        return next_object++;
    }

    void release_object(object gone)
    {
        model::objects.erase(gone);
    }

    result<uint8_t *> show_object(object shown, word)
    {
        return model::objects.at(shown).data();
    }

    void hide_object(uint8_t *, word)
    {
    }

    result<uint8_t *> reach_page(space where, word page_address, bool for_writing)
    {
        if (!resolve_fault(where, page_address, for_writing ? attempt::write : attempt::read))
        {
            return error::efault;
        }
        return model::spaces[where].pages[page_address].bytes.data();
    }

    result<control> make_thread(space where, word identifier)
    {
        if (model::threads.size() >= model::thread_limit)
        {
            return error::eagain;
        }
        model::threads[next_slot] = { identifier, where, {}, false };
        return control { next_slot++, 0, 0 };
    }

    void release_thread(control &gone)
    {
        model::threads.erase(gone.slot);
        gone = {};
    }

    void suspend(const control &thread)
    {
        model::threads.at(thread.slot).runs = false;
    }

    void resume(const control &thread)
    {
        model::threads.at(thread.slot).runs = true;
    }

    void read_registers(const control &thread, registers &values)
    {
        values = model::threads.at(thread.slot).registers;
    }

    bool write_registers(const control &thread, const registers &values)
    {
        if (values[context_register::rip] >= user_address_end || values[context_register::rsp] >= user_address_end)
        {
            return false;
        }
        model::threads.at(thread.slot).registers = values;
        return true;
    }

    void reply_value(word value)
    {
        model::last_answer = model::answer::value;
        model::last_value  = value;
    }

    void reply_registers(const registers &values)
    {
        model::last_answer    = model::answer::registers;
        model::last_registers = values;
    }

    void reply_nothing()
    {
        model::last_answer = model::answer::none;
    }

    void flush_reply()
    {
    }

    instant monotonic_now()
    {
        return model::clock;
    }

    uint64_t real_time_now()
    {
        return model::clock + 1'000'000'000'000'000'000;
    }

    void set_alarm(instant when)
    {
        model::alarm = when;
    }

    void fill_random(uint8_t *data, word size)
    {
        std::memset(data, 0x5a, size);
    }

    memory_usage memory()
    {
        return { 64 << 20, 32 << 20 };
    }

    void log(const char *line, word length)
    {
        std::fwrite(line, 1, length, stderr);
    }

    void end(int status)
    {
        model::end_status = status;
    }
}
