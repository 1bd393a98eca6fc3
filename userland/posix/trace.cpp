#include "trace.hpp"

#include "dispatcher.hpp"

#include <runtime/text.hpp>

namespace posix
{
    namespace
    {
        constinit bool is_tracing = false;

        void log(const runtime::line &line)
        {
            machine::log(line.characters, line.length);
        }

        word as_word(int32_t value)
        {
            return static_cast<word>(value);
        }

        runtime::line begin(const thread &of)
        {
            return runtime::format("posix: ", as_word(of.identifier), " ", static_cast<const char *>(of.owner->name), " ");
        }

        void append_number(runtime::line &line, word value)
        {
            constexpr word small = 4096;
            if (value < small)
            {
                line.append(value);
            }
            else if (value > ~small)
            {
                line.append('-');
                line.append(~value + 1);
            }
            else
            {
                line.append(runtime::hexadecimal { value });
            }
        }
    }

    void set_tracing(bool on)
    {
        is_tracing = on;
    }

    namespace
    {
        runtime::line describe_call(const thread &of)
        {
            runtime::line line = begin(of);
            const char   *name = name_of_call(of.number);
            if (name == nullptr)
            {
                line.append("call ");
                line.append(of.number);
            }
            else
            {
                line.append(name);
            }
            line.append('(');
            for (size_t i = 0; i < 6; ++i)
            {
                if (i != 0)
                {
                    line.append(", ");
                }
                append_number(line, of.arguments[i]);
            }
            line.append(')');
            return line;
        }
    }

    void trace_wait(const thread &of)
    {
        if (is_tracing)
        {
            runtime::line line = describe_call(of);
            line.append(" waits\n");
            log(line);
        }
    }

    void trace_return(const thread &of, word value)
    {
        if (!is_tracing)
        {
            return;
        }
        runtime::line line = describe_call(of);
        line.append(" = ");
        append_number(line, value);
        line.append('\n');
        log(line);
    }

    void trace_signal(const thread &of, int signal, const char *what)
    {
        if (is_tracing)
        {
            runtime::line line = begin(of);
            line.append("signal ");
            line.append(as_word(signal));
            line.append(' ');
            line.append(what);
            line.append('\n');
            log(line);
        }
    }

    void trace_fault(const thread &of, const machine::event &fault)
    {
        if (is_tracing)
        {
            runtime::line line = begin(of);
            line.append("fault ");
            line.append(fault.type);
            line.append(" at ");
            line.append(runtime::hexadecimal { fault.program_counter });
            line.append(", address ");
            line.append(runtime::hexadecimal { fault.address });
            line.append(", code ");
            line.append(runtime::hexadecimal { fault.code });
            line.append('\n');
            log(line);
        }
    }

    void trace_execute(const thread &of, const char *path)
    {
        if (is_tracing)
        {
            runtime::line line = begin(of);
            line.append("executes ");
            line.append(path);
            line.append('\n');
            log(line);
        }
    }

    void trace_end(const process &of)
    {
        if (is_tracing)
        {
            log(runtime::format("posix: ", as_word(of.identifier()), " ", static_cast<const char *>(of.name),
                " ended with status ", runtime::hexadecimal { as_word(of.exit_status) }, "\n"));
        }
    }

    void complain(const char *what, error why)
    {
        log(runtime::format("posix: ", what, ": error ", static_cast<word>(why), "\n"));
    }
}
