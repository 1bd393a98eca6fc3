import { ExitCode } from './exit-code.ts';

export const HELP = `a9n: boots the A9N microkernel on an x86_64 emulator, with or without a debugger.

usage: a9n run [options]     boot, with the guest's serial port on this terminal
       a9n dap [options]     serve the Debug Adapter Protocol
       a9n image [options]   put other files into the boot archive of an init image
       a9n <command> --help  explain a command
       a9n --version         print the version
`;

export const RUN_HELP = `usage: a9n run [options]

Boots a kernel. What the guest sends to its serial port goes to standard output, standard input goes to the guest.
The file itself says what kind of kernel it is: A9N (64-bit ELF), multiboot 1, Linux (bzImage), or none of these, a flat
binary.

options:
  --kernel FILE             kernel (default: the A9N kernel this package was built with)
  --init FILE               A9N: init image, ELF (default: the KOITO server this package was built with)
  --a9n-abi YEAR            A9N: generation of the boot protocol, 2025 or 2026 (default: 2026)
  --initrd FILE             Linux: initial file system; multiboot: module, also as "FILE TEXT" with a command line of
                            its own; may be given several times
  --append TEXT             Linux and multiboot: command line, such as "console=ttyS0"
  --load-address N          flat binary: where it goes in physical memory. It is entered at its first byte in 64-bit
                            mode with a small stack, the first 4 GiB mapped to themselves, RDI = ACPI root pointer
  --cpu MODEL               x86-64-v1, x86-64-v2 or x86-64-v3 (default): which instructions there are and CPUID names
  --memory SIZE             RAM in bytes, or with suffix K, M or G (default: 256M, at most 3G, in steps of 2M)
  --date DATE               what the clock says at the start, UTC, as in 2026-01-31T12:00:00 (default: 2026-01-01, so that
                            runs are equal)
  --max-instructions N      end the run after N instructions; waiting for a timer counts 10 ns as one
                            (suffixes K, M and G are powers of 1000)
  --stop-on-unknown-opcode  end the run at an opcode the emulator does not know, instead of raising #UD in the guest
  --help                    print this

On a terminal, keys go to the guest one by one, Ctrl-C included. Ctrl-] or Ctrl-A x quits; Ctrl-A Ctrl-A sends Ctrl-A.
When standard input is a file or a pipe, the byte 0x04 (Ctrl-D) is sent after its end, so that the guest can end the
session. Input waits until the guest asserts RTS on its serial port.

exit code:
  the guest's        it wrote a code to port 0xF4; its low 8 bits become the exit code unchanged
                     (QEMU's isa-debug-exit makes "code << 1 | 1" of it)
  0                  it switched the machine off (ACPI S5)
  ${ExitCode.Usage}                wrong arguments, or images that cannot be booted
  ${ExitCode.TripleFault}                triple fault
  ${ExitCode.Budget}                --max-instructions are used up
  ${ExitCode.Halted}                the guest halted and nothing can wake it
  ${ExitCode.UnknownOpcode}                unknown opcode, with --stop-on-unknown-opcode
  ${ExitCode.Reset}                the guest reset the machine (port 0xCF9, port 0x92, keyboard controller, INIT)
  ${ExitCode.Internal}                error in a9n itself
  ${ExitCode.Quit}                quit from the keyboard
`;

export const DAP_HELP = `usage: a9n dap [--port N]

Serves the Debug Adapter Protocol to one client on standard input and output.

options:
  --port N   listen on TCP port N of 127.0.0.1 instead; each connection is a session of its own (0: any free port,
             which is printed on standard error)
  --help     print this
`;

export const IMAGE_HELP = `usage: a9n image --archive PATH... --output FILE [options]

Writes an init image whose boot archive holds other files. Symbols and debug information stay as they are, so the
debugger works as with the image it is made from.

options:
  --archive PATH       folder or tar file; may be given several times. Where a name occurs twice, the last one counts
  --only               leave out the files of the image that are in none of these. KOITO needs etc/koito.manifest and
                       the programs that it names
  --init FILE          image to start from (default: the KOITO server this package was built with)
  --output FILE, -o    where to write it
  --help               print this

The image may be up to 128 MiB large.
`;
