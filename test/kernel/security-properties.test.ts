import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KernelModel } from '../../debug-adapter/kernel-model/kernel-model.ts';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import { GENERAL_REGISTERS, type Machine, type WatchHit } from '../../emulator/machine-api.ts';
import { findGuest } from '../system/guest-images.ts';
import { modelOf, visitExits } from './kernel-exits.ts';
import { findConformance } from './kernel-images.ts';
import { readKernelState } from './machine-state.ts';

/** The promises of kernel/docs/security-properties.md, kept against the guest program userland/apps/security-properties. */

const MEMORY = 128 * 2 ** 20;
const LIMIT = 1_000_000_000;
const TIMEOUT = 600_000;
/** Kernel exits at which registers are looked at; A9N_EVERY_EXIT looks at all. */
const STRIDE = process.env['A9N_EVERY_EXIT'] === undefined ? 20_000 : 0;

/** Port at which the guest says that memory may be poisoned (1) or objects inspected (2). */
const MOMENT_PORT = 0x80;
/** Root slot of the Generic that the guest makes everything of. */
const TEST_MEMORY_SLOT = 10;
/** What the guest fills memory with. */
const PATTERN = 0x5ec7_e75e_c7e7_5ec7n;

const PAGE = 4096;
const LARGE_PAGE = 2 ** 21;
const KERNEL_HALF = 1n << 63n;
const DIRECT_MAP = 0xffff_8000_0000_0000n;
const DIRECT_MAP_END = DIRECT_MAP + (1n << 39n);
const IMAGE = 0xffff_ffff_8000_0000n;
const IMAGE_END = IMAGE + 2n ** 24n;
/** Where the kernel maps device registers. */
const DEVICES = IMAGE + 2n ** 30n;
const DEVICES_END = DEVICES + 2n ** 26n;

interface Guest {
  readonly machine: Machine;
  readonly model: KernelModel;
  readonly kernel: Uint8Array;
  text(): string;
}

function bootGuest(init: Uint8Array): Guest {
  const kernel = readFileSync(findGuest(resolve(import.meta.dirname, '../..')).kernel);
  const machine = createBootedMachine({ memoryBytes: MEMORY }, { kernel, init });
  let text = '';
  machine.serial.onOutput = (byte) => {
    text += String.fromCharCode(byte);
  };
  return { machine, model: modelOf(machine, kernel), kernel, text: () => text };
}

/** The guest program with these addresses in the list of those that it tries. */
function programProbing(addresses: readonly bigint[]): Uint8Array {
  const paths = findGuest(resolve(import.meta.dirname, '../..'));
  const bytes = new Uint8Array(readFileSync(join(paths.kernel, '../security-properties.elf')));
  const elf = parseElf(bytes, 'security-properties.elf');
  const list = elf.symbols.find(({ name }) => name === 'probe_addresses');
  const segment = elf.segments.find(
    ({ virtualAddress, memorySize }) =>
      list !== undefined && list.address >= virtualAddress && list.address < virtualAddress + memorySize,
  );
  if (list === undefined || segment === undefined) throw new Error('the guest has no probe_addresses');
  if (addresses.length >= list.size / 8) throw new Error('more addresses than the guest has room for');
  const start = segment.bytes.byteOffset + Number(list.address - segment.virtualAddress);
  const view = new DataView(segment.bytes.buffer, start, list.size);
  for (let index = 0; index < list.size / 8; index++) view.setBigUint64(index * 8, 0n, true);
  view.setBigUint64(0, BigInt(addresses.length), true);
  for (const [index, address] of addresses.entries()) view.setBigUint64(8 + index * 8, address, true);
  return bytes;
}

/** Every symbol of the kernel, every large page of its image and of RAM, and where nothing is. */
function interestingAddresses(): bigint[] {
  const elf = parseElf(readFileSync(findGuest(resolve(import.meta.dirname, '../..')).kernel), 'kernel');
  const addresses = new Set<bigint>();
  for (const { address, kind } of elf.symbols)
    if (address >= KERNEL_HALF && kind !== 'other') addresses.add(address);
  for (let offset = 0; offset < 2 * MEMORY; offset += LARGE_PAGE) addresses.add(DIRECT_MAP + BigInt(offset));
  for (let offset = 0; offset < 16 * LARGE_PAGE; offset += LARGE_PAGE / 2) {
    addresses.add(IMAGE + BigInt(offset));
    addresses.add(IMAGE + (1n << 30n) + BigInt(offset));
  }
  for (let entry = 256n; entry < 512n; entry += 5n)
    addresses.add(BigInt.asUintN(64, (entry << 39n) | (0xffffn << 48n)));
  addresses.add(0xffff_ffff_ffff_fff8n);
  return [...addresses];
}

function verdict(text: string) {
  return {
    failures: text.split('\n').filter((line) => /FAIL|is not stopped|^at 0x/.test(line)),
    ending: text.trimEnd().split('\n').at(-1),
  };
}
const ALL_HOLD = { failures: [], ending: 'security properties: all hold' };

/** Root slot 10 of the init process: base and size. */
function testMemory({ machine, model }: Guest): { base: number; size: number } {
  const state = readKernelState(machine, model);
  const root = state.slots.find(({ place }) => place.holder === 'process_root_node')?.place;
  const generic = state.slots.find(
    ({ place, capability }) =>
      root !== undefined &&
      place.holder === 'node' &&
      place.index === TEST_MEMORY_SLOT &&
      capability.type === 'GENERIC' &&
      capability.sizeBits === 23,
  )?.capability;
  if (generic?.type !== 'GENERIC') throw new Error('the guest has no memory for its tests');
  return { base: generic.base, size: 2 ** generic.sizeBits };
}

type ObjectCapability = Extract<
  ReturnType<typeof readKernelState>['slots'][number]['capability'],
  { readonly object: number }
>;

/** ABI section 7; of a node what its slots take, not what is left of the power of two. */
function objectSize(capability: ObjectCapability): number {
  switch (capability.type) {
    case 'NODE':
      return 64 + 64 * 2 ** capability.radix;
    case 'ADDRESS_SPACE':
    case 'PAGE_TABLE':
      return PAGE;
    case 'PROCESS_CONTROL_BLOCK':
      return 2048;
    case 'IPC_PORT':
      return 32;
    case 'NOTIFICATION_PORT':
      return 64;
  }
}

function isKernelAddress(value: bigint): boolean {
  return (
    (value >= DIRECT_MAP && value < DIRECT_MAP_END) ||
    (value >= IMAGE && value < IMAGE_END) ||
    (value >= DEVICES && value < DEVICES_END)
  );
}

/** Words that look like addresses of the kernel and were not there before. */
function kernelAddressesIn(bytes: Uint8Array, before: Uint8Array): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: bigint[] = [];
  for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
    // Two cheap bytes first.
    if (view.getUint8(offset + 7) !== 0xff || view.getUint8(offset + 6) !== 0xff) continue;
    const value = view.getBigUint64(offset, true);
    const isOld = bytes.subarray(offset, offset + 8).every((byte, index) => before[offset + index] === byte);
    if (isKernelAddress(value) && !isOld) found.push(value);
  }
  return found;
}

const hexadecimal = (values: Iterable<bigint>) =>
  [...values].map((value) => `0x${value.toString(16)}`).sort();

/** Looks for kernel addresses in registers and memory of processes; but for `own`, which the guest's code has made itself. */
function searchOf({ machine, model }: Guest, own: ReadonlySet<bigint>) {
  const before = machine.readPhysical(0, MEMORY);
  const found = new Set<bigint>();
  const seen = { exits: 0, frames: 0 };
  const note = (value: bigint) => {
    if (isKernelAddress(value) && !own.has(value)) found.add(value);
  };
  return {
    found,
    seen,
    /** At a kernel exit. */
    lookAtRegisters() {
      const current = model.currentProcess();
      if (current === undefined) return;
      seen.exits++;
      // RIP and RSP are still where IRET or SYSRET takes them from.
      const saved = model.process(current)?.savedRegisters;
      for (const name of ['rsp', 'rip']) note(saved?.get(name) ?? 0n);
      for (const name of [...GENERAL_REGISTERS, 'fs_base', 'gs_base'])
        if (name !== 'rsp') note(machine.readRegister(name));
      for (let index = 0; index < 16; index++) {
        const value = machine.readRegister(`xmm${index}`);
        note(BigInt.asUintN(64, value));
        note(value >> 64n);
      }
    },
    /** All frames, mapped or not. */
    lookAtMemory() {
      for (const { capability } of readKernelState(machine, model).slots) {
        if (capability.type !== 'FRAME' || capability.isDevice) continue;
        const { base, sizeBits } = capability;
        seen.frames++;
        kernelAddressesIn(machine.readPhysical(base, 2 ** sizeBits), before.subarray(base)).forEach(note);
      }
    },
  };
}

describe('the guest on a machine that is against it', () => {
  let guest: Guest;
  let search: ReturnType<typeof searchOf>;
  let poisonings = 0;
  const inspected = new Map<string, number>();
  const remains: string[] = [];

  /** All objects in the tests' memory. */
  function inspect() {
    const { base, size } = testMemory(guest);
    for (const { capability } of readKernelState(guest.machine, guest.model).slots) {
      if (!('object' in capability) || capability.object < base || capability.object >= base + size) continue;
      const bytes = guest.machine.readPhysical(capability.object, objectSize(capability));
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      inspected.set(capability.type, (inspected.get(capability.type) ?? 0) + 1);
      for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
        if (view.getBigUint64(offset, true) === PATTERN) {
          remains.push(`${capability.type} at 0x${capability.object.toString(16)} + ${offset}`);
          break;
        }
      }
    }
  }

  function poison() {
    const { base, size } = testMemory(guest);
    const bytes = new Uint8Array(new BigUint64Array(size / 8).fill(PATTERN).buffer);
    guest.machine.writePhysical(base, bytes);
    poisonings++;
  }

  beforeAll(() => {
    const tried = interestingAddresses();
    guest = bootGuest(programProbing(tried));
    search = searchOf(guest, new Set(tried));
    const { machine, kernel } = guest;
    machine.setWatches([{ kind: 'port', first: MOMENT_PORT, access: 'write' }]);
    const onWatch = ([hit]: readonly WatchHit[]) => {
      if (hit.kind === 'port' && hit.value === 1) poison();
      if (hit.kind === 'port' && hit.value === 2) inspect();
    };
    visitExits(machine, kernel, { stride: STRIDE, maxInstructions: LIMIT, onWatch }, search.lookAtRegisters);
    search.lookAtMemory();
  }, TIMEOUT);

  test('every check of the guest holds', () => {
    expect(verdict(guest.text())).toEqual(ALL_HOLD);
  });

  test('objects made of memory full of a pattern have nothing of it', () => {
    expect(poisonings).toBeGreaterThan(5);
    expect([...inspected.keys()].sort()).toEqual([
      'ADDRESS_SPACE',
      'IPC_PORT',
      'NODE',
      'NOTIFICATION_PORT',
      'PAGE_TABLE',
      'PROCESS_CONTROL_BLOCK',
    ]);
    for (const count of inspected.values()) expect(count).toBeGreaterThan(50);
    expect(remains).toEqual([]);
  });

  test('messages, faults and random calls tell nothing of where the kernel is', () => {
    expect(search.seen.exits).toBeGreaterThan(1000);
    expect(search.seen.frames).toBeGreaterThan(20);
    expect(hexadecimal(search.found)).toEqual([]);
  });
});

test(
  'the conformance run, every operation and error, tells nothing of where the kernel is',
  () => {
    const guest = bootGuest(readFileSync(findConformance().init));
    // Kernel addresses in the program itself: what it tries to unmap and to read.
    const search = searchOf(guest, new Set([DIRECT_MAP, IMAGE + 0x10_0000n]));
    visitExits(
      guest.machine,
      guest.kernel,
      { stride: STRIDE, maxInstructions: LIMIT },
      search.lookAtRegisters,
    );
    search.lookAtMemory();
    expect(guest.text()).toContain('conformance: all passed');
    expect(search.seen.exits).toBeGreaterThan(500);
    expect(search.seen.frames).toBeGreaterThan(20);
    expect(hexadecimal(search.found)).toEqual([]);
  },
  TIMEOUT,
);
