/** Blends: each lane of the destination stays or is taken from the source. */
import type { Cpu } from '../cpu.ts';
import { VECTOR } from '../state.ts';
import { legacyForm, packed, packedFloat, row, type VectorOperation } from './operands.ts';

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

const immediate = { immediate: 'byte', feature: 'sse4.1' } as const;

export const SSE_BLEND_OPCODES = [
  masked(0x3810, pblendvb),
  masked(0x3814, blendvps),
  masked(0x3815, blendvpd),
  row(0x3a0c, 0x66, packedFloat(blendps), immediate),
  row(0x3a0d, 0x66, packedFloat(blendpd), immediate),
  row(0x3a0e, 0x66, packed(byImmediate(2)), immediate),
];
