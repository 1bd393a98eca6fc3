import type { Random } from './random.ts';

/** Operand size in bits. 8 is the byte form of an opcode, 16 adds the prefix 66, 64 REX.W. */
export type OperandSize = 8 | 16 | 32 | 64;

/** Flags that are compared on Intel's CPUs only, and why: what the manual (SDM vol. 2, "Flags Affected") leaves undefined. */
export interface UndefinedFlags {
  readonly mask: number;
  readonly reason: string;
}

const CF = 0x001;
const PF = 0x004;
const AF = 0x010;
const ZF = 0x040;
const SF = 0x080;
const OF = 0x800;

export const UNDEFINED = {
  logic: { mask: AF, reason: 'AND, OR, XOR, TEST: AF is undefined' },
  shiftByOne: { mask: AF, reason: 'SHL, SHR, SAR by 1: AF is undefined' },
  shift: {
    mask: AF | OF,
    reason: 'SHL, SHR, SAR, SHLD, SHRD: AF is undefined, OF too unless the count is 1',
  },
  shiftWide: {
    mask: AF | OF | CF,
    reason: 'SHL, SHR of 8 and 16 bits: CF too is undefined if the count reaches the size',
  },
  rotate: { mask: OF, reason: 'ROL, ROR, RCL, RCR: OF is undefined unless the count is 1' },
  multiply: { mask: SF | ZF | AF | PF, reason: 'MUL, IMUL: all but CF and OF are undefined' },
  divide: { mask: CF | OF | SF | ZF | AF | PF, reason: 'DIV, IDIV: all are undefined' },
  bitTest: { mask: OF | SF | AF | PF, reason: 'BT, BTS, BTR, BTC: OF, SF, AF and PF are undefined' },
  bitScan: { mask: CF | OF | SF | AF | PF, reason: 'BSF, BSR: all but ZF are undefined' },
} as const satisfies Record<string, UndefinedFlags>;

/** What a form may arrange before its instruction runs. */
export interface Preparation {
  readonly random: Random;
  readonly size: OperandSize;
  /** General registers with a value the form chose; they are not used for addresses. */
  readonly registers: Map<number, bigint>;
  /** Vector registers with a value the form chose, 32 bytes each. */
  readonly vectors: Map<number, Uint8Array>;
  /** Writes bytes to the data, at an address in its writable part. */
  patch(address: number, bytes: Uint8Array): void;
  /** An address for an access of so many bytes: mostly inside the data, sometimes across an edge of it. */
  target(bytes: number): number;
}

/** How a form is encoded with a VEX prefix instead of legacy prefixes. */
export interface VexEncoding {
  /** VEX.L in bits; both if the instruction does not look at it. */
  readonly length: 128 | 256 | 'ignored';
  /** Never the other length: that is an instruction of newer CPUs (VAES, VPCLMULQDQ). */
  readonly lengthFixed?: boolean;
  /** VEX.W; without it, it follows a 64-bit operand size or is ignored (`wIgnored`). */
  readonly w?: 0 | 1;
  readonly wIgnored?: boolean;
  /** VEX.vvvv is an operand. */
  readonly vvvv?: 'gpr' | 'xmm';
  /** Value for the general register that VEX.vvvv names. */
  readonly vvvvValue?: (random: Random) => bigint;
}

/** One opcode with its operands, of which the generator makes any number of instructions. */
export interface Form {
  readonly name: string;
  /** Opcode bytes, escape bytes included. */
  readonly opcode: readonly number[];
  /** Mandatory or repeat prefix. */
  readonly prefix?: number;
  readonly vex?: VexEncoding;
  /** What the host's CPU must have, in the words of /proc/cpuinfo. */
  readonly requires?: readonly string[];
  /** x87 and MMX state belongs to what is compared. */
  readonly x87?: boolean;
  readonly sizes: readonly OperandSize[];
  /** With a GS prefix for the implicit memory operand in this register, or the absolute address of the instruction. */
  readonly gs?: number | 'immediate';
  /** Always with the address-size prefix. */
  readonly addressSize32?: boolean;
  /** The register number is added to the last opcode byte. */
  readonly plusRegister?: boolean;
  /** ModRM.reg: a register or an opcode extension. Without it there is no ModRM byte. */
  readonly reg?: 'gpr' | 'xmm' | number;
  /** Default 'gpr'. */
  readonly rm?: 'gpr' | 'xmm';
  readonly only?: 'memory' | 'register';
  /** Bytes of the memory operand, if not the operand size. */
  readonly memoryBytes?: number;
  /** The memory operand must be aligned to 16 bytes. */
  readonly aligned?: boolean;
  /** byte and word are fixed; operand is as wide as the operand but at most 32 bits; full is up to 64 bits. */
  readonly immediate?: 'byte' | 'word' | 'operand' | 'full' | 'address' | 'relative8' | 'relative32';
  readonly immediateValue?: (random: Random) => number;
  /** Prefixed with LOCK (memory operand only). */
  readonly lock?: boolean;
  /** x87 registers may differ by one unit in the last place, and so may C1, which tells of rounding. */
  readonly approximate?: boolean;
  /** Other vendors' CPUs give other results. */
  readonly intelOnly?: boolean;
  readonly undefinedFlags?: UndefinedFlags;
  /** Why memory is not compared if the instruction faults. */
  readonly memoryAfterFault?: string;
  /** Why of the address of a page fault only the page is compared. */
  readonly faultAddressInPage?: string;
  readonly prepare?: (preparation: Preparation) => void;
  /** Value for the r/m operand, in a register or in memory. */
  readonly operandValue?: (preparation: Preparation) => bigint;
  /** The memory operand is a vector of addresses: bytes of an index and of an element. VEX.vvvv is the mask. */
  readonly gather?: { readonly indexBytes: 4 | 8; readonly elementBytes: 4 | 8 };
  /** The register operand is a bit offset into memory (BT and its kin). */
  readonly bitOffset?: boolean;
  /** Cannot be followed by another instruction in a sequence: it jumps, or faults always. */
  readonly alone?: boolean;
}

/** Operand sizes of an opcode whose lowest bit says "not a byte". */
export const WORDS: readonly OperandSize[] = [16, 32, 64];

/** The byte opcode and the word opcode next to it as two forms. */
export function byteAndWord(name: string, opcode: readonly number[], rest: Partial<Form>): Form[] {
  const wide = [...opcode.slice(0, -1), opcode.at(-1)! | 1];
  return [
    { name: `${name} (8)`, opcode, sizes: [8], ...rest },
    { name, opcode: wide, sizes: WORDS, ...rest },
  ];
}

/** The form itself and its locked twin, which needs a memory operand. */
export function withLock(forms: readonly Form[]): Form[] {
  return forms.flatMap((form) => [
    form,
    { ...form, name: `lock ${form.name}`, lock: true, only: 'memory' as const },
  ]);
}

/** The form itself and its twin with a GS prefix, for operands without ModRM. */
export function withGs(form: Form, gs: number | 'immediate'): Form[] {
  return [form, { ...form, name: `gs ${form.name}`, gs }];
}
