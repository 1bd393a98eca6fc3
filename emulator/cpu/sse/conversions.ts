/** Conversions between singles, doubles and integers. Integers out of range and NaNs give "integer indefinite". */
import type { Cpu } from '../cpu.ts';
import type { Opcode } from '../opcode.ts';
import { MXCSR } from '../state.ts';
import { raiseFlags, readLane } from './exact.ts';
import { isNormalSingle } from './host-arithmetic.ts';
import {
  fetch32,
  fetch64,
  legacyForm,
  narrowing,
  type Prefix,
  packedFloat,
  row,
  scalarDouble,
  scalarSingle,
  two,
  type VectorOperation,
  widening,
} from './operands.ts';
import {
  convert,
  DAZ,
  DOUBLE,
  type Format,
  fromInteger,
  lastFlags,
  PE,
  SINGLE,
  toInteger,
} from './soft-float.ts';

import { intoReg, three128, vexRow } from './vex.ts';

const ROUNDING_AND_DAZ = 0x6000 | DAZ;
const ROUNDING = 0x6000;
const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;

/** Results of all lanes, written to the destination once nothing can be raised any more. */
const results = new ArrayBuffer(16);
const r32 = new Int32Array(results);
const rf32 = new Float32Array(results);
const rf64 = new Float64Array(results);
/** Exceptions met since it was cleared. */
let raised = 0;

/** Copies `words` results and clears the rest of the 16 bytes if `clear`. */
function finish(cpu: Cpu, destination: number, words: number, clear: boolean): void {
  if (raised !== 0) raiseFlags(cpu, raised);
  for (let word = 0; word < words; word++) cpu.i32[destination + word] = r32[word];
  if (clear) for (let word = words; word < 4; word++) cpu.i32[destination + word] = 0;
}

function putDouble(lane: number, bits: bigint): void {
  r32[2 * lane] = Number(BigInt.asIntN(32, bits));
  r32[2 * lane + 1] = Number(BigInt.asIntN(32, bits >> 32n));
}

// To integers.

/** Adding and subtracting this rounds |x| < 2⁵¹ to an integer, ties to even. */
const INTEGER_GRID = 6755399441055744;

/** The integer that a number, given as a double, is converted to; NaN if it takes the exact way. */
function hostInteger(value: number, truncate: boolean, mxcsr: number): number {
  if (truncate) return (mxcsr & DAZ) === 0 ? Math.trunc(value) : NaN;
  if ((mxcsr & ROUNDING_AND_DAZ) !== 0) return NaN;
  return Math.abs(value) < 2251799813685248 ? value + INTEGER_GRID - INTEGER_GRID : NaN;
}

function toInteger32(cpu: Cpu, format: Format, source: number, truncate: boolean): number {
  const value = format === SINGLE ? cpu.f32[source] : cpu.f64[source >> 1];
  const integer = hostInteger(value, truncate, cpu.i32[MXCSR]);
  if (integer >= -2147483648 && integer <= 2147483647) {
    if (integer !== value) raised |= PE;
    return integer | 0;
  }
  const result = toInteger(format, readLane(cpu, format, source), 32, truncate, cpu.i32[MXCSR]);
  raised |= lastFlags();
  return Number(BigInt.asIntN(32, result));
}

/** Leaves the integer in the first two result words. */
function toInteger64(cpu: Cpu, format: Format, source: number, truncate: boolean): void {
  const value = format === SINGLE ? cpu.f32[source] : cpu.f64[source >> 1];
  const integer = hostInteger(value, truncate, cpu.i32[MXCSR]);
  if (integer >= -TWO_63 && integer < TWO_63) {
    if (integer !== value) raised |= PE;
    const high = Math.floor(integer / TWO_32);
    r32[0] = (integer - high * TWO_32) >>> 0;
    r32[1] = high;
    return;
  }
  const result = toInteger(format, readLane(cpu, format, source), 64, truncate, cpu.i32[MXCSR]);
  raised |= lastFlags();
  putDouble(0, result);
}

/** CVT(T)SS2SI, CVT(T)SD2SI: to a general register of 32 or 64 bits. */
function scalarToInteger(
  format: Format,
  truncate: boolean,
): { to32: VectorOperation; to64: VectorOperation } {
  return {
    to32: (cpu, destination, source) => {
      raised = 0;
      const result = toInteger32(cpu, format, source, truncate);
      if (raised !== 0) raiseFlags(cpu, raised);
      cpu.i32[destination] = result;
      cpu.i32[destination + 1] = 0;
    },
    to64: (cpu, destination, source) => {
      raised = 0;
      toInteger64(cpu, format, source, truncate);
      finish(cpu, destination, 2, false);
    },
  };
}

/** Packed to doublewords; `count` lanes, the rest of the destination is cleared. */
const packedToInteger =
  (format: Format, count: number, truncate: boolean): VectorOperation =>
  (cpu, destination, source) => {
    raised = 0;
    const words = format === SINGLE ? 1 : 2;
    for (let lane = 0; lane < count; lane++)
      r32[lane] = toInteger32(cpu, format, source + lane * words, truncate);
    finish(cpu, destination, count, true);
  };

// From integers.

function integerToSingle(cpu: Cpu, lane: number, value: number): void {
  const single = Math.fround(value);
  if (single === value) rf32[lane] = single;
  else if ((cpu.i32[MXCSR] & ROUNDING) === 0) {
    rf32[lane] = single;
    raised |= PE;
  } else {
    r32[lane] = Number(BigInt.asIntN(32, fromInteger(SINGLE, BigInt(value), cpu.i32[MXCSR])));
    raised |= lastFlags();
  }
}

function singleFromInteger32(cpu: Cpu, destination: number, source: number): void {
  raised = 0;
  integerToSingle(cpu, 0, cpu.i32[source]);
  finish(cpu, destination, 1, false);
}

function singleFromInteger64(cpu: Cpu, destination: number, source: number): void {
  raised = 0;
  const value = cpu.i32[source + 1] * TWO_32 + (cpu.i32[source] >>> 0);
  // Beyond 2⁵³ the double would be rounded already.
  if (Math.abs(value) < 9007199254740992) integerToSingle(cpu, 0, value);
  else {
    const bits = fromInteger(SINGLE, BigInt.asIntN(64, readLane(cpu, DOUBLE, source)), cpu.i32[MXCSR]);
    r32[0] = Number(BigInt.asIntN(32, bits));
    raised |= lastFlags();
  }
  finish(cpu, destination, 1, false);
}

function doubleFromInteger32(cpu: Cpu, destination: number, source: number): void {
  cpu.f64[destination >> 1] = cpu.i32[source];
}

function doubleFromInteger64(cpu: Cpu, destination: number, source: number): void {
  const value = cpu.i32[source + 1] * TWO_32 + (cpu.i32[source] >>> 0);
  if (Math.abs(value) < 9007199254740992) {
    cpu.f64[destination >> 1] = value;
    return;
  }
  raised = 0;
  putDouble(0, fromInteger(DOUBLE, BigInt.asIntN(64, readLane(cpu, DOUBLE, source)), cpu.i32[MXCSR]));
  raised |= lastFlags();
  finish(cpu, destination, 2, false);
}

/** Rows of CVTSI2SS and CVTSI2SD: from a general register or memory of 32 or 64 bits. */
const fromGeneral = (prefix: Prefix, from32: VectorOperation, from64: VectorOperation): Opcode[] => [
  row(0x2a, prefix, (i) => legacyForm(i.operandSize === 8 ? scalarDouble(from64) : scalarSingle(from32))(i), {
    rm: 'general',
  }),
  vexRow(0x2a, prefix, { vvvv: 'vector' }, three128(from32, fetch32), { rm: 'general', w: 0 }),
  vexRow(0x2a, prefix, { vvvv: 'vector' }, three128(from64, fetch64), { rm: 'general', w: 1 }),
];

const toGeneral = (opcode: number, prefix: Prefix, format: Format, truncate: boolean): Opcode[] => {
  const { to32, to64 } = scalarToInteger(format, truncate);
  const source = format === SINGLE ? scalarSingle : scalarDouble;
  const fetch = format === SINGLE ? fetch32 : fetch64;
  const reg = { reg: 'general' } as const;
  return [
    row(opcode, prefix, (i) => legacyForm(source(i.operandSize === 8 ? to64 : to32))(i), reg),
    vexRow(opcode, prefix, {}, intoReg(to32, fetch), { ...reg, w: 0 }),
    vexRow(opcode, prefix, {}, intoReg(to64, fetch), { ...reg, w: 1 }),
  ];
};

function packedSinglesFromIntegers(cpu: Cpu, destination: number, source: number): void {
  raised = 0;
  for (let lane = 0; lane < 4; lane++) integerToSingle(cpu, lane, cpu.i32[source + lane]);
  finish(cpu, destination, 4, false);
}

function packedDoublesFromIntegers(cpu: Cpu, destination: number, source: number): void {
  const first = cpu.i32[source];
  const second = cpu.i32[source + 1];
  cpu.f64[destination >> 1] = first;
  cpu.f64[(destination >> 1) + 1] = second;
}

// Between singles and doubles.

function widen(cpu: Cpu, lane: number, source: number): void {
  const value = cpu.f32[source];
  if (isNormalSingle(cpu.i32[source]) || value === 0) rf64[lane] = value;
  else {
    putDouble(lane, convert(SINGLE, DOUBLE, readLane(cpu, SINGLE, source), cpu.i32[MXCSR]));
    raised |= lastFlags();
  }
}

function narrow(cpu: Cpu, lane: number, source: number): void {
  const value = cpu.f64[source >> 1];
  const single = Math.fround(value);
  const size = Math.abs(single);
  // Safely inside the normal singles; NaNs fail this.
  if ((cpu.i32[MXCSR] & ROUNDING) === 0 && ((size > 2e-38 && size < 3e38) || value === 0)) {
    rf32[lane] = single;
    if (single !== value) raised |= PE;
  } else {
    const bits = convert(DOUBLE, SINGLE, readLane(cpu, DOUBLE, source), cpu.i32[MXCSR]);
    r32[lane] = Number(BigInt.asIntN(32, bits));
    raised |= lastFlags();
  }
}

const toDoubles =
  (count: number): VectorOperation =>
  (cpu, destination, source) => {
    raised = 0;
    for (let lane = 0; lane < count; lane++) widen(cpu, lane, source + lane);
    finish(cpu, destination, 2 * count, false);
  };

const toSingles =
  (count: number): VectorOperation =>
  (cpu, destination, source) => {
    raised = 0;
    for (let lane = 0; lane < count; lane++) narrow(cpu, lane, source + 2 * lane);
    finish(cpu, destination, count, count === 2);
  };

export const SSE_CONVERSION_OPCODES = [
  ...fromGeneral(0xf3, singleFromInteger32, singleFromInteger64),
  ...fromGeneral(0xf2, doubleFromInteger32, doubleFromInteger64),
  ...toGeneral(0x2c, 0xf3, SINGLE, true),
  ...toGeneral(0x2c, 0xf2, DOUBLE, true),
  ...toGeneral(0x2d, 0xf3, SINGLE, false),
  ...toGeneral(0x2d, 0xf2, DOUBLE, false),
  row(0x5a, 0, widening(8, toDoubles(2), 'avx')),
  row(0x5a, 0x66, narrowing(toSingles(2))),
  row(0x5a, 0xf3, scalarSingle(toDoubles(1))),
  row(0x5a, 0xf2, scalarDouble(toSingles(1))),
  row(0x5b, 0, two(packedFloat(packedSinglesFromIntegers))),
  row(0x5b, 0x66, two(packedFloat(packedToInteger(SINGLE, 4, false)))),
  row(0x5b, 0xf3, two(packedFloat(packedToInteger(SINGLE, 4, true)))),
  row(0xe6, 0x66, narrowing(packedToInteger(DOUBLE, 2, true))),
  row(0xe6, 0xf2, narrowing(packedToInteger(DOUBLE, 2, false))),
  row(0xe6, 0xf3, widening(8, packedDoublesFromIntegers, 'avx')),
];
