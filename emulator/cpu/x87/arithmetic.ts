/** FADD, FSUB, FMUL, FDIV and their kin, FSQRT, FABS, FCHS, FPREM, FRNDINT, FSCALE, FXTRACT (SDM volume 1, 8.3.5). */
import type { Handler } from '../instruction.ts';
import { always, type Opcode } from '../opcode.ts';
import { FPU_CONTROL, FPU_OPERAND, FPU_STATUS } from '../state.ts';
import { kindOf, QUIET, SIGN, setIndefinite } from './extended.ts';
import { add, type Binary, divide, multiply, squareRoot, subtract } from './extended-arithmetic.ts';
import { MEMORY_OPERANDS, type MemoryRead } from './load-store.ts';
import { partialRemainder } from './partial-remainder.ts';
import { extract, roundToInteger, scale } from './scaling.ts';
import { computing, isEmpty, occupy, pop, settle, settleTwo, st } from './stack.ts';
import { accept, C0, C2, C3, IE, isBlocked, STACK_OVERFLOW, STACK_UNDERFLOW, ZE } from './status.ts';

const reversed =
  (operation: Binary): Binary =>
  (s, a, b, control) =>
    operation(s, b, a, control);

/** In encoding order, with ST(0) as the left operand; 2 and 3 are comparisons. */
const OPERATIONS: readonly (readonly [number, Binary])[] = [
  [0, add],
  [1, multiply],
  [4, subtract],
  [5, reversed(subtract)],
  [6, divide],
  [7, reversed(divide)],
];

/** ST(0) and ST(i), into the one or the other. */
const withRegister = (operation: Binary, intoOther: boolean, pops: boolean): Handler =>
  computing((cpu, i) => {
    const s = cpu.i32;
    const n = i.rmNumber & 7;
    const empty = isEmpty(s, 0) || isEmpty(s, n);
    const outcome = empty ? STACK_UNDERFLOW : operation(s, st(s, 0), st(s, n), s[FPU_CONTROL]);
    if (settle(s, outcome, intoOther ? n : 0) && pops) pop(s);
  });

const withMemory = (operation: Binary, read: MemoryRead): Handler =>
  computing((cpu, i) => {
    const s = cpu.i32;
    const denormal = read(cpu, i, FPU_OPERAND);
    let outcome: number = STACK_UNDERFLOW;
    if (!isEmpty(s, 0)) {
      outcome = operation(s, st(s, 0), FPU_OPERAND, s[FPU_CONTROL]);
      // An operand that was denormal in its own format; what is worse hides it, as a NaN does.
      if ((outcome & (IE | ZE)) === 0 && kindOf(s, st(s, 0)) < QUIET) outcome |= denormal;
    }
    settle(s, outcome, 0);
  });

/** ST(0) alone. */
const unary = (operation: (s: Int32Array, a: number, control: number) => number): Handler =>
  computing((cpu) => {
    const s = cpu.i32;
    settle(s, isEmpty(s, 0) ? STACK_UNDERFLOW : operation(s, st(s, 0), s[FPU_CONTROL]), 0);
  });

/** Changes the sign and nothing else, of whatever is there. */
const changeSign = (change: (signAndExponent: number) => number): Handler =>
  computing((cpu) => {
    const s = cpu.i32;
    const empty = isEmpty(s, 0);
    if (!accept(s, empty ? STACK_UNDERFLOW : 0)) return;
    const at = st(s, 0);
    if (empty) setIndefinite(s, at);
    else s[at + 2] = change(s[at + 2]);
    occupy(s, 0);
  });

export const fchs = changeSign((word) => word ^ SIGN);
export const fabs = changeSign((word) => word & ~SIGN);
export const fsqrt = unary(squareRoot);
export const frndint = unary(roundToInteger);

/** ST(0) and ST(1), into ST(0). */
const withNext = (operation: Binary): Handler =>
  computing((cpu) => {
    const s = cpu.i32;
    const empty = isEmpty(s, 0) || isEmpty(s, 1);
    settle(s, empty ? STACK_UNDERFLOW : operation(s, st(s, 0), st(s, 1), s[FPU_CONTROL]), 0);
  });

export const fscale = withNext(scale);

/** C2 tells whether there is more to do; C0 and C3 of the quotient, if it is known. */
const remainder = (nearest: boolean): Handler => {
  const operation = partialRemainder(nearest);
  return computing((cpu) => {
    const s = cpu.i32;
    s[FPU_STATUS] &= ~C2;
    let outcome: number = STACK_UNDERFLOW;
    if (!isEmpty(s, 0) && !isEmpty(s, 1)) {
      const [a, b] = [st(s, 0), st(s, 1)];
      outcome = operation(s, a, b, s[FPU_CONTROL]);
      const numbers = kindOf(s, a) < QUIET && kindOf(s, b) < QUIET;
      if (numbers && (outcome & IE) === 0 && !isBlocked(s, outcome)) s[FPU_STATUS] &= ~(C0 | C3);
    }
    settle(s, outcome, 0);
  });
};
export const fprem = remainder(false);
export const fprem1 = remainder(true);

export const fxtract = computing((cpu) => {
  const s = cpu.i32;
  let outcome: number;
  if (isEmpty(s, 0)) outcome = STACK_UNDERFLOW;
  else if (!isEmpty(s, 7)) outcome = STACK_OVERFLOW;
  else outcome = extract(s, st(s, 0));
  settleTwo(s, outcome);
});

export const X87_ARITHMETIC_OPCODES: readonly Opcode[] = OPERATIONS.flatMap(([extension, operation]) => {
  const register = (opcode: number, handler: Handler): Opcode => ({
    opcode,
    extension,
    only: 'register',
    handler: always(handler),
  });
  return [
    ...MEMORY_OPERANDS.map(
      ([opcode, read]): Opcode => ({
        opcode,
        extension,
        only: 'memory',
        handler: always(withMemory(operation, read)),
      }),
    ),
    register(0xd8, withRegister(operation, false, false)),
    register(0xdc, withRegister(operation, true, false)),
    register(0xde, withRegister(operation, true, true)),
  ];
});
