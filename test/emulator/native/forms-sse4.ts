/** SSE3, SSSE3, SSE4.1, SSE4.2, AES, PCLMULQDQ, SHA. */
import { type Form, type Preparation, WORDS } from './forms.ts';
import { ALIGNED, DOUBLE, form, MEMORY, type Prefix, SINGLE, UNALIGNED } from './forms-sse.ts';
import { DATA } from './layout.ts';
import type { Random } from './random.ts';

const IMMEDIATE = { immediate: 'byte' } as const;

const sse3: readonly Form[] = [
  form('movddup', 0xf2, 0x12, DOUBLE),
  form('movsldup', 0xf3, 0x12, ALIGNED),
  form('movshdup', 0xf3, 0x16, ALIGNED),
  form('haddpd', 0x66, 0x7c, ALIGNED),
  form('haddps', 0xf2, 0x7c, ALIGNED),
  form('hsubpd', 0x66, 0x7d, ALIGNED),
  form('hsubps', 0xf2, 0x7d, ALIGNED),
  form('addsubpd', 0x66, 0xd0, ALIGNED),
  form('addsubps', 0xf2, 0xd0, ALIGNED),
  form('lddqu', 0xf2, 0xf0, { ...UNALIGNED, ...MEMORY }),
];

const named = (names: readonly (readonly [number, string])[], rest: Partial<Form> = {}): Form[] =>
  names.map(([opcode, name]) => form(name, 0x66, opcode, { ...ALIGNED, ...rest }));

const ssse3: readonly Form[] = [
  ...named([
    [0x3800, 'pshufb'],
    [0x3801, 'phaddw'],
    [0x3802, 'phaddd'],
    [0x3803, 'phaddsw'],
    [0x3804, 'pmaddubsw'],
    [0x3805, 'phsubw'],
    [0x3806, 'phsubd'],
    [0x3807, 'phsubsw'],
    [0x3808, 'psignb'],
    [0x3809, 'psignw'],
    [0x380a, 'psignd'],
    [0x380b, 'pmulhrsw'],
    [0x381c, 'pabsb'],
    [0x381d, 'pabsw'],
    [0x381e, 'pabsd'],
  ]),
  form('palignr', 0x66, 0x3a0f, {
    ...ALIGNED,
    ...IMMEDIATE,
    immediateValue: (random) => (random.chance(85) ? random.below(34) : random.below(256)),
  }),
];

/** Rounding control: all of the low four bits, and the others, which are ignored. */
const rounding = (random: Random): number => (random.chance(80) ? random.below(16) : random.below(256));

const general = { rm: 'gpr', ...IMMEDIATE } as const;

const sse41: readonly Form[] = [
  ...named([
    [0x3810, 'pblendvb'],
    [0x3814, 'blendvps'],
    [0x3815, 'blendvpd'],
    [0x3817, 'ptest'],
    [0x3828, 'pmuldq'],
    [0x3829, 'pcmpeqq'],
    [0x382b, 'packusdw'],
    [0x3838, 'pminsb'],
    [0x3839, 'pminsd'],
    [0x383a, 'pminuw'],
    [0x383b, 'pminud'],
    [0x383c, 'pmaxsb'],
    [0x383d, 'pmaxsd'],
    [0x383e, 'pmaxuw'],
    [0x383f, 'pmaxud'],
    [0x3840, 'pmulld'],
    [0x3841, 'phminposuw'],
  ]),
  ...named(
    [
      [0x3a0c, 'blendps'],
      [0x3a0d, 'blendpd'],
      [0x3a0e, 'pblendw'],
      [0x3a40, 'dpps'],
      [0x3a41, 'dppd'],
      [0x3a42, 'mpsadbw'],
    ],
    IMMEDIATE,
  ),
  ...named([[0x382a, 'movntdqa']], MEMORY),
  ...(
    [
      [0, 'bw', 8],
      [1, 'bd', 4],
      [2, 'bq', 2],
      [3, 'wd', 8],
      [4, 'wq', 4],
      [5, 'dq', 8],
    ] as const
  ).flatMap(([opcode, name, memoryBytes]) => [
    form(`pmovsx${name}`, 0x66, 0x3820 + opcode, { memoryBytes }),
    form(`pmovzx${name}`, 0x66, 0x3830 + opcode, { memoryBytes }),
  ]),
  form('roundps', 0x66, 0x3a08, { ...ALIGNED, ...IMMEDIATE, immediateValue: rounding }),
  form('roundpd', 0x66, 0x3a09, { ...ALIGNED, ...IMMEDIATE, immediateValue: rounding }),
  form('roundss', 0x66, 0x3a0a, { ...SINGLE, ...IMMEDIATE, immediateValue: rounding }),
  form('roundsd', 0x66, 0x3a0b, { ...DOUBLE, ...IMMEDIATE, immediateValue: rounding }),
  form('pextrb', 0x66, 0x3a14, { ...general, memoryBytes: 1 }),
  form('pextrw r/m', 0x66, 0x3a15, { ...general, memoryBytes: 2 }),
  form('pextrd/q', 0x66, 0x3a16, { ...general, sizes: [32, 64] }),
  form('extractps', 0x66, 0x3a17, { ...general, sizes: [32, 64], memoryBytes: 4 }),
  form('pinsrb', 0x66, 0x3a20, { ...general, memoryBytes: 1 }),
  form('insertps', 0x66, 0x3a21, { ...IMMEDIATE, ...SINGLE }),
  form('pinsrd/q', 0x66, 0x3a22, { ...general, sizes: [32, 64] }),
];

const sse42: readonly Form[] = [
  ...named([[0x3837, 'pcmpgtq']]),
  {
    name: 'crc32 r, r/m8',
    opcode: [0x0f, 0x38, 0xf0],
    prefix: 0xf2,
    sizes: [32, 64],
    reg: 'gpr',
    memoryBytes: 1,
  },
  { name: 'crc32 r, r/m', opcode: [0x0f, 0x38, 0xf1], prefix: 0xf2, sizes: WORDS, reg: 'gpr' },
];

const CONTROL = (random: Random): number => random.below(random.chance(80) ? 0x80 : 0x100);

/** Strings of few different characters, some of them zero, some in runs. */
function texts(p: Preparation): void {
  const { random, registers, patch } = p;
  const alphabet = Array.from({ length: 2 + random.below(4) }, () =>
    random.chance(20) ? random.below(256) : 0x61 + random.below(8),
  );
  if (random.chance(60)) alphabet.push(0);
  const bytes = Uint8Array.from({ length: 32 }, () => random.pick(alphabet));
  if (random.chance(30)) bytes.copyWithin(16, random.below(8), 16);
  if (random.chance(30)) for (let at = 1; at < 32; at += 2) bytes[at] = 0; // words
  const address = DATA + random.below(0x1f00);
  patch(address, bytes);
  registers.set(6, BigInt(address));
  for (const length of [0, 2]) registers.set(length, stringLength(random));
}

/** For EAX and EDX, or RAX and RDX. */
function stringLength(random: Random): bigint {
  const length = BigInt(random.below(20));
  switch (random.below(5)) {
    case 0:
      return BigInt.asUintN(64, -length);
    case 1:
      return length | (random.u64() & ~0xffff_ffffn);
    case 2:
      return random.u64();
    default:
      return length;
  }
}

const stringCompare: readonly Form[] = (
  [
    [0x60, 'pcmpestrm'],
    [0x61, 'pcmpestri'],
    [0x62, 'pcmpistrm'],
    [0x63, 'pcmpistri'],
  ] as const
).flatMap(([opcode, name]) => [
  form(name, 0x66, 0x3a00 | opcode, {
    ...UNALIGNED,
    ...IMMEDIATE,
    sizes: [32, 64],
    immediateValue: CONTROL,
    prepare: ({ random, registers }) => {
      for (const length of [0, 2]) registers.set(length, stringLength(random));
    },
  }),
  ...[false, true].map(
    (wide): Form => ({
      // movdqu xmm1, [rsi]; … xmm1, [rsi + 16], imm8
      name: `${name} of texts${wide ? ' (64)' : ''}`,
      opcode: [
        ...[0xf3, 0x0f, 0x6f, 0x0e],
        ...[0x66, ...(wide ? [0x48] : []), 0x0f, 0x3a, opcode, 0x4e, 0x10],
      ],
      sizes: [32],
      ...IMMEDIATE,
      immediateValue: CONTROL,
      prepare: texts,
    }),
  ),
]);

const cryptography: readonly Form[] = [
  ...named(
    [
      [0x38db, 'aesimc'],
      [0x38dc, 'aesenc'],
      [0x38dd, 'aesenclast'],
      [0x38de, 'aesdec'],
      [0x38df, 'aesdeclast'],
    ],
    { requires: ['aes'] },
  ),
  ...named([[0x3adf, 'aeskeygenassist']], { ...IMMEDIATE, requires: ['aes'] }),
  ...named([[0x3a44, 'pclmulqdq']], { ...IMMEDIATE, requires: ['pclmulqdq'] }),
  ...(
    [
      [0x38c8, 'sha1nexte'],
      [0x38c9, 'sha1msg1'],
      [0x38ca, 'sha1msg2'],
      [0x38cb, 'sha256rnds2'],
      [0x38cc, 'sha256msg1'],
      [0x38cd, 'sha256msg2'],
    ] as const
  ).map(([opcode, name]) => form(name, 0, opcode, { ...ALIGNED, requires: ['sha_ni'] })),
  form('sha1rnds4', 0, 0x3acc, { ...ALIGNED, ...IMMEDIATE, requires: ['sha_ni'] }),
];

function invalid(): Form[] {
  const raw = (name: string, ...opcode: number[]): Form => ({ name, opcode, sizes: [32], alone: true });
  const prefixed = (name: string, prefix: Prefix, ...opcode: number[]): Form =>
    raw(name, ...(prefix === 0 ? [] : [prefix]), ...opcode);
  return [
    prefixed('f3 pshufb', 0xf3, 0x0f, 0x38, 0x00, 0xc1),
    prefixed('pmovsxbw without prefix', 0, 0x0f, 0x38, 0x20, 0xc1),
    prefixed('f2 ptest', 0xf2, 0x0f, 0x38, 0x17, 0xc1),
    prefixed('lddqu r, r', 0xf2, 0x0f, 0xf0, 0xc1),
    prefixed('movntdqa r, r', 0x66, 0x0f, 0x38, 0x2a, 0xc1),
    prefixed('haddps without prefix', 0, 0x0f, 0x7c, 0xc1),
    prefixed('f3 haddps', 0xf3, 0x0f, 0x7c, 0xc1),
    prefixed('f3 addsubps', 0xf3, 0x0f, 0xd0, 0xc1),
    raw('lock pshufb', 0xf0, 0x66, 0x0f, 0x38, 0x00, 0xc1),
    raw('lock crc32', 0xf0, 0xf2, 0x0f, 0x38, 0xf1, 0xc1),
    raw('66 sha1nexte', 0x66, 0x0f, 0x38, 0xc8, 0xc1),
    raw('aesenc without prefix', 0x0f, 0x38, 0xdc, 0xc1),
    raw('f3 roundps', 0xf3, 0x0f, 0x3a, 0x08, 0xc1, 0),
  ];
}

export const sse4Forms: readonly Form[] = [
  ...sse3,
  ...ssse3,
  ...sse41,
  ...sse42,
  ...stringCompare,
  ...cryptography,
  ...invalid(),
];
