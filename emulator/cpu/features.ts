/**
 * The CPU models one can choose, and the instruction-set features they present: one row each, with its place in CPUID
 * (Intel SDM volume 2, CPUID). A feature has its row once all of its instructions are there; an instruction of a
 * feature that the model does not present raises #UD.
 */

/** The levels of the x86-64 psABI. Each has all that those before it have. */
export const CPU_MODELS = ['x86-64-v1', 'x86-64-v2', 'x86-64-v3'] as const;
export type CpuModel = (typeof CPU_MODELS)[number];
export const DEFAULT_CPU_MODEL: CpuModel = 'x86-64-v3';

export interface CpuidBit {
  readonly leaf: number;
  readonly subleaf?: number;
  readonly register: 'eax' | 'ebx' | 'ecx' | 'edx';
  readonly bit: number;
}

interface FeatureRow extends CpuidBit {
  /** The first model that presents it. */
  readonly since: CpuModel;
}

const leaf1Ecx = (bit: number, since: CpuModel) => ({ leaf: 1, register: 'ecx', bit, since }) as const;
const leaf7Ebx = (bit: number, since: CpuModel) =>
  ({ leaf: 7, subleaf: 0, register: 'ebx', bit, since }) as const;

const ROWS = {
  pclmulqdq: leaf1Ecx(1, 'x86-64-v2'),
  aes: leaf1Ecx(25, 'x86-64-v2'),
  sha: leaf7Ebx(29, 'x86-64-v3'),
  sse3: leaf1Ecx(0, 'x86-64-v2'),
  ssse3: leaf1Ecx(9, 'x86-64-v2'),
  'sse4.1': leaf1Ecx(19, 'x86-64-v2'),
  'sse4.2': leaf1Ecx(20, 'x86-64-v2'),
  cmpxchg16b: leaf1Ecx(13, 'x86-64-v2'),
  x2apic: leaf1Ecx(21, 'x86-64-v2'),
  tscDeadline: leaf1Ecx(24, 'x86-64-v2'),
  popcnt: leaf1Ecx(23, 'x86-64-v2'),
  xsave: leaf1Ecx(26, 'x86-64-v3'),
  xsaveopt: { leaf: 0xd, subleaf: 1, register: 'eax', bit: 0, since: 'x86-64-v3' },
  xsavec: { leaf: 0xd, subleaf: 1, register: 'eax', bit: 1, since: 'x86-64-v3' },
  xgetbv1: { leaf: 0xd, subleaf: 1, register: 'eax', bit: 2, since: 'x86-64-v3' },
  avx: leaf1Ecx(28, 'x86-64-v3'),
  fma: leaf1Ecx(12, 'x86-64-v3'),
  f16c: leaf1Ecx(29, 'x86-64-v3'),
  avx2: leaf7Ebx(5, 'x86-64-v3'),
  movbe: leaf1Ecx(22, 'x86-64-v3'),
  bmi1: leaf7Ebx(3, 'x86-64-v3'),
  bmi2: leaf7Ebx(8, 'x86-64-v3'),
  rdrand: leaf1Ecx(30, 'x86-64-v3'),
  rdseed: leaf7Ebx(18, 'x86-64-v3'),
  rdpid: { leaf: 7, subleaf: 0, register: 'ecx', bit: 22, since: 'x86-64-v3' },
  adx: leaf7Ebx(19, 'x86-64-v3'),
  pcid: leaf1Ecx(17, 'x86-64-v3'),
  fsgsbase: leaf7Ebx(0, 'x86-64-v3'),
  /** IA32_TSC_ADJUST. */
  tscAdjust: leaf7Ebx(1, 'x86-64-v3'),
  smep: leaf7Ebx(7, 'x86-64-v3'),
  invpcid: leaf7Ebx(10, 'x86-64-v3'),
  smap: leaf7Ebx(20, 'x86-64-v3'),
  /** IA32_ARCH_CAPABILITIES, which tells of flaws that the processor does not have. */
  archCapabilities: { leaf: 7, subleaf: 0, register: 'edx', bit: 29, since: 'x86-64-v3' },
  umip: { leaf: 7, subleaf: 0, register: 'ecx', bit: 2, since: 'x86-64-v3' },
  /** FOP and FDP are kept of x87 instructions with an unmasked exception only, FCS and FDS never. */
  fdpOfExceptions: leaf7Ebx(6, 'x86-64-v1'),
  noFcsFds: leaf7Ebx(13, 'x86-64-v1'),
  lzcnt: { leaf: 0x8000_0001, register: 'ecx', bit: 5, since: 'x86-64-v3' },
  /** LAHF and SAHF in 64-bit mode. */
  lahf: { leaf: 0x8000_0001, register: 'ecx', bit: 0, since: 'x86-64-v2' },
} as const satisfies Record<string, FeatureRow>;

export type Feature = keyof typeof ROWS;

const TABLE: ReadonlyMap<Feature, FeatureRow> = new Map(
  Object.entries(ROWS) as [Feature, FeatureRow][], // Object.entries forgets the names of the keys.
);

export function presents(model: CpuModel, feature: Feature): boolean {
  return CPU_MODELS.indexOf(ROWS[feature].since) <= CPU_MODELS.indexOf(model);
}

/** The CPUID bits of all features that a model presents. */
export function presentedBits(model: CpuModel): readonly CpuidBit[] {
  return [...TABLE].filter(([feature]) => presents(model, feature)).map(([, row]) => row);
}
