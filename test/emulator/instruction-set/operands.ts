/** What iced-x86 says of the operands of one instruction in 64-bit mode, as plain data. */

import {
  Decoder,
  DecoderError,
  DecoderOptions,
  type Instruction,
  InstructionInfoFactory,
  MemorySize,
  MemorySizeExt,
  OpKind,
  Register,
  RegisterExt,
  RflagsBits,
  type UsedMemory,
} from 'iced-x86';
import type { CodeInfo } from './codes.ts';

/** A general register: its number, and where in it the operand lies. */
export interface GeneralOperand {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** AH, CH, DH or BH. */
  readonly high: boolean;
}

export interface MemoryOperand {
  readonly base: 'none' | 'rip' | number;
  readonly index: 'none' | { readonly general: number; readonly size: number } | { readonly vector: number };
  readonly scale: number;
  /** As encoded, sign-extended to 64 bits; with `rip` the address itself. */
  readonly displacement: bigint;
  /** Bits. */
  readonly addressSize: 32 | 64;
  readonly gs: boolean;
  /** Bytes that are accessed; 0 if none are. */
  readonly size: number;
  /** iced's name of what is accessed: Int32, Packed128_Float32, … */
  readonly kind: string;
  /** Where in the machine code the displacement is. */
  readonly displacementOffset: number;
  readonly displacementSize: number;
}

/** Memory that is addressed by a register without an operand saying so. */
export interface ImplicitMemory {
  readonly base: number;
  readonly displacement: bigint;
  readonly addressSize: 32 | 64;
  readonly gs: boolean;
  readonly size: number;
}

export interface Operands {
  readonly length: number;
  /** By operand: a general register, or undefined for anything else. */
  readonly general: readonly (GeneralOperand | undefined)[];
  readonly memory: MemoryOperand | undefined;
  readonly implicit: readonly ImplicitMemory[];
  /** An operand is FS or GS, and not only read. */
  readonly segmentRegister: 'none' | 'fs or gs' | 'other';
  readonly immediateOffset: number;
  readonly immediateSize: number;
  readonly repeated: boolean;
  /** Flags that the manuals leave undefined, in the bits of RFLAGS. */
  readonly undefinedFlags: number;
}

/** Sizes that iced does not know. */
const SIZES = new Map<MemorySize, number>([
  [MemorySize.Xsave, 832],
  [MemorySize.Xsave64, 832],
]);
const sizeOf = (kind: MemorySize): number => SIZES.get(kind) ?? MemorySizeExt.size(kind);

const numberOf = (register: Register): number => RegisterExt.number(RegisterExt.fullRegister(register));

function generalOperand(register: Register): GeneralOperand | undefined {
  if (!RegisterExt.isGPR(register)) return undefined;
  const high = register >= Register.AH && register <= Register.BH;
  return {
    number: high ? register - Register.AH : numberOf(register),
    size: RegisterExt.size(register),
    high,
  };
}

type Constants = Pick<MemoryOperand, 'displacementOffset' | 'displacementSize'>;

function memoryOperand(i: Instruction, constants: Constants): MemoryOperand {
  const { memoryBase: base, memoryIndex: index } = i;
  const isRip = base === Register.RIP || base === Register.EIP;
  const is32 =
    base === Register.EIP ||
    RegisterExt.isGPR32(base) ||
    RegisterExt.isGPR32(index) ||
    (base === Register.None &&
      index === Register.None &&
      i.memoryDisplSize === 4 &&
      i.memoryDisplacement < 0n);
  return {
    base: base === Register.None ? 'none' : isRip ? 'rip' : numberOf(base),
    index:
      index === Register.None
        ? 'none'
        : RegisterExt.isGPR(index)
          ? { general: numberOf(index), size: RegisterExt.size(index) }
          : { vector: RegisterExt.number(index) },
    scale: i.memoryIndexScale,
    displacement: BigInt.asUintN(64, i.memoryDisplacement),
    addressSize: is32 ? 32 : 64,
    gs: i.memorySegment === Register.GS,
    size: sizeOf(i.memorySize),
    kind: MemorySize[i.memorySize],
    ...constants,
  };
}

const FLAGS: readonly (readonly [RflagsBits, number])[] = [
  [RflagsBits.CF, 0x001],
  [RflagsBits.PF, 0x004],
  [RflagsBits.AF, 0x010],
  [RflagsBits.ZF, 0x040],
  [RflagsBits.SF, 0x080],
  [RflagsBits.OF, 0x800],
];
const flagsOf = (set: number): number =>
  FLAGS.reduce((mask, [theirs, ours]) => mask | (set & theirs ? ours : 0), 0);

const factory = new InstructionInfoFactory();

function implicitMemory(i: Instruction, explicit: MemoryOperand | undefined): ImplicitMemory[] {
  const info = factory.info(i);
  const found: ImplicitMemory[] = [];
  for (const used of info.usedMemory() as Iterable<UsedMemory>) {
    const displacement = BigInt.asUintN(64, used.displacement);
    if (
      RegisterExt.isGPR(used.base) &&
      !(explicit?.base === numberOf(used.base) && explicit.displacement === displacement)
    ) {
      found.push({
        base: numberOf(used.base),
        displacement,
        addressSize: RegisterExt.isGPR32(used.base) ? 32 : 64,
        gs: used.segment === Register.GS,
        size: sizeOf(used.memorySize),
      });
    }
    used.free();
  }
  info.free();
  return found;
}

function read(
  i: Instruction,
  constants: Constants & Pick<Operands, 'immediateOffset' | 'immediateSize'>,
): Operands {
  const kinds = Array.from({ length: i.opCount }, (_, n) => i.opKind(n));
  const memory = kinds.includes(OpKind.Memory) ? memoryOperand(i, constants) : undefined;
  const registers = kinds.map((kind, n) => (kind === OpKind.Register ? i.opRegister(n) : Register.None));
  const segment = registers.find((register) => RegisterExt.isSegmentRegister(register));
  return {
    length: i.length,
    general: registers.map(generalOperand),
    memory,
    implicit: implicitMemory(i, memory),
    segmentRegister:
      segment === undefined
        ? 'none'
        : segment === Register.FS || segment === Register.GS
          ? 'fs or gs'
          : 'other',
    immediateOffset: constants.immediateOffset,
    immediateSize: constants.immediateSize,
    repeated: i.hasRepPrefix || i.hasRepnePrefix,
    undefinedFlags: flagsOf(i.rflagsUndefined),
  };
}

/** The operands of an instruction of the code. Throws if the bytes are none. */
export function operandsOf(code: CodeInfo, bytes: Uint8Array, address: number): Operands {
  for (const options of [DecoderOptions.None, DecoderOptions.ForceReservedNop]) {
    const decoder = new Decoder(64, bytes, options);
    decoder.ip = BigInt(address);
    const instruction = decoder.decode();
    const offsets = decoder.getConstantOffsets(instruction);
    const operands =
      decoder.lastError === DecoderError.None && instruction.code === code.code
        ? read(instruction, {
            displacementOffset: offsets.displacementOffset,
            displacementSize: offsets.displacementSize,
            immediateOffset: offsets.immediateOffset,
            immediateSize: offsets.immediateSize,
          })
        : undefined;
    offsets.free();
    instruction.free();
    decoder.free();
    if (operands !== undefined) return operands;
  }
  throw new Error(`${Buffer.from(bytes).toString('hex')} is no ${code.name}`);
}
