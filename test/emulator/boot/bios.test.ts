import { expect, test } from 'vitest';
import { boot } from '../../../emulator/boot/boot.ts';
import { createMachine } from '../../../emulator/machine.ts';

/** What kernels expect of a BIOS: Xen places its trampoline by the data area, and calls services from real mode. */

const LOAD = 0x10_0000;
const HEADER = [LOAD, LOAD, 0, 0, LOAD + 0x20];
const FLAGS = 0x1_0000;
const MAGIC = 0x1bad_b002;

/** Goes to real mode, asks for the memory map, the size of memory and the equipment, lets a timer interrupt come. */
const ASK = [
  ...[0x0f, 0x01, 0x15, 0x61, 0x00, 0x10, 0x00], // lgdt [0x100061]
  ...[0x0f, 0x01, 0x1d, 0x77, 0x00, 0x10, 0x00], // lidt [0x100077]
  ...[0xea, 0x45, 0x00, 0x00, 0x00, 0x08, 0x00], // jmp 8:0x45, the next instruction; 16-bit code from here
  ...[0x0f, 0x20, 0xc0], // mov eax, cr0
  ...[0x24, 0xfe], //       and al, 0xfe
  ...[0x0f, 0x22, 0xc0], // mov cr0, eax
  ...[0xea, 0x52, 0x00, 0xff, 0xff], // jmp 0xffff:0x52, the next instruction; real mode from here
  ...[0x31, 0xc0], //       xor ax, ax
  ...[0x8e, 0xd0], //       mov ss, ax
  ...[0x66, 0xbc, 0x00, 0x7c, 0x00, 0x00], // mov esp, 0x7c00: the stack is still one of 32 bits
  ...[0xf8], //             clc
  ...[0xb8, 0x20, 0xe8], // mov ax, 0xe820
  ...[0xcd, 0x15], //       int 0x15
  ...[0x0f, 0x92, 0xc3], // setc bl
  ...[0x88, 0xe7], //       mov bh, ah
  ...[0xcd, 0x12], //       int 0x12
  ...[0x89, 0xc6], //       mov si, ax
  ...[0xcd, 0x11], //       int 0x11
  ...[0xcd, 0x08], //       int 8
  ...[0xe6, 0xf4], //       out 0xf4, al
];

function bootIt() {
  const machine = createMachine({ memoryBytes: 32 * 2 ** 20 });
  const head = Uint32Array.of(MAGIC, FLAGS, -(MAGIC + FLAGS), ...HEADER);
  const descriptors = [0x0f, 0, 0x67, 0x00, 0x10, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
  const code16 = [0xff, 0xff, 0xf0, 0xff, 0x0f, 0x9b, 0x00, 0x00]; // base 0xffff0
  const vectors = [0xff, 0x03, 0, 0, 0, 0];
  const bytes = Uint8Array.from([
    ...new Uint8Array(head.buffer),
    ...[...ASK, ...descriptors, ...code16, ...vectors],
  ]);
  boot(machine, { kernel: { name: 'k', bytes } });
  return machine;
}

test('the data area has the serial port and the end of low memory', () => {
  const machine = bootIt();
  const word = (address: number) => {
    const [low, high] = machine.readPhysical(address, 2);
    return low | (high << 8);
  };
  expect(word(0x400)).toBe(0x3f8);
  expect(word(0x40e)).toBe(0x9fc0);
  expect(word(0x413)).toBe(639);
  expect([...machine.readPhysical(0x9_fc00, 1)]).toEqual([1]);
});

test('services refuse in real mode, but those that tell what is there; other interrupts return', () => {
  const machine = bootIt();
  expect(machine.run(1000)).toEqual({ kind: 'exit', code: 0x00 });
  expect(machine.readRegister('rbx') & 0xffffn).toBe(0x8601n);
  expect(machine.readRegister('rsi') & 0xffffn).toBe(639n);
  expect(machine.readRegister('rax') & 0xffffn).toBe(0x0200n);
});
