/**
 * A bare guest for tests: long mode, page tables that a test fills, a GDT, a TSS, and an IDT whose every handler is a
 * single HLT at an address of its own. So an exception shows as a halted machine whose RIP names the vector.
 */
import { createMachine } from '../../../emulator/machine.ts';
import type { Machine, MachineOptions, StopReason } from '../../../emulator/machine-api.ts';

export const PRESENT = 1;
export const WRITABLE = 2;
export const USER = 4;
export const ACCESSED = 0x20;
export const DIRTY = 0x40;
export const LARGE = 0x80;
export const GLOBAL = 0x100;
export const NO_EXECUTE = 1n << 63n;

export const KERNEL_CODE = 0x08;
export const KERNEL_DATA = 0x10;
export const USER_DATA = 0x23;
export const USER_CODE = 0x2b;

/** Code starts here, one page, mapped at the same virtual address. */
export const CODE = 0x10_0000;
/** A page for data, mapped at the same virtual address. */
export const DATA = 0x10_2000;
/** Initial RSP: the top of a mapped page. */
export const STACK_TOP = 0x10_5000;
/** RSP0 and IST1 of the TSS. */
export const RSP0 = 0x10_8000;
export const IST1 = 0x10_a000;

const PML4 = 0x1000;
const GDT = 0x2000;
const IDT = 0x3000;
const TSS = 0x4000;
const HANDLERS = 0x5000;
const TABLES = 0x2_0000;

export interface Guest {
  readonly machine: Machine;
  /** Enters a 4 KiB mapping (or with `size` a larger one); missing tables are made, permitting everything. */
  map(virtual: bigint, physical: number, flags: number | bigint, size?: 4096 | 0x20_0000 | 0x4000_0000): void;
  /** Physical address of the entry that maps an address. */
  entry(virtual: bigint): number;
  gate(
    vector: number,
    options: { ist?: number; dpl?: number; trap?: boolean; present?: boolean; target?: bigint },
  ): void;
  /** Puts code at CODE (or elsewhere) and sets RIP to it. */
  code(bytes: readonly number[], address?: number): void;
  /** Runs until the guest halts; the vector whose handler it halted in, or undefined if it is no handler. */
  run(limit?: number): { stop: StopReason; vector: number | undefined };
  read64(address: number): bigint;
  write64(address: number, value: bigint): void;
  /** Stack words from RSP upwards. */
  stack(words: number): bigint[];
  /** Goes to ring 3 at CODE, with RSP at STACK_TOP. */
  user(): void;
}

export function createGuest(options: Partial<MachineOptions> = {}): Guest {
  const machine = createMachine({ memoryBytes: 8 * 2 ** 20, ...options });
  let nextTable = TABLES;
  const read64 = (address: number): bigint =>
    new DataView(machine.readPhysical(address, 8).buffer).getBigUint64(0, true);
  const write64 = (address: number, value: bigint): void =>
    machine.writePhysical(address, new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer));

  const slot = (virtual: bigint, level: number): number => {
    let table = PML4;
    for (let at = 4; ; at--) {
      const address = table + Number((virtual >> BigInt(12 + 9 * (at - 1))) & 0x1ffn) * 8;
      if (at === level) return address;
      if ((read64(address) & 1n) === 0n) {
        write64(address, BigInt(nextTable | PRESENT | WRITABLE | USER));
        nextTable += 0x1000;
      }
      table = Number(read64(address) & 0xf_ffff_f000n);
    }
  };

  const guest: Guest = {
    machine,
    read64,
    write64,
    map(virtual, physical, flags, size = 4096) {
      const level = size === 4096 ? 1 : size === 0x20_0000 ? 2 : 3;
      write64(slot(virtual, level), BigInt(physical) | BigInt(flags) | (level > 1 ? BigInt(LARGE) : 0n));
    },
    entry(virtual) {
      const { walk } = machine.translate(virtual);
      return walk[walk.length - 1].entryAddress;
    },
    gate(
      vector,
      { ist = 0, dpl = 0, trap = false, present = true, target = BigInt(HANDLERS + vector * 16) },
    ) {
      const type = (trap ? 0xf : 0xe) | (dpl << 5) | (present ? 0x80 : 0);
      const low =
        (target & 0xffffn) |
        (BigInt(KERNEL_CODE) << 16n) |
        (BigInt(ist) << 32n) |
        (BigInt(type) << 40n) |
        (((target >> 16n) & 0xffffn) << 48n);
      write64(IDT + vector * 16, low);
      write64(IDT + vector * 16 + 8, BigInt.asUintN(32, target >> 32n));
    },
    code(bytes, address = CODE) {
      machine.writePhysical(address, Uint8Array.from(bytes));
      machine.writeRegister('rip', BigInt(address));
    },
    run(limit = 10_000) {
      const stop = machine.run(limit);
      const at = Number(machine.readRegister('rip')) - 1 - HANDLERS;
      const vector = stop.kind === 'halted' && at >= 0 && at < 4096 && at % 16 === 0 ? at / 16 : undefined;
      return { stop, vector };
    },
    stack(words) {
      const bytes = machine.readVirtual(machine.readRegister('rsp'), words * 8);
      return Array.from(new BigUint64Array(bytes.slice().buffer));
    },
    user() {
      machine.writeRegister('cs', BigInt(USER_CODE));
      machine.writeRegister('ss', BigInt(USER_DATA));
    },
  };

  // The first 64 KiB (tables, handlers) for the supervisor; code, data and stacks for everybody.
  for (let page = 0; page < 0x1_0000; page += 0x1000) guest.map(BigInt(page), page, PRESENT | WRITABLE);
  for (let page = 0; page < 0x4_0000; page += 0x1000) {
    guest.map(BigInt(TABLES + page), TABLES + page, PRESENT | WRITABLE);
  }
  for (const page of [CODE, CODE + 0x1000, DATA, STACK_TOP - 0x1000, RSP0 - 0x1000, IST1 - 0x1000]) {
    guest.map(BigInt(page), page, PRESENT | WRITABLE | USER);
  }

  // GDT: null, kernel code and data, (unused), user data, user code, TSS of two entries.
  const descriptors = [
    0n,
    0x00af_9b00_0000_ffffn,
    0x00cf_9300_0000_ffffn,
    0n,
    0x00cf_f300_0000_ffffn,
    0x00af_fb00_0000_ffffn,
    0x0000_8900_0000_0067n | (BigInt(TSS) << 16n),
    0n,
  ];
  descriptors.forEach((value, n) => {
    write64(GDT + n * 8, value);
  });
  write64(TSS + 4, BigInt(RSP0));
  write64(TSS + 0x24, BigInt(IST1));
  // No I/O permission bitmap: it would begin behind the segment's limit.
  write64(TSS + 0x60, 0x68n << 48n);
  for (let vector = 0; vector < 256; vector++) {
    guest.gate(vector, {});
    machine.writePhysical(HANDLERS + vector * 16, Uint8Array.of(0xf4));
  }

  for (const [name, value] of [
    ['cr3', PML4],
    ['cr4', 0x6a0],
    ['efer', 0xd01],
    ['cr0', 0x8001_0033],
    ['gdtr_base', GDT],
    ['gdtr_limit', 63],
    ['idtr_base', IDT],
    ['idtr_limit', 4095],
    ['cs', KERNEL_CODE],
    ['ss', KERNEL_DATA],
    ['rsp', STACK_TOP],
    ['rflags', 2],
  ] as const) {
    machine.writeRegister(name, BigInt(value));
  }
  // ltr needs executing: mov ax, 0x30; ltr ax
  guest.code([0x66, 0xb8, 0x30, 0x00, 0x0f, 0x00, 0xd8, 0xf4]);
  guest.run();
  machine.writeRegister('rax', 0n);
  return guest;
}
