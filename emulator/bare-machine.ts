/**
 * A machine for tests and tools that want to run code and see what it does: no firmware, no kernel, nothing in memory but
 * what is put there. The page tables are kept by this file, and exceptions are reported instead of being delivered.
 */
import { DEFAULT_CPU_MODEL, presents } from './cpu/features.ts';
import { REGISTER_NAMES } from './cpu/registers.ts';
import { createMachine } from './machine.ts';
import type { CpuModel, Machine, RegisterName, StopReason } from './machine-api.ts';

export interface BareOptions {
  /**
   * What the code is: 64-bit code at privilege level 3 (the default) or 0, or 32-bit code at privilege level 3. The
   * segments are flat, and in `user` and `user-32` their selectors are those of Linux.
   */
  readonly mode?: 'user' | 'kernel' | 'user-32';
  readonly cpu?: CpuModel;
  /** RAM, a multiple of 2 MiB, of which page tables take some. Default 16 MiB. */
  readonly memoryBytes?: number;
  /** Stop at SYSCALL, with RIP behind it. Otherwise SYSCALL raises #UD. Default true; of 64-bit user code only. */
  readonly systemCalls?: boolean;
}

export interface BareRun {
  /** Addresses before which to stop. The first instruction is executed in any case. */
  readonly until?: bigint | readonly bigint[];
  /** Instructions at most, iterations of repeated string instructions counted each. Default one million. */
  readonly limit?: number;
}

/** Why `run` returned. */
export type BareStop =
  | { readonly kind: 'address'; readonly address: bigint }
  | { readonly kind: 'limit' }
  | { readonly kind: 'halt' }
  /** An exception or INT n. RIP is at the faulting instruction; of traps, INT n and INT3 behind the instruction. */
  | {
      readonly kind: 'fault';
      readonly vector: number;
      readonly errorCode: number | undefined;
      readonly address: bigint;
      /** CR2, of #PF. */
      readonly faultAddress: bigint | undefined;
    }
  /** RAX is the number; RCX and R11 are what SYSCALL makes them. Running on returns to behind it. */
  | { readonly kind: 'syscall' }
  /** Something else: the guest used the machine's devices, or a watch of `machine` was hit. */
  | { readonly kind: 'machine'; readonly reason: StopReason };

/** Letters of what may be done with a page: `r` always, `w`, `x`. */
export type Rights = 'r' | 'rw' | 'rx' | 'rwx';

export interface BareMachine {
  /** Everything else: snapshots, watches, profile, physical memory. */
  readonly machine: Machine;
  /**
   * Maps the pages of a range, zeroed, and puts `contents` (or nothing: a number of bytes) at its beginning. Pages that are
   * mapped keep what they hold, and get the new rights. Throws RangeError if the memory does not suffice, or the
   * address is not canonical.
   */
  map(address: bigint, contents: Uint8Array | number, rights: Rights): void;
  /** Takes pages away; accesses to them fault. */
  unmap(address: bigint, bytes: number): void;
  /** Throws RangeError if not all of it is mapped. */
  read(address: bigint, bytes: number): Uint8Array;
  /** Whatever the rights. Throws RangeError if not all of it is mapped. */
  write(address: bigint, bytes: Uint8Array): void;
  get(name: RegisterName): bigint;
  set(values: Readonly<Record<RegisterName, bigint>>): void;
  /** All registers by name, x87 and vectors included. `set` makes the same state of it. */
  registers(): Record<RegisterName, bigint>;
  run(options?: BareRun): BareStop;
  /** One instruction. */
  step(): BareStop;
}

const PAGE = 4096;
const PAGE_MASK = 0xfffn;
const PRESENT = 1n;
const WRITABLE = 2n;
const USER = 4n;
const NO_EXECUTE = 1n << 63n;
const ADDRESS = 0x000f_ffff_ffff_f000n;

const GDT = 0x1000;
/** A HLT that SYSCALL leads to. */
const GATE = 0x2000;
const ROOT = 0x3000;
const FREE = 0x4000;
/** Where the supervisor sees the pages below FREE. */
const KERNEL = 0xffff_ffff_8000_0000n;

/** By selector, as Linux has them: 0x10 and 0x18 of the kernel, 0x23 32-bit code, 0x2b data, 0x33 code of the user. */
const DESCRIPTORS = [
  ...[0n, 0n, 0x00af_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn],
  ...[0x00cf_fb00_0000_ffffn, 0x00cf_f300_0000_ffffn, 0x00af_fb00_0000_ffffn],
];
const SELECTORS = {
  user: { cs: 0x33n, ss: 0x2bn, ds: 0n },
  kernel: { cs: 0x10n, ss: 0x18n, ds: 0n },
  'user-32': { cs: 0x23n, ss: 0x2bn, ds: 0x2bn },
} as const;

/** Creates one with nothing mapped, registers zero but for RFLAGS, control and segment registers. */
export function createBareMachine(options: BareOptions = {}): BareMachine {
  const { mode = 'user', cpu = DEFAULT_CPU_MODEL, memoryBytes = 2 ** 24, systemCalls = true } = options;
  const machine = createMachine({ memoryBytes, exceptions: 'stop', cpu });
  const privilege = mode === 'kernel' ? 0n : USER;
  let free = FREE;

  const read64 = (address: number): bigint =>
    new DataView(machine.readPhysical(address, 8).buffer).getBigUint64(0, true);
  const write64 = (address: number, value: bigint): void =>
    machine.writePhysical(address, new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, value)).buffer));

  function takePage(): number {
    if (free + PAGE > memoryBytes) {
      throw new RangeError(
        `The machine's ${memoryBytes / 2 ** 20} MiB of memory are all in use: give it more.`,
      );
    }
    free += PAGE;
    return free - PAGE;
  }

  /** Physical address of the entry that maps an address; missing tables are made, permitting everything. */
  function entryOf(address: bigint): number {
    if (BigInt.asUintN(64, BigInt.asIntN(48, address)) !== BigInt.asUintN(64, address)) {
      throw new RangeError(`0x${address.toString(16)} is not a canonical address.`);
    }
    let table = ROOT;
    for (let level = 4; ; level--) {
      const entry = table + Number((address >> BigInt(12 + 9 * (level - 1))) & 0x1ffn) * 8;
      if (level === 1) return entry;
      if ((read64(entry) & PRESENT) === 0n) write64(entry, BigInt(takePage()) | PRESENT | WRITABLE | USER);
      table = Number(read64(entry) & ADDRESS);
    }
  }

  function mapPage(address: bigint, physical: number, flags: bigint): void {
    write64(entryOf(address), BigInt(physical) | flags | PRESENT);
  }

  /** Calls `visit` for the address of each page of a range. */
  function eachPage(address: bigint, bytes: number, visit: (page: bigint) => void): void {
    for (let page = address & ~PAGE_MASK; page < address + BigInt(bytes); page += BigInt(PAGE)) visit(page);
  }

  const flush = (): void => machine.writeRegister('cr3', BigInt(ROOT));

  function write(address: bigint, bytes: Uint8Array): void {
    const done = machine.writeVirtual(address, bytes);
    if (done < bytes.length) throw notMapped(address + BigInt(done));
  }

  function stopOf(reason: StopReason): BareStop {
    switch (reason.kind) {
      case 'budget':
      case 'step':
        // A system call is one step.
        return isAt(GATE) || isAt(GATE + 1) ? stopOf(machine.run(2)) : { kind: 'limit' };
      case 'breakpoint':
        return { kind: 'address', address: reason.address };
      case 'exception':
        return { ...reason, kind: 'fault' };
      case 'idle':
        return { kind: 'halt' };
      case 'halted':
        if (!isAt(GATE + 1)) return { kind: 'halt' };
        leaveGate();
        return { kind: 'syscall' };
      default:
        return { kind: 'machine', reason };
    }
  }

  const isAt = (address: number): boolean => machine.readRegister('rip') === KERNEL + BigInt(address);

  /** Undoes what SYSCALL did besides RCX and R11. */
  function leaveGate(): void {
    enterMode();
    machine.writeRegister('rflags', machine.readRegister('r11'));
    machine.writeRegister('rip', machine.readRegister('rcx'));
  }

  function enterMode(): void {
    const { cs, ss, ds } = SELECTORS[mode];
    machine.writeRegister('cs', cs);
    if (mode === 'user-32') machine.writeRegister('cs_attributes', 0xc0_fb00n);
    machine.writeRegister('ss', ss);
    for (const name of ['ds', 'es', 'fs', 'gs']) machine.writeRegister(name, ds);
  }

  machine.writePhysical(GDT, new Uint8Array(BigUint64Array.from(DESCRIPTORS).buffer));
  machine.writePhysical(GATE, Uint8Array.of(0xf4));
  for (const page of [GDT, GATE]) mapPage(KERNEL + BigInt(page), page, WRITABLE);
  const setUp: Record<RegisterName, bigint> = {
    cr3: BigInt(ROOT),
    // PAE, OSFXSR, OSXMMEXCPT; FSGSBASE; OSXSAVE
    cr4: 0x620n | (presents(cpu, 'fsgsbase') ? 0x1_0000n : 0n) | (presents(cpu, 'xsave') ? 0x4_0000n : 0n),
    xcr0: presents(cpu, 'avx') ? 7n : 1n,
    efer: systemCalls && mode === 'user' ? 0xd01n : 0xd00n, // SCE, LME, LMA, NXE
    cr0: 0x8001_0033n, // PG, WP, NE, ET, MP, PE
    gdtr_base: KERNEL + BigInt(GDT),
    gdtr_limit: BigInt(DESCRIPTORS.length * 8 - 1),
    star: 0x0023_0010_0000_0000n,
    lstar: KERNEL + BigInt(GATE),
    sfmask: 0x4_7700n, // AC, NT, IOPL, DF, IF, TF
    rflags: 2n,
  };
  for (const [name, value] of Object.entries(setUp)) machine.writeRegister(name, value);
  enterMode();

  return {
    machine,
    map(address, contents, rights) {
      const flags =
        privilege | (rights.includes('w') ? WRITABLE : 0n) | (rights.includes('x') ? 0n : NO_EXECUTE);
      const bytes = typeof contents === 'number' ? contents : contents.length;
      eachPage(address, bytes, (page) => {
        const before = read64(entryOf(page));
        // An entry that was taken away keeps its page.
        const frame = Number(before & ADDRESS);
        const isFresh = (before & PRESENT) === 0n;
        const physical = frame === 0 ? takePage() : frame;
        if (isFresh && frame !== 0) machine.writePhysical(physical, new Uint8Array(PAGE));
        mapPage(page, physical, flags);
      });
      flush();
      if (typeof contents !== 'number') write(address, contents);
    },
    unmap(address, bytes) {
      eachPage(address, bytes, (page) => {
        const entry = entryOf(page);
        write64(entry, read64(entry) & ADDRESS);
      });
      flush();
    },
    read(address, bytes) {
      const read = machine.readVirtual(address, bytes);
      if (read.length < bytes) throw notMapped(address + BigInt(read.length));
      return read;
    },
    write,
    get: (name) => machine.readRegister(name),
    set(values) {
      for (const [name, value] of Object.entries(values)) machine.writeRegister(name, value);
    },
    registers: () => Object.fromEntries(REGISTER_NAMES.map((name) => [name, machine.readRegister(name)])),
    run({ until = [], limit = 1_000_000 } = {}) {
      machine.setBreakpoints(typeof until === 'bigint' ? [until] : until);
      return stopOf(machine.run(limit));
    },
    step: () => stopOf(machine.step()),
  };
}

const notMapped = (address: bigint): RangeError => new RangeError(`0x${address.toString(16)} is not mapped.`);
