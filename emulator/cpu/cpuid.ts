/** CPUID: a plain x86-64-v1 processor (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E). */
import { PHYSICAL_ADDRESS_BITS } from '../mmu/page-walk.ts';
import type { Handler } from './instruction.ts';
import { RAX, RBX, RCX, RDX } from './state.ts';

const bits = (...positions: number[]): number => positions.reduce((word, bit) => word | (1 << bit), 0);

/** Leaf 1 EDX: FPU DE PSE TSC MSR PAE CX8 APIC MTRR PGE CMOV PAT CLFSH FXSR SSE SSE2. */
const FEATURES_EDX = bits(0, 2, 3, 4, 5, 6, 8, 9, 12, 13, 15, 16, 19, 24, 25, 26);
/** Leaf 1 ECX: CMPXCHG16B, POPCNT, hypervisor. */
const FEATURES_ECX = bits(13, 23, 31);
/** Leaf 8000_0001 EDX: SYSCALL, NX, 1 GiB pages, RDTSCP, long mode. */
const EXTENDED_EDX = bits(11, 20, 26, 27, 29);
/** Leaf 8000_0001 ECX: LAHF/SAHF in 64-bit mode. */
const EXTENDED_ECX = bits(0);
/** Family 6, model 15, stepping 1: the first with all of the above. */
const SIGNATURE = 0x6f1;
/** CLFLUSH line of 8 × 8 bytes, one logical processor, APIC identifier 0. */
const FEATURES_EBX = (8 << 8) | (1 << 16);

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

const LEAVES: ReadonlyMap<number, Leaf> = new Map<number, Leaf>([
  [0, [0x16, VENDOR[0], VENDOR[2], VENDOR[1]]],
  [1, [SIGNATURE, FEATURES_EBX, FEATURES_ECX, FEATURES_EDX]],
  // Time-stamp counter: 100 MHz, from a crystal of 100 MHz at ratio 1.
  [0x15, [1, 1, 100_000_000, 0]],
  [0x16, [100, 100, 100, 0]],
  [0x4000_0000, [0x4000_0000, HYPERVISOR[0], HYPERVISOR[1], HYPERVISOR[2]]],
  [0x8000_0000, [0x8000_0008 | 0, 0, 0, 0]],
  [0x8000_0001, [0, 0, EXTENDED_ECX, EXTENDED_EDX]],
  [0x8000_0002, words(BRAND.slice(0, 16))],
  [0x8000_0003, words(BRAND.slice(16, 32))],
  [0x8000_0004, words(BRAND.slice(32, 48))],
  // The time-stamp counter is invariant.
  [0x8000_0007, [0, 0, 0, bits(8)]],
  [0x8000_0008, [PHYSICAL_ADDRESS_BITS | (48 << 8), 0, 0, 0]],
]);
const NOTHING: Leaf = [0, 0, 0, 0];

export const cpuid: Handler = (cpu) => {
  const s = cpu.i32;
  const [eax, ebx, ecx, edx] = LEAVES.get(s[RAX] >>> 0) ?? NOTHING;
  s[RAX] = eax;
  s[RBX] = ebx;
  s[RCX] = ecx;
  s[RDX] = edx;
  for (const register of [RAX, RBX, RCX, RDX]) s[register + 1] = 0;
};
