/**
 * What all x87 instructions share: availability, the register stack, exceptions, and the record of the last instruction
 * (SDM volume 1, chapter 8).
 */
import type { Cpu } from '../cpu.ts';
import { DEVICE_NOT_AVAILABLE, FPU_FAULT, raise } from '../fault.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress } from '../memory-access.ts';
import {
  CR0,
  CR0_EM,
  CR0_TS,
  FPU_DATA,
  FPU_INSTRUCTION,
  FPU_OCCUPIED,
  FPU_OPCODE,
  FPU_OPERAND,
  FPU_REGISTERS,
  FPU_RESULT,
  FPU_STATUS,
  HIGH,
} from '../state.ts';
import { setIndefinite } from './extended.ts';
import { accept, PENDING, STACK_OVERFLOW, STACK_UNDERFLOW, TOP } from './status.ts';

const TOP_SHIFT = 11;

/** Raises #NM unless the system software has enabled the FPU. */
export function requireX87(cpu: Cpu): void {
  if ((cpu.i32[CR0] & (CR0_EM | CR0_TS)) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
}

/** Raises #NM, or #MF if an exception is pending: what waiting x87 instructions and MMX instructions begin with. */
export function waitX87(cpu: Cpu): void {
  requireX87(cpu);
  waitPending(cpu);
}

export function waitPending(cpu: Cpu): void {
  if ((cpu.i32[FPU_STATUS] & PENDING) !== 0) raise(cpu, FPU_FAULT);
}

// The stack.

export const top = (s: Int32Array): number => (s[FPU_STATUS] >> TOP_SHIFT) & 7;

/** Word index of ST(n). */
export const st = (s: Int32Array, n: number): number =>
  FPU_REGISTERS + 4 * (((s[FPU_STATUS] >> TOP_SHIFT) + n) & 7);

export const isEmpty = (s: Int32Array, n: number): boolean =>
  (s[FPU_OCCUPIED] & (1 << ((top(s) + n) & 7))) === 0;

export function occupy(s: Int32Array, n: number): void {
  s[FPU_OCCUPIED] |= 1 << ((top(s) + n) & 7);
}

export function free(s: Int32Array, n: number): void {
  s[FPU_OCCUPIED] &= ~(1 << ((top(s) + n) & 7));
}

/** Adds to TOP; nothing else. */
export function turn(s: Int32Array, by: number): void {
  s[FPU_STATUS] = (s[FPU_STATUS] & ~TOP) | ((s[FPU_STATUS] + (by << TOP_SHIFT)) & TOP);
}

export function pop(s: Int32Array): void {
  free(s, 0);
  turn(s, 1);
}

export function copy(s: Int32Array, from: number, to: number): void {
  s[to] = s[from];
  s[to + 1] = s[from + 1];
  s[to + 2] = s[from + 2];
}

/** Pushes FPU_RESULT, with what came of making it. */
export function push(s: Int32Array, outcome: number): void {
  if (!isEmpty(s, 7)) {
    if (!accept(s, STACK_OVERFLOW)) return;
    turn(s, -1);
    setIndefinite(s, st(s, 0));
  } else {
    if (!accept(s, outcome)) return;
    turn(s, -1);
    copy(s, FPU_RESULT, st(s, 0));
  }
  occupy(s, 0);
}

/**
 * Makes ST(n) the result in FPU_RESULT, or the indefinite after a stack underflow. Returns false if an unmasked exception
 * keeps it from that.
 */
export function settle(s: Int32Array, outcome: number, n: number): boolean {
  if (!accept(s, outcome)) return false;
  if (outcome === STACK_UNDERFLOW) setIndefinite(s, st(s, n));
  else copy(s, FPU_RESULT, st(s, n));
  occupy(s, n);
  return true;
}

/** Replaces ST(0) by FPU_OPERAND and pushes FPU_RESULT, or the indefinite twice after a fault of the stack. */
export function settleTwo(s: Int32Array, outcome: number): void {
  if (!accept(s, outcome)) return;
  if (outcome === STACK_UNDERFLOW || outcome === STACK_OVERFLOW) {
    setIndefinite(s, FPU_OPERAND);
    setIndefinite(s, FPU_RESULT);
  }
  copy(s, FPU_OPERAND, st(s, 0));
  occupy(s, 0);
  turn(s, -1);
  copy(s, FPU_RESULT, st(s, 0));
  occupy(s, 0);
}

// Instructions.

/**
 * A waiting instruction that leaves its address behind; if it ends with an unmasked exception, also its opcode and the
 * address of its memory operand, as CPUs do that have "FDP_EXCPTN_ONLY".
 */
export const computing =
  (operation: Handler): Handler =>
  (cpu, i) => {
    waitX87(cpu);
    operation(cpu, i);
    remember(cpu, i);
  };

function remember(cpu: Cpu, i: Instruction): void {
  const s = cpu.i32;
  s[FPU_INSTRUCTION] = i.ripLow;
  s[FPU_INSTRUCTION + 1] = i.ripHigh;
  if ((s[FPU_STATUS] & PENDING) === 0) return;
  s[FPU_OPCODE] = ((i.opcode & 7) << 8) | i.modrm;
  if (!i.isMemory) return;
  // The address within its segment.
  const low = effectiveAddress(cpu, i);
  const base = s[i.segmentBase];
  s[FPU_DATA] = low - base;
  const isLong = i.stackSize === 8;
  s[FPU_DATA + 1] = isLong ? s[HIGH] - s[i.segmentBase + 1] - (low >>> 0 < base >>> 0 ? 1 : 0) : 0;
}
