/**
 * PCMPESTRM, PCMPESTRI, PCMPISTRM, PCMPISTRI (Intel SDM volume 2, 4.1): a bit for each element of the second string, by
 * how it compares with the first; the result is these bits or the index of one.
 */
import type { Cpu } from '../cpu.ts';
import { CF, OF, SF, setArithmeticFlags, ZF } from '../flags.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { always } from '../opcode.ts';
import { OPERAND, RAX, RCX, RDX, VECTOR } from '../state.ts';
import { fetch128, type Guard, requireSse, row } from './operands.ts';
import { clearUpper, requireAvx, vexRow } from './vex.ts';

// The control byte: elements (bits 0, 1), comparison (2, 3), polarity (4, 5), form of the result (6).
const WORDS = 1;
const SIGNED = 2;
const EQUAL_ANY = 0;
const RANGES = 1;
const EQUAL_EACH = 2;
const NEGATIVE = 0x10;
const MASKED = 0x20;
const LAST_INDEX = 0x40;
const FULL_MASK = 0x40;

/** The elements of both strings, as many as a vector holds; those behind the end are there too. */
const first = new Int32Array(16);
const second = new Int32Array(16);

function readElements(cpu: Cpu, elements: Int32Array, vector: number, control: number): void {
  for (let k = 0; k < ((control & WORDS) !== 0 ? 8 : 16); k++) {
    if ((control & WORDS) !== 0) {
      const word = cpu.u16[2 * vector + k];
      elements[k] = (control & SIGNED) !== 0 ? (word << 16) >> 16 : word;
    } else {
      const byte = cpu.u8[4 * vector + k];
      elements[k] = (control & SIGNED) !== 0 ? (byte << 24) >> 24 : byte;
    }
  }
}

function lengthToZero(elements: Int32Array, count: number): number {
  for (let k = 0; k < count; k++) if (elements[k] === 0) return k;
  return count;
}

/** The magnitude of a length in EAX or EDX, in RAX or RDX with 64 bits. */
function explicitLength(s: Int32Array, register: number, wide: boolean, count: number): number {
  const low = s[register];
  const high = wide ? s[register + 1] : low >> 31;
  if (high === 0 && low >= 0) return Math.min(low, count);
  if (high === -1 && low < 0) return Math.min(-low, count);
  return count;
}

/** The bits before polarity: bit k is about element k of the second string. */
function compare(comparison: number, firstLength: number, secondLength: number, count: number): number {
  let bits = 0;
  for (let k = 0; k < count; k++) if (holds(comparison, k, firstLength, secondLength, count)) bits |= 1 << k;
  return bits;
}

function holds(
  comparison: number,
  k: number,
  firstLength: number,
  secondLength: number,
  count: number,
): boolean {
  if (comparison === EQUAL_ANY) {
    if (k >= secondLength) return false;
    for (let n = 0; n < firstLength; n++) if (first[n] === second[k]) return true;
    return false;
  }
  if (comparison === RANGES) {
    if (k >= secondLength) return false;
    for (let n = 0; n + 1 < firstLength; n += 2) {
      if (first[n] <= second[k] && second[k] <= first[n + 1]) return true;
    }
    return false;
  }
  if (comparison === EQUAL_EACH) {
    if (k >= firstLength || k >= secondLength) return k >= firstLength && k >= secondLength;
    return first[k] === second[k];
  }
  // Equal ordered: the first string begins at k, as far as the vector reaches.
  for (let n = 0; n < firstLength && k + n < count; n++) {
    if (k + n >= secondLength || first[n] !== second[k + n]) return false;
  }
  return true;
}

/** Compares two strings in vectors, sets the flags and returns the bits. */
function compareStrings(cpu: Cpu, i: Instruction, source: number, explicit: boolean): number {
  const s = cpu.i32;
  const control = i.immediateLow;
  const count = (control & WORDS) !== 0 ? 8 : 16;
  readElements(cpu, first, i.reg, control);
  readElements(cpu, second, source, control);
  const wide = i.operandSize === 8;
  const firstLength = explicit ? explicitLength(s, RAX, wide, count) : lengthToZero(first, count);
  const secondLength = explicit ? explicitLength(s, RDX, wide, count) : lengthToZero(second, count);
  let bits = compare((control >> 2) & 3, firstLength, secondLength, count);
  if ((control & NEGATIVE) !== 0) bits ^= (1 << ((control & MASKED) !== 0 ? secondLength : count)) - 1;
  setArithmeticFlags(
    s,
    (bits !== 0 ? CF : 0) |
      (secondLength < count ? ZF : 0) |
      (firstLength < count ? SF : 0) |
      ((bits & 1) !== 0 ? OF : 0),
  );
  return bits;
}

function operand(cpu: Cpu, i: Instruction): number {
  if (!i.isMemory) return i.rm;
  fetch128(cpu, i); // need not be aligned
  return OPERAND;
}

/** To ECX: the first or last index whose bit is set, or the number of elements. */
export const compareToIndex =
  (explicit: boolean, requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const bits = compareStrings(cpu, i, operand(cpu, i), explicit);
    const last = (i.immediateLow & LAST_INDEX) !== 0;
    const count = (i.immediateLow & WORDS) !== 0 ? 8 : 16;
    cpu.i32[RCX] = bits === 0 ? count : 31 - Math.clz32(last ? bits : bits & -bits);
    cpu.i32[RCX + 1] = 0;
  };

/** To XMM0: the bits themselves, or all bits of the elements. */
export const compareToMask =
  (explicit: boolean, requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const bits = compareStrings(cpu, i, operand(cpu, i), explicit);
    const s = cpu.i32;
    s[VECTOR] = bits;
    s[VECTOR + 1] = s[VECTOR + 2] = s[VECTOR + 3] = 0;
    if ((i.immediateLow & FULL_MASK) === 0) return;
    for (let k = 0; k < 16; k++) {
      const element = (i.immediateLow & WORDS) !== 0 ? k >> 1 : k;
      cpu.u8[4 * VECTOR + k] = -((bits >> element) & 1);
    }
  };

const rest = { immediate: 'byte', feature: 'sse4.2' } as const;

const vex = (opcode: number, handler: Handler) =>
  vexRow(opcode, 0x66, { length: 128 }, handler, { immediate: 'byte' });
/** The mask clears the rest of YMM0. */
const maskAndClear = (explicit: boolean): Handler => {
  const toMask = compareToMask(explicit, requireAvx);
  return (cpu, i) => {
    toMask(cpu, i);
    clearUpper(cpu.i32, VECTOR);
  };
};

export const SSE_STRING_COMPARE_OPCODES = [
  row(0x3a60, 0x66, always(compareToMask(true, requireSse)), rest),
  row(0x3a61, 0x66, always(compareToIndex(true, requireSse)), rest),
  row(0x3a62, 0x66, always(compareToMask(false, requireSse)), rest),
  row(0x3a63, 0x66, always(compareToIndex(false, requireSse)), rest),
  vex(0x3a60, maskAndClear(true)),
  vex(0x3a61, compareToIndex(true, requireAvx)),
  vex(0x3a62, maskAndClear(false)),
  vex(0x3a63, compareToIndex(false, requireAvx)),
];
