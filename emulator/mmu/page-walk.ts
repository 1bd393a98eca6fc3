/** Four-level paging (Intel SDM volume 3, chapter 4.5): the walk that a TLB miss takes. */
import type { Cpu } from '../cpu/cpu.ts';
import { GENERAL_PROTECTION, raisePageFault, raiseWithCode } from '../cpu/fault.ts';
import {
  CR0,
  CR0_PG,
  CR0_WP,
  CR3,
  CR4,
  CR4_PGE,
  EFER,
  EFER_NXE,
  LEAVE_BLOCK,
  NON_CANONICAL,
} from '../cpu/state.ts';
import { RAM } from '../memory-layout.ts';
import {
  fillTlb,
  SUPERVISOR_EXECUTE,
  SUPERVISOR_READ,
  SUPERVISOR_WRITE,
  USER_EXECUTE,
  USER_READ,
  USER_WRITE,
} from './tlb.ts';

export const READ = 0;
export const WRITE = 1;
export const EXECUTE = 2;
export type Access = typeof READ | typeof WRITE | typeof EXECUTE;

/** Bits of a physical address, as CPUID says. */
export const PHYSICAL_ADDRESS_BITS = 46;

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const PAGE_SIZE = 0x80;
const GLOBAL = 0x100;
/** In the high half of an entry. */
const NO_EXECUTE = 0x8000_0000 | 0;
const ADDRESS_HIGH = 0xf_ffff;
const RESERVED_HIGH = ADDRESS_HIGH & ~((1 << (PHYSICAL_ADDRESS_BITS - 32)) - 1);

const FAULT_PRESENT = 1;
const FAULT_WRITE = 2;
const FAULT_USER = 4;
const FAULT_RESERVED = 8;
const FAULT_FETCH = 16;

/** Bits 47…63 are alike. */
export const isCanonical = (high: number): boolean => (high << 16) >> 16 === high;

const entryAddress = (low: number, high: number): number =>
  (high & ADDRESS_HIGH) * 0x1_0000_0000 + ((low & ~0xfff) >>> 0);

function setEntryBits(cpu: Cpu, address: number, bits: number): void {
  const word = (RAM + address) >>> 2;
  if ((cpu.i32[word] & bits) === bits) return;
  cpu.i32[word] |= bits;
  if (cpu.pages.written(address, 8)) cpu.i32[LEAVE_BLOCK] = 1;
}

/** Raises #GP or #SS unless the address with this high half is canonical. */
export function requireCanonical(cpu: Cpu, high: number): void {
  if (isCanonical(high)) return;
  cpu.i32[NON_CANONICAL] = 1;
  raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}

/**
 * Translates a linear address, sets accessed and dirty bits and enters the page into the TLB.
 * Returns the physical address; one outside of RAM belongs to a device or to nobody. Raises #PF, #GP.
 */
export function translate(cpu: Cpu, low: number, high: number, access: Access, user: boolean): number {
  const s = cpu.i32;
  requireCanonical(cpu, high);
  if ((s[CR0] & CR0_PG) === 0) {
    const address = (high & ADDRESS_HIGH) * 0x1_0000_0000 + (low >>> 0);
    enter(cpu, low, high, access, user, address, false, false);
    return address;
  }

  const noExecuteEnabled = (s[EFER] & EFER_NXE) !== 0;
  const code =
    (access === WRITE ? FAULT_WRITE : 0) |
    (user ? FAULT_USER : 0) |
    (access === EXECUTE && noExecuteEnabled ? FAULT_FETCH : 0);
  const reservedHigh = RESERVED_HIGH | (noExecuteEnabled ? 0 : NO_EXECUTE);

  let table = entryAddress(s[CR3], s[CR3 + 1]);
  let permissions = WRITABLE | USER;
  let executable = true;
  let level = 4;
  // Entries passed through, for their accessed bits.
  let parent4 = -1;
  let parent3 = -1;
  let parent2 = -1;
  for (;;) {
    const index =
      level === 4
        ? (high >>> 7) & 0x1ff
        : level === 3
          ? ((high << 2) | (low >>> 30)) & 0x1ff
          : level === 2
            ? (low >>> 21) & 0x1ff
            : (low >>> 12) & 0x1ff;
    const address = table + index * 8;
    const inRam = address < cpu.ramBytes;
    const word = inRam ? (RAM + address) >>> 2 : 0;
    // Nobody answers outside of RAM: all ones, which has reserved bits set.
    const entryLow = inRam ? s[word] : -1;
    const entryHigh = inRam ? s[word + 1] : -1;
    if ((entryLow & PRESENT) === 0) raisePageFault(cpu, low, high, code);
    const leaf = level === 1 || ((entryLow & PAGE_SIZE) !== 0 && level < 4);
    const reservedLow =
      level === 4 ? PAGE_SIZE : leaf && level === 3 ? 0x3fff_e000 : leaf && level === 2 ? 0x1f_e000 : 0;
    if ((entryLow & reservedLow) !== 0 || (entryHigh & reservedHigh) !== 0) {
      raisePageFault(cpu, low, high, code | FAULT_PRESENT | FAULT_RESERVED);
    }
    permissions &= entryLow;
    if (entryHigh < 0) executable = false;
    if (leaf) {
      const allowed =
        (!user || (permissions & USER) !== 0) &&
        (access !== WRITE || (permissions & WRITABLE) !== 0 || (!user && (s[CR0] & CR0_WP) === 0)) &&
        (access !== EXECUTE || executable);
      if (!allowed) raisePageFault(cpu, low, high, code | FAULT_PRESENT);
      if (parent4 >= 0) setEntryBits(cpu, parent4, ACCESSED);
      if (parent3 >= 0) setEntryBits(cpu, parent3, ACCESSED);
      if (parent2 >= 0) setEntryBits(cpu, parent2, ACCESSED);
      setEntryBits(cpu, address, access === WRITE ? ACCESSED | DIRTY : ACCESSED);

      const offsetBits = level === 3 ? 30 : level === 2 ? 21 : 12;
      const offsetMask = (1 << offsetBits) - 1;
      const physical =
        (entryHigh & ADDRESS_HIGH) * 0x1_0000_0000 +
        (((entryLow & ~0xfff & ~offsetMask) | (low & offsetMask)) >>> 0);
      const global = (entryLow & GLOBAL) !== 0 && (s[CR4] & CR4_PGE) !== 0;
      enter(cpu, low, high, access, user, physical, global, level > 1);
      return physical;
    }
    if (level === 4) parent4 = address;
    else if (level === 3) parent3 = address;
    else parent2 = address;
    table = entryAddress(entryLow, entryHigh);
    level--;
  }
}

function enter(
  cpu: Cpu,
  low: number,
  high: number,
  access: Access,
  user: boolean,
  physical: number,
  global: boolean,
  large: boolean,
): void {
  if (physical >= cpu.ramBytes) return;
  const page = physical >>> 12;
  const table =
    access === READ
      ? user
        ? USER_READ
        : SUPERVISOR_READ
      : access === WRITE
        ? user
          ? USER_WRITE
          : SUPERVISOR_WRITE
        : user
          ? USER_EXECUTE
          : SUPERVISOR_EXECUTE;
  fillTlb(
    cpu.i32,
    table,
    low,
    high,
    page,
    RAM + page * 4096,
    global,
    large,
    access === WRITE && cpu.pages.onWrite(page),
  );
}
