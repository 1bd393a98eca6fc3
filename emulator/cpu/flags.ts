/**
 * Arithmetic flags, computed when read. An instruction leaves its operands and result (FLAG_LEFT, FLAG_RIGHT,
 * FLAG_RESULT) and what they mean (FLAG_KIND). Operands of 8, 16 and 32 bits are stored sign-extended: then one
 * formula serves all three sizes, and ZF, SF, PF need not know the size at all. 8/16/32-bit results fill both
 * halves of FLAG_RESULT; their operands only the low halves.
 */
import type { Cpu } from './cpu.ts';
import { chooseTlbs } from './privilege.ts';
import { FLAG_KIND, FLAG_LEFT, FLAG_RESULT, FLAG_RIGHT, FLAGS } from './state.ts';

export const CF = 1;
export const PF = 4;
export const AF = 0x10;
export const ZF = 0x40;
export const SF = 0x80;
export const TF = 0x100;
export const IF = 0x200;
export const DF = 0x400;
export const OF = 0x800;
export const IOPL = 0x3000;
export const NT = 0x4000;
export const RF = 0x1_0000;
export const VM = 0x2_0000;
export const AC = 0x4_0000;
export const ID = 0x20_0000;
export const ARITHMETIC_FLAGS = CF | PF | AF | ZF | SF | OF;

/** All flags are in FLAGS. */
export const KNOWN = 0;
/** ZF, SF, PF from FLAG_RESULT; CF, AF, OF are in FLAGS. */
export const RESULT = 1;
/** As RESULT, with CF = AF = OF = 0. */
export const LOGIC = 2;
export const ADD32 = 3;
export const ADD64 = 4;
export const SUB32 = 5;
export const SUB64 = 6;

/** PARITY[byte] is PF. */
const PARITY = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = byte ^ (byte >> 4);
  bits ^= bits >> 2;
  bits ^= bits >> 1;
  return bits & 1 ? 0 : PF;
});

const below = (aLow: number, aHigh: number, bLow: number, bHigh: number): boolean =>
  aHigh === bHigh ? aLow >>> 0 < bLow >>> 0 : aHigh >>> 0 < bHigh >>> 0;

export function carry(s: Int32Array): boolean {
  switch (s[FLAG_KIND]) {
    case SUB32:
      return s[FLAG_LEFT] >>> 0 < s[FLAG_RIGHT] >>> 0;
    case SUB64:
      return below(s[FLAG_LEFT], s[FLAG_LEFT + 1], s[FLAG_RIGHT], s[FLAG_RIGHT + 1]);
    case ADD32:
      return s[FLAG_RESULT] >>> 0 < s[FLAG_LEFT] >>> 0;
    case ADD64:
      return below(s[FLAG_RESULT], s[FLAG_RESULT + 1], s[FLAG_LEFT], s[FLAG_LEFT + 1]);
    case LOGIC:
      return false;
    default:
      return (s[FLAGS] & CF) !== 0;
  }
}

export function zero(s: Int32Array): boolean {
  return s[FLAG_KIND] === KNOWN ? (s[FLAGS] & ZF) !== 0 : (s[FLAG_RESULT] | s[FLAG_RESULT + 1]) === 0;
}

export function sign(s: Int32Array): boolean {
  return s[FLAG_KIND] === KNOWN ? (s[FLAGS] & SF) !== 0 : s[FLAG_RESULT + 1] < 0;
}

/** PF of a byte. */
export const hasEvenParity = (byte: number): boolean => PARITY[byte & 255] !== 0;

export function parity(s: Int32Array): boolean {
  return s[FLAG_KIND] === KNOWN ? (s[FLAGS] & PF) !== 0 : PARITY[s[FLAG_RESULT] & 255] !== 0;
}

const addOverflows = (a: number, b: number, result: number): boolean => ((a ^ result) & (b ^ result)) < 0;
const subOverflows = (a: number, b: number, result: number): boolean => ((a ^ b) & (a ^ result)) < 0;

export function overflow(s: Int32Array): boolean {
  switch (s[FLAG_KIND]) {
    case SUB32:
      return subOverflows(s[FLAG_LEFT], s[FLAG_RIGHT], s[FLAG_RESULT]);
    case SUB64:
      return subOverflows(s[FLAG_LEFT + 1], s[FLAG_RIGHT + 1], s[FLAG_RESULT + 1]);
    case ADD32:
      return addOverflows(s[FLAG_LEFT], s[FLAG_RIGHT], s[FLAG_RESULT]);
    case ADD64:
      return addOverflows(s[FLAG_LEFT + 1], s[FLAG_RIGHT + 1], s[FLAG_RESULT + 1]);
    case LOGIC:
      return false;
    default:
      return (s[FLAGS] & OF) !== 0;
  }
}

export function auxiliary(s: Int32Array): boolean {
  const kind = s[FLAG_KIND];
  if (kind === LOGIC) return false;
  if (kind < LOGIC) return (s[FLAGS] & AF) !== 0;
  return ((s[FLAG_LEFT] ^ s[FLAG_RIGHT] ^ s[FLAG_RESULT]) & AF) !== 0;
}

/** The six arithmetic flags as they stand in RFLAGS. */
export function arithmeticFlags(s: Int32Array): number {
  return (
    (carry(s) ? CF : 0) |
    (parity(s) ? PF : 0) |
    (auxiliary(s) ? AF : 0) |
    (zero(s) ? ZF : 0) |
    (sign(s) ? SF : 0) |
    (overflow(s) ? OF : 0)
  );
}

/** RFLAGS (bits 32…63 are 0). */
export function readFlags(cpu: Cpu): number {
  return (cpu.i32[FLAGS] & ~ARITHMETIC_FLAGS) | arithmeticFlags(cpu.i32) | 2;
}

/** Sets all of RFLAGS; the caller decides which bits may change. */
export function writeFlags(cpu: Cpu, flags: number): void {
  cpu.i32[FLAGS] = flags | 2;
  cpu.i32[FLAG_KIND] = KNOWN;
  chooseTlbs(cpu);
}

/** Sets the six arithmetic flags, keeps the others. */
export function setArithmeticFlags(s: Int32Array, flags: number): void {
  s[FLAGS] = (s[FLAGS] & ~ARITHMETIC_FLAGS) | flags;
  s[FLAG_KIND] = KNOWN;
}

/** ZF, SF, PF from a sign-extended result; CF, AF, OF (and only they) from `others`. */
export function setResultFlags(s: Int32Array, low: number, high: number, others: number): void {
  s[FLAGS] = (s[FLAGS] & ~(CF | AF | OF)) | others;
  s[FLAG_RESULT] = low;
  s[FLAG_RESULT + 1] = high;
  s[FLAG_KIND] = RESULT;
}

/** Condition codes in encoding order: O NO B NB Z NZ BE NBE S NS P NP L NL LE NLE. */
export const conditionO = (s: Int32Array): boolean => overflow(s);
export const conditionB = (s: Int32Array): boolean => carry(s);
export const conditionZ = (s: Int32Array): boolean => zero(s);
export const conditionBE = (s: Int32Array): boolean => zero(s) || carry(s);
export const conditionS = (s: Int32Array): boolean => sign(s);
export const conditionP = (s: Int32Array): boolean => parity(s);
export const conditionL = (s: Int32Array): boolean => {
  switch (s[FLAG_KIND]) {
    case SUB32:
      return s[FLAG_LEFT] < s[FLAG_RIGHT];
    case SUB64:
      return s[FLAG_LEFT + 1] === s[FLAG_RIGHT + 1]
        ? s[FLAG_LEFT] >>> 0 < s[FLAG_RIGHT] >>> 0
        : s[FLAG_LEFT + 1] < s[FLAG_RIGHT + 1];
    default:
      return sign(s) !== overflow(s);
  }
};
export const conditionLE = (s: Int32Array): boolean => zero(s) || conditionL(s);

/** Any condition by its number 0…15: for forms that are not worth a handler of their own. */
export function condition(s: Int32Array, code: number): boolean {
  let holds: boolean;
  switch (code >> 1) {
    case 0:
      holds = conditionO(s);
      break;
    case 1:
      holds = conditionB(s);
      break;
    case 2:
      holds = conditionZ(s);
      break;
    case 3:
      holds = conditionBE(s);
      break;
    case 4:
      holds = conditionS(s);
      break;
    case 5:
      holds = conditionP(s);
      break;
    case 6:
      holds = conditionL(s);
      break;
    default:
      holds = conditionLE(s);
  }
  return holds !== ((code & 1) !== 0);
}
