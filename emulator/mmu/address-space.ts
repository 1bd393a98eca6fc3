/**
 * Loads of CR3 and process-context identifiers (SDM volume 3, 4.10). The TLB's tables hold the translations of the current
 * PCID and global ones; those of other PCIDs are parked in a list and come back when their PCID does, so that a guest that
 * forgets to invalidate them sees what it would see on a real processor.
 */
import type { Cpu } from '../cpu/cpu.ts';
import { CR3, CR4, CR4_PCIDE } from '../cpu/state.ts';
import { enterPage } from './page-walk.ts';
import { flushPage, flushTlb, isEmpty, isSamePage, pageSizeOf, TLB_END, tableOf } from './tlb.ts';

/** Count of records, then the records: table and slot with the PCID above them, address low half, high half, origin. */
const COUNT = TLB_END;
const RECORDS = TLB_END + 4;
const RECORD_WORDS = 4;
const CAPACITY = 8192;
const PCID_SHIFT = 18;
const ENTRY_MASK = (1 << PCID_SHIFT) - 1;

const PCID_MASK = 0xfff;
export const currentPcid = (s: Int32Array): number => ((s[CR4] & CR4_PCIDE) === 0 ? 0 : s[CR3] & PCID_MASK);

/** Drops all translations of all address spaces, global ones too. */
export function flushAll(s: Int32Array): void {
  flushTlb(s, false);
  s[COUNT] = 0;
}

/** Loads CR3 with a value that has been checked; `keep` is bit 63 of MOV to CR3: what is known of the PCID stays. */
export function loadCr3(cpu: Cpu, low: number, high: number, keep: boolean): void {
  const s = cpu.i32;
  const before = currentPcid(s);
  s[CR3] = low;
  s[CR3 + 1] = high;
  const pcid = currentPcid(s);
  if (pcid === before) {
    if (!keep) flushTlb(s, true);
    return;
  }
  flushTlb(s, true, (entry) => park(s, before, entry));
  takeParked(s, pcid, keep ? (record) => restore(cpu, record) : undefined);
}

/** INVPCID of one context. */
export function flushPcid(s: Int32Array, pcid: number): void {
  if (pcid === currentPcid(s)) flushTlb(s, true);
  else takeParked(s, pcid);
}

/** INVPCID of all contexts but global translations. */
export function flushAllPcids(s: Int32Array): void {
  flushTlb(s, true);
  s[COUNT] = 0;
}

/** INVPCID of one page of one context, global translations excepted. */
export function flushPcidPage(s: Int32Array, pcid: number, low: number, high: number): void {
  if (pcid === currentPcid(s)) {
    flushPage(s, low, high, true);
    return;
  }
  keepRecords(s, (record) => {
    const size = pageSizeOf(s[record + 3]);
    return s[record] >>> PCID_SHIFT !== pcid || !isSamePage(size, low, high, s[record + 1], s[record + 2]);
  });
}

function park(s: Int32Array, pcid: number, entry: number): void {
  // A processor's TLB forgets too.
  if (s[COUNT] === CAPACITY) s[COUNT] = 0;
  const record = RECORDS + s[COUNT]++ * RECORD_WORDS;
  s[record] = (pcid << PCID_SHIFT) | entry;
  s[record + 1] = s[entry];
  s[record + 2] = s[entry + 1];
  s[record + 3] = s[entry + 3];
}

function restore(cpu: Cpu, record: number): void {
  const s = cpu.i32;
  const entry = s[record] & ENTRY_MASK;
  if (isEmpty(s, entry)) enterPage(cpu, s[record + 1], s[record + 2], tableOf(entry), s[record + 3]);
}

/** Removes the records of a PCID from the list, and tells of each. */
function takeParked(s: Int32Array, pcid: number, taken?: (record: number) => void): void {
  keepRecords(s, (record) => {
    const isOther = s[record] >>> PCID_SHIFT !== pcid;
    if (!isOther && taken !== undefined) taken(record);
    return isOther;
  });
}

function keepRecords(s: Int32Array, keeps: (record: number) => boolean): void {
  let kept = RECORDS;
  const end = RECORDS + s[COUNT] * RECORD_WORDS;
  for (let record = RECORDS; record < end; record += RECORD_WORDS) {
    if (!keeps(record)) continue;
    if (kept !== record) s.copyWithin(kept, record, record + RECORD_WORDS);
    kept += RECORD_WORDS;
  }
  s[COUNT] = (kept - RECORDS) / RECORD_WORDS;
}
