import { beforeEach, describe, expect, test } from 'vitest';
import { createMachine, type Machine } from '../../../emulator/index.ts';

/** The formats of FSTENV and FLDENV outside of 64-bit mode (SDM volume 1, figures 8-9 to 8-12). */

const CODE = 0x1_0000;
const CONTROL = 0x2_0000;
const ZERO = 0x2_0010;
const ENVIRONMENT = 0x2_0020;
const FLAT_32 = 0xcf_9b00n;
const HLT = 0xf4;

let machine: Machine;
const register = (name: string): bigint => machine.readRegister(name);
const set = (registers: Record<string, number | bigint>): void => {
  for (const [name, value] of Object.entries(registers)) machine.writeRegister(name, BigInt(value));
};
function run(code: readonly number[]): void {
  machine.writePhysical(CODE, Uint8Array.from([...code, HLT]));
  expect(machine.run(100).kind).toBe('halted');
}

function start(state: 'flat' | 'hardware'): void {
  machine = createMachine({ memoryBytes: 2 * 2 ** 20, start: state });
  // Division by zero is not masked.
  machine.writePhysical(CONTROL, Uint8Array.of(0x7b, 0x03));
}

const word = (bytes: number, from: Uint8Array): number[] =>
  Array.from({ length: from.length / bytes }, (_, n) => {
    const view = new DataView(from.buffer, from.byteOffset + bytes * n);
    return bytes === 2 ? view.getUint16(0, true) : view.getUint32(0, true);
  });

/** Of 1 ÷ [ZERO], which is the second instruction, at 4 bytes or more behind CODE. */
const [STATUS, TAGS, OPCODE] = [0xb884, 0x3fff, 0x035];

describe('32-bit protected mode', () => {
  const address = (at: number): number[] => [at & 255, (at >> 8) & 255, (at >> 16) & 255, 0];
  /** fninit; fldcw [CONTROL]; fld1; fdiv dword [ZERO] */
  const divide = [0xdb, 0xe3, 0xd9, 0x2d, ...address(CONTROL), 0xd9, 0xe8, 0xd8, 0x35, ...address(ZERO)];
  const fnstenv = [0xd9, 0x35, ...address(ENVIRONMENT)];
  const fldenv = [0xd9, 0x25, ...address(ENVIRONMENT)];
  beforeEach(() => {
    start('flat');
    set({ cr0: 0x11, cs: 8, cs_attributes: FLAT_32, rip: CODE });
  });

  test('seven doublewords, of which the words are extended by ones', () => {
    run([...divide, ...fnstenv]);
    expect(word(4, machine.readPhysical(ENVIRONMENT, 28))).toEqual([
      ...[0xffff_037b, 0xffff_0000 + STATUS, 0xffff_0000 + TAGS],
      ...[CODE + 10, OPCODE * 0x1_0000, ZERO, 0xffff_0000],
    ]);
    expect(register('fctrl')).toBe(0x37fn);
  });
  test('seven words with the operand-size prefix', () => {
    run([...divide, 0x66, ...fnstenv]);
    const expected = [0x037b, STATUS, TAGS, (CODE + 10) & 0xffff, 0, ZERO & 0xffff, 0];
    expect(word(2, machine.readPhysical(ENVIRONMENT, 14))).toEqual(expected);
  });
  test('is loaded again', () => {
    run([...divide, ...fnstenv, 0xdb, 0xe3, ...fldenv]);
    expect(register('fctrl')).toBe(0x37bn);
    expect(register('fstat')).toBe(BigInt(STATUS));
    expect(register('ftag')).toBe(BigInt(TAGS));
    expect(register('fop')).toBe(BigInt(OPCODE));
    expect(register('fioff')).toBe(BigInt(CODE + 10));
    expect(register('fooff')).toBe(BigInt(ZERO));
  });
});

describe('real mode', () => {
  const SEGMENT = 0x2000;
  const address = (at: number): number[] => [at & 255, (at >> 8) & 255];
  /** The same code, with the data in DS. */
  const divide = [0xdb, 0xe3, 0xd9, 0x2e, ...address(CONTROL), 0xd9, 0xe8, 0xd8, 0x36, ...address(ZERO)];
  const fnstenv = [0xd9, 0x36, ...address(ENVIRONMENT)];
  beforeEach(() => {
    start('hardware');
    set({ cs: CODE >> 4, ds: SEGMENT, rip: 0 });
  });

  test('seven words, with the opcode in the fifth', () => {
    run([...divide, ...fnstenv]);
    const expected = [0x037b, STATUS, TAGS, 8, 0x036, ZERO & 0xffff, 0];
    expect(word(2, machine.readPhysical(ENVIRONMENT, 14))).toEqual(expected);
  });
  test('seven doublewords with the operand-size prefix', () => {
    run([...divide, 0x66, ...fnstenv]);
    expect(word(4, machine.readPhysical(ENVIRONMENT, 28))).toEqual([
      ...[0xffff_037b, 0xffff_0000 + STATUS, 0xffff_0000 + TAGS],
      ...[0xffff_0008, 0x036, 0xffff_0000 + (ZERO & 0xffff), 0],
    ]);
  });
});
