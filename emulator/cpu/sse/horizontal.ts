/**
 * Operations on neighbours within a vector: PHADD, PHSUB, HADD, HSUB, and the searches PHMINPOSUW and MPSADBW.
 */
import type { Cpu } from '../cpu.ts';
import { HORIZONTAL } from '../state.ts';
import { packedAdd, packedSub } from './arithmetic.ts';
import {
  immediatePerHalf,
  packed,
  packed128,
  packedFloat,
  row,
  two,
  type VectorOperation,
} from './operands.ts';

/** Result before it is written: destination and source may be the same. */
const result = new ArrayBuffer(16);
const words = new Uint16Array(result);
const doublewords = new Int32Array(result);

function write(cpu: Cpu, destination: number): void {
  for (let word = 0; word < 4; word++) cpu.i32[destination + word] = doublewords[word];
}

const signedWord = (cpu: Cpu, index: number): number => (cpu.u16[index] << 16) >> 16;
const saturate = (value: number): number => Math.max(-32768, Math.min(value, 32767));

/** Results of the destination's pairs, then of the source's. */
const pairsOfWords =
  (combine: (a: number, b: number) => number): VectorOperation =>
  (cpu, destination, source) => {
    for (let pair = 0; pair < 4; pair++) {
      const left = 2 * destination + 2 * pair;
      const right = 2 * source + 2 * pair;
      words[pair] = combine(signedWord(cpu, left), signedWord(cpu, left + 1));
      words[pair + 4] = combine(signedWord(cpu, right), signedWord(cpu, right + 1));
    }
    write(cpu, destination);
  };

const pairsOfDoublewords =
  (combine: (a: number, b: number) => number): VectorOperation =>
  (cpu, destination, source) => {
    const s = cpu.i32;
    for (let pair = 0; pair < 2; pair++) {
      doublewords[pair] = combine(s[destination + 2 * pair], s[destination + 2 * pair + 1]);
      doublewords[pair + 2] = combine(s[source + 2 * pair], s[source + 2 * pair + 1]);
    }
    write(cpu, destination);
  };

// Floating point: the pairs are brought side by side, then it is ordinary arithmetic.

const LEFT = HORIZONTAL;
const RIGHT = HORIZONTAL + 4;

const pairsOfSingles =
  (combine: VectorOperation): VectorOperation =>
  (cpu, destination, source, immediate) => {
    const s = cpu.i32;
    for (let pair = 0; pair < 2; pair++) {
      s[LEFT + pair] = s[destination + 2 * pair];
      s[RIGHT + pair] = s[destination + 2 * pair + 1];
      s[LEFT + pair + 2] = s[source + 2 * pair];
      s[RIGHT + pair + 2] = s[source + 2 * pair + 1];
    }
    combine(cpu, LEFT, RIGHT, immediate);
    for (let word = 0; word < 4; word++) s[destination + word] = s[LEFT + word];
  };

const pairsOfDoubles =
  (combine: VectorOperation): VectorOperation =>
  (cpu, destination, source, immediate) => {
    const s = cpu.i32;
    for (let word = 0; word < 2; word++) {
      s[LEFT + word] = s[destination + word];
      s[RIGHT + word] = s[destination + word + 2];
      s[LEFT + word + 2] = s[source + word];
      s[RIGHT + word + 2] = s[source + word + 2];
    }
    combine(cpu, LEFT, RIGHT, immediate);
    for (let word = 0; word < 4; word++) s[destination + word] = s[LEFT + word];
  };

/** The smallest word, and its index. */
const phminposuw: VectorOperation = (cpu, destination, source) => {
  let at = 0;
  for (let k = 1; k < 8; k++) if (cpu.u16[2 * source + k] < cpu.u16[2 * source + at]) at = k;
  const s = cpu.i32;
  s[destination] = cpu.u16[2 * source + at] | (at << 16);
  s[destination + 1] = s[destination + 2] = s[destination + 3] = 0;
};

/** Eight sums of absolute differences: four bytes of the source against each window of the destination. */
export const mpsadbw: VectorOperation = (cpu, destination, source, control) => {
  const block = 4 * source + 4 * (control & 3);
  const window = 4 * destination + (control & 4);
  for (let k = 0; k < 8; k++) {
    let sum = 0;
    for (let byte = 0; byte < 4; byte++) {
      sum += Math.abs(cpu.u8[window + k + byte] - cpu.u8[block + byte]);
    }
    words[k] = sum;
  }
  write(cpu, destination);
};

const ssse3 = (opcode: number, operation: VectorOperation) =>
  row(opcode, 0x66, packed(operation), { feature: 'ssse3' });
const sse3 = (opcode: number, prefix: 0x66 | 0xf2, operation: VectorOperation) =>
  row(opcode, prefix, packedFloat(operation), { feature: 'sse3' });

export const SSE_HORIZONTAL_OPCODES = [
  sse3(0x7c, 0x66, pairsOfDoubles(packedAdd.double)),
  sse3(0x7c, 0xf2, pairsOfSingles(packedAdd.single)),
  sse3(0x7d, 0x66, pairsOfDoubles(packedSub.double)),
  sse3(0x7d, 0xf2, pairsOfSingles(packedSub.single)),
  ssse3(
    0x3801,
    pairsOfWords((a, b) => a + b),
  ),
  ssse3(
    0x3802,
    pairsOfDoublewords((a, b) => a + b),
  ),
  ssse3(
    0x3803,
    pairsOfWords((a, b) => saturate(a + b)),
  ),
  ssse3(
    0x3805,
    pairsOfWords((a, b) => a - b),
  ),
  ssse3(
    0x3806,
    pairsOfDoublewords((a, b) => a - b),
  ),
  ssse3(
    0x3807,
    pairsOfWords((a, b) => saturate(a - b)),
  ),
  row(0x3841, 0x66, two(packed128(phminposuw)), { feature: 'sse4.1' }),
  row(0x3a42, 0x66, immediatePerHalf(3, packed(mpsadbw)), { feature: 'sse4.1', immediate: 'byte' }),
];
