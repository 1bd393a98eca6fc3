/**
 * Software TLB in the machine's memory: one direct-mapped table per kind of access and its rights, so that a hit
 * proves every permission at once. Devices are not entered. A page of RAM whose accesses need attention
 * (`page-attention.ts`) is entered *suspended*: the hit path misses, but the slow path finds the translation. So
 * what the guest sees of the TLB does not depend on who is looking: on decoded code, snapshots, watchpoints.
 *
 * An entry is four words: page address low half, high half, `host − guest` offset of the page (add the low half
 * of the address to get the offset in the machine's memory), and physical page, page size, global as `tlbOrigin` packs
 * them. An empty entry has 1 as its low half, which no page address equals; a suspended one has SUSPENDED set in it.
 *
 * A lookup compares with the page of the access's *last* byte, so that an access across a page boundary misses.
 */
import { RAM, TLB } from '../memory-layout.ts';

export const TLB_ENTRIES = 4096;
export const TLB_MASK = TLB_ENTRIES - 1;
const TABLE_WORDS = TLB_ENTRIES * 4;

const table = (n: number): number => (TLB >> 2) + n * TABLE_WORDS;

/** Tables, as indexes into the Int32Array. */
export const SUPERVISOR_READ = table(0);
export const SUPERVISOR_WRITE = table(1);
export const SUPERVISOR_EXECUTE = table(2);
export const USER_READ = table(3);
export const USER_WRITE = table(4);
export const USER_EXECUTE = table(5);
/** The supervisor's where EFLAGS.AC overrides SMAP: those above then have no pages of the user. */
export const OVERRIDE_READ = table(6);
export const OVERRIDE_WRITE = table(7);
const TABLES_END = table(8);
/** Always empty: it stands for the user's tables while accesses must be looked at one by one (alignment checks). */
export const NO_HITS = TABLES_END;

export const isWriteTable = (table: number): boolean =>
  table === SUPERVISOR_WRITE || table === USER_WRITE || table === OVERRIDE_WRITE;
export const isExecuteTable = (table: number): boolean =>
  table === SUPERVISOR_EXECUTE || table === USER_EXECUTE;

/** List of entries in use, so that flushing costs what was filled: count, then entry indexes. Full, it is of no use
 * until the next flush empties everything. */
const JOURNAL_COUNT = table(9);
/** Bits by a hash of the large pages of which fragments have been entered since the TLB was last empty: of most pages they
 * tell that there is no need to look through the list. */
const LARGE_PAGES = JOURNAL_COUNT + 1;
const LARGE_PAGE_WORDS = 64;
const JOURNAL = LARGE_PAGES + LARGE_PAGE_WORDS;
const JOURNAL_CAPACITY = 16384;
/** First word that is free behind the TLB. */
export const TLB_END = JOURNAL + JOURNAL_CAPACITY;

const EMPTY = 1;
const SUSPENDED = 2;
const GLOBAL = 1;

/** Page sizes as entries code them: bits of the offset. */
export const PAGE_SIZES = [12, 21, 30, 22] as const;
export type PageSize = 0 | 1 | 2 | 3;
const LARGE_SIZES: readonly PageSize[] = [1, 2, 3];
export const pageSizeOf = (origin: number): PageSize => ((origin >> 1) & 3) as PageSize; // Two bits.

/** Last word of an entry. `physicalPage` is a page number inside RAM. */
export const tlbOrigin = (physicalPage: number, size: PageSize, global: boolean): number =>
  (physicalPage << 3) | (size << 1) | (global ? GLOBAL : 0);
export const physicalPageOf = (origin: number): number => origin >>> 3;

const largePageBit = (size: PageSize, low: number, high: number): number =>
  Math.imul((low >>> PAGE_SIZES[size]) ^ Math.imul(high, 0x85eb_ca6b) ^ size, 0x9e37_79b1) >>> 21;

function mayHaveFragments(words: Int32Array, low: number, high: number): boolean {
  return LARGE_SIZES.some((size) => {
    const bit = largePageBit(size, low, high);
    return ((words[LARGE_PAGES + (bit >> 5)] >>> (bit & 31)) & 1) !== 0;
  });
}

/** Empties the TLB without trusting its contents: at reset. */
export function resetTlb(words: Int32Array): void {
  for (let entry = SUPERVISOR_READ; entry < JOURNAL_COUNT; entry += 4) words[entry] = EMPTY;
  words[JOURNAL_COUNT] = 0;
  words.fill(0, LARGE_PAGES, LARGE_PAGES + LARGE_PAGE_WORDS);
}

/** Told of each entry that a flush drops. */
export type Dropped = (entry: number) => void;

/** Drops all entries, or all that are not of global pages. */
export function flushTlb(words: Int32Array, keepGlobal: boolean, dropped?: Dropped): void {
  const count = words[JOURNAL_COUNT];
  if (count >= JOURNAL_CAPACITY) {
    resetTlb(words);
    return;
  }
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const entry = words[JOURNAL + i];
    if (words[entry] === EMPTY) continue;
    if (keepGlobal && (words[entry + 3] & GLOBAL) !== 0) words[JOURNAL + kept++] = entry;
    else {
      if (dropped !== undefined) dropped(entry);
      words[entry] = EMPTY;
    }
  }
  words[JOURNAL_COUNT] = kept;
  if (kept === 0) words.fill(0, LARGE_PAGES, LARGE_PAGES + LARGE_PAGE_WORDS);
}

/** True if an address lies in the page of the given size that another address lies in. */
export function isSamePage(
  size: PageSize,
  aLow: number,
  aHigh: number,
  bLow: number,
  bHigh: number,
): boolean {
  return aHigh === bHigh && (aLow ^ bLow) >>> PAGE_SIZES[size] === 0;
}

/** Drops the page of an address from all tables, with all fragments of a large page. */
export function flushPage(words: Int32Array, low: number, high: number, keepGlobal = false): void {
  const isDropped = (entry: number): boolean => !keepGlobal || (words[entry + 3] & GLOBAL) === 0;
  if (mayHaveFragments(words, low, high)) {
    const count = words[JOURNAL_COUNT];
    if (count >= JOURNAL_CAPACITY) {
      resetTlb(words);
      return;
    }
    for (let i = 0; i < count; i++) {
      const entry = words[JOURNAL + i];
      if (words[entry] === EMPTY || !isDropped(entry)) continue;
      const size = pageSizeOf(words[entry + 3]);
      if (isSamePage(size, low, high, words[entry], words[entry + 1])) words[entry] = EMPTY;
    }
    return;
  }
  const page = low & ~0xfff;
  const offset = ((low >>> 12) & TLB_MASK) << 2;
  for (let at = SUPERVISOR_READ; at < TABLES_END; at += TABLE_WORDS) {
    const entry = at + offset;
    const isPage = (words[entry] & ~SUSPENDED) === page && words[entry + 1] === high;
    if (isPage && isDropped(entry)) words[entry] = EMPTY;
  }
}

/** True if all entries point into RAM of so many pages, and the list of them at entries: whoever made the words. */
export function isSound(words: Int32Array, ramPages: number): boolean {
  for (let entry = SUPERVISOR_READ; entry < TABLES_END; entry += 4) {
    if (words[entry] === EMPTY) continue;
    const page = physicalPageOf(words[entry + 3]);
    const isWhole = (words[entry] & 0xfff & ~SUSPENDED) === 0;
    if (
      !isWhole ||
      page >= ramPages ||
      words[entry + 2] !== ((RAM + page * 4096 - (words[entry] & ~0xfff)) | 0)
    )
      return false;
  }
  for (let entry = NO_HITS; entry < JOURNAL_COUNT; entry += 4) if (words[entry] !== EMPTY) return false;
  const count = words[JOURNAL_COUNT];
  if (count < 0 || count > JOURNAL_CAPACITY) return false;
  for (let n = 0; n < count; n++) {
    const entry = words[JOURNAL + n];
    if (entry < SUPERVISOR_READ || entry >= TABLES_END || entry % 4 !== 0) return false;
  }
  return true;
}

/** Enters a page into one table. `origin` is what `tlbOrigin` yields. */
export function fillTlb(
  words: Int32Array,
  table: number,
  low: number,
  high: number,
  origin: number,
  suspended: boolean,
): void {
  const entry = table + (((low >>> 12) & TLB_MASK) << 2);
  const page = low & ~0xfff;
  const isListed = words[entry] !== EMPTY;
  words[entry] = suspended ? page | SUSPENDED : page;
  words[entry + 1] = high;
  words[entry + 2] = RAM + physicalPageOf(origin) * 4096 - page;
  words[entry + 3] = origin;
  const size = pageSizeOf(origin);
  if (size !== 0) {
    const bit = largePageBit(size, low, high);
    words[LARGE_PAGES + (bit >> 5)] |= 1 << (bit & 31);
  }
  const count = words[JOURNAL_COUNT];
  if (!isListed && count < JOURNAL_CAPACITY) {
    words[JOURNAL + count] = entry;
    words[JOURNAL_COUNT] = count + 1;
  }
}

/** Physical address of an address whose page is entered, suspended or not; −1 if it is not. */
export function lookUp(words: Int32Array, table: number, low: number, high: number): number {
  const entry = table + (((low >>> 12) & TLB_MASK) << 2);
  if ((words[entry] & ~SUSPENDED) !== (low & ~0xfff) || words[entry + 1] !== high) return -1;
  return physicalPageOf(words[entry + 3]) * 0x1000 + (low & 0xfff);
}

export const isEmpty = (words: Int32Array, entry: number): boolean => words[entry] === EMPTY;

/** The table that an entry belongs to. */
export const tableOf = (entry: number): number => entry - ((entry - SUPERVISOR_READ) % TABLE_WORDS);

/** Lets the hit path use the entry of a page that no longer needs attention. */
export function resume(words: Int32Array, table: number, low: number, high: number): void {
  const entry = table + (((low >>> 12) & TLB_MASK) << 2);
  if (words[entry] === ((low & ~0xfff) | SUSPENDED) && words[entry + 1] === high) words[entry] = low & ~0xfff;
}

/** Sends the writes to a physical page through the slow path: called when the page comes to hold decoded code. */
export function suspendWritesTo(words: Int32Array, physicalPage: number): void {
  for (const table of [SUPERVISOR_WRITE, USER_WRITE, OVERRIDE_WRITE]) {
    for (let entry = table; entry < table + TABLE_WORDS; entry += 4) {
      if (physicalPageOf(words[entry + 3]) === physicalPage && words[entry] !== EMPTY)
        words[entry] |= SUSPENDED;
    }
  }
}

export type EntryTest = (table: number, physicalPage: number, low: number, high: number) => boolean;

/** Suspends exactly the entries for which `needsAttention` holds: after that has changed for many pages at once. */
export function suspendWhere(words: Int32Array, needsAttention: EntryTest): void {
  for (let table = SUPERVISOR_READ; table < TABLES_END; table += TABLE_WORDS) {
    for (let entry = table; entry < table + TABLE_WORDS; entry += 4) {
      if (words[entry] === EMPTY) continue;
      const page = words[entry] & ~SUSPENDED;
      const suspended = needsAttention(table, physicalPageOf(words[entry + 3]), page, words[entry + 1]);
      words[entry] = suspended ? page | SUSPENDED : page;
    }
  }
}
