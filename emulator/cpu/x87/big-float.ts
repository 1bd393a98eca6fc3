/**
 * Elementary functions in binary numbers of any precision, for the transcendental x87 instructions: a number is an integer
 * times a power of two. Results have a relative error of some 2^-PRECISION.
 */

/** n × 2^scale. */
export interface Big {
  readonly n: bigint;
  readonly scale: number;
}

export const PRECISION = 160;
const P = BigInt(PRECISION);
/** 1 in fixed point with PRECISION fractional bits. */
const ONE = 1n << P;

export const big = (n: bigint, scale = 0): Big => ({ n, scale });

export const bitLength = (n: bigint): number => (n < 0n ? -n : n).toString(2).length;

export const multiply = (a: Big, b: Big): Big => big(a.n * b.n, a.scale + b.scale);

/** a ÷ b with at least PRECISION significant bits; the rest is cut off. */
export function divide(a: Big, b: Big): Big {
  const shift = Math.max(0, PRECISION + bitLength(b.n) - bitLength(a.n) + 1);
  return big((a.n << BigInt(shift)) / b.n, a.scale - b.scale - shift);
}

export function add(a: Big, b: Big): Big {
  if (a.n === 0n) return b;
  if (b.n === 0n) return a;
  // What is far below the other one only has to leave a trace.
  const distance = a.scale + bitLength(a.n) - (b.scale + bitLength(b.n));
  if (distance > 4 * PRECISION) return trace(a, b.n > 0n);
  if (distance < -4 * PRECISION) return trace(b, a.n > 0n);
  const scale = Math.min(a.scale, b.scale);
  return big((a.n << BigInt(a.scale - scale)) + (b.n << BigInt(b.scale - scale)), scale);
}

/** A number a little above (or below) another one. */
function trace({ n, scale }: Big, above: boolean): Big {
  return big((n << P) + (above ? 1n : -1n), scale - PRECISION);
}

/** A number in fixed point, cut off. */
function fixed({ n, scale }: Big): bigint {
  const shift = scale + PRECISION;
  return shift >= 0 ? n << BigInt(shift) : n >> BigInt(-shift);
}

const ofFixed = (n: bigint): Big => big(n, -PRECISION);

/** Never exactly 1 but where it is, so that rounding sees on which side of a number its product lies. */
const notOne = (factor: bigint, below: boolean): Big =>
  ofFixed(factor === ONE ? (below ? ONE - 1n : ONE + 1n) : factor);

/** Σ coefficient(k) × z^k in fixed point, while terms matter: each is the last one's power times z. */
function series(z: bigint, coefficient: (power: bigint, k: number) => bigint): bigint {
  let sum = 0n;
  let power = ONE;
  for (let k = 0; power !== 0n; k++) {
    sum += coefficient(power, k);
    power = (power * z) >> P;
    // An arithmetic shift never reaches 0 from below.
    if (power === -1n) break;
  }
  return sum;
}

/** atan(1 ÷ d) or (`hyperbolic`) artanh(1 ÷ d) in fixed point with more bits, for the constants. */
function inverseTangent(d: bigint, hyperbolic: boolean): bigint {
  const square = d * d;
  let power = (ONE << 32n) / d;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += !hyperbolic && (k & 2n) !== 0n ? -(power / k) : power / k;
    power /= square;
  }
  return sum;
}

export const PI = big(
  (16n * inverseTangent(5n, false) - 4n * inverseTangent(239n, false)) >> 32n,
  -PRECISION,
);
export const LN2 = big((2n * inverseTangent(3n, true)) >> 32n, -PRECISION);

/** e^t − 1 for |t| < 1. */
export function expm1(t: Big): Big {
  const z = fixed(t);
  let factorial = 1n;
  const factor = series(z, (power, k) => {
    factorial *= BigInt(k + 1);
    return power / factorial;
  });
  return multiply(t, notOne(factor, t.n < 0n));
}

/**
 * The logarithm of a quotient, given difference and sum of its parts, for quotients between ½ and 2 or so: twice the
 * artanh of difference ÷ sum.
 */
export function logarithmOfQuotient(difference: Big, sum: Big): Big {
  if (difference.n === 0n) return difference;
  const z = divide(difference, sum);
  const square = fixed(multiply(z, z));
  const factor = series(square, (power, k) => power / BigInt(2 * k + 1));
  return multiply(big(2n * z.n, z.scale), notOne(factor, false));
}

/** sin r for |r| < 1. */
export function sine(r: Big): Big {
  const square = -fixed(multiply(r, r));
  let factorial = 1n;
  const factor = series(square, (power, k) => {
    if (k > 0) factorial *= BigInt(2 * k * (2 * k + 1));
    return power / factorial;
  });
  return multiply(r, notOne(factor, true));
}

/** cos r for |r| < 1. */
export function cosine(r: Big): Big {
  const square = -fixed(multiply(r, r));
  let factorial = 1n;
  const sum = series(square, (power, k) => {
    if (k > 0) factorial *= BigInt((2 * k - 1) * 2 * k);
    return power / factorial;
  });
  return r.n === 0n ? ofFixed(ONE) : notOne(sum, true);
}

/** atan t by its series, for small t. */
function arctangentSeries(t: Big): Big {
  const square = -fixed(multiply(t, t));
  const factor = series(square, (power, k) => power / BigInt(2 * k + 1));
  return multiply(t, notOne(factor, true));
}

/** atan(k ÷ 8) for k = 0…8. */
const EIGHTHS: Big[] = [big(0n)];
for (let k = 1; k <= 8; k++) {
  // The angle between the two, whose tangent is (1 ÷ 8) ÷ (1 + k (k − 1) ÷ 64).
  const step = divide(big(8n), big(BigInt(64 + k * (k - 1))));
  EIGHTHS.push(add(EIGHTHS[k - 1], arctangentSeries(step)));
}

/** atan t for 0 < t ≤ 1. */
export function arctangent(t: Big): Big {
  const k = Number((fixed(t) * 16n + ONE) >> (P + 1n));
  if (k === 0) return arctangentSeries(t);
  // tan of the rest is (t − k ÷ 8) ÷ (1 + t k ÷ 8).
  const eighth = big(BigInt(k), -3);
  const above = add(t, big(-eighth.n, -3));
  if (above.n === 0n) return EIGHTHS[k];
  return add(EIGHTHS[k], arctangentSeries(divide(above, add(big(1n), multiply(t, eighth)))));
}
