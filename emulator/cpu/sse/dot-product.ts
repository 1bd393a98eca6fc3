/**
 * DPPS, DPPD. Products and sums are rounded, and raise their exceptions, one step after the other: the products, the
 * sums of neighbours, the sum of these. Lanes that are left out take part as zeros. All lanes compute the sum, each from
 * its own place: they differ if there is more than one NaN.
 */
import type { Handler } from '../instruction.ts';
import { HORIZONTAL, VECTOR_RESULT } from '../state.ts';
import { packedAdd, packedMul } from './arithmetic.ts';
import { packed128, row, type VectorOperation } from './operands.ts';
import {
  bothHalves,
  copy128,
  copy256,
  fetch256,
  requireAvx,
  sourceOperand,
  vexRow,
  write256,
} from './vex.ts';

const LEFT = HORIZONTAL;
const RIGHT = HORIZONTAL + 4;
const SUM = HORIZONTAL + 8;

/** The steps of DPPS, each in place. */
const STEPS: readonly VectorOperation[] = [
  (cpu, destination, source, control) => {
    const s = cpu.i32;
    for (let lane = 0; lane < 4; lane++) {
      const takesPart = (control >> (4 + lane)) & 1;
      s[LEFT + lane] = takesPart ? s[destination + lane] : 0;
      s[RIGHT + lane] = takesPart ? s[source + lane] : 0;
    }
    packedMul.single(cpu, LEFT, RIGHT, 0);
    copy128(s, destination, LEFT);
  },
  (cpu, destination) => {
    const s = cpu.i32;
    for (let lane = 0; lane < 4; lane++) s[LEFT + lane] = s[destination + (lane ^ 1)];
    packedAdd.single(cpu, LEFT, destination, 0);
    copy128(s, destination, LEFT);
  },
  (cpu, destination, _source, control) => {
    const s = cpu.i32;
    for (let lane = 0; lane < 4; lane++) s[RIGHT + lane] = s[destination + (lane ^ 2)];
    packedAdd.single(cpu, destination, RIGHT, 0);
    for (let lane = 0; lane < 4; lane++) if (((control >> lane) & 1) === 0) s[destination + lane] = 0;
  },
];

const dpps: VectorOperation = (cpu, destination, source, control) => {
  copy128(cpu.i32, SUM, destination);
  for (const step of STEPS) step(cpu, SUM, source, control);
  copy128(cpu.i32, destination, SUM);
};

/** VDPPS of 256 bits: exceptions of a step are those of both halves. */
const dpps256: Handler = (cpu, i) => {
  requireAvx(cpu);
  const source = sourceOperand(cpu, i, fetch256);
  copy256(cpu.i32, VECTOR_RESULT, i.vvvv);
  for (const step of STEPS) bothHalves(cpu, step, source, source + 4, i.immediateLow & 255);
  write256(cpu.i32, i.reg);
};

const dppd: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  for (let word = 0; word < 4; word++) {
    const takesPart = (control >> (4 + (word >> 1))) & 1;
    s[LEFT + word] = takesPart ? s[destination + word] : 0;
    s[RIGHT + word] = takesPart ? s[source + word] : 0;
  }
  packedMul.double(cpu, LEFT, RIGHT, 0);
  for (let word = 0; word < 4; word++) s[RIGHT + word] = s[LEFT + (word ^ 2)];
  packedAdd.double(cpu, LEFT, RIGHT, 0);
  for (let word = 0; word < 4; word++)
    s[destination + word] = (control >> (word >> 1)) & 1 ? s[LEFT + word] : 0;
};

const rest = { immediate: 'byte', feature: 'sse4.1' } as const;

export const SSE_DOT_PRODUCT_OPCODES = [
  row(0x3a40, 0x66, packed128(dpps), rest),
  vexRow(0x3a40, 0x66, { length: 256, vvvv: 'vector' }, dpps256, { immediate: 'byte' }),
  row(0x3a41, 0x66, packed128(dppd), rest),
];
