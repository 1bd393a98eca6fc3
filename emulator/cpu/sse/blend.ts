/** Blends: each lane of the destination stays or is taken from the source. */
import type { Cpu } from '../cpu.ts';
import type { Feature } from '../features.ts';
import type { Handler } from '../instruction.ts';
import type { Opcode } from '../opcode.ts';
import { VECTOR } from '../state.ts';
import {
  fetch128,
  immediatePerHalf,
  legacyForm,
  packed,
  packedFloat,
  row,
  type VectorOperation,
} from './operands.ts';
import { three128, three256, vexRow } from './vex.ts';

/** Lanes of so many bytes are taken where the control's bit is set. */
const byImmediate =
  (laneBytes: 2 | 4 | 8): VectorOperation =>
  (cpu, destination, source, control) => {
    const u16 = cpu.u16;
    for (let word = 0; word < 8; word++) {
      const lane = Math.floor((2 * word) / laneBytes);
      if ((control >> lane) & 1) u16[2 * destination + word] = u16[2 * source + word];
    }
  };

export const blendps = byImmediate(4);
export const blendpd = byImmediate(8);

/** Lanes are taken where the mask's are negative. The mask may be destination or source too. */
export type MaskedBlend = (cpu: Cpu, destination: number, source: number, mask: number) => void;

export const pblendvb: MaskedBlend = (cpu, destination, source, mask) => {
  const u8 = cpu.u8;
  for (let lane = 0; lane < 16; lane++) {
    if (u8[4 * mask + lane] > 127) u8[4 * destination + lane] = u8[4 * source + lane];
  }
};

export const blendvps: MaskedBlend = (cpu, destination, source, mask) => {
  const s = cpu.i32;
  for (let lane = 0; lane < 4; lane++) {
    if (s[mask + lane] < 0) s[destination + lane] = s[source + lane];
  }
};

export const blendvpd: MaskedBlend = (cpu, destination, source, mask) => {
  const s = cpu.i32;
  for (let lane = 0; lane < 4; lane += 2) {
    if (s[mask + lane + 1] >= 0) continue;
    s[destination + lane] = s[source + lane];
    s[destination + lane + 1] = s[source + lane + 1];
  }
};

/** The mask is XMM0. (With a VEX prefix these are other instructions, with four operands.) */
const masked = (opcode: number, blend: MaskedBlend) =>
  row(
    opcode,
    0x66,
    legacyForm(packed((cpu, destination, source) => blend(cpu, destination, source, VECTOR))),
    { feature: 'sse4.1' },
  );

/** With a VEX prefix the mask is the register in the upper four bits of the immediate. */
const fourOperands = (opcode: number, blend: MaskedBlend, length256: Feature): Opcode[] => {
  const rest = { w: 0, immediate: 'byte' } as const;
  const mask = (immediate: number): number => VECTOR + 8 * (immediate >> 4);
  const lower: VectorOperation = (cpu, destination, source, immediate) =>
    blend(cpu, destination, source, mask(immediate));
  const upper: VectorOperation = (cpu, destination, source, immediate) =>
    blend(cpu, destination, source, mask(immediate) + 4);
  /** Outside of 64-bit mode there are eight registers. */
  const cutMask =
    (handler: Handler): Opcode['handler'] =>
    (i) => {
      if (i.stackSize !== 8) i.immediateLow &= 0x7f;
      return handler;
    };
  const short = three128(lower, fetch128);
  const long = three256(lower, 0, upper);
  return [
    vexRow(opcode, 0x66, { length: 128, vvvv: 'vector' }, short, { ...rest, handler: cutMask(short) }),
    vexRow(opcode, 0x66, { length: 256, vvvv: 'vector' }, long, {
      ...rest,
      feature: length256,
      handler: cutMask(long),
    }),
  ];
};

const immediate = { immediate: 'byte', feature: 'sse4.1' } as const;

export const SSE_BLEND_OPCODES = [
  masked(0x3810, pblendvb),
  masked(0x3814, blendvps),
  masked(0x3815, blendvpd),
  ...fourOperands(0x3a4a, blendvps, 'avx'),
  ...fourOperands(0x3a4b, blendvpd, 'avx'),
  ...fourOperands(0x3a4c, pblendvb, 'avx2'),
  row(0x3a0c, 0x66, immediatePerHalf(4, packedFloat(blendps)), immediate),
  row(0x3a0d, 0x66, immediatePerHalf(2, packedFloat(blendpd)), immediate),
  row(0x3a0e, 0x66, packed(byImmediate(2)), immediate),
];
