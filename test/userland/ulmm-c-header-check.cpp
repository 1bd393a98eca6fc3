// The numbers of the C header are those of the protocol: this file compiles, or not.
#include <cstdio>
#include <ulmm/memory.h>
#include <ulmm/protocol.hpp>

namespace
{
    template<typename Number>
    constexpr bool same(int of_c, Number of_cpp)
    {
        return static_cast<ulmm::word>(of_c) == static_cast<ulmm::word>(of_cpp);
    }

    using ulmm::access;
    using ulmm::fault_access;
    using ulmm::map_flags;
    using ulmm::reply_code;
    using ulmm::request;

    static_assert(same(ULMM_MAKE_OBJECTS, request::make_objects) && same(ULMM_RELEASE_OBJECTS, request::release_objects)
        && same(ULMM_MAKE_PROCESS, request::make_process) && same(ULMM_CREATE_SPACE, request::create_space)
        && same(ULMM_DESTROY_SPACE, request::destroy_space) && same(ULMM_CLONE_SPACE, request::clone_space)
        && same(ULMM_MAP, request::map) && same(ULMM_MAP_OBJECT, request::map_object) && same(ULMM_UNMAP, request::unmap)
        && same(ULMM_PROTECT, request::protect) && same(ULMM_COMMIT, request::commit)
        && same(ULMM_CREATE_OBJECT, request::create_object) && same(ULMM_SHARE_OBJECT, request::share_object)
        && same(ULMM_RELEASE_OBJECT, request::release_object) && same(ULMM_RESOLVE_FAULT, request::resolve_fault)
        && same(ULMM_OPEN_WINDOW, request::open_window) && same(ULMM_CLOSE_WINDOW, request::close_window)
        && same(ULMM_STATISTICS, request::statistics) && same(ULMM_OWN_STATISTICS, request::own_statistics)
        && same(ULMM_SYSTEM_STATISTICS, request::system_statistics) && same(ULMM_SET_POLICY, request::set_policy));
    static_assert(same(ULMM_OK, reply_code::ok) && same(ULMM_UNKNOWN_REQUEST, reply_code::unknown_request)
        && same(ULMM_PERMISSION_DENIED, reply_code::permission_denied)
        && same(ULMM_UNKNOWN_CLIENT, reply_code::unknown_client) && same(ULMM_INVALID_HANDLE, reply_code::invalid_handle)
        && same(ULMM_INVALID_ARGUMENT, reply_code::invalid_argument)
        && same(ULMM_ADDRESS_IN_USE, reply_code::address_in_use) && same(ULMM_NOT_MAPPED, reply_code::not_mapped)
        && same(ULMM_ACCESS_DENIED, reply_code::access_denied) && same(ULMM_OUT_OF_MEMORY, reply_code::out_of_memory)
        && same(ULMM_LIMIT_REACHED, reply_code::limit_reached) && same(ULMM_TRANSFER_FAILED, reply_code::transfer_failed)
        && same(ULMM_KERNEL_ERROR, reply_code::kernel_error));
    static_assert(same(ULMM_ACCESS_READ, access::read) && same(ULMM_ACCESS_WRITE, access::write)
        && same(ULMM_ACCESS_EXECUTE, access::execute) && same(ULMM_MAP_FIXED, map_flags::fixed)
        && same(ULMM_MAP_SHARED, map_flags::shared) && same(ULMM_MAP_COMMIT, map_flags::commit)
        && same(ULMM_MAP_COPY_ON_WRITE, map_flags::copy_on_write));
    static_assert(same(ULMM_FAULT_READ, fault_access::read) && same(ULMM_FAULT_WRITE, fault_access::write)
        && same(ULMM_FAULT_EXECUTE, fault_access::execute)
        && same(ULMM_OBJECTS_EXCLUSIVE, ulmm::object_flags::exclusive) && same(ULMM_OWN_SPACE, ulmm::own_space));
}

int main()
{
    std::puts("ok");
}
