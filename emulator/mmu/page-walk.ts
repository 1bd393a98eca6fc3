/** Paging (Intel SDM volume 3, chapters 4.3 to 4.5): the walk that a TLB miss takes. */
import { isIa32e } from '../cpu/code-mode.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { GENERAL_PROTECTION, raisePageFault, raiseWithCode } from '../cpu/fault.ts';
import {
  CR0,
  CR0_PG,
  CR0_WP,
  CR3,
  CR4,
  CR4_PAE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  EFER,
  EFER_NXE,
  LEAVE_BLOCK,
  NON_CANONICAL,
  PDPTES,
} from '../cpu/state.ts';
import { RAM } from '../memory-layout.ts';
import { needsAttention } from './page-attention.ts';
import {
  fillTlb,
  flushPage,
  isExecuteTable,
  isWriteTable,
  OVERRIDE_READ,
  OVERRIDE_WRITE,
  PAGE_SIZES,
  physicalPageOf,
  tlbOrigin,
  USER_EXECUTE,
  USER_READ,
  USER_WRITE,
} from './tlb.ts';

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

/** Bits 52…62, which only four-level paging leaves to software. */
const PAE_RESERVED_HIGH = 0x7ff0_0000;
/** In the entry of a 4 MiB page. */
const LARGE_RESERVED = 0x20_0000;

const FAULT_PRESENT = 1;
const FAULT_WRITE = 2;
const FAULT_USER = 4;
const FAULT_RESERVED = 8;
const FAULT_FETCH = 16;

/** Indexes into PAGE_SIZES. */
const FOUR_KIBIBYTES = 0;
const TWO_MEBIBYTES = 1;
const GIBIBYTE = 2;
const FOUR_MEBIBYTES = 3;

/** Bits 47…63 are alike. */
export const isCanonical = (high: number): boolean => (high << 16) >> 16 === high;

const entryAddress = (low: number, high: number): number =>
  (high & ADDRESS_HIGH) * 0x1_0000_0000 + ((low & ~0xfff) >>> 0);

function setEntryBits(cpu: Cpu, address: number, bits: number): void {
  const word = (RAM + address) >>> 2;
  if ((cpu.i32[word] & bits) === bits) return;
  if (cpu.pages.writing(address, 8)) cpu.i32[LEAVE_BLOCK] = 1;
  cpu.i32[word] |= bits;
}

/** Raises #GP or #SS unless the address with this high half is canonical. */
export function requireCanonical(cpu: Cpu, high: number): void {
  if (isCanonical(high)) return;
  cpu.i32[NON_CANONICAL] = 1;
  raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}

/** #PF also drops what the TLB has of the page (SDM volume 3, 4.10.4.1). */
function pageFault(cpu: Cpu, low: number, high: number, errorCode: number): never {
  flushPage(cpu.i32, low, high);
  raisePageFault(cpu, low, high, errorCode);
}

/** Error code of a page fault, but for the bits that say what was wrong with an entry. */
function accessCode(s: Int32Array, table: number): number {
  const hasNoExecute = (s[EFER] & EFER_NXE) !== 0 && (s[CR4] & CR4_PAE) !== 0;
  return (
    (isWriteTable(table) ? FAULT_WRITE : 0) |
    (isUserTable(table) ? FAULT_USER : 0) |
    (isExecuteTable(table) && (hasNoExecute || (s[CR4] & CR4_SMEP) !== 0) ? FAULT_FETCH : 0)
  );
}

const isUserTable = (table: number): boolean =>
  table === USER_READ || table === USER_WRITE || table === USER_EXECUTE;

/** What all entries of a walk together allow. */
function isAllowed(s: Int32Array, table: number, permissions: number, executable: boolean): boolean {
  const isUser = isUserTable(table);
  const fetches = isExecuteTable(table);
  const ofUser = (permissions & USER) !== 0;
  const mayReach = isUser
    ? ofUser
    : !ofUser ||
      (fetches
        ? (s[CR4] & CR4_SMEP) === 0
        : (s[CR4] & CR4_SMAP) === 0 || table === OVERRIDE_READ || table === OVERRIDE_WRITE);
  return (
    mayReach &&
    (!isWriteTable(table) || (permissions & WRITABLE) !== 0 || (!isUser && (s[CR0] & CR0_WP) === 0)) &&
    (!fetches || executable)
  );
}

/**
 * Translates a linear address for the kind of access that a table of the TLB stands for, sets accessed and dirty bits and
 * enters the page into the table. Returns the physical address; one outside of RAM belongs to a device or to nobody.
 * Raises #PF, #GP.
 */
export function translate(cpu: Cpu, low: number, high: number, table: number): number {
  const s = cpu.i32;
  requireCanonical(cpu, high);
  const isWide = isIa32e(cpu);
  // Elsewhere linear addresses have 32 bits.
  const linearHigh = isWide ? high : 0;
  if ((s[CR0] & CR0_PG) === 0) {
    const address = (linearHigh & ADDRESS_HIGH) * 0x1_0000_0000 + (low >>> 0);
    if (address < cpu.ramBytes)
      enterPage(cpu, low, linearHigh, table, tlbOrigin(address >>> 12, FOUR_KIBIBYTES, false));
    return address;
  }
  if (isWide) return walk(cpu, low, high, table, entryAddress(s[CR3], s[CR3 + 1]), 4);
  if ((s[CR4] & CR4_PAE) === 0) return walkShort(cpu, low, table);
  const pointer = PDPTES + 2 * (low >>> 30);
  if ((s[pointer] & PRESENT) === 0) pageFault(cpu, low, 0, accessCode(s, table));
  return walk(cpu, low, 0, table, entryAddress(s[pointer], s[pointer + 1]), 2);
}

/** Bits of a PAE page-directory-pointer entry that must be 0. */
const POINTER_RESERVED_LOW = 0x1e6;
const POINTER_RESERVED_HIGH = -1 << (PHYSICAL_ADDRESS_BITS - 32);

/**
 * Loads the page-directory-pointer entries from the table at `cr3`, as a load of CR3 does with PAE paging outside of IA-32e
 * mode. Raises #GP, and changes nothing, if one that is present has a reserved bit set.
 */
export function loadPointerTable(cpu: Cpu, cr3: number): void {
  const s = cpu.i32;
  const from = (RAM + ((cr3 & ~31) >>> 0)) >>> 2;
  const inRam = (cr3 >>> 0) + 32 <= cpu.ramBytes;
  const entries = inRam ? s.slice(from, from + 8) : new Int32Array(8).fill(-1);
  for (let n = 0; n < 8; n += 2) {
    const isBad = (entries[n] & POINTER_RESERVED_LOW) !== 0 || (entries[n + 1] & POINTER_RESERVED_HIGH) !== 0;
    if ((entries[n] & PRESENT) !== 0 && isBad) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  }
  s.set(entries, PDPTES);
}

/** Walks tables with entries of 8 bytes from a level downwards: four-level paging, and PAE paging from level 2. */
function walk(cpu: Cpu, low: number, high: number, table: number, entries: number, level: number): number {
  const s = cpu.i32;
  const writes = isWriteTable(table);
  const code = accessCode(s, table);
  const reservedHigh =
    RESERVED_HIGH | ((s[EFER] & EFER_NXE) !== 0 ? 0 : NO_EXECUTE) | (level === 2 ? PAE_RESERVED_HIGH : 0);
  let permissions = WRITABLE | USER;
  let executable = true;
  for (;;) {
    const index =
      level === 4
        ? (high >>> 7) & 0x1ff
        : level === 3
          ? ((high << 2) | (low >>> 30)) & 0x1ff
          : level === 2
            ? (low >>> 21) & 0x1ff
            : (low >>> 12) & 0x1ff;
    const address = entries + index * 8;
    const inRam = address < cpu.ramBytes;
    const word = inRam ? (RAM + address) >>> 2 : 0;
    // Nobody answers outside of RAM: all ones, which has reserved bits set.
    const entryLow = inRam ? s[word] : -1;
    const entryHigh = inRam ? s[word + 1] : -1;
    if ((entryLow & PRESENT) === 0) pageFault(cpu, low, high, code);
    const leaf = level === 1 || ((entryLow & PAGE_SIZE) !== 0 && level < 4);
    const reservedLow =
      level === 4 ? PAGE_SIZE : leaf && level === 3 ? 0x3fff_e000 : leaf && level === 2 ? 0x1f_e000 : 0;
    if ((entryLow & reservedLow) !== 0 || (entryHigh & reservedHigh) !== 0) {
      pageFault(cpu, low, high, code | FAULT_PRESENT | FAULT_RESERVED);
    }
    permissions &= entryLow;
    if (entryHigh < 0) executable = false;
    if (leaf) {
      if (!isAllowed(s, table, permissions, executable)) pageFault(cpu, low, high, code | FAULT_PRESENT);
      setEntryBits(cpu, address, writes ? ACCESSED | DIRTY : ACCESSED);

      const size = level === 3 ? GIBIBYTE : level === 2 ? TWO_MEBIBYTES : FOUR_KIBIBYTES;
      const offsetMask = (1 << PAGE_SIZES[size]) - 1;
      const physical =
        (entryHigh & ADDRESS_HIGH) * 0x1_0000_0000 +
        (((entryLow & ~0xfff & ~offsetMask) | (low & offsetMask)) >>> 0);
      const global = (entryLow & GLOBAL) !== 0 && (s[CR4] & CR4_PGE) !== 0;
      if (physical < cpu.ramBytes) {
        enterPage(cpu, low, high, table, tlbOrigin(physical >>> 12, size, global));
      }
      return physical;
    }
    // Set on the way down, whatever lies below.
    setEntryBits(cpu, address, ACCESSED);
    entries = entryAddress(entryLow, entryHigh);
    level--;
  }
}

/** Walks the two levels of 32-bit paging, whose entries have 4 bytes. */
function walkShort(cpu: Cpu, low: number, table: number): number {
  const s = cpu.i32;
  const code = accessCode(s, table);
  // Nobody answers outside of RAM: all ones, so that no bit is to be set.
  const read = (address: number): number => (address < cpu.ramBytes ? s[(RAM + address) >>> 2] : -1);
  const use = (address: number, bits: number): void => {
    if (address < cpu.ramBytes) setEntryBits(cpu, address, bits);
  };

  const directoryAddress = ((s[CR3] & ~0xfff) >>> 0) + (low >>> 22) * 4;
  const directory = read(directoryAddress);
  if ((directory & PRESENT) === 0) pageFault(cpu, low, 0, code);
  const isLarge = (directory & PAGE_SIZE) !== 0 && (s[CR4] & CR4_PSE) !== 0;
  if (isLarge && (directory & LARGE_RESERVED) !== 0) {
    pageFault(cpu, low, 0, code | FAULT_PRESENT | FAULT_RESERVED);
  }
  let entryAddress = directoryAddress;
  let entry = directory;
  let permissions = directory;
  if (!isLarge) {
    use(directoryAddress, ACCESSED);
    entryAddress = ((directory & ~0xfff) >>> 0) + ((low >>> 12) & 0x3ff) * 4;
    entry = read(entryAddress);
    if ((entry & PRESENT) === 0) pageFault(cpu, low, 0, code);
    permissions &= entry;
  }
  if (!isAllowed(s, table, permissions, true)) pageFault(cpu, low, 0, code | FAULT_PRESENT);
  use(entryAddress, isWriteTable(table) ? ACCESSED | DIRTY : ACCESSED);
  // Bits 13…20 of a large page's entry are bits 32…39 of its address (PSE-36).
  const physical = isLarge
    ? ((entry >> 13) & 0xff) * 0x1_0000_0000 + (((entry & 0xffc0_0000) | (low & 0x3f_ffff)) >>> 0)
    : ((entry & ~0xfff) | (low & 0xfff)) >>> 0;
  const global = (entry & GLOBAL) !== 0 && (s[CR4] & CR4_PGE) !== 0;
  if (physical < cpu.ramBytes) {
    const size = isLarge ? FOUR_MEBIBYTES : FOUR_KIBIBYTES;
    enterPage(cpu, low, 0, table, tlbOrigin(physical >>> 12, size, global));
  }
  return physical;
}

/** Enters a page of RAM into a table of the TLB. `origin` is what `tlbOrigin` yields. */
export function enterPage(cpu: Cpu, low: number, high: number, table: number, origin: number): void {
  const suspended = needsAttention(cpu, table, physicalPageOf(origin), low, high);
  fillTlb(cpu.i32, table, low, high, origin, suspended);
}
