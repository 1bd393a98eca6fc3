import { type Form, type Preparation, withGs } from './forms.ts';
import { DATA } from './layout.ts';

export type Prefix = 0 | 0x66 | 0xf3 | 0xf2;

const AX = 0;
const DI = 7;

/** An instruction of the opcode 0F xx, 0F 38 xx (0x38xx) or 0F 3A xx (0x3axx). */
export const form = (name: string, prefix: Prefix, opcode: number, rest: Partial<Form>): Form => ({
  name,
  opcode: [0x0f, ...(opcode > 0xff ? [opcode >> 8] : []), opcode & 0xff],
  ...(prefix === 0 ? {} : { prefix }),
  sizes: [32],
  reg: 'xmm',
  rm: 'xmm',
  ...rest,
});

export const ALIGNED = { memoryBytes: 16, aligned: true } as const;
export const UNALIGNED = { memoryBytes: 16 } as const;
export const DOUBLE = { memoryBytes: 8 } as const;
export const SINGLE = { memoryBytes: 4 } as const;
export const VENDOR = { intelOnly: true } as const;
export const MEMORY = { only: 'memory' } as const;
export const REGISTER = { only: 'register' } as const;

/** Forms for singles and doubles, packed and scalar, of one opcode. */
const family = (name: string, opcode: number, rest: Partial<Form> = {}): Form[] => [
  form(`${name}ps`, 0, opcode, { ...ALIGNED, ...rest }),
  form(`${name}pd`, 0x66, opcode, { ...ALIGNED, ...rest }),
  form(`${name}ss`, 0xf3, opcode, { ...SINGLE, ...rest }),
  form(`${name}sd`, 0xf2, opcode, { ...DOUBLE, ...rest }),
];

const both = (name: string, opcode: number, rest: Partial<Form>): Form[] => [
  form(`${name}ps`, 0, opcode, rest),
  form(`${name}pd`, 0x66, opcode, rest),
];

const moves: readonly Form[] = [
  ...both('movu', 0x10, UNALIGNED),
  ...both('movu to r/m ', 0x11, UNALIGNED),
  ...both('mova', 0x28, ALIGNED),
  ...both('mova to r/m ', 0x29, ALIGNED),
  ...both('movnt', 0x2b, { ...ALIGNED, ...MEMORY }),
  ...both('movmsk', 0x50, { ...REGISTER, reg: 'gpr' }),
  form('movss', 0xf3, 0x10, SINGLE),
  form('movss to r/m', 0xf3, 0x11, SINGLE),
  form('movsd', 0xf2, 0x10, DOUBLE),
  form('movsd to r/m', 0xf2, 0x11, DOUBLE),
  form('movlps/movhlps', 0, 0x12, DOUBLE),
  form('movlpd', 0x66, 0x12, { ...DOUBLE, ...MEMORY }),
  ...both('movl to m ', 0x13, { ...DOUBLE, ...MEMORY }),
  form('movhps/movlhps', 0, 0x16, DOUBLE),
  form('movhpd', 0x66, 0x16, { ...DOUBLE, ...MEMORY }),
  ...both('movh to m ', 0x17, { ...DOUBLE, ...MEMORY }),
  form('movdqa', 0x66, 0x6f, ALIGNED),
  form('movdqu', 0xf3, 0x6f, UNALIGNED),
  form('movdqa to r/m', 0x66, 0x7f, ALIGNED),
  form('movdqu to r/m', 0xf3, 0x7f, UNALIGNED),
  form('movntdq', 0x66, 0xe7, { ...ALIGNED, ...MEMORY }),
  form('movq xmm, xmm/m', 0xf3, 0x7e, DOUBLE),
  form('movq xmm/m, xmm', 0x66, 0xd6, DOUBLE),
  form('movd/movq xmm, r/m', 0x66, 0x6e, { sizes: [32, 64], rm: 'gpr' }),
  form('movd/movq r/m, xmm', 0x66, 0x7e, { sizes: [32, 64], rm: 'gpr' }),
  form('pinsrw', 0x66, 0xc4, { rm: 'gpr', memoryBytes: 2, immediate: 'byte' }),
  form('pextrw', 0x66, 0xc5, { ...REGISTER, reg: 'gpr', immediate: 'byte' }),
  form('pmovmskb', 0x66, 0xd7, { ...REGISTER, reg: 'gpr' }),
  ...withGs(
    form('maskmovdqu', 0x66, 0xf7, {
      ...REGISTER,
      alone: true,
      // No faults: which byte of a masked store is named as the one that faulted is up to the CPU.
      prepare: ({ registers, random }: Preparation) =>
        registers.set(DI, BigInt(DATA + 16 + random.below(0x1fc0))),
    }),
    DI,
  ),
];

const arithmetic: readonly Form[] = [
  ...family('sqrt', 0x51),
  ...family('add', 0x58),
  ...family('mul', 0x59),
  ...family('sub', 0x5c),
  ...family('min', 0x5d),
  ...family('div', 0x5e),
  ...family('max', 0x5f),
  form('rsqrtps', 0, 0x52, { ...ALIGNED, ...VENDOR }),
  form('rsqrtss', 0xf3, 0x52, { ...SINGLE, ...VENDOR }),
  form('rcpps', 0, 0x53, { ...ALIGNED, ...VENDOR }),
  form('rcpss', 0xf3, 0x53, { ...SINGLE, ...VENDOR }),
  ...both('and', 0x54, ALIGNED),
  ...both('andn', 0x55, ALIGNED),
  ...both('or', 0x56, ALIGNED),
  ...both('xor', 0x57, ALIGNED),
  ...both('unpckl', 0x14, ALIGNED),
  ...both('unpckh', 0x15, ALIGNED),
  ...both('shuf', 0xc6, { ...ALIGNED, immediate: 'byte' }),
  ...family('cmp ', 0xc2, { immediate: 'byte', immediateValue: (random) => random.below(8) }),
  form('ucomiss', 0, 0x2e, SINGLE),
  form('ucomisd', 0x66, 0x2e, DOUBLE),
  form('comiss', 0, 0x2f, SINGLE),
  form('comisd', 0x66, 0x2f, DOUBLE),
];

const conversions: readonly Form[] = [
  form('cvtsi2ss', 0xf3, 0x2a, { sizes: [32, 64], rm: 'gpr' }),
  form('cvtsi2sd', 0xf2, 0x2a, { sizes: [32, 64], rm: 'gpr' }),
  form('cvttss2si', 0xf3, 0x2c, { ...SINGLE, sizes: [32, 64], reg: 'gpr' }),
  form('cvttsd2si', 0xf2, 0x2c, { ...DOUBLE, sizes: [32, 64], reg: 'gpr' }),
  form('cvtss2si', 0xf3, 0x2d, { ...SINGLE, sizes: [32, 64], reg: 'gpr' }),
  form('cvtsd2si', 0xf2, 0x2d, { ...DOUBLE, sizes: [32, 64], reg: 'gpr' }),
  form('cvtps2pd', 0, 0x5a, DOUBLE),
  form('cvtpd2ps', 0x66, 0x5a, ALIGNED),
  form('cvtss2sd', 0xf3, 0x5a, SINGLE),
  form('cvtsd2ss', 0xf2, 0x5a, DOUBLE),
  form('cvtdq2ps', 0, 0x5b, ALIGNED),
  form('cvtps2dq', 0x66, 0x5b, ALIGNED),
  form('cvttps2dq', 0xf3, 0x5b, ALIGNED),
  form('cvttpd2dq', 0x66, 0xe6, ALIGNED),
  form('cvtpd2dq', 0xf2, 0xe6, ALIGNED),
  form('cvtdq2pd', 0xf3, 0xe6, DOUBLE),
];

export const PACKED_INTEGER: readonly (readonly [number, string])[] = [
  [0x60, 'punpcklbw'],
  [0x61, 'punpcklwd'],
  [0x62, 'punpckldq'],
  [0x63, 'packsswb'],
  [0x64, 'pcmpgtb'],
  [0x65, 'pcmpgtw'],
  [0x66, 'pcmpgtd'],
  [0x67, 'packuswb'],
  [0x68, 'punpckhbw'],
  [0x69, 'punpckhwd'],
  [0x6a, 'punpckhdq'],
  [0x6b, 'packssdw'],
  [0x6c, 'punpcklqdq'],
  [0x6d, 'punpckhqdq'],
  [0x74, 'pcmpeqb'],
  [0x75, 'pcmpeqw'],
  [0x76, 'pcmpeqd'],
  [0xd1, 'psrlw'],
  [0xd2, 'psrld'],
  [0xd3, 'psrlq'],
  [0xd4, 'paddq'],
  [0xd5, 'pmullw'],
  [0xd8, 'psubusb'],
  [0xd9, 'psubusw'],
  [0xda, 'pminub'],
  [0xdb, 'pand'],
  [0xdc, 'paddusb'],
  [0xdd, 'paddusw'],
  [0xde, 'pmaxub'],
  [0xdf, 'pandn'],
  [0xe0, 'pavgb'],
  [0xe1, 'psraw'],
  [0xe2, 'psrad'],
  [0xe3, 'pavgw'],
  [0xe4, 'pmulhuw'],
  [0xe5, 'pmulhw'],
  [0xe8, 'psubsb'],
  [0xe9, 'psubsw'],
  [0xea, 'pminsw'],
  [0xeb, 'por'],
  [0xec, 'paddsb'],
  [0xed, 'paddsw'],
  [0xee, 'pmaxsw'],
  [0xef, 'pxor'],
  [0xf1, 'psllw'],
  [0xf2, 'pslld'],
  [0xf3, 'psllq'],
  [0xf4, 'pmuludq'],
  [0xf5, 'pmaddwd'],
  [0xf6, 'psadbw'],
  [0xf8, 'psubb'],
  [0xf9, 'psubw'],
  [0xfa, 'psubd'],
  [0xfb, 'psubq'],
  [0xfc, 'paddb'],
  [0xfd, 'paddw'],
  [0xfe, 'paddd'],
];

export const isShift = (opcode: number): boolean =>
  opcode >= 0xd1 && (opcode & 15) <= 3 && opcode !== 0xe3 && opcode !== 0xe0;

/** Most counts small, in memory; registers hold anything. */
const shiftCount = {
  ...MEMORY,
  operandValue: ({ random }: Preparation) =>
    random.chance(90) ? BigInt(random.below(70)) : random.u64() >> BigInt(random.below(40)),
};

const integer: readonly Form[] = [
  ...PACKED_INTEGER.map(([opcode, name]) => form(name, 0x66, opcode, ALIGNED)),
  ...PACKED_INTEGER.filter(([opcode]) => isShift(opcode)).map(([opcode, name]) =>
    form(`${name} by count`, 0x66, opcode, { ...ALIGNED, ...shiftCount }),
  ),
  ...(
    [
      [0x71, [2, 4, 6]],
      [0x72, [2, 4, 6]],
      [0x73, [2, 3, 6, 7]],
    ] as const
  ).flatMap(([opcode, extensions]) =>
    extensions.map((reg) =>
      form(`shift ${opcode.toString(16)} /${reg}, imm`, 0x66, opcode, {
        ...REGISTER,
        reg,
        immediate: 'byte',
        immediateValue: (random) => (random.chance(85) ? random.below(70) : random.below(256)),
      }),
    ),
  ),
  form('pshufd', 0x66, 0x70, { ...ALIGNED, immediate: 'byte' }),
  form('pshufhw', 0xf3, 0x70, { ...ALIGNED, immediate: 'byte' }),
  form('pshuflw', 0xf2, 0x70, { ...ALIGNED, immediate: 'byte' }),
];

/** MXCSR images with and without bits that do not exist. */
function mxcsrValue({ random }: Preparation): bigint {
  return BigInt(random.chance(80) ? random.below(0x1_0000) | 0x1f80 : random.u32());
}

/** A 512-byte area as FXSAVE leaves it, for FXRSTOR to take. */
function stateArea(p: Preparation): void {
  const { random, registers, patch } = p;
  const area = random.bytes(512);
  const view = new DataView(area.buffer);
  view.setUint32(0, 0x37f, true); // no x87 exception pending
  view.setUint32(4, 0, true);
  area.fill(0, 8, 24);
  view.setUint32(24, 0x1f80 | (random.chance(90) ? random.below(0x1_0000) : random.u32()), true);
  area.fill(0, 32, 160);
  const address = DATA + 16 * random.below(0x80) + (random.chance(10) ? random.below(16) : 0);
  registers.set(AX, BigInt(address));
  patch(address, area);
}

const saveArea = ({ random, registers, target }: Preparation): void => {
  const address = random.chance(80) ? DATA + 16 * random.below(0x180) : target(512);
  registers.set(AX, BigInt(address));
};

const state: readonly Form[] = [
  form('ldmxcsr', 0, 0xae, { reg: 2, ...MEMORY, ...SINGLE, operandValue: mxcsrValue }),
  form('stmxcsr', 0, 0xae, { reg: 3, ...MEMORY, ...SINGLE }),
  { name: 'fxsave [rax]', opcode: [0x0f, 0xae, 0x00], sizes: [32, 64], prepare: saveArea },
  { name: 'fxrstor [rax]', opcode: [0x0f, 0xae, 0x08], sizes: [32, 64], prepare: stateArea },
];

/** Prefixes and operands that there are not. */
function invalid(): Form[] {
  const raw = (name: string, ...opcode: number[]): Form => ({ name, opcode, sizes: [32], alone: true });
  return [
    raw('lock addps', 0xf0, 0x0f, 0x58, 0xc1),
    raw('lock paddd', 0xf0, 0x66, 0x0f, 0xfe, 0xc1),
    raw('f2 movaps', 0xf2, 0x0f, 0x28, 0xc1),
    raw('f3 andps', 0xf3, 0x0f, 0x54, 0xc1),
    raw('f2 ucomiss', 0xf2, 0x0f, 0x2e, 0xc1),
    raw('f3 unpcklps', 0xf3, 0x0f, 0x14, 0xc1),
    raw('f2 shufps', 0xf2, 0x0f, 0xc6, 0xc1, 0),
    raw('f3 paddd', 0xf3, 0x0f, 0xfe, 0xc1),
    raw('f2 movmskps', 0xf2, 0x0f, 0x50, 0xc1),
    raw('movlpd r, r', 0x66, 0x0f, 0x12, 0xc1),
    raw('movlps to r', 0x0f, 0x13, 0xc1),
    raw('movhpd r, r', 0x66, 0x0f, 0x16, 0xc1),
    raw('movhps to r', 0x0f, 0x17, 0xc1),
    raw('movntps r, r', 0x0f, 0x2b, 0xc1),
    raw('movntdq r, r', 0x66, 0x0f, 0xe7, 0xc1),
    raw('movnti r, r', 0x0f, 0xc3, 0xc1),
    raw('66 movnti', 0x66, 0x0f, 0xc3, 0x04, 0x25, 0, 0, 0, 0x30),
    raw('movmskps m', 0x0f, 0x50, 0x04, 0x25, 0, 0, 0, 0x30),
    raw('pextrw m', 0x66, 0x0f, 0xc5, 0x04, 0x25, 0, 0, 0, 0x30, 0),
    raw('pmovmskb m', 0x66, 0x0f, 0xd7, 0x04, 0x25, 0, 0, 0, 0x30),
    raw('shift 71 /0', 0x66, 0x0f, 0x71, 0xc1, 1),
    raw('shift 72 /3', 0x66, 0x0f, 0x72, 0xd9, 1),
    raw('shift 73 /4', 0x66, 0x0f, 0x73, 0xe1, 1),
    raw('shift 71 m', 0x66, 0x0f, 0x71, 0x14, 0x25, 0, 0, 0, 0x30, 1),
    raw('f3 ldmxcsr', 0xf3, 0x0f, 0xae, 0x14, 0x25, 0, 0, 0, 0x30),
    raw('f2 fxsave', 0xf2, 0x0f, 0xae, 0x04, 0x25, 0, 0, 0, 0x30),
    raw('lock fxsave', 0xf0, 0x0f, 0xae, 0x04, 0x25, 0, 0, 0, 0x30),
    raw('ae /2 r without prefix', 0x0f, 0xae, 0xd0),
  ];
}

export const sseForms: readonly Form[] = [
  ...moves,
  ...arithmetic,
  ...conversions,
  ...integer,
  ...state,
  ...invalid(),
];
