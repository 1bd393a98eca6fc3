/** Shuffles, unpacks and packs. They read everything before they write: destination and source may be the same. */
import type { Cpu } from '../cpu.ts';
import { immediatePerHalf, packed, packedFloat, row, two, type VectorOperation } from './operands.ts';

/** Result before it is written. */
const result = new ArrayBuffer(16);
const bytes = new Uint8Array(result);
const words = new Uint16Array(result);
const doublewords = new Int32Array(result);

function write(cpu: Cpu, destination: number): void {
  const s = cpu.i32;
  s[destination] = doublewords[0];
  s[destination + 1] = doublewords[1];
  s[destination + 2] = doublewords[2];
  s[destination + 3] = doublewords[3];
}

const pshufd: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  for (let lane = 0; lane < 4; lane++) doublewords[lane] = s[source + ((control >> (2 * lane)) & 3)];
  write(cpu, destination);
};

/** Shuffles four words from `first` on and copies the other four. */
const shuffleWords =
  (first: 0 | 4): VectorOperation =>
  (cpu, destination, source, control) => {
    const w = cpu.u16;
    for (let lane = 0; lane < 8; lane++) {
      const from = lane >> 2 === first >> 2 ? first + ((control >> (2 * (lane & 3))) & 3) : lane;
      words[lane] = w[2 * source + from];
    }
    write(cpu, destination);
  };

const shufps: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  doublewords[0] = s[destination + (control & 3)];
  doublewords[1] = s[destination + ((control >> 2) & 3)];
  doublewords[2] = s[source + ((control >> 4) & 3)];
  doublewords[3] = s[source + (control >> 6)];
  write(cpu, destination);
};

const shufpd: VectorOperation = (cpu, destination, source, control) => {
  const s = cpu.i32;
  const a = destination + 2 * (control & 1);
  const b = source + (control & 2);
  doublewords[0] = s[a];
  doublewords[1] = s[a + 1];
  doublewords[2] = s[b];
  doublewords[3] = s[b + 1];
  write(cpu, destination);
};

// Interleave the low (half = 0) or high (half = 1) halves.

const unpackBytes =
  (half: 0 | 1): VectorOperation =>
  (cpu, destination, source) => {
    for (let lane = 0; lane < 8; lane++) {
      bytes[2 * lane] = cpu.u8[4 * destination + 8 * half + lane];
      bytes[2 * lane + 1] = cpu.u8[4 * source + 8 * half + lane];
    }
    write(cpu, destination);
  };

const unpackWords =
  (half: 0 | 1): VectorOperation =>
  (cpu, destination, source) => {
    for (let lane = 0; lane < 4; lane++) {
      words[2 * lane] = cpu.u16[2 * destination + 4 * half + lane];
      words[2 * lane + 1] = cpu.u16[2 * source + 4 * half + lane];
    }
    write(cpu, destination);
  };

const unpackDoublewords =
  (half: 0 | 1): VectorOperation =>
  (cpu, destination, source) => {
    const s = cpu.i32;
    const a = destination + 2 * half;
    const b = source + 2 * half;
    doublewords[0] = s[a];
    doublewords[1] = s[b];
    doublewords[2] = s[a + 1];
    doublewords[3] = s[b + 1];
    write(cpu, destination);
  };

const unpackQuadwords =
  (half: 0 | 1): VectorOperation =>
  (cpu, destination, source) => {
    const s = cpu.i32;
    const a = destination + 2 * half;
    const b = source + 2 * half;
    doublewords[0] = s[a];
    doublewords[1] = s[a + 1];
    doublewords[2] = s[b];
    doublewords[3] = s[b + 1];
    write(cpu, destination);
  };

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));

const signedWord = (cpu: Cpu, index: number): number => (cpu.u16[index] << 16) >> 16;

/** Words to bytes with saturation. */
const packWords =
  (low: number, high: number): VectorOperation =>
  (cpu, destination, source) => {
    for (let lane = 0; lane < 8; lane++) {
      bytes[lane] = clamp(signedWord(cpu, 2 * destination + lane), low, high);
      bytes[lane + 8] = clamp(signedWord(cpu, 2 * source + lane), low, high);
    }
    write(cpu, destination);
  };

const packssdw: VectorOperation = (cpu, destination, source) => {
  for (let lane = 0; lane < 4; lane++) {
    words[lane] = clamp(cpu.i32[destination + lane], -32768, 32767);
    words[lane + 4] = clamp(cpu.i32[source + lane], -32768, 32767);
  }
  write(cpu, destination);
};

const packusdw: VectorOperation = (cpu, destination, source) => {
  for (let lane = 0; lane < 4; lane++) {
    words[lane] = clamp(cpu.i32[destination + lane], 0, 65535);
    words[lane + 4] = clamp(cpu.i32[source + lane], 0, 65535);
  }
  write(cpu, destination);
};

/** Each byte of the source chooses one of the destination, or zero. */
const pshufb: VectorOperation = (cpu, destination, source) => {
  const u8 = cpu.u8;
  for (let lane = 0; lane < 16; lane++) {
    const control = u8[4 * source + lane];
    bytes[lane] = control > 127 ? 0 : u8[4 * destination + (control & 15)];
  }
  write(cpu, destination);
};

/** Sixteen bytes from `shift` on of source and, above it, destination; zeros above both. */
const palignr: VectorOperation = (cpu, destination, source, shift) => {
  const u8 = cpu.u8;
  for (let lane = 0; lane < 16; lane++) {
    const from = lane + shift;
    bytes[lane] = from < 16 ? u8[4 * source + from] : from < 32 ? u8[4 * destination + from - 16] : 0;
  }
  write(cpu, destination);
};

const immediate = { immediate: 'byte' } as const;

export const SSE_SHUFFLE_OPCODES = [
  row(0x14, 0, packedFloat(unpackDoublewords(0))),
  row(0x14, 0x66, packedFloat(unpackQuadwords(0))),
  row(0x15, 0, packedFloat(unpackDoublewords(1))),
  row(0x15, 0x66, packedFloat(unpackQuadwords(1))),
  row(0x60, 0x66, packed(unpackBytes(0))),
  row(0x61, 0x66, packed(unpackWords(0))),
  row(0x62, 0x66, packed(unpackDoublewords(0))),
  row(0x63, 0x66, packed(packWords(-128, 127))),
  row(0x67, 0x66, packed(packWords(0, 255))),
  row(0x68, 0x66, packed(unpackBytes(1))),
  row(0x69, 0x66, packed(unpackWords(1))),
  row(0x6a, 0x66, packed(unpackDoublewords(1))),
  row(0x6b, 0x66, packed(packssdw)),
  row(0x6c, 0x66, packed(unpackQuadwords(0))),
  row(0x6d, 0x66, packed(unpackQuadwords(1))),
  row(0x70, 0x66, two(packed(pshufd)), immediate),
  row(0x70, 0xf3, two(packed(shuffleWords(4))), immediate),
  row(0x70, 0xf2, two(packed(shuffleWords(0))), immediate),
  row(0xc6, 0, packedFloat(shufps), immediate),
  row(0xc6, 0x66, immediatePerHalf(2, packedFloat(shufpd)), immediate),
  row(0x3800, 0x66, packed(pshufb), { feature: 'ssse3' }),
  row(0x382b, 0x66, packed(packusdw), { feature: 'sse4.1' }),
  row(0x3a0f, 0x66, packed(palignr), { feature: 'ssse3', ...immediate }),
];
