#include "memory-server.hpp"

#include <koito/process-layout.hpp>
#include <runtime/call.hpp>

namespace posix
{
    constinit word pending_notifications = 0;

    a9n::result<a9n::message> call_server(a9n::ipc_port server, const a9n::message &request)
    {
        return runtime::call(server, request, pending_notifications);
    }

    memory_answer ask_memory_server(const a9n::message &request)
    {
        constexpr a9n::ipc_port memory_port { koito::own_slot(koito::posix_slot::memory_port) };

        const a9n::result<a9n::message> reply = call_server(memory_port, request);
        memory_answer                   answer;
        if (reply)
        {
            answer.code = static_cast<ulmm::reply_code>(reply->payload[0]);
            for (size_t i = 0; i < sizeof(answer.values) / sizeof(answer.values[0]); ++i)
            {
                answer.values[i] = reply->payload[1 + i];
            }
        }
        return answer;
    }

    error to_error(ulmm::reply_code code)
    {
        switch (code)
        {
            case ulmm::reply_code::ok : return error::none;
            case ulmm::reply_code::not_mapped : return error::efault;
            case ulmm::reply_code::access_denied : return error::eacces;
            case ulmm::reply_code::invalid_argument :
            case ulmm::reply_code::invalid_handle :
            case ulmm::reply_code::address_in_use : return error::einval;
            default : return error::enomem;
        }
    }
}
