import { existsSync, readFileSync } from 'node:fs';
import { type Code, Decoder, DecoderError, DecoderOptions, Instruction, Mnemonic } from 'iced-x86';
import { describe, expect, test } from 'vitest';
import { decode } from '../../../emulator/cpu/decoder.ts';
import { undefinedOpcodeHandler } from '../../../emulator/cpu/invalid-instruction.ts';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { DEFAULT_CPU_MODEL } from '../../../emulator/machine-api.ts';
import { machineCodes } from '../instruction-set/codes.ts';

const OPCODES = codeMode(DEFAULT_CPU_MODEL, 64);

/** Offsets and sizes of a 64-bit ELF's executable sections. */
function codeSections(file: Uint8Array): { offset: number; size: number }[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const table = Number(view.getBigUint64(40, true));
  const sections: { offset: number; size: number }[] = [];
  for (let n = 0; n < view.getUint16(60, true); n++) {
    const at = table + n * view.getUint16(58, true);
    const isExecutable = (view.getBigUint64(at + 8, true) & 4n) !== 0n;
    if (view.getUint32(at + 4, true) !== 1 || !isExecutable) continue;
    sections.push({
      offset: Number(view.getBigUint64(at + 24, true)),
      size: Number(view.getBigUint64(at + 32, true)),
    });
  }
  return sections;
}

/** What the machine has: libraries carry code for later CPUs too. */
const MACHINE_CODES: ReadonlySet<Code> = new Set(
  machineCodes.filter(({ modes }) => modes.includes(64)).map(({ code }) => code),
);

function compareProgram(path: string): { compared: number; unknown: Map<string, number>; wrong: string[] } {
  const file = readFileSync(path);
  const unknown = new Map<string, number>();
  const wrong: string[] = [];
  let compared = 0;
  for (const { offset, size } of codeSections(file)) {
    const code = file.subarray(offset, offset + Math.min(size, 1_500_000));
    const decoder = new Decoder(64, code, DecoderOptions.None);
    const reference = new Instruction();
    while (decoder.canDecode) {
      const at = decoder.position;
      decoder.decodeOut(reference);
      if (decoder.lastError !== DecoderError.None || !MACHINE_CODES.has(reference.code)) continue;
      const ours = decode(code, at, code.length - at, at, 0, OPCODES);
      compared++;
      const mnemonic = Mnemonic[reference.mnemonic];
      if (ours === undefined) wrong.push(`${mnemonic} at ${at}: needs more bytes`);
      else if (ours.execute === undefinedOpcodeHandler) {
        unknown.set(mnemonic, (unknown.get(mnemonic) ?? 0) + 1);
      } else if (ours.length !== reference.length) {
        wrong.push(`${mnemonic} at ${at}: ${ours.length} bytes instead of ${reference.length}`);
      }
    }
    reference.free();
    decoder.free();
  }
  return { compared, unknown, wrong };
}

const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libcrypto.so.3', 'libstdc++.so.6'];
const PROGRAMS = [
  ...['/bin/ls', '/bin/bash', '/usr/bin/gcc'],
  ...LIBRARIES.map((name) => `/lib/x86_64-linux-gnu/${name}`),
].filter(existsSync);

describe.skipIf(PROGRAMS.length === 0)('instruction lengths agree with iced-x86', () => {
  test.each(PROGRAMS)('%s', (path) => {
    const { compared, unknown, wrong } = compareProgram(path);
    expect(compared).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
    expect([...unknown]).toEqual([]);
  });
});

describe('the decoder itself', () => {
  const lengthOf = (...bytes: number[]): number | undefined =>
    decode(Uint8Array.from(bytes), 0, bytes.length, 0, 0, OPCODES)?.length;

  test.each([
    ['REX before a legacy prefix is ignored', [0x48, 0x66, 0x89, 0xc8], 4],
    ['RIP-relative operand with an immediate', [0x48, 0xc7, 0x05, 1, 2, 3, 4, 5, 6, 7, 8], 11],
    ['operand size prefix shortens the immediate', [0x66, 0x81, 0xc0, 1, 2], 5],
    ['REX.W overrides it', [0x66, 0x48, 0x81, 0xc0, 1, 2, 3, 4], 8],
    ['a 64-bit immediate', [0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8], 10],
    ['near jumps keep a 32-bit displacement', [0x66, 0xe9, 1, 2, 3, 4], 6],
    ['TEST has an immediate where NOT has none', [0xf7, 0xc0, 1, 2, 3, 4], 6],
    ['NOT', [0xf7, 0xd0], 2],
    ['SIB without base', [0x8b, 0x04, 0x25, 1, 2, 3, 4], 7],
    ['moves of control registers ignore ModRM.mod', [0x0f, 0x20, 0x00], 3],
  ])('%s', (_, bytes, length) => {
    expect(lengthOf(...bytes)).toBe(length);
  });

  test('an incomplete instruction is reported as such', () => {
    expect(lengthOf(0x48, 0xb8, 1, 2, 3)).toBeUndefined();
    expect(lengthOf(0x66)).toBeUndefined();
  });

  test('relative operands become addresses', () => {
    // mov rax, [rip+0x10]; jmp −2 at an address near the end of the lower half
    const load = decode(
      Uint8Array.of(0x48, 0x8b, 0x05, 0x10, 0, 0, 0),
      0,
      7,
      0xffff_fffc | 0,
      0x7ff,
      OPCODES,
    );
    expect([load?.displacementLow, load?.displacementHigh]).toEqual([0x13, 0x800]);
    const jump = decode(Uint8Array.of(0xeb, 0xfe), 0, 2, 0, 5, OPCODES);
    expect([jump?.immediateLow, jump?.immediateHigh]).toEqual([0, 5]);
  });
});
