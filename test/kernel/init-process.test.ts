import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import { GENERAL_REGISTERS, type Machine } from '../../emulator/machine-api.ts';
import {
  BOOT_INFO,
  bootInfo,
  carve,
  field,
  type MapEntry,
  MemoryType,
  PAGE,
  read64,
  readField,
  readMap,
  write64,
  writeMap,
} from './boot-handover.ts';
import { findConformance, runOnEmulator } from './kernel-images.ts';

/** From what the loader hands over (ABI section 20) to the first instruction of the init process (section 21). */

const LIMIT = 400_000_000;
const TIMEOUT = 60_000;
const ARCH_INFO_COUNT = 128;
/** Offsets in init_info. */
const INIT_INFO = {
  version: 0,
  preRelease: 0x18,
  archInfo: 0x58,
  ipcBuffer: 0x458,
  list: 0x460,
  count: 0xc60,
};

const guest = findConformance();

/** Stands before the first instruction in user mode. */
function bootToInit(prepare: (machine: Machine) => void): Machine {
  const images = { kernel: readFileSync(guest.kernel), init: readFileSync(guest.init) };
  const machine = createBootedMachine({ memoryBytes: 128 * 2 ** 20 }, images);
  prepare(machine);
  while (machine.privilegeLevel === 0) {
    const { kind } = machine.step();
    if (kind !== 'step' || machine.instructionCount > 20_000_000) throw new Error(`no user mode: ${kind}`);
  }
  return machine;
}

interface Generic {
  readonly address: bigint;
  readonly sizeBits: bigint;
  readonly isDevice: boolean;
}

/** Section 21's rule: the largest power of two that fits, again and again, at most eight of an entry, 128 in all. */
function cut(map: readonly MapEntry[]): Generic[] {
  const pieces = map.flatMap(({ start, pages, type }) => {
    const ofEntry: Generic[] = [];
    let rest = pages * PAGE;
    for (let at = start; type !== MemoryType.reserved && rest > 0n && ofEntry.length < 8; ) {
      const sizeBits = BigInt(rest.toString(2).length - 1);
      ofEntry.push({ address: at, sizeBits, isDevice: type === MemoryType.device });
      at += 1n << sizeBits;
      rest -= 1n << sizeBits;
    }
    return ofEntry;
  });
  return pieces.slice(0, 128);
}

/** What init finds at its link-time address. */
function readInitInfo(machine: Machine, address: number) {
  const words = (offset: number, count: number) =>
    Array.from({ length: count }, (_, index) => read64(machine, address + offset + 8 * index));
  return {
    version: words(INIT_INFO.version, 3),
    texts: words(INIT_INFO.preRelease, 8),
    archInfo: words(INIT_INFO.archInfo, ARCH_INFO_COUNT),
    ipcBuffer: words(INIT_INFO.ipcBuffer, 1)[0],
    list: Array.from({ length: 128 }, (_, index): Generic => {
      const [at, kind] = words(INIT_INFO.list + 16 * index, 2);
      return { address: at, sizeBits: kind & 0xffn, isDevice: kind >> 8n === 1n };
    }),
    count: words(INIT_INFO.count, 1)[0],
  };
}

const unusual = (map: readonly MapEntry[]): MapEntry[] => {
  let changed = [...map];
  // Nine pieces each, of which eight are made; more than 128 in all.
  for (let index = 0n; index < 20n; index++) {
    const start = 0x400_0000n + index * 0x20_0000n;
    changed = carve(changed, start, start + 0x1f_f000n, MemoryType.free);
  }
  const device = { start: 2n ** 46n - 2n ** 30n, pages: 2n ** 18n, type: MemoryType.device };
  const [low, ...others] = changed;
  return [low, device, ...others];
};

test.each([
  ['as the loader makes it', (map: readonly MapEntry[]) => [...map]],
  ['with many ranges, odd ones, and a device below 2^46', unusual],
])('init_info and registers tell what boot_info told, with the memory map %s', (_name, change) => {
  let map: MapEntry[] = [];
  let archInfo: bigint[] = [];
  let address = 0;
  let fields: Record<string, bigint> = {};
  const machine = bootToInit((created) => {
    map = change(readMap(created));
    writeMap(created, map);
    field(BOOT_INFO.memorySize, 0xffff_ffff_ffff_ffffn)(created);
    for (let index = 1; index < ARCH_INFO_COUNT; index++)
      write64(created, bootInfo(created) + BOOT_INFO.archInfo + 8 * index, 0x1234_0000_0000n + BigInt(index));
    archInfo = Array.from({ length: ARCH_INFO_COUNT }, (_, index) =>
      readField(created, BOOT_INFO.archInfo + 8 * index),
    );
    fields = Object.fromEntries(
      Object.entries(BOOT_INFO).map(([name, offset]) => [name, readField(created, offset)]),
    );
    address = Number(fields.loadedAddress + fields.initInfo);
    created.writePhysical(address, new Uint8Array(3176).fill(0xa5));
  });

  const generics = cut(map);
  const { list, ...info } = readInitInfo(machine, address);
  expect(list.slice(0, generics.length)).toEqual(generics);
  expect(info).toEqual({
    version: [0n, 1n, 0n],
    texts: new Array<bigint>(8).fill(0n),
    archInfo,
    ipcBuffer: fields.ipcBuffer,
    count: BigInt(generics.length),
  });
  if (change === unusual) {
    expect(generics).toHaveLength(128);
    expect(generics).toContainEqual({ address: 2n ** 46n - 2n ** 30n, sizeBits: 30n, isDevice: true });
  }

  const registers = Object.fromEntries(
    [
      ...GENERAL_REGISTERS,
      'rip',
      'rflags',
      'cs',
      'ss',
      'fs_base',
      'gs_base',
      'fcw',
      'mxcsr',
      'xmm0',
      'xmm15',
    ].map((name) => [name, machine.readRegister(name)]),
  );
  expect(registers).toEqual({
    ...Object.fromEntries(Object.keys(registers).map((name) => [name, 0n])),
    rip: fields.entryPoint,
    rflags: 0x202n,
    cs: 0x2bn,
    ss: 0x23n,
    fcw: 0x37fn,
    mxcsr: 0x1f80n,
  });

  const pages = Number(fields.imageSize);
  const mapping = (page: number) => machine.translate(PAGE * BigInt(page));
  for (let page = 0; page < pages; page++) {
    expect(mapping(page)).toMatchObject({
      physicalAddress: Number(fields.loadedAddress) + page * Number(PAGE),
      pageSize: Number(PAGE),
      writable: true,
      user: true,
      executable: true,
    });
  }
  expect(mapping(pages).physicalAddress).toBeUndefined();
});

/** Runs the conformance program to its end, with what `prepare` makes of the machine, and `atInit` before its first instruction. */
function conformanceWith(prepare: (machine: Machine) => void, atInit: (machine: Machine) => void = () => {}) {
  return runOnEmulator(guest, LIMIT, (machine) => {
    prepare(machine);
    while (machine.privilegeLevel === 0 && machine.instructionCount < 20_000_000) machine.step();
    atInit(machine);
  });
}

test(
  'the kernel depends on nothing that the ABI leaves open at its entry',
  () => {
    const { serial, reason } = conformanceWith((machine) => {
      for (const name of GENERAL_REGISTERS) {
        if (name !== 'rdi') machine.writeRegister(name, 0xdead_beef_dead_beefn);
      }
      machine.writeRegister('rflags', 0x4_0ed7n); // AC, OF, DF, IF, SF, ZF, AF, PF, CF
      machine.writeRegister('gdtr_base', 0xdead_beef_0000n);
      machine.writeRegister('gdtr_limit', 0n);
      machine.writeRegister('cr4', machine.readRegister('cr4') | 0x8cn); // DE, PGE, TSD
      machine.writeRegister('fcw', 0x40n);
      machine.writeRegister('mxcsr', 0n);
    });
    expect(serial).toContain('conformance: all passed\n');
    expect(reason).toEqual({ kind: 'exit', code: 0 });
  },
  TIMEOUT,
);

/** Makes the root pointer one of ACPI 1.0: no length, no XSDT, an RSDT of 32-bit addresses instead, which takes the XSDT's place. */
function useFirstRevision(machine: Machine): void {
  const sumsToZero = (bytes: Uint8Array, checksum: number): Uint8Array => {
    bytes[checksum] = 0;
    bytes[checksum] = -bytes.reduce((sum, byte) => sum + byte, 0);
    return bytes;
  };
  const root = Number(readField(machine, BOOT_INFO.archInfo));
  const table = Number(read64(machine, root + 24));
  const header = 36;
  const length = Number(read64(machine, table) >> 32n);
  const entries = Array.from({ length: (length - header) / 8 }, (_, index) =>
    Number(read64(machine, table + header + 8 * index)),
  );

  const rsdt = new Uint8Array(header + 4 * entries.length);
  rsdt.set(machine.readPhysical(table, header));
  rsdt.set(new TextEncoder().encode('RSDT'));
  const view = new DataView(rsdt.buffer);
  view.setUint32(4, rsdt.length, true);
  for (const [index, entry] of entries.entries()) view.setUint32(header + 4 * index, entry, true);
  machine.writePhysical(table, new Uint8Array(length).fill(0xa5));
  machine.writePhysical(table, sumsToZero(rsdt, 9));

  const pointer = machine.readPhysical(root, 20).slice();
  pointer[15] = 0; // revision
  new DataView(pointer.buffer).setUint32(16, table, true);
  machine.writePhysical(root, new Uint8Array(36).fill(0xa5));
  machine.writePhysical(root, sumsToZero(pointer, 8));
}

test(
  'an ACPI root pointer of revision 0 will do, too',
  () => {
    const { serial, reason } = conformanceWith(useFirstRevision);
    expect(serial).toContain('conformance: all passed\n');
    expect(reason).toEqual({ kind: 'exit', code: 0 });
  },
  TIMEOUT,
);

test(
  'ACPI tables may lie in free memory, which init may use',
  () => {
    const [start, end] = [0xe_0000n, 0x10_0000n];
    const { serial, reason } = conformanceWith(
      (machine) => {
        const rootPointer = readField(machine, BOOT_INFO.archInfo);
        expect(rootPointer >= start && rootPointer < end).toBe(true);
        writeMap(machine, carve(readMap(machine), start, end, MemoryType.free));
      },
      (machine) => machine.writePhysical(Number(start), new Uint8Array(Number(end - start)).fill(0xa5)),
    );
    expect(serial).toContain('conformance: all passed\n');
    expect(reason).toEqual({ kind: 'exit', code: 0 });
  },
  TIMEOUT,
);
