/** The decoder knows every instruction that iced-x86 knows of a CPU model, and no other. */

import { describe, expect, test } from 'vitest';
import { decode } from '../../../emulator/cpu/decoder.ts';
import { undefinedOpcodeHandler } from '../../../emulator/cpu/invalid-instruction.ts';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { CPU_MODELS, type CpuModel } from '../../../emulator/machine-api.ts';
import { Random } from '../native/random.ts';
import {
  ANOTHER_INSTRUCTION,
  allCodes,
  BITNESSES,
  type Bitness,
  type CodeInfo,
  machineCodes,
  presents,
} from './codes.ts';
import { ALL_SEGMENTS, encode } from './encoding.ts';

/** Of each code. */
const INSTANCES = 4;

/** Instances of the code that are undefined opcodes to the model, or have another length than they should. */
function disagreements(info: CodeInfo, model: CpuModel, bits: Bitness, isPresent: boolean): string[] {
  const random = new Random(info.code + 1);
  return Array.from({ length: INSTANCES }, () => encode(info, bits, random, { segments: ALL_SEGMENTS }))
    .filter((bytes) => {
      const code = new Uint8Array(32);
      code.set(bytes);
      const instruction = decode(code, 0, code.length, 0, 0, codeMode(model, bits));
      const isDefined = instruction !== undefined && instruction.execute !== undefinedOpcodeHandler;
      return isDefined !== isPresent || (isDefined && instruction.length !== bytes.length);
    })
    .map((bytes) => `${info.name} (${info.feature}): ${Buffer.from(bytes).toString('hex')}`);
}

const cases = CPU_MODELS.flatMap((model) => BITNESSES.map((bits) => ({ model, bits })));

describe.each(cases)('$model, $bits bits', ({ model, bits }) => {
  test('has every instruction that it presents', () => {
    const due = machineCodes.filter((info) => info.modes.includes(bits) && presents(model, bits, info));
    expect(due.flatMap((info) => disagreements(info, model, bits, true))).toEqual([]);
    expect(due.length).toBeGreaterThan(800);
  });

  test('has none that it does not present', () => {
    const others = allCodes.filter(
      (info) =>
        info.modes.includes(bits) && !presents(model, bits, info) && !ANOTHER_INSTRUCTION.test(info.name),
    );
    expect(others.flatMap((info) => disagreements(info, model, bits, false))).toEqual([]);
    expect(others.length).toBeGreaterThan(300);
  });
});
