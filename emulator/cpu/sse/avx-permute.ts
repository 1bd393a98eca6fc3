/** Broadcasts, permutations, insertions and blends that only AVX and AVX2 have. */
import type { Cpu } from '../cpu.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, store128 } from '../memory-access.ts';
import type { Opcode } from '../opcode.ts';
import { HIGH, OPERAND, VECTOR_RESULT } from '../state.ts';
import {
  fetch64,
  fetch128,
  immediatePerHalf,
  packed,
  packedFloat,
  row,
  two,
  type VectorInstruction,
  type VectorOperation,
} from './operands.ts';
import {
  clearUpper,
  copy128,
  FETCH,
  fetch256,
  requireAvx,
  sourceOperand,
  vexRow,
  vexRows,
  write256,
} from './vex.ts';

// Within halves: the operation of one half serves both.

/** Source words by bits 0 and 1 of the control words. */
const vpermilps: VectorOperation = (cpu, destination, control) => {
  const s = cpu.i32;
  const a = s[destination + (s[control] & 3)];
  const b = s[destination + (s[control + 1] & 3)];
  const c = s[destination + (s[control + 2] & 3)];
  const d = s[destination + (s[control + 3] & 3)];
  s[destination] = a;
  s[destination + 1] = b;
  s[destination + 2] = c;
  s[destination + 3] = d;
};

/** Source quadwords by bit 1 of the control quadwords. */
const vpermilpd: VectorOperation = (cpu, destination, control) => {
  const s = cpu.i32;
  const first = destination + (s[control] & 2);
  const second = destination + (s[control + 2] & 2);
  const a = s[first];
  const b = s[first + 1];
  const c = s[second];
  const d = s[second + 1];
  s[destination] = a;
  s[destination + 1] = b;
  s[destination + 2] = c;
  s[destination + 3] = d;
};

const vpermilpsImmediate: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  for (let lane = 0; lane < 4; lane++) s[destination + lane] = s[source + ((control >> (2 * lane)) & 3)];
};

const vpermilpdImmediate: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  for (let lane = 0; lane < 2; lane++) {
    const from = source + 2 * ((control >> lane) & 1);
    s[destination + 2 * lane] = s[from];
    s[destination + 2 * lane + 1] = s[from + 1];
  }
};

const vpblendd: VectorOperation = (cpu, destination, source, select) => {
  const s = cpu.i32;
  for (let lane = 0; lane < 4; lane++) {
    if (((select >> lane) & 1) !== 0) s[destination + lane] = s[source + lane];
  }
};

const shiftWords =
  (shift: (value: number, count: number) => number): VectorOperation =>
  (cpu, destination, source) => {
    const s = cpu.i32;
    for (let lane = 0; lane < 4; lane++)
      s[destination + lane] = shift(s[destination + lane], s[source + lane] >>> 0);
  };

const vpsllvd = shiftWords((value, count) => (count < 32 ? value << count : 0));
const vpsrlvd = shiftWords((value, count) => (count < 32 ? value >>> count : 0));
const vpsravd = shiftWords((value, count) => value >> Math.min(count, 31));

const isBeyond = (s: Int32Array, count: number): boolean => s[count + 1] !== 0 || s[count] >>> 0 > 63;

const vpsllvq: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  for (let k = 0; k < 4; k += 2) {
    const low = s[destination + k];
    const high = s[destination + k + 1];
    const count = isBeyond(s, source + k) ? 64 : s[source + k];
    s[destination + k] = count < 32 ? low << count : 0;
    s[destination + k + 1] =
      count === 0
        ? high
        : count < 32
          ? (high << count) | (low >>> (32 - count))
          : count < 64
            ? low << count
            : 0;
  }
};

const vpsrlvq: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  for (let k = 0; k < 4; k += 2) {
    const low = s[destination + k];
    const high = s[destination + k + 1];
    const count = isBeyond(s, source + k) ? 64 : s[source + k];
    s[destination + k + 1] = count < 32 ? high >>> count : 0;
    s[destination + k] =
      count === 0
        ? low
        : count < 32
          ? (low >>> count) | (high << (32 - count))
          : count < 64
            ? high >>> count
            : 0;
  }
};

const W0 = { w: 0 } as const;
const W1 = { w: 1 } as const;
const IMMEDIATE = { immediate: 'byte' } as const;

const AVX_INSTRUCTIONS: readonly VectorInstruction[] = [
  row(0x380c, 0x66, packedFloat(vpermilps), W0),
  row(0x380d, 0x66, packedFloat(vpermilpd), W0),
  row(0x3a04, 0x66, two(packedFloat(vpermilpsImmediate)), { ...W0, ...IMMEDIATE }),
  row(0x3a05, 0x66, immediatePerHalf(2, two(packedFloat(vpermilpdImmediate))), { ...W0, ...IMMEDIATE }),
];

const AVX2_INSTRUCTIONS: readonly VectorInstruction[] = [
  row(0x3a02, 0x66, immediatePerHalf(4, packed(vpblendd)), { ...W0, ...IMMEDIATE }),
  row(0x3845, 0x66, packed(vpsrlvd), W0),
  row(0x3845, 0x66, packed(vpsrlvq), W1),
  row(0x3846, 0x66, packed(vpsravd), W0),
  row(0x3847, 0x66, packed(vpsllvd), W0),
  row(0x3847, 0x66, packed(vpsllvq), W1),
];

// Across halves.

/** An element of 1, 2, 4 or 8 bytes everywhere. */
function broadcast(bytes: 1 | 2 | 4 | 8): Handler {
  const fetch = FETCH[bytes];
  return (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const source = sourceOperand(cpu, i, fetch);
    let low = s[source];
    if (bytes === 1) low = (low & 0xff) * 0x0101_0101;
    else if (bytes === 2) low = (low & 0xffff) * 0x0001_0001;
    const high = bytes === 8 ? s[source + 1] : low;
    for (let word = 0; word < 8; word += 2) {
      const isInside = 4 * word < i.vectorLength;
      s[i.reg + word] = isInside ? low : 0;
      s[i.reg + word + 1] = isInside ? high : 0;
    }
  };
}

function broadcast128(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  fetch128(cpu, i);
  copy128(cpu.i32, i.reg, OPERAND);
  copy128(cpu.i32, i.reg + 4, OPERAND);
}

function insert128(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  const source = sourceOperand(cpu, i, fetch128);
  const isUpper = (i.immediateLow & 1) !== 0;
  copy128(s, VECTOR_RESULT, isUpper ? i.vvvv : source);
  copy128(s, VECTOR_RESULT + 4, isUpper ? source : i.vvvv + 4);
  write256(s, i.reg);
}

function extract128(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  const from = i.reg + 4 * (i.immediateLow & 1);
  if (i.isMemory) {
    const low = effectiveAddress(cpu, i);
    store128(cpu, low, s[HIGH], from);
  } else {
    copy128(s, i.rm, from);
    clearUpper(s, i.rm);
  }
}

/** Each half of the result is one of the four halves of the operands, or zero. */
function permute128(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  const source = sourceOperand(cpu, i, fetch256);
  for (let half = 0; half < 2; half++) {
    const control = i.immediateLow >> (4 * half);
    const to = VECTOR_RESULT + 4 * half;
    if ((control & 8) !== 0) s.fill(0, to, to + 4);
    else copy128(s, to, ((control & 2) !== 0 ? source : i.vvvv) + 4 * (control & 1));
  }
  write256(s, i.reg);
}

/** VPERMQ, VPERMPD: quadwords by the immediate. */
function permuteQuadwords(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  const source = sourceOperand(cpu, i, fetch256);
  for (let lane = 0; lane < 4; lane++) {
    const from = source + 2 * ((i.immediateLow >> (2 * lane)) & 3);
    s[VECTOR_RESULT + 2 * lane] = s[from];
    s[VECTOR_RESULT + 2 * lane + 1] = s[from + 1];
  }
  write256(s, i.reg);
}

/** VPERMD, VPERMPS: doublewords by the indexes in VEX.vvvv. */
function permuteDoublewords(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  const source = sourceOperand(cpu, i, fetch256);
  for (let lane = 0; lane < 8; lane++) s[VECTOR_RESULT + lane] = s[source + (s[i.vvvv + lane] & 7)];
  write256(s, i.reg);
}

/** VMOVDDUP: the quadword of each half twice; 128 bits need only one in memory. */
function duplicateQuadwords(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  const isLong = i.vectorLength === 32;
  const source = sourceOperand(cpu, i, isLong ? fetch256 : fetch64);
  for (let half = 0; half < (isLong ? 8 : 4); half += 4) {
    const low = s[source + half];
    const high = s[source + half + 1];
    s[i.reg + half] = s[i.reg + half + 2] = low;
    s[i.reg + half + 1] = s[i.reg + half + 3] = high;
  }
  if (!isLong) clearUpper(s, i.reg);
}

const SHORT = { length: 128 } as const;
const LONG = { length: 256 } as const;
const VVVV = { vvvv: 'vector' } as const;
const LONG_THREE = { ...LONG, ...VVVV } as const;
const AVX2 = { feature: 'avx2' } as const;
const MEMORY = { only: 'memory' } as const;
const REGISTER = { only: 'register' } as const;

const bothLengths = (opcode: number, handler: Handler, rest: Partial<Opcode>): Opcode[] => [
  vexRow(opcode, 0x66, SHORT, handler, rest),
  vexRow(opcode, 0x66, LONG, handler, rest),
];

export const AVX_PERMUTE_OPCODES: readonly Opcode[] = [
  ...AVX_INSTRUCTIONS.flatMap((one) => vexRows(one)),
  ...AVX2_INSTRUCTIONS.flatMap((one) => vexRows(one, 'avx2')),

  ...bothLengths(0x3818, broadcast(4), { ...W0, ...MEMORY }),
  ...bothLengths(0x3818, broadcast(4), { ...W0, ...REGISTER, ...AVX2 }),
  vexRow(0x3819, 0x66, LONG, broadcast(8), { ...W0, ...MEMORY }),
  vexRow(0x3819, 0x66, LONG, broadcast(8), { ...W0, ...REGISTER, ...AVX2 }),
  vexRow(0x381a, 0x66, LONG, broadcast128, { ...W0, ...MEMORY }),
  vexRow(0x385a, 0x66, LONG, broadcast128, { ...W0, ...MEMORY, ...AVX2 }),
  ...bothLengths(0x3878, broadcast(1), { ...W0, ...AVX2 }),
  ...bothLengths(0x3879, broadcast(2), { ...W0, ...AVX2 }),
  ...bothLengths(0x3858, broadcast(4), { ...W0, ...AVX2 }),
  ...bothLengths(0x3859, broadcast(8), { ...W0, ...AVX2 }),

  vexRow(0x3a18, 0x66, LONG_THREE, insert128, { ...W0, ...IMMEDIATE }),
  vexRow(0x3a19, 0x66, LONG, extract128, { ...W0, ...IMMEDIATE }),
  vexRow(0x3a38, 0x66, LONG_THREE, insert128, { ...W0, ...IMMEDIATE, ...AVX2 }),
  vexRow(0x3a39, 0x66, LONG, extract128, { ...W0, ...IMMEDIATE, ...AVX2 }),
  vexRow(0x3a06, 0x66, LONG_THREE, permute128, { ...W0, ...IMMEDIATE }),
  vexRow(0x3a46, 0x66, LONG_THREE, permute128, { ...W0, ...IMMEDIATE, ...AVX2 }),
  vexRow(0x3a00, 0x66, LONG, permuteQuadwords, { ...W1, ...IMMEDIATE, ...AVX2 }),
  vexRow(0x3a01, 0x66, LONG, permuteQuadwords, { ...W1, ...IMMEDIATE, ...AVX2 }),
  vexRow(0x3836, 0x66, LONG_THREE, permuteDoublewords, { ...W0, ...AVX2 }),
  vexRow(0x3816, 0x66, LONG_THREE, permuteDoublewords, { ...W0, ...AVX2 }),
  vexRow(0x12, 0xf2, SHORT, duplicateQuadwords),
  vexRow(0x12, 0xf2, LONG, duplicateQuadwords),
];
