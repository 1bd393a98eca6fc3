/** Packed integer arithmetic, logic and comparison. */
import type { Feature } from '../features.ts';
import { packed, packedFloat, row, two, type VectorOperation } from './operands.ts';

// Operations lane by lane: a destination that is the source too does no harm.

const bytes =
  (lane: (a: number, b: number) => number): VectorOperation =>
  (cpu, destination, source) => {
    const u8 = cpu.u8;
    for (let k = 0; k < 16; k++) {
      u8[4 * destination + k] = lane(u8[4 * destination + k], u8[4 * source + k]);
    }
  };

const signedBytes = (lane: (a: number, b: number) => number): VectorOperation =>
  bytes((a, b) => lane((a << 24) >> 24, (b << 24) >> 24));

const words =
  (lane: (a: number, b: number) => number): VectorOperation =>
  (cpu, destination, source) => {
    const u16 = cpu.u16;
    for (let k = 0; k < 8; k++) {
      u16[2 * destination + k] = lane(u16[2 * destination + k], u16[2 * source + k]);
    }
  };

const signedWords = (lane: (a: number, b: number) => number): VectorOperation =>
  words((a, b) => lane((a << 16) >> 16, (b << 16) >> 16));

const doublewords =
  (lane: (a: number, b: number) => number): VectorOperation =>
  (cpu, destination, source) => {
    const s = cpu.i32;
    s[destination] = lane(s[destination], s[source]);
    s[destination + 1] = lane(s[destination + 1], s[source + 1]);
    s[destination + 2] = lane(s[destination + 2], s[source + 2]);
    s[destination + 3] = lane(s[destination + 3], s[source + 3]);
  };

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));

const pxor: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  s[destination] ^= s[source];
  s[destination + 1] ^= s[source + 1];
  s[destination + 2] ^= s[source + 2];
  s[destination + 3] ^= s[source + 3];
};
const pand = doublewords((a, b) => a & b);
const pandn = doublewords((a, b) => ~a & b);
const por = doublewords((a, b) => a | b);

const add64 = (s: Int32Array, destination: number, source: number): void => {
  const low = (s[destination] + s[source]) | 0;
  const carry = low >>> 0 < s[source] >>> 0 ? 1 : 0;
  s[destination + 1] = s[destination + 1] + s[source + 1] + carry;
  s[destination] = low;
};

const paddq: VectorOperation = (cpu, destination, source) => {
  add64(cpu.i32, destination, source);
  add64(cpu.i32, destination + 2, source + 2);
};

const sub64 = (s: Int32Array, destination: number, source: number): void => {
  const borrow = s[destination] >>> 0 < s[source] >>> 0 ? 1 : 0;
  const high = s[destination + 1] - s[source + 1] - borrow;
  s[destination] -= s[source];
  s[destination + 1] = high;
};

const psubq: VectorOperation = (cpu, destination, source) => {
  sub64(cpu.i32, destination, source);
  sub64(cpu.i32, destination + 2, source + 2);
};

/** Unsigned product of the even doublewords. */
const multiply32 = (s: Int32Array, destination: number, source: number): void => {
  const a = s[destination] >>> 0;
  const b = s[source] >>> 0;
  // 32 × 16 bits fit a double exactly.
  const upper = a * (b >>> 16);
  const lower = a * (b & 0xffff);
  const sum = (upper % 65536) * 65536 + lower;
  s[destination] = sum % 4294967296;
  s[destination + 1] = Math.floor(upper / 65536) + Math.floor(sum / 4294967296);
};

const pmuludq: VectorOperation = (cpu, destination, source) => {
  multiply32(cpu.i32, destination, source);
  multiply32(cpu.i32, destination + 2, source + 2);
};

const pmaddwd = doublewords(
  (a, b) => (Math.imul((a << 16) >> 16, (b << 16) >> 16) + Math.imul(a >> 16, b >> 16)) | 0,
);

const psadbw: VectorOperation = (cpu, destination, source) => {
  for (let half = 0; half < 2; half++) {
    let sum = 0;
    for (let k = 8 * half; k < 8 * half + 8; k++) {
      sum += Math.abs(cpu.u8[4 * destination + k] - cpu.u8[4 * source + k]);
    }
    cpu.i32[destination + 2 * half] = sum;
    cpu.i32[destination + 2 * half + 1] = 0;
  }
};

/** Signed product of the even doublewords. */
const multiplySigned32 = (s: Int32Array, destination: number, source: number): void => {
  const a = s[destination];
  const b = s[source];
  multiply32(s, destination, source);
  s[destination + 1] -= (a < 0 ? b : 0) + (b < 0 ? a : 0);
};

const pmuldq: VectorOperation = (cpu, destination, source) => {
  multiplySigned32(cpu.i32, destination, source);
  multiplySigned32(cpu.i32, destination + 2, source + 2);
};

/** Unsigned bytes of the destination by signed bytes of the source, neighbours added. */
const pmaddubsw = words((a, b) =>
  clamp((a & 255) * ((b << 24) >> 24) + (a >> 8) * ((b << 16) >> 24), -32768, 32767),
);

const pcmpeqq: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  for (let k = 0; k < 4; k += 2) {
    const equal = s[destination + k] === s[source + k] && s[destination + k + 1] === s[source + k + 1];
    s[destination + k] = s[destination + k + 1] = equal ? -1 : 0;
  }
};

const pcmpgtq: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  for (let k = 0; k < 4; k += 2) {
    const left = s[destination + k + 1];
    const right = s[source + k + 1];
    const greater = left === right ? s[destination + k] >>> 0 > s[source + k] >>> 0 : left > right;
    s[destination + k] = s[destination + k + 1] = greater ? -1 : 0;
  }
};

const negateBySign = (a: number, b: number): number => (b < 0 ? -a : b === 0 ? 0 : a);
const unsigned32 = (a: number, b: number, aWins: boolean): number => (a >>> 0 < b >>> 0 === aWins ? a : b);

const integer = (opcode: number, operation: VectorOperation, feature?: Feature) =>
  row(opcode, 0x66, packed(operation), feature === undefined ? {} : { feature });
const ofSource = (opcode: number, operation: VectorOperation, feature: Feature) =>
  row(opcode, 0x66, two(packed(operation)), { feature });

/** AND, ANDN, OR, XOR of floating-point vectors do not look at what the bits mean. */
const bitwise = (opcode: number, operation: VectorOperation) => [
  row(opcode, 0, packedFloat(operation)),
  row(opcode, 0x66, packedFloat(operation)),
];

export const SSE_INTEGER_OPCODES = [
  ...bitwise(0x54, pand),
  ...bitwise(0x55, pandn),
  ...bitwise(0x56, por),
  ...bitwise(0x57, pxor),
  integer(0xdb, pand),
  integer(0xdf, pandn),
  integer(0xeb, por),
  integer(0xef, pxor),

  integer(
    0xfc,
    bytes((a, b) => a + b),
  ),
  integer(
    0xfd,
    words((a, b) => a + b),
  ),
  integer(
    0xfe,
    doublewords((a, b) => a + b),
  ),
  integer(0xd4, paddq),
  integer(
    0xec,
    signedBytes((a, b) => clamp(a + b, -128, 127)),
  ),
  integer(
    0xed,
    signedWords((a, b) => clamp(a + b, -32768, 32767)),
  ),
  integer(
    0xdc,
    bytes((a, b) => Math.min(a + b, 255)),
  ),
  integer(
    0xdd,
    words((a, b) => Math.min(a + b, 65535)),
  ),

  integer(
    0xf8,
    bytes((a, b) => a - b),
  ),
  integer(
    0xf9,
    words((a, b) => a - b),
  ),
  integer(
    0xfa,
    doublewords((a, b) => a - b),
  ),
  integer(0xfb, psubq),
  integer(
    0xe8,
    signedBytes((a, b) => clamp(a - b, -128, 127)),
  ),
  integer(
    0xe9,
    signedWords((a, b) => clamp(a - b, -32768, 32767)),
  ),
  integer(
    0xd8,
    bytes((a, b) => Math.max(a - b, 0)),
  ),
  integer(
    0xd9,
    words((a, b) => Math.max(a - b, 0)),
  ),

  integer(
    0xd5,
    words((a, b) => Math.imul(a, b)),
  ),
  integer(
    0xe4,
    words((a, b) => Math.imul(a, b) >>> 16),
  ),
  integer(
    0xe5,
    signedWords((a, b) => Math.imul(a, b) >> 16),
  ),
  integer(0xf4, pmuludq),
  integer(0xf5, pmaddwd),
  integer(0xf6, psadbw),

  integer(0xda, bytes(Math.min)),
  integer(0xde, bytes(Math.max)),
  integer(0xea, signedWords(Math.min)),
  integer(0xee, signedWords(Math.max)),
  integer(
    0xe0,
    bytes((a, b) => (a + b + 1) >> 1),
  ),
  integer(
    0xe3,
    words((a, b) => (a + b + 1) >> 1),
  ),

  integer(
    0x64,
    signedBytes((a, b) => (a > b ? -1 : 0)),
  ),
  integer(
    0x65,
    signedWords((a, b) => (a > b ? -1 : 0)),
  ),
  integer(
    0x66,
    doublewords((a, b) => (a > b ? -1 : 0)),
  ),
  integer(
    0x74,
    bytes((a, b) => (a === b ? -1 : 0)),
  ),
  integer(
    0x75,
    words((a, b) => (a === b ? -1 : 0)),
  ),
  integer(
    0x76,
    doublewords((a, b) => (a === b ? -1 : 0)),
  ),

  integer(0x3804, pmaddubsw, 'ssse3'),
  integer(0x3808, signedBytes(negateBySign), 'ssse3'),
  integer(0x3809, signedWords(negateBySign), 'ssse3'),
  integer(0x380a, doublewords(negateBySign), 'ssse3'),
  integer(
    0x380b,
    signedWords((a, b) => ((Math.imul(a, b) >> 14) + 1) >> 1),
    'ssse3',
  ),
  ofSource(
    0x381c,
    signedBytes((_, b) => Math.abs(b)),
    'ssse3',
  ),
  ofSource(
    0x381d,
    signedWords((_, b) => Math.abs(b)),
    'ssse3',
  ),
  ofSource(
    0x381e,
    doublewords((_, b) => Math.abs(b)),
    'ssse3',
  ),

  integer(0x3828, pmuldq, 'sse4.1'),
  integer(0x3829, pcmpeqq, 'sse4.1'),
  integer(0x3837, pcmpgtq, 'sse4.2'),
  integer(0x3838, signedBytes(Math.min), 'sse4.1'),
  integer(0x3839, doublewords(Math.min), 'sse4.1'),
  integer(0x383a, words(Math.min), 'sse4.1'),
  integer(
    0x383b,
    doublewords((a, b) => unsigned32(a, b, true)),
    'sse4.1',
  ),
  integer(0x383c, signedBytes(Math.max), 'sse4.1'),
  integer(0x383d, doublewords(Math.max), 'sse4.1'),
  integer(0x383e, words(Math.max), 'sse4.1'),
  integer(
    0x383f,
    doublewords((a, b) => unsigned32(a, b, false)),
    'sse4.1',
  ),
  integer(0x3840, doublewords(Math.imul), 'sse4.1'),
];
