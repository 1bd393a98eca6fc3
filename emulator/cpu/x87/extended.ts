/**
 * The 80-bit format of the x87 (SDM volume 1, 4.2 and 8.2): kinds of numbers, NaNs, rounding. A number is three words of
 * an Int32Array: low and high half of the significand, whose top bit is explicit, then sign (bit 15) and biased exponent.
 *
 * Operations return their outcome: exception flags, and C1 if the result was rounded away from zero, as bits of the
 * status word.
 */
import { FPU_RESULT } from '../state.ts';
import { C1, IE, OE, PE, UE } from './status.ts';

export const SIGN = 0x8000;
export const EXPONENT = 0x7fff;
export const BIAS = 0x3fff;
const INTEGER_BIT = 0x8000_0000 | 0;
export const QUIET_BIT = 0x4000_0000;

/** Rounding control, bits 10 and 11 of the control word. */
export const ROUNDING = 0xc00;
export const NEAREST = 0x000;
export const DOWN = 0x400;
export const UP = 0x800;
export const TRUNCATE = 0xc00;

// Kinds of numbers. What is below INFINITE is a number, what is above QUIET makes any operation invalid.
export const ZERO = 0;
export const DENORMAL = 1;
export const NORMAL = 2;
export const INFINITE = 3;
export const QUIET = 4;
export const SIGNALING = 5;
/** Pseudo-NaNs, pseudo-infinities and unnormals: the integer bit is missing. */
export const UNSUPPORTED = 6;

export function kindOf(s: Int32Array, at: number): number {
  const exponent = s[at + 2] & EXPONENT;
  const high = s[at + 1];
  if (exponent === 0) return (s[at] | high) === 0 ? ZERO : DENORMAL;
  if (high >= 0) return UNSUPPORTED;
  if (exponent !== EXPONENT) return NORMAL;
  if ((s[at] | (high & ~INTEGER_BIT)) === 0) return INFINITE;
  return (high & QUIET_BIT) !== 0 ? QUIET : SIGNALING;
}

export const isNegative = (s: Int32Array, at: number): boolean => (s[at + 2] & SIGN) !== 0;

export function set(
  s: Int32Array,
  at: number,
  negative: boolean,
  exponent: number,
  high: number,
  low: number,
): void {
  s[at] = low;
  s[at + 1] = high;
  s[at + 2] = (negative ? SIGN : 0) | exponent;
}

export const setZero = (s: Int32Array, at: number, negative: boolean): void => set(s, at, negative, 0, 0, 0);
export const setInfinity = (s: Int32Array, at: number, negative: boolean): void =>
  set(s, at, negative, EXPONENT, INTEGER_BIT, 0);

/** Makes a register the real indefinite, a negative quiet NaN. */
export const setIndefinite = (s: Int32Array, at: number): void =>
  set(s, at, true, EXPONENT, INTEGER_BIT | QUIET_BIT, 0);

/** The operand itself as result: pseudo-denormals become the normal numbers they are. */
export function keep(s: Int32Array, at: number): void {
  const pseudo = (s[at + 2] & EXPONENT) === 0 && s[at + 1] < 0;
  set(s, FPU_RESULT, isNegative(s, at), pseudo ? 1 : s[at + 2] & EXPONENT, s[at + 1], s[at]);
}

/** The result of an invalid operation. */
export function invalid(s: Int32Array): number {
  setIndefinite(s, FPU_RESULT);
  return IE;
}

/** The NaN that comes of an operand that is one, quiet. */
export function quieten(s: Int32Array, at: number): number {
  const flags = kindOf(s, at) === SIGNALING ? IE : 0;
  set(s, FPU_RESULT, isNegative(s, at), EXPONENT, s[at + 1] | QUIET_BIT, s[at]);
  return flags;
}

/** The result of an operation on two numbers of which one at least is a NaN or not supported. */
export function propagate(s: Int32Array, a: number, b: number): number {
  const kindA = kindOf(s, a);
  const kindB = kindOf(s, b);
  if (kindA === UNSUPPORTED || kindB === UNSUPPORTED) return invalid(s);
  const flags = kindA === SIGNALING || kindB === SIGNALING ? IE : 0;
  if (kindB < QUIET) quieten(s, a);
  else if (kindA < QUIET) quieten(s, b);
  else if (kindA !== kindB) quieten(s, kindA === QUIET ? a : b);
  else quieten(s, largerSignificand(s, a, b) ? a : b);
  return flags;
}

/** Of two NaNs the one with the larger significand counts, or else the positive one. */
function largerSignificand(s: Int32Array, a: number, b: number): boolean {
  if (s[a + 1] !== s[b + 1]) return s[a + 1] >>> 0 > s[b + 1] >>> 0;
  if (s[a] !== s[b]) return s[a] >>> 0 > s[b] >>> 0;
  return !isNegative(s, a);
}

// A significand in the making: 64 bits, 32 more behind them, the last of which stands for all that are lost ("sticky").

export const work = new Int32Array(3);
export const EXTRA = 0;
export const LOW = 1;
export const HIGH = 2;

/** Shifts right by any count, keeping in the last bit whether anything was lost. */
export function shiftRight(count: number): void {
  let lost = 0;
  for (; count >= 32; count -= 32) {
    lost |= work[EXTRA];
    work[EXTRA] = work[LOW];
    work[LOW] = work[HIGH];
    work[HIGH] = 0;
    if ((work[EXTRA] | work[LOW]) === 0) break;
  }
  count &= 31;
  if (count !== 0) {
    lost |= work[EXTRA] << (32 - count);
    work[EXTRA] = (work[EXTRA] >>> count) | (work[LOW] << (32 - count));
    work[LOW] = (work[LOW] >>> count) | (work[HIGH] << (32 - count));
    work[HIGH] >>>= count;
  }
  if (lost !== 0) work[EXTRA] |= 1;
}

/** Shifts left until the top bit is set; returns by how much. The significand must not be zero. */
export function normalise(): number {
  let shifted = 0;
  while (work[HIGH] === 0) {
    work[HIGH] = work[LOW];
    work[LOW] = work[EXTRA];
    work[EXTRA] = 0;
    shifted += 32;
  }
  const count = Math.clz32(work[HIGH]);
  if (count !== 0) {
    work[HIGH] = (work[HIGH] << count) | (work[LOW] >>> (32 - count));
    work[LOW] = (work[LOW] << count) | (work[EXTRA] >>> (32 - count));
    work[EXTRA] <<= count;
  }
  return shifted + count;
}

/** A format to round to: bits of its significand, biased exponents (of the 80-bit format) of its normal numbers. */
export interface Format {
  readonly precision: 24 | 53 | 64;
  readonly minimum: number;
  readonly maximum: number;
}

const extended = (precision: 24 | 53 | 64): Format => ({ precision, minimum: 1, maximum: 0x7ffe });
export const EXTENDED = extended(64);
/** By precision control, bits 8 and 9 of the control word: registers have the exponents of the 80-bit format always. */
const BY_PRECISION: readonly Format[] = [extended(24), EXTENDED, extended(53), EXTENDED];
export const formatOf = (control: number): Format => BY_PRECISION[(control >> 8) & 3];

/** Rounds `work` to an unsigned integer in units of the precision's last place. Returns PE and C1, and CARRY if it
 * became 2^64, which stands there as 2^63. */
const CARRY = 0x1_0000;

export function roundSignificand(precision: 24 | 53 | 64, negative: boolean, rounding: number): number {
  let rest: number;
  let odd: number;
  if (precision === 64) {
    rest = work[EXTRA];
    odd = work[LOW] & 1;
  } else if (precision === 53) {
    rest = (work[LOW] << 21) | (work[EXTRA] !== 0 ? 1 : 0);
    odd = work[LOW] & 0x800;
    work[LOW] &= ~0x7ff;
  } else {
    rest = (work[HIGH] << 24) | ((work[LOW] | work[EXTRA]) !== 0 ? 1 : 0);
    odd = work[HIGH] & 0x100;
    work[HIGH] &= ~0xff;
    work[LOW] = 0;
  }
  work[EXTRA] = 0;
  if (rest === 0) return 0;
  const up =
    rounding === NEAREST
      ? rest < 0 && (rest !== INTEGER_BIT || odd !== 0)
      : rounding === (negative ? DOWN : UP);
  if (!up) return PE;
  if (precision === 24) work[HIGH] += 0x100;
  else {
    const unit = precision === 64 ? 1 : 0x800;
    work[LOW] += unit;
    if (work[LOW] >>> 0 < unit) work[HIGH]++;
    else return PE | C1;
  }
  if ((work[HIGH] | work[LOW]) !== 0) return PE | C1;
  work[HIGH] = INTEGER_BIT;
  return PE | C1 | CARRY;
}

/** What unmasked overflow and underflow take from and add to the exponent of a result for a register. */
export const EXPONENT_WRAP = 0x6000;

const unrounded = new Int32Array(3);

/** Biased exponent of what `roundTo` left in `work`: 0 for denormals and zero, maximum + 1 for infinity. */
export let exponentOfWork = 0;

/**
 * Rounds ±`work` × 2^exponent (biased; the top bit of `work` must be set) to a format. Tiny is what would be too small
 * after rounding with an unbounded exponent.
 */
export function roundTo(format: Format, negative: boolean, exponent: number, control: number): number {
  const rounding = control & ROUNDING;
  if (exponent < format.minimum) unrounded.set(work);
  let outcome = roundSignificand(format.precision, negative, rounding);
  exponentOfWork = exponent + ((outcome & CARRY) !== 0 ? 1 : 0);
  outcome &= ~CARRY;
  if (exponentOfWork > format.maximum) {
    if ((control & OE) === 0) {
      exponentOfWork -= EXPONENT_WRAP;
      return outcome | OE;
    }
    return OE | PE | overflow(format, negative, rounding);
  }
  if (exponentOfWork >= format.minimum) return outcome;
  if ((control & UE) === 0) {
    exponentOfWork += EXPONENT_WRAP;
    return outcome | UE;
  }
  work.set(unrounded);
  shiftRight(format.minimum - exponent);
  outcome = roundSignificand(format.precision, negative, rounding);
  // Rounding may make it the smallest normal number.
  exponentOfWork = work[HIGH] < 0 ? format.minimum : 0;
  return (outcome & PE) !== 0 ? outcome | UE : outcome;
}

/** Leaves infinity or the largest number in `work`; returns C1 for infinity. */
function overflow(format: Format, negative: boolean, rounding: number): number {
  if (rounding === NEAREST || rounding === (negative ? DOWN : UP)) {
    work[HIGH] = INTEGER_BIT;
    work[LOW] = 0;
    exponentOfWork = format.maximum + 1;
    return C1;
  }
  work[HIGH] = format.precision === 24 ? ~0xff : -1;
  work[LOW] = format.precision === 64 ? -1 : format.precision === 53 ? ~0x7ff : 0;
  exponentOfWork = format.maximum;
  return 0;
}

/** Rounds as `roundTo`, to the precision the control word asks for, into FPU_RESULT. */
export function roundToResult(s: Int32Array, negative: boolean, exponent: number, control: number): number {
  return roundInto(s, formatOf(control), negative, exponent, control);
}

export function roundInto(
  s: Int32Array,
  format: Format,
  negative: boolean,
  exponent: number,
  control: number,
): number {
  const outcome = roundTo(format, negative, exponent, control);
  set(s, FPU_RESULT, negative, exponentOfWork & EXPONENT, work[HIGH], work[LOW]);
  return outcome;
}

/** Brings a number's significand to `work`, its top bit set; returns its biased exponent. Not for zero. */
export function unpack(s: Int32Array, at: number): number {
  work[EXTRA] = 0;
  work[LOW] = s[at];
  work[HIGH] = s[at + 1];
  const exponent = s[at + 2] & EXPONENT;
  // A denormal has the exponent of the smallest normal number; so has a pseudo-denormal.
  return exponent !== 0 ? exponent : 1 - normalise();
}
