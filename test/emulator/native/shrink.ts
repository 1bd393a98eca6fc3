import { Decoder, DecoderOptions, Instruction } from 'iced-x86';
import type { InstructionCase } from './instruction-case.ts';

const NOP = 0x90;

/**
 * What of a program still makes a difference: one instruction after the other is replaced by NOPs, so that the rest stays
 * where it is, unless the difference is gone without it. Ends when no single one can be spared.
 */
export async function shrink(
  program: InstructionCase,
  differs: (candidate: InstructionCase) => Promise<boolean>,
): Promise<InstructionCase> {
  let smallest = program;
  for (let wasSmaller = true; wasSmaller; ) {
    wasSmaller = false;
    for (const [start, end] of instructionsOf(smallest.code)) {
      const code = smallest.code.slice();
      if (code.subarray(start, end).every((byte) => byte === NOP)) continue;
      const candidate = { ...smallest, code: code.fill(NOP, start, end) };
      if (!(await differs(candidate))) continue;
      smallest = candidate;
      wasSmaller = true;
    }
  }
  return smallest;
}

/** Where the instructions of straight 64-bit code begin and end. */
export function instructionsOf(code: Uint8Array): [start: number, end: number][] {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const instruction = new Instruction();
  const found: [number, number][] = [];
  while (decoder.canDecode) {
    const start = decoder.position;
    decoder.decodeOut(instruction);
    found.push([start, decoder.position]);
  }
  instruction.free();
  decoder.free();
  return found;
}
