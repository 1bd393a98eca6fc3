/** LZCNT, TZCNT, BMI1, BMI2, MOVBE, ADX, RDRAND, RDSEED, RDPID. No flag is left out: the emulator follows Intel's CPUs. */
import { type Form, type Preparation, WORDS } from './forms.ts';
import { interestingInteger, type Random } from './random.ts';

type Prefix = 0 | 0x66 | 0xf3 | 0xf2;

const zeroOften = ({ random }: Preparation) => (random.chance(20) ? 0n : interestingInteger(random));

/** Start and length of a field, each mostly within an operand. */
const fieldControl = (random: Random): bigint => {
  const part = () => BigInt(random.chance(80) ? random.below(66) : random.below(256));
  return (interestingInteger(random) & ~0xffffn) | (part() << 8n) | part();
};
const index = (random: Random): bigint =>
  (interestingInteger(random) & ~0xffn) | BigInt(random.chance(80) ? random.below(68) : random.below(256));

const VEX = { length: 128, vvvv: 'gpr' } as const;

const vex = (name: string, prefix: Prefix, opcode: number, rest: Partial<Form> = {}): Form => ({
  name,
  opcode: [0x0f, 0x38, opcode],
  ...(prefix === 0 ? {} : { prefix }),
  vex: VEX,
  sizes: [32, 64],
  reg: 'gpr',
  intelOnly: true,
  requires: ['bmi1', 'bmi2'],
  ...rest,
});

/** Each run gives another number, which the second instruction overwrites: flags and the rest of the register are seen. */
function randomNumbers(): Form[] {
  const ofSize = (name: string, modrm: number, requires: string): Form[] =>
    (
      [
        [16, [0x66], [0x66, 0xb8, 0x34, 0x12]],
        [32, [], [0xb0, 0x12, 0x66, 0xb8, 0x34, 0x12, 0x0f, 0xb7, 0xc0]],
        [64, [0x48], [0xb8, 0x78, 0x56, 0x34, 0x12]],
      ] as const
    ).map(
      ([bits, prefix, overwrite]): Form => ({
        name: `${name} (${bits})`,
        opcode: [...prefix, 0x0f, 0xc7, modrm, ...overwrite],
        sizes: [32],
        alone: true,
        requires: [requires],
      }),
    );
  return [
    ...ofSize('rdrand rax', 0xf0, 'rdrand'),
    ...ofSize('rdseed rax', 0xf8, 'rdseed'),
    {
      name: 'rdpid rax',
      opcode: [0xf3, 0x0f, 0xc7, 0xf8, 0xb8, 0x78, 0x56, 0x34, 0x12],
      sizes: [32],
      alone: true,
      requires: ['rdpid'],
    },
  ];
}

function invalid(): Form[] {
  const raw = (name: string, ...opcode: number[]): Form => ({
    name,
    opcode,
    sizes: [32],
    alone: true,
    requires: ['bmi1', 'bmi2', 'movbe', 'abm'],
  });
  return [
    raw('andn with VEX.L', 0xc4, 0xe2, 0x74, 0xf2, 0xc2),
    raw('rorx with VEX.vvvv', 0xc4, 0xe3, 0x73, 0xf0, 0xc2, 0),
    raw('66 andn', 0x66, 0xc4, 0xe2, 0x70, 0xf2, 0xc2),
    raw('f3 andn', 0xf3, 0xc4, 0xe2, 0x70, 0xf2, 0xc2),
    raw('rex andn', 0x40, 0xc4, 0xe2, 0x70, 0xf2, 0xc2),
    raw('lock andn', 0xf0, 0xc4, 0xe2, 0x70, 0xf2, 0xc2),
    raw('66 vex andn', 0xc4, 0xe2, 0x71, 0xf2, 0xc2),
    raw('vex f3 /0', 0xc4, 0xe2, 0x70, 0xf3, 0xc2),
    raw('vex f3 /4', 0xc4, 0xe2, 0x70, 0xf3, 0xe2),
    raw('movbe r, r', 0x0f, 0x38, 0xf0, 0xc2),
    raw('f3 movbe', 0xf3, 0x0f, 0x38, 0xf0, 0x04, 0x25, 0, 0, 0, 0x30),
    raw('lock lzcnt', 0xf0, 0xf3, 0x0f, 0xbd, 0x04, 0x25, 0, 0, 0, 0x30),
    raw('f2 rdrand', 0xf2, 0x0f, 0xc7, 0xf0),
    raw('f2 rdseed', 0xf2, 0x0f, 0xc7, 0xf8),
    raw('lock rdrand', 0xf0, 0x0f, 0xc7, 0xf0),
    raw('rdrand m', 0x0f, 0xc7, 0x34, 0x25, 0, 0, 0, 0x30),
    raw('f2 rdpid', 0xf2, 0x0f, 0xc7, 0xfb),
    raw('popcnt without prefix', 0x0f, 0xb8, 0xc1),
  ];
}

export const extensionForms: readonly Form[] = [
  ...(
    [
      ['tzcnt', 0xbc, 'bmi1'],
      ['lzcnt', 0xbd, 'abm'],
    ] as const
  ).map(
    ([name, opcode, feature]): Form => ({
      requires: [feature],
      name: `${name} r, r/m`,
      opcode: [0x0f, opcode],
      prefix: 0xf3,
      sizes: WORDS,
      reg: 'gpr',
      operandValue: zeroOften,
      intelOnly: true,
    }),
  ),
  vex('andn r, v, r/m', 0, 0xf2),
  vex('blsr v, r/m', 0, 0xf3, { reg: 1, operandValue: zeroOften }),
  vex('blsmsk v, r/m', 0, 0xf3, { reg: 2, operandValue: zeroOften }),
  vex('blsi v, r/m', 0, 0xf3, { reg: 3, operandValue: zeroOften }),
  vex('bextr r, r/m, v', 0, 0xf7, { vex: { ...VEX, vvvvValue: fieldControl } }),
  vex('bzhi r, r/m, v', 0, 0xf5, { vex: { ...VEX, vvvvValue: index } }),
  vex('pdep r, v, r/m', 0xf2, 0xf5),
  vex('pext r, v, r/m', 0xf3, 0xf5),
  vex('mulx r, v, r/m', 0xf2, 0xf6),
  vex('shlx r, r/m, v', 0x66, 0xf7, { vex: { ...VEX, vvvvValue: index } }),
  vex('shrx r, r/m, v', 0xf2, 0xf7, { vex: { ...VEX, vvvvValue: index } }),
  vex('sarx r, r/m, v', 0xf3, 0xf7, { vex: { ...VEX, vvvvValue: index } }),
  vex('rorx r, r/m, imm8', 0xf2, 0xf0, {
    opcode: [0x0f, 0x3a, 0xf0],
    vex: { length: 128 },
    immediate: 'byte',
  }),
  {
    name: 'movbe r, m',
    opcode: [0x0f, 0x38, 0xf0],
    sizes: WORDS,
    reg: 'gpr',
    only: 'memory',
    requires: ['movbe'],
  },
  {
    name: 'movbe m, r',
    opcode: [0x0f, 0x38, 0xf1],
    sizes: WORDS,
    reg: 'gpr',
    only: 'memory',
    requires: ['movbe'],
  },
  {
    name: 'adcx r, r/m',
    opcode: [0x0f, 0x38, 0xf6],
    prefix: 0x66,
    sizes: [32, 64],
    reg: 'gpr',
    requires: ['adx'],
  },
  {
    name: 'adox r, r/m',
    opcode: [0x0f, 0x38, 0xf6],
    prefix: 0xf3,
    sizes: [32, 64],
    reg: 'gpr',
    requires: ['adx'],
  },
  ...randomNumbers(),
  ...invalid(),
];
