/**
 * AESENC, AESENCLAST, AESDEC, AESDECLAST, AESIMC, AESKEYGENASSIST: rounds of FIPS 197 on a state of 16 bytes, column by
 * column. The tables are computed from the definitions.
 */
import type { Cpu } from '../cpu.ts';
import { packed128, row, two, type VectorOperation } from './operands.ts';

/** Times x in GF(2⁸), modulo x⁸ + x⁴ + x³ + x + 1. */
const double = (a: number): number => ((a << 1) ^ (a & 0x80 ? 0x11b : 0)) & 255;

function multiply(a: number, b: number): number {
  let product = 0;
  for (; b !== 0; b >>= 1, a = double(a)) if (b & 1) product ^= a;
  return product;
}

const S_BOX = new Uint8Array(256);
const INVERSE_S_BOX = new Uint8Array(256);

// The powers p of 3 run through all non-zero elements, and q through their inverses.
for (let p = 1, q = 1, n = 0; n < 255; n++, p ^= double(p), q = multiply(q, 0xf6)) {
  let rotated = q;
  let value = q ^ 0x63;
  for (let k = 0; k < 4; k++) {
    rotated = ((rotated << 1) | (rotated >> 7)) & 255;
    value ^= rotated;
  }
  S_BOX[p] = value;
}
S_BOX[0] = 0x63;
for (let a = 0; a < 256; a++) INVERSE_S_BOX[S_BOX[a]] = a;

/** A byte times the column of MixColumns (or its inverse) that begins with these coefficients. */
const column = (coefficients: readonly number[]): Int32Array =>
  Int32Array.from({ length: 256 }, (_, a) =>
    coefficients.reduce((word, c, k) => word | (multiply(a, c) << (8 * k)), 0),
  );
const MIX = column([2, 1, 1, 3]);
const UNMIX = column([14, 9, 13, 11]);

const rotateLeft8 = (word: number, bytes: number): number =>
  bytes === 0 ? word : (word << (8 * bytes)) | (word >>> (32 - 8 * bytes));

function mixColumn(table: Int32Array, word: number): number {
  return (
    table[word & 255] ^
    rotateLeft8(table[(word >>> 8) & 255], 1) ^
    rotateLeft8(table[(word >>> 16) & 255], 2) ^
    rotateLeft8(table[word >>> 24], 3)
  );
}

const state = new Int32Array(4);

/** ShiftRows and SubBytes, or their inverses, of the vector into `state`: row r comes from `direction` × r columns on. */
function shiftAndSubstitute(cpu: Cpu, vector: number, box: Uint8Array, direction: 1 | 3): void {
  const u8 = cpu.u8;
  for (let c = 0; c < 4; c++) {
    let word = 0;
    for (let r = 0; r < 4; r++) {
      word |= box[u8[4 * vector + 4 * ((c + direction * r) & 3) + r]] << (8 * r);
    }
    state[c] = word;
  }
}

const round =
  (box: Uint8Array, direction: 1 | 3, mix: Int32Array | undefined): VectorOperation =>
  (cpu, destination, source) => {
    shiftAndSubstitute(cpu, destination, box, direction);
    const s = cpu.i32;
    for (let c = 0; c < 4; c++) {
      s[destination + c] = (mix === undefined ? state[c] : mixColumn(mix, state[c])) ^ s[source + c];
    }
  };

const aesimc: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  for (let c = 0; c < 4; c++) s[destination + c] = mixColumn(UNMIX, s[source + c]);
};

const substituteWord = (word: number): number =>
  S_BOX[word & 255] |
  (S_BOX[(word >>> 8) & 255] << 8) |
  (S_BOX[(word >>> 16) & 255] << 16) |
  (S_BOX[word >>> 24] << 24);

const aeskeygenassist: VectorOperation = (cpu, destination, source, constant) => {
  const s = cpu.i32;
  const first = substituteWord(s[source + 1]);
  const second = substituteWord(s[source + 3]);
  s[destination] = first;
  s[destination + 1] = rotateLeft8(first, 3) ^ constant;
  s[destination + 2] = second;
  s[destination + 3] = rotateLeft8(second, 3) ^ constant;
};

const rest = { feature: 'aes' } as const;

export const AES_OPCODES = [
  row(0x38db, 0x66, two(packed128(aesimc)), rest),
  row(0x38dc, 0x66, packed128(round(S_BOX, 1, MIX)), rest),
  row(0x38dd, 0x66, packed128(round(S_BOX, 1, undefined)), rest),
  row(0x38de, 0x66, packed128(round(INVERSE_S_BOX, 3, UNMIX)), rest),
  row(0x38df, 0x66, packed128(round(INVERSE_S_BOX, 3, undefined)), rest),
  row(0x3adf, 0x66, two(packed128(aeskeygenassist)), { ...rest, immediate: 'byte' }),
];
