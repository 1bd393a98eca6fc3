/**
 * ADD, SUB, ADDSUB, MUL, DIV, SQRT, MIN, MAX of singles and doubles. The host computes in round-to-nearest and tells
 * nothing about exceptions; its result is taken where operands and result are normal numbers or zero, all
 * exceptions are masked, and whether the result is exact is either known already (PE is set) or found by an
 * error-free transformation. Everything else is left to `exact.ts`; NaNs never pass through host arithmetic.
 */
import type { Cpu } from '../cpu.ts';
import { LANE_RESULT, MXCSR } from '../state.ts';
import { allMasked, lanes } from './exact.ts';
import {
  CONTROL,
  isModerate,
  isNormal,
  isNormalSingle,
  isSafeResult,
  isSafeSingle,
  PLAIN,
  productError,
  sumError,
} from './host-arithmetic.ts';
import {
  type Meaning,
  packedFloat,
  row,
  scalarDouble,
  scalarSingle,
  two,
  type VectorOperation,
} from './operands.ts';
import { DOUBLE, type Operation, PE, SINGLE } from './soft-float.ts';

/** The host's result, as a double: index into a Float64Array. */
const RESULT = LANE_RESULT >> 1;

/** The host's operation on doubles, and whether its result is inexact; NaN if it cannot tell. */
interface DoubleArithmetic {
  readonly operation: Operation;
  /** Into RESULT: a function that returned the number would allocate it. */
  readonly compute: (f: Float64Array, a: number, b: number) => void;
  readonly error: (a: number, b: number, result: number) => number;
  /** Error terms are right only for moderate operands and results. */
  readonly needsModerate: boolean;
  /** No result that is too small becomes zero. */
  readonly zeroIsExact: boolean;
}

function doubleLane({
  operation,
  compute,
  error,
  needsModerate,
  zeroIsExact,
}: DoubleArithmetic): VectorOperation {
  return (cpu, destination, source) => {
    const s = cpu.i32;
    const f = cpu.f64;
    const a = f[destination >> 1];
    const b = f[source >> 1];
    const mxcsr = s[MXCSR];
    const aHigh = s[destination + 1];
    const bHigh = s[source + 1];
    if ((mxcsr & CONTROL) === PLAIN && (isNormal(aHigh) || a === 0) && (isNormal(bHigh) || b === 0)) {
      compute(f, destination >> 1, source >> 1);
      const result = f[RESULT];
      const high = s[LANE_RESULT + 1];
      if (isSafeResult(high)) {
        if ((mxcsr & PE) !== 0) {
          f[destination >> 1] = result;
          return;
        }
        if (!needsModerate || (isModerate(aHigh) && isModerate(bHigh) && isModerate(high))) {
          if (error(a, b, result) !== 0) s[MXCSR] |= PE;
          f[destination >> 1] = result;
          return;
        }
      } else if (result === 0 && (zeroIsExact || a === 0 || b === 0)) {
        f[destination >> 1] = result;
        return;
      }
    }
    lanes(cpu, operation, DOUBLE, 1, destination, source);
  };
}

interface SingleArithmetic {
  readonly operation: Operation;
  /** In double precision: rounding its result once more to single is innocuous. */
  readonly compute: (f: Float32Array, a: number, b: number, results: Float64Array) => void;
  readonly exact: (a: number, b: number, double: number, single: number) => boolean;
}

function singleLane({ operation, compute, exact }: SingleArithmetic): VectorOperation {
  return (cpu, destination, source) => {
    const s = cpu.i32;
    const f = cpu.f32;
    const a = f[destination];
    const b = f[source];
    const mxcsr = s[MXCSR];
    if (
      (mxcsr & CONTROL) === PLAIN &&
      (isNormalSingle(s[destination]) || a === 0) &&
      (isNormalSingle(s[source]) || b === 0)
    ) {
      compute(f, destination, source, cpu.f64);
      const double = cpu.f64[RESULT];
      const single = Math.fround(double);
      f[LANE_RESULT] = single;
      if (isSafeSingle(s[LANE_RESULT]) || double === 0) {
        if ((mxcsr & PE) === 0 && !exact(a, b, double, single)) s[MXCSR] |= PE;
        f[destination] = single;
        return;
      }
    }
    lanes(cpu, operation, SINGLE, 1, destination, source);
  };
}

const exactSum = (a: number, b: number, double: number, single: number): boolean =>
  single === double && sumError(a, b, double) === 0;
const exactDifference = (a: number, b: number, double: number, single: number): boolean =>
  exactSum(a, -b, double, single);

const ADD = {
  double: doubleLane({
    operation: 'add',
    compute: (f, a, b) => {
      f[RESULT] = f[a] + f[b];
    },
    error: sumError,
    needsModerate: false,
    zeroIsExact: true,
  }),
  single: singleLane({
    operation: 'add',
    compute: (f, a, b, to) => {
      to[RESULT] = f[a] + f[b];
    },
    exact: exactSum,
  }),
};
const SUB = {
  double: doubleLane({
    operation: 'sub',
    compute: (f, a, b) => {
      f[RESULT] = f[a] - f[b];
    },
    error: (a, b, result) => sumError(a, -b, result),
    needsModerate: false,
    zeroIsExact: true,
  }),
  single: singleLane({
    operation: 'sub',
    compute: (f, a, b, to) => {
      to[RESULT] = f[a] - f[b];
    },
    exact: exactDifference,
  }),
};
const MUL = {
  double: doubleLane({
    operation: 'mul',
    compute: (f, a, b) => {
      f[RESULT] = f[a] * f[b];
    },
    error: productError,
    needsModerate: true,
    zeroIsExact: false,
  }),
  single: singleLane({
    operation: 'mul',
    compute: (f, a, b, to) => {
      to[RESULT] = f[a] * f[b];
    },
    exact: (_a, _b, d, single) => single === d,
  }),
};
const DIV = {
  double: doubleLane({
    operation: 'div',
    compute: (f, a, b) => {
      f[RESULT] = f[a] / f[b];
    },
    error: (a, b, quotient) => {
      const product = quotient * b;
      return product === a ? productError(quotient, b, product) : 1;
    },
    needsModerate: true,
    zeroIsExact: false,
  }),
  single: singleLane({
    operation: 'div',
    compute: (f, a, b, to) => {
      to[RESULT] = f[a] / f[b];
    },
    exact: (a, b, _d, single) => single * b === a,
  }),
};

/** The square root has one operand: what the destination holds must not matter. */
function squareRootDouble(cpu: Cpu, destination: number, source: number): void {
  const s = cpu.i32;
  const f = cpu.f64;
  const b = f[source >> 1];
  const high = s[source + 1];
  if ((s[MXCSR] & CONTROL) === PLAIN && high > 0 && isModerate(high)) {
    const root = Math.sqrt(b);
    if ((s[MXCSR] & PE) === 0) {
      const product = root * root;
      if (product !== b || productError(root, root, product) !== 0) s[MXCSR] |= PE;
    }
    f[destination >> 1] = root;
  } else lanes(cpu, 'sqrt', DOUBLE, 1, destination, source);
}

function squareRootSingle(cpu: Cpu, destination: number, source: number): void {
  const s = cpu.i32;
  const b = cpu.f32[source];
  if ((s[MXCSR] & CONTROL) === PLAIN && s[source] > 0 && isNormalSingle(s[source])) {
    const root = Math.fround(Math.sqrt(b));
    if (root * root !== b) s[MXCSR] |= PE;
    cpu.f32[destination] = root;
  } else lanes(cpu, 'sqrt', SINGLE, 1, destination, source);
}

const SQRT = { double: squareRootDouble, single: squareRootSingle };

/** The destination stays if it wins; otherwise the source is copied, also if both are zeros. */
function selection(operation: 'min' | 'max', wins: (a: number, b: number) => boolean) {
  const double: VectorOperation = (cpu, destination, source) => {
    const s = cpu.i32;
    const a = cpu.f64[destination >> 1];
    const b = cpu.f64[source >> 1];
    if ((isNormal(s[destination + 1]) || a === 0) && (isNormal(s[source + 1]) || b === 0)) {
      if (!wins(a, b)) {
        s[destination] = s[source];
        s[destination + 1] = s[source + 1];
      }
    } else lanes(cpu, operation, DOUBLE, 1, destination, source);
  };
  const single: VectorOperation = (cpu, destination, source) => {
    const s = cpu.i32;
    const a = cpu.f32[destination];
    const b = cpu.f32[source];
    if ((isNormalSingle(s[destination]) || a === 0) && (isNormalSingle(s[source]) || b === 0)) {
      if (!wins(a, b)) s[destination] = s[source];
    } else lanes(cpu, operation, SINGLE, 1, destination, source);
  };
  return { double, single };
}

const MIN = selection('min', (a, b) => a < b);
const MAX = selection('max', (a, b) => a > b);

/** Lane by lane while nothing can be raised; together otherwise. */
function packedDoubles(operation: Operation, lane: VectorOperation): VectorOperation {
  return (cpu, destination, source, immediate) => {
    if (allMasked(cpu)) {
      lane(cpu, destination, source, immediate);
      lane(cpu, destination + 2, source + 2, immediate);
    } else lanes(cpu, operation, DOUBLE, 2, destination, source);
  };
}

function packedSingles(operation: Operation, lane: VectorOperation): VectorOperation {
  return (cpu, destination, source, immediate) => {
    if (allMasked(cpu)) {
      lane(cpu, destination, source, immediate);
      lane(cpu, destination + 1, source + 1, immediate);
      lane(cpu, destination + 2, source + 2, immediate);
      lane(cpu, destination + 3, source + 3, immediate);
    } else lanes(cpu, operation, SINGLE, 4, destination, source);
  };
}

export const packedAdd = {
  single: packedSingles('add', ADD.single),
  double: packedDoubles('add', ADD.double),
};
export const packedMul = {
  single: packedSingles('mul', MUL.single),
  double: packedDoubles('mul', MUL.double),
};
export const packedSub = {
  single: packedSingles('sub', SUB.single),
  double: packedDoubles('sub', SUB.double),
};

// ADDSUB: even lanes are subtracted, odd ones added.

const alternating = (lane: number): Operation => (lane % 2 === 0 ? 'sub' : 'add');

const addsubpd: VectorOperation = (cpu, destination, source, immediate) => {
  if (allMasked(cpu)) {
    SUB.double(cpu, destination, source, immediate);
    ADD.double(cpu, destination + 2, source + 2, immediate);
  } else lanes(cpu, alternating, DOUBLE, 2, destination, source);
};

const addsubps: VectorOperation = (cpu, destination, source, immediate) => {
  if (allMasked(cpu)) {
    SUB.single(cpu, destination, source, immediate);
    ADD.single(cpu, destination + 1, source + 1, immediate);
    SUB.single(cpu, destination + 2, source + 2, immediate);
    ADD.single(cpu, destination + 3, source + 3, immediate);
  } else lanes(cpu, alternating, SINGLE, 4, destination, source);
};

const family = (
  opcode: number,
  operation: Operation,
  by: { double: VectorOperation; single: VectorOperation },
  of: (packedMeaning: Meaning) => Meaning = (same) => same,
) => [
  row(opcode, 0, of(packedFloat(packedSingles(operation, by.single)))),
  row(opcode, 0x66, of(packedFloat(packedDoubles(operation, by.double)))),
  row(opcode, 0xf3, scalarSingle(by.single)),
  row(opcode, 0xf2, scalarDouble(by.double)),
];

export const SSE_ARITHMETIC_OPCODES = [
  ...family(0x51, 'sqrt', SQRT, two),
  ...family(0x58, 'add', ADD),
  ...family(0x59, 'mul', MUL),
  ...family(0x5c, 'sub', SUB),
  ...family(0x5d, 'min', MIN),
  ...family(0x5e, 'div', DIV),
  ...family(0x5f, 'max', MAX),
  row(0xd0, 0x66, packedFloat(addsubpd), { feature: 'sse3' }),
  row(0xd0, 0xf2, packedFloat(addsubps), { feature: 'sse3' }),
];
