import { describe, expect, test } from 'vitest';
import { boot, recogniseKernel } from '../../../emulator/boot/boot.ts';
import { BootError } from '../../../emulator/boot/boot-error.ts';
import { createMachine } from '../../../emulator/machine.ts';
import { buildElf } from './elf-builder.ts';

const MEMORY = 32 * 2 ** 20;
const LOAD = 0x10_0000;
const MAGIC = 0x1bad_b002;

const words = (...values: number[]): number[] => [
  ...new Uint8Array(Uint32Array.from(values, (value) => value >>> 0).buffer),
];
const header = (flags: number, ...more: number[]): number[] => words(MAGIC, flags, -(MAGIC + flags), ...more);

/** 32-bit code that sends the string at [ebx + 16], the command line, to COM1 and exits with the low byte of EAX. */
const PRINT_COMMAND_LINE = [
  ...[0x89, 0xc1], //             mov ecx, eax
  ...[0x8b, 0x73, 0x10], //       mov esi, [ebx + 16]
  ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 0x3f8
  ...[0xac], //                   lodsb
  ...[0x84, 0xc0], //             test al, al
  ...[0x74, 0x03], //             jz over the next two
  ...[0xee], //                   out dx, al
  ...[0xeb, 0xf8], //             jmp to the lodsb
  ...[0x88, 0xc8], //             mov al, cl
  ...[0xe6, 0xf4], //             out 0xf4, al
  ...[0xf4], //                   hlt
];

/** A file whose header says itself where it goes, with code behind it. */
function plainKernel(code: readonly number[] = PRINT_COMMAND_LINE, flags = 0x1_0003): Uint8Array {
  const before = 64;
  const entry = LOAD + before + 32;
  const file = new Uint8Array(before + 32 + code.length + 16);
  file.set(header(flags, LOAD + before, LOAD, LOAD + file.length - 16, LOAD + 0x3000, entry), before);
  file.set(code, before + 32);
  return file;
}

/** The same as a 64-bit ELF file; GRUB takes such files too. */
function elfKernel(flags = 3, physicalAddress = LOAD): Uint8Array {
  const bytes = Uint8Array.from([...header(flags), 0, 0, 0, 0, ...PRINT_COMMAND_LINE]);
  return buildElf({
    entry: 0xc010_0010,
    segments: [{ virtualAddress: 0xc010_0000, physicalAddress, bytes, memorySize: 0x2000 }],
  });
}

/** A 32-bit ELF file of one segment. */
function elf32Kernel(): Uint8Array {
  const contents = [...header(0), 0, 0, 0, 0, ...PRINT_COMMAND_LINE];
  const identification = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, ...words(0, 0)];
  const fileHeader = [2, 0, 3, 0, ...words(1, LOAD + 16, 52, 0, 0), 52, 0, 32, 0, 1, 0, 40, 0, 0, 0, 0, 0];
  const segment = words(1, 84, LOAD, LOAD, contents.length, contents.length + 100, 7, 4096);
  return Uint8Array.from([...identification, ...fileHeader, ...segment, ...contents]);
}

function bootIt(bytes: Uint8Array, more: Omit<Parameters<typeof boot>[1], 'kernel'> = {}) {
  const machine = createMachine({ memoryBytes: MEMORY });
  const serial: number[] = [];
  machine.serial.onOutput = (byte) => serial.push(byte);
  boot(machine, { kernel: { name: 'some/where/k.elf', bytes }, ...more });
  return { machine, printed: () => String.fromCharCode(...serial) };
}

test.each([
  ['with addresses in its header', plainKernel()],
  ['a 64-bit ELF file', elfKernel()],
  ['a 32-bit ELF file', elf32Kernel()],
])('a kernel that is %s runs in 32-bit mode and gets magic number and command line', (_name, file) => {
  expect(recogniseKernel({ kernel: { name: 'k', bytes: file } })).toBe('multiboot');
  const { machine, printed } = bootIt(file, { commandLine: 'one two=3' });
  expect(machine.readRegister('cr0') & 0x8000_0001n).toBe(1n);
  expect(machine.run(1000)).toEqual({ kind: 'exit', code: 0x02 });
  expect(printed()).toBe('k.elf one two=3');
  expect(machine.readRegister('rcx')).toBe(0x2bad_b002n);
});

test('a kernel may lie in low memory, beside what the loader uses', () => {
  const { machine, printed } = bootIt(elfKernel(3, 0x3_0000), {
    initrds: [{ name: 'm', bytes: Uint8Array.of(1) }],
  });
  expect(machine.run(1000)).toEqual({ kind: 'exit', code: 0x02 });
  expect(printed()).toBe('k.elf');
  expect([...machine.readPhysical(LOAD, 1)]).toEqual([1]);
});

test('the information structure has memory, memory map, modules and the loader’s name', () => {
  const modules = [
    { name: 'boot/first.img', bytes: new Uint8Array(5000).fill(7) },
    { name: 'boot/second', bytes: Uint8Array.of(9), commandLine: 'console=/dev/hvc0' },
  ];
  const { machine } = bootIt(plainKernel(), { initrds: modules });
  const view = (address: number, length: number) =>
    new DataView(machine.readPhysical(address, length).buffer);
  const text = (address: number) => {
    const bytes = machine.readPhysical(address, 100);
    return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
  };
  const information = view(Number(machine.readRegister('rbx')), 116);
  const field = (offset: number) => information.getUint32(offset, true);
  expect(field(0)).toBe(0b10_0100_1101);
  expect([field(4), field(8)]).toEqual([639, 31 * 1024]);
  expect(text(field(16))).toBe('k.elf');
  expect(text(field(64))).toBe('A9N');

  expect(field(20)).toBe(2);
  const list = view(field(24), 32);
  const module = (n: number) => [0, 4, 8].map((offset) => list.getUint32(n * 16 + offset, true));
  const [firstStart, firstEnd, firstName] = module(0);
  const [secondStart, secondEnd, secondName] = module(1);
  expect([firstStart % 4096, secondStart % 4096]).toEqual([0, 0]);
  // Behind the kernel's zeros, which its header promises.
  expect(firstStart).toBe(LOAD + 0x3000);
  expect([firstEnd - firstStart, secondEnd - secondStart]).toEqual([5000, 1]);
  expect([text(firstName), text(secondName)]).toEqual(['first.img', 'second console=/dev/hvc0']);
  expect(machine.readPhysical(firstStart, 5000)).toEqual(modules[0].bytes);
  expect(machine.readPhysical(secondStart, 1)).toEqual(modules[1].bytes);

  const map = view(field(48), field(44));
  const ranges: number[][] = [];
  for (let at = 0; at < field(44); at += map.getUint32(at, true) + 4) {
    const [start, size] = [4, 12].map((offset) => Number(map.getBigUint64(at + offset, true)));
    ranges.push([start, start + size, map.getUint32(at + 20, true)]);
  }
  expect(ranges.filter(([, , type]) => type === 1)).toEqual([
    [0, 0x9_fc00, 1],
    [LOAD, MEMORY, 1],
  ]);
});

describe('what is no multiboot kernel', () => {
  test('a wrong checksum, a header that is not aligned or too far inside', () => {
    const kernel = (bytes: number[]) => ({ kernel: { name: 'k', bytes: Uint8Array.from(bytes) } });
    const zeros = (count: number) => new Array<number>(count).fill(0);
    expect(recogniseKernel(kernel(words(MAGIC, 0, -MAGIC + 1)))).toBe('flat');
    expect(recogniseKernel(kernel([0, 0, ...header(0)]))).toBe('flat');
    expect(recogniseKernel(kernel([...zeros(8192 - 12), ...header(0)]))).toBe('multiboot');
    expect(recogniseKernel(kernel([...zeros(8192 - 8), ...header(0)]))).toBe('flat');
  });
});

describe('what cannot be booted is refused with the cause and a remedy', () => {
  const change = (file: Uint8Array, at: number, value: number) => {
    const changed = file.slice();
    new DataView(changed.buffer).setUint32(at, value, true);
    return changed;
  };
  const loadAddress = 64 + 16;
  test.each([
    [
      'unknown demand',
      plainKernel([], 0x1_0008),
      {},
      /k\.elf: .*demands what this loader does not know \(flags 0x8\)/,
    ],
    [
      'no addresses',
      plainKernel([], 3),
      {},
      /is no ELF file, and its multiboot header has no address fields.*bit 16/,
    ],
    ['contradiction', change(plainKernel(), loadAddress, LOAD + 0x1000), {}, /address fields .* contradict/],
    ['cut', plainKernel().subarray(0, 110), {}, /k\.elf: truncated/],
    ['cut header', plainKernel().subarray(0, 80), {}, /k\.elf: truncated: its headers speak of 96 bytes/],
    ['low', elfKernel(3, 0x7_e000), {}, /0x7e000…0x80000 overlaps the descriptor table/],
    ['high', elfKernel(3, 0x800_0000), {}, /lies outside of memory, which has 32 MiB/],
    [
      'module',
      plainKernel(),
      { initrds: [{ name: 'm', bytes: new Uint8Array(MEMORY) }] },
      /m: this module .* more than 34 MiB/,
    ],
    ['command line', plainKernel(), { commandLine: 'x'.repeat(70_000) }, /Shorten them/],
    ['init', plainKernel(), { init: { name: 'i', bytes: Uint8Array.of(1) } }, /not an ELF file/],
    [
      'load address',
      plainKernel(),
      { loadAddress: 0x20_0000 },
      /is a multiboot kernel, for which there is no load address/,
    ],
  ])('%s', (_name, file, more, message) => {
    expect(() => bootIt(file, more)).toThrow(BootError);
    expect(() => bootIt(file, more)).toThrow(message);
  });

  test('every truncation and every flipped header byte boots or is a BootError', () => {
    const attempt = (bytes: Uint8Array) => {
      const kernel = { name: 'k', bytes };
      try {
        if (recogniseKernel({ kernel }) !== 'multiboot') return;
        boot(createMachine({ memoryBytes: 4 * 2 ** 20 }), { kernel, initrds: [kernel] });
      } catch (error) {
        expect(error).toBeInstanceOf(BootError);
      }
    };
    for (const file of [plainKernel(), elf32Kernel()]) {
      for (let length = 0; length < file.length; length++) attempt(file.subarray(0, length));
      for (let at = 0; at < 100; at++) {
        for (const value of [0x00, 0x7f, 0xff]) {
          const damaged = file.slice();
          damaged[at] = value;
          attempt(damaged);
        }
      }
    }
  }, 60_000);
});
