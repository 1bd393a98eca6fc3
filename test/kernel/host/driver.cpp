// Runs the kernel for another program: requests on standard input, answers on standard output, both in words of 64 bits.
// The other side is host-kernel.ts.
//
// Request: command, number of words that follow, those words.
//   0 boot: memory size, pages of the init image, then start and pages of each device range. First, and once.
//   1 reset to the state after boot: report
//   2 perform events: report, number of events, events (see events.hpp)
// Answer: number of words that follow; for boot and reset one state, otherwise for each event its outcome, the number of
// its effects, the effects, and one state. An effect is kind | width << 8 | port << 16, value.
// A state is its hash (report 0), or the number of its words and the words (report 1). Report + 2: events are interrupted
// wherever the kernel allows it. Report + 4: the kernel does not take the fast path.
#include "boot-image.hpp"
#include "events.hpp"
#include "memory-guard.hpp"
#include "state-words.hpp"

#include <core/ipc_fast_path.hpp>
#include <hal/host/devices.hpp>
#include <hal/host/memory.hpp>
#include <hal/host/processor.hpp>

#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

namespace
{
    using namespace a9n;
    using namespace a9n::host;

    enum class command : word
    {
        boot   = 0,
        reset  = 1,
        events = 2,
    };

    constexpr unsigned time_limit = 60; // seconds for one request

    std::vector<word>   effects;
    std::vector<word>   answer;
    std::vector<word>   state;
    inventory           objects;
    word                event_index = 0;

    [[noreturn]] void refuse(const char* problem)
    {
        fprintf(stderr, "driver: %s\n", problem);
        exit(1);
    }

    void say_where()
    {
        fprintf(stderr, "driver: at event %lu of the request\n", event_index);
    }

    void stop_late(int)
    {
        fprintf(stderr, "driver: no end after %u seconds\n", time_limit);
        say_where();
        _exit(1);
    }

    void record_effect(const effect& happened)
    {
        effects.push_back(static_cast<word>(happened.kind) | happened.width << 8 | happened.port << 16);
        effects.push_back(happened.value);
    }

    // ---- Words from and to the other side --------------------------------------------------------------------------

    /// False at the end of the input.
    bool read_words(word* words, word count)
    {
        auto*  at        = reinterpret_cast<char*>(words);
        size_t remaining = count * sizeof(word);
        while (remaining > 0)
        {
            const ssize_t got = read(STDIN_FILENO, at, remaining);
            if (got <= 0)
            {
                return false;
            }
            at += got;
            remaining -= static_cast<size_t>(got);
        }
        return true;
    }

    void write_words(const std::vector<word>& words)
    {
        const auto* at        = reinterpret_cast<const char*>(words.data());
        size_t      remaining = words.size() * sizeof(word);
        while (remaining > 0)
        {
            const ssize_t written = write(STDOUT_FILENO, at, remaining);
            if (written <= 0)
            {
                refuse("nobody takes the answer");
            }
            at += written;
            remaining -= static_cast<size_t>(written);
        }
    }

    // ---- Commands ----------------------------------------------------------------------------------------------------

    void report_state(bool is_whole)
    {
        take_inventory(objects);
        guard_memory(objects);
        state.clear();
        encode_state(objects, state);
        if (is_whole)
        {
            answer.push_back(state.size());
            answer.insert(answer.end(), state.begin(), state.end());
        }
        else
        {
            answer.push_back(hash_words(state));
        }
    }

    void boot(const std::vector<word>& request)
    {
        if (request.size() < 2 || request.size() % 2 != 0)
        {
            refuse("boot: wrong number of words");
        }
        boot_image image { request[0], request[1], {} };
        for (word i = 2; i < request.size(); i += 2)
        {
            image.devices.push_back({ request[i], request[i + 1] });
        }
        if (!create_memory(image.memory_size))
        {
            perror("driver: memory");
            exit(1);
        }
        on_effect = record_effect;
        start(write_boot_image(image));
        if (running.is_halted)
        {
            for (word i = 1; i < effects.size(); i += 2)
            {
                fputc(static_cast<char>(effects[i]), stderr);
            }
            refuse("the kernel did not boot");
        }
        begin_guard();
        if (!save_machine())
        {
            perror("driver: save_machine");
            exit(1);
        }
        report_state(true);
    }

    void perform_events(const std::vector<word>& request)
    {
        if (request.size() < 2)
        {
            refuse("events: wrong number of words");
        }
        const bool  is_whole = (request[0] & 1) != 0;
        const word* at       = request.data() + 2;
        const word* end      = request.data() + request.size();
        interrupt_always((request[0] & 2) != 0);
        is_fast_path_enabled = (request[0] & 4) == 0;
        for (event_index = 0; event_index < request[1]; event_index++)
        {
            effects.clear();
            const event_outcome outcome = perform_event(at, end);
            if (outcome == event_outcome::malformed)
            {
                say_where();
                refuse("malformed event");
            }
            answer.push_back(static_cast<word>(outcome));
            answer.push_back(effects.size() / 2);
            answer.insert(answer.end(), effects.begin(), effects.end());
            report_state(is_whole);
        }
    }

    void perform(command which, const std::vector<word>& request)
    {
        switch (which)
        {
            case command::boot:
                return boot(request);
            case command::reset:
                restore_machine();
                return report_state(!request.empty() && request[0] != 0);
            case command::events:
                return perform_events(request);
        }
        refuse("unknown command");
    }
}

int main()
{
    signal(SIGALRM, stop_late);
    __sanitizer_set_death_callback(say_where);
    word              header[2];
    std::vector<word> request;
    while (read_words(header, 2))
    {
        request.resize(header[1]);
        if (!read_words(request.data(), request.size()))
        {
            refuse("the request ends early");
        }
        alarm(time_limit);
        answer.assign(1, 0);
        perform(static_cast<command>(header[0]), request);
        answer[0] = answer.size() - 1;
        write_words(answer);
        alarm(0);
    }
}
