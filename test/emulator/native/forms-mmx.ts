import type { Form, Preparation } from './forms.ts';
import { PACKED_INTEGER } from './forms-sse.ts';
import { DATA } from './layout.ts';

// MMX registers are encoded as XMM registers are; the fourth bit of their number is ignored.

const form = (name: string, opcode: readonly number[], rest: Partial<Form> = {}): Form => ({
  name: `${name} (mmx)`,
  opcode: [0x0f, ...opcode],
  sizes: [32],
  reg: 'xmm',
  rm: 'xmm',
  memoryBytes: 8,
  x87: true,
  ...rest,
});

const REGISTER = { only: 'register' } as const;
const MEMORY = { only: 'memory' } as const;
const BOTH_SIZES = { sizes: [32, 64] } as const;
const FROM_GENERAL = { rm: 'gpr' } as const;
const TO_GENERAL = { reg: 'gpr', ...REGISTER } as const;

/** PUNPCKL*, which read four bytes, have forms of their own; PUNPCK*QDQ have none with MMX registers. */
const TWO_OPERANDS = PACKED_INTEGER.filter(
  ([opcode]) => opcode >= 0x63 && opcode !== 0x6c && opcode !== 0x6d,
);

const SSSE3: readonly (readonly [number, string])[] = [
  [0x00, 'pshufb'],
  [0x01, 'phaddw'],
  [0x02, 'phaddd'],
  [0x03, 'phaddsw'],
  [0x04, 'pmaddubsw'],
  [0x05, 'phsubw'],
  [0x06, 'phsubd'],
  [0x07, 'phsubsw'],
  [0x08, 'psignb'],
  [0x09, 'psignw'],
  [0x0a, 'psignd'],
  [0x0b, 'pmulhrsw'],
  [0x1c, 'pabsb'],
  [0x1d, 'pabsw'],
  [0x1e, 'pabsd'],
];

/** Most counts small. */
const shiftCount = {
  ...MEMORY,
  operandValue: ({ random }: Preparation) =>
    random.chance(90) ? BigInt(random.below(70)) : random.u64() >> BigInt(random.below(40)),
};
const SHIFTS = [0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3];

export const mmxForms: readonly Form[] = [
  form('punpcklbw', [0x60], { memoryBytes: 4 }),
  form('punpcklwd', [0x61], { memoryBytes: 4 }),
  form('punpckldq', [0x62], { memoryBytes: 4 }),
  ...TWO_OPERANDS.map(([opcode, name]) => form(name, [opcode])),
  ...TWO_OPERANDS.filter(([opcode]) => SHIFTS.includes(opcode)).map(([opcode, name]) =>
    form(`${name} by count`, [opcode], shiftCount),
  ),
  ...(
    [
      [0x71, [2, 4, 6]],
      [0x72, [2, 4, 6]],
      [0x73, [2, 6]],
    ] as const
  ).flatMap(([opcode, extensions]) =>
    extensions.map((reg) =>
      form(`shift ${opcode.toString(16)} /${reg}, imm`, [opcode], {
        ...REGISTER,
        reg,
        immediate: 'byte',
        immediateValue: (random) => (random.chance(85) ? random.below(70) : random.below(256)),
      }),
    ),
  ),
  form('movd/movq mm, r/m', [0x6e], { ...BOTH_SIZES, ...FROM_GENERAL }),
  form('movd/movq r/m, mm', [0x7e], { ...BOTH_SIZES, ...FROM_GENERAL }),
  form('movq mm, mm/m', [0x6f]),
  form('movq mm/m, mm', [0x7f]),
  form('movntq', [0xe7], MEMORY),
  { name: 'emms', opcode: [0x0f, 0x77], sizes: [32], x87: true },
  form('pshufw', [0x70], { immediate: 'byte' }),
  form('pinsrw', [0xc4], { ...FROM_GENERAL, memoryBytes: 2, immediate: 'byte' }),
  form('pextrw', [0xc5], { ...TO_GENERAL, immediate: 'byte' }),
  form('pmovmskb', [0xd7], TO_GENERAL),
  form('maskmovq', [0xf7], {
    ...REGISTER,
    alone: true,
    // No faults: which byte of a masked store is named as the one that faulted is up to the CPU.
    prepare: ({ registers, random }: Preparation) =>
      registers.set(7, BigInt(DATA + 16 + random.below(0x1fc0))),
  }),

  ...SSSE3.map(([opcode, name]) => form(name, [0x38, opcode])),
  form('palignr', [0x3a, 0x0f], {
    immediate: 'byte',
    immediateValue: (random) => (random.chance(85) ? random.below(20) : random.below(256)),
  }),

  form('movq2dq', [0xd6], { prefix: 0xf3, ...REGISTER }),
  form('movdq2q', [0xd6], { prefix: 0xf2, ...REGISTER }),
  form('cvtpi2ps', [0x2a]),
  form('cvtpi2pd', [0x2a], { prefix: 0x66 }),
  form('cvttps2pi', [0x2c]),
  form('cvtps2pi', [0x2d]),
  form('cvttpd2pi', [0x2c], { prefix: 0x66, memoryBytes: 16, aligned: true }),
  form('cvtpd2pi', [0x2d], { prefix: 0x66, memoryBytes: 16, aligned: true }),

  form('f3 paddb', [0xfc], { prefix: 0xf3, ...REGISTER, alone: true }),
  form('lock paddb', [0xfc], { lock: true, ...MEMORY, alone: true }),
  form('movntq to register', [0xe7], { ...REGISTER, alone: true }),
];
