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
  CR4_SMAP,
  CR4_SMEP,
  EFER,
  EFER_NXE,
  LEAVE_BLOCK,
  NON_CANONICAL,
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

const FAULT_PRESENT = 1;
const FAULT_WRITE = 2;
const FAULT_USER = 4;
const FAULT_RESERVED = 8;
const FAULT_FETCH = 16;

/** Indexes into PAGE_SIZES. */
const FOUR_KIBIBYTES = 0;
const TWO_MEBIBYTES = 1;
const GIBIBYTE = 2;

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

/** #PF also drops what the TLB has of the page (SDM volume 3, 4.10.4.1). */
function pageFault(cpu: Cpu, low: number, high: number, errorCode: number): never {
  flushPage(cpu.i32, low, high);
  raisePageFault(cpu, low, high, errorCode);
}

/**
 * Translates a linear address for the kind of access that a table of the TLB stands for, sets accessed and dirty bits and
 * enters the page into the table. Returns the physical address; one outside of RAM belongs to a device or to nobody.
 * Raises #PF, #GP.
 */
export function translate(cpu: Cpu, low: number, high: number, table: number): number {
  const s = cpu.i32;
  requireCanonical(cpu, high);
  if ((s[CR0] & CR0_PG) === 0) {
    const address = (high & ADDRESS_HIGH) * 0x1_0000_0000 + (low >>> 0);
    if (address < cpu.ramBytes)
      enterPage(cpu, low, high, table, tlbOrigin(address >>> 12, FOUR_KIBIBYTES, false));
    return address;
  }

  const writes = isWriteTable(table);
  const fetches = isExecuteTable(table);
  const user = table === USER_READ || table === USER_WRITE || table === USER_EXECUTE;
  const control = s[CR4];
  const noExecuteEnabled = (s[EFER] & EFER_NXE) !== 0;
  const code =
    (writes ? FAULT_WRITE : 0) |
    (user ? FAULT_USER : 0) |
    (fetches && (noExecuteEnabled || (control & CR4_SMEP) !== 0) ? FAULT_FETCH : 0);
  const reservedHigh = RESERVED_HIGH | (noExecuteEnabled ? 0 : NO_EXECUTE);

  let entries = entryAddress(s[CR3], s[CR3 + 1]);
  let permissions = WRITABLE | USER;
  let executable = true;
  let level = 4;
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
      const ofUser = (permissions & USER) !== 0;
      const allowed =
        (user
          ? ofUser
          : !ofUser ||
            (fetches
              ? (control & CR4_SMEP) === 0
              : (control & CR4_SMAP) === 0 || table === OVERRIDE_READ || table === OVERRIDE_WRITE)) &&
        (!writes || (permissions & WRITABLE) !== 0 || (!user && (s[CR0] & CR0_WP) === 0)) &&
        (!fetches || executable);
      if (!allowed) pageFault(cpu, low, high, code | FAULT_PRESENT);
      setEntryBits(cpu, address, writes ? ACCESSED | DIRTY : ACCESSED);

      const size = level === 3 ? GIBIBYTE : level === 2 ? TWO_MEBIBYTES : FOUR_KIBIBYTES;
      const offsetMask = (1 << PAGE_SIZES[size]) - 1;
      const physical =
        (entryHigh & ADDRESS_HIGH) * 0x1_0000_0000 +
        (((entryLow & ~0xfff & ~offsetMask) | (low & offsetMask)) >>> 0);
      const global = (entryLow & GLOBAL) !== 0 && (control & CR4_PGE) !== 0;
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

/** Enters a page of RAM into a table of the TLB. `origin` is what `tlbOrigin` yields. */
export function enterPage(cpu: Cpu, low: number, high: number, table: number, origin: number): void {
  const suspended = needsAttention(cpu, table, physicalPageOf(origin), low, high);
  fillTlb(cpu.i32, table, low, high, origin, suspended);
}
