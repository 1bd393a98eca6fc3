/** ROUNDPS, ROUNDPD, ROUNDSS, ROUNDSD: to an integer in the same format. */
import type { Cpu } from '../cpu.ts';
import { MXCSR } from '../state.ts';
import { raiseFlags } from './exact.ts';
import { packedFloat, row, scalarDouble, scalarSingle, two, type VectorOperation } from './operands.ts';
import { DAZ, DOUBLE, type Format, IE, PE, SINGLE } from './soft-float.ts';

// Bits of the immediate, below them a rounding mode as MXCSR has it.
const MODE_OF_MXCSR = 4;
const NO_PRECISION_EXCEPTION = 8;

/** From here on all doubles are integers. */
const TWO_52 = 2 ** 52;
const QUIET = { single: 0x0040_0000, double: 0x0008_0000 };

/** Keeps the sign of zero, as all of the host's own roundings do. */
function toNearestEven(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude >= TWO_52) return value;
  const rounded = magnitude + TWO_52 - TWO_52;
  return value < 0 ? -rounded : value > 0 ? rounded : value;
}

const ROUNDINGS = [toNearestEven, Math.floor, Math.ceil, Math.trunc] as const;

/** Results, written to the destination once nothing can be raised any more. */
const results = new ArrayBuffer(16);
const words = new Int32Array(results);
const singles = new Float32Array(results);
const doubles = new Float64Array(results);

const isNan = (magnitude: number, infinity: number, low: number): boolean =>
  magnitude > infinity || (magnitude === infinity && low !== 0);

/** One lane into the results; the exceptions that it raises. */
function roundSingle(cpu: Cpu, lane: number, source: number, round: (value: number) => number): number {
  const bits = cpu.i32[source];
  const magnitude = bits & 0x7fff_ffff;
  if (isNan(magnitude, 0x7f80_0000, 0)) {
    words[lane] = bits | QUIET.single;
    return (bits & QUIET.single) === 0 ? IE : 0;
  }
  if (magnitude < 0x0080_0000 && (cpu.i32[MXCSR] & DAZ) !== 0) {
    words[lane] = bits & 0x8000_0000;
    return 0;
  }
  const value = cpu.f32[source];
  const rounded = round(value);
  singles[lane] = rounded;
  return rounded === value ? 0 : PE;
}

function roundDouble(cpu: Cpu, lane: number, source: number, round: (value: number) => number): number {
  const low = cpu.i32[source];
  const high = cpu.i32[source + 1];
  const magnitude = high & 0x7fff_ffff;
  if (isNan(magnitude, 0x7ff0_0000, low)) {
    words[2 * lane] = low;
    words[2 * lane + 1] = high | QUIET.double;
    return (high & QUIET.double) === 0 ? IE : 0;
  }
  if (magnitude < 0x0010_0000 && (cpu.i32[MXCSR] & DAZ) !== 0) {
    words[2 * lane] = 0;
    words[2 * lane + 1] = high & 0x8000_0000;
    return 0;
  }
  const value = cpu.f64[source >> 1];
  const rounded = round(value);
  doubles[lane] = rounded;
  return rounded === value ? 0 : PE;
}

const lanes =
  (format: Format, count: number): VectorOperation =>
  (cpu, destination, source, control) => {
    const mode = (control & MODE_OF_MXCSR) !== 0 ? (cpu.i32[MXCSR] >> 13) & 3 : control & 3;
    const round = ROUNDINGS[mode];
    const size = format === SINGLE ? 1 : 2;
    const roundLane = format === SINGLE ? roundSingle : roundDouble;
    let raised = 0;
    for (let lane = 0; lane < count; lane++) raised |= roundLane(cpu, lane, source + size * lane, round);
    if ((control & NO_PRECISION_EXCEPTION) !== 0) raised &= ~PE;
    if (raised !== 0) raiseFlags(cpu, raised);
    for (let word = 0; word < size * count; word++) cpu.i32[destination + word] = words[word];
  };

const rest = { immediate: 'byte', feature: 'sse4.1' } as const;

export const SSE_ROUND_OPCODES = [
  row(0x3a08, 0x66, two(packedFloat(lanes(SINGLE, 4))), rest),
  row(0x3a09, 0x66, two(packedFloat(lanes(DOUBLE, 2))), rest),
  row(0x3a0a, 0x66, scalarSingle(lanes(SINGLE, 1)), rest),
  row(0x3a0b, 0x66, scalarDouble(lanes(DOUBLE, 1)), rest),
];
