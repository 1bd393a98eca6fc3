/**
 * The Machine API: all that anybody outside `emulator/` may use of the machine. Addresses and registers are
 * `bigint` here because a debugger needs all 64 bits and is not a hot path; physical addresses and counts fit
 * a `number`. Virtual time is the count of retired instructions.
 */

/** Nanoseconds of virtual time per retired instruction: the guest sees a 100 MHz CPU with one instruction a cycle. */
export const NANOSECONDS_PER_INSTRUCTION = 10;

import type { CpuModel } from './cpu/features.ts';

export { CPU_MODELS, type CpuModel, DEFAULT_CPU_MODEL } from './cpu/features.ts';

export const DEFAULT_START_TIME = Date.UTC(2026, 0, 1) / 1000;

export interface MachineOptions {
  /** RAM in bytes, a multiple of 2 MiB, at most 3 GiB. */
  readonly memoryBytes: number;
  /** What the real-time clock says when the machine starts, in seconds since 1970-01-01 00:00 UTC. Default:
   * 2026-01-01, so that two runs are equal. */
  readonly startTime?: number | undefined;
  /** Which instructions there are and what CPUID says. Default: x86-64-v3. */
  readonly cpu?: CpuModel;
  /** Stop the machine on an unknown opcode, before the guest sees #UD. Default: deliver #UD. */
  readonly stopOnUnknownOpcode?: boolean;
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
  | { readonly kind: 'unknown-opcode'; readonly address: bigint; readonly bytes: Uint8Array };

/** How a guest ends a run on purpose. */
export type GuestEnding = Extract<StopReason, { kind: 'exit' | 'power-off' | 'reset' }>;

/** Registers by their manual names in lower case: rax…r15, rip, rflags, cs, ss, fs_base, gs_base,
 * kernel_gs_base, cr0, cr2, cr3, cr4, efer, xmm0…xmm15 (128 bits), ymm0…ymm15 (256 bits), mxcsr; for a boot loader also ds, es, gdtr_base,
 * gdtr_limit. Writing a segment register's selector makes the segment a flat 64-bit one of the selector's privilege. */
export type RegisterName = string;

/** The general registers in encoding order. */
export const GENERAL_REGISTERS: readonly RegisterName[] = [
  ...['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
];

/** One entry met on a page walk, and where it lies in physical memory. */
export interface PageTableEntry {
  /** 4 PML4, 3 PDPT, 2 PD, 1 PT. */
  readonly level: 4 | 3 | 2 | 1;
  readonly index: number;
  readonly entryAddress: number;
  readonly value: bigint;
}

export interface Translation {
  /** Entries from PML4 downwards as far as the walk went. */
  readonly walk: readonly PageTableEntry[];
  /** Undefined if the address is not mapped. */
  readonly physicalAddress: number | undefined;
  /** Bytes the mapping page covers: 4 KiB, 2 MiB or 1 GiB; 0 if not mapped. */
  readonly pageSize: number;
  readonly writable: boolean;
  readonly user: boolean;
  readonly executable: boolean;
}

/** 16550 serial port as seen from the host end of the cable. */
export interface SerialConsole {
  /** Called with each byte the guest transmits, in order. */
  onOutput: ((byte: number) => void) | undefined;
  /** Queues bytes for the guest; each enters at an instruction count when the receiver has room. */
  send(bytes: Uint8Array): void;
}

/** One external input with the instruction count at which it entered: the log that makes a run repeatable. */
export interface InputEvent {
  readonly instructionCount: number;
  readonly device: 'serial';
  readonly bytes: Uint8Array;
}

export interface Machine {
  readonly memoryBytes: number;
  /** Virtual time: instructions retired since reset, plus the time spent halted. An iteration of a `rep` string
   * instruction counts as one, and so does the delivery of an interrupt or exception. */
  readonly instructionCount: number;
  readonly serial: SerialConsole;
  readonly inputLog: readonly InputEvent[];

  /** Runs at most `maxInstructions`, which must be small enough for the caller's latency (a slice).
   * Starts by executing the current instruction even if a breakpoint is set on it. */
  run(maxInstructions: number): StopReason;
  /** Executes exactly one instruction, or delivers one pending interrupt. */
  step(): StopReason;

  readRegister(name: RegisterName): bigint;
  writeRegister(name: RegisterName, value: bigint): void;
  /** Privilege level of the running code: 0 or 3. */
  readonly privilegeLevel: number;

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

  /** Virtual addresses at which `run` stops, in any address space. The caller filters by address space. */
  setBreakpoints(addresses: Iterable<bigint>): void;

  /** Hash over registers, RAM and the devices' state: equal digests mean equal machines. Hex text. */
  digest(): string;
}
