/**
 * The other formats that x87 instructions load and store: single and double reals, integers, packed decimals (SDM volume
 * 1, 4.2.2 and 4.7). Reading one makes it a number of the 80-bit format, which holds them all exactly. What is written is
 * left in the words of FPU_RESULT, low word first.
 */
import { FPU_RESULT } from '../state.ts';
import {
  BIAS,
  EXPONENT,
  EXTRA,
  exponentOfWork,
  type Format,
  HIGH,
  INFINITE,
  isNegative,
  kindOf,
  LOW,
  normalise,
  QUIET,
  QUIET_BIT,
  roundTo,
  SIGNALING,
  set,
  setInfinity,
  setZero,
  UNSUPPORTED,
  unpack,
  work,
  ZERO,
} from './extended.ts';
import { integerOf } from './scaling.ts';
import { DE, IE } from './status.ts';

// Reading. Reals return DE if they are denormal in their own format. Signaling NaNs stay so.

export function readSingle(s: Int32Array, at: number, bits: number): number {
  // Left-aligned below the integer bit.
  return readReal(s, at, bits < 0, (bits >>> 23) & 0xff, 0xff, (bits & 0x7f_ffff) << 8, 0);
}

export function readDouble(s: Int32Array, at: number, low: number, high: number): number {
  const fractionHigh = ((high & 0xf_ffff) << 11) | (low >>> 21);
  return readReal(s, at, high < 0, (high >>> 20) & 0x7ff, 0x7ff, fractionHigh, low << 11);
}

function readReal(
  s: Int32Array,
  at: number,
  negative: boolean,
  exponent: number,
  maximum: number,
  high: number,
  low: number,
): number {
  const rebias = BIAS - (maximum >> 1);
  if (exponent !== 0) {
    set(s, at, negative, exponent === maximum ? EXPONENT : exponent + rebias, high | 0x8000_0000, low);
    return 0;
  }
  if ((high | low) === 0) {
    setZero(s, at, negative);
    return 0;
  }
  work[EXTRA] = 0;
  work[LOW] = low;
  work[HIGH] = high;
  const shift = normalise();
  set(s, at, negative, 1 + rebias - shift, work[HIGH], work[LOW]);
  return DE;
}

/** A signed 64-bit integer. */
export function readInteger(s: Int32Array, at: number, low: number, high: number): void {
  const negative = high < 0;
  work[EXTRA] = 0;
  work[LOW] = negative ? -low : low;
  work[HIGH] = negative ? ~high + (low === 0 ? 1 : 0) : high;
  setInteger(s, at, negative);
}

/** Makes a register the integer in `work`. */
function setInteger(s: Int32Array, at: number, negative: boolean): void {
  if ((work[HIGH] | work[LOW]) === 0) {
    setZero(s, at, negative);
    return;
  }
  const shift = normalise();
  set(s, at, negative, BIAS + 63 - shift, work[HIGH], work[LOW]);
}

const BILLION = 1_000_000_000;

/** 18 decimal digits in 9 bytes and the sign in the tenth. */
export function readDecimal(s: Int32Array, at: number, low: number, high: number, top: number): void {
  const digits = (word: number, count: number): number => {
    let value = 0;
    for (let digit = count - 1; digit >= 0; digit--) value = value * 10 + ((word >>> (4 * digit)) & 15);
    return value;
  };
  const lower = digits(low, 8) + (high & 15) * 100_000_000;
  const upper = digits(high >>> 4, 7) + digits(top & 0xff, 2) * 10_000_000;
  const value = BigInt(upper) * BigInt(BILLION) + BigInt(lower);
  work[EXTRA] = 0;
  work[LOW] = Number(BigInt.asIntN(32, value));
  work[HIGH] = Number(BigInt.asIntN(32, value >> 32n));
  setInteger(s, at, (top & 0x8000) !== 0);
}

// Writing. All return their outcome.

const SINGLE: Format = { precision: 24, minimum: BIAS - 126, maximum: BIAS + 127 };
const DOUBLE: Format = { precision: 53, minimum: BIAS - 1022, maximum: BIAS + 1023 };

export function writeSingle(s: Int32Array, at: number, control: number): number {
  const outcome = writeReal(s, at, SINGLE, control);
  const sign = isNegative(s, FPU_RESULT) ? 0x8000_0000 : 0;
  s[FPU_RESULT] = sign | (exponentField(s, SINGLE) << 23) | ((s[FPU_RESULT + 1] >>> 8) & 0x7f_ffff);
  return outcome;
}

export function writeDouble(s: Int32Array, at: number, control: number): number {
  const outcome = writeReal(s, at, DOUBLE, control);
  const high = s[FPU_RESULT + 1];
  const sign = isNegative(s, FPU_RESULT) ? 0x8000_0000 : 0;
  s[FPU_RESULT] = (s[FPU_RESULT] >>> 11) | (high << 21);
  s[FPU_RESULT + 1] = sign | (exponentField(s, DOUBLE) << 20) | ((high >>> 11) & 0xf_ffff);
  return outcome;
}

/** The number of FPU_RESULT has this exponent in a narrower format, whose values it can have only. */
function exponentField(s: Int32Array, format: Format): number {
  const exponent = s[FPU_RESULT + 2] & EXPONENT;
  if (exponent === EXPONENT) return format.maximum - format.minimum + 2;
  return exponent === 0 ? 0 : exponent - format.minimum + 1;
}

/** Leaves a number in FPU_RESULT whose significand has the precision of the format and whose denormals are aligned. */
function writeReal(s: Int32Array, at: number, format: Format, control: number): number {
  const kind = kindOf(s, at);
  const negative = isNegative(s, at);
  if (kind === UNSUPPORTED) {
    set(s, FPU_RESULT, true, EXPONENT, 0xc000_0000, 0);
    return IE;
  }
  if (kind >= QUIET) {
    set(s, FPU_RESULT, negative, EXPONENT, s[at + 1] | QUIET_BIT, s[at]);
    return kind === SIGNALING ? IE : 0;
  }
  if (kind === ZERO) {
    setZero(s, FPU_RESULT, negative);
    return 0;
  }
  if (kind === INFINITE) {
    setInfinity(s, FPU_RESULT, negative);
    return 0;
  }
  const outcome = roundTo(format, negative, unpack(s, at), control);
  const exponent = exponentOfWork > format.maximum ? EXPONENT : exponentOfWork;
  set(s, FPU_RESULT, negative, exponent & EXPONENT, work[HIGH], work[LOW]);
  return outcome;
}

/** To a signed integer of 16, 32 or 64 bits; what does not fit gives the integer indefinite, 1 and zeros. */
export function writeInteger(s: Int32Array, at: number, bits: 16 | 32 | 64, rounding: number): number {
  const outcome = kindOf(s, at) >= INFINITE ? undefined : integerOf(s, at, rounding);
  const negative = isNegative(s, at);
  if (outcome === undefined || !fits(bits, negative)) {
    setIntegerIndefinite(s, bits);
    return IE;
  }
  s[FPU_RESULT] = negative ? -work[LOW] : work[LOW];
  s[FPU_RESULT + 1] = negative ? ~work[HIGH] + (work[LOW] === 0 ? 1 : 0) : work[HIGH];
  return outcome;
}

/** The magnitude in `work` fits a signed integer. */
function fits(bits: 16 | 32 | 64, negative: boolean): boolean {
  const high = work[HIGH] >>> 0;
  const low = work[LOW] >>> 0;
  if (bits === 64) return high < 0x8000_0000 || (negative && high === 0x8000_0000 && low === 0);
  return high === 0 && low <= 2 ** (bits - 1) - (negative ? 0 : 1);
}

export function setIntegerIndefinite(s: Int32Array, bits: 16 | 32 | 64): void {
  s[FPU_RESULT] = bits === 64 ? 0 : 1 << (bits - 1);
  s[FPU_RESULT + 1] = 0x8000_0000;
}

/** To 18 decimal digits; what has more gives the decimal indefinite. */
export function writeDecimal(s: Int32Array, at: number, rounding: number): number {
  const outcome = kindOf(s, at) >= INFINITE ? undefined : integerOf(s, at, rounding);
  const value = (BigInt(work[HIGH] >>> 0) << 32n) | BigInt(work[LOW] >>> 0);
  if (outcome === undefined || value >= 10n ** 18n) {
    setDecimalIndefinite(s);
    return IE;
  }
  const digits = BigInt(`0x${value}`);
  s[FPU_RESULT] = Number(BigInt.asIntN(32, digits));
  s[FPU_RESULT + 1] = Number(BigInt.asIntN(32, digits >> 32n));
  s[FPU_RESULT + 2] = Number(digits >> 64n) | (isNegative(s, at) ? 0x8000 : 0);
  return outcome;
}

export function setDecimalIndefinite(s: Int32Array): void {
  s[FPU_RESULT] = 0;
  s[FPU_RESULT + 1] = 0xc000_0000;
  s[FPU_RESULT + 2] = 0xffff;
}
