/**
 * DPPS, DPPD. Products and sums are rounded, and raise their exceptions, one step after the other: the products, the
 * sums of neighbours, the sum of these. Lanes that are left out take part as zeros. All lanes compute the sum, each from
 * its own place: they differ if there is more than one NaN.
 */
import { HORIZONTAL } from '../state.ts';
import { packedAdd, packedMul } from './arithmetic.ts';
import { packed128, packedFloat, row, type VectorOperation } from './operands.ts';

const LEFT = HORIZONTAL;
const RIGHT = HORIZONTAL + 4;

const dpps: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  for (let lane = 0; lane < 4; lane++) {
    const takesPart = (control >> (4 + lane)) & 1;
    s[LEFT + lane] = takesPart ? s[destination + lane] : 0;
    s[RIGHT + lane] = takesPart ? s[source + lane] : 0;
  }
  packedMul.single(cpu, LEFT, RIGHT, 0);
  for (let lane = 0; lane < 4; lane++) s[RIGHT + lane] = s[LEFT + lane];
  for (let lane = 0; lane < 4; lane++) s[LEFT + lane] = s[RIGHT + (lane ^ 1)];
  packedAdd.single(cpu, LEFT, RIGHT, 0);
  for (let lane = 0; lane < 4; lane++) s[RIGHT + lane] = s[LEFT + (lane ^ 2)];
  packedAdd.single(cpu, LEFT, RIGHT, 0);
  for (let lane = 0; lane < 4; lane++) s[destination + lane] = (control >> lane) & 1 ? s[LEFT + lane] : 0;
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
  row(0x3a40, 0x66, packedFloat(dpps), rest),
  row(0x3a41, 0x66, packed128(dppd), rest),
];
