/** What bytes that are no instruction do. */
import { GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from './fault.ts';
import type { Handler } from './instruction.ts';

export const undefinedOpcodeHandler: Handler = (cpu) => raise(cpu, INVALID_OPCODE);

/** Longer than 15 bytes. */
export const generalProtectionHandler: Handler = (cpu) => raiseWithCode(cpu, GENERAL_PROTECTION, 0);
