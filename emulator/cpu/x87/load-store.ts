/** Loads, stores, constants, and moves between registers (SDM volume 1, 8.3.2 to 8.3.4). */
import type { Cpu } from '../cpu.ts';
import { condition } from '../flags.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, load16, load32, load64, store16, store32, store64 } from '../memory-access.ts';
import { always, type Opcode } from '../opcode.ts';
import { FPU_CONTROL, FPU_RESULT, FPU_STATUS, HIGH } from '../state.ts';
import {
  EXTRA,
  kindOf,
  LOW,
  quieten,
  ROUNDING,
  roundSignificand,
  SIGNALING,
  HIGH as SIGNIFICAND_HIGH,
  set,
  setIndefinite,
  setZero,
  TRUNCATE,
  work,
} from './extended.ts';
import {
  readDecimal,
  readDouble,
  readInteger,
  readSingle,
  setDecimalIndefinite,
  setIntegerIndefinite,
  writeDecimal,
  writeDouble,
  writeInteger,
  writeSingle,
} from './formats.ts';
import { computing, copy, free, isEmpty, occupy, pop, push, st, turn } from './stack.ts';
import { accept, C1, DE, IE, OE, PE, STACK_UNDERFLOW, UE } from './status.ts';

/** An address a few bytes behind another one: its halves. */
const behind = (low: number, by: number): number => (low + by) | 0;
const behindHigh = (low: number, high: number, by: number): number =>
  (high + ((low + by) >>> 0 < by ? 1 : 0)) | 0;

// Reading memory: into the register at `to`. Returns flags.

export type MemoryRead = (cpu: Cpu, i: Instruction, to: number) => number;

const readMemory16: MemoryRead = (cpu, i, to) => {
  const low = effectiveAddress(cpu, i);
  const value = (load16(cpu, low, cpu.i32[HIGH]) << 16) >> 16;
  readInteger(cpu.i32, to, value, value >> 31);
  return 0;
};
const readMemory32: MemoryRead = (cpu, i, to) => {
  const low = effectiveAddress(cpu, i);
  const value = load32(cpu, low, cpu.i32[HIGH]);
  readInteger(cpu.i32, to, value, value >> 31);
  return 0;
};
const readMemory64: MemoryRead = (cpu, i, to) => {
  const low = effectiveAddress(cpu, i);
  const value = load64(cpu, low, cpu.i32[HIGH]);
  readInteger(cpu.i32, to, value, cpu.i32[HIGH]);
  return 0;
};
const readMemorySingle: MemoryRead = (cpu, i, to) => {
  const low = effectiveAddress(cpu, i);
  return readSingle(cpu.i32, to, load32(cpu, low, cpu.i32[HIGH]));
};
const readMemoryDouble: MemoryRead = (cpu, i, to) => {
  const low = effectiveAddress(cpu, i);
  const value = load64(cpu, low, cpu.i32[HIGH]);
  return readDouble(cpu.i32, to, value, cpu.i32[HIGH]);
};
const readMemoryExtended: MemoryRead = (cpu, i, to) => {
  const s = cpu.i32;
  const low = effectiveAddress(cpu, i);
  const high = s[HIGH];
  s[to] = load64(cpu, low, high);
  s[to + 1] = s[HIGH];
  s[to + 2] = load16(cpu, behind(low, 8), behindHigh(low, high, 8));
  return 0;
};
const readMemoryDecimal: MemoryRead = (cpu, i, to) => {
  const s = cpu.i32;
  const low = effectiveAddress(cpu, i);
  const high = s[HIGH];
  const digits = load64(cpu, low, high);
  const digitsHigh = s[HIGH];
  readDecimal(s, to, digits, digitsHigh, load16(cpu, behind(low, 8), behindHigh(low, high, 8)));
  return 0;
};

/** Opcodes of arithmetic and comparison with an operand in memory. */
export const MEMORY_OPERANDS: readonly (readonly [opcode: number, read: MemoryRead])[] = [
  [0xd8, readMemorySingle],
  [0xda, readMemory32],
  [0xdc, readMemoryDouble],
  [0xde, readMemory16],
];

const load = (read: MemoryRead) =>
  always(
    computing((cpu, i) => {
      const flags = read(cpu, i, FPU_RESULT);
      push(cpu.i32, flags);
    }),
  );
/** Signaling NaNs of the narrower formats are an invalid operand. Denormals are loaded even if that is an unmasked exception. */
const loadReal = (read: MemoryRead) =>
  always(
    computing((cpu, i) => {
      const s = cpu.i32;
      const denormal = read(cpu, i, FPU_RESULT) & DE;
      const overflows = !isEmpty(s, 7);
      push(s, kindOf(s, FPU_RESULT) === SIGNALING ? quieten(s, FPU_RESULT) : 0);
      if (!overflows) accept(s, denormal);
    }),
  );

// Writing memory: from FPU_RESULT, where `convert` left what is to be written, or `indefinite` if ST(0) is empty.

interface MemoryWrite {
  readonly convert: (s: Int32Array, at: number, control: number) => number;
  readonly indefinite: (s: Int32Array) => void;
  readonly write: (cpu: Cpu, low: number, high: number) => void;
}

const write16 = (cpu: Cpu, low: number, high: number): void => store16(cpu, low, high, cpu.i32[FPU_RESULT]);
const write32 = (cpu: Cpu, low: number, high: number): void => store32(cpu, low, high, cpu.i32[FPU_RESULT]);
const write64 = (cpu: Cpu, low: number, high: number): void =>
  store64(cpu, low, high, cpu.i32[FPU_RESULT], cpu.i32[FPU_RESULT + 1]);
/** In two parts, of which the second may fault alone, as CPUs do it. */
const write80 = (cpu: Cpu, low: number, high: number): void => {
  write64(cpu, low, high);
  store16(cpu, behind(low, 8), behindHigh(low, high, 8), cpu.i32[FPU_RESULT + 2]);
};

const single: MemoryWrite = {
  convert: writeSingle,
  indefinite: (s) => {
    s[FPU_RESULT] = 0xffc0_0000;
  },
  write: write32,
};
const double: MemoryWrite = {
  convert: writeDouble,
  indefinite: (s) => {
    s[FPU_RESULT] = 0;
    s[FPU_RESULT + 1] = 0xfff8_0000;
  },
  write: write64,
};
const extended: MemoryWrite = {
  convert: (s, at) => {
    copy(s, at, FPU_RESULT);
    return 0;
  },
  indefinite: (s) => setIndefinite(s, FPU_RESULT),
  write: write80,
};
const decimal: MemoryWrite = {
  convert: (s, at, control) => writeDecimal(s, at, control & ROUNDING),
  indefinite: setDecimalIndefinite,
  write: write80,
};
const WRITES = { 16: write16, 32: write32, 64: write64 } as const;
const integer = (bits: 16 | 32 | 64, rounding?: number): MemoryWrite => ({
  convert: (s, at, control) => writeInteger(s, at, bits, rounding ?? control & ROUNDING),
  indefinite: (s) => setIntegerIndefinite(s, bits),
  write: WRITES[bits],
});

const store = ({ convert, indefinite, write }: MemoryWrite, pops: boolean) =>
  always(
    computing((cpu, i) => {
      const s = cpu.i32;
      const control = s[FPU_CONTROL];
      let outcome: number = STACK_UNDERFLOW;
      if (isEmpty(s, 0)) indefinite(s);
      else outcome = convert(s, st(s, 0), control);
      const low = effectiveAddress(cpu, i);
      const lost = outcome & ~control & (IE | OE | UE);
      const written = lost === 0;
      if (written) write(cpu, low, s[HIGH]);
      // What is not written has not been rounded.
      accept(s, (lost & (OE | UE)) !== 0 ? outcome & ~(PE | C1) : outcome);
      if (written && pops) pop(s);
    }),
  );

// Between registers. Nothing is rounded, and NaNs are copied as they are.

const fldRegister: Handler = (cpu, i) => {
  const s = cpu.i32;
  const n = i.rmNumber & 7;
  if (!isEmpty(s, n)) {
    copy(s, st(s, n), FPU_RESULT);
    push(s, 0);
  } else if (accept(s, STACK_UNDERFLOW)) {
    turn(s, -1);
    setIndefinite(s, st(s, 0));
    occupy(s, 0);
  }
};

/** Opcode D9 D8, which is FSTP but for an empty register, of which it takes no notice. */
const fstpIgnoringEmpty: Handler = (cpu, i) => {
  const s = cpu.i32;
  if (!isEmpty(s, 0)) fstRegister(true)(cpu, i);
  else {
    s[FPU_STATUS] &= ~C1;
    turn(s, 1);
  }
};

/** Copies ST(0), or the indefinite if it is empty. */
const fstRegister =
  (pops: boolean): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    const n = i.rmNumber & 7;
    const empty = isEmpty(s, 0);
    if (!accept(s, empty ? STACK_UNDERFLOW : 0)) return;
    if (empty) setIndefinite(s, st(s, n));
    else copy(s, st(s, 0), st(s, n));
    occupy(s, n);
    if (pops) pop(s);
  };

const fxch: Handler = (cpu, i) => {
  const s = cpu.i32;
  const n = i.rmNumber & 7;
  const empty = isEmpty(s, 0) || isEmpty(s, n);
  if (!accept(s, empty ? STACK_UNDERFLOW : 0)) return;
  // An empty register counts as holding the indefinite.
  if (isEmpty(s, 0)) setIndefinite(s, st(s, 0));
  if (isEmpty(s, n)) setIndefinite(s, st(s, n));
  copy(s, st(s, 0), FPU_RESULT);
  copy(s, st(s, n), st(s, 0));
  copy(s, FPU_RESULT, st(s, n));
  occupy(s, 0);
  occupy(s, n);
};

const ffree =
  (pops: boolean): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    free(s, i.rmNumber & 7);
    s[FPU_STATUS] &= ~C1;
    if (pops) pop(s);
  };

const step =
  (by: number): Handler =>
  (cpu) => {
    turn(cpu.i32, by);
    cpu.i32[FPU_STATUS] &= ~C1;
  };

/** FCMOVB, E, BE, U and their opposites. Empty registers are a stack underflow even if nothing is to be moved. */
const fcmov = (code: number) =>
  always(
    computing((cpu, i) => {
      const s = cpu.i32;
      const n = i.rmNumber & 7;
      const empty = isEmpty(s, 0) || isEmpty(s, n);
      if (!empty) {
        if (condition(s, code)) copy(s, st(s, n), st(s, 0));
      } else if (accept(s, STACK_UNDERFLOW)) {
        setIndefinite(s, st(s, 0));
        occupy(s, 0);
      }
    }),
  );

/** Constants with 32 bits more than a register holds, to be rounded as rounding control says. */
const constant = (exponent: number, high: number, low: number, extra: number): Handler =>
  computing((cpu) => {
    const s = cpu.i32;
    work[SIGNIFICAND_HIGH] = high;
    work[LOW] = low;
    work[EXTRA] = extra;
    roundSignificand(64, false, s[FPU_CONTROL] & ROUNDING);
    set(s, FPU_RESULT, false, exponent, work[SIGNIFICAND_HIGH], work[LOW]);
    push(s, 0);
  });
const fldz: Handler = computing((cpu) => {
  setZero(cpu.i32, FPU_RESULT, false);
  push(cpu.i32, 0);
});
/** 1, log2 10, log2 e, π, log10 2, ln 2, 0. */
const CONSTANTS: readonly (Handler | undefined)[] = [
  constant(0x3fff, 0x8000_0000, 0, 0),
  constant(0x4000, 0xd49a_784b, 0xcd1b_8afe, 0x492b_f6ff),
  constant(0x3fff, 0xb8aa_3b29, 0x5c17_f0bb, 0xbe87_fed0),
  constant(0x4000, 0xc90f_daa2, 0x2168_c234, 0xc4c6_628b),
  constant(0x3ffd, 0x9a20_9a84, 0xfbcf_f798, 0x8f89_59ac),
  constant(0x3ffe, 0xb172_17f7, 0xd1cf_79ab, 0xc9e3_b398),
  fldz,
];

const fnop = computing(() => {});
export const fdecstp = computing(step(-1));
export const fincstp = computing(step(1));

const memory = (opcode: number, extension: number, handler: Opcode['handler']): Opcode => ({
  opcode,
  extension,
  only: 'memory',
  handler,
});
const register = (opcode: number, extension: number, handler: Handler): Opcode => ({
  opcode,
  extension,
  only: 'register',
  handler: always(computing(handler)),
});

export const X87_LOAD_STORE_OPCODES: readonly Opcode[] = [
  memory(0xd9, 0, loadReal(readMemorySingle)),
  memory(0xdd, 0, loadReal(readMemoryDouble)),
  memory(0xdb, 5, load(readMemoryExtended)),
  memory(0xdf, 0, load(readMemory16)),
  memory(0xdb, 0, load(readMemory32)),
  memory(0xdf, 5, load(readMemory64)),
  memory(0xdf, 4, load(readMemoryDecimal)),

  memory(0xd9, 2, store(single, false)),
  memory(0xd9, 3, store(single, true)),
  memory(0xdd, 2, store(double, false)),
  memory(0xdd, 3, store(double, true)),
  memory(0xdb, 7, store(extended, true)),
  memory(0xdf, 2, store(integer(16), false)),
  memory(0xdf, 3, store(integer(16), true)),
  memory(0xdb, 2, store(integer(32), false)),
  memory(0xdb, 3, store(integer(32), true)),
  memory(0xdf, 7, store(integer(64), true)),
  { ...memory(0xdf, 1, store(integer(16, TRUNCATE), true)), feature: 'sse3' },
  { ...memory(0xdb, 1, store(integer(32, TRUNCATE), true)), feature: 'sse3' },
  { ...memory(0xdd, 1, store(integer(64, TRUNCATE), true)), feature: 'sse3' },
  memory(0xdf, 6, store(decimal, true)),

  register(0xd9, 0, fldRegister),
  register(0xdd, 2, fstRegister(false)),
  register(0xdd, 3, fstRegister(true)),
  register(0xd9, 3, fstpIgnoringEmpty),
  register(0xdf, 2, fstRegister(true)),
  register(0xdf, 3, fstRegister(true)),
  register(0xd9, 1, fxch),
  register(0xdd, 1, fxch),
  register(0xdf, 1, fxch),
  register(0xdd, 0, ffree(false)),
  register(0xdf, 0, ffree(true)),
  ...[0, 1, 2, 3].flatMap((extension): Opcode[] => {
    // B, E, BE, U are the conditions 2, 4, 6 and 10; their opposites follow them.
    const code = [2, 4, 6, 10][extension];
    return [
      { opcode: 0xda, extension, only: 'register', handler: fcmov(code) },
      { opcode: 0xdb, extension, only: 'register', handler: fcmov(code + 1) },
    ];
  }),
  { opcode: 0xd9, extension: 5, only: 'register', handler: (i) => CONSTANTS[i.rmNumber & 7] },
  {
    opcode: 0xd9,
    extension: 2,
    only: 'register',
    handler: (i) => ((i.rmNumber & 7) === 0 ? fnop : undefined),
  },
];
