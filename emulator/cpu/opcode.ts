/** How a row of the opcode table is written. The table itself is assembled in opcode-table.ts. */
import type { Feature } from './features.ts';
import type { Handler, Instruction } from './instruction.ts';

/** What ModRM.reg or ModRM.rm names: decides what `Instruction.reg` and `.rm` hold. */
export type RegisterFile = 'general' | 'byte' | 'vector' | 'mmx';

/**
 * Immediate bytes behind the operands:
 * byte, word: sign-extended; z: 2 or 4 bytes by operand size, sign-extended; full: 2, 4 or 8 bytes;
 * relative8, relative32: branch targets (2 bytes instead of 4 with a 16-bit operand size outside of 64-bit mode);
 * address: absolute address, as long as the address size;
 * enter: word, then a byte (which goes to the high half); far: offset of 2 or 4 bytes, then a selector (likewise).
 */
export type ImmediateKind =
  | 'byte'
  | 'word'
  | 'z'
  | 'full'
  | 'relative8'
  | 'relative32'
  | 'address'
  | 'enter'
  | 'far';

/** What a row asks of its VEX prefix. VEX.pp is `Opcode.prefix`, the map is part of `Opcode.opcode`. */
export interface Vex {
  /** In bits, as VEX.L says. Left out: both. */
  readonly length?: 128 | 256;
  /** What VEX.vvvv names. Left out: nothing, and it must be 1111. */
  readonly vvvv?: RegisterFile;
}

export interface Opcode {
  /** 0x00…0xff, 0x0f00…0x0fff, 0x0f3800…, 0x0f3a00…. */
  readonly opcode: number;
  /** Encoded with a VEX prefix. Left out: without. */
  readonly vex?: Vex;
  /** Where the row is valid: in 64-bit mode only, not in 64-bit mode, or not in real mode (as all with VEX are not).
   * Left out: everywhere. */
  readonly mode?: 'long' | 'legacy' | 'protected' | 'legacy protected';
  /** Raises #UD on a CPU model that does not present the feature. */
  readonly feature?: Feature;
  /** Mandatory prefix: 0 for none of 66, F3, F2. Left out: the prefix is no part of the opcode. */
  readonly prefix?: 0 | 0x66 | 0xf3 | 0xf2;
  /** REX.W or VEX.W. Left out: both; it then chooses the operand size of general registers. */
  readonly w?: 0 | 1;
  /** The index of the memory operand is a vector register (VSIB); without a SIB byte `Instruction.index` stays ZERO. */
  readonly vectorIndex?: boolean;
  /** Opcode extension in ModRM.reg. Implies `modrm`. */
  readonly extension?: number;
  /** Only for a register (memory) operand in ModRM.rm. Left out: both. */
  readonly only?: 'register' | 'memory';
  readonly modrm?: boolean;
  /** ModRM.rm is a register whatever ModRM.mod says (moves to and from control registers). */
  readonly ignoresMode?: boolean;
  /** The register is in the opcode's low three bits (eight rows are made). */
  readonly registerInOpcode?: boolean;
  /** Default 'general'. */
  readonly reg?: RegisterFile;
  readonly rm?: RegisterFile;
  readonly immediate?: ImmediateKind;
  /** byte: always 1; stack: 8, or 2 with prefix 66; near: always 8. Left out: 2, 4 or 8 by prefix 66 and REX.W.
   * Outside of 64-bit mode all but the first are 2 or 4. */
  readonly size?: 'byte' | 'stack' | 'near';
  /** A LOCK prefix is legal (with a memory operand). */
  readonly lockable?: boolean;
  /** 'branch': the handler always writes RIP. 'plain': RIP advances, but the block ends, because the instruction
   * changes what following instructions depend on (paging, interrupts, time). */
  readonly endsBlock?: 'plain' | 'branch';
  /** Picks the handler for this very form; undefined raises #UD. */
  readonly handler: (instruction: Instruction) => Handler | undefined;
}

/** One handler for all forms. */
export const always = (handler: Handler) => (): Handler => handler;

/** By the place of the ModRM.rm operand. */
export const byForm =
  (register: Handler | undefined, memory: Handler | undefined) =>
  (i: Instruction): Handler | undefined =>
    i.isMemory ? memory : register;

/** By operand size 2, 4, 8. */
export const bySize =
  (word: Handler, doubleword: Handler, quadword: Handler) =>
  (i: Instruction): Handler =>
    i.operandSize === 8 ? quadword : i.operandSize === 4 ? doubleword : word;
