/** The decoder against iced-x86 over random bytes: lengths, and what is an instruction at all. */

import { type Code, Decoder, DecoderError, DecoderOptions, Mnemonic } from 'iced-x86';
import { expect, test } from 'vitest';
import { decode } from '../../../emulator/cpu/decoder.ts';
import { undefinedOpcodeHandler } from '../../../emulator/cpu/invalid-instruction.ts';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { CPU_MODELS } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';
import { ANOTHER_INSTRUCTION, machineCodes, presents } from '../instruction-set/codes.ts';

/** iced's codes that are instructions of some model. */
const CODES = new Map(machineCodes.map((info) => [info.code, info]));

/** A VEX prefix with few of its fields at random, in front of the bytes. */
function vexPrefix(bytes: Uint8Array, next: () => number): void {
  const [rxb, vvvv] = [next() & 0xe0, next() % 2 === 0 ? 0x78 : next() & 0x78];
  const head = [0xc4, rxb | (1 + (next() % 3)), (next() & 0x87) | vvvv];
  bytes.set(next() % 2 === 0 ? head : [0xc5, (next() & 0x87) | vvvv]);
}

/** Random bytes with prefixes and two-byte opcodes more often than chance would have them. */
function randomBytes(next: () => number, round: number): Uint8Array {
  const bytes = Uint8Array.from({ length: 24 }, () => next() >>> 7);
  if (round % 3 === 0) {
    bytes[0] = [0x66, 0xf2, 0xf3, 0x48, 0x0f, 0xf0, 0x4c, 0x67][next() % 8];
    if (next() % 2 === 0) bytes[1] = 0x0f;
  } else if (round % 3 === 1) {
    bytes[0] = 0x0f;
    if (next() % 2 === 0) bytes[1] = next() % 2 === 0 ? 0x38 : 0x3a;
  }
  if (round % 16 === 0) vexPrefix(bytes, next);
  return bytes;
}

/** `npm run fuzz` has other seeds each day, and more of them. */
const firstSeed = Number(process.env['DECODE_SEED'] ?? 1);
const seeds = Array.from({ length: Number(process.env['DECODE_SEEDS'] ?? 4) }, (_, n) => firstSeed + n);
const cases = CPU_MODELS.flatMap((model) =>
  ([64, 32, 16] as const).flatMap((bits) => seeds.map((seed) => ({ model, bits, seed }))),
);

test.each(cases)('$model, $bits bits, seed $seed', ({ model, bits, seed }) => {
  const mode = codeMode(model, bits);
  const isPresented = (code: Code): boolean => {
    const info = CODES.get(code);
    return info !== undefined && presents(model, bits, info);
  };
  const next = randomNumbers(seed * 7919);
  const disagreements: string[] = [];
  let compared = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = randomBytes(next, round);
    const decoder = new Decoder(bits, bytes, DecoderOptions.None);
    const reference = decoder.decode();
    const ours = decode(bytes, 0, bytes.length, 0, 0, mode);
    if (ours === undefined) throw new Error('24 bytes are enough for any instruction');
    const isUndefined = ours.execute === undefinedOpcodeHandler;
    const hex = Buffer.from(bytes.subarray(0, 15)).toString('hex');
    const name = Mnemonic[reference.mnemonic];
    if (decoder.lastError !== DecoderError.None) {
      if (!isUndefined && ours.length <= 14) disagreements.push(`${hex}: is no instruction`);
    } else if (!isUndefined) {
      compared++;
      if (!isPresented(reference.code) && !ANOTHER_INSTRUCTION.test(name)) {
        disagreements.push(`${hex} ${name}: is not presented`);
      }
      if (ours.length !== reference.length) {
        disagreements.push(`${hex} ${name}: ${ours.length} bytes instead of ${reference.length}`);
      }
    } else if (isPresented(reference.code)) {
      disagreements.push(`${hex} ${name}: not known`);
    }
    reference.free();
    decoder.free();
  }
  expect(disagreements).toEqual([]);
  expect(compared).toBeGreaterThan(8_000);
});
