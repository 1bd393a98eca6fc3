import { describe, expect, test } from 'vitest';
import { bootA9n } from '../../../emulator/boot/a9n-boot.ts';
import { BootError } from '../../../emulator/boot/boot-error.ts';
import { createBootedMachine } from '../../../emulator/boot/create.ts';
import { createMachine } from '../../../emulator/machine.ts';
import type { Machine } from '../../../emulator/machine-api.ts';
import { buildElf } from './elf-builder.ts';
import { echoUntilEnd, exit, KERNEL_ADDRESS, print, tinyGuest } from './tiny-guest.ts';

const MEMORY = 32 * 2 ** 20;

function boot(code: readonly number[]): Machine {
  return createBootedMachine({ memoryBytes: MEMORY }, tinyGuest({ code }));
}

function wordAt(machine: Machine, address: number): number {
  return Number(new DataView(machine.readPhysical(address, 8).buffer).getBigUint64(0, true));
}

/** What the kernel finds where RDI points. */
function readBootInfo(machine: Machine) {
  const address = Number(machine.readRegister('rdi'));
  const at = (offset: number) => wordAt(machine, address + offset);
  const count = at(0x08) & 0xffff;
  const map = Array.from({ length: count }, (_, index) => {
    const entry = at(0x10) + index * 24;
    return {
      start: wordAt(machine, entry),
      pages: wordAt(machine, entry + 8),
      type: wordAt(machine, entry + 16),
    };
  });
  return {
    address,
    memorySize: at(0x00),
    map,
    mapAddress: at(0x10),
    init: at(0x18),
    initPages: at(0x20),
    entry: at(0x28),
    initInfo: at(0x30),
    ipcBuffer: at(0x38),
    rootPointer: at(0x40),
  };
}

describe('boot information', () => {
  const machine = boot(exit(0));
  const info = readBootInfo(machine);
  const typeOf = (address: number) =>
    info.map.find(({ start, pages }) => address >= start && address < start + pages * 4096)?.type;

  test('describes the init image', () => {
    expect(info).toMatchObject({
      memorySize: MEMORY,
      // Segments end at 0x7001.
      initPages: 8,
      entry: 0x1000,
      initInfo: 0x5008,
      ipcBuffer: 0x6000,
    });
    expect(info.address % 8).toBe(0);
    expect(info.init % 4096).toBe(0);
    expect([...machine.readPhysical(info.init + 0x4000, 4)]).toEqual([1, 2, 3, 0]);
  });

  test('points to the ACPI root pointer', () => {
    expect(new TextDecoder().decode(machine.readPhysical(info.rootPointer, 8))).toBe('RSD PTR ');
  });

  test('reserves everything in use', () => {
    const inUse = [
      ...[0x6000, info.address, info.mapAddress, info.rootPointer, KERNEL_ADDRESS, KERNEL_ADDRESS + 0x2700],
      ...[
        info.init,
        info.init + 7 * 4096,
        Number(machine.readRegister('cr3')),
        Number(machine.readRegister('rsp')),
      ],
    ];
    for (const address of inUse) expect([address, typeOf(address)]).toEqual([address, 2]);
    expect(typeOf(info.init + 8 * 4096)).toBe(0);
    expect(typeOf(MEMORY - 1)).toBe(0);
    expect(typeOf(0xfee00000)).toBe(2);
    expect(typeOf(0xe0000000)).toBe(1);
  });

  test('lists ranges in ascending order that do not overlap', () => {
    for (const [index, { start, pages }] of info.map.entries()) {
      expect(pages).toBeGreaterThan(0);
      expect(start + pages * 4096).toBeLessThanOrEqual(
        info.map[index + 1]?.start ?? Number.POSITIVE_INFINITY,
      );
    }
  });
});

test('clears what the kernel file does not hold, whatever was there before', () => {
  const machine = createMachine({ memoryBytes: MEMORY });
  machine.writePhysical(KERNEL_ADDRESS, new Uint8Array(0x4000).fill(0xaa));
  bootA9n(machine, tinyGuest({ code: exit(0) }));
  const bytes = machine.readPhysical(KERNEL_ADDRESS + 0x2000, 0x802);
  expect(bytes.subarray(0, 0x800).every((byte: number) => byte === 0)).toBe(true);
  expect([...bytes.subarray(0x800)]).toEqual([0xaa, 0xaa]);
});

test("the CPU stands at the kernel's entry in long mode with the first 4 GiB identity-mapped", () => {
  const machine = boot(exit(0));
  expect(machine.readRegister('rip')).toBe(BigInt(KERNEL_ADDRESS));
  expect(machine.readRegister('rflags') & 0x200n).toBe(0n);
  expect(machine.readRegister('efer') & 0x400n).toBe(0x400n);
  expect(machine.privilegeLevel).toBe(0);
  for (const address of [0x1234n, 0x10_0000n, 0xfee0_0030n, 0xffff_fff0n]) {
    expect(machine.translate(address)).toMatchObject({
      physicalAddress: Number(address),
      writable: true,
      user: false,
    });
  }
  expect(machine.translate(0x1_0000_0000n).physicalAddress).toBeUndefined();
});

describe('a booted machine', () => {
  test('runs, prints and exits with the code as written', () => {
    const machine = boot([...print('hello\n'), ...exit(200)]);
    let text = '';
    machine.serial.onOutput = (byte) => {
      text += String.fromCharCode(byte);
    };
    expect(machine.run(10_000)).toEqual({ kind: 'exit', code: 200 });
    expect(text).toBe('hello\n');
  });

  test('takes input at logged counts', () => {
    const machine = boot(echoUntilEnd(7));
    let text = '';
    machine.serial.onOutput = (byte) => {
      text += String.fromCharCode(byte);
    };
    machine.run(1000);
    const bytes = new TextEncoder().encode('abc\x04');
    const sentAt = machine.instructionCount;
    machine.serial.send(bytes);
    expect(machine.run(1_000_000)).toEqual({ kind: 'exit', code: 7 });
    expect(text).toBe('abc');
    expect(machine.inputLog).toEqual([{ instructionCount: sentAt, input: { kind: 'serial', bytes } }]);
    // Four bytes, at the speed of the line.
    expect(machine.instructionCount - sentAt).toBeGreaterThan(3 * 8681);
  });
});

describe('images that cannot be booted are refused with file, cause and remedy', () => {
  const good = tinyGuest({ code: exit(0) });
  const segment = (virtualAddress: number, memorySize: number) => ({
    virtualAddress,
    bytes: Uint8Array.of(1),
    memorySize,
  });
  test.each([
    ['kernel that is no ELF file', { kernel: Uint8Array.of(1, 2) }, /tiny-kernel\.elf: not an ELF file/],
    [
      'kernel outside of memory',
      { kernel: buildElf({ entry: 0x4000000, segments: [segment(0x4000000, 1)] }) },
      /tiny-kernel\.elf: a segment .* outside of memory, which has 32 MiB.* more memory/,
    ],
    [
      'kernel over the boot structures',
      { kernel: buildElf({ entry: 0x7000, segments: [segment(0x7000, 1)] }) },
      /tiny-kernel\.elf: a segment .* begins below 1 MiB.* from 0x100000/,
    ],
    [
      'kernel with a virtual entry point',
      { kernel: buildElf({ entry: 0x900000, segments: [segment(0x100000, 1)] }) },
      /entry point 0x900000 is not a physical address/,
    ],
    [
      'stripped init image',
      { init: buildElf({ entry: 0, segments: [segment(0, 1)] }) },
      /tiny-init\.elf: .*__init_info_start.*symbol table/,
    ],
    [
      'init image with an odd IPC buffer',
      {
        init: buildElf({
          entry: 0,
          segments: [segment(0, 0x2000)],
          symbols: { __init_info_start: 0x1000, __init_ipc_buffer_start: 0x1008 },
        }),
      },
      /not page-aligned/,
    ],
    [
      'init image at a high address',
      { init: buildElf({ entry: 2 ** 40, segments: [segment(2 ** 40, 1)] }) },
      /268435457 pages.*start at address 0/,
    ],
    [
      'init image larger than memory',
      {
        init: buildElf({
          entry: 0,
          segments: [segment(0, 31 * 2 ** 20)],
          symbols: { __init_info_start: 0, __init_ipc_buffer_start: 0 },
        }),
      },
      /tiny-init\.elf: does not fit .* more than 33 MiB/,
    ],
  ])('%s', (_name, images, message) => {
    const attempt = () => createBootedMachine({ memoryBytes: MEMORY }, { ...good, ...images });
    expect(attempt).toThrow(BootError);
    expect(attempt).toThrow(message);
  });
});
