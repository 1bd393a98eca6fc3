/** Cases of the codes that iced-x86 lists (`../instruction-set`): what `forms*.ts` does by hand, from a list that is not ours. */

import type { CodeInfo } from '../instruction-set/codes.ts';
import { encode, isInvalid } from '../instruction-set/encoding.ts';
import {
  type GeneralOperand,
  type ImplicitMemory,
  type MemoryOperand,
  type Operands,
  operandsOf,
} from '../instruction-set/operands.ts';
import { INVALID, isTranscendental } from './code-exemptions.ts';
import type { OperandSize, Preparation } from './forms.ts';
import { codeTarget, compareWithPair, compareWithRax, divisor } from './forms-integer.ts';
import { addPatch, chooseAddress, chooseTarget, type Draft, littleEndian, newDraft } from './generate.ts';
import { dataPattern, type InstructionCase } from './instruction-case.ts';
import { CODE, CODE_SIZE, DATA, GS_BASE, INT3, PAGE, USER_CS, USER_SS, WRITABLE_SIZE } from './layout.ts';
import {
  interestingDouble,
  interestingExtended,
  interestingInteger,
  interestingSingle,
  interestingVector,
  Random,
} from './random.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RSP = 4;
const RBP = 5;

/** FS belongs to the harness. */
const SEGMENTS = [0x26, 0x2e, 0x36, 0x3e, 0x65, 0x65] as const;

/** Codes that cannot be compared from a user program, and why. */
export const NOT_EXECUTED: readonly (readonly [RegExp, string])[] = [
  [/^(Syscall|Sysenter|Int1)$/, "it enters the host's system"],
  [/^(Cpuid|Rdtscp?|Xgetbv|Rdpid_r\d+)$/, 'it reads the host'],
  [/^(Rdrand|Rdseed)_/, 'its results are random'],
  [/^(Sldt|Str|Smsw|Sgdt|Sidt)_/, 'the host forbids or emulates it (UMIP)'],
  [/^((Rd|Wr)fsbase|Wrgsbase|Lfs|Lgs)_|^Pop[wq]_[FG]S$/, 'it takes FS and GS away from the harness'],
];

export const reasonNotExecuted = ({ name }: CodeInfo): string | undefined =>
  NOT_EXECUTED.find(([pattern]) => pattern.test(name))?.[1];

/** x87 and MMX state belongs to what is compared. */
export const usesX87 = ({ feature, operands, name }: CodeInfo): boolean =>
  /FPU|MMX/.test(feature) ||
  operands.some((kind) => kind.startsWith('mm_')) ||
  /^(Wait|Fx|Xsave|Xrstor)/.test(name);

/** Codes whose every case ends with an exception, and why. */
export const ALWAYS_FAULTS: readonly (readonly [RegExp, string])[] = [
  [/^(In|Out)s?[bwd]?_|^(Cli|Sti)$/, 'it needs an I/O privilege that user programs have not'],
  [/^(Clac|Stac|Rdpmc|Invpcid|Sysexit|Sysret)/, 'it is for the system, whatever the manual calls privileged'],
  [/^(Retfw|Iretw|Call_m1616|Jmp_m1616)/, 'it cannot go on at an address of 16 bits'],
];

export const reasonAlwaysFaults = ({ name, privileged }: CodeInfo): string | undefined =>
  privileged ? 'it is privileged' : ALWAYS_FAULTS.find(([pattern]) => pattern.test(name))?.[1];

/** In which order an area that is only partly there is read is up to the CPU. */
const readsInAnyOrder = ({ name }: CodeInfo): boolean => /^Xrstor/.test(name);

/** A case of one instruction of the code. */
export function generateCodeCase(code: CodeInfo, seed: number): InstructionCase {
  const random = new Random(seed);
  const draft: CodeDraft = { ...newDraft(random, true), calm: readsInAnyOrder(code) };
  const where = random.below(50);
  const codeOffset =
    where < 5
      ? PAGE - 1 - random.below(8)
      : where === 5
        ? CODE_SIZE - 1 - random.below(8)
        : 0x100 + random.below(16);
  const bytes = instance(code, draft, CODE + codeOffset).subarray(0, CODE_SIZE - codeOffset);
  const { registers, vectors, patchOffset, patch } = draft;
  return {
    form: code.name,
    code: bytes,
    codeOffset,
    seed,
    registers,
    vectors,
    patchOffset,
    patch,
    x87: usesX87(code),
  };
}

/** Codes that end a program, or begin the difference that another instruction would show. */
const NOT_IN_PROGRAMS = new RegExp(
  [
    /^(Call|Jmp|J[a-z]+|Ret[nf]\w*|Iret[wdq]|Loopn?e?|Int\w*|Enter\w*|Leave\w*)(_|$)/,
    /^(Mov_Sreg|L[sde]s_|Pop[wq]_[FGDES]S|Popf|F?xrstor|Fldenv|Frstor)/i,
    /^Xsave/, // whether a component that has come to hold zeros is in use is up to the CPU
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
);

/** A program of 5 to 40 instructions in a row that mostly do not fault, each behind the moves that set up its registers. */
export function generateProgram(codes: readonly CodeInfo[], seed: number): InstructionCase {
  const random = new Random(seed);
  const names: string[] = [];
  const program: number[] = [];
  const codeOffset = 0x100;
  const data = dataPattern.slice(0, WRITABLE_SIZE);
  const length = 5 + random.below(36);
  while (names.length < length) {
    const code = random.pick(codes);
    if (NOT_IN_PROGRAMS.test(code.name) || reasonAlwaysFaults(code) !== undefined || isTranscendental(code))
      continue;
    const draft: CodeDraft = { ...newDraft(random, true), calm: true };
    // Addresses relative to RIP do not know yet how much stands before them.
    const bytes = instance(code, draft, CODE + codeOffset + program.length);
    const setup = [
      ...[...draft.registers].flatMap(([number, value]) => loadRegister(number, value)),
      ...[...draft.vectors.keys()].flatMap((number) => loadVector(number, DATA + 32 * number)),
    ];
    for (const [number, value] of draft.vectors) data.set(value, 32 * number);
    moveRipRelative(code, bytes, -setup.length);
    program.push(...setup, ...bytes);
    data.set(draft.patch, draft.patchOffset);
    names.push(code.name);
  }
  const first = data.findIndex((byte, at) => byte !== dataPattern[at]);
  const end = data.findLastIndex((byte, at) => byte !== dataPattern[at]) + 1;
  return {
    form: names.join('; '),
    code: Uint8Array.from(program),
    codeOffset,
    seed,
    registers: new Map(),
    vectors: new Map(),
    patchOffset: Math.max(first, 0),
    patch: first < 0 ? new Uint8Array(0) : data.slice(first, end),
    x87: true,
  };
}

const PREFIXES = [0x66, 0xf2, 0xf3, 0xf0, 0x40, 0x48, 0x4f] as const;

/** A case of bytes that are no instruction to iced, next to an instruction of one of the codes: the CPU is the judge. */
export function generateInvalid(codes: readonly CodeInfo[], seed: number): InstructionCase {
  const random = new Random(seed);
  for (;;) {
    const code = random.pick(codes);
    const bytes = [...encode(code, 64, random, { segments: SEGMENTS })];
    if (random.chance(40)) bytes.splice(random.below(2), 0, random.pick(PREFIXES));
    else bytes[random.below(Math.min(5, bytes.length))] ^= 1 << random.below(8);
    const padded = Uint8Array.from([...bytes, ...new Array<number>(15).fill(INT3)]);
    // EVEX: the host may have AVX-512 that iced does not know.
    if (bytes.includes(0x62) || !isInvalid(padded)) continue;
    return {
      form: INVALID,
      code: padded,
      codeOffset: 0x100,
      seed,
      registers: new Map(),
      vectors: new Map(),
      patchOffset: 0,
      patch: new Uint8Array(0),
      x87: false,
    };
  }
}

/** mov r64, imm64 or mov r32, imm32 */
function loadRegister(number: number, value: bigint): number[] {
  const wide = value >= 1n << 32n;
  const rex = 0x40 | (wide ? 8 : 0) | (number >> 3);
  return [...(rex === 0x40 ? [] : [rex]), 0xb8 | (number & 7), ...littleEndian(value, wide ? 8 : 4)];
}

/** vmovdqu ymm, [address] */
const loadVector = (register: number, address: number): number[] => [
  ...[0xc5, (register & 8 ? 0 : 0x80) | 0x7e, 0x6f, ((register & 7) << 3) | 4, 0x25],
  ...littleEndian(BigInt(address), 4),
];

/** Adds to the displacement of an operand relative to RIP. */
function moveRipRelative(code: CodeInfo, bytes: Uint8Array, by: number): void {
  const { memory } = operandsOf(code, bytes, 0);
  if (memory?.base !== 'rip') return;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setInt32(memory.displacementOffset, view.getInt32(memory.displacementOffset, true) + by, true);
}

interface CodeDraft extends Draft {
  /** Memory operands are where they do not fault. */
  readonly calm: boolean;
}

/** One instruction while its case is made. */
interface Context {
  readonly code: CodeInfo;
  readonly operands: Operands;
  readonly draft: CodeDraft;
  readonly bytes: Uint8Array;
  readonly address: number;
  /** What the memory operand is to hold. */
  memoryValue: Uint8Array | undefined;
}

/** Machine code of one instruction at the address; what it needs goes into the draft. */
function instance(code: CodeInfo, draft: CodeDraft, address: number): Uint8Array {
  for (;;) {
    const bytes = encode(code, 64, draft.random, { segments: SEGMENTS });
    const operands = operandsOf(code, bytes, address);
    if (operands.segmentRegister === 'fs or gs' && /^Mov_Sreg/.test(code.name)) continue;
    complete({ code, operands, draft, bytes, address, memoryValue: undefined });
    return bytes;
  }
}

/** Gives registers and memory the values with which the instruction has something to do, most of the time. */
function complete(context: Context): void {
  const { code, operands, draft } = context;
  for (const [pattern, hint] of HINTS) if (pattern.test(code.name)) hint(context);
  for (const memory of operands.implicit) addressImplicit(memory, draft);
  const index = operands.memory?.index;
  if (typeof index === 'object' && 'vector' in index)
    setIndexAndMask(code, context.bytes, index.vector, draft);
  if (operands.memory === undefined) return;
  const target = addressExplicit(context, operands.memory);
  fillMemory(context, operands.memory, target);
}

const U64 = (1n << 64n) - 1n;
const U32 = (1n << 32n) - 1n;

/** The register that holds an address of so many bits: what is above them does not matter. */
function setAddress(draft: Draft, register: number, value: bigint, bits: 32 | 64): void {
  const noise = bits === 32 && draft.random.chance(50) ? (draft.random.u64() >> 32n) << 32n : 0n;
  draft.registers.set(register, (value & (bits === 32 ? U32 : U64)) | noise);
}

function addressImplicit(
  { base, displacement, addressSize, gs, size }: ImplicitMemory,
  draft: CodeDraft,
): void {
  const { random, registers } = draft;
  if (registers.has(base)) return;
  const inTheMiddle = draft.calm || random.chance(85);
  const target = inTheMiddle
    ? DATA + 0x100 + 8 * random.below(0x380)
    : chooseTarget(random, Math.max(size, 1), false);
  setAddress(draft, base, BigInt(target) - displacement - (gs ? BigInt(GS_BASE) : 0n), addressSize);
}

/** An address for an access; below 2³¹ if need be. */
function targetOf({ random, calm }: CodeDraft, bytes: number, low: boolean): bigint {
  if (calm) {
    const align = bytes >= 16 ? 64 : random.chance(50) ? bytes : 1;
    const somewhere = DATA + 0x200 + random.below(WRITABLE_SIZE - 0x400 - bytes);
    return BigInt(somewhere - (somewhere % align));
  }
  const target = chooseAddress(random, bytes, bytes >= 16);
  return low && target >= 1n << 31n ? BigInt(chooseTarget(random, bytes, bytes >= 16)) : target;
}

/** Registers and displacement such that the operand lies where it should, as far as they are free. */
function addressExplicit({ draft, bytes, address, operands }: Context, m: MemoryOperand): bigint {
  const { random, registers } = draft;
  const bytesAccessed = Math.max(m.size, 1);
  const target = targetOf(draft, bytesAccessed, typeof m.base !== 'number' || m.addressSize === 32);
  let rest = target - (m.gs ? BigInt(GS_BASE) : 0n);
  const setDisplacement = (value: bigint) =>
    bytes.set(littleEndian(value, m.displacementSize), m.displacementOffset);
  if (m.base === 'rip') {
    setDisplacement(rest - BigInt(address + operands.length));
    return target;
  }
  if (typeof m.base === 'number') rest -= m.displacement;
  if (typeof m.index === 'object' && 'general' in m.index) {
    const { general: index, size } = m.index;
    if (index === m.base && !registers.has(index)) {
      setAddress(draft, index, (rest & U64) / BigInt(1 + m.scale), m.addressSize);
      return target;
    }
    if (!registers.has(index)) {
      const wild = typeof m.base === 'number' && random.chance(30);
      setAddress(draft, index, wild ? random.u64() : BigInt(random.below(0x100)), m.addressSize);
    }
    rest -= BigInt.asUintN(8 * size, registers.get(index)!) * BigInt(m.scale);
  }
  if (m.base === 'none') setDisplacement(rest);
  else if (!registers.has(m.base)) setAddress(draft, m.base, rest, m.addressSize);
  return target;
}

/** Something noteworthy in the memory operand, unless the case has its data already. */
function fillMemory({ draft, memoryValue }: Context, { size, kind }: MemoryOperand, target: bigint): void {
  const { random } = draft;
  if (target < BigInt(DATA) || target >= BigInt(DATA + WRITABLE_SIZE) || size === 0) return;
  if (memoryValue !== undefined) addPatch(draft, Number(target), memoryValue);
  else if (draft.patch.length === 0 && random.chance(70))
    addPatch(draft, Number(target), noteworthy(kind, size, random));
}

/** Bytes that mean something as what iced says they are. */
function noteworthy(kind: string, size: number, random: Random): Uint8Array {
  if (kind === 'Float32') return littleEndian(BigInt(interestingSingle(random)), 4);
  if (kind === 'Float64') return littleEndian(interestingDouble(random), 8);
  if (kind === 'Float80') return interestingExtended(random);
  if (kind === 'Bcd')
    return Uint8Array.from({ length: 10 }, () => random.below(10) | (random.below(10) << 4));
  if (size <= 8) return littleEndian(interestingInteger(random), size);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 16) bytes.set(interestingVector(random).subarray(0, size - at), at);
  return bytes;
}

/** A vector of small indexes and a mask, for a gather. */
function setIndexAndMask(code: CodeInfo, bytes: Uint8Array, index: number, { random, vectors }: Draft): void {
  const indexes = new Uint8Array(32);
  const view = new DataView(indexes.buffer);
  const wide = code.operands.some((kind) => kind.startsWith('mem_vsib64'));
  for (let lane = 0; lane < 32; lane += wide ? 8 : 4) {
    const value = random.chance(2) ? interestingInteger(random) : BigInt(random.below(64) - 32);
    if (wide) view.setBigInt64(lane, BigInt.asIntN(64, value), true);
    else view.setInt32(lane, Number(BigInt.asIntN(32, value)), true);
  }
  vectors.set(index, indexes);
  const mask = (~bytes[bytes.indexOf(0xc4) + 2] >> 3) & 15;
  vectors.set(mask, random.chance(30) ? new Uint8Array(32).fill(0xff) : random.bytes(32));
}

type Hint = (context: Context) => void;

function preparation({ draft }: Context, size: OperandSize): Preparation {
  const { random, registers, vectors } = draft;
  return {
    random,
    size,
    registers,
    vectors,
    patch: (at, bytes) => addPatch(draft, at, bytes),
    target: (bytes) => chooseTarget(random, bytes, false),
  };
}

/** Bits of a general or memory operand. */
function operandBits({ operands }: Context, n: number): OperandSize {
  const bytes = operands.general[n]?.size ?? operands.memory?.size;
  return bytes === 1 ? 8 : bytes === 2 ? 16 : bytes === 4 ? 32 : 64;
}

function setRegister(
  { registers, random }: Draft,
  { number, size, high }: GeneralOperand,
  value: bigint,
): void {
  if (registers.has(number) && !high) return;
  const shift = high ? 8n : 0n;
  const mask = ((1n << BigInt(8 * size)) - 1n) << shift;
  const old = registers.get(number) ?? random.u64();
  registers.set(number, (old & ~mask) | ((value << shift) & mask));
}

/** Gives a register or memory operand its value. */
function setOperand(context: Context, n: number, value: bigint): void {
  const register = context.operands.general[n];
  if (register !== undefined) setRegister(context.draft, register, value);
  else if (context.operands.memory !== undefined)
    context.memoryValue = littleEndian(value, context.operands.memory.size);
}

/** The stack with these values on it, each of so many bytes. */
function putOnStack({ draft }: Context, size: number, values: readonly bigint[]): void {
  const address = DATA + 0x100 + 8 * draft.random.below(0x180);
  draft.registers.set(RSP, BigInt(address));
  addPatch(draft, address, Uint8Array.from(values.flatMap((value) => [...littleEndian(value, size)])));
}

const SELECTORS = [0, 3, 0x10, 0x18, 0x2b, 0x2b, 0x28, 0x33, 0x30, 0x2c, 0xfff8, 0xffff] as const;
const codeSelector = (random: Random): bigint =>
  BigInt(random.chance(75) ? USER_CS : random.pick([0, 0x10, USER_SS, 0x30, 0xfff8]));

/** Within the code area, or somewhere that faults in the target's own way. */
const someTarget = (context: Context): bigint => codeTarget(preparation(context, 64));
const canonicalTarget = (context: Context): bigint =>
  context.draft.random.chance(90) ? BigInt(CODE + 0x200 + context.draft.random.below(0x800)) : 0x1000n;

const wordSize = (name: string): number => (/w(_|$)/.test(name) ? 2 : /d(_|$)/.test(name) ? 4 : 8);

/** No TF, AC, NT and IOPL: single stepping and alignment checks are not the subject here. */
const someFlags = (random: Random): bigint => (interestingInteger(random) & 0xcd5n) | 0x202n;

const small = (random: Random, limit: number): bigint =>
  random.chance(70) ? BigInt(random.below(limit)) : interestingInteger(random);

const HINTS: readonly (readonly [RegExp, Hint])[] = [
  [
    /^I?div_/i,
    (c) => setOperand(c, 0, divisor(/^Idiv/.test(c.code.name))(preparation(c, operandBits(c, 0)))),
  ],
  [/^Cmpxchg_/, (c) => setOperand(c, 0, compareWithRax(preparation(c, operandBits(c, 0))))],
  [/^Cmpxchg8b/, (c) => setOperand(c, 0, compareWithPair(preparation(c, 32)))],
  [/^Cmpxchg16b/, (c) => setOperand(c, 0, compareWithPair(preparation(c, 64)))],
  [
    /^Bt[src]?_rm\d+_r\d/,
    (c) => {
      if (c.operands.memory !== undefined) setOperand(c, 1, BigInt(c.draft.random.below(0x4000) - 0x2000));
    },
  ],
  // A CALL whose target is not canonical: see README.md.
  [/^Call_rm64/, (c) => setOperand(c, 0, canonicalTarget(c))],
  [/^Jmp_rm64/, (c) => setOperand(c, 0, someTarget(c))],
  [
    /^(Call|Jmp)_m16|^L[sde]s_/,
    (c) => {
      const { random } = c.draft;
      const offset = (c.operands.memory?.size ?? 4) - 2;
      const isLoad = /^L/.test(c.code.name);
      const selector = isLoad
        ? BigInt(random.chance(50) ? USER_SS : random.pick(SELECTORS))
        : codeSelector(random);
      c.memoryValue = Uint8Array.of(
        ...littleEndian(canonicalTarget(c), offset),
        ...littleEndian(selector, 2),
      );
    },
  ],
  [/^Retn/, (c) => putOnStack(c, 8, [someTarget(c)])],
  [/^Retf/, (c) => putOnStack(c, wordSize(c.code.name), [canonicalTarget(c), codeSelector(c.draft.random)])],
  [
    /^Iret/,
    (c) => {
      const { random } = c.draft;
      const stack = random.chance(80) ? BigInt(DATA + 0x800) : random.u64();
      const ss = BigInt(random.chance(85) ? USER_SS : random.pick(SELECTORS));
      const frame = [canonicalTarget(c), codeSelector(random), someFlags(random), stack, ss];
      putOnStack(c, wordSize(c.code.name), frame);
    },
  ],
  [/^Popf/, (c) => putOnStack(c, 8, [interestingInteger(c.draft.random) & ~0x40100n])],
  [/^Pop[wq]_[FGDES]S/, (c) => putOnStack(c, 8, [BigInt(c.draft.random.pick(SELECTORS))])],
  [/^Enter/, (c) => c.draft.registers.set(RBP, BigInt(DATA + 0x200 + 8 * c.draft.random.below(0x100)))],
  [/^(Lar|Lsl)_/, (c) => setOperand(c, 1, BigInt(c.draft.random.pick(SELECTORS)))],
  [/^(Verr|Verw)_/, (c) => setOperand(c, 0, BigInt(c.draft.random.pick(SELECTORS)))],
  [/^Mov_Sreg/, (c) => setOperand(c, 1, BigInt(c.draft.random.pick(SELECTORS)))],
  [/^(Loop|J[er]?cxz)/, ({ draft }) => draft.registers.set(RCX, draft.random.pick(COUNTERS))],
  [
    /./,
    ({ operands, draft: { registers, random } }) => {
      if (operands.repeated && operands.implicit.length > 0)
        registers.set(RCX, random.chance(90) ? BigInt(random.below(40)) : BigInt(random.below(0x800)));
    },
  ],
  [/_rel(8|32)/, setBranchTarget],
  [/^Int_imm8/, setVector],
  [/^VEX_(Bextr|Bzhi|Shlx|Shrx|Sarx)/, (c) => setOperand(c, 2, small(c.draft.random, 68))],
  [
    /Pcmpestr/i,
    ({ draft: { registers, random } }) => {
      for (const register of [RAX, RDX]) registers.set(register, BigInt.asUintN(64, small(random, 40) - 20n));
    },
  ],
  [
    /Ldmxcsr/i,
    (c) => setOperand(c, 0, BigInt(c.draft.random.u32() & (c.draft.random.chance(90) ? 0xffff : ~0))),
  ],
  [
    /^(Xsave|Xrstor)/,
    ({ draft: { registers, random } }) => {
      registers.set(RAX, BigInt(random.below(8)));
      registers.set(RDX, 0n);
    },
  ],
  [/^F?xrstor/i, setImage],
];

const COUNTERS = [0n, 1n, 2n, 0x1_0000_0000n, 0x1_0000_0001n, 0xffff_ffff_ffffn] as const;

/** Ahead, mostly: a branch to itself would never end. */
function setBranchTarget({
  operands: { immediateOffset, immediateSize },
  bytes,
  draft: { random },
}: Context): void {
  const far = immediateSize > 1 && random.chance(20);
  const distance = far ? random.u32() & 0x0fff_ffff : random.below(immediateSize > 1 ? 0x400 : 128);
  bytes.set(littleEndian(BigInt(distance), immediateSize), immediateOffset);
}

/** 0x80 is a system call of Linux. */
function setVector({ operands: { immediateOffset }, bytes, draft: { random } }: Context): void {
  if (random.chance(50)) bytes[immediateOffset] = random.pick([3, 4]);
  if (bytes[immediateOffset] === 0x80) bytes[immediateOffset] = 0x81;
}

/** An image of FXSAVE or XSAVE in the memory operand: random, but for what would be a fault mostly. */
function setImage(context: Context): void {
  const { random } = context.draft;
  const image = noteworthy('', context.operands.memory?.size ?? 512, random);
  image.set(littleEndian(BigInt(random.u32() & 0xffff), 4), MXCSR_IN_IMAGE);
  if (image.length > XSAVE_HEADER) {
    image.fill(0, XSAVE_HEADER, XSAVE_HEADER + 64);
    image[XSAVE_HEADER] = random.below(8);
    // Not among the components that the host may have besides.
    if (random.chance(5)) image[XSAVE_HEADER + random.pick([3, 7, 11, 15, 16, 20, 23])] = random.below(256);
  }
  context.memoryValue = image;
}
const MXCSR_IN_IMAGE = 24;
const XSAVE_HEADER = 512;
