// Each reply code of the protocol, for the reason it is meant for; what a client may not, and what leaves nothing behind.
#include "ulmm-server-check.hpp"

namespace check
{
    namespace
    {
        using a9n::abi::capability_type;

        constexpr word read_write = static_cast<word>(ulmm::access::read_write);
        constexpr word read_only  = static_cast<word>(ulmm::access::read);
        constexpr word fixed      = static_cast<word>(ulmm::map_flags::fixed);
        constexpr word commit     = static_cast<word>(ulmm::map_flags::commit);
        constexpr word copies     = static_cast<word>(ulmm::map_flags::copy_on_write);
        constexpr word for_read   = static_cast<word>(ulmm::fault_access::read);
        constexpr word for_write  = static_cast<word>(ulmm::fault_access::write);
        constexpr word for_code   = static_cast<word>(ulmm::fault_access::execute);
        constexpr word own        = ulmm::own_space;
        constexpr word no_limit   = ~word { 0 };

        word number_of_pages(const capability &space)
        {
            word count = 0;
            kernel_model::for_each_page(*space, [&](word, const kernel_model::object &, word) { ++count; });
            return count;
        }

        word bytes_of(test_bench &bench, word identifier)
        {
            return bench.ask(identifier, request::own_statistics).values[0];
        }

        void check_koitos_requests(test_bench &bench)
        {
            expect_code(bench.ask(1, request::create_space), reply_code::unknown_client, "a stranger");
            expect_code(bench.add_memory(0x40'0000, 22), reply_code::ok, "memory");
            expect_code(bench.add_memory(0x80'0000, 15), reply_code::invalid_argument, "memory too small to manage");
            expect_code(bench.ask(0, request::add_memory, 0x80'0000, 20), reply_code::kernel_error, "memory without a Generic");
            bench.attach(1, no_limit, ulmm::client_flags::none);
            bench.attach(2, no_limit, ulmm::client_flags::observer | ulmm::client_flags::administrator);
            bench.arrival() = kernel_model::make_address_space();
            expect_code(bench.ask(0, request::attach_client, 1, no_limit, 0), reply_code::unknown_client, "attached twice");
            expect_code(bench.ask(0, request::detach_client, 9), reply_code::unknown_client, "detach a stranger");
            expect_code(bench.ask(0, request::set_limit, 9, 0), reply_code::unknown_client, "limit of a stranger");
            expect_code(bench.ask(0, request::create_space), reply_code::unknown_request, "KOITO is no client");
            for (const request each : { request::add_memory, request::attach_client, request::detach_client,
                     request::set_limit, request::resolve_client_fault, request::set_policy, request::system_statistics })
            {
                expect_code(bench.ask(1, each, 1, 1), reply_code::permission_denied, "what is not a client's business");
            }
            expect_code(bench.ask(1, static_cast<request>(999)), reply_code::unknown_request, "an unknown request");
            expect_code(bench.ask(2, request::system_statistics, 0), reply_code::ok, "an observer");
            expect_code(bench.ask(2, request::system_statistics, 3), reply_code::unknown_client, "after the last client");
            expect_code(bench.ask(2, request::set_policy, 99), reply_code::invalid_argument, "an unknown policy");
        }

        void check_ranges(test_bench &bench)
        {
            const capability space = bench.attach(3, no_limit);
            const word       base  = ulmm::own_area;
            expect_code(bench.ask(3, request::map, 7, 0, page, read_write), reply_code::invalid_handle, "no such space");
            for (const word size : { word { 0 }, word { 100 }, ~word { 0 }, ~(page - 1), word { 1 } << 47 })
            {
                expect_code(bench.ask(3, request::map, own, 0, size, read_write), reply_code::invalid_argument, "a size");
            }
            for (const word address : { word { 0x1000 }, base - page, base + 1, word { 0x7fff'ffff'f000 }, ~(page - 1) })
            {
                expect_code(
                    bench.ask(3, request::map, own, address, page, read_write), reply_code::invalid_argument, "an address");
            }
            expect_code(bench.ask(3, request::map, own, 0, page, 8), reply_code::invalid_argument, "unknown access");
            expect_code(bench.ask(3, request::map, own, 0, page, copies), reply_code::invalid_argument, "copies of what?");

            const reply mapped = bench.ask(3, request::map, own, 0, 4 * page, read_write);
            expect_code(mapped, reply_code::ok, "map");
            expect(mapped.values[0] == base && number_of_pages(space) == 0, "nothing is present before it is touched");
            expect_code(bench.ask(3, request::map, own, base + page, page, read_write), reply_code::address_in_use, "over it");
            expect_code(bench.ask(3, request::map, own, base + page, page, read_only | fixed), reply_code::ok, "in place of it");
            expect_code(
                bench.ask(3, request::resolve_fault, own, base + page, for_write), reply_code::access_denied, "write");
            expect_code(bench.ask(3, request::resolve_fault, own, base, for_code), reply_code::access_denied, "execute");
            expect_code(bench.ask(3, request::resolve_fault, own, base + 4 * page, for_read), reply_code::not_mapped, "beyond");
            expect_code(bench.ask(3, request::resolve_fault, own, base, 3), reply_code::invalid_argument, "unknown fault");
            expect_code(bench.ask(3, request::resolve_fault, own, base + 5, for_write), reply_code::ok, "a fault");
            expect_code(bench.ask(0, request::resolve_client_fault, 3, base + page, for_read), reply_code::ok, "KOITO's");
            expect_code(bench.ask(0, request::resolve_client_fault, 9, base, for_read), reply_code::unknown_client, "whose?");
            expect(number_of_pages(space) == 2, "two faults, two pages");
            expect(bench.ask(3, request::statistics, own).values[4] == 3, "a hole makes three ranges");
            expect_code(bench.ask(3, request::protect, own, base + page, page, read_write), reply_code::ok, "protect");
            expect(bench.ask(3, request::statistics, own).values[4] == 1, "equal neighbours are one range");
            expect_code(bench.ask(3, request::protect, own, base, 5 * page, read_only), reply_code::not_mapped, "protect more");
            expect_code(bench.ask(3, request::protect, own, base, page, 8), reply_code::invalid_argument, "unknown access");
            expect_code(bench.ask(3, request::commit, own, base, 5 * page), reply_code::not_mapped, "commit more");
            expect_code(bench.ask(3, request::commit, own, base, 4 * page), reply_code::ok, "commit");
            expect(number_of_pages(space) == 4, "all pages are present");
            expect_code(bench.ask(3, request::map, own, 0, page, 0), reply_code::ok, "reserve");
            expect_code(bench.ask(3, request::resolve_fault, own, base + 4 * page, for_read), reply_code::access_denied, "none");
            expect_code(bench.ask(3, request::unmap, own, base, 64 * page), reply_code::ok, "unmap all, and what is not there");
            expect(space->entries.empty(), "page tables go with the last page");
            expect(bytes_of(bench, 3) == 0, "something still counts against the limit");
        }

        void check_limits(test_bench &bench)
        {
            const capability space = bench.attach(4, 20 * page);
            expect_code(bench.ask(4, request::map, own, 0, 64 * page, read_write | commit), reply_code::limit_reached, "too much");
            expect(bytes_of(bench, 4) == 0 && space->entries.empty(), "a refused request leaves something behind");
            expect_code(bench.ask(4, request::map, own, 0, word { 1 } << 40, read_write), reply_code::ok, "a large range costs little");
            word pages = 0;
            while (bench.ask(4, request::resolve_fault, own, ulmm::own_area + pages * page, for_write).code == reply_code::ok)
            {
                ++pages;
            }
            expect(pages > 10 && pages < 20, "pages and page tables count");
            expect_code(bench.ask(4, request::create_space), reply_code::limit_reached, "spaces count");
            expect_code(bench.ask(4, request::make_objects, capability_type::ipc_port, 0, 1), reply_code::limit_reached, "objects");
            expect_code(bench.ask(0, request::set_limit, 4, 40 * page), reply_code::ok, "a new limit");
            expect_code(bench.ask(4, request::create_space), reply_code::ok, "within it");

            bench.attach(5, no_limit);
            word ranges = 0;
            while (bench.ask(5, request::map, own, ulmm::own_area + ranges * 2 * page, page, read_only).code == reply_code::ok)
            {
                ++ranges;
            }
            expect(ranges == ulmm::maximum_ranges, "a space has as many ranges as the protocol says");
            expect_code(bench.ask(5, request::map, own, 0, word { 1 } << 23, read_write | commit),
                reply_code::limit_reached, "a range too many");
            expect_code(bench.ask(5, request::unmap, own, ulmm::own_area, page), reply_code::ok, "one less");
            expect_code(bench.ask(5, request::map, own, 0, word { 1 } << 23, read_write | commit), reply_code::out_of_memory,
                "more than the machine has");
            expect_code(bench.ask(0, request::detach_client, 5), reply_code::ok, "detach");
        }

        void check_objects(test_bench &bench)
        {
            bench.attach(6, no_limit);
            bench.attach(7, no_limit);
            const word object = bench.ask(6, request::create_object, 3 * page).values[0];
            expect_code(bench.ask(6, request::create_object, 0), reply_code::invalid_argument, "of nothing");
            expect_code(bench.ask(7, request::map_object, own, 0, page, object << 32 | read_only, 0), reply_code::invalid_handle,
                "another's object");
            expect_code(bench.ask(6, request::share_object, object, 9, read_only), reply_code::unknown_client, "with a stranger");
            expect_code(bench.ask(6, request::share_object, object, 7, 0), reply_code::invalid_argument, "without access");
            const word shared = bench.ask(6, request::share_object, object, 7, read_only).values[0];
            expect_code(bench.ask(7, request::share_object, shared, 6, read_write), reply_code::access_denied, "more than one has");
            expect_code(bench.ask(7, request::map_object, own, 0, page, shared << 32 | read_write, 0), reply_code::access_denied,
                "for writing");
            expect_code(bench.ask(7, request::map_object, own, 0, page, shared << 32 | read_write | copies, 0), reply_code::ok,
                "a copy for writing");
            for (const auto &[offset, size] : { std::pair { word { 100 }, page }, { 3 * page, page }, { page, 3 * page },
                     { ~(page - 1), page }, { word { 0 }, ~(page - 1) } })
            {
                expect_code(bench.ask(7, request::map_object, own, 0, size, shared << 32 | read_only, offset),
                    reply_code::invalid_argument, "beyond the object");
            }
            expect_code(bench.ask(7, request::map_object, own, 0, 3 * page, shared << 32 | read_only, 0), reply_code::ok, "map");
            expect_code(bench.ask(7, request::protect, own, ulmm::own_area + page, page, read_write), reply_code::access_denied,
                "protect to more than was shared");

            // Who has mapped it pays when the others have gone.
            expect_code(bench.ask(6, request::map_object, own, 0, page, object << 32 | read_write, page), reply_code::ok, "map");
            expect_code(bench.ask(6, request::resolve_fault, own, ulmm::own_area, for_write), reply_code::ok, "touch");
            const word before = bytes_of(bench, 7);
            expect_code(bench.ask(0, request::detach_client, 6), reply_code::ok, "the maker leaves");
            expect(bytes_of(bench, 7) > before + page, "the page that is left counts against nobody");
            expect_code(bench.ask(7, request::release_object, shared), reply_code::ok, "release");
            expect_code(bench.ask(7, request::release_object, shared), reply_code::invalid_handle, "release twice");
            expect_code(bench.ask(7, request::unmap, own, ulmm::own_area, 8 * page), reply_code::ok, "unmap");
            expect(bytes_of(bench, 7) == 0, "an object nobody has is still there");

            // Who was given it and has not mapped it pays nothing, and has nothing when the maker leaves.
            bench.attach(6, no_limit);
            const word gift  = bench.ask(6, request::create_object, page).values[0];
            const word given = bench.ask(6, request::share_object, gift, 7, read_only).values[0];
            expect(bytes_of(bench, 7) == 0, "what somebody was given counts against its limit");
            expect_code(bench.ask(0, request::detach_client, 6), reply_code::ok, "the maker leaves");
            expect_code(bench.ask(7, request::map_object, own, 0, page, given << 32 | read_only, 0), reply_code::invalid_handle,
                "what was not taken");
        }

        void check_kernel_objects(test_bench &bench)
        {
            bench.attach(8, no_limit);
            const auto make = [&](capability_type type, word bits, word count)
            { return bench.ask(8, request::make_objects, type, bits, count); };
            expect_code(make(capability_type::generic, 12, 1), reply_code::invalid_argument, "a Generic");
            expect_code(make(capability_type::frame, 12, 1), reply_code::invalid_argument, "a frame");
            expect_code(make(capability_type::process_control_block, 0, 1), reply_code::invalid_argument, "without space");
            expect_code(make(capability_type::node, 0, 1), reply_code::invalid_argument, "a node without slots");
            expect_code(make(capability_type::node, 60, 1), reply_code::invalid_argument, "a node too large");
            expect_code(make(capability_type::node, 30, 1), reply_code::out_of_memory, "a node larger than the memory");
            expect_code(make(capability_type::ipc_port, 1, 1), reply_code::invalid_argument, "bits of a port");
            expect_code(make(capability_type::ipc_port, 0, 0), reply_code::invalid_argument, "none");
            expect_code(make(capability_type::ipc_port, 0, 16), reply_code::invalid_argument, "too many");

            const reply first = make(capability_type::ipc_port, 0, 15);
            expect_code(first, reply_code::ok, "ports");
            std::vector<capability> ports = bench.received;
            const reply             more  = make(capability_type::notification_port, 0, 3);
            const capability        bell  = bench.received[0];
            expect(bytes_of(bench, 8) < 2 * page, "small objects share a page");
            expect_code(bench.ask(8, request::release_objects, first.values[0]), reply_code::ok, "release");
            expect(ports[0]->revocations == 1, "what waits at a released port is not told");
            expect_code(bench.ask(8, request::release_objects, first.values[0]), reply_code::invalid_handle, "twice");
            expect_code(bench.ask(8, request::release_objects, more.values[0]), reply_code::ok, "release");
            expect(bytes_of(bench, 8) == 0, "the page does not go with its last object");

            a9n::message refused = a9n::make_message(request::make_objects, static_cast<word>(capability_type::node), word { 4 }, word { 2 });
            expect_code(bench.ask_message(8, refused, true), reply_code::transfer_failed, "no room for them");
            expect(bytes_of(bench, 8) == 0, "what could not be delivered is still there");

            expect_code(bench.ask(8, request::make_process, 5, 0), reply_code::invalid_handle, "no such space");
            expect_code(bench.ask(8, request::make_process, own, 5), reply_code::invalid_argument, "an unaligned buffer");
            expect_code(bench.ask(8, request::make_process, own, ulmm::own_area), reply_code::not_mapped, "no buffer there");
            expect_code(bench.ask(8, request::map, own, 0, page, read_only), reply_code::ok, "map");
            expect_code(bench.ask(8, request::make_process, own, ulmm::own_area), reply_code::access_denied, "not to be written");
            expect_code(bench.ask(8, request::protect, own, ulmm::own_area, page, read_write), reply_code::ok, "protect");
            const reply process = bench.ask(8, request::make_process, own, ulmm::own_area);
            expect_code(process, reply_code::ok, "a process");
            const capability control_block = bench.received[0];
            const word       buffer        = control_block->buffer->base;
            expect_code(bench.ask(8, request::unmap, own, ulmm::own_area, page), reply_code::ok, "unmap the buffer");
            expect_code(bench.ask(8, request::map, own, 0, 64 * page, read_write | commit), reply_code::ok, "much else");
            kernel_model::for_each_page(*control_block->space, [&](word, const kernel_model::object &frame, word)
                { expect(frame.base != buffer, "a buffer in use serves somebody else"); });
            expect_code(bench.ask(8, request::release_objects, process.values[0]), reply_code::ok, "release");
            expect(control_block->buffer == nullptr && control_block->space == nullptr, "a released process still has something");
        }

        void check_windows(test_bench &bench)
        {
            const capability own_pages = bench.attach(9, no_limit);
            bench.attach(10, no_limit);
            const word space = bench.ask(9, request::create_space).values[0];
            const word at    = 0x40'0000;
            expect_code(bench.ask(9, request::map, space, at, 2 * page, read_only), reply_code::ok, "map");
            expect_code(bench.ask(9, request::open_window, own, at, page, read_only, 0), reply_code::invalid_handle, "own space");
            expect_code(bench.ask(10, request::open_window, space, at, page, read_only, 0), reply_code::invalid_handle,
                "another's space");
            expect_code(bench.ask(9, request::open_window, space, at, 3 * page, read_only, 0), reply_code::not_mapped, "beyond");
            expect_code(bench.ask(9, request::open_window, space, at, page, read_write, 0), reply_code::access_denied, "write");
            expect_code(bench.ask(9, request::open_window, space, at, page, 7, 0), reply_code::invalid_argument, "execute");
            expect_code(bench.ask(9, request::open_window, space, at, page, read_only, at), reply_code::invalid_argument,
                "at an address that is KOITO's");
            const word window = bench.ask(9, request::open_window, space, at, 2 * page, read_only, 0).values[0];
            expect(number_of_pages(own_pages) == 2, "a window shows as many pages as were asked for");
            expect_code(bench.ask(9, request::protect, own, window, page, read_write), reply_code::invalid_argument,
                "more through a window");
            const word shown = kernel_model::translate(*own_pages, window)->frame->base;
            expect_code(bench.ask(9, request::destroy_space, space), reply_code::ok, "destroy");
            const capability others = bench.attach(11, no_limit);
            expect_code(bench.ask(11, request::map, own, 0, 200 * page, read_write | commit), reply_code::ok, "map");
            kernel_model::for_each_page(*others, [&](word, const kernel_model::object &frame, word)
                { expect(frame.base != shown, "a page under a window serves somebody else"); });
            expect_code(bench.ask(9, request::close_window, window, 2 * page), reply_code::ok, "close");
            expect(number_of_pages(own_pages) == 0 && bytes_of(bench, 9) == 0, "a closed window is still there");
            expect_code(bench.ask(9, request::map, own, window, page, read_only), reply_code::ok, "map");
            expect_code(bench.ask(9, request::close_window, window, page), reply_code::address_in_use, "close what is no window");
        }

        /// A client has a capability to its own space, and may take page tables out of it that it puts back later.
        void check_tampering(test_bench &bench)
        {
            const capability space = bench.attach(12, no_limit);
            expect_code(bench.ask(12, request::map, own, 0, 2 * page, read_write | commit), reply_code::ok, "map");
            const auto hidden = space->entries; // a table taken out, with the server's entries in it
            const word frame  = kernel_model::translate(*space, ulmm::own_area)->frame->base;
            space->entries.clear();
            expect_code(bench.ask(12, request::unmap, own, ulmm::own_area, 2 * page), reply_code::ok, "unmap");
            const capability others = bench.attach(13, no_limit);
            expect_code(bench.ask(13, request::map, own, 0, 64 * page, read_write | commit), reply_code::ok, "map");
            kernel_model::for_each_page(*others, [&](word, const kernel_model::object &each, word)
                { expect(each.base != frame, "a page that a client may still reach serves somebody else"); });
            space->entries = hidden;
            expect_code(bench.ask(0, request::detach_client, 12), reply_code::ok, "detach");
        }
    }

    void check_replies()
    {
        test_bench bench;
        check_koitos_requests(bench);
        check_ranges(bench);
        check_limits(bench);
        check_objects(bench);
        check_kernel_objects(bench);
        check_windows(bench);
        check_tampering(bench);
        std::puts("replies as documented");
    }
}
