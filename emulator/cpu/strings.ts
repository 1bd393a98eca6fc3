/**
 * MOVS, STOS, LODS, CMPS, SCAS and their repetition. Every iteration counts as one instruction and is a point where
 * faults and interrupts leave the registers consistent; RIP stays at the instruction until the last is done.
 */
import { RAM } from '../memory-layout.ts';
import { TLB_MASK } from '../mmu/tlb.ts';
import { sub32, sub64 } from './alu.ts';
import type { Cpu } from './cpu.ts';
import { ARITHMETIC_FLAGS, arithmeticFlags, DF, setArithmeticFlags, zero } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { elementAddress } from './memory-access.ts';
import type { Opcode } from './opcode.ts';
import { load, readRegister, store, writeRegister } from './operands.ts';
import {
  BLOCK_INDEX,
  DEADLINE,
  ES,
  FLAGS,
  HIGH,
  LEAVE_BLOCK,
  RAX,
  RCX,
  RDI,
  REPEAT_FLAGS,
  RETIRED,
  RIP,
  RSI,
  SEGMENT_BASE,
  segment,
  ZERO,
} from './state.ts';

/** Moves RSI or RDI by a number of bytes. */
export function advance(s: Int32Array, register: number, bytes: number, addressSize: number): void {
  const low = (s[register] + bytes) | 0;
  if (addressSize === 8) s[register + 1] += (bytes >> 31) + (low >>> 0 < s[register] >>> 0 ? 1 : 0);
  else if (addressSize === 4) s[register + 1] = 0;
  s[register] = addressSize === 2 ? (s[register] & ~0xffff) | (low & 0xffff) : low;
}

export const stride = (s: Int32Array, i: Instruction): number =>
  (s[FLAGS] & DF) !== 0 ? -i.operandSize : i.operandSize;

/** Loads the element at [RSI], segment base included. */
export function loadSource(cpu: Cpu, i: Instruction): number {
  const low = elementAddress(cpu.i32, i, RSI, i.segmentBase);
  return load(cpu, low, cpu.i32[HIGH], i.operandSize);
}
const ES_BASE = segment(ES) + SEGMENT_BASE;
/** Linear address of the element at ES:[RDI], whatever the segment prefix: low half, high half in HIGH. */
export const destination = (s: Int32Array, i: Instruction): number =>
  elementAddress(s, i, RDI, i.stackSize === 8 ? ZERO : ES_BASE);

const movs: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = loadSource(cpu, i);
  const high = s[HIGH];
  const to = destination(s, i);
  store(cpu, to, s[HIGH], i.operandSize, low, high);
  const by = stride(s, i);
  advance(s, RSI, by, i.addressSize);
  advance(s, RDI, by, i.addressSize);
};
const stos: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRegister(cpu, i.rm, i.operandSize);
  const high = s[HIGH];
  const to = destination(s, i);
  store(cpu, to, s[HIGH], i.operandSize, low, high);
  advance(s, RDI, stride(s, i), i.addressSize);
};
const lods: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = loadSource(cpu, i);
  writeRegister(cpu, i.rm, i.operandSize, low, s[HIGH]);
  advance(s, RSI, stride(s, i), i.addressSize);
};
function compare(
  s: Int32Array,
  size: number,
  aLow: number,
  aHigh: number,
  bLow: number,
  bHigh: number,
): void {
  if (size === 8) sub64(s, aLow, aHigh, bLow, bHigh);
  else sub32(s, aLow, bLow, 32 - 8 * size);
}
const cmps: Handler = (cpu, i) => {
  const s = cpu.i32;
  // In this order: it decides which of two faults is raised.
  const from = destination(s, i);
  const other = load(cpu, from, s[HIGH], i.operandSize);
  const otherHigh = s[HIGH];
  const low = loadSource(cpu, i);
  compare(s, i.operandSize, low, s[HIGH], other, otherHigh);
  const by = stride(s, i);
  advance(s, RSI, by, i.addressSize);
  advance(s, RDI, by, i.addressSize);
};
const scas: Handler = (cpu, i) => {
  const s = cpu.i32;
  const from = destination(s, i);
  const low = load(cpu, from, s[HIGH], i.operandSize);
  const high = s[HIGH];
  const accumulator = readRegister(cpu, i.rm, i.operandSize);
  compare(s, i.operandSize, accumulator, s[HIGH], low, high);
  advance(s, RDI, stride(s, i), i.addressSize);
};

function countIsZero(s: Int32Array, i: Instruction): boolean {
  if (i.addressSize === 2) return (s[RCX] & 0xffff) === 0;
  return s[RCX] === 0 && (i.addressSize === 4 || s[RCX + 1] === 0);
}
function decreaseCount(s: Int32Array, i: Instruction, by: number): void {
  if (i.addressSize === 2) {
    s[RCX] = (s[RCX] & ~0xffff) | ((s[RCX] - by) & 0xffff);
    return;
  }
  if (i.addressSize === 4) s[RCX + 1] = 0;
  else if (s[RCX] >>> 0 < by) s[RCX + 1]--;
  s[RCX] -= by;
}

/** Iterations that may still be done before the deadline; at least one. */
const budget = (cpu: Cpu): number => Math.max(1, cpu.f64[DEADLINE] - cpu.f64[RETIRED] - cpu.i32[BLOCK_INDEX]);

/**
 * Repeats `one`. `stopWhenZero` is the value of ZF that ends a repeated comparison, undefined for the others.
 * `many` may do several iterations at once and returns how many it did (0: none, use `one`).
 */
export function repeat(
  cpu: Cpu,
  i: Instruction,
  one: Handler,
  stopWhenZero: boolean | undefined,
  many?: (cpu: Cpu, i: Instruction, limit: number) => number,
): void {
  const s = cpu.i32;
  s[RIP] = i.ripLow;
  s[RIP + 1] = i.ripHigh;
  // Intel's CPUs do this even if there is nothing to repeat.
  if (i.addressSize === 4) s[RCX + 1] = 0;
  let left = budget(cpu);
  let finished = countIsZero(s, i);
  // The run loop counts one for the instruction itself.
  let counted = 0;
  while (!finished && left > 0) {
    let done = many === undefined ? 0 : many(cpu, i, left);
    if (done === 0) {
      one(cpu, i);
      done = 1;
    }
    decreaseCount(s, i, done);
    counted += done;
    left -= done;
    finished = countIsZero(s, i) || (stopWhenZero !== undefined && zero(s) === stopWhenZero);
    if (finished || left <= 0 || s[LEAVE_BLOCK] !== 0) break;
    cpu.f64[RETIRED] += done;
    counted -= done;
  }
  // Not yet counted are the iterations of the last round, of which the run loop counts one.
  if (counted > 1) cpu.f64[RETIRED] += counted - 1;
  s[REPEAT_FLAGS] = finished ? 0 : arithmeticFlags(s) | 2;
  if (finished) {
    s[RIP] = i.nextLow;
    s[RIP + 1] = i.nextHigh;
  }
}

/** Offset in the machine's memory of an element in RAM that can be accessed without further ado, or −1. */
function host(cpu: Cpu, table: number, low: number, high: number, size: number): number {
  const s = cpu.i32;
  const entry = table + (((low >>> 12) & TLB_MASK) << 2);
  return s[entry] === ((low + size - 1) & ~0xfff) && s[entry + 1] === high ? (s[entry + 2] + low) >>> 0 : -1;
}

/** Elements from an address to the end of its page, at most `limit` and what the count asks for. */
function elementsInPage(s: Int32Array, i: Instruction, low: number, limit: number): number {
  const elements = Math.floor((0x1000 - (low & 0xfff)) / i.operandSize);
  const asked = i.addressSize === 4 || s[RCX + 1] === 0 ? s[RCX] >>> 0 : elements;
  return Math.min(elements, asked, limit);
}

/** Upwards, and with offsets that do not wrap within a page. */
const isPlain = (s: Int32Array, i: Instruction): boolean =>
  (s[FLAGS] & DF) === 0 && (i.addressSize === 8 || (i.addressSize === 4 && i.stackSize !== 8));

function movsMany(cpu: Cpu, i: Instruction, limit: number): number {
  const s = cpu.i32;
  if (!isPlain(s, i)) return 0;
  const size = i.operandSize;
  const source = elementAddress(s, i, RSI, i.segmentBase);
  const from = host(cpu, cpu.readTlb, source, s[HIGH], size);
  const target = destination(s, i);
  const to = host(cpu, cpu.writeTlb, target, s[HIGH], size);
  if (from < RAM || to < RAM) return 0;
  const elements = elementsInPage(s, i, source, elementsInPage(s, i, target, limit));
  const bytes = elements * size;
  // A copy onto its own source repeats a pattern; `copyWithin` would not.
  if (elements === 0 || (to > from && to < from + bytes)) return 0;
  cpu.u8.copyWithin(to, from, from + bytes);
  advance(s, RSI, bytes, i.addressSize);
  advance(s, RDI, bytes, i.addressSize);
  return elements;
}

function stosMany(cpu: Cpu, i: Instruction, limit: number): number {
  const s = cpu.i32;
  if (!isPlain(s, i)) return 0;
  const size = i.operandSize;
  const byte = cpu.u8[RAX * 4];
  const pattern = Math.imul(byte, 0x0101_0101);
  const uniform =
    size === 1 ||
    (size === 2
      ? cpu.u8[RAX * 4 + 1] === byte
      : s[RAX] === pattern && (size === 4 || s[RAX + 1] === pattern));
  const target = destination(s, i);
  const to = uniform ? host(cpu, cpu.writeTlb, target, s[HIGH], size) : -1;
  if (to < RAM) return 0;
  const elements = elementsInPage(s, i, target, limit);
  cpu.u8.fill(byte, to, to + elements * size);
  advance(s, RDI, elements * size, i.addressSize);
  return elements;
}

const repMovs: Handler = (cpu, i) => {
  if (i.addressSize === 4) cpu.i32[RSI + 1] = cpu.i32[RDI + 1] = 0;
  repeat(cpu, i, movs, undefined, movsMany);
};
const repStos: Handler = (cpu, i) => {
  if (i.addressSize === 4) cpu.i32[RDI + 1] = 0;
  repeat(cpu, i, stos, undefined, stosMany);
};
const repLods: Handler = (cpu, i) => repeat(cpu, i, lods, undefined);
/**
 * A fault in a later iteration leaves the flags as they were before the instruction, however often `run` has returned
 * in the meantime: only the delivery of an interrupt makes what follows a new instruction.
 */
function repeatComparison(cpu: Cpu, i: Instruction, one: Handler): void {
  const s = cpu.i32;
  const flags = s[REPEAT_FLAGS] !== 0 ? s[REPEAT_FLAGS] : arithmeticFlags(s) | 2;
  s[REPEAT_FLAGS] = 0;
  try {
    repeat(cpu, i, one, i.repeat === 0xf2);
  } catch (fault) {
    setArithmeticFlags(s, flags & ARITHMETIC_FLAGS);
    throw fault;
  }
  if (s[REPEAT_FLAGS] !== 0) s[REPEAT_FLAGS] = flags;
}
const repCmps: Handler = (cpu, i) => repeatComparison(cpu, i, cmps);
const repScas: Handler = (cpu, i) => repeatComparison(cpu, i, scas);

/** Rows of a string instruction: byte form at `opcode`, wider form behind it; with and without repetition. */
function rows(opcode: number, once: Handler, repeated: Handler): Opcode[] {
  const result: Opcode[] = [];
  for (const prefix of [0xf3, 0xf2, undefined] as const) {
    const row = {
      ...(prefix === undefined ? {} : { prefix, endsBlock: 'branch' as const }),
      handler: (i: Instruction): Handler => {
        i.rm = RAX * (i.operandSize === 1 ? 4 : 1);
        return prefix === undefined ? once : repeated;
      },
    };
    result.push({ opcode, size: 'byte', ...row }, { opcode: opcode + 1, ...row });
  }
  return result;
}

export const STRING_OPCODES: readonly Opcode[] = [
  ...rows(0xa4, movs, repMovs),
  ...rows(0xa6, cmps, repCmps),
  ...rows(0xaa, stos, repStos),
  ...rows(0xac, lods, repLods),
  ...rows(0xae, scas, repScas),
];
