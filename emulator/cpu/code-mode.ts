/**
 * What decoding depends on besides the bytes: 64-bit mode, or the sizes that CS.D and SS.B give to code of 16 and 32 bits,
 * and whether that is real mode. Compatibility mode decodes as protected mode does.
 */
import type { Cpu } from './cpu.ts';
import type { OpcodeTable } from './opcode-table.ts';
import { EFER, EFER_LMA } from './state.ts';

export interface CodeMode {
  /** Default operand size, from which the address size follows. */
  readonly bits: 16 | 32 | 64;
  /** Bytes of the stack pointer that are used. */
  readonly stackSize: 2 | 4 | 8;
  readonly isReal: boolean;
  readonly opcodes: OpcodeTable;
  /** In the code cache, stands for the high half of RIP outside of 64-bit mode: no canonical address has it. */
  readonly key: number;
}

/** Bits of the index of a mode in `Cpu.modes`, less 1. Index 0 is 64-bit mode. */
export const CODE_32 = 1;
export const STACK_32 = 2;
export const PROTECTED = 4;

/** IA-32e mode: 64-bit mode or compatibility mode. */
export const isIa32e = (cpu: Cpu): boolean => cpu.mode.bits === 64 || (cpu.i32[EFER] & EFER_LMA) !== 0;
