/** SHA1RNDS4, SHA1NEXTE, SHA1MSG1, SHA1MSG2, SHA256RNDS2, SHA256MSG1, SHA256MSG2 (FIPS 180-4). */
import { VECTOR } from '../state.ts';
import { legacyForm, packed128, row, type VectorOperation } from './operands.ts';

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
const rotateRight = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

const choose = (x: number, y: number, z: number): number => (x & y) ^ (~x & z);
const parity = (x: number, y: number, z: number): number => x ^ y ^ z;
const majority = (x: number, y: number, z: number): number => (x & y) ^ (x & z) ^ (y & z);

// SHA-1. Word 3 of a vector is the first of a message's four, and A of the state.

const FUNCTIONS = [choose, parity, majority, parity] as const;
const CONSTANTS = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6] as const;

const sha1rnds4: VectorOperation = (cpu, destination, source, immediate) => {
  const s = cpu.i32;
  const f = FUNCTIONS[immediate & 3];
  const constant = CONSTANTS[immediate & 3];
  let a = s[destination + 3];
  let b = s[destination + 2];
  let c = s[destination + 1];
  let d = s[destination];
  // E is in the first word of the message already.
  let e = 0;
  for (let k = 3; k >= 0; k--) {
    const next = (f(b, c, d) + rotateLeft(a, 5) + s[source + k] + e + constant) | 0;
    e = d;
    d = c;
    c = rotateLeft(b, 30);
    b = a;
    a = next;
  }
  s[destination + 3] = a;
  s[destination + 2] = b;
  s[destination + 1] = c;
  s[destination] = d;
};

const sha1nexte: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  const e = rotateLeft(s[destination + 3], 30);
  s[destination + 3] = s[source + 3] + e;
  for (let k = 0; k < 3; k++) s[destination + k] = s[source + k];
};

const sha1msg1: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  const first = s[source + 3];
  const second = s[source + 2];
  s[destination + 3] ^= s[destination + 1];
  s[destination + 2] ^= s[destination];
  s[destination + 1] ^= first;
  s[destination] ^= second;
};

const sha1msg2: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  const w13 = s[source + 2];
  const w14 = s[source + 1];
  const w15 = s[source];
  const w16 = rotateLeft(s[destination + 3] ^ w13, 1);
  s[destination + 3] = w16;
  s[destination + 2] = rotateLeft(s[destination + 2] ^ w14, 1);
  s[destination + 1] = rotateLeft(s[destination + 1] ^ w15, 1);
  s[destination] = rotateLeft(s[destination] ^ w16, 1);
};

// SHA-256.

const upper0 = (x: number): number => rotateRight(x, 2) ^ rotateRight(x, 13) ^ rotateRight(x, 22);
const upper1 = (x: number): number => rotateRight(x, 6) ^ rotateRight(x, 11) ^ rotateRight(x, 25);
const lower0 = (x: number): number => rotateRight(x, 7) ^ rotateRight(x, 18) ^ (x >>> 3);
const lower1 = (x: number): number => rotateRight(x, 17) ^ rotateRight(x, 19) ^ (x >>> 10);

/** The destination holds C D G H (from the top), the source A B E F, XMM0 two words of the message plus constants. */
const sha256rnds2: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  let a = s[source + 3];
  let b = s[source + 2];
  let c = s[destination + 3];
  let d = s[destination + 2];
  let e = s[source + 1];
  let f = s[source];
  let g = s[destination + 1];
  let h = s[destination];
  for (let round = 0; round < 2; round++) {
    const word = s[VECTOR + round];
    const t = (choose(e, f, g) + upper1(e) + word + h) | 0;
    h = g;
    g = f;
    f = e;
    e = (t + d) | 0;
    d = c;
    c = b;
    b = a;
    a = (t + majority(b, c, d) + upper0(b)) | 0;
  }
  s[destination + 3] = a;
  s[destination + 2] = b;
  s[destination + 1] = e;
  s[destination] = f;
};

const sha256msg1: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  const w4 = s[source];
  for (let k = 0; k < 4; k++) {
    s[destination + k] += lower0(k < 3 ? s[destination + k + 1] : w4);
  }
};

const sha256msg2: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  const w14 = s[source + 2];
  const w15 = s[source + 3];
  const w16 = (s[destination] + lower1(w14)) | 0;
  const w17 = (s[destination + 1] + lower1(w15)) | 0;
  s[destination] = w16;
  s[destination + 1] = w17;
  s[destination + 2] += lower1(w16);
  s[destination + 3] += lower1(w17);
};

/** There are no VEX forms. */
const sha = (opcode: number, operation: VectorOperation, rest: { immediate?: 'byte' } = {}) =>
  row(opcode, 0, legacyForm(packed128(operation)), { ...rest, feature: 'sha' });

export const SHA_OPCODES = [
  sha(0x38c8, sha1nexte),
  sha(0x38c9, sha1msg1),
  sha(0x38ca, sha1msg2),
  sha(0x38cb, sha256rnds2),
  sha(0x38cc, sha256msg1),
  sha(0x38cd, sha256msg2),
  sha(0x3acc, sha1rnds4, { immediate: 'byte' }),
];
