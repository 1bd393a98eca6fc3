/** Segment registers, and loading them from descriptors (Intel SDM volume 3, chapters 3.4 and 7.2). */

import { isCanonical } from '../mmu/page-walk.ts';
import { CODE_32, isIa32e, PROTECTED, STACK_32 } from './code-mode.ts';
import type { Cpu } from './cpu.ts';
import {
  BUSY,
  DESCRIPTOR_ACCESSED,
  DESCRIPTOR_CODE,
  DESCRIPTOR_CONFORMING,
  DESCRIPTOR_DEFAULT_32,
  DESCRIPTOR_GRANULARITY,
  DESCRIPTOR_LONG,
  DESCRIPTOR_NON_SYSTEM,
  DESCRIPTOR_PRESENT,
  DESCRIPTOR_WRITABLE,
  LDT_TYPE,
  privilegeOf,
  systemTypeOf,
  TSS_16,
  TSS_32,
} from './descriptor.ts';
import { GENERAL_PROTECTION, raiseWithCode, SEGMENT_NOT_PRESENT, STACK_FAULT } from './fault.ts';
import { load32, store32 } from './memory-access.ts';
import { asSupervisor } from './privilege.ts';
import { tagOf } from './segment-access.ts';
import {
  CPL,
  CR0,
  CR0_PE,
  CS,
  DS,
  ES,
  FS,
  GDTR_BASE,
  GDTR_LIMIT,
  GS,
  LDTR,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_TAG,
  SS,
  segment,
} from './state.ts';

/** The bits kept as SEGMENT_ATTRIBUTES. */
const ATTRIBUTES = 0xf0_ff00;

export const isNull = (selector: number): boolean => (selector & ~3) === 0;

/** A descriptor as read from its table; `address` is that of its first byte. */
export interface Descriptor {
  readonly lower: number;
  readonly upper: number;
  readonly addressLow: number;
  readonly addressHigh: number;
}

/** Reads the descriptor of a selector that is not null. Raises `vector`(selector) if it lies beyond its table. */
export function readDescriptor(cpu: Cpu, selector: number, vector: number, external = 0): Descriptor {
  const s = cpu.i32;
  const code = (selector & 0xfffc) | external;
  const local = (selector & 4) !== 0;
  const ldt = segment(LDTR);
  const limit = local ? s[ldt + SEGMENT_LIMIT] >>> 0 : s[GDTR_LIMIT];
  const offset = selector & 0xfff8;
  if ((local && isNull(s[ldt + SEGMENT_SELECTOR])) || offset + 7 > limit) raiseWithCode(cpu, vector, code);
  const base = local ? ldt + SEGMENT_BASE : GDTR_BASE;
  const addressLow = (s[base] + offset) | 0;
  const addressHigh = (s[base + 1] + (addressLow >>> 0 < offset ? 1 : 0)) | 0;
  return asSupervisor(cpu, () => ({
    lower: load32(cpu, addressLow, addressHigh),
    upper: load32(cpu, (addressLow + 4) | 0, addressHigh + (addressLow >>> 0 > 0xffff_fffb ? 1 : 0)),
    addressLow,
    addressHigh,
  }));
}

function rewriteUpper(cpu: Cpu, d: Descriptor, upper: number): void {
  const low = (d.addressLow + 4) | 0;
  asSupervisor(cpu, () => store32(cpu, low, d.addressHigh + (low >>> 0 < 4 ? 1 : 0), upper));
}

/** Sets a descriptor's accessed bit in memory if it is clear. */
export function markAccessed(cpu: Cpu, d: Descriptor): void {
  if ((d.upper & DESCRIPTOR_ACCESSED) === 0) rewriteUpper(cpu, d, d.upper | DESCRIPTOR_ACCESSED);
}

export const descriptorBase = (d: Descriptor): number =>
  (d.lower >>> 16) | ((d.upper & 0xff) << 16) | (d.upper & 0xff00_0000);
export const descriptorLimit = (d: Descriptor): number => {
  const limit = (d.lower & 0xffff) | (d.upper & 0xf_0000);
  return (d.upper & DESCRIPTOR_GRANULARITY) !== 0 ? (limit << 12) | 0xfff : limit;
};

/** Loads the hidden part of a segment register. */
export function setSegment(
  cpu: Cpu,
  which: number,
  selector: number,
  baseLow: number,
  baseHigh: number,
  limit: number,
  upper: number,
): void {
  const at = segment(which);
  cpu.i32[at + SEGMENT_SELECTOR] = selector;
  cpu.i32[at + SEGMENT_BASE] = baseLow;
  cpu.i32[at + SEGMENT_BASE + 1] = baseHigh;
  cpu.i32[at + SEGMENT_LIMIT] = limit;
  cpu.i32[at + SEGMENT_ATTRIBUTES] = upper & ATTRIBUTES;
  cpu.i32[at + SEGMENT_TAG] = tagOf(which, baseLow, limit, upper);
  if (which === CS || which === SS) refreshCodeMode(cpu);
}

/** Chooses the mode in which code is decoded anew: after CS, SS or CR0.PE have changed. */
export function refreshCodeMode(cpu: Cpu): void {
  const s = cpu.i32;
  const code = s[segment(CS) + SEGMENT_ATTRIBUTES];
  const stack = s[segment(SS) + SEGMENT_ATTRIBUTES];
  const flags =
    ((code & DESCRIPTOR_DEFAULT_32) !== 0 ? CODE_32 : 0) |
    ((stack & DESCRIPTOR_DEFAULT_32) !== 0 ? STACK_32 : 0) |
    ((s[CR0] & CR0_PE) !== 0 ? PROTECTED : 0);
  cpu.mode = cpu.modes[(code & DESCRIPTOR_LONG) !== 0 ? 0 : 1 + flags];
}

/** Derives anew what follows from the segment registers, after they have been written from outside. */
export function refreshSegments(cpu: Cpu): void {
  const s = cpu.i32;
  for (let which = ES; which <= GS; which++) {
    const at = segment(which);
    s[at + SEGMENT_TAG] = tagOf(
      which,
      s[at + SEGMENT_BASE],
      s[at + SEGMENT_LIMIT],
      s[at + SEGMENT_ATTRIBUTES],
    );
  }
  refreshCodeMode(cpu);
}

export function setSegmentFromDescriptor(cpu: Cpu, which: number, selector: number, d: Descriptor): void {
  setSegment(cpu, which, selector, descriptorBase(d), 0, descriptorLimit(d), d.upper | DESCRIPTOR_ACCESSED);
}

/** The flat descriptors that SYSCALL and its like imply: upper words for code and data at a privilege level. */
const FLAT =
  DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_PRESENT | DESCRIPTOR_ACCESSED | DESCRIPTOR_GRANULARITY | 0xf_0000;
export function setFlatCode(cpu: Cpu, selector: number, level: number, bits: 32 | 64 = 64): void {
  const size = bits === 64 ? DESCRIPTOR_LONG : DESCRIPTOR_DEFAULT_32;
  const upper = FLAT | DESCRIPTOR_CODE | DESCRIPTOR_WRITABLE | size | (level << 13);
  setSegment(cpu, CS, selector, 0, 0, -1, upper);
}
export function setFlatData(cpu: Cpu, which: number, selector: number, level: number): void {
  const upper = FLAT | DESCRIPTOR_WRITABLE | DESCRIPTOR_DEFAULT_32 | (level << 13);
  setSegment(cpu, which, selector, 0, 0, -1, upper);
}

/** Loads a segment register in real mode: limit and attributes stay, so that protected mode may leave larger ones behind. */
export function setRealSegment(cpu: Cpu, which: number, selector: number): void {
  const at = segment(which);
  const attributes = cpu.i32[at + SEGMENT_ATTRIBUTES];
  const wasNull = (attributes & DESCRIPTOR_PRESENT) === 0;
  const limit = wasNull ? 0xffff : cpu.i32[at + SEGMENT_LIMIT];
  setSegment(cpu, which, selector, selector << 4, 0, limit, wasNull ? REAL_ATTRIBUTES : attributes);
}
const REAL_ATTRIBUTES =
  DESCRIPTOR_PRESENT | DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_WRITABLE | DESCRIPTOR_ACCESSED;

/** MOV and POP to ES, SS, DS, FS, GS, and LES, LSS, LDS, LFS, LGS: checks and loads. */
export function loadDataSegment(cpu: Cpu, which: number, selector: number): void {
  if (cpu.mode.isReal) {
    setRealSegment(cpu, which, selector);
    return;
  }
  const level = cpu.i32[CPL];
  const requested = selector & 3;
  const code = selector & 0xfffc;
  if (isNull(selector)) {
    if (which === SS && (cpu.mode.bits !== 64 || level === 3 || requested !== level)) {
      raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    }
    setSegment(cpu, which, selector, 0, 0, 0, 0);
    return;
  }
  if (which === SS) {
    const stack = readStackSegment(cpu, selector, level, GENERAL_PROTECTION);
    markAccessed(cpu, stack);
    setSegmentFromDescriptor(cpu, SS, selector, stack);
    return;
  }
  const d = readDescriptor(cpu, selector, GENERAL_PROTECTION);
  const type = d.upper & (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE | DESCRIPTOR_WRITABLE);
  const privilege = privilegeOf(d.upper);
  const conforming =
    (d.upper & (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING)) === (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING);
  const readable = (type & DESCRIPTOR_NON_SYSTEM) !== 0 && type !== (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE);
  if (!readable || (!conforming && (requested > privilege || level > privilege))) {
    raiseWithCode(cpu, GENERAL_PROTECTION, code);
  }
  if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, code);
  markAccessed(cpu, d);
  setSegmentFromDescriptor(cpu, which, selector, d);
}

/** Checks a selector, not null, for SS at a privilege level. Raises `vector`(selector), or #SS if it is not present. */
export function readStackSegment(
  cpu: Cpu,
  selector: number,
  level: number,
  vector: number,
  external = 0,
): Descriptor {
  const code = (selector & 0xfffc) | external;
  const d = readDescriptor(cpu, selector, vector, external);
  const type = d.upper & (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE | DESCRIPTOR_WRITABLE);
  const isStack = type === (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_WRITABLE);
  if (!isStack || (selector & 3) !== level || privilegeOf(d.upper) !== level)
    raiseWithCode(cpu, vector, code);
  if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, STACK_FAULT, code);
  return d;
}

/** Returning to an outer level: data segments that are too privileged for it become null. */
export function dropPrivilegedSegments(cpu: Cpu, level: number): void {
  for (const which of [ES, DS, FS, GS]) {
    const at = segment(which);
    const upper = cpu.i32[at + SEGMENT_ATTRIBUTES];
    if (isNull(cpu.i32[at + SEGMENT_SELECTOR])) {
      // Intel's processors forget the privilege level in a null selector too.
      cpu.i32[at + SEGMENT_SELECTOR] = 0;
      continue;
    }
    const conforming =
      (upper & (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING)) === (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING);
    if (!conforming && privilegeOf(upper) < level) setSegment(cpu, which, 0, 0, 0, 0, 0);
  }
}

/** Reads a code segment for a transfer: its type only is checked. */
export function readCodeSegment(cpu: Cpu, selector: number, external = 0): Descriptor {
  const code = (selector & 0xfffc) | external;
  if (isNull(selector)) raiseWithCode(cpu, GENERAL_PROTECTION, external);
  const d = readDescriptor(cpu, selector, GENERAL_PROTECTION, external);
  if (!isCodeSegment(cpu, d)) raiseWithCode(cpu, GENERAL_PROTECTION, code);
  return d;
}

/** In IA-32e mode L and D together are no code segment; elsewhere L means nothing. */
export function isCodeSegment(cpu: Cpu, d: Descriptor): boolean {
  const isCode =
    (d.upper & (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE)) === (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE);
  const both = DESCRIPTOR_LONG | DESCRIPTOR_DEFAULT_32;
  return isCode && !(isIa32e(cpu) && (d.upper & both) === both);
}

/** Code of a segment runs in 64-bit mode. */
export const isLongCode = (cpu: Cpu, d: Descriptor): boolean =>
  isIa32e(cpu) && (d.upper & DESCRIPTOR_LONG) !== 0;

/** Loads CS, and with it the mode. */
export function setCodeSegment(cpu: Cpu, selector: number, d: Descriptor): void {
  const upper = isLongCode(cpu, d) ? d.upper : d.upper & ~DESCRIPTOR_LONG;
  setSegment(cpu, CS, selector, descriptorBase(d), 0, descriptorLimit(d), upper | DESCRIPTOR_ACCESSED);
}

/** Raises #GP(0) unless code of a segment may begin at an offset: canonical in 64-bit mode, else within the limit. */
export function checkEntry(cpu: Cpu, d: Descriptor, low: number, high: number, external = 0): void {
  const isInside = isLongCode(cpu, d)
    ? (high << 16) >> 16 === high
    : high === 0 && low >>> 0 <= descriptorLimit(d) >>> 0;
  if (!isInside) raiseWithCode(cpu, GENERAL_PROTECTION, external);
}

/** Bits of the last word of a descriptor of 16 bytes that stand where a descriptor of 8 has its type: 0. */
const SECOND_TYPE = 0x1f00;

/** LLDT and LTR: loads a system segment, whose descriptor is 16 bytes long in IA-32e mode. */
export function loadSystemSegment(cpu: Cpu, which: number, selector: number): void {
  const isWide = isIa32e(cpu);
  const code = selector & 0xfffc;
  if (isNull(selector)) {
    if (which !== LDTR) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    setSegment(cpu, which, selector, 0, 0, 0, 0);
    return;
  }
  if ((selector & 4) !== 0 || (selector & 0xfff8) + (isWide ? 15 : 7) > cpu.i32[GDTR_LIMIT]) {
    raiseWithCode(cpu, GENERAL_PROTECTION, code);
  }
  const d = readDescriptor(cpu, selector, GENERAL_PROTECTION);
  const type = systemTypeOf(d.upper);
  const fits =
    (d.upper & DESCRIPTOR_NON_SYSTEM) === 0 &&
    (which === LDTR ? type === LDT_TYPE : type === TSS_32 || (type === TSS_16 && !isWide));
  if (!fits) raiseWithCode(cpu, GENERAL_PROTECTION, code);
  if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, code);
  const low = (d.addressLow + 8) | 0;
  const high = d.addressHigh + (low >>> 0 < 8 ? 1 : 0);
  let baseHigh = 0;
  if (isWide) {
    const type = asSupervisor(cpu, () => {
      baseHigh = load32(cpu, low, high);
      return load32(cpu, (low + 4) | 0, high + (low >>> 0 > 0xffff_fffb ? 1 : 0)) & SECOND_TYPE;
    });
    if (type !== 0 || !isCanonical(baseHigh)) raiseWithCode(cpu, GENERAL_PROTECTION, code);
  }
  let upper = d.upper;
  if (which !== LDTR) {
    upper |= BUSY << 8;
    rewriteUpper(cpu, d, upper);
  }
  setSegment(cpu, which, selector, descriptorBase(d), baseHigh, descriptorLimit(d), upper);
}
