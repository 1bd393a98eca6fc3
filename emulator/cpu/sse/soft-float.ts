/**
 * IEEE 754 arithmetic as SSE does it, in exact integers: all rounding modes, DAZ, FTZ and exception flags. Slow;
 * `arithmetic.ts` and `conversions.ts` come here when the host's own arithmetic would not do (SDM volume 1,
 * chapters 4.8, 4.9 and 11.5).
 */

/** MXCSR exception flags; their masks are 7 bits up. */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
export const DAZ = 0x40;
export const MASKS = 0x1f80;
const OVERFLOW_MASK = OE << 7;
const UNDERFLOW_MASK = UE << 7;
const ROUNDING = 0x6000;
export const FTZ = 0x8000;

const NEAREST = 0x0000;
const DOWN = 0x2000;
const UP = 0x4000;
const ZERO = 0x6000;

/** A binary interchange format. Values are passed as their bits, in a bigint. */
export interface Format {
  /** Significand bits, the hidden one included. */
  readonly precision: number;
  /** Exponents of the smallest and largest normal numbers. */
  readonly minimum: number;
  readonly maximum: number;
  readonly sign: bigint;
  readonly infinity: bigint;
  readonly quiet: bigint;
  readonly fraction: bigint;
}

const format = (precision: number, exponentBits: number): Format => {
  const maximum = 2 ** (exponentBits - 1) - 1;
  const fractionBits = BigInt(precision - 1);
  return {
    precision,
    minimum: 1 - maximum,
    maximum,
    sign: 1n << (fractionBits + BigInt(exponentBits)),
    infinity: ((1n << BigInt(exponentBits)) - 1n) << fractionBits,
    quiet: 1n << (fractionBits - 1n),
    fraction: (1n << fractionBits) - 1n,
  };
};

export const SINGLE = format(24, 8);
export const DOUBLE = format(53, 11);

const magnitude = (f: Format, bits: bigint): bigint => bits & (f.sign - 1n);
const isNan = (f: Format, bits: bigint): boolean => magnitude(f, bits) > f.infinity;
const isInfinite = (f: Format, bits: bigint): boolean => magnitude(f, bits) === f.infinity;
const isZero = (f: Format, bits: bigint): boolean => magnitude(f, bits) === 0n;
const isSignaling = (f: Format, bits: bigint): boolean => isNan(f, bits) && (bits & f.quiet) === 0n;
const isDenormal = (f: Format, bits: bigint): boolean => {
  const m = magnitude(f, bits);
  return m !== 0n && m <= f.fraction;
};
/** The default NaN of x86 is negative. */
const indefinite = (f: Format): bigint => f.sign | f.infinity | f.quiet;

/** Exceptions of the last operation of this module: MXCSR flags. */
let flags = 0;
export const lastFlags = (): number => flags;

/** |value| of a finite number = significand × 2^exponent. */
function significand(f: Format, bits: bigint): bigint {
  const m = magnitude(f, bits);
  return m <= f.fraction ? m : (m & f.fraction) | (f.fraction + 1n);
}

function exponent(f: Format, bits: bigint): number {
  const biased = Number(magnitude(f, bits) >> BigInt(f.precision - 1));
  return Math.max(biased, 1) + f.minimum - f.precision;
}

const bitLength = (value: bigint): number => value.toString(2).length;

/** value >> shift, rounded; a negative shift goes left. `sticky`: the value is a little more than it says. */
function shiftRounded(
  value: bigint,
  shift: number,
  sticky: boolean,
  negative: boolean,
  mode: number,
): bigint {
  if (shift <= 0) {
    inexact = sticky;
    return roundsAway(0n, 2n, sticky, negative, mode, value << BigInt(-shift));
  }
  const kept = value >> BigInt(shift);
  const lost = value & ((1n << BigInt(shift)) - 1n);
  inexact = sticky || lost !== 0n;
  return roundsAway(lost, 1n << BigInt(shift), sticky, negative, mode, kept);
}

let inexact = false;

function roundsAway(
  lost: bigint,
  unit: bigint,
  sticky: boolean,
  negative: boolean,
  mode: number,
  kept: bigint,
): bigint {
  if (lost === 0n && !sticky) return kept;
  switch (mode) {
    case NEAREST: {
      const twice = 2n * lost;
      const up = twice > unit || (twice === unit && (sticky || (kept & 1n) === 1n));
      return up ? kept + 1n : kept;
    }
    case DOWN:
      return negative ? kept + 1n : kept;
    case UP:
      return negative ? kept : kept + 1n;
    default:
      return kept;
  }
}

/**
 * Rounds ±value × 2^scale (value > 0) to the format and raises OE, UE, PE. `sticky`: the exact value lies between
 * this one and the next integer above; value must have at least precision + 2 bits then.
 */
function roundToFormat(
  f: Format,
  negative: boolean,
  value: bigint,
  scale: number,
  sticky: boolean,
  mxcsr: number,
): bigint {
  const sign = negative ? f.sign : 0n;
  const mode = mxcsr & ROUNDING;
  let shift = bitLength(value) - f.precision;
  let rounded = shiftRounded(value, shift, sticky, negative, mode);
  if (rounded >> BigInt(f.precision) !== 0n) {
    rounded >>= 1n;
    shift++;
  }
  let top = shift + scale + f.precision - 1;
  // Tiny is what would be too small after rounding with an unbounded exponent.
  if (top < f.minimum) {
    if ((mxcsr & UNDERFLOW_MASK) === 0) {
      flags |= inexact ? UE | PE : UE;
      return sign;
    }
    if ((mxcsr & FTZ) !== 0) {
      flags |= UE | PE;
      return sign;
    }
    rounded = shiftRounded(value, f.minimum - f.precision + 1 - scale, sticky, negative, mode);
    if (inexact) flags |= UE | PE;
    // A carry into the hidden bit makes the smallest normal number, as it should.
    return sign | rounded;
  }
  if (inexact) flags |= PE;
  if (top > f.maximum) {
    flags |= (mxcsr & OVERFLOW_MASK) === 0 ? OE : OE | PE;
    const toInfinity = mode === NEAREST || mode === (negative ? DOWN : UP);
    return sign | (toInfinity ? f.infinity : f.infinity - 1n);
  }
  top -= f.minimum;
  return sign | ((BigInt(top) << BigInt(f.precision - 1)) + rounded);
}

export type Operation = 'add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'min' | 'max';

/** One operation on numbers of a format. `sqrt` has `b` for operand; `a` is not looked at. */
export function calculate(operation: Operation, f: Format, a: bigint, b: bigint, mxcsr: number): bigint {
  flags = 0;
  if (operation === 'sqrt') a = b;
  if (operation === 'min' || operation === 'max') return minMax(operation, f, a, b, mxcsr);
  if (isNan(f, a) || isNan(f, b)) {
    if (isSignaling(f, a) || isSignaling(f, b)) flags = IE;
    return (isNan(f, a) ? a : b) | f.quiet;
  }
  if ((mxcsr & DAZ) !== 0) {
    a = flushDenormal(f, a);
    b = flushDenormal(f, b);
  }
  const result = ordinary(operation, f, a, b, mxcsr);
  // Invalid operations and division by zero come before a denormal operand.
  if ((flags & (IE | ZE)) === 0 && (isDenormal(f, a) || isDenormal(f, b))) flags |= DE;
  return result;
}

function invalid(f: Format): bigint {
  flags |= IE;
  return indefinite(f);
}

export const flushDenormal = (f: Format, bits: bigint): bigint =>
  isDenormal(f, bits) ? bits & f.sign : bits;

function ordinary(operation: Operation, f: Format, a: bigint, b: bigint, mxcsr: number): bigint {
  switch (operation) {
    case 'add':
      return sum(f, a, b, mxcsr);
    case 'sub':
      return sum(f, a, b ^ f.sign, mxcsr);
    case 'mul': {
      const sign = (a ^ b) & f.sign;
      if (isInfinite(f, a) || isInfinite(f, b))
        return isZero(f, a) || isZero(f, b) ? invalid(f) : sign | f.infinity;
      if (isZero(f, a) || isZero(f, b)) return sign;
      const scale = exponent(f, a) + exponent(f, b);
      return roundToFormat(f, sign !== 0n, significand(f, a) * significand(f, b), scale, false, mxcsr);
    }
    case 'div': {
      const sign = (a ^ b) & f.sign;
      if (isInfinite(f, a)) return isInfinite(f, b) ? invalid(f) : sign | f.infinity;
      if (isInfinite(f, b)) return sign;
      if (isZero(f, b)) {
        if (isZero(f, a)) return invalid(f);
        flags |= ZE;
        return sign | f.infinity;
      }
      if (isZero(f, a)) return sign;
      const extra = 2 * f.precision + 2;
      const dividend = significand(f, a) << BigInt(extra);
      const divisor = significand(f, b);
      const quotient = dividend / divisor;
      const sticky = quotient * divisor !== dividend;
      return roundToFormat(f, sign !== 0n, quotient, exponent(f, a) - exponent(f, b) - extra, sticky, mxcsr);
    }
    default: {
      if (isZero(f, b)) return b;
      if ((b & f.sign) !== 0n) return invalid(f);
      if (isInfinite(f, b)) return b;
      let scale = exponent(f, b) - 2 * f.precision - 4;
      let value = significand(f, b) << BigInt(2 * f.precision + 4);
      if ((scale & 1) !== 0) {
        value <<= 1n;
        scale--;
      }
      const root = integerRoot(value);
      return roundToFormat(f, false, root, scale / 2, root * root !== value, mxcsr);
    }
  }
}

function sum(f: Format, a: bigint, b: bigint, mxcsr: number): bigint {
  if (isInfinite(f, a)) return isInfinite(f, b) && a !== b ? invalid(f) : a;
  if (isInfinite(f, b)) return b;
  const scale = Math.min(exponent(f, a), exponent(f, b));
  const term = (x: bigint): bigint => {
    const value = significand(f, x) << BigInt(exponent(f, x) - scale);
    return (x & f.sign) !== 0n ? -value : value;
  };
  const total = term(a) + term(b);
  if (total === 0n) {
    if (isZero(f, a) && a === b) return a;
    return (mxcsr & ROUNDING) === DOWN ? f.sign : 0n;
  }
  return roundToFormat(f, total < 0n, total < 0n ? -total : total, scale, false, mxcsr);
}

/** ±x · y ± z, rounded once. */
export function fusedMultiplyAdd(
  f: Format,
  x: bigint,
  y: bigint,
  z: bigint,
  negateProduct: boolean,
  negateAddend: boolean,
  mxcsr: number,
): bigint {
  flags = 0;
  if (isNan(f, x) || isNan(f, y) || isNan(f, z)) {
    if (isSignaling(f, x) || isSignaling(f, y) || isSignaling(f, z)) flags = IE;
    return (isNan(f, x) ? x : isNan(f, y) ? y : z) | f.quiet;
  }
  if ((mxcsr & DAZ) !== 0) {
    x = flushDenormal(f, x);
    y = flushDenormal(f, y);
    z = flushDenormal(f, z);
  }
  const sign = ((x ^ y) & f.sign) ^ (negateProduct ? f.sign : 0n);
  const result = productAndSum(f, x, y, sign, negateAddend ? z ^ f.sign : z, mxcsr);
  if ((flags & IE) === 0 && (isDenormal(f, x) || isDenormal(f, y) || isDenormal(f, z))) flags |= DE;
  return result;
}

/** |x · y| with a sign, and z; none of them is a NaN. */
function productAndSum(f: Format, x: bigint, y: bigint, sign: bigint, z: bigint, mxcsr: number): bigint {
  if (isInfinite(f, x) || isInfinite(f, y)) {
    if (isZero(f, x) || isZero(f, y)) return invalid(f);
    return isInfinite(f, z) && (z & f.sign) !== sign ? invalid(f) : sign | f.infinity;
  }
  if (isInfinite(f, z)) return z;
  const productScale = exponent(f, x) + exponent(f, y);
  const scale = Math.min(productScale, exponent(f, z));
  const product = (significand(f, x) * significand(f, y)) << BigInt(productScale - scale);
  const addend = significand(f, z) << BigInt(exponent(f, z) - scale);
  const total = (sign !== 0n ? -product : product) + ((z & f.sign) !== 0n ? -addend : addend);
  if (total === 0n) {
    if (product === 0n && (z & f.sign) === sign) return sign;
    return (mxcsr & ROUNDING) === DOWN ? f.sign : 0n;
  }
  return roundToFormat(f, total < 0n, total < 0n ? -total : total, scale, false, mxcsr);
}

/** Largest integer whose square is not above the value (Newton's method from above). */
function integerRoot(value: bigint): bigint {
  let root = 1n << BigInt((bitLength(value) + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** MIN and MAX return the second operand if either is a NaN or both are zeros. */
function minMax(operation: 'min' | 'max', f: Format, a: bigint, b: bigint, mxcsr: number): bigint {
  if ((mxcsr & DAZ) !== 0) {
    a = flushDenormal(f, a);
    b = flushDenormal(f, b);
  }
  if (isNan(f, a) || isNan(f, b)) {
    flags = IE;
    return b;
  }
  if (isDenormal(f, a) || isDenormal(f, b)) flags = DE;
  const order = ordered(f, a, b);
  return (operation === 'min' ? order < 0 : order > 0) ? a : b;
}

/** Negative, zero or positive as a < b, a = b, a > b; neither is a NaN. */
function ordered(f: Format, a: bigint, b: bigint): number {
  const value = (x: bigint): bigint => ((x & f.sign) !== 0n ? -magnitude(f, x) : magnitude(f, x));
  const left = value(a);
  const right = value(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The relation of two numbers: −1, 0, 1, or 2 for unordered. Quiet NaNs are invalid too if `signaling`. */
export function relation(f: Format, a: bigint, b: bigint, signaling: boolean, mxcsr: number): number {
  flags = 0;
  if (isNan(f, a) || isNan(f, b)) {
    if (signaling || isSignaling(f, a) || isSignaling(f, b)) flags = IE;
    return 2;
  }
  if ((mxcsr & DAZ) !== 0) {
    a = flushDenormal(f, a);
    b = flushDenormal(f, b);
  }
  if (isDenormal(f, a) || isDenormal(f, b)) flags = DE;
  return ordered(f, a, b);
}

/** Conversion between formats. */
export function convert(from: Format, to: Format, a: bigint, mxcsr: number): bigint {
  flags = 0;
  const sign = (a & from.sign) !== 0n ? to.sign : 0n;
  const widening = BigInt(to.precision - from.precision);
  if (isNan(from, a)) {
    if (isSignaling(from, a)) flags = IE;
    const payload = a & from.fraction;
    return sign | to.infinity | to.quiet | (widening > 0n ? payload << widening : payload >> -widening);
  }
  if ((mxcsr & DAZ) !== 0) a = flushDenormal(from, a);
  if (isInfinite(from, a)) return sign | to.infinity;
  if (isZero(from, a)) return sign;
  const result = roundToFormat(to, sign !== 0n, significand(from, a), exponent(from, a), false, mxcsr);
  if (isDenormal(from, a)) flags |= DE;
  return result;
}

/** A signed integer to a format. */
export function fromInteger(f: Format, value: bigint, mxcsr: number): bigint {
  flags = 0;
  if (value === 0n) return 0n;
  return roundToFormat(f, value < 0n, value < 0n ? -value : value, 0, false, mxcsr);
}

/** To a signed integer of `width` bits, in two's complement; what does not fit gives 1 and zeros. */
export function toInteger(f: Format, a: bigint, width: number, truncate: boolean, mxcsr: number): bigint {
  flags = 0;
  const none = 1n << BigInt(width - 1);
  if (isNan(f, a) || isInfinite(f, a)) {
    flags = IE;
    return none;
  }
  if ((mxcsr & DAZ) !== 0) a = flushDenormal(f, a);
  const negative = (a & f.sign) !== 0n;
  const mode = truncate ? ZERO : mxcsr & ROUNDING;
  const absolute = shiftRounded(significand(f, a), -exponent(f, a), false, negative, mode);
  if (absolute > (negative ? none : none - 1n)) {
    flags = IE;
    return none;
  }
  if (inexact) flags = PE;
  return BigInt.asUintN(width, negative ? -absolute : absolute);
}
