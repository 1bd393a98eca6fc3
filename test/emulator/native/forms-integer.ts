import {
  byteAndWord,
  type Form,
  type Preparation,
  UNDEFINED,
  type UndefinedFlags,
  WORDS,
  withGs,
  withLock,
} from './forms.ts';
import { CODE, DATA } from './layout.ts';
import { interestingInteger } from './random.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RBP = 5;

const CONDITIONS = [
  'o',
  'no',
  'b',
  'ae',
  'e',
  'ne',
  'be',
  'a',
  's',
  'ns',
  'p',
  'np',
  'l',
  'ge',
  'le',
  'g',
] as const;

function arithmetic(): Form[] {
  const forms: Form[] = [];
  ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'].forEach((name, n) => {
    const base = n << 3;
    const undefinedFlags = ['or', 'and', 'xor'].includes(name) ? { undefinedFlags: UNDEFINED.logic } : {};
    const toMemory = [
      ...byteAndWord(`${name} r/m, r`, [base], { reg: 'gpr', ...undefinedFlags }),
      ...byteAndWord(`${name} r/m, imm`, [0x80], { reg: n, immediate: 'operand', ...undefinedFlags }),
      {
        name: `${name} r/m, imm8`,
        opcode: [0x83],
        sizes: WORDS,
        reg: n,
        immediate: 'byte',
        ...undefinedFlags,
      } as const,
    ];
    forms.push(
      ...(name === 'cmp' ? toMemory : withLock(toMemory)),
      ...byteAndWord(`${name} r, r/m`, [base + 2], { reg: 'gpr', ...undefinedFlags }),
      ...byteAndWord(`${name} rax, imm`, [base + 4], { immediate: 'operand', ...undefinedFlags }),
    );
  });
  forms.push(
    ...byteAndWord('test r/m, r', [0x84], { reg: 'gpr', undefinedFlags: UNDEFINED.logic }),
    ...byteAndWord('test rax, imm', [0xa8], { immediate: 'operand', undefinedFlags: UNDEFINED.logic }),
    ...byteAndWord('test r/m, imm', [0xf6], {
      reg: 0,
      immediate: 'operand',
      undefinedFlags: UNDEFINED.logic,
    }),
    ...byteAndWord('test r/m, imm (alias)', [0xf6], {
      reg: 1,
      immediate: 'operand',
      undefinedFlags: UNDEFINED.logic,
    }),
    ...withLock(byteAndWord('not r/m', [0xf6], { reg: 2 })),
    ...withLock(byteAndWord('neg r/m', [0xf6], { reg: 3 })),
    ...withLock(byteAndWord('inc r/m', [0xfe], { reg: 0 })),
    ...withLock(byteAndWord('dec r/m', [0xfe], { reg: 1 })),
    ...withLock(byteAndWord('xadd r/m, r', [0x0f, 0xc0], { reg: 'gpr' })),
  );
  return forms;
}

function multiplication(): Form[] {
  const undefinedFlags = UNDEFINED.multiply;
  const imul = { sizes: WORDS, reg: 'gpr', undefinedFlags } as const;
  return [
    ...byteAndWord('mul r/m', [0xf6], { reg: 4, undefinedFlags }),
    ...byteAndWord('imul r/m', [0xf6], { reg: 5, undefinedFlags }),
    { name: 'imul r, r/m', opcode: [0x0f, 0xaf], ...imul },
    { name: 'imul r, r/m, imm', opcode: [0x69], immediate: 'operand', ...imul },
    { name: 'imul r, r/m, imm8', opcode: [0x6b], immediate: 'byte', ...imul },
    ...byteAndWord('div r/m', [0xf6], {
      reg: 6,
      undefinedFlags: UNDEFINED.divide,
      operandValue: divisor(false),
    }),
    ...byteAndWord('idiv r/m', [0xf6], {
      reg: 7,
      undefinedFlags: UNDEFINED.divide,
      operandValue: divisor(true),
    }),
  ];
}

/** Sets RDX:RAX (AX for bytes) to quotient × divisor + remainder for a quotient that mostly just fits. */
export function divisor(signed: boolean) {
  return ({ random, size, registers }: Preparation): bigint => {
    const bits = BigInt(size);
    const as = (value: bigint) => (signed ? BigInt.asIntN(size, value) : BigInt.asUintN(size, value));
    let value = as(interestingInteger(random));
    let quotient = as(interestingInteger(random));
    if (random.chance(20)) quotient = signed ? random.pick([-1n, 1n, 0n, -2n]) << (bits - 1n) : 1n << bits;
    let remainder = interestingInteger(random);
    if (value === 0n) return 0n;
    remainder %= value;
    if (random.chance(10)) value = as(interestingInteger(random));
    const dividend = BigInt.asUintN(2 * size, quotient * value + remainder);
    if (size === 8) {
      registers.set(RAX, ((random.u64() >> 16n) << 16n) | dividend);
    } else {
      const noise = size === 16 ? random.u64() & ~0xffffn : size === 32 ? (random.u64() >> 32n) << 32n : 0n;
      registers.set(RAX, noise | BigInt.asUintN(size, dividend));
      registers.set(RDX, noise | BigInt.asUintN(size, dividend >> bits));
    }
    return BigInt.asUintN(size, value);
  };
}

function shifts(): Form[] {
  const forms: Form[] = [];
  const names = ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sal', 'sar'];
  const count = ({ random, registers }: Preparation) => {
    const noise = random.u64() & ~0xffn;
    registers.set(RCX, noise | BigInt(random.chance(70) ? random.below(72) : random.below(256)));
  };
  names.forEach((name, reg) => {
    const rotate = reg < 4;
    const many: UndefinedFlags = rotate ? UNDEFINED.rotate : UNDEFINED.shift;
    const byte: UndefinedFlags = rotate || name === 'sar' ? many : UNDEFINED.shiftWide;
    const once = rotate ? {} : { undefinedFlags: UNDEFINED.shiftByOne };
    const zero = { immediate: 'byte', immediateValue: () => 0, reg } as const;
    forms.push(
      ...byteAndWord(`${name} r/m, 1`, [0xd0], { reg, ...once }),
      ...byteAndWord(`${name} r/m, 0`, [0xc0], zero),
      {
        name: `${name} r/m, imm (8)`,
        opcode: [0xc0],
        sizes: [8],
        reg,
        immediate: 'byte',
        undefinedFlags: byte,
      },
      {
        name: `${name} r/m, imm (16)`,
        opcode: [0xc1],
        sizes: [16],
        reg,
        immediate: 'byte',
        undefinedFlags: byte,
      },
      {
        name: `${name} r/m, imm`,
        opcode: [0xc1],
        sizes: [32, 64],
        reg,
        immediate: 'byte',
        undefinedFlags: many,
      },
      { name: `${name} r/m, cl (8)`, opcode: [0xd2], sizes: [8], reg, prepare: count, undefinedFlags: byte },
      {
        name: `${name} r/m, cl (16)`,
        opcode: [0xd3],
        sizes: [16],
        reg,
        prepare: count,
        undefinedFlags: byte,
      },
      { name: `${name} r/m, cl`, opcode: [0xd3], sizes: [32, 64], reg, prepare: count, undefinedFlags: many },
    );
  });
  // A 16-bit double shift by more than 16 has an undefined result: counts of other forms stay below.
  for (const [name, opcode] of [
    ['shld', 0xa4],
    ['shrd', 0xac],
  ] as const) {
    const shift = { reg: 'gpr', undefinedFlags: UNDEFINED.shift } as const;
    const byImmediate = { ...shift, opcode: [0x0f, opcode], immediate: 'byte' } as const;
    const byCl = { ...shift, opcode: [0x0f, opcode + 1] } as const;
    const upTo16 = ({ random, registers }: Preparation) => {
      registers.set(RCX, (random.u64() & ~0x1fn) | BigInt(random.below(16)));
    };
    forms.push(
      {
        ...byImmediate,
        name: `${name} r/m, r, imm (16)`,
        sizes: [16],
        immediateValue: (random) => random.below(16),
      },
      { ...byImmediate, name: `${name} r/m, r, imm`, sizes: [32, 64] },
      { ...byImmediate, name: `${name} r/m, r, any imm (16)`, sizes: [16], intelOnly: true },
      { ...byCl, name: `${name} r/m, r, cl (16)`, sizes: [16], prepare: upTo16 },
      { ...byCl, name: `${name} r/m, r, cl`, sizes: [32, 64], prepare: count },
    );
  }
  return forms;
}

function bits(): Form[] {
  const forms: Form[] = [];
  ['bt', 'bts', 'btr', 'btc'].forEach((name, n) => {
    const both: Form[] = [
      {
        name: `${name} r/m, r`,
        opcode: [0x0f, 0xa3 + 8 * n],
        sizes: WORDS,
        reg: 'gpr',
        bitOffset: true,
        undefinedFlags: UNDEFINED.bitTest,
      },
      {
        name: `${name} r/m, imm8`,
        opcode: [0x0f, 0xba],
        sizes: WORDS,
        reg: 4 + n,
        immediate: 'byte',
        undefinedFlags: UNDEFINED.bitTest,
      },
    ];
    forms.push(...(name === 'bt' ? both : withLock(both)));
  });
  const zeroOften = ({ random }: Preparation) => (random.chance(20) ? 0n : interestingInteger(random));
  const scan = {
    sizes: WORDS,
    reg: 'gpr',
    undefinedFlags: UNDEFINED.bitScan,
    operandValue: zeroOften,
  } as const;
  forms.push(
    { name: 'bsf r, r/m', opcode: [0x0f, 0xbc], ...scan },
    { name: 'bsr r, r/m', opcode: [0x0f, 0xbd], ...scan },
    { name: 'popcnt r, r/m', opcode: [0x0f, 0xb8], prefix: 0xf3, sizes: WORDS, reg: 'gpr' },
    { name: 'bswap r', opcode: [0x0f, 0xc8], sizes: [32, 64], plusRegister: true },
  );
  return forms;
}

function moves(): Form[] {
  return [
    ...byteAndWord('mov r/m, r', [0x88], { reg: 'gpr' }),
    ...byteAndWord('mov r, r/m', [0x8a], { reg: 'gpr' }),
    ...byteAndWord('mov r/m, imm', [0xc6], { reg: 0, immediate: 'operand' }),
    ...byteAndWord('mov rax, moffs', [0xa0], { immediate: 'address' }).flatMap((form) =>
      withGs(form, 'immediate'),
    ),
    ...byteAndWord('mov moffs, rax', [0xa2], { immediate: 'address' }).flatMap((form) =>
      withGs(form, 'immediate'),
    ),
    { name: 'mov r, imm (8)', opcode: [0xb0], sizes: [8], plusRegister: true, immediate: 'full' },
    { name: 'mov r, imm', opcode: [0xb8], sizes: WORDS, plusRegister: true, immediate: 'full' },
    { name: 'movzx r, r/m8', opcode: [0x0f, 0xb6], sizes: WORDS, reg: 'gpr', memoryBytes: 1 },
    { name: 'movzx r, r/m16', opcode: [0x0f, 0xb7], sizes: WORDS, reg: 'gpr', memoryBytes: 2 },
    { name: 'movsx r, r/m8', opcode: [0x0f, 0xbe], sizes: WORDS, reg: 'gpr', memoryBytes: 1 },
    { name: 'movsx r, r/m16', opcode: [0x0f, 0xbf], sizes: WORDS, reg: 'gpr', memoryBytes: 2 },
    // Without REX.W it is a move of the operand size (a 16-bit one reads differently by vendor).
    { name: 'movsxd r, r/m32', opcode: [0x63], sizes: [32, 64], reg: 'gpr', memoryBytes: 4 },
    ...byteAndWord('xchg r/m, r', [0x86], { reg: 'gpr' }),
    ...byteAndWord('lock xchg r/m, r', [0x86], { reg: 'gpr', lock: true, only: 'memory' }),
    { name: 'xchg rax, r', opcode: [0x90], sizes: WORDS, plusRegister: true },
    { name: 'lea r, m', opcode: [0x8d], sizes: WORDS, reg: 'gpr', only: 'memory' },
    { name: 'movnti m, r', opcode: [0x0f, 0xc3], sizes: [32, 64], reg: 'gpr', only: 'memory' },
    { name: 'cbw/cwde/cdqe', opcode: [0x98], sizes: WORDS },
    { name: 'cwd/cdq/cqo', opcode: [0x99], sizes: WORDS },
    ...withGs(
      {
        name: 'xlat',
        opcode: [0xd7],
        sizes: [8],
        prepare: ({ registers, target, random }) => {
          const al = random.below(256);
          registers.set(RAX, (random.u64() & ~0xffn) | BigInt(al));
          registers.set(RBX, BigInt(target(1) - al));
        },
      },
      RBX,
    ),
    ...withLock(byteAndWord('cmpxchg r/m, r', [0x0f, 0xb0], { reg: 'gpr', operandValue: compareWithRax })),
    ...withLock([
      {
        name: 'cmpxchg8b m',
        opcode: [0x0f, 0xc7],
        sizes: [32],
        reg: 1,
        only: 'memory',
        memoryBytes: 8,
        operandValue: compareWithPair,
      },
      {
        name: 'cmpxchg16b m',
        opcode: [0x0f, 0xc7],
        sizes: [64],
        reg: 1,
        only: 'memory',
        memoryBytes: 16,
        aligned: true,
        operandValue: compareWithPair,
      },
    ]),
    ...CONDITIONS.flatMap((condition, n): Form[] => [
      { name: `set${condition} r/m`, opcode: [0x0f, 0x90 + n], sizes: [8], reg: 0 },
      { name: `cmov${condition} r, r/m`, opcode: [0x0f, 0x40 + n], sizes: WORDS, reg: 'gpr' },
    ]),
  ];
}

export function compareWithRax({ random, registers }: Preparation): bigint {
  const value = interestingInteger(random);
  registers.set(RAX, random.chance(60) ? value : interestingInteger(random));
  return value;
}

export function compareWithPair({ random, registers, size }: Preparation): bigint {
  const low = BigInt.asUintN(size, interestingInteger(random));
  const high = BigInt.asUintN(size, interestingInteger(random));
  registers.set(RAX, random.chance(80) ? low : interestingInteger(random));
  registers.set(RDX, random.chance(80) ? high : interestingInteger(random));
  return low | (high << BigInt(size));
}

function flags(): Form[] {
  const one = (name: string, opcode: number): Form => ({ name, opcode: [opcode], sizes: [32] });
  return [
    one('clc', 0xf8),
    one('stc', 0xf9),
    one('cmc', 0xf5),
    one('cld', 0xfc),
    one('std', 0xfd),
    one('lahf', 0x9f),
    one('sahf', 0x9e),
    one('nop', 0x90),
    ...[0x19, 0x1a, 0x1b, 0x1c, 0x1d].map(
      (opcode): Form => ({
        name: `nop ${opcode.toString(16)}`,
        opcode: [0x0f, opcode],
        sizes: WORDS,
        reg: 0,
      }),
    ),
    { name: 'nop r/m', opcode: [0x0f, 0x1f], sizes: WORDS, reg: 0 },
    { ...one('pause', 0x90), prefix: 0xf3 },
    { name: 'endbr64', opcode: [0x0f, 0x1e, 0xfa], sizes: [32], prefix: 0xf3 },
    { name: 'lfence', opcode: [0x0f, 0xae, 0xe8], sizes: [32] },
    { name: 'mfence', opcode: [0x0f, 0xae, 0xf0], sizes: [32] },
    { name: 'sfence', opcode: [0x0f, 0xae, 0xf8], sizes: [32] },
    ...[0, 1, 2, 3].map(
      (reg): Form => ({ name: `prefetch /${reg}`, opcode: [0x0f, 0x18], sizes: [32], reg, only: 'memory' }),
    ),
    { name: 'prefetchw', opcode: [0x0f, 0x0d], sizes: [32], reg: 1, only: 'memory' },
    { name: 'clflush', opcode: [0x0f, 0xae], sizes: [32], reg: 7, only: 'memory', memoryBytes: 1 },
  ];
}

/** A place in the code area, mostly; else unmapped, not executable or non-canonical. */
export function codeTarget({ random }: Preparation): bigint {
  if (random.chance(80)) return BigInt(CODE + 0x200 + random.below(0x800));
  return random.pick([
    0x1000n,
    BigInt(DATA + 0x10),
    0xffff_8000_0000_0000n,
    0x8000_0000_0000n,
    0x1234_5678_9abc_def0n,
  ]);
}

function bytesOf(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

const ODD_STACKS = [
  0x7fff_ffff_fffcn,
  0x8000_0000_0000n,
  0x8000_0000_0004n,
  0xffff_7fff_ffff_fff8n,
  0n,
] as const;

/** RSP where there is no stack, or at the edge of the canonical addresses; mostly as `stack`. */
function anyStack(p: Preparation, values: readonly bigint[] = []): void {
  if (p.random.chance(3)) p.registers.set(4, p.random.pick(ODD_STACKS));
  else stack(p, values);
}

/** RSP somewhere in the data, with `values` above it. */
function stack({ random, registers, patch, target }: Preparation, values: readonly bigint[] = []): void {
  const bytes = 8 * values.length;
  const address =
    values.length === 0 && random.chance(10) ? target(8) : DATA + 0x100 + 8 * random.below(0x180);
  registers.set(4, BigInt(address));
  if (bytes > 0)
    patch(
      address,
      bytesOf(
        values.reduceRight((all, value) => (all << 64n) | value, 0n),
        bytes,
      ),
    );
}

function branches(): Form[] {
  const near = (name: string, opcode: readonly number[], rest: Partial<Form> = {}): Form => ({
    name,
    opcode,
    sizes: [32],
    alone: true,
    ...rest,
  });
  const counter = ({ random, registers }: Preparation) => {
    registers.set(RCX, random.pick([0n, 1n, 2n, 0x1_0000_0000n, 0x1_0000_0001n, random.u64()]));
  };
  const returns = (p: Preparation) => anyStack(p, [codeTarget(p)]);
  return [
    ...CONDITIONS.flatMap((condition, n) => [
      near(`j${condition} rel8`, [0x70 + n], { immediate: 'relative8' }),
      near(`j${condition} rel32`, [0x0f, 0x80 + n], { immediate: 'relative32' }),
    ]),
    near('jmp rel8', [0xeb], { immediate: 'relative8' }),
    near('jmp rel32', [0xe9], { immediate: 'relative32' }),
    near('jmp r/m', [0xff], { reg: 4, memoryBytes: 8, operandValue: codeTarget }),
    near('call rel32', [0xe8], { immediate: 'relative32', prepare: anyStack }),
    near('call r/m', [0xff], {
      reg: 2,
      memoryBytes: 8,
      operandValue: codeTarget,
      prepare: (p) => stack(p),
      memoryAfterFault:
        "Intel's CPUs push the return address before they find the target not canonical; the manual does not",
    }),
    near('ret', [0xc3], { prepare: returns }),
    near('ret imm16', [0xc2], { immediate: 'word', prepare: returns }),
    near('loopne', [0xe0], { immediate: 'relative8', prepare: counter }),
    near('loope', [0xe1], { immediate: 'relative8', prepare: counter }),
    near('loop', [0xe2], { immediate: 'relative8', prepare: counter }),
    near('jrcxz', [0xe3], { immediate: 'relative8', prepare: counter }),
    near('jecxz', [0xe3], { addressSize32: true, immediate: 'relative8', prepare: counter }),
  ];
}

function stackForms(): Form[] {
  const prepare = (p: Preparation) => anyStack(p);
  const sizes = [16, 32] as const; // 32 stands for the default of 64 bits
  return [
    { name: 'push r', opcode: [0x50], sizes, plusRegister: true, prepare },
    { name: 'push r/m', opcode: [0xff], sizes, reg: 6, memoryBytes: 8, prepare },
    { name: 'push imm', opcode: [0x68], sizes, immediate: 'operand', prepare },
    { name: 'push imm8', opcode: [0x6a], sizes, immediate: 'byte', prepare },
    { name: 'pop r', opcode: [0x58], sizes, plusRegister: true, prepare },
    { name: 'pop r/m', opcode: [0x8f], sizes, reg: 0, memoryBytes: 8, prepare },
    { name: 'push fs', opcode: [0x0f, 0xa0], sizes, prepare },
    { name: 'push gs', opcode: [0x0f, 0xa8], sizes, prepare },
    { name: 'pushf', opcode: [0x9c], sizes, prepare },
    {
      name: 'popf',
      alone: true,
      opcode: [0x9d],
      sizes,
      // No TF and AC: single stepping and alignment checks are not the subject here.
      prepare: (p) => anyStack(p, [interestingInteger(p.random) & ~0x40100n]),
    },
    { name: 'leave', opcode: [0xc9], sizes, prepare: (p) => p.registers.set(RBP, BigInt(p.target(8))) },
    {
      name: 'enter',
      opcode: [0xc8],
      sizes: [32],
      immediate: 'full', // imm16 size, imm8 level: 32 bits with a nop behind
      immediateValue: (random) => (0x9000_0000 | (random.below(5) << 16) | random.below(0x80)) >>> 0,
      prepare: (p) => {
        anyStack(p);
        p.registers.set(RBP, BigInt(DATA + 0x100 + 8 * p.random.below(0x100)));
      },
    },
  ];
}

export const integerForms: readonly Form[] = [
  ...arithmetic(),
  ...multiplication(),
  ...shifts(),
  ...bits(),
  ...moves(),
  ...flags(),
  ...branches(),
  ...stackForms(),
];
