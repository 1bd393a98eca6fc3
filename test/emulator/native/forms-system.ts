import { type Form, type Preparation, UNDEFINED, withGs } from './forms.ts';
import { DATA } from './layout.ts';

const RAX = 0;
const RCX = 1;
const RSP = 4;
const RSI = 6;
const RDI = 7;
const U64 = (1n << 64n) - 1n;

/** Pointers into the data, a count, and now and then a run of equal elements so that compares go on. */
function stringOperands(repeated: boolean, addressSize32: boolean) {
  return (p: Preparation): void => {
    chooseStringOperands(p, repeated);
    if (!addressSize32 || p.random.chance(50)) return;
    for (const [register, value] of p.registers) {
      if (register !== RAX)
        p.registers.set(register, BigInt.asUintN(32, value) | (BigInt(p.random.u32()) << 32n));
    }
  };
}

function chooseStringOperands(p: Preparation, repeated: boolean): void {
  const { random, registers, size } = p;
  const bytes = size / 8;
  const near = random.chance(85);
  const pointer = () => (near ? DATA + 0x400 + random.below(0x1800 - 0x400) : p.target(bytes));
  let source = pointer();
  const destination = pointer();
  if (random.chance(20)) source = destination + random.pick([-1, 1, -bytes, bytes, 0, 3]);
  registers.set(RSI, BigInt(source));
  registers.set(RDI, BigInt(destination));
  if (repeated) {
    const count = random.chance(85)
      ? BigInt(random.below(40))
      : random.pick([600n, 0x1_0000_0003n, random.u64()]);
    registers.set(RCX, count);
  }
  if (random.chance(60)) {
    const element = random.bytes(bytes);
    const run = new Uint8Array(128).map((_, i) => element[i % bytes]!);
    if (random.chance(70)) run[random.below(128)]! ^= 1;
    const start = Math.max(DATA, destination - 64);
    p.patch(start, run);
    registers.set(RSI, BigInt(start + bytes * random.below(8)));
    registers.set(RDI, BigInt(start + bytes * random.below(8)));
    const value = element.reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n);
    registers.set(RAX, size === 64 ? value : ((random.u64() << BigInt(size)) & U64) | value);
  }
}

function strings(): Form[] {
  const forms: Form[] = [];
  const operations = [
    ['movs', 0xa4],
    ['cmps', 0xa6],
    ['stos', 0xaa],
    ['lods', 0xac],
    ['scas', 0xae],
  ] as const;
  for (const [name, opcode] of operations) {
    for (const [prefixName, prefix] of [
      ['', undefined],
      ['rep ', 0xf3],
      ['repne ', 0xf2],
    ] as const) {
      const rest = {
        ...(prefix === undefined ? {} : { prefix }),
        prepare: stringOperands(prefix !== undefined, false),
      };
      const variants: Form[] = [
        { name: `${prefixName}${name} (8)`, opcode: [opcode], sizes: [8], ...rest },
        { name: `${prefixName}${name}`, opcode: [opcode + 1], sizes: [16, 32, 64], ...rest },
        {
          name: `a32 ${prefixName}${name}`,
          opcode: [opcode + 1],
          sizes: [32, 64],
          addressSize32: true,
          ...rest,
          prepare: stringOperands(prefix !== undefined, true),
        },
      ];
      const hasSource = name === 'movs' || name === 'cmps' || name === 'lods';
      forms.push(...variants.flatMap((form) => (hasSource ? withGs(form, RSI) : [form])));
    }
  }
  return forms;
}

/** Instructions a user program gets an exception for. */
function faults(): Form[] {
  const raw = (name: string, ...opcode: number[]): Form => ({ name, opcode, sizes: [32], alone: true });
  const withStack = ({ registers }: Preparation) => registers.set(RSP, BigInt(DATA + 0x400));
  return [
    raw('ud2', 0x0f, 0x0b),
    raw('int1', 0xf1),
    raw('int3', 0xcc),
    raw('int 3', 0xcd, 3),
    raw('int 0x21', 0xcd, 0x21),
    raw('int 0xff', 0xcd, 0xff),
    raw('hlt', 0xf4),
    raw('lock hlt', 0xf0, 0xf4),
    raw('cli', 0xfa),
    raw('sti', 0xfb),
    raw('in al, imm8', 0xe4, 0x60),
    raw('in eax, imm8', 0xe5, 0x60),
    raw('in al, dx', 0xec),
    raw('in eax, dx', 0xed),
    raw('out imm8, al', 0xe6, 0x60),
    raw('out imm8, eax', 0xe7, 0x60),
    raw('out dx, al', 0xee),
    ...[0x6c, 0x6d, 0x6e, 0x6f].flatMap((opcode) => [
      raw(`ins/outs ${opcode.toString(16)}`, opcode),
      raw(`rep ins/outs ${opcode.toString(16)}`, 0xf3, opcode),
      raw(`repne ins/outs ${opcode.toString(16)}`, 0xf2, opcode),
    ]),
    raw('mov rax, dr7', 0x0f, 0x21, 0xf8),
    raw('invd', 0x0f, 0x08),
    raw('lmsw ax', 0x0f, 0x01, 0xf0),
    raw('lldt ax', 0x0f, 0x00, 0xd0),
    raw('out dx, eax', 0xef),
    raw('mov cr3, rax', 0x0f, 0x22, 0xd8),
    raw('mov rax, cr0', 0x0f, 0x20, 0xc0),
    raw('mov dr7, rax', 0x0f, 0x23, 0xf8),
    raw('clts', 0x0f, 0x06),
    raw('wrmsr', 0x0f, 0x30),
    raw('rdmsr', 0x0f, 0x32),
    raw('wbinvd', 0x0f, 0x09),
    raw('invlpg [rax]', 0x0f, 0x01, 0x38),
    raw('lgdt [rax]', 0x0f, 0x01, 0x10),
    raw('lidt [rax]', 0x0f, 0x01, 0x18),
    raw('swapgs', 0x0f, 0x01, 0xf8),
    raw('sysretq', 0x48, 0x0f, 0x07),
    raw('sysexit', 0x48, 0x0f, 0x35),
    raw('rdpmc', 0x0f, 0x33),
    raw('invpcid rcx, [rax]', 0x66, 0x0f, 0x38, 0x82, 0x08),
    raw('clac', 0x0f, 0x01, 0xca),
    raw('stac', 0x0f, 0x01, 0xcb),
    { ...raw('ltr ax', 0x0f, 0x00, 0xd8) },
    ...[
      0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4,
      0xd6, 0xea,
    ].map((opcode) => raw(`invalid ${opcode.toString(16).padStart(2, '0')}`, opcode, 0xc0, 0xc0, 0, 0, 0)),
    raw('lock add r, r', 0xf0, 0x01, 0xc8),
    raw('lock cmp m, r', 0xf0, 0x39, 0x0c, 0x25, ...littleEndian(DATA)),
    raw('lock mov m, r', 0xf0, 0x89, 0x0c, 0x25, ...littleEndian(DATA)),
    raw('lock bt m, r', 0xf0, 0x0f, 0xa3, 0x0c, 0x25, ...littleEndian(DATA)),
    raw('lea r, r', 0x8d, 0xc8),
    raw('mov cs, ax', 0x8e, 0xc8),
    raw('fe /2', 0xfe, 0xd0),
    raw('ff /7', 0xff, 0xf8),
    raw('c7 /1', 0xc7, 0xc8, 0, 0, 0, 0),
    raw('call far r', 0xff, 0xd8),
    raw('15 bytes', ...Array<number>(14).fill(0x66), 0x90),
    raw('16 bytes', ...Array<number>(15).fill(0x66), 0x90),
    { ...raw('retf to a bad selector', 0xcb), prepare: withStack },
  ];
}

function littleEndian(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
}

function segments(): Form[] {
  const load = (name: string, selector: (p: Preparation) => number) =>
    (['es', 'ds'] as const).map(
      (register, n): Form => ({
        name: `mov ${register}, ${name}`,
        opcode: [0x8e],
        sizes: [32],
        reg: n * 3,
        memoryBytes: 2,
        operandValue: (p) => BigInt(selector(p)),
        alone: true,
      }),
    );
  return [
    { name: 'mov r/m, cs', opcode: [0x8c], sizes: [16, 32, 64], reg: 1, memoryBytes: 2 },
    { name: 'mov r/m, ss', opcode: [0x8c], sizes: [16, 32, 64], reg: 2, memoryBytes: 2 },
    ...load('null', () => 0),
    ...load('user data', () => 0x2b),
    ...load('kernel code', () => 0x10),
  ];
}

const SELECTORS = [0, 3, 0x10, 0x18, 0x2b, 0x28, 0x33, 0x30, 0x2c, 0xfff8, 0xffff] as const;

/** What the descriptor of a selector says. */
function selectorQueries(): Form[] {
  const query = {
    memoryBytes: 2,
    alone: true,
    operandValue: (p: Preparation) => BigInt(p.random.pick(SELECTORS)),
  } as const;
  return [
    { name: 'lar r, r/m16', opcode: [0x0f, 0x02], sizes: [16, 32, 64], reg: 'gpr', ...query },
    { name: 'lsl r, r/m16', opcode: [0x0f, 0x03], sizes: [16, 32, 64], reg: 'gpr', ...query },
    { name: 'verr r/m16', opcode: [0x0f, 0x00], sizes: [32], reg: 4, ...query },
    { name: 'verw r/m16', opcode: [0x0f, 0x00], sizes: [32], reg: 5, ...query },
  ];
}

/** The bases of FS and GS are written, read back and restored. */
function segmentBases(): Form[] {
  const OTHER = 8; // R8 keeps the base, and is cleared because the harness has its own
  return (['fs', 'gs'] as const).flatMap((name, n) =>
    ([32, 64] as const).map((size): Form => {
      const rex = size === 64 ? [0x48] : [];
      const read = 0xc0 | (n << 3);
      const write = 0xd0 | (n << 3);
      return {
        name: `rd${name}base, wr${name}base (${size})`,
        opcode: [
          ...[0xf3, 0x49, 0x0f, 0xae, read | (OTHER & 7)],
          ...[0xf3, ...rex, 0x0f, 0xae, write],
          ...[0xf3, ...rex, 0x0f, 0xae, read | 2],
          ...[0xf3, 0x49, 0x0f, 0xae, write | (OTHER & 7)],
          ...[0x4d, 0x31, 0xc0],
        ],
        sizes: [32],
        alone: true,
        requires: ['fsgsbase'],
        undefinedFlags: UNDEFINED.logic,
        prepare: ({ random, registers }) => {
          const canonical = BigInt.asUintN(64, BigInt.asIntN(48, random.u64()));
          registers.set(RAX, canonical);
        },
      };
    }),
  );
}

export const systemForms: readonly Form[] = [
  ...strings(),
  ...faults(),
  ...segments(),
  ...selectorQueries(),
  ...segmentBases(),
];
