/** What tells whether the host's own floating-point arithmetic will do, and finds what it rounds off. */
import { DAZ, FTZ, MASKS } from './soft-float.ts';

/** MXCSR bits that decide: rounding mode, FTZ, DAZ, masks. */
export const CONTROL = 0x6000 | FTZ | DAZ | MASKS;
/** Round to nearest, nothing flushed, everything masked. */
export const PLAIN = MASKS;

/** A double, by its high word, has an exponent that is neither the smallest nor the largest: normal and finite. */
export const isNormal = (high: number): boolean => ((high & 0x7ff0_0000) - 0x0010_0000) >>> 0 < 0x7fe0_0000;
/** Likewise, and it is not the first binade either, to which tiny results may have been rounded up. */
export const isSafeResult = (high: number): boolean =>
  ((high & 0x7ff0_0000) - 0x0020_0000) >>> 0 < 0x7fd0_0000;
/** 2^−400 ≤ |x| < 2^400: products of two and their error terms neither overflow nor vanish. */
export const isModerate = (high: number): boolean => ((high & 0x7ff0_0000) - 0x26f0_0000) >>> 0 < 0x3200_0000;

/** x · y − product, exactly, for moderate numbers (Veltkamp's splitting, Dekker's product). */
export function productError(x: number, y: number, product: number): number {
  const cx = x * 134217729;
  const xHigh = cx - (cx - x);
  const xLow = x - xHigh;
  const cy = y * 134217729;
  const yHigh = cy - (cy - y);
  const yLow = y - yHigh;
  return xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow);
}

/** a + b − sum, exactly (Knuth). */
export function sumError(a: number, b: number, sum: number): number {
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

/** The same of a single. */
export const isNormalSingle = (bits: number): boolean =>
  ((bits & 0x7f80_0000) - 0x0080_0000) >>> 0 < 0x7f00_0000;
export const isSafeSingle = (bits: number): boolean =>
  ((bits & 0x7f80_0000) - 0x0100_0000) >>> 0 < 0x7e80_0000;
