/** All x87 instructions. */
import type { Handler } from '../instruction.ts';
import type { Opcode } from '../opcode.ts';
import {
  fabs,
  fchs,
  fprem,
  fprem1,
  frndint,
  fscale,
  fsqrt,
  fxtract,
  X87_ARITHMETIC_OPCODES,
} from './arithmetic.ts';
import { ftst, fxam, X87_COMPARE_OPCODES } from './compare.ts';
import { X87_CONTROL_OPCODES } from './control.ts';
import { X87_ENVIRONMENT_OPCODES } from './environment.ts';
import { fdecstp, fincstp, X87_LOAD_STORE_OPCODES } from './load-store.ts';
import { f2xm1, fcos, fpatan, fptan, fsin, fsincos, fyl2x, fyl2xp1 } from './transcendental.ts';

/** Opcodes D9 E0…FF, which have no operand: the whole ModRM byte chooses. */
const D9_E0: readonly (Handler | undefined)[] = [fchs, fabs, undefined, undefined, ftst, fxam];
const D9_F0: readonly (Handler | undefined)[] = [
  f2xm1,
  fyl2x,
  fptan,
  fpatan,
  fxtract,
  fprem1,
  fdecstp,
  fincstp,
];
const D9_F8: readonly (Handler | undefined)[] = [fprem, fyl2xp1, fsqrt, fsincos, frndint, fscale, fsin, fcos];

const d9 = (extension: number, handlers: readonly (Handler | undefined)[]): Opcode => ({
  opcode: 0xd9,
  extension,
  only: 'register',
  handler: (i) => handlers[i.rmNumber & 7],
});

export const X87_OPCODES: readonly Opcode[] = [
  ...X87_CONTROL_OPCODES,
  ...X87_ENVIRONMENT_OPCODES,
  ...X87_LOAD_STORE_OPCODES,
  ...X87_ARITHMETIC_OPCODES,
  ...X87_COMPARE_OPCODES,
  d9(4, D9_E0),
  d9(6, D9_F0),
  d9(7, D9_F8),
];
