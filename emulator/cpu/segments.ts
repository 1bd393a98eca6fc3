/** Segment registers and descriptors (Intel SDM volume 3, chapters 3.4 and 7.2), as far as long mode heeds them. */
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode, SEGMENT_NOT_PRESENT, STACK_FAULT } from './fault.ts';
import { load32, store32 } from './memory-access.ts';
import { asSupervisor } from './privilege.ts';
import {
  CPL,
  CS,
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
  SS,
  segment,
} from './state.ts';

/** Bits of a descriptor's upper word. */
export const DESCRIPTOR_ACCESSED = 0x100;
export const DESCRIPTOR_WRITABLE = 0x200;
export const DESCRIPTOR_CONFORMING = 0x400;
export const DESCRIPTOR_CODE = 0x800;
export const DESCRIPTOR_NON_SYSTEM = 0x1000;
export const DESCRIPTOR_PRESENT = 0x8000;
export const DESCRIPTOR_LONG = 0x20_0000;
export const DESCRIPTOR_DEFAULT_32 = 0x40_0000;
const DESCRIPTOR_GRANULARITY = 0x80_0000;
/** The bits kept as SEGMENT_ATTRIBUTES. */
const ATTRIBUTES = 0xf0_ff00;
const AVAILABLE_TSS = 0x900;
const LDT = 0x200;
const TYPE = 0x1f00;

export const privilegeOf = (upper: number): number => (upper >> 13) & 3;
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
}

export function setSegmentFromDescriptor(cpu: Cpu, which: number, selector: number, d: Descriptor): void {
  setSegment(cpu, which, selector, descriptorBase(d), 0, descriptorLimit(d), d.upper | DESCRIPTOR_ACCESSED);
}

/** The flat descriptors that SYSCALL and SYSRET imply: upper words for code and data at a privilege level. */
const FLAT =
  DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_PRESENT | DESCRIPTOR_ACCESSED | DESCRIPTOR_GRANULARITY | 0xf_0000;
export function setFlatCode(cpu: Cpu, selector: number, level: number): void {
  const upper = FLAT | DESCRIPTOR_CODE | DESCRIPTOR_WRITABLE | DESCRIPTOR_LONG | (level << 13);
  setSegment(cpu, CS, selector, 0, 0, -1, upper);
}
export function setFlatData(cpu: Cpu, which: number, selector: number, level: number): void {
  const upper = FLAT | DESCRIPTOR_WRITABLE | DESCRIPTOR_DEFAULT_32 | (level << 13);
  setSegment(cpu, which, selector, 0, 0, -1, upper);
}

/** MOV to ES, SS, DS, FS, GS, and LSS, LFS, LGS: checks and loads. */
export function loadDataSegment(cpu: Cpu, which: number, selector: number): void {
  const level = cpu.i32[CPL];
  const requested = selector & 3;
  const code = selector & 0xfffc;
  if (isNull(selector)) {
    if (which === SS && (level === 3 || requested !== level)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    setSegment(cpu, which, selector, 0, 0, 0, 0);
    return;
  }
  const d = readDescriptor(cpu, selector, GENERAL_PROTECTION);
  const type = d.upper & (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE | DESCRIPTOR_WRITABLE);
  const privilege = privilegeOf(d.upper);
  if (which === SS) {
    const isStack = type === (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_WRITABLE);
    if (!isStack || requested !== level || privilege !== level) raiseWithCode(cpu, GENERAL_PROTECTION, code);
    if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, STACK_FAULT, code);
  } else {
    const conforming =
      (d.upper & (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING)) === (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING);
    const readable =
      (type & DESCRIPTOR_NON_SYSTEM) !== 0 && type !== (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE);
    if (!readable || (!conforming && (requested > privilege || level > privilege))) {
      raiseWithCode(cpu, GENERAL_PROTECTION, code);
    }
    if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, code);
  }
  markAccessed(cpu, d);
  setSegmentFromDescriptor(cpu, which, selector, d);
}

/** Returning to an outer level: data segments that are too privileged for it become null. */
export function dropPrivilegedSegments(cpu: Cpu, level: number): void {
  for (const which of [ES, 3, FS, GS]) {
    const at = segment(which);
    const upper = cpu.i32[at + SEGMENT_ATTRIBUTES];
    if (isNull(cpu.i32[at + SEGMENT_SELECTOR])) continue;
    const conforming =
      (upper & (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING)) === (DESCRIPTOR_CODE | DESCRIPTOR_CONFORMING);
    if (!conforming && privilegeOf(upper) < level) setSegment(cpu, which, 0, 0, 0, 0, 0);
  }
}

/** Checks a 64-bit code segment for a transfer and returns its descriptor. Code of 16 and 32 bits is not supported: #GP. */
export function readLongCodeSegment(cpu: Cpu, selector: number, external = 0): Descriptor {
  const code = (selector & 0xfffc) | external;
  if (isNull(selector)) raiseWithCode(cpu, GENERAL_PROTECTION, external);
  const d = readDescriptor(cpu, selector, GENERAL_PROTECTION, external);
  const isCode =
    (d.upper & (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE)) === (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE);
  const isLong = (d.upper & (DESCRIPTOR_LONG | DESCRIPTOR_DEFAULT_32)) === DESCRIPTOR_LONG;
  if (!isCode || !isLong) raiseWithCode(cpu, GENERAL_PROTECTION, code);
  return d;
}

/** LLDT and LTR: loads a system segment, whose descriptor is 16 bytes long. */
export function loadSystemSegment(cpu: Cpu, which: number, selector: number): void {
  const code = selector & 0xfffc;
  if (isNull(selector)) {
    if (which !== LDTR) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    setSegment(cpu, which, selector, 0, 0, 0, 0);
    return;
  }
  if ((selector & 4) !== 0 || (selector & 0xfff8) + 15 > cpu.i32[GDTR_LIMIT]) {
    raiseWithCode(cpu, GENERAL_PROTECTION, code);
  }
  const d = readDescriptor(cpu, selector, GENERAL_PROTECTION);
  if ((d.upper & TYPE) !== (which === LDTR ? LDT : AVAILABLE_TSS))
    raiseWithCode(cpu, GENERAL_PROTECTION, code);
  if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, code);
  const low = (d.addressLow + 8) | 0;
  const high = d.addressHigh + (low >>> 0 < 8 ? 1 : 0);
  const baseHigh = asSupervisor(cpu, () => load32(cpu, low, high));
  let upper = d.upper;
  if (which !== LDTR) {
    upper |= 0x200; // busy
    rewriteUpper(cpu, d, upper);
  }
  setSegment(cpu, which, selector, descriptorBase(d), baseHigh, descriptorLimit(d), upper);
}
