/**
 * FMA: x · y + z with one rounding. The host has no such operation; in round-to-nearest it is put together from error-free
 * transformations, for everything else there is `soft-float.ts`.
 */
import type { Cpu } from '../cpu.ts';
import type { Handler } from '../instruction.ts';
import type { Opcode } from '../opcode.ts';
import { LANE_RESULT, MXCSR, VECTOR_RESULT } from '../state.ts';
import { allMasked, collectFlags, raiseCollected, raiseFlags, readLane, writeLane } from './exact.ts';
import {
  CONTROL,
  isModerate,
  isNormal,
  isNormalSingle,
  isSafeSingle,
  PLAIN,
  productError,
  sumError,
} from './host-arithmetic.ts';
import { fetch32, fetch64, fetch128 } from './operands.ts';
import { DOUBLE, type Format, fusedMultiplyAdd, lastFlags, PE, SINGLE } from './soft-float.ts';
import { copy128, fetch256, requireAvx, sourceOperand, vexRow, write128, write256 } from './vex.ts';

/** Computes ±x · y ± z of the lanes at these words. */
type Lane = (
  cpu: Cpu,
  destination: number,
  x: number,
  y: number,
  z: number,
  negateProduct: boolean,
  negateAddend: boolean,
) => void;

function exactLane(
  cpu: Cpu,
  format: Format,
  destination: number,
  x: number,
  y: number,
  z: number,
  negateProduct: boolean,
  negateAddend: boolean,
): void {
  const result = fusedMultiplyAdd(
    format,
    readLane(cpu, format, x),
    readLane(cpu, format, y),
    readLane(cpu, format, z),
    negateProduct,
    negateAddend,
    cpu.i32[MXCSR],
  );
  raiseFlags(cpu, lastFlags());
  writeLane(cpu, format, destination, result);
}

/** a + b, rounded to odd: a result that is not exact has its last bit set, so that it can be rounded again. */
function sumToOdd(cpu: Cpu, a: number, b: number): number {
  const s = cpu.i32;
  const sum = a + b;
  const error = sumError(a, b, sum);
  if (error === 0) return sum;
  cpu.f64[LANE_RESULT >> 1] = sum;
  if ((s[LANE_RESULT] & 1) !== 0) return sum;
  // The neighbour in the direction of the error. A sum that is even and not exact is not zero.
  if (error > 0 === sum > 0) s[LANE_RESULT] |= 1;
  else {
    if (s[LANE_RESULT] === 0) s[LANE_RESULT + 1]--;
    s[LANE_RESULT]--;
  }
  return cpu.f64[LANE_RESULT >> 1];
}

const fuseSingles: Lane = (cpu, destination, x, y, z, negateProduct, negateAddend) => {
  const s = cpu.i32;
  const f = cpu.f32;
  const isFactorZero = f[x] === 0 || f[y] === 0;
  if (
    (s[MXCSR] & CONTROL) === PLAIN &&
    (isNormalSingle(s[x]) || f[x] === 0) &&
    (isNormalSingle(s[y]) || f[y] === 0) &&
    (isNormalSingle(s[z]) || f[z] === 0)
  ) {
    // The product of two singles is exact.
    const product = negateProduct ? -f[x] * f[y] : f[x] * f[y];
    const double = sumToOdd(cpu, product, negateAddend ? -f[z] : f[z]);
    const single = Math.fround(double);
    f[LANE_RESULT] = single;
    if (isSafeSingle(s[LANE_RESULT]) || isFactorZero) {
      if (single !== double) s[MXCSR] |= PE;
      f[destination] = single;
      return;
    }
  }
  exactLane(cpu, SINGLE, destination, x, y, z, negateProduct, negateAddend);
};

const fuseDoubles: Lane = (cpu, destination, x, y, z, negateProduct, negateAddend) => {
  const s = cpu.i32;
  const f = cpu.f64;
  const isPlain = (s[MXCSR] & CONTROL) === PLAIN;
  if (
    isPlain &&
    (f[x >> 1] === 0 || f[y >> 1] === 0) &&
    (isNormal(s[x + 1]) || f[x >> 1] === 0) &&
    (isNormal(s[y + 1]) || f[y >> 1] === 0) &&
    (isNormal(s[z + 1]) || f[z >> 1] === 0)
  ) {
    // Exact, and if all is zero, the host has the sign right too.
    const product = negateProduct ? -f[x >> 1] * f[y >> 1] : f[x >> 1] * f[y >> 1];
    f[destination >> 1] = product + (negateAddend ? -f[z >> 1] : f[z >> 1]);
    return;
  }
  if (isPlain && isModerate(s[x + 1]) && isModerate(s[y + 1]) && (isModerate(s[z + 1]) || f[z >> 1] === 0)) {
    const a = negateProduct ? -f[x >> 1] : f[x >> 1];
    const b = f[y >> 1];
    const c = negateAddend ? -f[z >> 1] : f[z >> 1];
    // Boldo and Melquiond: "Emulation of FMA and correctly rounded sums".
    const product = a * b;
    const productLow = productError(a, b, product);
    const low = c + productLow;
    const lowError = sumError(c, productLow, low);
    const sum = product + low;
    const rest = sumToOdd(cpu, lowError, sumError(product, low, sum));
    const result = sum + rest;
    f[LANE_RESULT >> 1] = result;
    if (isModerate(s[LANE_RESULT + 1])) {
      // A rest that was rounded to odd cannot be a part of an exact sum.
      if ((s[MXCSR] & PE) === 0 && sumError(sum, rest, result) !== 0) s[MXCSR] |= PE;
      f[destination >> 1] = result;
      return;
    }
  }
  exactLane(cpu, DOUBLE, destination, x, y, z, negateProduct, negateAddend);
};

/** Which operands are x, y and z: the destination is the first one, VEX.vvvv the second, ModRM.rm the third. */
type Order = 132 | 213 | 231;

interface Kind {
  readonly negateProduct: boolean;
  /** Of even and odd lanes. */
  readonly negateAddend: readonly [even: boolean, odd: boolean];
}

const fuse =
  (format: Format, order: Order, kind: Kind, scalar: boolean): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const isLong = !scalar && i.vectorLength === 32;
    const fetch = scalar ? (format === SINGLE ? fetch32 : fetch64) : isLong ? fetch256 : fetch128;
    const third = sourceOperand(cpu, i, fetch);
    const x = order === 132 ? i.reg : i.vvvv;
    const y = order === 213 ? i.reg : third;
    const z = order === 132 ? i.vvvv : order === 213 ? third : i.reg;
    const lane = format === SINGLE ? fuseSingles : fuseDoubles;
    const width = format === SINGLE ? 1 : 2;
    const words = scalar ? width : isLong ? 8 : 4;
    const { negateProduct, negateAddend } = kind;
    const masked = allMasked(cpu);
    if (!masked) collectFlags();
    if (scalar) copy128(s, VECTOR_RESULT, i.reg);
    for (let at = 0; at < words; at += width) {
      const negate = negateAddend[(at / width) & 1];
      lane(cpu, VECTOR_RESULT + at, x + at, y + at, z + at, negateProduct, negate);
    }
    if (!masked) raiseCollected(cpu);
    if (isLong) write256(s, i.reg);
    else write128(s, i.reg);
  };

const ADD: Kind = { negateProduct: false, negateAddend: [false, false] };
const SUBTRACT: Kind = { negateProduct: false, negateAddend: [true, true] };
const NEGATE_ADD: Kind = { negateProduct: true, negateAddend: [false, false] };
const NEGATE_SUBTRACT: Kind = { negateProduct: true, negateAddend: [true, true] };
const ADD_SUBTRACT: Kind = { negateProduct: false, negateAddend: [true, false] };
const SUBTRACT_ADD: Kind = { negateProduct: false, negateAddend: [false, true] };

/** By the opcode's low four bits. */
const KINDS: readonly (readonly [low: number, kind: Kind, scalar: boolean])[] = [
  [0x6, ADD_SUBTRACT, false],
  [0x7, SUBTRACT_ADD, false],
  [0x8, ADD, false],
  [0x9, ADD, true],
  [0xa, SUBTRACT, false],
  [0xb, SUBTRACT, true],
  [0xc, NEGATE_ADD, false],
  [0xd, NEGATE_ADD, true],
  [0xe, NEGATE_SUBTRACT, false],
  [0xf, NEGATE_SUBTRACT, true],
];
const ORDERS: readonly (readonly [high: number, order: Order])[] = [
  [0x3890, 132],
  [0x38a0, 213],
  [0x38b0, 231],
];

export const FMA_OPCODES: readonly Opcode[] = ORDERS.flatMap(([high, order]) =>
  KINDS.flatMap(([low, kind, scalar]) =>
    ([0, 1] as const).map((w) =>
      vexRow(high | low, 0x66, { vvvv: 'vector' }, fuse(w === 0 ? SINGLE : DOUBLE, order, kind, scalar), {
        w,
        feature: 'fma',
      }),
    ),
  ),
);
