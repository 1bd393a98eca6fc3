/**
 * The Machine API: all that anybody outside `emulator/` may use of the machine. Addresses and registers are
 * `bigint` here because a debugger needs all 64 bits and is not a hot path; physical addresses and counts fit
 * a `number`. Virtual time is the count of retired instructions.
 */

import type { CpuModel } from './cpu/features.ts';
import type { StartState } from './cpu/reset.ts';
import type { MachineState } from './history/snapshot.ts';

export { CPU_MODELS, type CpuModel, DEFAULT_CPU_MODEL } from './cpu/features.ts';
export type { StartState } from './cpu/reset.ts';

/** Nanoseconds of virtual time per retired instruction: the guest sees a 100 MHz CPU with one instruction a cycle. */
export const NANOSECONDS_PER_INSTRUCTION = 10;

export const DEFAULT_START_TIME = Date.UTC(2026, 0, 1) / 1000;

export interface MachineOptions {
  /** RAM in bytes, a multiple of 2 MiB, at most 3 GiB. */
  readonly memoryBytes: number;
  /** What the real-time clock says when the machine starts, in seconds since 1970-01-01 00:00 UTC. Default:
   * 2026-01-01, so that two runs are equal. */
  readonly startTime?: number | undefined;
  /** Which instructions there are and what CPUID says. Default: x86-64-v3. */
  readonly cpu?: CpuModel;
  /** Seed of the numbers that RDRAND and RDSEED yield. Default: 0. */
  readonly seed?: number | undefined;
  /** What the CPU starts as. Default: `flat`. */
  readonly start?: StartState;
  /** Stop the machine on an unknown opcode, before the guest sees #UD. Default: deliver #UD. */
  readonly stopOnUnknownOpcode?: boolean;
  /** Stop the machine at exceptions and software interrupts instead of delivering them. Default: deliver. */
  readonly exceptions?: 'deliver' | 'stop';
}

/** Why `run` or `step` returned. The machine is always between two instructions then. */
export type StopReason =
  /** The instruction budget is used up. */
  | { readonly kind: 'budget' }
  /** Stopped before the instruction at a breakpoint address. */
  | { readonly kind: 'breakpoint'; readonly address: bigint }
  /** `step` retired one instruction, or delivered one interrupt or exception. */
  | { readonly kind: 'step' }
  /**
   * The CPU executed HLT and waits. `until` is the instruction count of the next timer event, undefined if
   * only input from outside can wake it. A following `run` jumps virtual time to that event.
   */
  | { readonly kind: 'idle'; readonly until: number | undefined }
  /** HLT with interrupts disabled: nothing can wake the machine. */
  | { readonly kind: 'halted' }
  /** The guest wrote `code` to the exit device (port 0xF4). */
  | { readonly kind: 'exit'; readonly code: number }
  /** The guest switched the machine off (ACPI sleep state S5). */
  | { readonly kind: 'power-off' }
  /** The guest reset the machine: reset register (port 0xCF9), system control port A, keyboard controller or INIT. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'triple-fault'; readonly vector: number; readonly address: bigint }
  | { readonly kind: 'unknown-opcode'; readonly address: bigint; readonly bytes: Uint8Array }
  /** Something happened that `setWatches` asked for; the machine stands after the instruction, unless the hit says otherwise. */
  | { readonly kind: 'watch'; readonly hits: readonly WatchHit[] }
  /**
   * With `exceptions: 'stop'`: an exception or software interrupt, which is not delivered. The registers are as a handler
   * would find them saved: RIP is the faulting instruction (of traps and INT n, the next). #PF sets CR2.
   */
  | {
      readonly kind: 'exception';
      readonly vector: number;
      readonly errorCode: number | undefined;
      readonly address: bigint;
      /** CR2, of #PF. */
      readonly faultAddress: bigint | undefined;
    };

/** What `setWatches` can watch for. Without an index, vector or register, it is any of them. */
export type Watch =
  /**
   * Accesses to any of `length` bytes, at a virtual or a physical address: RAM or device registers. `root` is the page
   * table (CR3 without its low 12 bits) of the address space that is meant, default any. What the page walk does to
   * page tables is no access, nor what the debugger writes.
   */
  | {
      readonly kind: 'memory';
      readonly space: 'virtual' | 'physical';
      readonly address: bigint;
      readonly length: number;
      readonly access: 'read' | 'write' | 'read-write' | 'execute';
      readonly root?: number | undefined;
    }
  /** I/O ports from `first` to `last` (default `first`). */
  | {
      readonly kind: 'port';
      readonly first: number;
      readonly last?: number | undefined;
      readonly access: 'read' | 'write' | 'read-write';
    }
  /** RDMSR and WRMSR. */
  | {
      readonly kind: 'msr';
      readonly index?: number | undefined;
      readonly access: 'read' | 'write' | 'read-write';
    }
  | { readonly kind: 'control-register'; readonly register?: ControlRegister | undefined }
  /** A write of CR3 that changes it. */
  | { readonly kind: 'address-space' }
  | { readonly kind: 'exception'; readonly vector?: number | undefined }
  /** External interrupts, NMI, INT n and INT3. */
  | { readonly kind: 'interrupt'; readonly vector?: number | undefined }
  /** SYSCALL, SYSENTER; SYSRET, SYSEXIT. */
  | { readonly kind: 'syscall' }
  | { readonly kind: 'sysret' };

export type ControlRegister = 'cr0' | 'cr2' | 'cr3' | 'cr4' | 'cr8';

/** `watch` is the index of what was hit in the list given to `setWatches`, `instruction` the address of the instruction
 * that did it (of an external interrupt: before which it came). */
export type WatchHit = { readonly watch: number; readonly instruction: bigint } & (
  | {
      readonly kind: 'memory';
      readonly access: 'read' | 'write';
      /** Linear address, size (1 to 8; wider accesses are several) and value before and after. */
      readonly address: bigint;
      readonly physicalAddress: number;
      readonly size: number;
      readonly before: bigint;
      readonly after: bigint;
    }
  /** The instruction has not been executed yet. */
  | { readonly kind: 'execute'; readonly address: bigint; readonly physicalAddress: number }
  | {
      readonly kind: 'port';
      readonly access: 'read' | 'write';
      readonly port: number;
      readonly size: number;
      readonly value: number;
    }
  | {
      readonly kind: 'msr';
      readonly access: 'read' | 'write';
      readonly index: number;
      readonly before: bigint;
      readonly after: bigint;
    }
  | {
      readonly kind: 'control-register';
      readonly register: ControlRegister;
      readonly before: bigint;
      readonly after: bigint;
    }
  | { readonly kind: 'address-space'; readonly before: bigint; readonly after: bigint }
  /**
   * A fault is reported before it is delivered, with the machine at the instruction, which the next run tries again and then
   * lets fault; the attempt may have set accessed bits and, for #PF, CR2. Exceptions that are traps or come of a delivery
   * (#DB, #DF) are reported when they have been delivered.
   */
  | {
      readonly kind: 'exception';
      readonly vector: number;
      readonly errorCode: number | undefined;
      /** CR2, of #PF. */
      readonly faultAddress: bigint | undefined;
      readonly delivered: boolean;
    }
  /** The machine is at the handler's first instruction. */
  | { readonly kind: 'interrupt'; readonly vector: number; readonly software: boolean }
  | { readonly kind: 'syscall'; readonly by: 'syscall' | 'sysenter' }
  | { readonly kind: 'sysret'; readonly by: 'sysret' | 'sysexit' }
);

/** How a guest ends a run on purpose. */
export type GuestEnding = Extract<StopReason, { kind: 'exit' | 'power-off' | 'reset' }>;

/** Registers by their manual names in lower case: rax…r15, rip, rflags, cs, ss, fs_base, gs_base,
 * kernel_gs_base, cr0, cr2, cr3, cr4, xcr0, efer, xmm0…xmm15 (128 bits), ymm0…ymm15 (256 bits), mxcsr; st0…st7 (80
 * bits; writing one makes it not empty), mm0…mm7, fcw, fsw, ftw (abridged, as FXSAVE has it), fop, fip, fdp, and GDB's fctrl, fstat, ftag (in full), fioff, fooff; for a boot loader also ds, es, gdtr_base,
 * gdtr_limit. Writing a segment register's selector makes the segment a flat 64-bit one of the selector's privilege (in real mode,
 * what the selector means there); then its
 * cs_base, cs_limit (the last offset) and cs_attributes (the descriptor's upper word) can be written, and likewise those of
 * the others. RIP is an offset in CS. */
export type RegisterName = string;

/** The general registers in encoding order. */
export const GENERAL_REGISTERS: readonly RegisterName[] = [
  ...['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
];

/** One entry met on a page walk, and where it lies in physical memory. */
export interface PageTableEntry {
  /** 4 PML4, 3 PDPT, 2 PD, 1 PT; PAE paging begins at 3, 32-bit paging, whose entries have 4 bytes, at 2. */
  readonly level: 4 | 3 | 2 | 1;
  readonly index: number;
  readonly entryAddress: number;
  readonly value: bigint;
}

export interface Translation {
  /** Entries from the root downwards as far as the walk went. */
  readonly walk: readonly PageTableEntry[];
  /** Undefined if the address is not mapped. */
  readonly physicalAddress: number | undefined;
  /** Bytes the mapping page covers: 4 KiB, 2 MiB, 4 MiB or 1 GiB; 0 if not mapped. */
  readonly pageSize: number;
  readonly writable: boolean;
  readonly user: boolean;
  readonly executable: boolean;
}

/** 16550 serial port as seen from the host end of the cable. */
export interface SerialConsole {
  /** Called with each byte the guest transmits, in order. */
  onOutput: ((byte: number) => void) | undefined;
  /** Sends bytes to the guest: an input. The port takes them from a queue, at the line's speed, while it has room. */
  send(bytes: Uint8Array): void;
}

/** What can reach the machine from outside, as data. */
export type Input =
  /** Bytes for the serial port, which queues them. */
  | { readonly kind: 'serial'; readonly bytes: Uint8Array }
  /** `writeRegister` and `writePhysical`. */
  | { readonly kind: 'register'; readonly name: RegisterName; readonly value: bigint }
  | { readonly kind: 'memory'; readonly address: number; readonly bytes: Uint8Array };

/** A moment of a machine, for `restoreSnapshot` of this or another machine of the same kind. Immutable; keeps the machine it
 * was taken of in memory, for what has not been written since. */
export interface Snapshot {
  readonly memoryBytes: number;
  readonly cpu: CpuModel;
  readonly instructionCount: number;
  /** Nobody's business outside of `emulator/`. */
  readonly state: MachineState;
}

/** A run that can be repeated anywhere: where it began, what entered then, and up to where it is known. */
export interface Recording {
  readonly start: Snapshot;
  readonly inputs: readonly InputEvent[];
  readonly end: number;
  /** Of the machine at `end`, if it is known. */
  readonly digest: string | undefined;
}

/** How often each instruction was executed, in each address space. */
export interface Profile {
  readonly spaces: readonly AddressSpaceProfile[];
  /** Virtual time that was spent halted. */
  readonly idle: number;
}

export interface AddressSpaceProfile {
  /** Page table, as `Watch.root`; undefined for all address spaces beyond the first thousand. */
  readonly root: number | undefined;
  /** Linear addresses of executed instructions in ascending order, and how often; iterations of repeated string instructions
   * count each. `foldProfile` adds them up by symbols. */
  readonly addresses: BigUint64Array;
  readonly counts: Float64Array;
  /** Deliveries of exceptions and interrupts, which count as an instruction each. */
  readonly deliveries: number;
  /** Instructions at addresses beyond the first two millions. */
  readonly elsewhere: number;
}

export interface HistoryOptions {
  /** Memory for snapshots, default 512 MiB. With less they are farther apart, and going back takes longer. */
  readonly memoryBytes?: number;
  /** Executed instructions between snapshots while the past is near, default 10 million. */
  readonly spacing?: number;
}

/** The past that `seek` can go to, from `begin` to `end`, as instruction counts. */
export interface History {
  readonly begin: number;
  readonly end: number;
  /** Where the snapshots are; going there takes no time. Whoever looks for the last moment of something searches the
   * intervals between them, backwards. */
  readonly snapshots: readonly number[];
  /** Memory that the snapshots take. */
  readonly bytes: number;
}

/** An input and the instruction count at which it entered: the log that makes a run repeatable. */
export interface InputEvent {
  readonly instructionCount: number;
  readonly input: Input;
}

export interface Machine {
  readonly memoryBytes: number;
  /** Virtual time: instructions retired since reset, plus the time spent halted. An iteration of a `rep` string
   * instruction counts as one, and so does the delivery of an interrupt or exception. */
  readonly instructionCount: number;
  readonly serial: SerialConsole;
  /** The serial input that has entered, in order, and with a history the debugger's writes. */
  readonly inputLog: readonly InputEvent[];
  /** Lets an input enter when virtual time reaches a count, before the next instruction; a halted machine's time
   * jumps there. Throws RangeError for a count in the past. */
  scheduleInput(instructionCount: number, input: Input): void;

  /** Runs at most `maxInstructions`, which must be small enough for the caller's latency (a slice).
   * Starts by executing the current instruction even if a breakpoint is set on it. */
  run(maxInstructions: number): StopReason;
  /** Runs to an instruction count exactly ('budget'), or until something happens before. Idle time passes by itself, so
   * 'idle' means that only input can go on; if the count falls into idle time, the machine stands there, halted. */
  runTo(instructionCount: number): StopReason;
  /** Executes exactly one instruction, or delivers one pending interrupt. */
  step(): StopReason;

  readRegister(name: RegisterName): bigint;
  writeRegister(name: RegisterName, value: bigint): void;
  /** Privilege level of the running code: 0 or 3. */
  readonly privilegeLevel: number;
  /** Default operand size of the running code: 64 in 64-bit mode, else what its segment says. */
  readonly codeBits: 16 | 32 | 64;
  /** Linear address of the next instruction: RIP in 64-bit mode, else RIP in CS. */
  readonly codeAddress: bigint;

  /** Copies RAM; bytes outside of RAM are left out, so the result may be shorter than asked for. */
  readPhysical(address: number, length: number): Uint8Array;
  /** Writes RAM and drops decoded code there. Throws RangeError outside of RAM. */
  writePhysical(address: number, bytes: Uint8Array): void;
  /** Walks the page tables at `root` (physical address, default CR3) without side effects. */
  translate(address: bigint, root?: number): Translation;
  /** Reads through the page tables at `root`, stopping before the first unmapped byte. No accessed bits are set. */
  readVirtual(address: bigint, length: number, root?: number): Uint8Array;
  /** Writes through the page tables, read-only pages included. Returns the number of bytes written. */
  writeVirtual(address: bigint, bytes: Uint8Array, root?: number): number;

  /** Linear addresses at which `run` stops, in any address space. The caller filters by address space. */
  setBreakpoints(addresses: Iterable<bigint>): void;
  /**
   * What `run` and `step` (but for execution) stop at besides, all of it: the list replaces the one before. A hit ends the run
   * with stop reason 'watch'. What is not watched costs nothing; of a page with watched bytes, every access of the watched kind is slow.
   * Throws RangeError for a range that is none.
   */
  setWatches(watches: readonly Watch[]): void;

  /** Begins to count instructions, from zero. Counted is what `run` and `step` execute, not what `seek` repeats. */
  startProfile(): void;
  /** Ends counting and returns the counts. Throws RangeError if nothing was counted. */
  stopProfile(): Profile;

  /** The whole machine as it is now. What has changed since the last snapshot takes memory once it
   * changes again. */
  takeSnapshot(): Snapshot;
  /** Makes the machine what it was at a snapshot. The history, if one is kept, begins anew. Throws RangeError, and
   * leaves the machine as it is, if the snapshot is of another memory size or CPU model. */
  restoreSnapshot(snapshot: Snapshot): void;

  /** Keeps a history from now on, so that `seek` can go back. From now on what the debugger writes is an input too. */
  keepHistory(options?: HistoryOptions): void;
  /** Undefined if none is kept. */
  readonly history: History | undefined;
  /**
   * Goes to a moment of the history: the machine is then as it was at that instruction count, and running on repeats what
   * happened, inputs included. An input or a write to the machine there begins another future, and the one that was is forgotten.
   * Nothing stops on the way, and the serial port's listener is not called. With `limit` at most so many instructions
   * are repeated at once: false means that the same call must be made again. Throws RangeError outside of the history.
   */
  seek(instructionCount: number, limit?: number): boolean;

  /** The history as a recording. Throws RangeError if none is kept. */
  recording(): Recording;
  /** Makes the machine that of a recording: it stands at the beginning, and `seek` goes to any moment up to the end. Throws as
   * `restoreSnapshot` does. */
  replay(recording: Recording, options?: HistoryOptions): void;

  /** Hash over registers, RAM and the devices' state: equal digests mean equal machines. Hex text. */
  digest(): string;
}
