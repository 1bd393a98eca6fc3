import { type Form, type Preparation, UNDEFINED, withGs } from './forms.ts';
import { CODE, DATA } from './layout.ts';
import type { Random } from './random.ts';

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
    // With their operands: what is missing of them at the end of a page is #PF.
    { name: 'ud0 r, r/m', opcode: [0x0f, 0xff], sizes: [16, 32, 64], reg: 'gpr', intelOnly: true },
    { name: 'ud1 r, r/m', opcode: [0x0f, 0xb9], sizes: [16, 32, 64], reg: 'gpr' },
    { name: 'reserved 0f 38 ff', opcode: [0x0f, 0x38, 0xff], sizes: [32], reg: 'gpr', intelOnly: true },
    {
      name: 'reserved 0f 3a ff',
      opcode: [0x0f, 0x3a, 0xff],
      sizes: [32],
      reg: 'gpr',
      immediate: 'byte',
      intelOnly: true,
    },
    {
      name: 'reserved 0f ba /1',
      opcode: [0x0f, 0xba],
      sizes: [32],
      reg: 1,
      immediate: 'byte',
      intelOnly: true,
    },
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

/** Mostly the user's code, else what is no code that one can return to. */
const codeSelector = (random: Random): bigint =>
  random.chance(75) ? 0x33n : BigInt(random.pick([0, 3, 0x2b, 0x10, 0x30, 0x31, 0x3b, 0xfff8, 0x37]));

const farTarget = (random: Random): bigint =>
  random.chance(85)
    ? BigInt(CODE + 0x200 + random.below(0x800))
    : random.pick([0x1000n, 0x8000_0000_0000n, 0xffff_8000_0000_0000n, random.u64()]);

const PUSHED = "Intel's CPUs push CS and RIP before they find the target not canonical; the manual does not";

/** Far transfers within the privilege level: the code segment is the one there is. */
function farTransfers(): Form[] {
  const onStack = (size: number, values: (p: Preparation) => readonly bigint[]) => (p: Preparation) => {
    const words = values(p);
    const bytes = new Uint8Array(words.length * size);
    words.forEach((value, n) => {
      for (let byte = 0; byte < size; byte++)
        bytes[n * size + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
    });
    const address = p.random.chance(90)
      ? DATA + 0x100 + 8 * p.random.below(0x180)
      : p.target(bytes.length) + p.random.below(16);
    p.registers.set(RSP, BigInt(address));
    p.patch(address, bytes);
  };
  const returns = ({ random }: Preparation) => [farTarget(random), codeSelector(random)];
  const interruptReturn = (p: Preparation) => {
    const { random } = p;
    // No TF and AC; RSP somewhere in the data; SS mostly as it is.
    const flags = random.u64() & 0x3f_feffn & ~0x4_0100n & ~0x2_0000n;
    const stack = random.chance(90) ? 0x2bn : BigInt(random.pick([0, 3, 0x28, 0x33, 0x18, 0xfff8]));
    return [...returns(p), flags, BigInt(DATA + 8 * random.below(0x400)), stack];
  };
  const far = (name: string, opcode: readonly number[], rest: Partial<Form>): Form => ({
    name,
    opcode,
    sizes: [32],
    alone: true,
    intelOnly: true, // the order of accesses, when one of them faults
    ...rest,
  });
  const pointer = (bytes: number) => ({
    memoryBytes: bytes + 2,
    operandValue: ({ random }: Preparation) =>
      BigInt.asUintN(8 * bytes, farTarget(random)) | (codeSelector(random) << BigInt(8 * bytes)),
    only: 'memory' as const,
  });
  const stack = ({ registers, random }: Preparation) => {
    registers.set(RSP, BigInt(DATA + 0x100 + 8 * random.below(0x180)));
  };
  return [
    far('retf', [0xcb], { prepare: onStack(4, returns) }),
    far('retf imm16', [0xca], { immediate: 'word', prepare: onStack(4, returns) }),
    far('retf (64)', [0x48, 0xcb], { prepare: onStack(8, returns) }),
    far('retf imm16 (64)', [0x48, 0xca], { immediate: 'word', prepare: onStack(8, returns) }),
    far('iret', [0xcf], { prepare: onStack(4, interruptReturn) }),
    far('iret (64)', [0x48, 0xcf], { prepare: onStack(8, interruptReturn) }),
    far('jmp far m16:32', [0xff], { reg: 5, ...pointer(4) }),
    far('jmp far m16:64', [0xff], { sizes: [64], reg: 5, ...pointer(8) }),
    far('call far m16:32', [0xff], { reg: 3, ...pointer(4), prepare: stack, memoryAfterFault: PUSHED }),
    far('call far m16:64', [0xff], {
      sizes: [64],
      reg: 3,
      ...pointer(8),
      prepare: stack,
      memoryAfterFault: PUSHED,
    }),
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
  ...farTransfers(),
  ...segmentBases(),
];
