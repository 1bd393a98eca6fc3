// What a process gets beyond its own objects: the capabilities that its entry in the manifest names.
#pragma once

#include "process.hpp"

namespace koito
{
    /// Makes the request port of a server, from memory of its own: it outlives the process.
    a9n::status make_service_port(const process &server, a9n::generic reserve);

    /// Takes the port from everybody: calls end with INVALID_DESCRIPTOR from now on.
    void remove_service_port(const process &server);

    /// Puts the capability into the slot of the process's root node.
    a9n::status give(const process &target, const grant &given);

    /// Tells a process that a server it calls has been started again.
    void tell_of_restart(const process &client);
}
