/** Arithmetic on numbers of the 80-bit format, into FPU_RESULT (SDM volume 1, 8.3.5 and 8.5). */
import { multiply64, product } from '../multiply-divide.ts';
import { FPU_RESULT } from '../state.ts';
import {
  BIAS,
  DENORMAL,
  DOWN,
  EXTRA,
  HIGH,
  INFINITE,
  invalid,
  isNegative,
  kindOf,
  LOW,
  normalise,
  propagate,
  QUIET,
  quieten,
  roundToResult,
  setInfinity,
  setZero,
  shiftRight,
  UNSUPPORTED,
  unpack,
  work,
  ZERO,
} from './extended.ts';
import { DE, ZE } from './status.ts';

export type Binary = (s: Int32Array, a: number, b: number, control: number) => number;

const isDown = (control: number): boolean => (control & 0xc00) === DOWN;

/** DE if one of two operands is denormal. */
export const denormal = (kindA: number, kindB: number): number =>
  kindA === DENORMAL || kindB === DENORMAL ? DE : 0;

export const add: Binary = (s, a, b, control) => sum(s, a, b, isNegative(s, b), control);
export const subtract: Binary = (s, a, b, control) => sum(s, a, b, !isNegative(s, b), control);

/** a plus the magnitude of b with a sign of its own. */
function sum(s: Int32Array, a: number, b: number, negativeB: boolean, control: number): number {
  const kindA = kindOf(s, a);
  const kindB = kindOf(s, b);
  if (kindA >= QUIET || kindB >= QUIET) return propagate(s, a, b);
  const negativeA = isNegative(s, a);
  const flags = denormal(kindA, kindB);
  if (kindA === INFINITE) {
    if (kindB === INFINITE && negativeA !== negativeB) return invalid(s);
    setInfinity(s, FPU_RESULT, negativeA);
    return flags;
  }
  if (kindB === INFINITE) {
    setInfinity(s, FPU_RESULT, negativeB);
    return flags;
  }
  if (kindA === ZERO && kindB === ZERO) {
    setZero(s, FPU_RESULT, negativeA === negativeB ? negativeA : isDown(control));
    return flags;
  }
  if (kindB === ZERO) return flags | roundToResult(s, negativeA, unpack(s, a), control);
  if (kindA === ZERO) return flags | roundToResult(s, negativeB, unpack(s, b), control);

  let exponent = unpack(s, b);
  let high = work[HIGH];
  let low = work[LOW];
  const exponentA = unpack(s, a);
  // The one with the larger exponent is in high and low, the other one in `work`.
  let negative = negativeB;
  if (exponentA > exponent) {
    const highA = work[HIGH];
    const lowA = work[LOW];
    work[HIGH] = high;
    work[LOW] = low;
    high = highA;
    low = lowA;
    shiftRight(exponentA - exponent);
    exponent = exponentA;
    negative = negativeA;
  } else shiftRight(exponent - exponentA);

  if (negativeA === negativeB) {
    const sumLow = (low + work[LOW]) | 0;
    const carryLow = sumLow >>> 0 < low >>> 0 ? 1 : 0;
    const sumHigh = (high >>> 0) + (work[HIGH] >>> 0) + carryLow;
    work[LOW] = sumLow;
    work[HIGH] = sumHigh;
    if (sumHigh > 0xffff_ffff) {
      shiftRight(1);
      work[HIGH] |= 0x8000_0000;
      exponent++;
    }
    return flags | roundToResult(s, negative, exponent, control);
  }
  if (isLess(high, low, work[HIGH], work[LOW])) {
    // Of equal exponents only: nothing is in EXTRA.
    subtractFrom(work[HIGH], work[LOW], high, low);
    negative = !negative;
  } else subtractFrom(high, low, work[HIGH], work[LOW]);
  if ((work[HIGH] | work[LOW] | work[EXTRA]) === 0) {
    setZero(s, FPU_RESULT, isDown(control));
    return flags;
  }
  exponent -= normalise();
  return flags | roundToResult(s, negative, exponent, control);
}

export const isLess = (aHigh: number, aLow: number, bHigh: number, bLow: number): boolean =>
  aHigh !== bHigh ? aHigh >>> 0 < bHigh >>> 0 : aLow >>> 0 < bLow >>> 0;

/** work = a − (b and the extra bits of `work`). */
function subtractFrom(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const borrow = work[EXTRA] !== 0 ? 1 : 0;
  work[EXTRA] = -work[EXTRA];
  const low = (aLow >>> 0) - (bLow >>> 0) - borrow;
  work[LOW] = low;
  work[HIGH] = aHigh - bHigh - (low < 0 ? 1 : 0);
}

export const multiply: Binary = (s, a, b, control) => {
  const kindA = kindOf(s, a);
  const kindB = kindOf(s, b);
  if (kindA >= QUIET || kindB >= QUIET) return propagate(s, a, b);
  const negative = isNegative(s, a) !== isNegative(s, b);
  if (kindA === INFINITE || kindB === INFINITE) {
    if (kindA === ZERO || kindB === ZERO) return invalid(s);
    setInfinity(s, FPU_RESULT, negative);
    return denormal(kindA, kindB);
  }
  if (kindA === ZERO || kindB === ZERO) {
    setZero(s, FPU_RESULT, negative);
    return denormal(kindA, kindB);
  }
  let exponent = unpack(s, b);
  const high = work[HIGH];
  const low = work[LOW];
  exponent += unpack(s, a) - BIAS + 1;
  multiply64(s, low, high, work[LOW], work[HIGH]);
  work[HIGH] = product[3];
  work[LOW] = product[2];
  work[EXTRA] = product[1] | (product[0] !== 0 ? 1 : 0);
  if (work[HIGH] >= 0) exponent -= normalise();
  return denormal(kindA, kindB) | roundToResult(s, negative, exponent, control);
};

export const divide: Binary = (s, a, b, control) => {
  const kindA = kindOf(s, a);
  const kindB = kindOf(s, b);
  if (kindA >= QUIET || kindB >= QUIET) return propagate(s, a, b);
  const negative = isNegative(s, a) !== isNegative(s, b);
  if (kindA === INFINITE) {
    if (kindB === INFINITE) return invalid(s);
    setInfinity(s, FPU_RESULT, negative);
    return denormal(kindA, kindB);
  }
  if (kindB === ZERO) {
    if (kindA === ZERO) return invalid(s);
    setInfinity(s, FPU_RESULT, negative);
    return ZE;
  }
  if (kindA === ZERO || kindB === INFINITE) {
    setZero(s, FPU_RESULT, negative);
    return denormal(kindA, kindB);
  }
  const exponentB = unpack(s, b);
  const high = work[HIGH];
  const low = work[LOW];
  const exponent = unpack(s, a) - exponentB + BIAS;
  const less = isLess(work[HIGH], work[LOW], high, low);
  longDivision(high, low, less ? 65 : 64);
  // The next bit, and whether there is more.
  const rest = remainder[0] | remainder[1];
  const doubledHigh = (remainder[1] << 1) | (remainder[0] >>> 31);
  const half = remainder[1] < 0 || !isLess(doubledHigh, remainder[0] << 1, high, low);
  const tie = remainder[1] >= 0 && doubledHigh === high && remainder[0] << 1 === low;
  work[EXTRA] = (half ? 0x8000_0000 : 0) | (rest !== 0 && !tie ? 1 : 0);
  return denormal(kindA, kindB) | roundToResult(s, negative, less ? exponent - 1 : exponent, control);
};

/** What `longDivision` left over: low, high half. */
export const remainder = new Int32Array(2);

/**
 * Divides `work` by a significand bit by bit, so many bits of the quotient, of which the last 64 are left in `work`, what
 * remains in `remainder`. The bits count from that of 2^0: the dividend doubles after each.
 */
export function longDivision(divisorHigh: number, divisorLow: number, bits: number): void {
  let high = work[HIGH];
  let low = work[LOW];
  let quotientHigh = 0;
  let quotientLow = 0;
  let carry = false;
  for (let bit = 0; bit < bits; bit++) {
    if (bit > 0) {
      carry = high < 0;
      high = (high << 1) | (low >>> 31);
      low <<= 1;
    }
    quotientHigh = (quotientHigh << 1) | (quotientLow >>> 31);
    quotientLow <<= 1;
    if (carry || !isLess(high, low, divisorHigh, divisorLow)) {
      high = (high - divisorHigh - (low >>> 0 < divisorLow >>> 0 ? 1 : 0)) | 0;
      low = (low - divisorLow) | 0;
      quotientLow |= 1;
    }
  }
  work[HIGH] = quotientHigh;
  work[LOW] = quotientLow;
  remainder[0] = low;
  remainder[1] = high;
}

export function squareRoot(s: Int32Array, a: number, control: number): number {
  const kind = kindOf(s, a);
  if (kind === UNSUPPORTED) return invalid(s);
  if (kind >= QUIET) return quieten(s, a);
  const negative = isNegative(s, a);
  if (kind === ZERO) {
    setZero(s, FPU_RESULT, negative);
    return 0;
  }
  if (negative) return invalid(s);
  if (kind === INFINITE) {
    setInfinity(s, FPU_RESULT, false);
    return 0;
  }
  const exponent = unpack(s, a) - BIAS;
  const odd = exponent & 1;
  longRoot(odd);
  return (kind === DENORMAL ? DE : 0) | roundToResult(s, false, (exponent - odd) / 2 + BIAS, control);
}

/** `work` becomes the square root of itself × 2^63, or × 2^64 if `odd`, two bits of the radicand at a time. */
function longRoot(odd: number): void {
  let nextHigh = odd === 1 ? work[HIGH] : work[HIGH] >>> 1;
  let nextLow = odd === 1 ? work[LOW] : (work[LOW] >>> 1) | (work[HIGH] << 31);
  const behind = odd === 1 ? 0 : work[LOW] & 1;
  let rootHigh = 0;
  let rootLow = 0;
  // The remainder is at most twice the root: 65 bits, and 67 with the next two.
  let top = 0;
  let high = 0;
  let low = 0;
  for (let bit = 0; bit < 64; bit++) {
    top = (top << 2) | (high >>> 30);
    high = (high << 2) | (low >>> 30);
    low = (low << 2) | (nextHigh >>> 30);
    nextHigh = (nextHigh << 2) | (nextLow >>> 30);
    nextLow <<= 2;
    if (bit === 31) nextHigh |= behind << 31;
    // Does 4 × root + 1 fit?
    const trialTop = rootHigh >>> 30;
    const trialHigh = (rootHigh << 2) | (rootLow >>> 30);
    const trialLow = (rootLow << 2) | 1;
    rootHigh = (rootHigh << 1) | (rootLow >>> 31);
    rootLow <<= 1;
    if (top > trialTop || (top === trialTop && !isLess(high, low, trialHigh, trialLow))) {
      const borrowLow = low >>> 0 < trialLow >>> 0 ? 1 : 0;
      const newHigh = (high >>> 0) - (trialHigh >>> 0) - borrowLow;
      low = (low - trialLow) | 0;
      high = newHigh | 0;
      top -= trialTop + (newHigh < 0 ? 1 : 0);
      rootLow |= 1;
    }
  }
  work[HIGH] = rootHigh;
  work[LOW] = rootLow;
  // The next bit is 1 if the remainder is greater than the root. It is never half exactly.
  const half = top > 0 || isLess(rootHigh, rootLow, high, low);
  work[EXTRA] = (half ? 0x8000_0000 : 0) | ((top | high | low) !== 0 ? 1 : 0);
}
