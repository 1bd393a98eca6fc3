import type { Form, Preparation } from './forms.ts';
import { DATA } from './layout.ts';
import { interestingDouble, interestingExtended, interestingSingle } from './random.ts';

const AX = 0;

const toInteger = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

const memory = (
  name: string,
  opcode: number,
  reg: number,
  memoryBytes: number,
  rest: Partial<Form> = {},
): Form => ({ name, opcode: [opcode], reg, only: 'memory', memoryBytes, sizes: [32], x87: true, ...rest });

/** ST(i) is any of the eight. */
const register = (name: string, opcode: number, reg: number, rest: Partial<Form> = {}): Form => ({
  name,
  opcode: [opcode],
  reg,
  only: 'register',
  sizes: [32],
  x87: true,
  ...rest,
});

/** The whole ModRM byte is the opcode. */
const exactly = (name: string, opcode: number, modrm: number, rest: Partial<Form> = {}): Form => ({
  name,
  opcode: [opcode, modrm],
  sizes: [32],
  x87: true,
  ...rest,
});

const SINGLE = { operandValue: ({ random }: Preparation) => BigInt(interestingSingle(random)) };
const DOUBLE = { operandValue: ({ random }: Preparation) => interestingDouble(random) };
const EXTENDED = { operandValue: ({ random }: Preparation) => toInteger(interestingExtended(random)) };

/** Decimals with valid digits, mostly; what others give is not defined, but this is what CPUs do. */
function decimal({ random }: Preparation): bigint {
  const base = random.chance(80) ? 10 : 16;
  let value = random.chance(50) ? 0n : 0x80n;
  if (random.chance(20)) value |= BigInt(random.below(128));
  const digits = random.below(19);
  for (let digit = 17; digit >= 0; digit--)
    value = (value << 4n) | BigInt(digit < digits ? random.below(base) : 0);
  return value;
}

const loads: readonly Form[] = [
  memory('fld m32', 0xd9, 0, 4, SINGLE),
  memory('fld m64', 0xdd, 0, 8, DOUBLE),
  memory('fld m80', 0xdb, 5, 10, EXTENDED),
  memory('fild m16', 0xdf, 0, 2),
  memory('fild m32', 0xdb, 0, 4),
  memory('fild m64', 0xdf, 5, 8),
  memory('fbld', 0xdf, 4, 10, { operandValue: decimal }),
  register('fld st', 0xd9, 0),
  ...['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'].map((name, n) =>
    exactly(name, 0xd9, 0xe8 + n),
  ),
];

const stores: readonly Form[] = [
  memory('fst m32', 0xd9, 2, 4),
  memory('fstp m32', 0xd9, 3, 4),
  memory('fst m64', 0xdd, 2, 8),
  memory('fstp m64', 0xdd, 3, 8),
  memory('fstp m80', 0xdb, 7, 10),
  memory('fist m16', 0xdf, 2, 2),
  memory('fistp m16', 0xdf, 3, 2),
  memory('fist m32', 0xdb, 2, 4),
  memory('fistp m32', 0xdb, 3, 4),
  memory('fistp m64', 0xdf, 7, 8),
  memory('fisttp m16', 0xdf, 1, 2),
  memory('fisttp m32', 0xdb, 1, 4),
  memory('fisttp m64', 0xdd, 1, 8),
  memory('fbstp', 0xdf, 6, 10),
  register('fst st', 0xdd, 2),
  register('fstp st', 0xdd, 3),
  register('fstp st (d9 d8)', 0xd9, 3),
  register('fstp st (df d0)', 0xdf, 2),
  register('fstp st (df d8)', 0xdf, 3),
  register('fxch', 0xd9, 1),
  register('fxch (dd c8)', 0xdd, 1),
  register('fxch (df c8)', 0xdf, 1),
  register('ffree', 0xdd, 0),
  register('ffreep', 0xdf, 0),
  exactly('fdecstp', 0xd9, 0xf6),
  exactly('fincstp', 0xd9, 0xf7),
  exactly('fnop', 0xd9, 0xd0),
  ...['b', 'e', 'be', 'u'].flatMap((condition, n) => [
    register(`fcmov${condition}`, 0xda, n),
    register(`fcmovn${condition}`, 0xdb, n),
  ]),
];

const OPERATIONS = ['fadd', 'fmul', 'fcom', 'fcomp', 'fsub', 'fsubr', 'fdiv', 'fdivr'];

const arithmetic: readonly Form[] = [
  ...OPERATIONS.flatMap((name, reg) => [
    memory(`${name} m32`, 0xd8, reg, 4, SINGLE),
    memory(`${name} m64`, 0xdc, reg, 8, DOUBLE),
    memory(`${name} m32 integer`, 0xda, reg, 4),
    memory(`${name} m16 integer`, 0xde, reg, 2),
    register(`${name} st, st(i)`, 0xd8, reg),
    register(`${name} st(i), st`, 0xdc, reg),
    ...(name === 'fcomp' ? [] : [register(`${name} and pop`, 0xde, reg)]),
  ]),
  exactly('fchs', 0xd9, 0xe0),
  exactly('fabs', 0xd9, 0xe1),
  exactly('fsqrt', 0xd9, 0xfa),
  exactly('frndint', 0xd9, 0xfc),
  exactly('fscale', 0xd9, 0xfd),
  exactly('fxtract', 0xd9, 0xf4),
  exactly('fprem', 0xd9, 0xf8),
  exactly('fprem1', 0xd9, 0xf5),
];

const TRANSCENDENTAL = { approximate: true, intelOnly: true, alone: true } as const;

/** The functions whose results are not defined to the last bit. */
export const transcendental: readonly Form[] = [
  exactly('f2xm1', 0xd9, 0xf0, TRANSCENDENTAL),
  exactly('fyl2x', 0xd9, 0xf1, TRANSCENDENTAL),
  exactly('fptan', 0xd9, 0xf2, TRANSCENDENTAL),
  exactly('fpatan', 0xd9, 0xf3, TRANSCENDENTAL),
  exactly('fyl2xp1', 0xd9, 0xf9, TRANSCENDENTAL),
  exactly('fsincos', 0xd9, 0xfb, TRANSCENDENTAL),
  exactly('fsin', 0xd9, 0xfe, TRANSCENDENTAL),
  exactly('fcos', 0xd9, 0xff, TRANSCENDENTAL),
];

const comparisons: readonly Form[] = [
  exactly('fcompp', 0xde, 0xd9),
  register('fucom', 0xdd, 4),
  register('fucomp', 0xdd, 5),
  exactly('fucompp', 0xda, 0xe9),
  register('fucomi', 0xdb, 5),
  register('fcomi', 0xdb, 6),
  register('fucomip', 0xdf, 5),
  register('fcomip', 0xdf, 6),
  exactly('ftst', 0xd9, 0xe4),
  exactly('fxam', 0xd9, 0xe5),
];

/** An environment or a whole state with bits everywhere; mostly without a pending exception. */
const environment =
  (registers: boolean) =>
  ({ random, size }: Preparation): bigint => {
    const word = size === 16 ? 2 : 4;
    const bytes = random.bytes(7 * word);
    if (random.chance(80)) bytes[0] |= 0x3f;
    bytes[word] &= random.chance(50) ? 0x7f : 0xff;
    const parts = registers ? Array.from({ length: 8 }, () => interestingExtended(random)) : [];
    return toInteger(Uint8Array.of(...bytes, ...parts.flatMap((part) => [...part])));
  };

const ALL_SIZES = { sizes: [32, 64] } as const;
const NARROW = { sizes: [16] } as const;

/** An area for FXRSTOR with bits everywhere; mostly without a pending exception or bits of MXCSR that are not there. */
function stateArea({ random, registers, patch }: Preparation): void {
  const area = random.bytes(512);
  if (random.chance(80)) area[0] |= 0x3f;
  for (let n = 0; n < 8; n++) area.set(interestingExtended(random), 32 + 16 * n);
  if (random.chance(90)) area.set([0x80, 0x1f, 0, 0], 24);
  const address = DATA + 16 * random.below(0x80) + (random.chance(10) ? random.below(16) : 0);
  registers.set(AX, BigInt(address));
  patch(address, area);
}

const control: readonly Form[] = [
  {
    name: 'fxsave [rax] (x87)',
    opcode: [0x0f, 0xae, 0x00],
    ...ALL_SIZES,
    x87: true,
    prepare: ({ random, registers }) => registers.set(AX, BigInt(DATA + 16 * random.below(0x180))),
  },
  { name: 'fxrstor [rax] (x87)', opcode: [0x0f, 0xae, 0x08], ...ALL_SIZES, x87: true, prepare: stateArea },
  memory('fldcw', 0xd9, 5, 2),
  memory('fnstcw', 0xd9, 7, 2),
  memory('fnstsw m16', 0xdd, 7, 2),
  exactly('fnstsw ax', 0xdf, 0xe0),
  exactly('fnclex', 0xdb, 0xe2),
  exactly('fninit', 0xdb, 0xe3),
  exactly('feni', 0xdb, 0xe0),
  exactly('fdisi', 0xdb, 0xe1),
  exactly('fsetpm', 0xdb, 0xe4),
  { name: 'fwait', opcode: [0x9b], sizes: [32], x87: true },
  memory('fnstenv', 0xd9, 6, 28, ALL_SIZES),
  memory('fnstenv (16)', 0xd9, 6, 14, NARROW),
  memory('fnsave', 0xdd, 6, 108, ALL_SIZES),
  memory('fnsave (16)', 0xdd, 6, 94, NARROW),
  memory('fldenv', 0xd9, 4, 28, { ...ALL_SIZES, operandValue: environment(false) }),
  memory('fldenv (16)', 0xd9, 4, 14, { ...NARROW, operandValue: environment(false) }),
  memory('frstor', 0xdd, 4, 108, { ...ALL_SIZES, operandValue: environment(true) }),
  memory('frstor (16)', 0xdd, 4, 94, { ...NARROW, operandValue: environment(true) }),
];

/** Places of the opcode map that are empty. */
const invalid: readonly Form[] = [
  [0xd9, 0xd1],
  [0xd9, 0xe2],
  [0xd9, 0xe6],
  [0xd9, 0xef],
  [0xda, 0xe0],
  [0xda, 0xe8],
  [0xda, 0xf0],
  [0xda, 0xf8],
  [0xdb, 0xe5],
  [0xdb, 0xf8],
  [0xdd, 0xf0],
  [0xdd, 0xf8],
  [0xde, 0xd8],
  [0xdf, 0xe1],
  [0xdf, 0xf8],
].map(([opcode, modrm]) =>
  exactly(`invalid ${opcode.toString(16)} ${modrm.toString(16)}`, opcode, modrm, { alone: true }),
);

export const x87Forms: readonly Form[] = [
  ...loads,
  ...stores,
  ...arithmetic,
  ...transcendental,
  ...comparisons,
  ...control,
  ...invalid,
  { ...exactly('lock fadd m32', 0xd8, 0x00, { alone: true }), opcode: [0xf0, 0xd8, 0x00] },
];
