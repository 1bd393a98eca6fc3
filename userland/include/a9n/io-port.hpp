// IO_PORT: a range of x86 I/O ports.
#pragma once

#include <a9n/node.hpp>

namespace a9n
{
    struct io_port : descriptor
    {
        /// `width` is 1, 2 or 4 bytes; the whole access must lie in the slot's range.
        result<word> read(word port, word width) const
        {
            return capability_query(value, abi::io_port_operation::read, port, width);
        }

        status write(word port, word width, word data) const
        {
            return capability_command(value, abi::io_port_operation::write, port, width, data);
        }

        /// A capability to the ports `first`…`last` only, in slot `index` of `destination`.
        status mint(word first, word last, node destination, word index) const
        {
            return capability_command(value, abi::io_port_operation::mint, first, last, destination.value, index);
        }
    };
}
