/** The decoder against iced-x86 over random bytes: lengths, and what is an instruction at all. */

import { CpuidFeature, Decoder, DecoderError, DecoderOptions, Mnemonic } from 'iced-x86';
import { expect, test } from 'vitest';
import { decode } from '../../../emulator/cpu/decoder.ts';
import { undefinedOpcodeHandler } from '../../../emulator/cpu/invalid-instruction.ts';
import { opcodeTable } from '../../../emulator/cpu/opcode-table.ts';
import { DEFAULT_CPU_MODEL } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';

const OPCODES = opcodeTable(DEFAULT_CPU_MODEL);

/** What CPUID presents (cpu/cpuid.ts), in iced's names; x87 and MMX are presented but missing so far. */
const PRESENTED = new Set<CpuidFeature>([
  CpuidFeature.INTEL8086,
  CpuidFeature.INTEL186,
  CpuidFeature.INTEL286,
  CpuidFeature.INTEL386,
  CpuidFeature.INTEL486,
  CpuidFeature.X64,
  CpuidFeature.SSE,
  CpuidFeature.SSE2,
  CpuidFeature.CX8,
  CpuidFeature.CMPXCHG16B,
  CpuidFeature.CMOV,
  CpuidFeature.POPCNT,
  CpuidFeature.FXSR,
  CpuidFeature.CLFSH,
  CpuidFeature.CPUID,
  CpuidFeature.MSR,
  CpuidFeature.TSC,
  CpuidFeature.RDTSCP,
  CpuidFeature.SYSCALL,
  CpuidFeature.PAUSE,
  CpuidFeature.MULTIBYTENOP,
]);
/** Instructions of these features that are undefined here: RSM outside of SMM, and those that are meant to be. */
const UNDEFINED = new Set(['Rsm', 'Ud0', 'Ud1', 'Ud2', 'Undoc']);
/** SSE and SSE2 instructions with an operand in an MMX register. */
const MMX_OPERAND =
  /^(Cvtt?p[ds]2pi|Cvtpi2p[ds]|Movq2dq|Movdq2q|Maskmovq|Movntq|Pmovmskb|Pshufw|Psadbw|Pextrw|Pinsrw|Pavg[bw]|Pm(ax|in)(sw|ub)|Pmulhuw|Pmuludq|Paddq|Psubq)$/;

/** Random bytes with prefixes and two-byte opcodes more often than chance would have them. */
function randomBytes(next: () => number, round: number): Uint8Array {
  const bytes = Uint8Array.from({ length: 24 }, () => next() >>> 7);
  if (round % 3 === 0) {
    bytes[0] = [0x66, 0xf2, 0xf3, 0x48, 0x0f, 0xf0, 0x4c, 0x67][next() % 8];
    if (next() % 2 === 0) bytes[1] = 0x0f;
  } else if (round % 3 === 1) bytes[0] = 0x0f;
  return bytes;
}

test.each([1, 2, 3, 4])('seed %i', (seed) => {
  const next = randomNumbers(seed * 7919);
  const disagreements: string[] = [];
  let compared = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = randomBytes(next, round);
    const decoder = new Decoder(64, bytes, DecoderOptions.None);
    const reference = decoder.decode();
    const ours = decode(bytes, 0, bytes.length, 0, 0, OPCODES);
    if (ours === undefined) throw new Error('24 bytes are enough for any instruction');
    const isUndefined = ours.execute === undefinedOpcodeHandler;
    const hex = Buffer.from(bytes.subarray(0, 15)).toString('hex');
    const name = Mnemonic[reference.mnemonic];
    if (decoder.lastError !== DecoderError.None) {
      if (!isUndefined && ours.length <= 14) disagreements.push(`${hex}: is no instruction`);
    } else if (!isUndefined) {
      compared++;
      if (ours.length !== reference.length) {
        disagreements.push(`${hex} ${name}: ${ours.length} bytes instead of ${reference.length}`);
      }
    } else if (
      Array.from(reference.cpuidFeatures()).every((feature) => PRESENTED.has(feature)) &&
      !UNDEFINED.has(name) &&
      !MMX_OPERAND.test(name)
    ) {
      disagreements.push(`${hex} ${name}: not known`);
    }
    reference.free();
    decoder.free();
  }
  expect(disagreements).toEqual([]);
  expect(compared).toBeGreaterThan(8_000);
});
