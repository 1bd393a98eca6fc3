// A week of the server's life in seconds: clients map, protect, unmap, clone, share, write, read and release at random, and
// guess. A plain model (a cell for every page) says what each must see. Memory is read and written as a processor would:
// through the kernel's page tables, with a fault where they say nothing.
#include "ulmm-server-check.hpp"

#include <map>
#include <random>
#include <set>

namespace check
{
    namespace
    {
        using cell = std::shared_ptr<word>;

        struct object_model
        {
            std::map<word, cell> cells; ///< by page

            cell &at(word index)
            {
                cell &found = cells[index];
                if (found == nullptr)
                {
                    found = std::make_shared<word>(0);
                }
                return found;
            }
        };

        /// A page of a range. Private pages have a cell of their own once written; before, they show the object's or zero.
        struct page_model
        {
            word                          permitted;
            bool                          is_shared;
            std::shared_ptr<object_model> object;
            word                          index = 0;
            cell                          own       = nullptr;
            bool                          is_unsure = false; ///< whether it still follows its object


            word value() const
            {
                return own != nullptr ? *own : object != nullptr ? *object->at(index) : 0;
            }

            void separate()
            {
                if (own == nullptr)
                {
                    own = std::make_shared<word>(value());
                }
            }

            /// A private copy of an object's page may have been made or not: both are right.
            void doubt()
            {
                is_unsure = is_unsure || (object != nullptr && !is_shared && own == nullptr);
            }

            void write(word value)
            {
                if (is_shared)
                {
                    *object->at(index) = value;
                    return;
                }
                separate();
                *own      = value;
                is_unsure = false;
            }
        };

        struct space_model
        {
            word                       handle;
            capability                 space;
            std::map<word, page_model> pages;
            std::set<word>             held; ///< pages with windows or an IPC buffer
        };

        struct client_model
        {
            word                                          identifier;
            std::vector<space_model>                      spaces; ///< the first is its own
            std::map<word, std::shared_ptr<object_model>> objects; ///< by handle
            std::map<word, word>                          object_access;
            std::vector<word>                             groups;
        };

        constexpr word read_bit  = 1;
        constexpr word write_bit = 2;
        constexpr word object_pages = 9;

        constexpr word fixed         = static_cast<word>(ulmm::map_flags::fixed);
        constexpr word shared        = static_cast<word>(ulmm::map_flags::shared);
        constexpr word commit        = static_cast<word>(ulmm::map_flags::commit);
        constexpr word copy_on_write = static_cast<word>(ulmm::map_flags::copy_on_write);

        class week
        {
        public:
            week(unsigned seed, unsigned failures, unsigned policy) : random(seed), failures(failures), policy(policy)
            {
                expect_code(bench.add_memory(0x103'3000, 23), reply_code::ok, "memory");
                expect_code(bench.add_memory(0x400'0000, 22), reply_code::ok, "memory");
                for (word identifier = 1; identifier <= 4; ++identifier)
                {
                    attach(identifier);
                }
                set_policy(policy == ulmm::policy_count ? 0 : policy);
            }

            void run(unsigned long steps)
            {
                kernel_model::failure_percentage = failures;
                for (unsigned long step = 0; step < steps; ++step)
                {
                    if (failures != 0 && pick(3) == 0)
                    {
                        native::set_heap_limit(native::heap_in_use() + pick(1500)); // the server's tables cannot grow
                    }
                    take_step();
                    native::set_heap_limit(SIZE_MAX);
                    if (policy == ulmm::policy_count && step % 97 == 0)
                    {
                        set_policy(random() % ulmm::policy_count);
                    }
                    if (step % 50 == 0)
                    {
                        check_isolation();
                    }
                }
                kernel_model::failure_percentage = 0;
                end();
                std::printf("%lu of %lu requests granted, %lu pages read, whole again\n", granted, asked, pages_read);
            }

        private:
            word pick(word count)
            {
                return random() % count;
            }

            template<typename... Words>
            reply ask(client_model &who, request what, Words... words)
            {
                const reply answer = bench.ask(who.identifier, what, words...);
                ++asked;
                granted += answer.code == reply_code::ok;
                expect(failures != 0 || answer.code != reply_code::kernel_error,
                    "a kernel error without a failing kernel, of request " + std::to_string(static_cast<word>(what)));
                return answer;
            }

            void attach(word identifier)
            {
                native::set_heap_limit(SIZE_MAX);
                const unsigned before            = kernel_model::failure_percentage;
                kernel_model::failure_percentage = 0;
                const word limit                 = 1'000'000 + pick(4'000'000);
                client_model added { identifier, {}, {}, {}, {} };
                added.spaces.push_back({ 0, bench.attach(identifier, limit), {}, {} });
                clients.push_back(std::move(added));
                kernel_model::failure_percentage = before;
            }

            void set_policy(word number)
            {
                expect_code(
                    bench.ask(ulmm::koito_identifier, request::set_policy, number), reply_code::ok, "the policy");
            }

            // ---- What a processor does -------------------------------------------------------------------------

            static word attribute_of(ulmm::fault_access attempted)
            {
                constexpr word attributes[] = { 1, 2, 4 };
                return attributes[static_cast<word>(attempted)];
            }

            /// The frame behind an address, after as many faults as it takes; null if the server refuses to resolve one.
            kernel_model::object *reach(
                client_model &who, space_model &where, word address, ulmm::fault_access attempted, reply_code &refusal)
            {
                for (int faults = 0; faults < 2; ++faults)
                {
                    const auto found = kernel_model::translate(*where.space, address);
                    if (found && (found->attributes & attribute_of(attempted)) != 0)
                    {
                        return found->frame;
                    }
                    expect(faults == 0, "a fault is resolved but the page does not permit the access");
                    const bool is_own = where.handle == 0 && pick(2) == 0;
                    const reply answer =
                        is_own ? bench.ask(ulmm::koito_identifier, request::resolve_client_fault, who.identifier, address, attempted)
                               : ask(who, request::resolve_fault, where.handle, address, attempted);
                    if (answer.code != reply_code::ok)
                    {
                        refusal = answer.code;
                        return nullptr;
                    }
                }
                return nullptr;
            }

            void use_memory(client_model &who, space_model &where)
            {
                // Mostly where something is.
                word address = random_address();
                if (!where.pages.empty() && pick(8) != 0)
                {
                    auto some = where.pages.lower_bound(random_address());
                    address   = some != where.pages.end() ? some->first : where.pages.begin()->first;
                }
                const auto attempted = static_cast<ulmm::fault_access>(pick(3));
                const auto found     = where.pages.find(address);
                const bool is_window = where.handle == 0 && windows.contains({ who.identifier, address });
                if (is_window)
                {
                    return;
                }
                reply_code                  refusal = reply_code::ok;
                kernel_model::object *const frame = reach(who, where, address + pick(page / 8) * 8, attempted, refusal);
                if (found == where.pages.end())
                {
                    expect(frame == nullptr && refusal == reply_code::not_mapped, "a page where no range is");
                    return;
                }
                page_model &expected  = found->second;
                const bool  permitted = attempted == ulmm::fault_access::read ? expected.permitted != 0
                                                                              : (expected.permitted & attribute_of(attempted)) != 0;
                if (frame == nullptr)
                {
                    expected.doubt();
                    expect(permitted == (refusal != reply_code::access_denied), "a wrong reason for refusing a page");
                    expect(refusal == reply_code::access_denied || refusal == reply_code::limit_reached
                            || refusal == reply_code::out_of_memory || failures != 0,
                        std::string("a fault of a range is refused: ") + to_string(refusal));
                    return;
                }
                expect(permitted, "a page permits more than its range");
                ++pages_read;
                expect(expected.is_unsure || kernel_model::physical(frame->base) == expected.value(),
                    "a page has other contents than were written");
                if (attempted == ulmm::fault_access::write)
                {
                    const word value                   = random();
                    kernel_model::physical(frame->base) = value;
                    expected.write(value);
                }
            }

            // ---- Requests --------------------------------------------------------------------------------------

            word random_address()
            {
                // Few, so that ranges meet; over the border of a page table; in the lower half only for made spaces.
                return ulmm::own_area + (pick(2) == 0 ? 0x3f'0000 : 0x1'0000'0000) + pick(32) * page;
            }

            static void forget(space_model &where, word start, word size)
            {
                where.pages.erase(where.pages.lower_bound(start), where.pages.lower_bound(start + size));
            }

            bool has_window(const client_model &who, word start, word size)
            {
                const auto found = windows.lower_bound({ who.identifier, start });
                return found != windows.end() && *found < std::pair { who.identifier, start + size };
            }

            void forget_windows(const client_model &who, word start, word size)
            {
                windows.erase(windows.lower_bound({ who.identifier, start }),
                    windows.lower_bound({ who.identifier, start + size }));
            }

            void map(client_model &who, space_model &where)
            {
                const word address   = pick(4) == 0 ? 0 : random_address();
                const word size      = (1 + pick(12)) * page;
                const word permitted = pick(8);
                word       flags     = pick(2) * fixed | (pick(4) == 0 ? shared : 0);
                if ((flags & fixed) == 0 && pick(3) == 0)
                {
                    flags |= commit; // not both: a failed commit leaves nothing of what was replaced
                }
                const reply answer = ask(who, request::map, where.handle, address, size, permitted | flags);
                if (answer.code == reply_code::ok)
                {
                    const word start = answer.values[0];
                    expect(address == 0 || start == address, "mapped elsewhere");
                    expect((flags & fixed) != 0 || where.pages.lower_bound(start) == where.pages.lower_bound(start + size),
                        "mapped over something");
                    if (where.handle == 0)
                    {
                        forget_windows(who, start, size);
                    }
                    forget(where, start, size);
                    const bool is_shared = (flags & shared) != 0;
                    const auto object    = is_shared ? std::make_shared<object_model>() : nullptr;
                    for (word offset = 0; offset < size; offset += page)
                    {
                        where.pages[start + offset] = { with_read(permitted), is_shared, object, offset / page, nullptr };
                    }
                }
            }

            static word with_read(word permitted)
            {
                return permitted == 0 ? 0 : permitted | read_bit;
            }

            void map_object(client_model &who, space_model &where)
            {
                if (who.objects.empty())
                {
                    return;
                }
                auto some = who.objects.lower_bound(pick(20));
                some      = some == who.objects.end() ? who.objects.begin() : some;
                const word address   = pick(4) == 0 ? 0 : random_address();
                const word first     = pick(object_pages);
                const word size      = (1 + pick(object_pages - first)) * page;
                const word permitted = pick(8);
                const bool copies    = pick(2) == 0;
                const word flags     = pick(2) * fixed | (copies ? copy_on_write : 0);
                const reply answer   = ask(who, request::map_object, where.handle, address, size,
                      some->first << 32 | permitted | flags, first * page);
                const word needed    = with_read(permitted) & ~(copies ? write_bit : 0);
                expect(((needed & ~who.object_access[some->first]) != 0) == (answer.code == reply_code::access_denied),
                    "an object is mapped with more access than it was shared with");
                if (answer.code == reply_code::ok)
                {
                    if (where.handle == 0)
                    {
                        forget_windows(who, answer.values[0], size);
                    }
                    forget(where, answer.values[0], size);
                    for (word offset = 0; offset < size; offset += page)
                    {
                        where.pages[answer.values[0] + offset] = { with_read(permitted), !copies, some->second,
                            first + offset / page, nullptr };
                    }
                }
            }

            void unmap(client_model &who, space_model &where)
            {
                const word address = random_address();
                const word size    = (1 + pick(12)) * page;
                if (ask(who, request::unmap, where.handle, address, size).code == reply_code::ok)
                {
                    forget(where, address, size);
                    if (where.handle == 0)
                    {
                        forget_windows(who, address, size);
                    }
                }
            }

            void protect(client_model &who, space_model &where)
            {
                const word address   = random_address();
                const word size      = (1 + pick(6)) * page;
                const word permitted = pick(8);
                bool       is_mapped = true;
                for (word offset = 0; offset < size; offset += page)
                {
                    is_mapped = is_mapped && where.pages.contains(address + offset);
                }
                const bool  windowed = where.handle == 0 && has_window(who, address, size);
                const reply answer   = ask(who, request::protect, where.handle, address, size, permitted);
                expect(is_mapped || windowed || answer.code != reply_code::ok, "what is not mapped is protected");
                if (answer.code == reply_code::ok)
                {
                    for (word offset = 0; offset < size; offset += page)
                    {
                        where.pages[address + offset].permitted = with_read(permitted);
                    }
                }
            }

            void commit_range(client_model &who, space_model &where)
            {
                const word address = random_address();
                const word size    = (1 + pick(6)) * page;
                const bool is_done = ask(who, request::commit, where.handle, address, size).code == reply_code::ok;
                for (word offset = 0; offset < size; offset += page)
                {
                    if (const auto found = where.pages.find(address + offset); found != where.pages.end())
                    {
                        is_done ? note_commit(found->second) : found->second.doubt();
                    }
                }
            }

            /// A page made present for writing does not follow its object any more.
            static void note_commit(page_model &committed)
            {
                if (!committed.is_shared && (committed.permitted & write_bit) != 0)
                {
                    committed.separate();
                }
            }

            void create_space(client_model &who)
            {
                if (who.spaces.size() > 4)
                {
                    return;
                }
                const reply answer = ask(who, request::create_space);
                if (answer.code == reply_code::ok)
                {
                    who.spaces.push_back({ answer.values[0], bench.newest_space(), {}, {} });
                    expect(who.spaces.back().space != nullptr, "a space that is none");
                }
            }

            void clone_space(client_model &who, size_t index)
            {
                if (index == 0 || who.spaces.size() > 6)
                {
                    expect(index != 0 || ask(who, request::clone_space, 0).code == reply_code::invalid_handle, "own space");
                    return;
                }
                const reply answer = ask(who, request::clone_space, who.spaces[index].handle);
                if (answer.code != reply_code::ok)
                {
                    (void)bench.newest_space(); // one that did not last
                    return;
                }
                space_model copy { answer.values[0], bench.newest_space(), who.spaces[index].pages, {} };
                for (auto &[address, each] : copy.pages)
                {
                    if (each.own != nullptr)
                    {
                        each.own = std::make_shared<word>(*each.own);
                    }
                    else if (who.spaces[index].held.contains(address))
                    {
                        each.doubt(); // held pages are copied at once
                    }
                }
                who.spaces.push_back(std::move(copy));
            }

            void destroy_space(client_model &who, size_t index)
            {
                if (index == 0 || pick(3) != 0)
                {
                    return;
                }
                expect_code(ask(who, request::destroy_space, who.spaces[index].handle), reply_code::ok, "destroy");
                expect(who.spaces[index].space->entries.empty(), "a destroyed space has pages");
                who.spaces.erase(who.spaces.begin() + static_cast<long>(index));
            }

            void create_object(client_model &who)
            {
                const reply answer = ask(who, request::create_object, object_pages * page);
                if (answer.code == reply_code::ok)
                {
                    who.objects[answer.values[0]]       = std::make_shared<object_model>();
                    who.object_access[answer.values[0]] = 7;
                }
            }

            void share_object(client_model &who)
            {
                if (who.objects.empty())
                {
                    return;
                }
                client_model &other     = clients[pick(clients.size())];
                const auto    some      = who.objects.begin();
                const word    permitted = 1 + pick(7);
                const reply   answer    = ask(who, request::share_object, some->first, other.identifier, permitted);
                if (answer.code == reply_code::ok)
                {
                    other.objects[answer.values[0]]        = some->second;
                    other.object_access[answer.values[0]] |= with_read(permitted);
                }
            }

            void release_object(client_model &who)
            {
                if (who.objects.empty())
                {
                    return;
                }
                const word handle = who.objects.begin()->first;
                expect_code(ask(who, request::release_object, handle), reply_code::ok, "release an object");
                who.objects.erase(handle);
                who.object_access.erase(handle);
            }

            void open_window(client_model &who, size_t index)
            {
                if (index == 0)
                {
                    return;
                }
                space_model &shown   = who.spaces[index];
                const word   address = shown.pages.empty() ? random_address() : shown.pages.begin()->first;
                const word   size    = (1 + pick(3)) * page;
                const bool   writes  = pick(2) == 0;
                const word   own     = pick(2) == 0 ? 0 : ulmm::own_area + 0x2'0000'0000 + pick(8) * page;
                const reply  answer  = ask(
                    who, request::open_window, shown.handle, address, size, writes ? read_bit | write_bit : read_bit, own);
                for (word offset = 0; offset < size; offset += page)
                {
                    const auto found = shown.pages.find(address + offset);
                    if (found == shown.pages.end())
                    {
                        expect(answer.code != reply_code::ok, "a window to what is not mapped");
                        continue;
                    }
                    expect(answer.code != reply_code::ok || (found->second.permitted & (writes ? write_bit : read_bit)) != 0,
                        "a window permits more than the range");
                }
                if (answer.code != reply_code::ok)
                {
                    // Pages may have been made present.
                    for (word offset = 0; writes && offset < size; offset += page)
                    {
                        if (const auto found = shown.pages.find(address + offset); found != shown.pages.end())
                        {
                            found->second.doubt();
                        }
                    }
                    return;
                }
                forget(who.spaces[0], answer.values[0], size);
                for (word offset = 0; offset < size; offset += page)
                {
                    page_model &there = shown.pages[address + offset];
                    if (writes)
                    {
                        note_commit(there);
                    }
                    shown.held.insert(address + offset);
                    windows.insert({ who.identifier, answer.values[0] + offset });
                    const auto found = kernel_model::translate(*who.spaces[0].space, answer.values[0] + offset);
                    expect(found.has_value(), "a window shows nothing");
                    expect(there.is_unsure || kernel_model::physical(found->frame->base) == there.value(),
                        "a window shows something else");
                    expect(((found->attributes & write_bit) != 0) == writes, "a window's access is not what was asked for");
                    if (writes)
                    {
                        const word value                          = random();
                        kernel_model::physical(found->frame->base) = value;
                        there.write(value);
                    }
                }
            }

            void close_window(client_model &who)
            {
                const auto some = windows.lower_bound({ who.identifier, 0 });
                if (some != windows.end() && some->first == who.identifier)
                {
                    const word address = some->second;
                    const reply answer = ask(who, request::close_window, address, page);
                    if (failures != 0 && answer.code == reply_code::out_of_memory)
                    {
                        return; // no record for the other part of a range
                    }
                    expect_code(answer, reply_code::ok, "close a window");
                    windows.erase(some);
                }
            }

            void make_objects(client_model &who)
            {
                using a9n::abi::capability_type;
                constexpr capability_type types[] = { capability_type::node, capability_type::ipc_port,
                    capability_type::notification_port };
                const capability_type type  = types[pick(3)];
                const word            count = 1 + pick(15);
                const word            bits  = type == capability_type::node ? 1 + pick(7) : 0;
                const word            flags = pick(4) == 0 ? 0x100 : 0;
                a9n::message          message =
                    a9n::make_message(request::make_objects, static_cast<word>(type) | flags, bits, count);
                const bool  refuses = pick(8) == 0;
                const reply answer  = bench.ask_message(who.identifier, message, refuses);
                if (answer.code == reply_code::ok)
                {
                    expect(bench.received.size() == count && bench.received[0]->type == type, "other objects than asked for");
                    who.groups.push_back(answer.values[0]);
                }
            }

            void make_process(client_model &who, space_model &where)
            {
                const word  address = pick(2) == 0 ? 0 : random_address();
                const reply answer  = ask(who, request::make_process, where.handle, address);
                if (answer.code != reply_code::ok)
                {
                    if (const auto found = where.pages.find(address); found != where.pages.end())
                    {
                        found->second.doubt();
                    }
                    return;
                }
                expect(bench.received.size() == 1 && bench.received[0]->space == where.space, "a process elsewhere");
                expect((bench.received[0]->buffer != nullptr) == (address != 0), "a process without its buffer");
                who.groups.push_back(answer.values[0]);
                if (address != 0)
                {
                    page_model &buffer = where.pages.at(address);
                    note_commit(buffer);
                    where.held.insert(address);
                    expect(buffer.is_unsure || kernel_model::physical(bench.received[0]->buffer->base) == buffer.value(),
                        "another buffer");
                }
            }

            void release_objects(client_model &who)
            {
                if (who.groups.empty())
                {
                    return;
                }
                const size_t index = pick(who.groups.size());
                expect_code(ask(who, request::release_objects, who.groups[index]), reply_code::ok, "release objects");
                who.groups.erase(who.groups.begin() + static_cast<long>(index));
            }

            /// Any request with any words: it must be refused or harmless, and must not disturb anybody else.
            void guess()
            {
                const word   number = pick(44);
                word         words[5];
                for (word &each : words)
                {
                    const word kinds[] = { pick(12), random_address(), pick(16) * page, ~word { 0 }, word { 1 } << pick(64),
                        word { random() } << 32 | random(), random_address() + pick(page), ulmm::own_area };
                    each               = kinds[pick(8)];
                }
                const reply answer = bench.ask(5, static_cast<request>(number), words[0], words[1], words[2], words[3], words[4]);
                while (bench.newest_space() != nullptr)
                {
                }
                expect(number < 32 || answer.code == reply_code::permission_denied || answer.code == reply_code::unknown_request,
                    "a client may what only KOITO may");
                if (number == static_cast<word>(request::set_policy) || number == static_cast<word>(request::system_statistics)
                    || number == static_cast<word>(request::resolve_client_fault))
                {
                    expect_code(answer, reply_code::permission_denied, "a client may what it has no flag for");
                }
            }

            void leave_and_return()
            {
                const size_t index      = pick(clients.size());
                const word   identifier = clients[index].identifier;
                if (pick(2) == 0)
                {
                    kernel_model::end_address_space(clients[index].spaces[0].space); // KOITO was quicker
                }
                detach(index);
                attach(identifier);
            }

            void detach(size_t index)
            {
                const client_model gone = clients[index];
                expect_code(bench.ask(ulmm::koito_identifier, request::detach_client, gone.identifier), reply_code::ok, "detach");
                for (const space_model &each : gone.spaces)
                {
                    expect(each.space->entries.empty(), "a page table of a client that left is still there");
                }
                expect_code(bench.ask(gone.identifier, request::create_space), reply_code::unknown_client, "after detach");
                forget_windows(gone, 0, ~word { 0 });
                clients.erase(clients.begin() + static_cast<long>(index));
                // Objects that nobody else had mapped are gone; the handles that others were given may be.
                for (client_model &other : clients)
                {
                    for (auto each = other.objects.begin(); each != other.objects.end();)
                    {
                        const reply answer = bench.ask(
                            other.identifier, request::share_object, each->first, other.identifier, read_bit);
                        each = answer.code == reply_code::invalid_handle ? other.objects.erase(each) : std::next(each);
                    }
                }
            }

            void take_step()
            {
                client_model &who   = clients[pick(clients.size())];
                const size_t  index = pick(who.spaces.size());
                space_model  &where = who.spaces[index];
                switch (pick(40))
                {
                    case 0 :
                    case 1 :
                    case 2 :
                    case 3 : return map(who, where);
                    case 4 :
                    case 5 : return map_object(who, where);
                    case 6 :
                    case 7 : return unmap(who, where);
                    case 8 :
                    case 9 : return protect(who, where);
                    case 10 : return commit_range(who, where);
                    case 11 : return create_space(who);
                    case 12 :
                    case 13 : return clone_space(who, index);
                    case 14 : return destroy_space(who, index);
                    case 15 : return create_object(who);
                    case 16 : return share_object(who);
                    case 17 : return release_object(who);
                    case 18 :
                    case 19 : return open_window(who, index);
                    case 20 : return close_window(who);
                    case 21 : return make_objects(who);
                    case 22 : return make_process(who, where);
                    case 23 :
                    case 24 : return release_objects(who);
                    case 25 :
                    case 26 : return guess();
                    case 27 :
                        if (pick(20) == 0)
                        {
                            leave_and_return();
                        }
                        return;
                    default : return use_memory(who, where);
                }
            }

            // ---- What must always hold -------------------------------------------------------------------------

            /// A frame in spaces of several clients belongs to an object that they share; one that several spaces may write,
            /// to an object, a shared range or a window.
            void check_isolation()
            {
                struct use
                {
                    word                identifier;
                    const page_model   *expected;
                    bool                writes;
                };

                std::map<word, std::vector<use>> frames;
                for (client_model &who : clients)
                {
                    for (space_model &where : who.spaces)
                    {
                        kernel_model::for_each_page(*where.space,
                            [&](word address, const kernel_model::object &frame, word attributes)
                            {
                                if (where.handle == 0 && windows.contains({ who.identifier, address }))
                                {
                                    return;
                                }
                                const auto found = where.pages.find(address);
                                expect(found != where.pages.end(), "a page is left where no range is");
                                expect((attributes & ~found->second.permitted) == 0, "a page permits more than its range");
                                frames[frame.base].push_back(
                                    { who.identifier, &found->second, (attributes & write_bit) != 0 });
                            });
                    }
                }
                for (const auto &[base, uses] : frames)
                {
                    for (const use &one : uses)
                    {
                        for (const use &other : uses)
                        {
                            const bool same_object = one.expected->object != nullptr
                                && one.expected->object == other.expected->object
                                && one.expected->index == other.expected->index;
                            expect(one.identifier == other.identifier || same_object || &one == &other
                                    || one.expected->object == nullptr || other.expected->object == nullptr,
                                "two clients have a page that they do not share");
                            expect(&one == &other || !one.writes || one.expected->is_shared,
                                "a page that others see can be written");
                        }
                    }
                }
            }

            /// Everybody leaves, and every Generic is whole again, but for what the server has for itself.
            void end()
            {
                expect_code(bench.ask(ulmm::koito_identifier, request::detach_client, 5), reply_code::ok, "detach");
                while (!clients.empty())
                {
                    detach(0);
                }
                expect_code(bench.ask(ulmm::koito_identifier, request::detach_client, 1), reply_code::unknown_client, "gone");
                ulmm::machine &machine = bench.server->parts();
                (void)machine.pages.give_back();
                machine.blocks.merge_all();
                expect(machine.blocks.free_bytes() + machine.blocks.own_bytes() == machine.blocks.total_bytes(),
                    "memory was lost: " + std::to_string(machine.blocks.total_bytes() - machine.blocks.free_bytes()) + " of "
                        + std::to_string(machine.blocks.own_bytes()));
                const auto check_whole = [&](const ulmm::block &each, const auto &self) -> void
                {
                    if (each.state == ulmm::block_state::split)
                    {
                        expect(each.free_bytes != each.size(), "a block that is all free was not merged");
                        self(each.halves[0], self);
                        self(each.halves[1], self);
                    }
                };
                for (const ulmm::block *root : machine.blocks.roots())
                {
                    check_whole(*root, check_whole);
                }
                expect(count_capabilities() == 0, "a capability is left over after all clients left");
            }

            /// Frames, page tables, spaces and kernel objects, but for the server's own.
            word count_capabilities()
            {
                word       count = 0;
                const auto look  = [&](const capability &node, const auto &self) -> void
                {
                    for (const capability &slot : node->slots)
                    {
                        if (slot != nullptr && slot->type == a9n::abi::capability_type::node)
                        {
                            self(slot, self);
                        }
                        else
                        {
                            count += slot != nullptr;
                        }
                    }
                };
                for (const word slot : { word { 2 }, word { 3 } })
                {
                    look(kernel_model::root->slots[slot], look);
                }
                look(kernel_model::root->slots[4]->slots[1], look);
                return count;
            }

            test_bench                bench;
            std::mt19937              random;
            unsigned                  failures;
            unsigned                  policy;
            std::vector<client_model> clients;
            capability                guesser_space = bench.attach(5, 2'000'000);
            std::set<std::pair<word, word>> windows; ///< client, own address
            unsigned long             asked      = 0;
            unsigned long             granted    = 0;
            unsigned long             pages_read = 0;
        };
    }

    void run_random(unsigned seed, unsigned long steps, unsigned failures, unsigned policy)
    {
        week the_week { seed, failures, policy };
        the_week.run(steps);
    }
}
