/**
 * What the ALU computes: each function leaves its result in FLAG_RESULT and what the flags need beside it.
 * The 32-bit functions serve 8 and 16 bits too: operands are sign-extended, `shift` (24, 16 or 0) cuts the result.
 */
import { ADD32, ADD64, AF, CF, carry, LOGIC, OF, SUB32, SUB64, setResultFlags } from './flags.ts';
import { FLAG_KIND, FLAG_LEFT, FLAG_RESULT, FLAG_RIGHT } from './state.ts';

/** Operations in encoding order (bits 3…5 of the opcode, ModRM.reg of 80…83). */
export const ADD = 0;
export const OR = 1;
export const ADC = 2;
export const SBB = 3;
export const AND = 4;
export const SUB = 5;
export const XOR = 6;
export const CMP = 7;

export function add32(s: Int32Array, a: number, b: number, shift: number): void {
  const result = ((a + b) << shift) >> shift;
  s[FLAG_KIND] = ADD32;
  s[FLAG_LEFT] = a;
  s[FLAG_RIGHT] = b;
  s[FLAG_RESULT] = result;
  s[FLAG_RESULT + 1] = result >> 31;
}

export function sub32(s: Int32Array, a: number, b: number, shift: number): void {
  const result = ((a - b) << shift) >> shift;
  s[FLAG_KIND] = SUB32;
  s[FLAG_LEFT] = a;
  s[FLAG_RIGHT] = b;
  s[FLAG_RESULT] = result;
  s[FLAG_RESULT + 1] = result >> 31;
}

export function logic32(s: Int32Array, result: number): void {
  s[FLAG_KIND] = LOGIC;
  s[FLAG_RESULT] = result;
  s[FLAG_RESULT + 1] = result >> 31;
}

export function add64(s: Int32Array, aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const low = (aLow + bLow) | 0;
  s[FLAG_KIND] = ADD64;
  s[FLAG_LEFT] = aLow;
  s[FLAG_LEFT + 1] = aHigh;
  s[FLAG_RIGHT] = bLow;
  s[FLAG_RIGHT + 1] = bHigh;
  s[FLAG_RESULT] = low;
  s[FLAG_RESULT + 1] = aHigh + bHigh + (low >>> 0 < aLow >>> 0 ? 1 : 0);
}

export function sub64(s: Int32Array, aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  s[FLAG_KIND] = SUB64;
  s[FLAG_LEFT] = aLow;
  s[FLAG_LEFT + 1] = aHigh;
  s[FLAG_RIGHT] = bLow;
  s[FLAG_RIGHT + 1] = bHigh;
  s[FLAG_RESULT] = aLow - bLow;
  s[FLAG_RESULT + 1] = aHigh - bHigh - (aLow >>> 0 < bLow >>> 0 ? 1 : 0);
}

export function logic64(s: Int32Array, low: number, high: number): void {
  s[FLAG_KIND] = LOGIC;
  s[FLAG_RESULT] = low;
  s[FLAG_RESULT + 1] = high;
}

/** Flags of an addition with carry in, from the words that hold the sign and the low words. */
function carryFlags(carries: number, overflows: number, auxiliaries: number): number {
  return (carries < 0 ? CF : 0) | (overflows < 0 ? OF : 0) | (auxiliaries & AF);
}

function adc32(s: Int32Array, a: number, b: number, shift: number): void {
  const result = ((a + b + (carry(s) ? 1 : 0)) << shift) >> shift;
  const carries = (a & b) | ((a | b) & ~result);
  setResultFlags(s, result, result >> 31, carryFlags(carries, (a ^ result) & (b ^ result), a ^ b ^ result));
}

function sbb32(s: Int32Array, a: number, b: number, shift: number): void {
  const result = ((a - b - (carry(s) ? 1 : 0)) << shift) >> shift;
  const borrows = (~a & b) | (~(a ^ b) & result);
  setResultFlags(s, result, result >> 31, carryFlags(borrows, (a ^ b) & (a ^ result), a ^ b ^ result));
}

function adc64(s: Int32Array, aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const low = (aLow + bLow + (carry(s) ? 1 : 0)) | 0;
  const high = (aHigh + bHigh + (((aLow & bLow) | ((aLow | bLow) & ~low)) >>> 31)) | 0;
  const carries = (aHigh & bHigh) | ((aHigh | bHigh) & ~high);
  setResultFlags(s, low, high, carryFlags(carries, (aHigh ^ high) & (bHigh ^ high), aLow ^ bLow ^ low));
}

function sbb64(s: Int32Array, aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const low = (aLow - bLow - (carry(s) ? 1 : 0)) | 0;
  const high = (aHigh - bHigh - (((~aLow & bLow) | (~(aLow ^ bLow) & low)) >>> 31)) | 0;
  const borrows = (~aHigh & bHigh) | (~(aHigh ^ bHigh) & high);
  setResultFlags(s, low, high, carryFlags(borrows, (aHigh ^ bHigh) & (aHigh ^ high), aLow ^ bLow ^ low));
}

export function alu32(s: Int32Array, operation: number, a: number, b: number, shift: number): void {
  switch (operation) {
    case ADD:
      add32(s, a, b, shift);
      return;
    case OR:
      logic32(s, a | b);
      return;
    case ADC:
      adc32(s, a, b, shift);
      return;
    case SBB:
      sbb32(s, a, b, shift);
      return;
    case AND:
      logic32(s, a & b);
      return;
    case XOR:
      logic32(s, a ^ b);
      return;
    default:
      sub32(s, a, b, shift);
  }
}

export function alu64(
  s: Int32Array,
  operation: number,
  aLow: number,
  aHigh: number,
  bLow: number,
  bHigh: number,
): void {
  switch (operation) {
    case ADD:
      add64(s, aLow, aHigh, bLow, bHigh);
      return;
    case OR:
      logic64(s, aLow | bLow, aHigh | bHigh);
      return;
    case ADC:
      adc64(s, aLow, aHigh, bLow, bHigh);
      return;
    case SBB:
      sbb64(s, aLow, aHigh, bLow, bHigh);
      return;
    case AND:
      logic64(s, aLow & bLow, aHigh & bHigh);
      return;
    case XOR:
      logic64(s, aLow ^ bLow, aHigh ^ bHigh);
      return;
    default:
      sub64(s, aLow, aHigh, bLow, bHigh);
  }
}
