/**
 * F2XM1, FYL2X, FYL2XP1, FSIN, FCOS, FSINCOS, FPTAN, FPATAN: computed to 160 bits and rounded once (SDM volume 1, 8.3.7
 * to 8.3.10). As Intel's CPUs do, arguments of the trigonometric functions are reduced by a π of 66 bits.
 */
import type { Handler } from '../instruction.ts';
import { FPU_CONTROL, FPU_OPERAND, FPU_RESULT, FPU_STATUS } from '../state.ts';
import {
  add,
  arctangent,
  type Big,
  big,
  bitLength,
  cosine,
  divide,
  expm1,
  LN2,
  logarithmOfQuotient,
  multiply,
  PI,
  sine,
} from './big-float.ts';
import {
  BIAS,
  DENORMAL,
  EXPONENT,
  EXTENDED,
  EXTRA,
  HIGH,
  INFINITE,
  invalid,
  isNegative,
  keep,
  kindOf,
  LOW,
  propagate,
  QUIET,
  quieten,
  roundInto,
  SIGNALING,
  set,
  setInfinity,
  setZero,
  UNSUPPORTED,
  work,
  ZERO,
} from './extended.ts';
import { denormal } from './extended-arithmetic.ts';
import { computing, copy, isEmpty, pop, settle, settleTwo, st } from './stack.ts';
import { C1, C2, DE, PE, STACK_OVERFLOW, STACK_UNDERFLOW, UE, ZE } from './status.ts';

/** A finite number. */
function toBig(s: Int32Array, at: number): Big {
  const magnitude = (BigInt(s[at + 1] >>> 0) << 32n) | BigInt(s[at] >>> 0);
  const exponent = Math.max(s[at + 2] & EXPONENT, 1);
  return big(isNegative(s, at) ? -magnitude : magnitude, exponent - BIAS - 63);
}

const negate = ({ n, scale }: Big): Big => big(-n, scale);
const half = ({ n, scale }: Big): Big => big(n, scale - 1);

/**
 * CPUs compute with some more bits than a register has and then round as rounding control says: what differs from a
 * number in the last of these bits only is taken for it, as sin x for x if that is small.
 */
const INTERNAL_PRECISION = 88;

/** Rounds a value to FPU_RESULT. It counts as inexact, whatever it is, and as an underflow if it is denormal. */
function conclude(s: Int32Array, { n, scale }: Big): number {
  const negative = n < 0n;
  const spare = bitLength(n) - INTERNAL_PRECISION;
  let magnitude = negative ? -n : n;
  if (spare > 0) magnitude = ((magnitude >> BigInt(spare - 1)) + 1n) >> 1n;
  const length = bitLength(magnitude);
  const aligned = magnitude << BigInt(96 - length);
  work[EXTRA] = Number(BigInt.asIntN(32, aligned));
  work[LOW] = Number(BigInt.asIntN(32, aligned >> 32n));
  work[HIGH] = Number(BigInt.asIntN(32, aligned >> 64n));
  const exponent = BIAS + scale + Math.max(spare, 0) + length - 1;
  const outcome = roundInto(s, EXTENDED, negative, exponent, s[FPU_CONTROL]);
  return outcome | ((s[FPU_RESULT + 2] & EXPONENT) === 0 ? UE | PE : PE);
}

// Trigonometry.

const PI_66_HALF = big(0xc90f_daa2_2168_c234_cn, -67);

/** x less k quarter turns, at most an eighth of a turn, and k mod 4. */
function reduce(x: Big): { rest: Big; quarter: number } {
  const scale = Math.min(x.scale, PI_66_HALF.scale);
  const a = x.n << BigInt(x.scale - scale);
  const b = PI_66_HALF.n << BigInt(PI_66_HALF.scale - scale);
  // Rounded to the nearest.
  const twice = 2n * a + b;
  let k = twice / (2n * b);
  if (twice < 0n && k * 2n * b !== twice) k--;
  return { rest: big(a - k * b, scale), quarter: Number(((k % 4n) + 4n) % 4n) };
}

const sineOf = (rest: Big, quarter: number): Big => {
  const value = (quarter & 1) === 0 ? sine(rest) : cosine(rest);
  return (quarter & 2) === 0 ? value : negate(value);
};

/** What a trigonometric function gives for a NaN or infinity; undefined for a number. */
function trigonometryOfNoNumber(s: Int32Array, at: number): number | undefined {
  const kind = kindOf(s, at);
  if (kind < INFINITE) return undefined;
  return kind === QUIET || kind === SIGNALING ? quieten(s, at) : invalid(s);
}

const setOne = (s: Int32Array, at: number): void => set(s, at, false, BIAS, 0x8000_0000, 0);

const denormalFlag = (s: Int32Array, at: number): number => (kindOf(s, at) === DENORMAL ? DE : 0);

function sineOfRegister(s: Int32Array, at: number): number {
  const special = trigonometryOfNoNumber(s, at);
  if (special !== undefined) return special;
  if (kindOf(s, at) === ZERO) {
    keep(s, at);
    return 0;
  }
  const { rest, quarter } = reduce(toBig(s, at));
  return denormalFlag(s, at) | conclude(s, sineOf(rest, quarter));
}

function cosineOfRegister(s: Int32Array, at: number): number {
  const special = trigonometryOfNoNumber(s, at);
  if (special !== undefined) return special;
  if (kindOf(s, at) === ZERO) {
    setOne(s, FPU_RESULT);
    return 0;
  }
  const { rest, quarter } = reduce(toBig(s, at));
  return denormalFlag(s, at) | conclude(s, sineOf(rest, quarter + 1));
}

function tangentOfRegister(s: Int32Array, at: number): number {
  const special = trigonometryOfNoNumber(s, at);
  if (special !== undefined) return special;
  if (kindOf(s, at) === ZERO) {
    keep(s, at);
    return 0;
  }
  const { rest, quarter } = reduce(toBig(s, at));
  const tangent = divide(sineOf(rest, quarter), sineOf(rest, quarter + 1));
  return denormalFlag(s, at) | conclude(s, tangent);
}

type Compute = (s: Int32Array, at: number) => number;

/** Arguments of 2^63 and above are left alone. */
const isTooLarge = (s: Int32Array, at: number): boolean =>
  kindOf(s, at) < INFINITE && (s[at + 2] & EXPONENT) >= BIAS + 63;

/** C2 says so. */
function setIncomplete(s: Int32Array): void {
  s[FPU_STATUS] = (s[FPU_STATUS] & ~C1) | C2;
}

const inPlace = (compute: Compute): Handler =>
  computing((cpu) => {
    const s = cpu.i32;
    s[FPU_STATUS] &= ~C2;
    const empty = isEmpty(s, 0);
    if (!empty && isTooLarge(s, st(s, 0))) {
      setIncomplete(s);
      return;
    }
    settle(s, empty ? STACK_UNDERFLOW : compute(s, st(s, 0)), 0);
  });

export const fsin = inPlace(sineOfRegister);
export const fcos = inPlace(cosineOfRegister);

/** Replaces ST(0) by a first result and pushes a second one. */
const andPush = (first: Compute, second: Compute): Handler =>
  computing((cpu) => {
    const s = cpu.i32;
    s[FPU_STATUS] &= ~C2;
    let outcome: number;
    if (isEmpty(s, 0)) outcome = STACK_UNDERFLOW;
    else if (!isEmpty(s, 7)) outcome = STACK_OVERFLOW;
    else if (isTooLarge(s, st(s, 0))) {
      setIncomplete(s);
      return;
    } else {
      outcome = first(s, st(s, 0));
      copy(s, FPU_RESULT, FPU_OPERAND);
      outcome |= second(s, st(s, 0));
    }
    settleTwo(s, outcome);
  });

export const fsincos = andPush(sineOfRegister, cosineOfRegister);
export const fptan = andPush(tangentOfRegister, (s, at) => {
  const special = trigonometryOfNoNumber(s, at);
  if (special !== undefined) return special;
  setOne(s, FPU_RESULT);
  return 0;
});

// Exponential and logarithms.

function exponential(s: Int32Array, at: number): number {
  const kind = kindOf(s, at);
  if (kind === UNSUPPORTED) return invalid(s);
  if (kind >= QUIET) return quieten(s, at);
  const negative = isNegative(s, at);
  if (kind === INFINITE && negative) {
    set(s, FPU_RESULT, true, BIAS, 0x8000_0000, 0);
    return 0;
  }
  if (kind === ZERO || kind === INFINITE) {
    keep(s, at);
    return 0;
  }
  const x = toBig(s, at);
  if ((s[at + 2] & EXPONENT) >= BIAS) {
    // Beyond 1 the result is not defined; CPUs leave the operand, as is right for 1.
    if (negative && x.n === -1n << 63n && x.scale === -63) set(s, FPU_RESULT, true, BIAS - 1, 0x8000_0000, 0);
    else keep(s, at);
    return PE;
  }
  return denormalFlag(s, at) | conclude(s, expm1(multiply(x, LN2)));
}

export const f2xm1 = computing((cpu) => {
  const s = cpu.i32;
  settle(s, isEmpty(s, 0) ? STACK_UNDERFLOW : exponential(s, st(s, 0)), 0);
});

/** y × log2 x, of ST(1) and ST(0). */
function timesLogarithm(s: Int32Array, y: number, x: number): number {
  const kindX = kindOf(s, x);
  const kindY = kindOf(s, y);
  if (kindX >= QUIET || kindY >= QUIET) return propagate(s, y, x);
  if (isNegative(s, x) && kindX !== ZERO) return invalid(s);
  const flags = denormal(kindX, kindY);
  const negative = isNegative(s, y);
  if (kindX === ZERO) {
    if (kindY === ZERO) return invalid(s);
    setInfinity(s, FPU_RESULT, !negative);
    return kindY === INFINITE ? flags : ZE;
  }
  if (kindX === INFINITE) {
    if (kindY === ZERO) return invalid(s);
    setInfinity(s, FPU_RESULT, negative);
    return flags;
  }
  const value = toBig(s, x);
  const exponent = value.scale + bitLength(value.n) - 1;
  const isPower = value.n === 1n << BigInt(bitLength(value.n) - 1);
  return product(s, y, logarithm(value, exponent, isPower), flags);
}

/** log2 of a positive number. */
function logarithm(value: Big, exponent: number, isPower: boolean): Big {
  if (isPower) return big(BigInt(exponent));
  // The significand in √½…√2, nearly, so that what is near 1 loses nothing.
  let mantissa = big(value.n, value.scale - exponent);
  if (mantissa.n * 10n > 14n << BigInt(-mantissa.scale)) {
    mantissa = half(mantissa);
    exponent++;
  }
  return add(
    divide(logarithmOfQuotient(add(mantissa, big(-1n)), add(mantissa, big(1n))), LN2),
    big(BigInt(exponent)),
  );
}

/** y times a logarithm. */
function product(s: Int32Array, y: number, factor: Big, flags: number): number {
  const kindY = kindOf(s, y);
  const negative = isNegative(s, y) !== factor.n < 0n;
  if (kindY === INFINITE) {
    if (factor.n === 0n) return invalid(s);
    setInfinity(s, FPU_RESULT, negative);
    return flags;
  }
  if (kindY === ZERO || factor.n === 0n) {
    setZero(s, FPU_RESULT, negative);
    return flags;
  }
  return flags | conclude(s, multiply(toBig(s, y), factor));
}

/** y × log2 (x + 1). */
function timesLogarithmOfSuccessor(s: Int32Array, y: number, x: number): number {
  const kindX = kindOf(s, x);
  const kindY = kindOf(s, y);
  if (kindX >= QUIET || kindY >= QUIET) return propagate(s, y, x);
  const flags = denormal(kindX, kindY);
  const negative = isNegative(s, x);
  if (kindX === INFINITE) {
    if (negative || kindY === ZERO) return invalid(s);
    setInfinity(s, FPU_RESULT, isNegative(s, y));
    return flags;
  }
  if (kindX === ZERO) {
    if (kindY === INFINITE) return invalid(s);
    setZero(s, FPU_RESULT, negative !== isNegative(s, y));
    return flags;
  }
  // At −1 and below the result is not defined. CPUs take the logarithm for some negative number, or leave the operand.
  if (negative && (s[x + 2] & EXPONENT) >= BIAS) {
    if (kindY === ZERO || kindY === INFINITE) return product(s, y, big(-1n), flags);
    keep(s, x);
    return flags | PE;
  }
  const value = toBig(s, x);
  return product(s, y, logarithmOfSuccessor(value), flags);
}

/** log2 (x + 1) for x > −1. */
function logarithmOfSuccessor(x: Big): Big {
  const exponent = x.scale + bitLength(x.n);
  if (exponent < -1) return divide(logarithmOfQuotient(x, add(x, big(2n))), LN2);
  const successor = add(x, big(1n));
  const length = bitLength(successor.n);
  const isPower = successor.n === 1n << BigInt(length - 1);
  return logarithm(successor, successor.scale + length - 1, isPower);
}

/** Puts what a function makes of ST(1) and ST(0) into ST(1), and pops. */
const intoNext = (compute: (s: Int32Array, y: number, x: number) => number): Handler =>
  computing((cpu) => {
    const s = cpu.i32;
    const empty = isEmpty(s, 0) || isEmpty(s, 1);
    if (settle(s, empty ? STACK_UNDERFLOW : compute(s, st(s, 1), st(s, 0)), 1)) pop(s);
  });

export const fyl2x = intoNext(timesLogarithm);
export const fyl2xp1 = intoNext(timesLogarithmOfSuccessor);

// The angle of a point.

function angle(s: Int32Array, y: number, x: number): number {
  const kindX = kindOf(s, x);
  const kindY = kindOf(s, y);
  if (kindX >= QUIET || kindY >= QUIET) return propagate(s, y, x);
  const flags = denormal(kindX, kindY);
  const left = isNegative(s, x);
  const below = isNegative(s, y);
  const signed = (value: Big): number => flags | conclude(s, below ? negate(value) : value);
  if (kindY === INFINITE && kindX === INFINITE) return signed(multiply(PI, big(left ? 3n : 1n, -2)));
  if (kindY === ZERO || kindX === INFINITE) {
    if (left) return signed(PI);
    setZero(s, FPU_RESULT, below);
    return flags;
  }
  if (kindX === ZERO || kindY === INFINITE) return signed(half(PI));
  const opposite = magnitude(toBig(s, y));
  const adjacent = magnitude(toBig(s, x));
  const steep = compare(opposite, adjacent) > 0;
  const inEighth = arctangent(steep ? divide(adjacent, opposite) : divide(opposite, adjacent));
  const inQuarter = steep ? add(half(PI), negate(inEighth)) : inEighth;
  return signed(left ? add(PI, negate(inQuarter)) : inQuarter);
}

const magnitude = ({ n, scale }: Big): Big => big(n < 0n ? -n : n, scale);

/** Negative, zero or positive. */
function compare(a: Big, b: Big): number {
  const difference = a.scale + bitLength(a.n) - b.scale - bitLength(b.n);
  return difference !== 0 ? difference : Number(add(a, negate(b)).n > 0n) - Number(add(a, negate(b)).n < 0n);
}

export const fpatan = intoNext(angle);
