/** Registers by name, for debuggers and loaders. Reading and writing here has no side effects the guest could see. */
import { GENERAL_REGISTERS } from '../machine-api.ts';
import { flushAll } from '../mmu/address-space.ts';
import type { Cpu } from './cpu.ts';
import { armBreakpoints } from './debug-registers.ts';
import { readFlags, writeFlags } from './flags.ts';
import { chooseTlbs, setPrivilege } from './privilege.ts';
import { isNull, refreshSegments, setFlatCode, setFlatData, setRealSegment, setSegment } from './segments.ts';
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  CS,
  CSTAR,
  DEBUG_REGISTERS,
  DEBUG_TRAP,
  DS,
  EFER,
  ES,
  FS,
  FS_BASE,
  GDTR_BASE,
  GDTR_LIMIT,
  GS,
  GS_BASE,
  IDTR_BASE,
  IDTR_LIMIT,
  KERNEL_GS_BASE,
  LDTR,
  LSTAR,
  MXCSR,
  PAT,
  RAX,
  REPEAT_FLAGS,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SFMASK,
  SS,
  STAR,
  SYSENTER_CS,
  SYSENTER_EIP,
  SYSENTER_ESP,
  segment,
  TR,
  TSC_AUX,
  VECTOR,
  XCR0,
} from './state.ts';
import { X87_REGISTERS, x87Register } from './x87/registers.ts';

/** Registers that are 64 bits at a place in the state. */
const WORDS: ReadonlyMap<string, number> = new Map<string, number>([
  ...GENERAL_REGISTERS.map((name, n): [string, number] => [name, RAX + 2 * n]),
  ['rip', RIP],
  ['cr0', CR0],
  ['cr2', CR2],
  ['cr3', CR3],
  ['cr4', CR4],
  ['xcr0', XCR0],
  ['efer', EFER],
  ...[0, 1, 2, 3, 6, 7].map((n): [string, number] => [`dr${n}`, DEBUG_REGISTERS + 2 * n]),
  ['fs_base', FS_BASE],
  ['gs_base', GS_BASE],
  ['kernel_gs_base', KERNEL_GS_BASE],
  ['star', STAR],
  ['lstar', LSTAR],
  ['sfmask', SFMASK],
  ['cstar', CSTAR],
  ['sysenter_cs', SYSENTER_CS],
  ['sysenter_esp', SYSENTER_ESP],
  ['sysenter_eip', SYSENTER_EIP],
  ['pat', PAT],
  ['tsc_aux', TSC_AUX],
  ['gdtr_base', GDTR_BASE],
  ['idtr_base', IDTR_BASE],
  ['tr_base', segment(TR) + SEGMENT_BASE],
  ['ldtr_base', segment(LDTR) + SEGMENT_BASE],
]);
/** Registers of 32 bits or less. */
const HALF_WORDS: ReadonlyMap<string, number> = new Map([
  ['gdtr_limit', GDTR_LIMIT],
  ['idtr_limit', IDTR_LIMIT],
  ['mxcsr', MXCSR],
]);
const SELECTORS: ReadonlyMap<string, number> = new Map([
  ['es', ES],
  ['cs', CS],
  ['ss', SS],
  ['ds', DS],
  ['fs', FS],
  ['gs', GS],
  ['ldtr', LDTR],
  ['tr', TR],
]);
/** The hidden parts of segment registers, but for the bases of FS, GS, LDTR and TR, which are among WORDS. */
const SEGMENT_PARTS: ReadonlyMap<string, number> = new Map(
  [...SELECTORS].flatMap(([name, which]): [string, number][] => {
    const at = segment(which);
    const base: [string, number] = [`${name}_base`, at + SEGMENT_BASE];
    return [
      ...(which <= DS ? [base] : []),
      [`${name}_limit`, at + SEGMENT_LIMIT],
      [`${name}_attributes`, at + SEGMENT_ATTRIBUTES],
    ];
  }),
);
/** Changing these makes translations stale. */
const PAGING = new Set(['cr0', 'cr3', 'cr4', 'efer']);

/** Every name but those of parts (xmm0, mm0), for digests and register views. Written in this order, the values that
 * were read make the same state. */
export const REGISTER_NAMES: readonly string[] = [
  ...WORDS.keys(),
  'rflags',
  ...HALF_WORDS.keys(),
  ...SELECTORS.keys(),
  ...SEGMENT_PARTS.keys(),
  ...X87_REGISTERS.keys(),
  ...Array.from({ length: 16 }, (_, n) => `ymm${n}`),
];

const read64 = (s: Int32Array, at: number): bigint => (BigInt(s[at + 1] >>> 0) << 32n) | BigInt(s[at] >>> 0);
function write64(s: Int32Array, at: number, value: bigint): void {
  s[at] = Number(BigInt.asIntN(32, value));
  s[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/** The vector registers by the names of their whole and of their low half: state word index and 64-bit words. */
const VECTORS: ReadonlyMap<string, readonly [at: number, quadwords: number]> = new Map(
  Array.from({ length: 16 }, (_, n) => n).flatMap((n) => [
    [`xmm${n}`, [VECTOR + n * 8, 2]],
    [`ymm${n}`, [VECTOR + n * 8, 4]],
  ]),
);

const unknown = (name: string): RangeError =>
  new RangeError(`There is no register '${name}'. Known are ${REGISTER_NAMES.join(', ')}.`);

/** Throws RangeError if there is no such register. */
export function readRegisterByName(cpu: Cpu, name: string): bigint {
  const s = cpu.i32;
  const word = WORDS.get(name);
  if (word !== undefined) return read64(s, word);
  if (name === 'rflags') return BigInt(readFlags(cpu) >>> 0);
  const half = HALF_WORDS.get(name) ?? SEGMENT_PARTS.get(name);
  if (half !== undefined) return BigInt(s[half] >>> 0);
  const which = SELECTORS.get(name);
  if (which !== undefined) return BigInt(s[segment(which) + SEGMENT_SELECTOR] & 0xffff);
  const x87 = x87Register(name);
  if (x87 !== undefined) return x87.read(s);
  const vector = VECTORS.get(name);
  if (vector === undefined) throw unknown(name);
  const [at, quadwords] = vector;
  let value = 0n;
  for (let n = 0; n < quadwords; n++) value |= read64(s, at + 2 * n) << BigInt(64 * n);
  return value;
}

/**
 * Throws RangeError if there is no such register. In real mode a selector written to a segment register loads it as code
 * would. Elsewhere it implies a flat descriptor (64-bit code for CS, whose low two bits become the privilege level) whatever
 * the descriptor tables hold; another descriptor is written as `cs_base`, `cs_limit` (the last offset) and `cs_attributes` (bits 8…23 of a descriptor's upper word, in place).
 */
export function writeRegisterByName(cpu: Cpu, name: string, value: bigint): void {
  const s = cpu.i32;
  const word = WORDS.get(name);
  const half = HALF_WORDS.get(name);
  const part = SEGMENT_PARTS.get(name);
  const which = SELECTORS.get(name);
  const x87 = x87Register(name);
  const vector = VECTORS.get(name);
  if (word !== undefined) {
    write64(s, word, value);
    // What follows is another instruction.
    if (name === 'rip') s[REPEAT_FLAGS] = s[DEBUG_TRAP] = 0;
    if (/^dr/.test(name)) armBreakpoints(cpu);
    if (name === 'cr0') refreshSegments(cpu);
    if (PAGING.has(name)) {
      flushAll(s);
      chooseTlbs(cpu);
    }
  } else if (name === 'rflags') {
    writeFlags(cpu, Number(BigInt.asUintN(22, value)));
  } else if (half !== undefined) {
    s[half] = Number(BigInt.asIntN(32, value));
  } else if (part !== undefined) {
    s[part] = Number(BigInt.asIntN(32, value));
    refreshSegments(cpu);
  } else if (which !== undefined) {
    writeSelector(cpu, which, Number(BigInt.asUintN(16, value)));
  } else if (x87 !== undefined) {
    x87.write(s, value);
  } else if (vector !== undefined) {
    const [at, quadwords] = vector;
    for (let n = 0; n < quadwords; n++) write64(s, at + 2 * n, value >> BigInt(64 * n));
  } else throw unknown(name);
}

function writeSelector(cpu: Cpu, which: number, selector: number): void {
  const s = cpu.i32;
  if (cpu.mode.isReal && which <= GS) setRealSegment(cpu, which, selector);
  else if (which === CS) {
    setFlatCode(cpu, selector, selector & 3);
    setPrivilege(cpu, selector & 3);
  } else if (which === LDTR || which === TR || which === FS || which === GS) {
    // Their bases are registers of their own.
    s[segment(which) + SEGMENT_SELECTOR] = selector;
  } else if (isNull(selector)) setSegment(cpu, which, selector, 0, 0, 0, 0);
  else setFlatData(cpu, which, selector, s[CPL]);
}
