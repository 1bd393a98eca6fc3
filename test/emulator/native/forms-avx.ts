import { type Form, type Preparation, UNDEFINED } from './forms.ts';
import { isShift, PACKED_INTEGER } from './forms-sse.ts';
import { sse4Forms } from './forms-sse4.ts';
import { DATA } from './layout.ts';

const AX = 0;
const CX = 1;
const DX = 2;
const SI = 6;
const DI = 7;

type Prefix = 0 | 0x66 | 0xf3 | 0xf2;

/** Opcode bytes of 0xNN (map 0F), 0x38NN or 0x3aNN. */
const bytesOf = (opcode: number): number[] =>
  opcode > 0xff ? [0x0f, opcode >> 8, opcode & 255] : [0x0f, opcode];

interface Shape {
  readonly length: 128 | 256 | 'ignored';
  /** VEX.vvvv is an operand. */
  readonly three?: boolean;
  /** Bytes of the memory operand; default: those of the vector. */
  readonly memoryBytes?: number;
  readonly w?: 0 | 1;
}

function form(name: string, prefix: Prefix, opcode: number, shape: Shape, rest: Partial<Form> = {}): Form {
  const { length, three, w } = shape;
  const memoryBytes = shape.memoryBytes ?? (length === 256 ? 32 : 16);
  return {
    name: `${name}${length === 'ignored' ? '' : ` (${length})`}`,
    opcode: bytesOf(opcode),
    ...(prefix === 0 ? {} : { prefix }),
    sizes: [32],
    reg: 'xmm',
    rm: 'xmm',
    memoryBytes,
    vex: {
      length,
      ...(w === undefined ? { wIgnored: rest.sizes === undefined } : { w }),
      ...(three ? { vvvv: 'xmm' } : {}),
    },
    requires: ['avx2'],
    ...rest,
  };
}

/** The forms of 128 and 256 bits. */
const both = (
  name: string,
  prefix: Prefix,
  opcode: number,
  shape: Omit<Shape, 'length'> = {},
  rest: Partial<Form> = {},
): Form[] => [
  form(name, prefix, opcode, { ...shape, length: 128 }, rest),
  form(name, prefix, opcode, { ...shape, length: 256 }, rest),
];

const three = (name: string, prefix: Prefix, opcode: number, rest: Partial<Form> = {}): Form[] =>
  both(name, prefix, opcode, { three: true }, rest);

const scalar = (
  name: string,
  prefix: Prefix,
  opcode: number,
  memoryBytes: number,
  isThree = true,
  rest: Partial<Form> = {},
): Form => form(name, prefix, opcode, { length: 'ignored', three: isThree, memoryBytes }, rest);

/** Singles and doubles, packed and scalar, of one opcode; only the packed forms may have two operands. */
const family = (name: string, opcode: number, isThree = true, rest: Partial<Form> = {}): Form[] => [
  ...both(`${name}ps`, 0, opcode, { three: isThree }, rest),
  ...both(`${name}pd`, 0x66, opcode, { three: isThree }, rest),
  scalar(`${name}ss`, 0xf3, opcode, 4, true, rest),
  scalar(`${name}sd`, 0xf2, opcode, 8, true, rest),
];

const packed = (
  name: string,
  opcode: number,
  shape: Omit<Shape, 'length'>,
  rest: Partial<Form> = {},
): Form[] => [...both(`${name}ps`, 0, opcode, shape, rest), ...both(`${name}pd`, 0x66, opcode, shape, rest)];

const MEMORY = { only: 'memory' } as const;
const REGISTER = { only: 'register' } as const;
const ALIGNED = { aligned: true } as const;
const IMMEDIATE = { immediate: 'byte' } as const;
const TO_GENERAL = { ...REGISTER, reg: 'gpr' } as const;
const SIZES = { sizes: [32, 64] } as const;
const SHORT = { length: 128 } as const;
const SHORT_THREE = { length: 128, three: true } as const;

const moves: readonly Form[] = [
  ...packed('vmovu', 0x10, {}),
  ...packed('vmovu to r/m ', 0x11, {}),
  ...packed('vmova', 0x28, {}, ALIGNED),
  ...packed('vmova to r/m ', 0x29, {}, ALIGNED),
  ...packed('vmovnt', 0x2b, {}, { ...ALIGNED, ...MEMORY }),
  ...both('vmovdqa', 0x66, 0x6f, {}, ALIGNED),
  ...both('vmovdqu', 0xf3, 0x6f),
  ...both('vmovdqa to r/m', 0x66, 0x7f, {}, ALIGNED),
  ...both('vmovdqu to r/m', 0xf3, 0x7f),
  ...both('vmovntdq', 0x66, 0xe7, {}, { ...ALIGNED, ...MEMORY }),
  ...both('vmovntdqa', 0x66, 0x382a, {}, { ...ALIGNED, ...MEMORY }),
  ...both('vlddqu', 0xf2, 0xf0, {}, MEMORY),
  scalar('vmovss r, r, r', 0xf3, 0x10, 4, true, REGISTER),
  scalar('vmovsd r, r, r', 0xf2, 0x10, 8, true, REGISTER),
  scalar('vmovss r, m', 0xf3, 0x10, 4, false, MEMORY),
  scalar('vmovsd r, m', 0xf2, 0x10, 8, false, MEMORY),
  scalar('vmovss r, r, r (store form)', 0xf3, 0x11, 4, true, REGISTER),
  scalar('vmovsd r, r, r (store form)', 0xf2, 0x11, 8, true, REGISTER),
  scalar('vmovss m, r', 0xf3, 0x11, 4, false, MEMORY),
  scalar('vmovsd m, r', 0xf2, 0x11, 8, false, MEMORY),
  form('vmovlps/vmovhlps', 0, 0x12, { ...SHORT_THREE, memoryBytes: 8 }),
  form('vmovlpd', 0x66, 0x12, { ...SHORT_THREE, memoryBytes: 8 }, MEMORY),
  form('vmovlps to m', 0, 0x13, { ...SHORT, memoryBytes: 8 }, MEMORY),
  form('vmovlpd to m', 0x66, 0x13, { ...SHORT, memoryBytes: 8 }, MEMORY),
  form('vmovhps/vmovlhps', 0, 0x16, { ...SHORT_THREE, memoryBytes: 8 }),
  form('vmovhpd', 0x66, 0x16, { ...SHORT_THREE, memoryBytes: 8 }, MEMORY),
  form('vmovhps to m', 0, 0x17, { ...SHORT, memoryBytes: 8 }, MEMORY),
  form('vmovhpd to m', 0x66, 0x17, { ...SHORT, memoryBytes: 8 }, MEMORY),
  form('vmovd r, r/m', 0x66, 0x6e, { ...SHORT, memoryBytes: 4 }, { sizes: [32], rm: 'gpr' }),
  form('vmovq r, r/m (general)', 0x66, 0x6e, { ...SHORT, memoryBytes: 8 }, { sizes: [64], rm: 'gpr' }),
  form('vmovd r/m, r', 0x66, 0x7e, { ...SHORT, memoryBytes: 4 }, { sizes: [32], rm: 'gpr' }),
  form('vmovq r/m, r (general)', 0x66, 0x7e, { ...SHORT, memoryBytes: 8 }, { sizes: [64], rm: 'gpr' }),
  form('vmovq r, r/m', 0xf3, 0x7e, { ...SHORT, memoryBytes: 8 }),
  form('vmovq r/m, r', 0x66, 0xd6, { ...SHORT, memoryBytes: 8 }),
  form('vpinsrw', 0x66, 0xc4, { ...SHORT_THREE, memoryBytes: 2 }, { rm: 'gpr', ...IMMEDIATE }),
  form('vpextrw', 0x66, 0xc5, SHORT, { ...TO_GENERAL, ...IMMEDIATE }),
  ...packed('vmovmsk', 0x50, {}, TO_GENERAL),
  ...both('vpmovmskb', 0x66, 0xd7, {}, TO_GENERAL),
  form('vmaskmovdqu', 0x66, 0xf7, SHORT, {
    ...REGISTER,
    alone: true,
    // No faults: which byte of a masked store is named as the one that faulted is up to the CPU.
    prepare: ({ registers, random }: Preparation) =>
      registers.set(DI, BigInt(DATA + 16 + random.below(0x1fc0))),
  }),
  form(
    'vldmxcsr',
    0,
    0xae,
    { ...SHORT, memoryBytes: 4 },
    {
      ...MEMORY,
      reg: 2,
      operandValue: ({ random }) =>
        BigInt(random.chance(80) ? random.below(0x1_0000) | 0x1f80 : random.u32()),
    },
  ),
  form('vstmxcsr', 0, 0xae, { ...SHORT, memoryBytes: 4 }, { ...MEMORY, reg: 3 }),
  ...both('vzeroupper/vzeroall', 0, 0x77).map(withoutModrm),
];

function withoutModrm({ reg: _reg, rm: _rm, ...rest }: Form): Form {
  return rest;
}

const arithmetic: readonly Form[] = [
  ...family('vsqrt', 0x51, false),
  ...family('vadd', 0x58),
  ...family('vmul', 0x59),
  ...family('vsub', 0x5c),
  ...family('vmin', 0x5d),
  ...family('vdiv', 0x5e),
  ...family('vmax', 0x5f),
  ...family('vcmp ', 0xc2, true, IMMEDIATE),
  ...both('vrsqrtps', 0, 0x52, {}, { intelOnly: true }),
  scalar('vrsqrtss', 0xf3, 0x52, 4, true, { intelOnly: true }),
  ...both('vrcpps', 0, 0x53, {}, { intelOnly: true }),
  scalar('vrcpss', 0xf3, 0x53, 4, true, { intelOnly: true }),
  ...packed('vand', 0x54, { three: true }),
  ...packed('vandn', 0x55, { three: true }),
  ...packed('vor', 0x56, { three: true }),
  ...packed('vxor', 0x57, { three: true }),
  ...packed('vunpckl', 0x14, { three: true }),
  ...packed('vunpckh', 0x15, { three: true }),
  ...packed('vshuf', 0xc6, { three: true }, IMMEDIATE),
  scalar('vucomiss', 0, 0x2e, 4, false),
  scalar('vucomisd', 0x66, 0x2e, 8, false),
  scalar('vcomiss', 0, 0x2f, 4, false),
  scalar('vcomisd', 0x66, 0x2f, 8, false),
];

const FROM_GENERAL = { ...SIZES, rm: 'gpr' } as const;
const TO_INTEGER = { ...SIZES, reg: 'gpr' } as const;

/** Without `memoryBytes`: the operand size says how many. */
function ofOperandSize({ memoryBytes: _bytes, ...rest }: Form): Form {
  return rest;
}

const conversions: readonly Form[] = [
  ofOperandSize(scalar('vcvtsi2ss', 0xf3, 0x2a, 4, true, FROM_GENERAL)),
  ofOperandSize(scalar('vcvtsi2sd', 0xf2, 0x2a, 8, true, FROM_GENERAL)),
  scalar('vcvttss2si', 0xf3, 0x2c, 4, false, TO_INTEGER),
  scalar('vcvttsd2si', 0xf2, 0x2c, 8, false, TO_INTEGER),
  scalar('vcvtss2si', 0xf3, 0x2d, 4, false, TO_INTEGER),
  scalar('vcvtsd2si', 0xf2, 0x2d, 8, false, TO_INTEGER),
  form('vcvtps2pd', 0, 0x5a, { length: 128, memoryBytes: 8 }),
  form('vcvtps2pd', 0, 0x5a, { length: 256, memoryBytes: 16 }),
  ...both('vcvtpd2ps', 0x66, 0x5a),
  scalar('vcvtss2sd', 0xf3, 0x5a, 4),
  scalar('vcvtsd2ss', 0xf2, 0x5a, 8),
  ...both('vcvtdq2ps', 0, 0x5b),
  ...both('vcvtps2dq', 0x66, 0x5b),
  ...both('vcvttps2dq', 0xf3, 0x5b),
  ...both('vcvttpd2dq', 0x66, 0xe6),
  ...both('vcvtpd2dq', 0xf2, 0xe6),
  form('vcvtdq2pd', 0xf3, 0xe6, { length: 128, memoryBytes: 8 }),
  form('vcvtdq2pd', 0xf3, 0xe6, { length: 256, memoryBytes: 16 }),
];

/** Most counts small, in memory; registers hold anything. */
const shiftCount = {
  ...MEMORY,
  operandValue: ({ random }: Preparation) =>
    random.chance(90) ? BigInt(random.below(70)) : random.u64() >> BigInt(random.below(40)),
};

const integer: readonly Form[] = [
  ...PACKED_INTEGER.flatMap(([opcode, name]) =>
    isShift(opcode)
      ? [
          ...both(`v${name}`, 0x66, opcode, { three: true, memoryBytes: 16 }),
          ...both(`v${name} by count`, 0x66, opcode, { three: true, memoryBytes: 16 }, shiftCount),
        ]
      : three(`v${name}`, 0x66, opcode),
  ),
  ...(
    [
      [0x71, [2, 4, 6]],
      [0x72, [2, 4, 6]],
      [0x73, [2, 3, 6, 7]],
    ] as const
  ).flatMap(([opcode, extensions]) =>
    extensions.flatMap((reg) =>
      three(`vshift ${opcode.toString(16)} /${reg}, imm`, 0x66, opcode, {
        ...REGISTER,
        reg,
        ...IMMEDIATE,
        immediateValue: (random) => (random.chance(85) ? random.below(70) : random.below(256)),
      }),
    ),
  ),
  ...both('vpshufd', 0x66, 0x70, {}, IMMEDIATE),
  ...both('vpshufhw', 0xf3, 0x70, {}, IMMEDIATE),
  ...both('vpshuflw', 0xf2, 0x70, {}, IMMEDIATE),
];

const W0 = { w: 0 } as const;
const W1 = { w: 1 } as const;
const W0_THREE = { ...W0, three: true } as const;
const W1_THREE = { ...W1, three: true } as const;
const LONG = { length: 256 } as const;
const QUADWORD = { memoryBytes: 8 } as const;

/** A broadcast of an element. */
const broadcast = (name: string, opcode: number, memoryBytes: number): Form[] =>
  both(name, 0x66, opcode, { ...W0, memoryBytes });

const permutations: readonly Form[] = [
  ...broadcast('vbroadcastss', 0x3818, 4),
  form('vbroadcastsd', 0x66, 0x3819, { ...LONG, ...W0, ...QUADWORD }),
  form('vbroadcastf128', 0x66, 0x381a, { ...LONG, ...W0, memoryBytes: 16 }, MEMORY),
  form('vbroadcasti128', 0x66, 0x385a, { ...LONG, ...W0, memoryBytes: 16 }, MEMORY),
  ...broadcast('vpbroadcastb', 0x3878, 1),
  ...broadcast('vpbroadcastw', 0x3879, 2),
  ...broadcast('vpbroadcastd', 0x3858, 4),
  ...broadcast('vpbroadcastq', 0x3859, 8),
  form('vinsertf128', 0x66, 0x3a18, { ...LONG, ...W0_THREE, memoryBytes: 16 }, IMMEDIATE),
  form('vextractf128', 0x66, 0x3a19, { ...LONG, ...W0, memoryBytes: 16 }, IMMEDIATE),
  form('vinserti128', 0x66, 0x3a38, { ...LONG, ...W0_THREE, memoryBytes: 16 }, IMMEDIATE),
  form('vextracti128', 0x66, 0x3a39, { ...LONG, ...W0, memoryBytes: 16 }, IMMEDIATE),
  form('vperm2f128', 0x66, 0x3a06, { ...LONG, ...W0_THREE }, IMMEDIATE),
  form('vperm2i128', 0x66, 0x3a46, { ...LONG, ...W0_THREE }, IMMEDIATE),
  ...both('vpermilps', 0x66, 0x380c, W0_THREE),
  ...both('vpermilpd', 0x66, 0x380d, W0_THREE),
  ...both('vpermilps imm', 0x66, 0x3a04, W0, IMMEDIATE),
  ...both('vpermilpd imm', 0x66, 0x3a05, W0, IMMEDIATE),
  form('vpermq', 0x66, 0x3a00, { ...LONG, ...W1 }, IMMEDIATE),
  form('vpermpd', 0x66, 0x3a01, { ...LONG, ...W1 }, IMMEDIATE),
  form('vpermd', 0x66, 0x3836, { ...LONG, ...W0_THREE }),
  form('vpermps', 0x66, 0x3816, { ...LONG, ...W0_THREE }),
  form('vmovddup', 0xf2, 0x12, { length: 128, ...QUADWORD }),
  form('vmovddup', 0xf2, 0x12, LONG),
  ...both('vpblendd', 0x66, 0x3a02, W0_THREE, IMMEDIATE),
  ...both('vblendvps', 0x66, 0x3a4a, W0_THREE, IMMEDIATE),
  ...both('vblendvpd', 0x66, 0x3a4b, W0_THREE, IMMEDIATE),
  ...both('vpblendvb', 0x66, 0x3a4c, W0_THREE, IMMEDIATE),
  ...both('vtestps', 0x66, 0x380e, W0),
  ...both('vtestpd', 0x66, 0x380f, W0),
  ...both('vptest', 0x66, 0x3817),
];

/** Counts below and beyond the width of the elements in every register. */
const smallCounts =
  (elementBytes: 4 | 8) =>
  ({ random, vectors }: Preparation): void => {
    if (random.chance(30)) return;
    for (let register = 0; register < 16; register += 1 + random.below(2)) {
      const counts = new Uint8Array(32);
      for (let at = 0; at < 32; at += elementBytes) counts[at] = random.below(12 * elementBytes);
      vectors.set(register, counts);
    }
  };

const variableShifts: readonly Form[] = [
  ...both('vpsrlvd', 0x66, 0x3845, W0_THREE, { prepare: smallCounts(4) }),
  ...both('vpsrlvq', 0x66, 0x3845, W1_THREE, { prepare: smallCounts(8) }),
  ...both('vpsravd', 0x66, 0x3846, W0_THREE, { prepare: smallCounts(4) }),
  ...both('vpsllvd', 0x66, 0x3847, W0_THREE, { prepare: smallCounts(4) }),
  ...both('vpsllvq', 0x66, 0x3847, W1_THREE, { prepare: smallCounts(8) }),
];

/** The VEX forms of what is in forms-sse4.ts; bytes in memory grow with the vector. */
const twins = (
  names: readonly string[],
  lengths: readonly (128 | 256 | 'ignored')[],
  isThree: boolean,
): Form[] =>
  names.flatMap((name) => {
    const { aligned: _aligned, requires, ...legacy } = sse4Forms.find((one) => one.name === name)!;
    const wIgnored = legacy.sizes.length === 1;
    return lengths.map((length) => ({
      ...legacy,
      name: `v${name}${length === 'ignored' ? '' : ` (${length})`}`,
      vex: {
        length,
        lengthFixed: /^aes|^pclmul/.test(name),
        wIgnored,
        ...(isThree && { vvvv: 'xmm' as const }),
      },
      ...(legacy.memoryBytes && { memoryBytes: legacy.memoryBytes * (length === 256 ? 2 : 1) }),
      requires: ['avx2', ...(requires ?? [])],
    }));
  });

const BOTH = [128, 256] as const;
const SHORT_ONLY = [128] as const;
const extensions = ['bw', 'bd', 'bq', 'wd', 'wq', 'dq'].flatMap((name) => [`pmovsx${name}`, `pmovzx${name}`]);

const sse4Twins: readonly Form[] = [
  ...twins(['movsldup', 'movshdup', 'pabsb', 'pabsw', 'pabsd', 'roundps', 'roundpd'], BOTH, false),
  ...twins(extensions, BOTH, false),
  ...twins(['haddpd', 'haddps', 'hsubpd', 'hsubps', 'addsubpd', 'addsubps'], BOTH, true),
  ...twins(
    ['pshufb', 'phaddw', 'phaddd', 'phaddsw', 'pmaddubsw', 'phsubw', 'phsubd', 'phsubsw', 'psignb', 'psignw'],
    BOTH,
    true,
  ),
  ...twins(['psignd', 'pmulhrsw', 'palignr', 'pmuldq', 'pcmpeqq', 'packusdw', 'pcmpgtq'], BOTH, true),
  ...twins(['pminsb', 'pminsd', 'pminuw', 'pminud', 'pmaxsb', 'pmaxsd', 'pmaxuw', 'pmaxud'], BOTH, true),
  ...twins(['pmulld', 'blendps', 'blendpd', 'pblendw', 'dpps', 'mpsadbw'], BOTH, true),
  ...twins(['dppd', 'aesenc', 'aesenclast', 'aesdec', 'aesdeclast', 'pclmulqdq'], SHORT_ONLY, true),
  ...twins(['pinsrb', 'insertps', 'pinsrd/q'], SHORT_ONLY, true),
  ...twins(['phminposuw', 'aesimc', 'aeskeygenassist'], SHORT_ONLY, false),
  ...twins(['pextrb', 'pextrw r/m', 'pextrd/q', 'extractps'], SHORT_ONLY, false),
  ...twins(['pcmpestrm', 'pcmpestri', 'pcmpistrm', 'pcmpistri'], SHORT_ONLY, false),
  ...twins(['roundss', 'roundsd'], ['ignored'], true),
];

const gathers = (name: string, opcode: number, indexBytes: 4 | 8, w: 0 | 1): Form[] =>
  both(
    name,
    0x66,
    opcode,
    { w, three: true },
    {
      ...MEMORY,
      gather: { indexBytes, elementBytes: w === 0 ? 4 : 8 },
      alone: true,
    },
  );

/** Masked stores. */
const MASKED_STORE = {
  ...MEMORY,
  faultAddressInPage: 'which byte of a masked store is named in CR2 is up to the CPU',
} as const;

const masked: readonly Form[] = [
  ...both('vmaskmovps', 0x66, 0x382c, W0_THREE, MEMORY),
  ...both('vmaskmovpd', 0x66, 0x382d, W0_THREE, MEMORY),
  ...both('vmaskmovps to m', 0x66, 0x382e, W0_THREE, MASKED_STORE),
  ...both('vmaskmovpd to m', 0x66, 0x382f, W0_THREE, MASKED_STORE),
  ...both('vpmaskmovd', 0x66, 0x388c, W0_THREE, MEMORY),
  ...both('vpmaskmovq', 0x66, 0x388c, W1_THREE, MEMORY),
  ...both('vpmaskmovd to m', 0x66, 0x388e, W0_THREE, MASKED_STORE),
  ...both('vpmaskmovq to m', 0x66, 0x388e, W1_THREE, MASKED_STORE),
  ...gathers('vpgatherdd', 0x3890, 4, 0),
  ...gathers('vpgatherdq', 0x3890, 4, 1),
  ...gathers('vpgatherqd', 0x3891, 8, 0),
  ...gathers('vpgatherqq', 0x3891, 8, 1),
  ...gathers('vgatherdps', 0x3892, 4, 0),
  ...gathers('vgatherdpd', 0x3892, 4, 1),
  ...gathers('vgatherqps', 0x3893, 8, 0),
  ...gathers('vgatherqpd', 0x3893, 8, 1),
];

/** Requested components: x87, SSE, AVX; none of those that the host may have besides. */
function requestComponents({ random, registers }: Preparation): void {
  registers.set(AX, (random.u64() & ~0xffff_ffffn) | BigInt(random.chance(50) ? 7 : random.below(8)));
  registers.set(DX, (random.u64() >> 32n) << 32n);
}

/** An area as the XSAVE instructions leave it or, now and then, could not. */
function xsaveArea(p: Preparation): void {
  const { random, registers, patch } = p;
  requestComponents(p);
  const area = random.bytes(832);
  const view = new DataView(area.buffer);
  view.setUint32(0, 0x37f, true); // no x87 exception pending
  view.setUint32(4, 0, true);
  area.fill(0, 8, 24);
  const isCompacted = random.chance(50);
  // From a compacted area with a bad MXCSR CPUs restore a part of the state before #GP.
  view.setUint32(
    24,
    0x1f80 | (isCompacted || random.chance(90) ? random.below(0x1_0000) : random.u32()),
    true,
  );
  for (let register = 0; register < 8; register++) area.fill(0, 32 + 16 * register + 10, 48 + 16 * register);
  area.fill(0, 512, 576);
  const components = random.below(8);
  area[512] = isCompacted ? components & random.below(8) : components;
  if (isCompacted) {
    // Without the SSE component the place of AVX is the same.
    area[520] = components;
    area[527] = 0x80;
  }
  // What no CPU has as a component: the host may have more than x87, SSE and AVX.
  if (random.chance(10)) area[512 + random.pick([1, 3, 4, 9, 11, 15, 16, 24, 63])]! ^= 1 << random.below(7);
  const address = DATA + 64 * random.below(0x60) + (random.chance(5) ? random.below(64) : 0);
  registers.set(SI, BigInt(address));
  patch(address, area);
}

function saveArea(p: Preparation): void {
  const { random, registers, target } = p;
  requestComponents(p);
  const address = random.chance(85) ? DATA + 64 * random.below(0x60) : target(832);
  registers.set(SI, BigInt(address));
}

const XSAVE = { sizes: [32, 64], alone: true, x87: true, requires: ['xsave', 'avx2'] } as const;

const state: readonly Form[] = [
  { name: 'xsave [rsi]', opcode: [0x0f, 0xae, 0x26], ...XSAVE, prepare: saveArea },
  {
    name: 'xsaveopt [rsi]',
    opcode: [0x0f, 0xae, 0x36],
    ...XSAVE,
    requires: ['xsaveopt'],
    prepare: saveArea,
  },
  { name: 'xsavec [rsi]', opcode: [0x0f, 0xc7, 0x26], ...XSAVE, requires: ['xsavec'], prepare: saveArea },
  { name: 'xrstor [rsi]', opcode: [0x0f, 0xae, 0x2e], ...XSAVE, prepare: xsaveArea },
  // XCR0 is the host's own: only the components that both have.
  {
    name: 'xgetbv, and eax, 7',
    opcode: [0x0f, 0x01, 0xd0, 0x83, 0xe0, 0x07],
    sizes: [32],
    alone: true,
    requires: ['avx2'],
    undefinedFlags: UNDEFINED.logic,
    prepare: ({ random, registers }) => registers.set(CX, random.chance(80) ? 0n : random.u64() | 2n),
  },
  { name: 'xsetbv', opcode: [0x0f, 0x01, 0xd1], sizes: [32], requires: ['avx2'] },
];

/** Registers full of two numbers and their negative product, or nearly it: sums that cancel. */
const fusedOperands =
  (elementBytes: 4 | 8) =>
  ({ random, vectors }: Preparation): void => {
    if (random.chance(40)) return;
    const factor = (): number => {
      const significand =
        1 + random.below(2 ** 24) * 2 ** -24 + (random.chance(50) ? random.below(2 ** 28) * 2 ** -52 : 0);
      return (random.chance(50) ? significand : -significand) * 2 ** (random.below(60) - 30);
    };
    const [x, y] = [factor(), factor()];
    const pool = [x, y, -x * y, x * y, -x * y * (1 + 2 ** (-20 - random.below(40)))];
    if (random.chance(30)) pool.push(0, -0);
    for (let register = 0; register < 16; register++) {
      const lanes = new Uint8Array(32);
      const view = new DataView(lanes.buffer);
      for (let at = 0; at < 32; at += elementBytes) {
        if (elementBytes === 4) view.setFloat32(at, random.pick(pool), true);
        else view.setFloat64(at, random.pick(pool), true);
      }
      vectors.set(register, lanes);
    }
  };

const fma: readonly Form[] = (
  [
    [0x6, 'vfmaddsub', false],
    [0x7, 'vfmsubadd', false],
    [0x8, 'vfmadd', true],
    [0xa, 'vfmsub', true],
    [0xc, 'vfnmadd', true],
    [0xe, 'vfnmsub', true],
  ] as const
).flatMap(([low, name, hasScalar]) =>
  (
    [
      [0x3890, '132'],
      [0x38a0, '213'],
      [0x38b0, '231'],
    ] as const
  ).flatMap(([high, order]) => {
    const singles = { requires: ['fma'], prepare: fusedOperands(4) };
    const doubles = { requires: ['fma'], prepare: fusedOperands(8) };
    const opcode = high | low;
    const packedForms = [
      ...both(`${name}${order}ps`, 0x66, opcode, W0_THREE, singles),
      ...both(`${name}${order}pd`, 0x66, opcode, W1_THREE, doubles),
    ];
    if (!hasScalar) return packedForms;
    const ignored = { length: 'ignored', three: true } as const;
    return [
      ...packedForms,
      form(`${name}${order}ss`, 0x66, opcode | 1, { ...ignored, w: 0, memoryBytes: 4 }, singles),
      form(`${name}${order}sd`, 0x66, opcode | 1, { ...ignored, w: 1, memoryBytes: 8 }, doubles),
    ];
  }),
);

const F16C = { requires: ['f16c'] } as const;

const halfPrecision: readonly Form[] = [
  form('vcvtph2ps', 0x66, 0x3813, { length: 128, ...W0, memoryBytes: 8 }, F16C),
  form('vcvtph2ps', 0x66, 0x3813, { length: 256, ...W0, memoryBytes: 16 }, F16C),
  form('vcvtps2ph', 0x66, 0x3a1d, { length: 128, ...W0, memoryBytes: 8 }, { ...F16C, ...IMMEDIATE }),
  form('vcvtps2ph', 0x66, 0x3a1d, { length: 256, ...W0, memoryBytes: 16 }, { ...F16C, ...IMMEDIATE }),
];

export const avxForms: readonly Form[] = [
  ...moves,
  ...arithmetic,
  ...conversions,
  ...integer,
  ...permutations,
  ...sse4Twins,
  ...variableShifts,
  ...masked,
  ...fma,
  ...halfPrecision,
  ...state,
];
