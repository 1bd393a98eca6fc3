/**
 * MMX, and those instructions of SSE, SSE2 and SSSE3 that work on MMX registers (SDM volume 1, chapter 9). MMX registers
 * are the significands of the x87 registers R0…R7; any instruction on them makes all of these valid and R0 the top.
 *
 * Nearly all have a twin with the prefix 66 on XMM registers. Its operation does the work here: on vectors of which a
 * half means something.
 */
import type { Cpu } from './cpu.ts';
import { DEVICE_NOT_AVAILABLE, INVALID_OPCODE, raise } from './fault.ts';
import type { Feature } from './features.ts';
import type { Handler, Instruction } from './instruction.ts';
import {
  effectiveAddress,
  elementAddress,
  load16,
  load32,
  load64,
  store32,
  store64,
} from './memory-access.ts';
import { always, byForm, type Opcode } from './opcode.ts';
import { checkMaskedStore, storeMasked } from './sse/moves.ts';
import { vectorOperation } from './sse/opcodes.ts';
import { fetchAligned, type Prefix, requireSse, type VectorOperation, withMap } from './sse/operands.ts';
import {
  CR0,
  CR0_EM,
  CR0_TS,
  FPU_OCCUPIED,
  FPU_STATUS,
  HIGH,
  MMX_LEFT,
  MMX_RIGHT,
  OPERAND,
  RDI,
} from './state.ts';
import { waitPending } from './x87/stack.ts';
import { TOP } from './x87/status.ts';

/** Raises #UD or #NM unless the system software has enabled MMX, #MF if an x87 exception is pending. */
function requireMmx(cpu: Cpu): void {
  const s = cpu.i32;
  if ((s[CR0] & CR0_EM) !== 0) raise(cpu, INVALID_OPCODE);
  if ((s[CR0] & CR0_TS) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
  waitPending(cpu);
}

/** Of instructions on XMM and MMX registers. */
function requireSseAndMmx(cpu: Cpu): void {
  requireSse(cpu);
  waitPending(cpu);
}

/** After loads that may fault, before floating-point exceptions. */
function enterMmx(s: Int32Array): void {
  s[FPU_STATUS] &= ~TOP;
  s[FPU_OCCUPIED] = 0xff;
}

/** A store that faults has only turned the stack. */
function beforeStore(s: Int32Array): void {
  s[FPU_STATUS] &= ~TOP;
}

function write(s: Int32Array, register: number, low: number, high: number): void {
  enterMmx(s);
  s[register] = low;
  s[register + 1] = high;
  s[register + 2] = 0xffff;
}

const setVector = (s: Int32Array, at: number, a: number, b: number, c: number, d: number): void => {
  s[at] = a;
  s[at + 1] = b;
  s[at + 2] = c;
  s[at + 3] = d;
};

/** Brings an operand of 4 or 8 bytes to OPERAND; returns where the operand is. */
function source(cpu: Cpu, i: Instruction, bytes: 4 | 8): number {
  if (!i.isMemory) return i.rm;
  const s = cpu.i32;
  const low = effectiveAddress(cpu, i);
  if (bytes === 4) {
    s[OPERAND] = load32(cpu, low, s[HIGH]);
    s[OPERAND + 1] = 0;
  } else {
    s[OPERAND] = load64(cpu, low, s[HIGH]);
    s[OPERAND + 1] = s[HIGH];
  }
  return OPERAND;
}

/**
 * How two MMX operands become two vectors. `lanes`: the lower halves; so is the result. `upper`: the upper halves, as for
 * PUNPCKH; so is the result. `joined`: both in one vector, as PACK and PHADD see their destination.
 */
type Arrangement = 'lanes' | 'upper' | 'joined';

const computing =
  (operation: VectorOperation, arrangement: Arrangement, bytes: 4 | 8): Handler =>
  (cpu, i) => {
    requireMmx(cpu);
    const s = cpu.i32;
    const from = source(cpu, i, bytes);
    const half = arrangement === 'upper' ? 2 : 0;
    s.fill(0, MMX_LEFT, MMX_LEFT + 8);
    s[MMX_LEFT + half] = s[i.reg];
    s[MMX_LEFT + half + 1] = s[i.reg + 1];
    const right = arrangement === 'joined' ? MMX_LEFT + 2 : MMX_RIGHT + half;
    s[right] = s[from];
    s[right + 1] = s[from + 1];
    operation(cpu, MMX_LEFT, MMX_RIGHT, i.immediateLow & 255);
    write(s, i.reg, s[MMX_LEFT + half], s[MMX_LEFT + half + 1]);
  };

const row = (opcode: number, handler: Opcode['handler'], rest: Partial<Opcode> = {}): Opcode => ({
  opcode: withMap(opcode),
  prefix: 0,
  modrm: true,
  reg: 'mmx',
  rm: 'mmx',
  handler,
  ...rest,
});

const twins = (
  arrangement: Arrangement,
  bytes: 4 | 8,
  opcodes: readonly number[],
  feature?: Feature,
): Opcode[] =>
  opcodes.map((opcode) => {
    const operation = vectorOperation(opcode, 0x66);
    return row(opcode, always(computing(operation, arrangement, bytes)), feature && { feature });
  });

/** 0F 71…73: the shift of its extension, by an immediate. The opcodes are those of the shifts by a register. */
const shifts = (opcode: number, byExtension: Readonly<Record<number, number>>): Opcode[] =>
  Object.entries(byExtension).map(([extension, by]) => {
    const operation = vectorOperation(by, 0x66);
    const handler: Handler = (cpu, i) => {
      requireMmx(cpu);
      const s = cpu.i32;
      setVector(s, MMX_LEFT, s[i.rm], s[i.rm + 1], 0, 0);
      setVector(s, MMX_RIGHT, i.immediateLow & 255, 0, 0, 0);
      operation(cpu, MMX_LEFT, MMX_RIGHT, 0);
      write(s, i.rm, s[MMX_LEFT], s[MMX_LEFT + 1]);
    };
    return row(opcode, always(handler), {
      extension: Number(extension),
      only: 'register',
      immediate: 'byte',
    });
  });

// Moves.

const movd: Handler = (cpu, i) => {
  requireMmx(cpu);
  const s = cpu.i32;
  const wide = i.operandSize === 8;
  const from = source(cpu, i, wide ? 8 : 4);
  write(s, i.reg, s[from], wide ? s[from + 1] : 0);
};

const movdBack: Handler = (cpu, i) => {
  requireMmx(cpu);
  const s = cpu.i32;
  const high = i.operandSize === 8 ? s[i.reg + 1] : 0;
  if (!i.isMemory) {
    s[i.rm] = s[i.reg];
    s[i.rm + 1] = high;
  } else {
    beforeStore(s);
    const low = effectiveAddress(cpu, i);
    if (i.operandSize === 8) store64(cpu, low, s[HIGH], s[i.reg], high);
    else store32(cpu, low, s[HIGH], s[i.reg]);
  }
  enterMmx(s);
};

const movq: Handler = (cpu, i) => {
  requireMmx(cpu);
  const s = cpu.i32;
  const from = source(cpu, i, 8);
  write(s, i.reg, s[from], s[from + 1]);
};

const movqBack: Handler = (cpu, i) => {
  requireMmx(cpu);
  const s = cpu.i32;
  if (i.isMemory) {
    beforeStore(s);
    const low = effectiveAddress(cpu, i);
    store64(cpu, low, s[HIGH], s[i.reg], s[i.reg + 1]);
    enterMmx(s);
  } else write(s, i.rm, s[i.reg], s[i.reg + 1]);
};

const emms: Handler = (cpu) => {
  requireMmx(cpu);
  enterMmx(cpu.i32);
  cpu.i32[FPU_OCCUPIED] = 0;
};

const pinsrw: Handler = (cpu, i) => {
  requireMmx(cpu);
  const s = cpu.i32;
  let value: number;
  if (i.isMemory) {
    const low = effectiveAddress(cpu, i);
    value = load16(cpu, low, s[HIGH]);
  } else value = cpu.u16[2 * i.rm];
  cpu.u16[2 * i.reg + (i.immediateLow & 3)] = value;
  write(s, i.reg, s[i.reg], s[i.reg + 1]);
};

/** To a general register, with zeros above. */
const toGeneral =
  (value: (cpu: Cpu, i: Instruction) => number): Handler =>
  (cpu, i) => {
    requireMmx(cpu);
    enterMmx(cpu.i32);
    cpu.i32[i.reg] = value(cpu, i);
    cpu.i32[i.reg + 1] = 0;
  };

const pextrw = toGeneral((cpu, i) => cpu.u16[2 * i.rm + (i.immediateLow & 3)]);

const pmovmskb = toGeneral((cpu, i) => {
  let mask = 0;
  for (let byte = 0; byte < 8; byte++) mask |= (cpu.u8[4 * i.rm + byte] >> 7) << byte;
  return mask;
});

/** Stores the bytes whose mask byte is negative to [RDI]. It faults as a store of all bytes would, in MMX mode already. */
const maskmovq: Handler = (cpu, i) => {
  requireMmx(cpu);
  const s = cpu.i32;
  enterMmx(s);
  const low = elementAddress(s, i, RDI, i.segmentBase);
  const high = s[HIGH];
  checkMaskedStore(cpu, low, high, 0);
  storeMasked(cpu, i, low, high, 8);
};

// Shuffles that look at more than their own half.

const pshufb: VectorOperation = (cpu, destination, control) => {
  const u8 = cpu.u8;
  const bytes = u8.slice(4 * destination, 4 * destination + 8);
  for (let k = 0; k < 8; k++) {
    const by = u8[4 * control + k];
    u8[4 * destination + k] = by >= 128 ? 0 : bytes[by & 7];
  }
};

const palignr: VectorOperation = (cpu, destination, from, count) => {
  const u8 = cpu.u8;
  const bytes = new Uint8Array(16);
  bytes.set(u8.subarray(4 * from, 4 * from + 8));
  bytes.set(u8.subarray(4 * destination, 4 * destination + 8), 8);
  for (let k = 0; k < 8; k++) u8[4 * destination + k] = bytes[count + k] ?? 0;
};

// Between XMM and MMX registers.

const movq2dq: Handler = (cpu, i) => {
  requireSseAndMmx(cpu);
  const s = cpu.i32;
  setVector(s, i.reg, s[i.rm], s[i.rm + 1], 0, 0);
  enterMmx(s);
};

const movdq2q: Handler = (cpu, i) => {
  requireSseAndMmx(cpu);
  const s = cpu.i32;
  write(s, i.reg, s[i.rm], s[i.rm + 1]);
};

/** Doublewords to `words` words of reals. With an operand in memory no MMX register is touched. */
const fromIntegers = (operation: VectorOperation, words: 2 | 4): Opcode['handler'] => {
  const convert = (cpu: Cpu, i: Instruction, from: number): void => {
    const s = cpu.i32;
    setVector(s, MMX_RIGHT, s[from], s[from + 1], 0, 0);
    operation(cpu, MMX_LEFT, MMX_RIGHT, 0);
    for (let word = 0; word < words; word++) s[i.reg + word] = s[MMX_LEFT + word];
  };
  return byForm(
    (cpu, i) => {
      requireSseAndMmx(cpu);
      enterMmx(cpu.i32);
      convert(cpu, i, i.rm);
    },
    (cpu, i) => {
      requireSse(cpu);
      convert(cpu, i, source(cpu, i, 8));
    },
  );
};

/** Two reals, in 8 or 16 bytes, to doublewords. */
const toIntegers =
  (operation: VectorOperation, bytes: 8 | 16): Handler =>
  (cpu, i) => {
    requireSseAndMmx(cpu);
    const s = cpu.i32;
    let from = i.rm;
    if (bytes === 8) {
      from = source(cpu, i, 8);
      setVector(s, MMX_RIGHT, s[from], s[from + 1], 0, 0);
      from = MMX_RIGHT;
    } else if (i.isMemory) {
      fetchAligned(cpu, i);
      from = OPERAND;
    }
    enterMmx(s);
    operation(cpu, MMX_LEFT, from, 0);
    write(s, i.reg, s[MMX_LEFT], s[MMX_LEFT + 1]);
  };

const between = (opcode: number, prefix: Prefix, handler: Opcode['handler'], rest: Partial<Opcode>): Opcode =>
  row(opcode, handler, { prefix, ...rest });

const register = { only: 'register' } as const;
const immediate = { immediate: 'byte' } as const;
const toXmm = { reg: 'vector' } as const;
const fromXmm = { rm: 'vector' } as const;

export const MMX_OPCODES: readonly Opcode[] = [
  ...twins('lanes', 4, [0x60, 0x61, 0x62]),
  ...twins('upper', 8, [0x68, 0x69, 0x6a]),
  ...twins('joined', 8, [0x63, 0x67, 0x6b]),
  ...twins('lanes', 8, [0x64, 0x65, 0x66, 0x74, 0x75, 0x76]),
  ...twins('lanes', 8, [0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf]),
  ...twins('lanes', 8, [0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef]),
  ...twins('lanes', 8, [0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe]),
  ...shifts(0x71, { 2: 0xd1, 4: 0xe1, 6: 0xf1 }),
  ...shifts(0x72, { 2: 0xd2, 4: 0xe2, 6: 0xf2 }),
  ...shifts(0x73, { 2: 0xd3, 6: 0xf3 }),
  row(0x6e, always(movd), { rm: 'general' }),
  row(0x7e, always(movdBack), { rm: 'general' }),
  row(0x6f, always(movq)),
  row(0x7f, always(movqBack)),
  row(0xe7, always(movqBack), { only: 'memory' }),
  { opcode: 0x0f77, prefix: 0, handler: always(emms) },

  row(0x70, always(computing(vectorOperation(0x70, 0xf2), 'lanes', 8)), immediate),
  row(0xc4, always(pinsrw), { rm: 'general', ...immediate }),
  row(0xc5, always(pextrw), { reg: 'general', ...register, ...immediate }),
  row(0xd7, always(pmovmskb), { reg: 'general', ...register }),
  row(0xf7, always(maskmovq), register),

  ...twins('joined', 8, [0x3801, 0x3802, 0x3803, 0x3805, 0x3806, 0x3807], 'ssse3'),
  ...twins('lanes', 8, [0x3804, 0x3808, 0x3809, 0x380a, 0x380b, 0x381c, 0x381d, 0x381e], 'ssse3'),
  row(0x3800, always(computing(pshufb, 'lanes', 8)), { feature: 'ssse3' }),
  row(0x3a0f, always(computing(palignr, 'lanes', 8)), { feature: 'ssse3', ...immediate }),

  between(0xd6, 0xf3, always(movq2dq), { ...toXmm, ...register }),
  between(0xd6, 0xf2, always(movdq2q), { ...fromXmm, ...register }),
  between(0x2a, 0, fromIntegers(vectorOperation(0x5b, 0), 2), toXmm),
  between(0x2a, 0x66, fromIntegers(vectorOperation(0xe6, 0xf3), 4), toXmm),
  between(0x2c, 0, always(toIntegers(vectorOperation(0x5b, 0xf3), 8)), fromXmm),
  between(0x2d, 0, always(toIntegers(vectorOperation(0x5b, 0x66), 8)), fromXmm),
  between(0x2c, 0x66, always(toIntegers(vectorOperation(0xe6, 0x66), 16)), fromXmm),
  between(0x2d, 0x66, always(toIntegers(vectorOperation(0xe6, 0xf2), 16)), fromXmm),
];
