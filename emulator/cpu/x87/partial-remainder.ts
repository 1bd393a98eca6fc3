/** FPREM and FPREM1: the remainder, in steps if the quotient has more than 64 bits (SDM volume 2, FPREM). */
import { FPU_RESULT } from '../state.ts';
import {
  EXTENDED,
  EXTRA,
  HIGH,
  INFINITE,
  invalid,
  isNegative,
  keep,
  kindOf,
  LOW,
  normalise,
  propagate,
  QUIET,
  roundInto,
  setZero,
  unpack,
  work,
  ZERO,
} from './extended.ts';
import { denormal, isLess, longDivision, remainder } from './extended-arithmetic.ts';
import { C0, C1, C2, C3 } from './status.ts';

/** The low three bits of the quotient as condition codes. */
const quotientCodes = (quotient: number): number =>
  ((quotient & 4) !== 0 ? C0 : 0) | ((quotient & 2) !== 0 ? C3 : 0) | ((quotient & 1) !== 0 ? C1 : 0);

/** a − b × quotient, the quotient truncated or (`nearest`) rounded to the nearest even integer, into FPU_RESULT. */
export const partialRemainder =
  (nearest: boolean) =>
  (s: Int32Array, a: number, b: number, control: number): number => {
    const kindA = kindOf(s, a);
    const kindB = kindOf(s, b);
    if (kindA >= QUIET || kindB >= QUIET) return propagate(s, a, b);
    if (kindA === INFINITE || kindB === ZERO) return invalid(s);
    const flags = denormal(kindA, kindB);
    if (kindA === ZERO || kindB === INFINITE) {
      keep(s, a);
      return flags;
    }
    let negative = isNegative(s, a);
    const exponentA = unpack(s, a);
    const exponentB = unpack(s, b);
    const high = work[HIGH];
    const low = work[LOW];
    const difference = exponentA - exponentB;
    unpack(s, a);

    if (difference >= 64) {
      // Some of the quotient's bits; the exponents get nearer by as many.
      const bits = (difference & 31) | 32;
      longDivision(high, low, bits + 1);
      return flags | C2 | finish(s, negative, exponentA - bits, control);
    }
    if (difference < (nearest ? -1 : 0)) return flags | roundInto(s, EXTENDED, negative, exponentA, control);

    if (difference < 0) {
      // Half of b is at most a, or just above it: the quotient is 0 or 1.
      if (!isLess(high, low, work[HIGH], work[LOW]))
        return flags | roundInto(s, EXTENDED, negative, exponentA, control);
      // 2 b − a, in units of a's last place, is b − (a − b).
      subtractSignificands(work[HIGH], work[LOW], high, low);
      subtractSignificands(high, low, remainder[1], remainder[0]);
      return flags | C1 | finish(s, !negative, exponentA, control);
    }
    longDivision(high, low, difference + 1);
    let quotient = work[LOW];
    if (nearest) {
      const doubledHigh = (remainder[1] << 1) | (remainder[0] >>> 31);
      const doubledLow = remainder[0] << 1;
      const above = remainder[1] < 0 || isLess(high, low, doubledHigh, doubledLow);
      if (above || (doubledHigh === high && doubledLow === low && (quotient & 1) === 1)) {
        subtractSignificands(high, low, remainder[1], remainder[0]);
        negative = !negative;
        quotient++;
      }
    }
    return flags | quotientCodes(quotient) | finish(s, negative, exponentB, control);
  };

/** `remainder` = a − b. */
function subtractSignificands(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  remainder[0] = aLow - bLow;
  remainder[1] = aHigh - bHigh - (aLow >>> 0 < bLow >>> 0 ? 1 : 0);
}

/** The remainder, exact, with an exponent. */
function finish(s: Int32Array, negative: boolean, exponent: number, control: number): number {
  work[EXTRA] = 0;
  work[LOW] = remainder[0];
  work[HIGH] = remainder[1];
  if ((work[LOW] | work[HIGH]) === 0) {
    setZero(s, FPU_RESULT, negative);
    return 0;
  }
  exponent -= normalise();
  return roundInto(s, EXTENDED, negative, exponent, control);
}
