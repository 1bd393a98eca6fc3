/** CMPccPS/PD/SS/SD, COMISS/SD, UCOMISS/SD. */
import type { Cpu } from '../cpu.ts';
import { CF, PF, setArithmeticFlags, ZF } from '../flags.ts';
import { MXCSR } from '../state.ts';
import { raiseFlags, readLane } from './exact.ts';
import {
  legacyOnly,
  type Meaning,
  packedFloat,
  row,
  scalarDouble,
  scalarSingle,
  toFlags,
  type VectorOperation,
} from './operands.ts';
import { DOUBLE, type Format, lastFlags, relation, SINGLE } from './soft-float.ts';

/** Exceptions met by the comparisons since it was cleared. */
let raised = 0;

function exactRelation(cpu: Cpu, format: Format, left: number, right: number, signaling: boolean): number {
  const a = readLane(cpu, format, left);
  const b = readLane(cpu, format, right);
  const result = relation(format, a, b, signaling, cpu.i32[MXCSR]);
  raised |= lastFlags();
  return result;
}

/** −1, 0, 1, or 2 for unordered. Infinities and zeros compare as the host does it; NaNs and denormals may raise. */
function relationOfDoubles(cpu: Cpu, left: number, right: number, signaling: boolean): number {
  const s = cpu.i32;
  const a = cpu.f64[left >> 1];
  const b = cpu.f64[right >> 1];
  if (((s[left + 1] & 0x7ff0_0000) !== 0 || a === 0) && ((s[right + 1] & 0x7ff0_0000) !== 0 || b === 0)) {
    if (a < b) return -1;
    if (a > b) return 1;
    if (a === b) return 0;
  }
  return exactRelation(cpu, DOUBLE, left, right, signaling);
}

function relationOfSingles(cpu: Cpu, left: number, right: number, signaling: boolean): number {
  const s = cpu.i32;
  const a = cpu.f32[left];
  const b = cpu.f32[right];
  if (((s[left] & 0x7f80_0000) !== 0 || a === 0) && ((s[right] & 0x7f80_0000) !== 0 || b === 0)) {
    if (a < b) return -1;
    if (a > b) return 1;
    if (a === b) return 0;
  }
  return exactRelation(cpu, SINGLE, left, right, signaling);
}

/**
 * HOLDS[predicate]: bit set of the relations −1, 0, 1, unordered (bits 0…3) for which it holds. EQ, LT, LE, UNORD, NEQ,
 * NLT, NLE, ORD, and with VEX also EQ or unordered, NGE, NGT, false, NEQ and ordered, GE, GT, true.
 */
const HOLDS = [
  0b0010, 0b0001, 0b0011, 0b1000, 0b1101, 0b1110, 0b1100, 0b0111, 0b1010, 0b1001, 0b1011, 0b0000, 0b0101,
  0b0110, 0b0100, 0b1111,
];
/** Those that order operands signal quiet NaNs too, the others do not; bit 4 says the opposite. */
const isSignaling = (predicate: number): boolean =>
  ((predicate & 3) === 1 || (predicate & 3) === 2) !== ((predicate & 16) !== 0);

const mask = (relationCode: number, predicate: number): number =>
  -((HOLDS[predicate & 15] >> (relationCode + 1)) & 1);

/** So many lanes, by one of the first `predicates`. */
function compareSingles(count: number, predicates: 8 | 32): VectorOperation {
  const masks = new Int32Array(4);
  return (cpu, destination, source, immediate) => {
    const predicate = immediate & (predicates - 1);
    raised = 0;
    for (let lane = 0; lane < count; lane++) {
      const r = relationOfSingles(cpu, destination + lane, source + lane, isSignaling(predicate));
      masks[lane] = mask(r, predicate);
    }
    if (raised !== 0) raiseFlags(cpu, raised);
    for (let lane = 0; lane < count; lane++) cpu.i32[destination + lane] = masks[lane];
  };
}

function compareDoubles(count: number, predicates: 8 | 32): VectorOperation {
  const masks = new Int32Array(2);
  return (cpu, destination, source, immediate) => {
    const predicate = immediate & (predicates - 1);
    raised = 0;
    for (let lane = 0; lane < count; lane++) {
      const r = relationOfDoubles(cpu, destination + 2 * lane, source + 2 * lane, isSignaling(predicate));
      masks[lane] = mask(r, predicate);
    }
    if (raised !== 0) raiseFlags(cpu, raised);
    for (let lane = 0; lane < count; lane++) {
      cpu.i32[destination + 2 * lane] = masks[lane];
      cpu.i32[destination + 2 * lane + 1] = masks[lane];
    }
  };
}

/** Flags by relation −1, 0, 1, unordered. */
const COMPARISON_FLAGS = [CF, ZF, 0, ZF | PF | CF];

function compareToFlags(relate: typeof relationOfDoubles, signaling: boolean): VectorOperation {
  return (cpu, destination, source) => {
    raised = 0;
    const r = relate(cpu, destination, source, signaling);
    if (raised !== 0) raiseFlags(cpu, raised);
    setArithmeticFlags(cpu.i32, COMPARISON_FLAGS[r + 1]);
  };
}

const immediate = { immediate: 'byte' } as const;

const comparisons = (predicates: 8 | 32, of: (meaning: Meaning) => Meaning) => [
  row(0xc2, 0, of(packedFloat(compareSingles(4, predicates))), immediate),
  row(0xc2, 0x66, of(packedFloat(compareDoubles(2, predicates))), immediate),
  row(0xc2, 0xf3, of(scalarSingle(compareSingles(1, predicates))), immediate),
  row(0xc2, 0xf2, of(scalarDouble(compareDoubles(1, predicates))), immediate),
];

export const SSE_COMPARE_OPCODES = [
  row(0x2e, 0, toFlags(scalarSingle(compareToFlags(relationOfSingles, false)))),
  row(0x2e, 0x66, toFlags(scalarDouble(compareToFlags(relationOfDoubles, false)))),
  row(0x2f, 0, toFlags(scalarSingle(compareToFlags(relationOfSingles, true)))),
  row(0x2f, 0x66, toFlags(scalarDouble(compareToFlags(relationOfDoubles, true)))),
  ...comparisons(8, legacyOnly),
];

export const AVX_COMPARE_INSTRUCTIONS = comparisons(32, (same) => same);
