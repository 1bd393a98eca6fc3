/** A decoded instruction, and the function that is its meaning. */
import type { Cpu } from './cpu.ts';
import type { Opcode } from './opcode.ts';

/**
 * Executes one instruction. A handler reads memory and checks everything that may fault before it changes
 * any register, so that a fault leaves the state as before the instruction. RIP is written only by handlers
 * of opcodes marked `endsBlock: 'branch'`.
 */
export type Handler = (cpu: Cpu, instruction: Instruction) => void;

/** All instructions have this one shape, for the sake of the host's compiler. */
export interface Instruction {
  execute: Handler;
  /** Bytes, 1…15. */
  length: number;
  /** Virtual address of the instruction and of the one behind it. */
  ripLow: number;
  ripHigh: number;
  nextLow: number;
  nextHigh: number;

  /** ModRM.reg as the opcode's `reg` says: state word index of a general, vector or MMX register, or the byte offset
   * of a byte register (AH…BH included). */
  reg: number;
  /** The register operand of ModRM.rm or of the opcode's low bits, likewise by the opcode's `rm`. */
  rm: number;
  /** The plain register numbers, REX included. */
  regNumber: number;
  rmNumber: number;
  /** The operand of VEX.vvvv, likewise by the row's `vex.vvvv`, and its plain number. */
  vvvv: number;
  vvvvNumber: number;
  /** Bytes of a vector operand: 16, or 32 with VEX.L. */
  vectorLength: number;
  /** The ModRM byte, 0 if there is none. */
  modrm: number;
  /** ModRM.rm is in memory. */
  isMemory: boolean;
  /** 1, 2, 4 or 8. */
  operandSize: number;

  /** Memory operand: state word indexes of base register and index register (ZERO for none), 2-bit scale. */
  base: number;
  index: number;
  scale: number;
  /** Displacement, sign-extended; for RIP-relative operands the address itself. */
  displacementLow: number;
  displacementHigh: number;
  /** Non-zero if the address is more than base + displacement: index, segment base or 32-bit address size. */
  complexAddress: number;
  /** State word index of the segment's base: of FS_BASE or GS_BASE, or ZERO; outside of 64-bit mode, of any segment. */
  segmentBase: number;
  /** Word index of the base of the address is RSP or RBP: matters to #SS instead of #GP. */
  usesStackSegment: boolean;
  /** 2, 4 or 8. */
  addressSize: number;
  /** Bytes of the stack pointer: 8 in 64-bit mode, and in no other. */
  stackSize: number;

  /** Immediate, sign-extended; for relative branches the target's address. */
  immediateLow: number;
  immediateHigh: number;

  /** Which member of a family (ADD…CMP, ROL…SAR, condition 0…15) a shared handler is to do; set by the opcode's row. */
  operation: number;
  /** Opcode with its map: 0x01, 0x0f01, 0x0f3801; with VEX (opcode-table.ts) added if it is encoded so. */
  opcode: number;
  /** The row of the opcode table that was chosen; undefined if there is none. */
  row: Opcode | undefined;
  /** Last of the prefixes F2 and F3, else 0. */
  repeat: number;
  lock: boolean;
  /** See `Opcode.endsBlock`. */
  ends: number;
}

/** `Instruction.ends`: the block goes on; it ends and RIP is advanced as usual; the handler writes RIP itself. */
export const CONTINUES = 0;
export const ENDS = 1;
export const BRANCHES = 2;
