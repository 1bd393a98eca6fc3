import { GENERAL_REGISTERS } from '../../../emulator/machine-api.ts';
import { faultAddressMask, isApproximate, memoryIsUndefined, undefinedFlags } from './all-forms.ts';
import type { InstructionCase, Outcome } from './instruction-case.ts';
import { initialState } from './instruction-case.ts';
import { hostIsIntel } from './real-cpu.ts';
import type { X87State } from './x87-state.ts';

const LINUX_USER_END = 0x7fff_ffff_f000n;

/** What may differ. */
export interface Exemptions {
  readonly flags: number;
  readonly memory: boolean;
  /** The bits of CR2 that are compared. */
  readonly faultAddressMask: bigint;
  /** x87 results may be off by one unit in the last place. */
  readonly approximate: boolean;
}

/** What the emulator did otherwise than the CPU, one line each; empty if it did the same. */
export function differences(
  test: InstructionCase,
  cpu: Outcome,
  emulator: Outcome,
  exempt: Exemptions = {
    // The emulator has those of Intel's CPUs.
    flags: hostIsIntel ? 0 : undefinedFlags(test),
    memory: memoryIsUndefined(test, cpu),
    faultAddressMask: faultAddressMask(test),
    approximate: isApproximate(test),
  },
): string[] {
  const lines: string[] = [];
  const check = (name: string, expected: number | bigint, actual: number | bigint) => {
    if (expected !== actual) lines.push(`${name}: CPU ${hex(expected)}, emulator ${hex(actual)}`);
  };
  check('vector', cpu.vector, emulator.vector);
  // Linux shows every page fault beyond the user's half as one of a present page.
  const hidden = cpu.faultAddress >= LINUX_USER_END ? 1 : 0;
  check('error code', cpu.errorCode & ~hidden, emulator.errorCode & ~hidden);
  check('cr2', cpu.faultAddress & exempt.faultAddressMask, emulator.faultAddress & exempt.faultAddressMask);
  check('rip', cpu.rip, emulator.rip);
  check('rflags', cpu.rflags & ~exempt.flags, emulator.rflags & ~exempt.flags);
  check('mxcsr', cpu.mxcsr, emulator.mxcsr);
  // Outside of 64-bit mode the high halves mean nothing.
  const isLong = test.selectors === undefined;
  const mask = isLong ? (1n << 64n) - 1n : 0xffff_ffffn;
  for (let i = 0; i < (isLong ? 16 : 8); i++) {
    check(GENERAL_REGISTERS[i], cpu.gpr[i] & mask, emulator.gpr[i] & mask);
  }
  if (!isLong) check('selectors', selectorsOf(cpu), selectorsOf(emulator));
  const checkBytes = (name: string, expected: Uint8Array, actual: Uint8Array) => {
    if (hexBytes(expected) !== hexBytes(actual))
      lines.push(`${name}: CPU ${hexBytes(expected)}, emulator ${hexBytes(actual)}`);
  };
  for (let i = 0; i < 16; i++) checkBytes(`ymm${i}`, vectorOf(cpu, i), vectorOf(emulator, i));
  if (test.x87) {
    check('x87 control', cpu.x87.control, emulator.x87.control);
    const { approximate } = exempt;
    const unknown = approximate && (cpu.x87.status & PE) !== 0 ? C1 : 0;
    check('x87 status', cpu.x87.status & ~unknown, emulator.x87.status & ~unknown);
    check('x87 tag', cpu.x87.tag, emulator.x87.tag);
    check('x87 opcode', cpu.x87.opcode, emulator.x87.opcode);
    check('x87 instruction', cpu.x87.instruction, emulator.x87.instruction);
    check('x87 data', cpu.x87.data, emulator.x87.data);
    for (let i = 0; i < 8; i++) {
      const [expected, actual] = [stackRegister(cpu.x87, i), stackRegister(emulator.x87, i)];
      if (!approximate || unitsBetween(expected, actual) > 1n) checkBytes(`st${i}`, expected, actual);
    }
  }
  if (exempt.memory) return lines;
  const expected = `${hexBytes(cpu.diff)} at +${hex(cpu.diffOffset)}`;
  const actual = `${hexBytes(emulator.diff)} at +${hex(emulator.diffOffset)}`;
  if (expected !== actual) lines.push(`data: CPU ${expected}, emulator ${actual}`);
  return lines;
}

/** All that is needed to see what a case is about. */
export function describeCase(test: InstructionCase): string {
  const state = initialState(test);
  const registers = GENERAL_REGISTERS.map((name, i) => `${name}=${state.gpr[i].toString(16)}`).join(' ');
  const vectors = Array.from({ length: 16 }, (_, i) => `ymm${i}=${hexBytes(vectorOf(state, i))}`);
  const x87 = [
    `  x87 control=${hex(state.x87.control)} status=${hex(state.x87.status)} tag=${hex(state.x87.tag)} opcode=${hex(state.x87.opcode)} instruction=${hex(state.x87.instruction)} data=${hex(state.x87.data)}`,
    ...Array.from({ length: 8 }, (_, i) => `st${i}=${hexBytes(stackRegister(state.x87, i))}`),
  ].join(' ');
  return [
    `${test.form}: ${hexBytes(test.code)} at +${hex(test.codeOffset)}, seed ${test.seed}`,
    `  before: ${registers} rflags=${state.rflags.toString(16)} mxcsr=${state.mxcsr.toString(16)}`,
    `  ${vectors.join(' ')}`,
    ...(test.x87 ? [x87] : []),
    ...(test.selectors === undefined ? [] : [`  selectors: ${test.selectors.map(hex).join(' ')}`]),
    `  data: ${hexBytes(test.patch)} at +${hex(test.patchOffset)}`,
  ].join('\n');
}

/** Of the x87 status word: inexact result, and whether it was rounded up. */
const PE = 0x20;
const C1 = 0x200;

/** How many numbers of the 80-bit format lie between two, the second one included. */
export function unitsBetween(a: Uint8Array, b: Uint8Array): bigint {
  const place = (bytes: Uint8Array): bigint => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const exponent = BigInt(view.getUint16(8, true));
    const fraction = BigInt.asUintN(63, view.getBigUint64(0, true));
    const magnitude = ((exponent & 0x7fffn) << 63n) + fraction;
    return (exponent & 0x8000n) === 0n ? magnitude : -magnitude;
  };
  const distance = place(a) - place(b);
  return distance < 0n ? -distance : distance;
}

/** All in one number, 16 bits each, ES first. The return to the harness clears null selectors' privilege levels. */
const selectorsOf = ({ selectors }: Outcome): bigint =>
  selectors.reduce((all, selector) => (all << 16n) | BigInt(selector < 4 ? 0 : selector), 0n);

const vectorOf = ({ vectors }: { readonly vectors: Uint8Array }, i: number): Uint8Array =>
  vectors.subarray(i * 32, i * 32 + 32);

const stackRegister = (x87: X87State, i: number): Uint8Array => x87.registers.subarray(i * 16, i * 16 + 10);

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

const hexBytes = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
