import type { BootImages } from '../../../emulator/boot/a9n-boot.ts';
import { buildElf } from './elf-builder.ts';

/** Hand-assembled kernels for tests of all that is not the kernel. Code is loaded at KERNEL_ADDRESS. */
export const KERNEL_ADDRESS = 0x10_0000;

type Code = readonly number[];

/** Interrupt descriptor table and handlers for timer tests, at fixed places behind the code. */
const IDTR = KERNEL_ADDRESS + 0xe00;
const IDT = KERNEL_ADDRESS + 0x1000;

const word16 = (value: number): Code => [value & 0xff, (value >> 8) & 0xff];
const word32 = (value: number): Code => [...word16(value), ...word16(value >>> 16)];

/** mov dx, port; mov al, value; out dx, al */
export const out = (port: number, value: number): Code => [0x66, 0xba, ...word16(port), 0xb0, value, 0xee];
/** mov ecx, address; mov dword [rcx], value */
export const store32 = (address: number, value: number): Code => [
  0xb9,
  ...word32(address),
  0xc7,
  0x01,
  ...word32(value),
];
export const print = (text: string): Code =>
  Array.from(new TextEncoder().encode(text)).flatMap((byte) => out(0x3f8, byte));
export const exit = (code: number): Code => [...out(0xf4, code), ...haltForever];
/** Switches the machine off by ACPI: mov dx, 0x604; mov ax, 0x2000; out dx, ax */
export const powerOff: Code = [0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef];
export const halt: Code = [0xf4];
/** cli; hlt; jmp back */
export const haltForever: Code = [0xfa, 0xf4, 0xeb, 0xfd];
export const loopForever: Code = [0xeb, 0xfe];
export const undefinedOpcode: Code = [0x0f, 0x0b];
export const enableInterrupts: Code = [0xfb];

/** Echoes serial input until Ctrl-D, then exits with `code`. Polls. */
export function echoUntilEnd(code: number): Code {
  const body = [
    ...[0x66, 0xba, ...word16(0x3fd)], // mov dx, line status
    ...[0xec], //                         in al, dx
    ...[0xa8, 0x01], //                   test al, 1
    ...[0x74, 0xfb], //               jz to the in
    ...[0x66, 0xba, ...word16(0x3f8)], // mov dx, data
    ...[0xec], //                         in al, dx
    ...[0x3c, 0x04], //                   cmp al, 4
    ...[0x74, 0x03], //                   je over the next two
    ...[0xee], //                         out dx, al
    ...[0xeb, 0x100 - 21], //             jmp to the first instruction
  ];
  return [...out(0x3fc, 0x0b), ...body, ...exit(code)];
}

/** lidt [IDTR]; the table must be added with `interruptTable`. */
export const loadInterruptTable: Code = [0x0f, 0x01, 0x1c, 0x25, ...word32(IDTR)];

/** One-shot local APIC timer: `vector` after `instructions`. */
export function startTimer(vector: number, instructions: number): Code {
  return [...store32(0xfee003e0, 0xb), ...store32(0xfee00320, vector), ...store32(0xfee00380, instructions)];
}

export interface TinyKernel {
  readonly code: Code;
  /** Handler by vector; it ends the test's way, e.g. with `exit`. */
  readonly handlers?: Readonly<Record<number, Code>>;
}

/** A bootable pair of images: this kernel, and an init image that no kernel here starts. */
export function tinyGuest({ code, handlers = {} }: TinyKernel): Required<Omit<BootImages, 'abi'>> {
  const image = new Uint8Array(0x2000 + Object.keys(handlers).length * 0x100);
  if (code.length > IDTR - KERNEL_ADDRESS) throw new Error('code runs into the descriptor tables');
  image.set(code);
  image.set([...word16(0xfff), ...word32(IDT), ...word32(0)], IDTR - KERNEL_ADDRESS);
  for (const [index, [vector, handler]] of Object.entries(handlers).entries()) {
    const address = KERNEL_ADDRESS + 0x2000 + index * 0x100;
    image.set(handler, address - KERNEL_ADDRESS);
    const gate = [
      ...word16(address),
      0x08,
      0,
      0,
      0x8e,
      ...word16(address >>> 16),
      ...word32(0),
      ...word32(0),
    ];
    image.set(gate, IDT - KERNEL_ADDRESS + Number(vector) * 16);
  }
  return {
    kernel: buildElf({
      entry: KERNEL_ADDRESS,
      segments: [{ virtualAddress: KERNEL_ADDRESS, bytes: image, memorySize: image.length + 0x800 }],
    }),
    init: tinyInit(),
    kernelName: 'tiny-kernel.elf',
    initName: 'tiny-init.elf',
  };
}

export function tinyInit(): Uint8Array {
  return buildElf({
    entry: 0x1000,
    segments: [
      { virtualAddress: 0x1000, bytes: Uint8Array.from(loopForever) },
      { virtualAddress: 0x4000, bytes: Uint8Array.of(1, 2, 3), memorySize: 0x3001 },
    ],
    symbols: { __init_info_start: 0x5008, __init_ipc_buffer_start: 0x6000 },
  });
}
