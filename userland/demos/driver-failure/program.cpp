// Computes primes, and asks the driver for a square now and then. The driver dies again and again; this program gets an error for
// the request that killed it, and goes on.
#include <a9n/ipc-port.hpp>
#include <koito/os-protocol.hpp>
#include <koito/process-layout.hpp>
#include <runtime/program.hpp>

namespace
{
    using a9n::word;
    using runtime::write_line;

    constexpr a9n::ipc_port driver { koito::own_slot(koito::client_slot::console) };
    constexpr a9n::ipc_port operating_system { koito::own_slot(koito::process_slot::operating_system_port) };

    bool is_prime(word number)
    {
        for (word divisor = 2; divisor * divisor <= number; ++divisor)
        {
            if (number % divisor == 0)
            {
                return false;
            }
        }
        return number > 1;
    }
}

int main()
{
    word primes = 0;
    word number = 0;
    for (word request = 1; request <= 16; ++request)
    {
        for (; number < request * 1000; ++number)
        {
            primes += is_prime(number);
        }
        const a9n::result<a9n::message> square = driver.call(a9n::make_message(request));
        if (square)
        {
            write_line("program: ", primes, " primes below ", number, "; the square of ", request, " is ", square->payload[0]);
        }
        else
        {
            write_line("program: ", primes, " primes below ", number, "; no square of ", request, ": ", a9n::to_string(square.error));
        }
    }
    (void)operating_system.call(a9n::make_message(koito::os_request::shut_down, 0));
    return 1;
}
