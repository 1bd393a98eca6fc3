// Terminals as programs open them: /dev/tty, /dev/console, /dev/ttyS0, /dev/ptmx, /dev/pts.
#pragma once

#include "open-file.hpp"
#include "terminal.hpp"

namespace posix
{
    /// ENXIO if the device number is none of a terminal.
    opening open_terminal_device(call &from, const reference<inode> &node, uint32_t flags);

    /// A program's side of a terminal; null if there is no memory.
    reference<open_file> make_terminal_file(const reference<inode> &node, const reference<terminal> &opened, uint32_t flags);

    /// The keyboard's and screen's side of a new pseudo-terminal.
    opening open_pseudo_terminal(call &from, const reference<inode> &node, uint32_t flags);

    /// The controlling terminal of a session; null if it has none.
    reference<terminal> controlling_terminal(int32_t session);

    /// Requests of ioctl that a pseudo-terminal's master answers as the other side does.
    outcome control_settings(call &from, terminal &subject, uint32_t request, word argument);
}
