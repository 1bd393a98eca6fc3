#include "report.hpp"

namespace conformance
{
    namespace
    {
        word failures = 0;

        const char *to_string(capability_error error)
        {
            switch (error)
            {
                case capability_error::illegal_operation : return "illegal_operation";
                case capability_error::permission_denied : return "permission_denied";
                case capability_error::invalid_descriptor : return "invalid_descriptor";
                case capability_error::invalid_depth : return "invalid_depth";
                case capability_error::invalid_argument : return "invalid_argument";
                case capability_error::fatal : return "fatal";
                case capability_error::debug_unimplemented : return "debug_unimplemented";
            }
            return "unknown_error";
        }

        const char *outcome_of(const reply &got)
        {
            return got.ok() ? "success" : to_string(got.error());
        }

        void report(bool holds, const char *operation, const char *outcome, const char *detail)
        {
            print(holds ? "ok " : "FAIL ");
            print(operation);
            print(" ");
            print(outcome);
            print(": ");
            print(detail);
            failures += holds ? 0 : 1;
        }

        void report_call(
            const char *operation, const char *detail, const reply &got, const char *wanted, bool is_wanted)
        {
            report(is_wanted && got.preserved, operation, wanted, detail);
            if (!is_wanted)
            {
                print(" expected ");
                print(wanted);
                print(" got ");
                print(outcome_of(got));
            }
            else if (!got.preserved)
            {
                print(" expected unchanged registers");
            }
            print("\n");
        }
    }

    void print(const char *text)
    {
        for (; *text != '\0'; ++text)
        {
            const word mr[abi::hardware_message_registers] { static_cast<unsigned char>(*text) };
            perform(to_registers(abi::kernel_call::debug, mr));
        }
    }

    void print(word value)
    {
        char  digits[19];
        char *at = digits + sizeof(digits) - 1;
        *at      = '\0';
        do
        {
            *--at = "0123456789abcdef"[value & 15];
            value >>= 4;
        } while (value != 0);
        print("0x");
        print(static_cast<const char *>(at));
    }

    word failure_count()
    {
        return failures;
    }

    void expect_success(const char *operation, const char *detail, const reply &got)
    {
        report_call(operation, detail, got, "success", got.ok());
    }

    void expect_error(const char *operation, const char *detail, const reply &got, capability_error wanted)
    {
        report_call(operation, detail, got, to_string(wanted), got.mr[0] == 0 && got.error() == wanted);
    }

    void expect_equal(const char *operation, const char *detail, word got, word wanted)
    {
        report(got == wanted, operation, "success", detail);
        if (got != wanted)
        {
            print(" expected ");
            print(wanted);
            print(" got ");
            print(got);
        }
        print("\n");
    }

    void require(const char *what, bool holds)
    {
        if (!holds)
        {
            print("FAIL preparation: ");
            print(what);
            print("\n");
            finish(1);
        }
    }

    reply require(const char *what, const reply &got)
    {
        if (!got.ok())
        {
            print("got ");
            print(outcome_of(got));
            print("\n");
        }
        require(what, got.ok());
        return got;
    }

    void finish(word code)
    {
        constexpr word exit_port = 0xf4;
        call(abi::init_root_descriptor(abi::init_slot::io_port), abi::io_port_operation::write, exit_port, 4, code);
        while (true)
        {
            yield();
        }
    }
}
