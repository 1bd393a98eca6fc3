/** All of SSE and SSE2 but the instructions that work on MMX registers. */
import type { Opcode } from '../opcode.ts';
import { SSE_APPROXIMATE_OPCODES } from './approximate.ts';
import { SSE_ARITHMETIC_OPCODES } from './arithmetic.ts';
import { SSE_COMPARE_OPCODES } from './compare.ts';
import { SSE_CONVERSION_OPCODES } from './conversions.ts';
import { SSE_INTEGER_OPCODES } from './integer.ts';
import { SSE_MOVE_OPCODES } from './moves.ts';
import { isInstruction, legacyRow, type VectorInstruction } from './operands.ts';
import { MEMORY_ORDER_OPCODES } from './ordering.ts';
import { SSE_SHIFT_OPCODES } from './shift.ts';
import { SSE_SHUFFLE_OPCODES } from './shuffle.ts';
import { SSE_STATE_OPCODES } from './state-image.ts';

const INSTRUCTIONS: readonly (Opcode | VectorInstruction)[] = [
  ...SSE_MOVE_OPCODES,
  ...SSE_ARITHMETIC_OPCODES,
  ...SSE_APPROXIMATE_OPCODES,
  ...SSE_COMPARE_OPCODES,
  ...SSE_CONVERSION_OPCODES,
  ...SSE_INTEGER_OPCODES,
  ...SSE_SHUFFLE_OPCODES,
  ...SSE_SHIFT_OPCODES,
  ...SSE_STATE_OPCODES,
  ...MEMORY_ORDER_OPCODES,
];

export const SSE_OPCODES: readonly Opcode[] = INSTRUCTIONS.map((one) =>
  isInstruction(one) ? legacyRow(one) : one,
);
