/** All x87 instructions. */
import type { Opcode } from '../opcode.ts';
import { X87_CONTROL_OPCODES } from './control.ts';

export const X87_OPCODES: readonly Opcode[] = [...X87_CONTROL_OPCODES];
