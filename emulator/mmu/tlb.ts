/**
 * Software TLB in the machine's memory: one direct-mapped table per kind of access and privilege, so that a hit
 * proves every permission at once. Devices are not entered. A page of RAM whose accesses need attention
 * (`page-attention.ts`) is entered *suspended*: the hit path misses, but the slow path finds the translation. So
 * what the guest sees of the TLB does not depend on who is looking: on decoded code, snapshots, watchpoints.
 *
 * An entry is four words: page address low half, high half, `host − guest` offset of the page (add the low half
 * of the address to get the offset in the machine's memory), and 4 × physical page + 2 × large + global.
 * An empty entry has 1 as its low half, which no page address equals; a suspended one has SUSPENDED set in it.
 *
 * A lookup compares with the page of the access's *last* byte, so that an access across a page boundary misses.
 */
import { TLB } from '../memory-layout.ts';

export const TLB_ENTRIES = 4096;
export const TLB_MASK = TLB_ENTRIES - 1;
const TABLE_WORDS = TLB_ENTRIES * 4;

/** Tables, as indexes into the Int32Array; those of user mode follow those of supervisor mode. */
export const SUPERVISOR_READ = TLB >> 2;
export const SUPERVISOR_WRITE = SUPERVISOR_READ + TABLE_WORDS;
export const SUPERVISOR_EXECUTE = SUPERVISOR_READ + 2 * TABLE_WORDS;
export const USER_READ = SUPERVISOR_READ + 3 * TABLE_WORDS;
export const USER_WRITE = SUPERVISOR_READ + 4 * TABLE_WORDS;
export const USER_EXECUTE = SUPERVISOR_READ + 5 * TABLE_WORDS;
const TABLES_END = SUPERVISOR_READ + 6 * TABLE_WORDS;

/** List of entries in use, so that flushing costs what was filled: count, then entry indexes. Full, it is of no use
 * until the next flush empties everything. */
const JOURNAL_COUNT = TABLES_END;
/** 1 if a fragment of a large page has been entered since the last full flush. */
const LARGE_SEEN = TABLES_END + 1;
const JOURNAL = TABLES_END + 4;
const JOURNAL_CAPACITY = 16384;

const EMPTY = 1;
const SUSPENDED = 2;
const GLOBAL = 1;
const LARGE = 2;

/** Empties the TLB without trusting its contents: at reset. */
export function resetTlb(words: Int32Array): void {
  for (let entry = SUPERVISOR_READ; entry < TABLES_END; entry += 4) words[entry] = EMPTY;
  words[JOURNAL_COUNT] = 0;
  words[LARGE_SEEN] = 0;
}

/** Drops all entries, or all that are not of global pages. */
export function flushTlb(words: Int32Array, keepGlobal: boolean): void {
  const count = words[JOURNAL_COUNT];
  if (count >= JOURNAL_CAPACITY) {
    resetTlb(words);
    return;
  }
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const entry = words[JOURNAL + i];
    if (keepGlobal && (words[entry + 3] & GLOBAL) !== 0 && words[entry] !== EMPTY) {
      words[JOURNAL + kept++] = entry;
    } else {
      words[entry] = EMPTY;
    }
  }
  words[JOURNAL_COUNT] = kept;
  if (kept === 0) words[LARGE_SEEN] = 0;
}

/** INVLPG: drops the page of an address. Fragments of large pages are not tracked, so with any about all go. */
export function flushPage(words: Int32Array, low: number, high: number): void {
  if (words[LARGE_SEEN] !== 0) {
    flushTlb(words, false);
    return;
  }
  const page = low & ~0xfff;
  const offset = ((low >>> 12) & TLB_MASK) << 2;
  for (let table = SUPERVISOR_READ; table < TABLES_END; table += TABLE_WORDS) {
    const entry = table + offset;
    if ((words[entry] & ~SUSPENDED) === page && words[entry + 1] === high) words[entry] = EMPTY;
  }
}

/** Enters a page into one table. `physicalPage` is a page number inside RAM, `hostPage` its offset in memory. */
export function fillTlb(
  words: Int32Array,
  table: number,
  low: number,
  high: number,
  physicalPage: number,
  hostPage: number,
  global: boolean,
  large: boolean,
  suspended: boolean,
): void {
  const entry = table + (((low >>> 12) & TLB_MASK) << 2);
  const page = low & ~0xfff;
  const isListed = words[entry] !== EMPTY;
  words[entry] = suspended ? page | SUSPENDED : page;
  words[entry + 1] = high;
  words[entry + 2] = hostPage - page;
  words[entry + 3] = (physicalPage << 2) | (large ? LARGE : 0) | (global ? GLOBAL : 0);
  if (large) words[LARGE_SEEN] = 1;
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
  return (words[entry + 3] >>> 2) * 0x1000 + (low & 0xfff);
}

/** Lets the hit path use the entry of a page that no longer needs attention. */
export function resume(words: Int32Array, table: number, low: number, high: number): void {
  const entry = table + (((low >>> 12) & TLB_MASK) << 2);
  if (words[entry] === ((low & ~0xfff) | SUSPENDED) && words[entry + 1] === high) words[entry] = low & ~0xfff;
}

/** Sends the writes to a physical page through the slow path: called when the page comes to hold decoded code. */
export function suspendWritesTo(words: Int32Array, physicalPage: number): void {
  for (const table of [SUPERVISOR_WRITE, USER_WRITE]) {
    for (let entry = table; entry < table + TABLE_WORDS; entry += 4) {
      if (words[entry + 3] >> 2 === physicalPage && words[entry] !== EMPTY) words[entry] |= SUSPENDED;
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
      const suspended = needsAttention(table, words[entry + 3] >>> 2, page, words[entry + 1]);
      words[entry] = suspended ? page | SUSPENDED : page;
    }
  }
}
