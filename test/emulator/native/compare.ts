import { GENERAL_REGISTERS } from '../../../emulator/machine-api.ts';
import { memoryIsUndefined, undefinedFlags } from './all-forms.ts';
import type { InstructionCase, Outcome } from './instruction-case.ts';
import { initialState } from './instruction-case.ts';

const LINUX_USER_END = 0x7fff_ffff_f000n;

/** What the emulator did otherwise than the CPU, one line each; empty if it did the same. */
export function differences(test: InstructionCase, cpu: Outcome, emulator: Outcome): string[] {
  const ignored = undefinedFlags(test);
  const lines: string[] = [];
  const check = (name: string, expected: number | bigint, actual: number | bigint) => {
    if (expected !== actual) lines.push(`${name}: CPU ${hex(expected)}, emulator ${hex(actual)}`);
  };
  check('vector', cpu.vector, emulator.vector);
  // Linux shows every page fault beyond the user's half as one of a present page.
  const hidden = cpu.faultAddress >= LINUX_USER_END ? 1 : 0;
  check('error code', cpu.errorCode & ~hidden, emulator.errorCode & ~hidden);
  check('cr2', cpu.faultAddress, emulator.faultAddress);
  check('rip', cpu.rip, emulator.rip);
  check('rflags', cpu.rflags & ~ignored, emulator.rflags & ~ignored);
  check('mxcsr', cpu.mxcsr, emulator.mxcsr);
  for (let i = 0; i < 16; i++) check(GENERAL_REGISTERS[i], cpu.gpr[i], emulator.gpr[i]);
  for (let i = 0; i < 16; i++) {
    const expected = hexBytes(cpu.xmm.subarray(i * 16, i * 16 + 16));
    const actual = hexBytes(emulator.xmm.subarray(i * 16, i * 16 + 16));
    if (expected !== actual) lines.push(`xmm${i}: CPU ${expected}, emulator ${actual}`);
  }
  if (memoryIsUndefined(test, cpu)) return lines;
  const expected = `${hexBytes(cpu.diff)} at +${hex(cpu.diffOffset)}`;
  const actual = `${hexBytes(emulator.diff)} at +${hex(emulator.diffOffset)}`;
  if (expected !== actual) lines.push(`data: CPU ${expected}, emulator ${actual}`);
  return lines;
}

/** All that is needed to see what a case is about. */
export function describeCase(test: InstructionCase): string {
  const state = initialState(test);
  const registers = GENERAL_REGISTERS.map((name, i) => `${name}=${state.gpr[i].toString(16)}`).join(' ');
  const vectors = Array.from(
    { length: 16 },
    (_, i) => `xmm${i}=${hexBytes(state.xmm.subarray(i * 16, i * 16 + 16))}`,
  );
  return [
    `${test.form}: ${hexBytes(test.code)} at +${hex(test.codeOffset)}, seed ${test.seed}`,
    `  before: ${registers} rflags=${state.rflags.toString(16)} mxcsr=${state.mxcsr.toString(16)}`,
    `  ${vectors.join(' ')}`,
    `  data: ${hexBytes(test.patch)} at +${hex(test.patchOffset)}`,
  ].join('\n');
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

const hexBytes = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
