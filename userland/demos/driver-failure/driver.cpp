// A driver with a mistake: it answers each request with its square, but at multiples of five it writes through a pointer that
// points nowhere.
#include <a9n/ipc-port.hpp>
#include <koito/process-layout.hpp>

namespace
{
    using a9n::word;

    constexpr a9n::ipc_port requests { koito::own_slot(koito::driver_slot::request_port) };

    volatile word *last_answer = nullptr;
    word           answer      = 0;

    word square(word number)
    {
        last_answer  = number % 5 == 0 ? reinterpret_cast<word *>(0x5eed'beef'0000) : &answer;
        *last_answer = number * number;
        return answer;
    }
}

int main()
{
    a9n::result<a9n::message> incoming = requests.receive();
    for (;;)
    {
        incoming = incoming ? requests.reply_receive(a9n::make_message(square(incoming->payload[0]))) : requests.receive();
    }
}
