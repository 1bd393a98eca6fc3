// A tour of what KOITO does for servers: lists the processes, makes a server from a template of the manifest, hands it a memory
// object, starts and ends it. With arguments it is that server. Exits with 0 if everything was as it should be.
#include <a9n/node.hpp>
#include <a9n/notification-port.hpp>
#include <koito/os-protocol.hpp>
#include <koito/process-layout.hpp>
#include <runtime/message-text.hpp>
#include <runtime/program.hpp>
#include <ulmm/memory.hpp>

namespace
{
    using a9n::word;
    using koito::os_reply;
    using koito::os_request;
    using runtime::write_line;

    constexpr a9n::ipc_port        operating_system { koito::own_slot(koito::process_slot::operating_system_port) };
    constexpr ulmm::memory_service memory { a9n::ipc_port { koito::own_slot(koito::client_slot::memory_port) } };

    constexpr word page_size = a9n::abi::page_size;
    constexpr word greeting  = 0x676e'6974'6565'7267;

    [[noreturn]] void fail(const char *what)
    {
        write_line("server-tour: ", what);
        runtime::exit(1);
    }

    template<typename... Words>
    a9n::message ask(os_request what, Words... words)
    {
        const auto reply = operating_system.call(a9n::make_message(what, words...));
        if (!reply)
        {
            fail("KOITO does not answer");
        }
        return *reply;
    }

    os_reply code_of(const a9n::message &reply)
    {
        return static_cast<os_reply>(reply.payload[0]);
    }

    void expect(const char *what, os_reply wanted, const a9n::message &reply)
    {
        if (code_of(reply) != wanted)
        {
            write_line("server-tour: ", what, ": reply ", reply.payload[0], " instead of ", static_cast<word>(wanted));
            runtime::exit(1);
        }
    }

    void list_processes(const char *when)
    {
        for (word next = 0;; ++next)
        {
            const a9n::message reply = ask(os_request::describe_process, next);
            if (code_of(reply) != os_reply::ok)
            {
                return;
            }
            next = reply.payload[1];
            const koito::process_summary summary { reply.payload[2] };
            const char *const states[] = { "", "prepared", "running", "ended" };
            char              name[koito::summary_name_words * sizeof(word) + 1] {};
            memcpy(name, &reply.payload[4], sizeof(name) - 1);
            write_line("server-tour: ", when, ": ", next, " ", runtime::text { name }, ", priority ", summary.priority(), ", ",
                states[static_cast<word>(summary.state())], ", made by ", summary.creator(), ", exit code ", reply.payload[3]);
        }
    }

    a9n::message make_server(runtime::text name_and_arguments)
    {
        a9n::message request = a9n::make_message(os_request::make_server, 1024 * 1024);
        runtime::put_text(request, name_and_arguments);
        const auto reply = operating_system.call(request);
        if (!reply)
        {
            fail("KOITO does not answer");
        }
        return *reply;
    }

    constexpr char one[] = "copy\0says hello";
    constexpr char two[] = "copy\0crash\0now";

    int be_server(const koito::start_information &information)
    {
        for (word i = 0; i < information.argument_count; ++i)
        {
            write_line("copy: argument ", i, " is \"", runtime::text { information.arguments[i] }, '"');
        }
        const auto usage = memory.own_statistics();
        write_line("copy: may have ", usage.value.limit, " bytes");
        if (information.archive_object != 0)
        {
            const auto shown = memory.map_object(ulmm::own_space, 0, page_size, ulmm::access::read, information.archive_object, 0);
            const bool is_it = shown && *reinterpret_cast<const word *>(shown.value) == greeting;
            write_line("copy: ", information.archive_object_size, " bytes were handed over, ", is_it ? "as they should be" : "but others");
        }
        if (code_of(ask(os_request::kill_server, word { 1 })) != os_reply::permission_denied
            || code_of(ask(os_request::shut_down, word { 3 })) != os_reply::permission_denied)
        {
            write_line("copy: has rights it should not have");
        }
        if (information.argument_count == 2)
        {
            volatile word wild = 0x10; // which the compiler must not know for a null pointer
            *reinterpret_cast<volatile word *>(wild) = 1;
        }
        for (;;)
        {
            (void)a9n::notification_port { koito::own_slot(koito::posix_slot::notification_port) }.wait();
        }
    }
}

int main()
{
    const koito::start_information &information = koito::own_start_information();
    if (information.argument_count != 0 && runtime::text { information.arguments[0] } != runtime::text { "main" })
    {
        return be_server(information);
    }

    const auto *archive = reinterpret_cast<const char *>(information.boot_archive);
    write_line("server-tour: the boot archive begins with ", archive == nullptr ? runtime::text { "nothing" } : runtime::text { archive },
        information.boot_archive_size % 512 == 0 ? ", in whole blocks" : "");

    expect("a name that is no template", os_reply::no_such_process, make_server("console"));
    expect("a server nobody made", os_reply::no_such_process, ask(os_request::start_server, word { 9 }));
    expect("the end of another's process", os_reply::no_such_process, ask(os_request::kill_server, word { 1 }));

    const a9n::message first = make_server({ one, sizeof(one) - 1 });
    expect("make_server", os_reply::ok, first);
    list_processes("made");

    const auto object = memory.create_object(page_size);
    const auto shown  = memory.map_object(ulmm::own_space, 0, page_size, ulmm::access::read_write, object.value, 0);
    if (!object || !shown)
    {
        fail("ULMM gives no object");
    }
    *reinterpret_cast<word *>(shown.value) = greeting;
    const auto shared = memory.share_object(object.value, first.payload[1], ulmm::access::read);
    if (!shared)
    {
        fail("ULMM does not share the object");
    }
    expect("start_server", os_reply::ok, ask(os_request::start_server, first.payload[1], shared.value, word { 5 }));
    expect("a second start", os_reply::no_such_process, ask(os_request::start_server, first.payload[1]));
    expect("kill_server", os_reply::ok, ask(os_request::kill_server, first.payload[1]));
    expect("a second end", os_reply::no_such_process, ask(os_request::kill_server, first.payload[1]));

    // Memory comes back: many more than there is room for at once.
    for (word i = 0; i < 100; ++i)
    {
        const a9n::message again = make_server({ one, 4 });
        expect("make_server again", os_reply::ok, again);
        expect("kill_server again", os_reply::ok, ask(os_request::kill_server, again.payload[1]));
    }

    const a9n::message second = make_server({ two, sizeof(two) - 1 });
    expect("make_server", os_reply::ok, second);
    expect("start_server", os_reply::ok, ask(os_request::start_server, second.payload[1]));
    list_processes("at the end");
    write_line("server-tour: done");
    (void)ask(os_request::shut_down, word { 0 });
    return 1;
}
