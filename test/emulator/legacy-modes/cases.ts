/** Instruction cases for code of 16 and 32 bits: any of iced-x86's codes with operands that lie where something is. */

import {
  Decoder,
  DecoderOptions,
  type Instruction,
  InstructionInfoFactory,
  Register,
  RegisterExt,
} from 'iced-x86';
import { decode } from '../../../emulator/cpu/decoder.ts';
import { undefinedOpcodeHandler } from '../../../emulator/cpu/invalid-instruction.ts';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { DEFAULT_CPU_MODEL } from '../../../emulator/machine-api.ts';
import { type CodeInfo, machineCodes, type PresentCode } from '../instruction-set/codes.ts';
import { ALL_SEGMENTS, encode } from '../instruction-set/encoding.ts';
import type { Exemptions } from '../native/compare.ts';
import type { InstructionCase } from '../native/instruction-case.ts';
import {
  CODE,
  CODE_SIZE,
  DATA,
  DATA_SIZE,
  PAGE,
  type Segment,
  segmentOf,
  WRITABLE_SIZE,
} from '../native/layout.ts';
import { interestingInteger, Random } from '../native/random.ts';
import { hostIsIntel } from '../native/real-cpu.ts';

/** What a case finds in ES, CS, SS, DS, FS, GS (layout.ts): flat segments, small ones, ones that grow down, stacks of the
 * other size. */
export const ENVIRONMENTS = {
  'flat, 32 bits': { bits: 32, selectors: [0x2b, 0x23, 0x2b, 0x2b, 0, 0] },
  'segments, 32 bits': { bits: 32, selectors: [0x27, 0x07, 0x17, 0x17, 0x2f, 0x4f] },
  'odd segments, 32 bits': { bits: 32, selectors: [0x3f, 0x23, 0x4f, 0x2f, 0x1f, 0] },
  '16-bit stack, 32 bits': { bits: 32, selectors: [0x2b, 0x07, 0x1f, 0x2b, 0x37, 0x0f] },
  'segments, 16 bits': { bits: 16, selectors: [0x37, 0x0f, 0x1f, 0x1f, 0x17, 0x4f] },
  '32-bit stack, 16 bits': { bits: 16, selectors: [0x27, 0x0f, 0x17, 0x17, 0x3f, 0x2f] },
} as const;
export type Environment = keyof typeof ENVIRONMENTS;
const SEGMENT_REGISTERS = [Register.ES, Register.CS, Register.SS, Register.DS, Register.FS, Register.GS];

/** Selectors that mean the same here and there. */
const SELECTORS = [0, 3, 0x20, 0x23, 0x2b, 0x29, 0x33, 0x5f, ...[...Array(11).keys()].map((n) => n * 8 + 7)];
const CODE_SELECTORS = [0x23, 0x33, 0x07, 0x0f, 0x57, 0x17, 0, 0x5f];

const STACK_POINTER = 4;

const factory = new InstructionInfoFactory();

interface Used {
  readonly segment: Register;
  readonly base: Register;
  readonly index: Register;
  readonly scale: number;
  readonly displacement: bigint;
  readonly addressBytes: number;
}

function usedMemory(instruction: Instruction, bits: number): Used[] {
  const info = factory.info(instruction);
  const found: Used[] = [];
  for (const used of info.usedMemory()) {
    const sized = [used.base, used.index].find((register) => register !== Register.None);
    found.push({
      segment: used.segment,
      base: used.base,
      index: used.index,
      scale: used.scale,
      displacement: used.displacement,
      addressBytes: sized === undefined ? bits / 8 : RegisterExt.size(sized),
    });
    used.free();
  }
  info.free();
  return found;
}

const numberOf = (register: Register): number => RegisterExt.number(RegisterExt.fullRegister(register));

/** An offset in a segment: mostly where there is memory, sometimes at its limit or beyond. */
function chooseOffset(random: Random, segment: Segment | undefined, mask: number): number {
  if (segment === undefined || random.chance(4)) return (random.u32() & mask) >>> 0;
  if (random.chance(12)) {
    const edge = random.chance(30) ? mask : segment.limit;
    return ((edge + 4 - random.below(20)) & mask) >>> 0;
  }
  const where = random.chance(8)
    ? WRITABLE_SIZE
    : random.chance(8)
      ? PAGE
      : random.below(DATA_SIZE - 64) + 32;
  const near = random.chance(20) ? -random.below(16) : 0;
  const aligned = random.chance(40) ? ~63 : -1;
  const target =
    segment.base >= CODE && segment.base < CODE + CODE_SIZE ? CODE + random.below(256) : DATA + where;
  return (((target & aligned) + near - segment.base) & mask) >>> 0;
}

const maskOf = (bytes: number): number => (bytes === 2 ? 0xffff : 0xffff_ffff);

function withLow(value: bigint, low: number, bytes: number): bigint {
  return bytes === 2 ? (value & ~0xffffn) | BigInt(low) : BigInt(low);
}

/** A case of an instruction of the code. */
export function legacyCase(info: CodeInfo, environment: Environment, seed: number): InstructionCase {
  const random = new Random(seed);
  const { bits, selectors } = ENVIRONMENTS[environment];
  const code = encode(info, bits, random, { segments: ALL_SEGMENTS });
  const codeOffset = random.chance(8) ? PAGE - 1 - random.below(8) : 0x100 + random.below(16);
  const registers = new Map<number, bigint>();
  const draft = { patchOffset: 0, patch: new Uint8Array(0) };

  const decoder = new Decoder(bits, code, DecoderOptions.ForceReservedNop);
  decoder.ip = BigInt(CODE + codeOffset);
  const instruction = decoder.decode();
  const constants = decoder.getConstantOffsets(instruction);

  // Registers that address memory, and what lies there if a selector is read from it.
  for (const used of usedMemory(instruction, bits)) {
    const mask = maskOf(used.addressBytes);
    const segment = segmentOf(selectors[Math.max(0, SEGMENT_REGISTERS.indexOf(used.segment))]);
    const offset = chooseOffset(random, segment, mask);
    let rest = offset - Number(BigInt.asIntN(32, used.displacement));
    if (used.index !== Register.None) {
      const number = numberOf(used.index);
      if (!registers.has(number)) registers.set(number, BigInt(random.below(0x400)) | (random.u64() << 32n));
      rest -= (Number(registers.get(number)! & 0xffff_ffffn) * used.scale) & mask;
    }
    if (used.base !== Register.None) {
      const number = numberOf(used.base);
      if (!registers.has(number)) {
        registers.set(number, withLow(random.u64(), (rest & mask) >>> 0, used.addressBytes));
      }
    } else if (constants.hasDisplacement && used.index === Register.None) {
      for (let n = 0; n < constants.displacementSize; n++) {
        code[constants.displacementOffset + n] = (offset >>> (8 * n)) & 255;
      }
    }
    if (segment !== undefined) patchSelectors(random, info, draft, (segment.base + offset) >>> 0, bits);
  }
  if (!registers.has(STACK_POINTER)) registers.set(STACK_POINTER, interestingInteger(random));
  chooseSelectors(random, info, instruction, code, registers, codeOffset, constants);
  constants.free();
  instruction.free();
  decoder.free();
  return {
    form: `${info.name}, ${environment}`,
    code: code.subarray(0, CODE_SIZE - codeOffset),
    codeOffset,
    seed,
    registers,
    vectors: new Map(),
    ...draft,
    x87: /^(FPU|MMX)/.test(info.feature) || info.operands.some((kind) => kind.startsWith('mm_')),
    selectors,
  };
}

/** Flags that a POPF or IRET may find: no TF, NT, AC. */
const HARMLESS_FLAGS = 0x0020_0ed5;

/** Where a far pointer, a selector or flags are read, there is something to be read. */
function patchSelectors(
  random: Random,
  { mnemonic, operandSize }: CodeInfo,
  draft: { patchOffset: number; patch: Uint8Array },
  address: number,
  bits: number,
): void {
  const size = (operandSize === 0 ? bits : operandSize) / 8;
  const words: number[] = [];
  const word = (value: number, bytes: number): void => {
    for (let n = 0; n < bytes; n++) words.push((value >>> (8 * n)) & 255);
  };
  if (/^(L[defgs]s)$/.test(mnemonic)) {
    word(random.u32(), size);
    word(random.pick(SELECTORS), 2);
  } else if (/^(Lar|Lsl|Verr|Verw|Mov|Pop|Arpl)$/.test(mnemonic)) {
    word(random.pick(SELECTORS), 2);
  } else if (/^(Popf|Popfd)$/.test(mnemonic)) word(random.u32() & HARMLESS_FLAGS, size);
  else if (/^(Ret|Retf|Iret|Iretd|Call|Jmp)$/.test(mnemonic)) {
    const selector = random.pick(CODE_SELECTORS);
    word(nearCode(random, selector), size);
    if (mnemonic !== 'Ret') {
      word(selector, mnemonic === 'Retf' || /^Iret/.test(mnemonic) ? size : 2);
      word(random.u32() & HARMLESS_FLAGS, size);
    }
  }
  const start = address - DATA;
  if (words.length === 0 || start < 0 || start + words.length > WRITABLE_SIZE) return;
  draft.patchOffset = start;
  draft.patch = Uint8Array.from(words);
}

/** An offset at which there is code, mostly. */
const nearCode = (random: Random, selector: number): number =>
  (CODE - (segmentOf(selector)?.base ?? 0) + (random.chance(10) ? random.u32() : random.below(0x200))) >>> 0;

/** Selectors in registers and in far pointers that are part of the code. */
function chooseSelectors(
  random: Random,
  { mnemonic, operands }: CodeInfo,
  instruction: Instruction,
  code: Uint8Array,
  registers: Map<number, bigint>,
  codeOffset: number,
  constants: { immediateOffset: number; immediateOffset2: number; immediateSize: number },
): void {
  const takesSelector = /^(Lar|Lsl|Verr|Verw|Arpl)$/.test(mnemonic) || operands[0] === 'seg_reg';
  for (let n = 0; takesSelector && n < instruction.opCount; n++) {
    const register = instruction.opRegister(n);
    if (RegisterExt.isGPR(register) && !registers.has(numberOf(register))) {
      registers.set(numberOf(register), BigInt(random.pick(SELECTORS)) | (random.u64() << 32n));
    }
  }
  if (operands.some((kind) => kind.startsWith('farbr'))) {
    const selector = random.pick(CODE_SELECTORS);
    const offset = nearCode(random, selector);
    for (let n = 0; n < constants.immediateSize; n++)
      code[constants.immediateOffset + n] = (offset >>> (8 * n)) & 255;
    code[constants.immediateOffset2] = selector;
    code[constants.immediateOffset2 + 1] = 0;
  } else if (/^(Jmp|Call)$/.test(mnemonic)) {
    // An indirect jump to somewhere in the code.
    for (let n = 0; n < instruction.opCount; n++) {
      const register = instruction.opRegister(n);
      if (RegisterExt.isGPR(register)) {
        registers.set(numberOf(register), BigInt(codeOffset + random.below(64)) | (random.u64() << 32n));
      }
    }
  }
}

/** The host answers these, or they would enter it. */
const OF_THE_HOST =
  /^(Int_imm8|Int1|Syscall|Sysenter|Sysretd|Sysexitd|Cpuid|Rdtscp?|Rdpmc|Rdrand.*|Rdseed.*|Rdpid.*|[SL][gi]dt.*|S(ldt|tr|msw)_.*|L(ldt|tr|msw)_.*|Xgetbv|Xsave.*|Xrstor.*)$/;

const MODES = { 16: codeMode(DEFAULT_CPU_MODEL, 16), 32: codeMode(DEFAULT_CPU_MODEL, 32) };
/** Whether there is such an instruction at all is another test's question (instruction-set/decoding.test.ts). */
function isKnown(info: CodeInfo, bits: 16 | 32): boolean {
  const bytes = new Uint8Array(32);
  bytes.set(encode(info, bits, new Random(1), { segments: ALL_SEGMENTS }));
  return decode(bytes, 0, bytes.length, 0, 0, MODES[bits])?.execute !== undefinedOpcodeHandler;
}

/** The codes to be compared in an environment. */
export function codesOf(environment: Environment): PresentCode[] {
  const { bits } = ENVIRONMENTS[environment];
  return machineCodes.filter(
    (info) => info.modes.includes(bits) && !OF_THE_HOST.test(info.name) && isKnown(info, bits),
  );
}

const APPROXIMATE = /^(Fsin|Fcos|Fsincos|Fptan|Fpatan|F2xm1|Fyl2x|Fyl2xp1)$/;

export const exemptions = (info: CodeInfo): Exemptions => ({
  flags: hostIsIntel || !info.undefinedFlags ? 0 : 0x8d5,
  memory: false,
  faultAddressMask: -1n,
  approximate: APPROXIMATE.test(info.mnemonic),
});
