/** CRC32: accumulates with the polynomial 0x11EDC6F41 (CRC-32C), bits reflected. */
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { readRm } from './operands.ts';
import { HIGH } from './state.ts';

/** REMAINDERS[byte]: what eight steps make of a byte. */
const REMAINDERS = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f6_3b78 : 0);
  return remainder;
});

function accumulate(crc: number, word: number, bytes: number): number {
  for (let byte = 0; byte < bytes; byte++) {
    crc = REMAINDERS[(crc ^ (word >>> (8 * byte))) & 255] ^ (crc >>> 8);
  }
  return crc;
}

const crc32: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  let crc = accumulate(s[i.reg], low, Math.min(i.operandSize, 4));
  if (i.operandSize === 8) crc = accumulate(crc, high, 4);
  s[i.reg] = crc;
  s[i.reg + 1] = 0;
};

const row = { modrm: true, prefix: 0xf2, feature: 'sse4.2', handler: always(crc32) } as const;

export const CRC32_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f38f0, size: 'byte', reg: 'general', ...row },
  { opcode: 0x0f38f1, ...row },
];
