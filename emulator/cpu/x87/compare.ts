/** FCOM, FUCOM, FICOM, FTST, FCOMI, FXAM (SDM volume 1, 8.3.6). */
import { CF, PF, setArithmeticFlags, ZF } from '../flags.ts';
import type { Handler } from '../instruction.ts';
import { always, type Opcode } from '../opcode.ts';
import { FPU_OPERAND, FPU_STATUS } from '../state.ts';
import {
  DENORMAL,
  HIGH,
  INFINITE,
  isNegative,
  kindOf,
  LOW,
  NORMAL,
  QUIET,
  SIGNALING,
  setZero,
  UNSUPPORTED,
  unpack,
  work,
  ZERO,
} from './extended.ts';
import { denormal } from './extended-arithmetic.ts';
import { MEMORY_OPERANDS, type MemoryRead } from './load-store.ts';
import { computing, isEmpty, pop, st } from './stack.ts';
import { accept, C0, C1, C2, C3, IE, STACK_UNDERFLOW } from './status.ts';

const CODES = C0 | C2 | C3;
/** Condition codes of the relations. */
const GREATER = 0;
const LESS = C0;
const EQUAL = C3;
const UNORDERED = CODES;

/** The relation of two numbers that are no NaNs. */
function relation(s: Int32Array, a: number, b: number): number {
  const kindA = kindOf(s, a);
  const kindB = kindOf(s, b);
  const negative = isNegative(s, a);
  if (kindA === ZERO && kindB === ZERO) return EQUAL;
  if (kindA === ZERO) return isNegative(s, b) ? GREATER : LESS;
  if (kindB === ZERO) return negative ? LESS : GREATER;
  if (negative !== isNegative(s, b)) return negative ? LESS : GREATER;
  const magnitudes = compareMagnitudes(s, a, b);
  return magnitudes === 0 ? EQUAL : magnitudes < 0 === negative ? GREATER : LESS;
}

/** Negative, zero or positive. */
function compareMagnitudes(s: Int32Array, a: number, b: number): number {
  const exponentA = unpack(s, a);
  const high = work[HIGH] >>> 0;
  const low = work[LOW] >>> 0;
  const exponentB = unpack(s, b);
  if (exponentA !== exponentB) return exponentA - exponentB;
  return high !== work[HIGH] >>> 0 ? high - (work[HIGH] >>> 0) : low - (work[LOW] >>> 0);
}

/** Compares, with the relation and what came of it in one word. Quiet NaNs are invalid too unless `quiet`. */
function compare(s: Int32Array, a: number, b: number, quiet: boolean): number {
  const kindA = kindOf(s, a);
  const kindB = kindOf(s, b);
  if (kindA >= QUIET || kindB >= QUIET) {
    const bothQuiet = kindA <= QUIET && kindB <= QUIET;
    return UNORDERED | (quiet && bothQuiet ? 0 : IE);
  }
  return relation(s, a, b) | denormal(kindA, kindB);
}

/** Enters a relation into the condition codes, even if an unmasked exception then forbids to pop: false. */
function conclude(s: Int32Array, result: number): boolean {
  s[FPU_STATUS] = (s[FPU_STATUS] & ~CODES) | (result & CODES);
  return accept(s, result & ~CODES);
}

const UNDERFLOW = STACK_UNDERFLOW | UNORDERED;

const withRegister = (quiet: boolean, pops: number): Handler =>
  computing((cpu, i) => {
    const s = cpu.i32;
    const n = i.rmNumber & 7;
    const empty = isEmpty(s, 0) || isEmpty(s, n);
    const proceeds = conclude(s, empty ? UNDERFLOW : compare(s, st(s, 0), st(s, n), quiet));
    if (proceeds) for (let k = 0; k < pops; k++) pop(s);
  });

const withMemory = (read: MemoryRead, pops: boolean): Handler =>
  computing((cpu, i) => {
    const s = cpu.i32;
    const flags = read(cpu, i, FPU_OPERAND);
    let result = UNDERFLOW;
    if (!isEmpty(s, 0)) {
      result = compare(s, st(s, 0), FPU_OPERAND, false);
      if ((result & IE) === 0) result |= flags;
    }
    if (conclude(s, result) && pops) pop(s);
  });

export const ftst = computing((cpu) => {
  const s = cpu.i32;
  setZero(s, FPU_OPERAND, false);
  conclude(s, isEmpty(s, 0) ? UNDERFLOW : compare(s, st(s, 0), FPU_OPERAND, false));
});

/** FCOMI and its kin: into ZF, PF and CF, even if an unmasked exception then forbids to pop. */
const intoFlags = (quiet: boolean, pops: boolean): Handler =>
  computing((cpu, i) => {
    const s = cpu.i32;
    const n = i.rmNumber & 7;
    const empty = isEmpty(s, 0) || isEmpty(s, n);
    const result = empty ? UNDERFLOW : compare(s, st(s, 0), st(s, n), quiet);
    setArithmeticFlags(
      s,
      ((result & C0) !== 0 ? CF : 0) | ((result & C2) !== 0 ? PF : 0) | ((result & C3) !== 0 ? ZF : 0),
    );
    // C1 stays as it is unless the stack is at fault.
    const c1 = empty ? 0 : s[FPU_STATUS] & C1;
    const proceeds = accept(s, result & ~CODES);
    s[FPU_STATUS] |= c1;
    if (proceeds && pops) pop(s);
  });

/** What ST(0) holds, by kind of number; C1 is its sign. */
const EXAMINED: Readonly<Record<number, number>> = {
  [ZERO]: C3,
  [DENORMAL]: C3 | C2,
  [NORMAL]: C2,
  [INFINITE]: C2 | C0,
  [QUIET]: C0,
  [SIGNALING]: C0,
  [UNSUPPORTED]: 0,
};
export const fxam = computing((cpu) => {
  const s = cpu.i32;
  const at = st(s, 0);
  const kind = isEmpty(s, 0) ? C3 | C0 : EXAMINED[kindOf(s, at)];
  s[FPU_STATUS] = (s[FPU_STATUS] & ~(CODES | C1)) | kind | (isNegative(s, at) ? C1 : 0);
});

const register = (opcode: number, extension: number, handler: Opcode['handler']): Opcode => ({
  opcode,
  extension,
  only: 'register',
  handler,
});
/** FCOMPP, FUCOMPP: of their opcodes only the one for ST(1). */
const second = (handler: Handler) => (i: { readonly rmNumber: number }) =>
  (i.rmNumber & 7) === 1 ? handler : undefined;

export const X87_COMPARE_OPCODES: readonly Opcode[] = [
  ...MEMORY_OPERANDS.flatMap(([opcode, read]) =>
    [2, 3].map(
      (extension): Opcode => ({
        opcode,
        extension,
        only: 'memory',
        handler: always(withMemory(read, extension === 3)),
      }),
    ),
  ),
  register(0xd8, 2, always(withRegister(false, 0))),
  register(0xd8, 3, always(withRegister(false, 1))),
  register(0xdc, 2, always(withRegister(false, 0))),
  register(0xdc, 3, always(withRegister(false, 1))),
  register(0xde, 2, always(withRegister(false, 1))),
  register(0xde, 3, second(withRegister(false, 2))),
  register(0xdd, 4, always(withRegister(true, 0))),
  register(0xdd, 5, always(withRegister(true, 1))),
  register(0xda, 5, second(withRegister(true, 2))),
  register(0xdb, 5, always(intoFlags(true, false))),
  register(0xdb, 6, always(intoFlags(false, false))),
  register(0xdf, 5, always(intoFlags(true, true))),
  register(0xdf, 6, always(intoFlags(false, true))),
];
