/**
 * All of SSE to SSE4.2, AES, PCLMULQDQ, SHA, AVX, AVX2, FMA and F16C, and XSAVE, but the instructions that work on MMX
 * registers (../mmx.ts).
 */
import type { Opcode } from '../opcode.ts';
import { AES_OPCODES } from './aes.ts';
import { SSE_APPROXIMATE_OPCODES } from './approximate.ts';
import { SSE_ARITHMETIC_OPCODES } from './arithmetic.ts';
import { AVX_MASKED_OPCODES } from './avx-masked.ts';
import { AVX_MOVE_OPCODES } from './avx-moves.ts';
import { AVX_PERMUTE_OPCODES } from './avx-permute.ts';
import { AVX_TEST_OPCODES } from './avx-test.ts';
import { SSE_BLEND_OPCODES } from './blend.ts';
import { CARRYLESS_OPCODES } from './carryless.ts';
import { AVX_COMPARE_INSTRUCTIONS, SSE_COMPARE_OPCODES } from './compare.ts';
import { SSE_CONVERSION_OPCODES } from './conversions.ts';
import { SSE_DOT_PRODUCT_OPCODES } from './dot-product.ts';
import { SSE_EXTEND_OPCODES } from './extend.ts';
import { FMA_OPCODES } from './fma.ts';
import { HALF_PRECISION_OPCODES } from './half-precision.ts';
import { SSE_HORIZONTAL_OPCODES } from './horizontal.ts';
import { SSE_INSERT_EXTRACT_OPCODES } from './insert-extract.ts';
import { SSE_INTEGER_OPCODES } from './integer.ts';
import { SSE_MOVE_OPCODES } from './moves.ts';
import {
  isInstruction,
  legacyRow,
  type Prefix,
  type VectorInstruction,
  type VectorOperation,
} from './operands.ts';
import { MEMORY_ORDER_OPCODES } from './ordering.ts';
import { SSE_ROUND_OPCODES } from './round.ts';
import { SHA_OPCODES } from './sha.ts';
import { SSE_SHIFT_OPCODES } from './shift.ts';
import { SSE_SHUFFLE_OPCODES } from './shuffle.ts';
import { SSE_STATE_OPCODES } from './state-image.ts';
import { SSE_STRING_COMPARE_OPCODES } from './string-compare.ts';
import { vexRows } from './vex.ts';
import { XSAVE_OPCODES } from './xsave.ts';

const INSTRUCTIONS: readonly (Opcode | VectorInstruction)[] = [
  ...SSE_MOVE_OPCODES,
  ...SSE_ARITHMETIC_OPCODES,
  ...SSE_APPROXIMATE_OPCODES,
  ...SSE_COMPARE_OPCODES,
  ...SSE_CONVERSION_OPCODES,
  ...SSE_INTEGER_OPCODES,
  ...SSE_SHUFFLE_OPCODES,
  ...SSE_SHIFT_OPCODES,
  ...SSE_BLEND_OPCODES,
  ...SSE_DOT_PRODUCT_OPCODES,
  ...SSE_EXTEND_OPCODES,
  ...SSE_HORIZONTAL_OPCODES,
  ...SSE_INSERT_EXTRACT_OPCODES,
  ...SSE_ROUND_OPCODES,
  ...SSE_STRING_COMPARE_OPCODES,
  ...CARRYLESS_OPCODES,
  ...AES_OPCODES,
  ...SHA_OPCODES,
  ...SSE_STATE_OPCODES,
  ...MEMORY_ORDER_OPCODES,
];

export const SSE_OPCODES: readonly Opcode[] = [
  ...INSTRUCTIONS.map((one) => (isInstruction(one) ? legacyRow(one) : one)),
  ...INSTRUCTIONS.filter(isInstruction).flatMap((one) => vexRows(one)),
  ...AVX_COMPARE_INSTRUCTIONS.flatMap((one) => vexRows(one)),
  ...AVX_MOVE_OPCODES,
  ...AVX_PERMUTE_OPCODES,
  ...AVX_TEST_OPCODES,
  ...AVX_MASKED_OPCODES,
  ...FMA_OPCODES,
  ...HALF_PRECISION_OPCODES,
  ...XSAVE_OPCODES,
];

/** What the instruction of an opcode (0xNN, 0x38NN, 0x3aNN) does. Throws RangeError if there is none. */
export function vectorOperation(opcode: number, prefix: Prefix): VectorOperation {
  const isMeant = (one: VectorInstruction): boolean => one.opcode === opcode && one.prefix === prefix;
  const found = INSTRUCTIONS.filter(isInstruction).find(isMeant);
  if (found === undefined) throw new RangeError(`no vector operation has the opcode ${opcode.toString(16)}`);
  return found.operation;
}
