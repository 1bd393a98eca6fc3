/** CPUID: an Intel processor with the features of its model (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E). */
import { PHYSICAL_ADDRESS_BITS } from '../mmu/page-walk.ts';
import { CPU_MODELS, type CpuModel, presentedBits, presents } from './features.ts';
import type { Handler } from './instruction.ts';
import { CR4, CR4_OSXSAVE, RAX, RBX, RCX, RDX, XCR0 } from './state.ts';

const bits = (...positions: number[]): number => positions.reduce((word, bit) => word | (1 << bit), 0);

/** Leaf 1 EAX, and EDX at reset. */
export const signatureOf = (model: CpuModel): number => SIGNATURES[model];

/** Leaf 1 EDX: FPU DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE-36 CLFSH MMX FXSR SSE SSE2. */
const FEATURES_EDX = bits(0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 19, 23, 24, 25, 26);
/** Leaf 1 ECX: hypervisor. */
const FEATURES_ECX = bits(31);
/** Leaf 8000_0001 EDX: SYSCALL, NX, 1 GiB pages, RDTSCP, long mode. */
const EXTENDED_EDX = bits(11, 20, 26, 27, 29);
/** Family, model and stepping of the first of Intel's to have them: Merom, Nehalem, Haswell. */
const SIGNATURES: Readonly<Record<CpuModel, number>> = {
  'x86-64-v1': 0x6f1,
  'x86-64-v2': 0x106a4,
  'x86-64-v3': 0x306c3,
};
/** CLFLUSH line of 8 × 8 bytes, one logical processor, APIC identifier 0. */
const FEATURES_EBX = (8 << 8) | (1 << 16);

/** Leaf 1 EDX: there is a local APIC, and it is enabled. */
const APIC = bits(9);

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

const word = (text: string): number =>
  text.charCodeAt(0) | (text.charCodeAt(1) << 8) | (text.charCodeAt(2) << 16) | (text.charCodeAt(3) << 24);
/** Sixteen characters as four registers. */
const words = (text: string): Leaf => {
  const padded = text.padEnd(16, '\0');
  return [word(padded), word(padded.slice(4)), word(padded.slice(8)), word(padded.slice(12))];
};

const VENDOR = words('GenuineIntel');
const BRAND = 'A9N emulated x86-64 processor'.padEnd(48, '\0');
const HYPERVISOR = words('A9NEmulator ');

const HIGHEST_BASIC = 0x16;
const HIGHEST_EXTENDED = 0x8000_0008;
const HYPERVISOR_LEAF = 0x4000_0000;

/** What all models say, by leaf and subleaf. */
const COMMON: ReadonlyMap<number, Leaf> = new Map<number, Leaf>([
  [0, [HIGHEST_BASIC, VENDOR[0], VENDOR[2], VENDOR[1]]],
  [1, [0, FEATURES_EBX, FEATURES_ECX, FEATURES_EDX]],
  // TLBs and prefetching as Haswell has them; of caches leaf 4 tells.
  [2, [0x7603_6301, 0x00f0_b5ff, 0, 0x00c1_0000]],
  // The APIC timer never stops.
  [6, [bits(2), 0, 0, 0]],
  // Time-stamp counter: 100 MHz, from a crystal of 100 MHz at ratio 1.
  [0x15, [1, 1, 100_000_000, 0]],
  [0x16, [100, 100, 100, 0]],
  [HYPERVISOR_LEAF, [HYPERVISOR_LEAF, HYPERVISOR[0], HYPERVISOR[1], HYPERVISOR[2]]],
  [0x8000_0000, [HIGHEST_EXTENDED | 0, 0, 0, 0]],
  [0x8000_0001, [0, 0, 0, EXTENDED_EDX]],
  [0x8000_0002, words(BRAND.slice(0, 16))],
  [0x8000_0003, words(BRAND.slice(16, 32))],
  [0x8000_0004, words(BRAND.slice(32, 48))],
  // Second-level cache as leaf 4 has it: 256 KiB, 8-way, lines of 64 bytes.
  [0x8000_0006, [0, 0, (256 << 16) | (6 << 12) | 64, 0]],
  // The time-stamp counter is invariant.
  [0x8000_0007, [0, 0, 0, bits(8)]],
  [0x8000_0008, [PHYSICAL_ADDRESS_BITS | (48 << 8), 0, 0, 0]],
]);

/** A cache of so many sets of 64-byte lines, for one processor in one package. */
function cache(type: number, level: number, ways: number, sets: number, inclusive: boolean): Leaf {
  const selfInitializing = 1 << 8;
  return [type | (level << 5) | selfInitializing, 63 | ((ways - 1) << 22), sets - 1, inclusive ? bits(1) : 0];
}
const DATA_CACHE = 1;
const INSTRUCTION_CACHE = 2;
const UNIFIED_CACHE = 3;

/** Leaf 0xB: processors at a level of the topology, whose identifiers are shifted by none to the next one. */
const topology = (subleaf: number, type: number): Leaf => [0, 1, subleaf | (type << 8), 0];

/** Leaves that have subleaves; the others ignore ECX. */
const SUBLEAVES: ReadonlyMap<number, readonly Leaf[]> = new Map<number, readonly Leaf[]>([
  [
    4,
    [
      cache(DATA_CACHE, 1, 8, 64, false),
      cache(INSTRUCTION_CACHE, 1, 8, 64, false),
      cache(UNIFIED_CACHE, 2, 8, 512, false),
      cache(UNIFIED_CACHE, 3, 16, 8192, true),
    ],
  ],
  // Threads of a core, cores of a package, no more levels.
  [0xb, [topology(0, 1), topology(1, 2), [0, 0, 2, 0]]],
]);
const NOTHING: Leaf = [0, 0, 0, 0];

/** The XSAVE area with and without the AVX component. */
const XSAVE_BYTES = 832;
const XSAVE_BYTES_SSE = 576;
const OSXSAVE = bits(27);

const REGISTERS = ['eax', 'ebx', 'ecx', 'edx'] as const;
const WITH_SUBLEAVES: ReadonlySet<number> = new Set([...SUBLEAVES.keys(), 7, 0xd]);
const keyOf = (leaf: number, subleaf: number): number => leaf + subleaf * 0x1_0000_0000;

function leavesOf(model: CpuModel): ReadonlyMap<number, Leaf> {
  const leaves = new Map(COMMON);
  for (const [leaf, subleaves] of SUBLEAVES) {
    subleaves.forEach((value, subleaf) => {
      leaves.set(keyOf(leaf, subleaf), value);
    });
  }
  const add = (key: number, register: number, value: number): void => {
    const leaf: [number, number, number, number] = [...(leaves.get(key) ?? NOTHING)];
    leaf[register] |= value;
    leaves.set(key, leaf);
  };
  add(1, 0, SIGNATURES[model]);
  for (const { leaf, subleaf, register, bit } of presentedBits(model)) {
    add(keyOf(leaf, subleaf ?? 0), REGISTERS.indexOf(register), 1 << bit);
  }
  if (presents(model, 'xsave')) {
    // State components: x87, SSE, and AVX, which has 256 bytes at 576.
    add(keyOf(0xd, 0), 0, 7);
    add(keyOf(0xd, 0), 2, XSAVE_BYTES);
    leaves.set(keyOf(0xd, 2), [256, XSAVE_BYTES - 256, 0, 0]);
  }
  return leaves;
}

const LEAVES: ReadonlyMap<CpuModel, ReadonlyMap<number, Leaf>> = new Map(
  CPU_MODELS.map((model) => [model, leavesOf(model)]),
);

/** Beyond the highest leaf of its range a number means the highest basic leaf, as Intel's processors have it. */
function leafNumber(number: number): number {
  const isThere = number <= HIGHEST_BASIC || number === HYPERVISOR_LEAF;
  return isThere || (number >= 0x8000_0000 && number <= HIGHEST_EXTENDED) ? number : HIGHEST_BASIC;
}

export const cpuid: Handler = (cpu) => {
  const s = cpu.i32;
  const number = leafNumber(s[RAX] >>> 0);
  const subleaf = WITH_SUBLEAVES.has(number) ? s[RCX] >>> 0 : 0;
  const key = keyOf(number, subleaf);
  const [eax, ebx, ecx, presented] = LEAVES.get(cpu.model)?.get(key) ?? NOTHING;
  const edx = number === 1 && cpu.interrupts.mode === 'disabled' ? presented & ~APIC : presented;
  s[RAX] = eax;
  s[RBX] = ebx;
  s[RCX] = ecx;
  // What the system software has enabled.
  if (number === 1 && (s[CR4] & CR4_OSXSAVE) !== 0) s[RCX] |= OSXSAVE;
  if (number === 0xd && subleaf < 2 && eax !== 0)
    s[RBX] = (s[XCR0] & 4) !== 0 ? XSAVE_BYTES : XSAVE_BYTES_SSE;
  s[RDX] = edx;
  for (const register of [RAX, RBX, RCX, RDX]) s[register + 1] = 0;
};
