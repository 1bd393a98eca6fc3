/**
 * Guest memory as instructions see it: linear addresses as two words, checked and translated. The hit path is
 * one compare with the TLB; everything else (misses, page crossings, devices, code pages) is the slow path.
 */
import { RAM } from '../memory-layout.ts';
import { needsAttention } from '../mmu/page-attention.ts';
import { isCanonical, requireCanonical, translate } from '../mmu/page-walk.ts';
import { lookUp, NO_HITS, resume, TLB_MASK, USER_READ, USER_WRITE } from '../mmu/tlb.ts';
import type { Cpu } from './cpu.ts';
import { watchData } from './debug-registers.ts';
import { ALIGNMENT_CHECK, GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import type { Handler, Instruction } from './instruction.ts';
import { chooseTlbs } from './privilege.ts';
import { checkSegmentAccess, segmentOfTag } from './segment-access.ts';
import { HIGH, LEAVE_BLOCK, SEGMENT_BASE, SEGMENT_TAG } from './state.ts';
import { WATCH_READ, WATCH_WRITE, word64 } from './watches.ts';

/** Address of the instruction's memory operand: returns the low half, high half in HIGH. */
export function effectiveAddress(cpu: Cpu, i: Instruction): number {
  const s = cpu.i32;
  if (i.complexAddress !== 0) return complexAddress(s, i);
  const base = s[i.base];
  const low = (base + i.displacementLow) | 0;
  s[HIGH] = s[i.base + 1] + i.displacementHigh + (low >>> 0 < base >>> 0 ? 1 : 0);
  return low;
}

function complexAddress(s: Int32Array, i: Instruction): number {
  if (i.addressSize !== 8) {
    return segmentAddress(s, i, s[i.base] + i.displacementLow + (s[i.index] << i.scale), i.segmentBase);
  }
  const base = s[i.base];
  let low = (base + i.displacementLow) | 0;
  let high = (s[i.base + 1] + i.displacementHigh + (low >>> 0 < base >>> 0 ? 1 : 0)) | 0;
  const index = s[i.index];
  const scaled = index << i.scale;
  low = (low + scaled) | 0;
  // `>>> (32 − scale)` for scales 0…3 without a shift by 32.
  high =
    (high +
      ((s[i.index + 1] << i.scale) | ((index >>> 1) >>> (31 - i.scale))) +
      (low >>> 0 < scaled >>> 0 ? 1 : 0)) |
    0;
  const segmentBase = s[i.segmentBase];
  low = (low + segmentBase) | 0;
  s[HIGH] = high + s[i.segmentBase + 1] + (low >>> 0 < segmentBase >>> 0 ? 1 : 0);
  return low;
}

/**
 * Linear address of an offset, which is cut to an address size of 2 or 4 bytes, in the segment whose base is the state word
 * `base`: returns the low half, high half in HIGH.
 *
 * Outside of 64-bit mode linear addresses have 32 bits, and the high half is the segment's tag: 0 if any offset may be
 * read and written, so that accesses run as in 64-bit mode. Other segments have a tag with which no address is in the
 * TLB: the slow path knows the segment by it, checks limit and type, and takes it off. Thus the address itself carries what
 * must be checked, whoever accesses it and however often, and 64-bit code never asks.
 */
export function segmentAddress(s: Int32Array, i: Instruction, offset: number, base: number): number {
  const cut = i.addressSize === 2 ? offset & 0xffff : offset | 0;
  const low = (cut + s[base]) | 0;
  s[HIGH] =
    i.stackSize === 8
      ? s[base + 1] + (low >>> 0 < cut >>> 0 ? 1 : 0)
      : s[base + (SEGMENT_TAG - SEGMENT_BASE)];
  return low;
}

/** Linear address of the element that a pointer register names, in the segment whose base is the state word `base`. */
export function elementAddress(s: Int32Array, i: Instruction, pointer: number, base: number): number {
  if (i.addressSize !== 8) return segmentAddress(s, i, s[pointer], base);
  const low = (s[pointer] + s[base]) | 0;
  s[HIGH] = s[pointer + 1] + s[base + 1] + (low >>> 0 < s[pointer] >>> 0 ? 1 : 0);
  return low;
}

/** High half of the address `low` that lies behind one with the high half `high`: addresses of 32 bits wrap. */
export const highBehind = (i: Instruction, low: number, high: number, bytes: number): number =>
  i.stackSize === 8 ? high + (low >>> 0 < bytes ? 1 : 0) : high;

// Hit paths. `entry` is the TLB entry of the first byte's page.

export function load8(cpu: Cpu, low: number, high: number): number {
  const s = cpu.i32;
  const entry = cpu.readTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === (low & ~0xfff) && s[entry + 1] === high) return cpu.u8[(s[entry + 2] + low) >>> 0];
  return loadSlow(cpu, low, high, 1);
}

export function load16(cpu: Cpu, low: number, high: number): number {
  const s = cpu.i32;
  const entry = cpu.readTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 1) & ~0xfff) && s[entry + 1] === high) {
    return cpu.view.getUint16((s[entry + 2] + low) >>> 0, true);
  }
  return loadSlow(cpu, low, high, 2);
}

export function load32(cpu: Cpu, low: number, high: number): number {
  const s = cpu.i32;
  const entry = cpu.readTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 3) & ~0xfff) && s[entry + 1] === high) {
    return cpu.view.getInt32((s[entry + 2] + low) >>> 0, true);
  }
  return loadSlow(cpu, low, high, 4);
}

/** Returns the low half, high half in HIGH. */
export function load64(cpu: Cpu, low: number, high: number): number {
  const s = cpu.i32;
  const entry = cpu.readTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 7) & ~0xfff) && s[entry + 1] === high) {
    const host = (s[entry + 2] + low) >>> 0;
    s[HIGH] = cpu.view.getInt32(host + 4, true);
    return cpu.view.getInt32(host, true);
  }
  return loadSlow(cpu, low, high, 8);
}

/** Reads 16 bytes, aligned or not, into four words of the state. */
export function load128(cpu: Cpu, low: number, high: number, destination: number): void {
  const s = cpu.i32;
  const entry = cpu.readTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 15) & ~0xfff) && s[entry + 1] === high) {
    const host = (s[entry + 2] + low) >>> 0;
    const a = cpu.view.getInt32(host, true);
    s[destination] = a;
    s[destination + 1] = cpu.view.getInt32(host + 4, true);
    s[destination + 2] = cpu.view.getInt32(host + 8, true);
    s[destination + 3] = cpu.view.getInt32(host + 12, true);
    return;
  }
  if (cpu.readTlb === NO_HITS) {
    withoutAlignmentChecks(cpu, () => load128(cpu, low, high, destination));
    return;
  }
  checkReach(cpu, low, high, 16, false);
  // Both halves are read before anything is changed; the first word fetch of the second half faults if any.
  const next = (low + 8) | 0;
  const nextHigh = carryInto(cpu, next, high, 8);
  const a = load64(cpu, low, high);
  const b = s[HIGH];
  const c = load64(cpu, next, nextHigh);
  s[destination] = a;
  s[destination + 1] = b;
  s[destination + 2] = c;
  s[destination + 3] = s[HIGH];
}

/** Reads 32 bytes, aligned or not, into eight words of scratch. */
export function load256(cpu: Cpu, low: number, high: number, destination: number): void {
  const s = cpu.i32;
  const entry = cpu.readTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 31) & ~0xfff) && s[entry + 1] === high) {
    const host = (s[entry + 2] + low) >>> 0;
    for (let word = 0; word < 8; word++) s[destination + word] = cpu.view.getInt32(host + 4 * word, true);
    return;
  }
  checkReach(cpu, low, high, 32, false);
  const next = (low + 16) | 0;
  load128(cpu, low, high, destination);
  load128(cpu, next, carryInto(cpu, next, high, 16), destination + 4);
}

export function store8(cpu: Cpu, low: number, high: number, value: number): void {
  const s = cpu.i32;
  const entry = cpu.writeTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === (low & ~0xfff) && s[entry + 1] === high) cpu.u8[(s[entry + 2] + low) >>> 0] = value;
  else storeSlow(cpu, low, high, 1, value, 0);
}

export function store16(cpu: Cpu, low: number, high: number, value: number): void {
  const s = cpu.i32;
  const entry = cpu.writeTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 1) & ~0xfff) && s[entry + 1] === high) {
    cpu.view.setInt16((s[entry + 2] + low) >>> 0, value, true);
  } else storeSlow(cpu, low, high, 2, value, 0);
}

export function store32(cpu: Cpu, low: number, high: number, value: number): void {
  const s = cpu.i32;
  const entry = cpu.writeTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 3) & ~0xfff) && s[entry + 1] === high) {
    cpu.view.setInt32((s[entry + 2] + low) >>> 0, value, true);
  } else storeSlow(cpu, low, high, 4, value, 0);
}

export function store64(cpu: Cpu, low: number, high: number, valueLow: number, valueHigh: number): void {
  const s = cpu.i32;
  const entry = cpu.writeTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 7) & ~0xfff) && s[entry + 1] === high) {
    const host = (s[entry + 2] + low) >>> 0;
    cpu.view.setInt32(host, valueLow, true);
    cpu.view.setInt32(host + 4, valueHigh, true);
  } else storeSlow(cpu, low, high, 8, valueLow, valueHigh);
}

/** Writes four words of the state to 16 bytes, aligned or not. All or nothing. */
export function store128(cpu: Cpu, low: number, high: number, source: number): void {
  const s = cpu.i32;
  if (cpu.writeTlb === NO_HITS) {
    withoutAlignmentChecks(cpu, () => store128(cpu, low, high, source));
    return;
  }
  checkWrite(cpu, low, high, 16);
  const next = (low + 8) | 0;
  store64(cpu, low, high, s[source], s[source + 1]);
  store64(cpu, next, carryInto(cpu, next, high, 8), s[source + 2], s[source + 3]);
}

/** Writes eight words of the state to 32 bytes, aligned or not. All or nothing. */
export function store256(cpu: Cpu, low: number, high: number, source: number): void {
  checkWrite(cpu, low, high, 32);
  const next = (low + 16) | 0;
  store128(cpu, low, high, source);
  store128(cpu, next, carryInto(cpu, next, high, 16), source + 4);
}

/** Raises the fault that writing `size` (at most 4096) bytes would raise; changes nothing else. */
export function checkWrite(cpu: Cpu, low: number, high: number, size: number): void {
  const s = cpu.i32;
  const entry = cpu.writeTlb + (((low >>> 12) & TLB_MASK) << 2);
  const last = (low + size - 1) | 0;
  if (s[entry] === (last & ~0xfff) && s[entry + 1] === high) return;
  const linearHigh = checkReach(cpu, low, high, size, true);
  locateForWrite(cpu, low, linearHigh);
  if (((last ^ low) & ~0xfff) !== 0) {
    locateForWrite(cpu, ...nextPage(cpu, low, linearHigh));
  }
}

// Loads of a read-modify-write operand: they fault as the write would, so that nothing happens before the fault.

export function loadForWrite8(cpu: Cpu, low: number, high: number): number {
  checkWrite(cpu, low, high, 1);
  return load8(cpu, low, high);
}

export function loadForWrite16(cpu: Cpu, low: number, high: number): number {
  checkWrite(cpu, low, high, 2);
  return load16(cpu, low, high);
}

export function loadForWrite32(cpu: Cpu, low: number, high: number): number {
  const s = cpu.i32;
  const entry = cpu.writeTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 3) & ~0xfff) && s[entry + 1] === high) {
    return cpu.view.getInt32((s[entry + 2] + low) >>> 0, true);
  }
  checkWrite(cpu, low, high, 4);
  return load32(cpu, low, high);
}

export function loadForWrite64(cpu: Cpu, low: number, high: number): number {
  const s = cpu.i32;
  const entry = cpu.writeTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === ((low + 7) & ~0xfff) && s[entry + 1] === high) {
    const host = (s[entry + 2] + low) >>> 0;
    s[HIGH] = cpu.view.getInt32(host + 4, true);
    return cpu.view.getInt32(host, true);
  }
  checkWrite(cpu, low, high, 8);
  return load64(cpu, low, high);
}

// Slow paths.

/** High half of the address `low`, which lies `bytes` behind one with the high half `high`: 32-bit addresses wrap. */
const carryInto = (cpu: Cpu, low: number, high: number, bytes: number): number =>
  low >>> 0 < bytes && cpu.mode.bits === 64 ? (high + 1) | 0 : high;

/** Raises #GP unless the address of a state area is a multiple of `size`, if its segment has nothing against the address. */
export function requireAlignedArea(cpu: Cpu, low: number, high: number, size: number): void {
  if ((low & (size - 1)) === 0) return;
  const which = segmentOfTag(high);
  if (which >= 0 && cpu.mode.bits !== 64) checkSegmentAccess(cpu, which, low, 1, false);
  raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}

/**
 * Checks that an access may reach its last byte, before the first byte's page may fault: the address is canonical, or
 * within its segment. Returns the high half without the segment's tag.
 */
export function checkReach(cpu: Cpu, low: number, high: number, size: number, writes: boolean): number {
  const last = (low + size - 1) | 0;
  const lastHigh = (high + (last >>> 0 < low >>> 0 ? 1 : 0)) | 0;
  if (isCanonical(high)) checkAlignment(cpu, low, size);
  if (isCanonical(lastHigh)) return high;
  const which = segmentOfTag(high);
  if (which < 0 || cpu.mode.bits === 64) requireCanonical(cpu, lastHigh);
  checkSegmentAccess(cpu, which, low, size, writes);
  checkAlignment(cpu, low, size);
  return 0;
}

/** Raises #AC, where alignment is checked, for an address that is not a multiple of 2, 4 or 8 bytes: before any page fault,
 * as Intel's CPUs do. */
export function checkAlignment(cpu: Cpu, low: number, size: number): void {
  if (cpu.readTlb !== NO_HITS) return;
  const isNatural = size === 2 || size === 4 || size === 8;
  if (isNatural && (low & (size - 1)) !== 0) raiseWithCode(cpu, ALIGNMENT_CHECK, 0);
}

/** Vectors of 16 and 32 bytes have no alignment that EFLAGS.AC asks for, nor have x87 registers in an image. */
export function withoutAlignmentChecks(cpu: Cpu, access: () => void): void {
  if (cpu.readTlb !== NO_HITS) {
    access();
    return;
  }
  cpu.readTlb = USER_READ;
  cpu.writeTlb = USER_WRITE;
  try {
    access();
  } finally {
    chooseTlbs(cpu);
  }
}

/** A handler to whose accesses alignment is nothing: masked vector elements. */
export const anyAlignment =
  (handler: Handler): Handler =>
  (cpu, i) => {
    if (cpu.readTlb === NO_HITS) withoutAlignmentChecks(cpu, () => handler(cpu, i));
    else handler(cpu, i);
  };

/** Physical address by the TLB, whose entry may be suspended, or by a walk, which may fault. */
function locateForRead(cpu: Cpu, low: number, high: number): number {
  const table = cpu.readTlb === NO_HITS ? USER_READ : cpu.readTlb;
  const physical = lookUp(cpu.i32, table, low, high);
  return physical >= 0 ? physical : translate(cpu, low, high, table);
}
function locateForWrite(cpu: Cpu, low: number, high: number): number {
  const table = cpu.writeTlb === NO_HITS ? USER_WRITE : cpu.writeTlb;
  const physical = lookUp(cpu.i32, table, low, high);
  return physical >= 0 ? physical : translate(cpu, low, high, table);
}

function loadSlow(cpu: Cpu, low: number, high: number, size: number): number {
  high = checkReach(cpu, low, high, size, false);
  const physical = locateForRead(cpu, low, high);
  const second = isWithinPage(low, size) ? -1 : locateForRead(cpu, ...nextPage(cpu, low, high));
  watchData(cpu, low, high, size, false);
  const value = readLocated(cpu, low, size, physical, second);
  if ((cpu.watches.armed & WATCH_READ) !== 0) {
    const valueHigh = cpu.i32[HIGH];
    const whole = valueOfSize(value, valueHigh, size);
    cpu.watches.accessed(cpu, false, low, high, size, physical, second, whole, whole);
    cpu.i32[HIGH] = valueHigh;
  }
  return value;
}

const isWithinPage = (low: number, size: number): boolean => (low & 0xfff) + size <= 0x1000;

/** Address of the page behind that of an address. */
function nextPage(cpu: Cpu, low: number, high: number): [low: number, high: number] {
  const next = ((low | 0xfff) + 1) | 0;
  return [next, carryInto(cpu, next, high, 1)];
}

const valueOfSize = (low: number, high: number, size: number): bigint =>
  BigInt.asUintN(8 * size, word64(low, high));

/** Reads an operand that lies at `physical`, and beyond its page at `second`. */
function readLocated(cpu: Cpu, low: number, size: number, physical: number, second: number): number {
  const s = cpu.i32;
  const inPage = 0x1000 - (low & 0xfff);
  if (second >= 0) {
    let valueLow = 0;
    let valueHigh = 0;
    for (let i = 0; i < size; i++) {
      const byte = readPhysical(cpu, i < inPage ? physical + i : second + i - inPage, 1);
      if (i < 4) valueLow |= byte << (8 * i);
      else valueHigh |= byte << (8 * (i - 4));
    }
    s[HIGH] = valueHigh;
    return valueLow;
  }
  if (size === 8) {
    const valueLow = readPhysical(cpu, physical, 4);
    s[HIGH] = readPhysical(cpu, physical + 4, 4);
    return valueLow;
  }
  return readPhysical(cpu, physical, size);
}

function storeSlow(
  cpu: Cpu,
  low: number,
  high: number,
  size: number,
  valueLow: number,
  valueHigh: number,
): void {
  high = checkReach(cpu, low, high, size, true);
  const physical = locateForWrite(cpu, low, high);
  const second = isWithinPage(low, size) ? -1 : locateForWrite(cpu, ...nextPage(cpu, low, high));
  if ((cpu.watches.armed & WATCH_WRITE) !== 0) {
    // Reading a device is no way to learn what it held.
    const isRam = Math.max(physical, second) + size <= cpu.ramBytes;
    const before =
      isRam && cpu.watches.mayHit(cpu, low, high, size, physical, second)
        ? valueOfSize(readLocated(cpu, low, size, physical, second), cpu.i32[HIGH], size)
        : 0n;
    const after = valueOfSize(valueLow, valueHigh, size);
    cpu.watches.accessed(cpu, true, low, high, size, physical, second, before, after);
  }
  watchData(cpu, low, high, size, true);
  const inPage = 0x1000 - (low & 0xfff);
  if (second >= 0) {
    for (let i = 0; i < size; i++) {
      const byte = (i < 4 ? valueLow >>> (8 * i) : valueHigh >>> (8 * (i - 4))) & 0xff;
      writePhysical(cpu, i < inPage ? physical + i : second + i - inPage, 1, byte);
    }
    return;
  }
  if (size === 8) {
    writePhysical(cpu, physical, 4, valueLow);
    writePhysical(cpu, physical + 4, 4, valueHigh);
  } else {
    writePhysical(cpu, physical, size, valueLow);
  }
  const page = Math.floor(physical / 0x1000);
  if (!needsAttention(cpu, cpu.writeTlb, page, low & ~0xfff, high)) {
    resume(cpu.i32, cpu.writeTlb, low, high);
  }
}

/** Reads 1, 2 or 4 bytes within a page: RAM or a device. 8 and 16 bits unsigned, 32 bits signed. */
function readPhysical(cpu: Cpu, address: number, size: number): number {
  if (address + size <= cpu.ramBytes) {
    const host = RAM + address;
    return size === 4
      ? cpu.view.getInt32(host, true)
      : size === 2
        ? cpu.view.getUint16(host, true)
        : cpu.u8[host];
  }
  cpu.i32[LEAVE_BLOCK] = 1;
  const value = cpu.bus.readMemory(address, size);
  return size === 4 ? value | 0 : value;
}

/** Writes 1, 2 or 4 bytes within a page: RAM, where decoded code is dropped, or a device. */
function writePhysical(cpu: Cpu, address: number, size: number, value: number): void {
  if (address + size <= cpu.ramBytes) {
    if (cpu.pages.writing(address, size)) cpu.i32[LEAVE_BLOCK] = 1;
    const host = RAM + address;
    if (size === 4) cpu.view.setInt32(host, value, true);
    else if (size === 2) cpu.view.setInt16(host, value, true);
    else cpu.u8[host] = value;
    return;
  }
  cpu.i32[LEAVE_BLOCK] = 1;
  cpu.bus.writeMemory(address, size, size === 4 ? value >>> 0 : value & (size === 2 ? 0xffff : 0xff));
}
