/** PCLMULQDQ: the product of two polynomials over GF(2), one quadword of each vector. */
import { packed128, row, type VectorOperation } from './operands.ts';

const product = new Int32Array(4);

const pclmulqdq: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  const left = destination + ((control & 1) !== 0 ? 2 : 0);
  const right = source + ((control & 0x10) !== 0 ? 2 : 0);
  const low = s[right];
  const high = s[right + 1];
  product.fill(0);
  for (let bit = 0; bit < 64; bit++) {
    if (((s[left + (bit >> 5)] >>> (bit & 31)) & 1) === 0) continue;
    const at = bit >> 5;
    const shift = bit & 31;
    product[at] ^= low << shift;
    product[at + 1] ^= high << shift;
    if (shift === 0) continue;
    product[at + 1] ^= low >>> (32 - shift);
    product[at + 2] ^= high >>> (32 - shift);
  }
  for (let word = 0; word < 4; word++) s[destination + word] = product[word];
};

export const CARRYLESS_OPCODES = [
  row(0x3a44, 0x66, packed128(pclmulqdq), { immediate: 'byte', feature: 'pclmulqdq' }),
];
