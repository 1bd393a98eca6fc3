/** One level of x86-64 page tables as rows for a person (Intel SDM volume 3A, section 4.5). */
import type { Machine } from '../../emulator/machine-api.ts';
import type { PageTableRow } from '../custom-requests.ts';
import { hexadecimal } from '../target/memory-reference.ts';

const ENTRIES = 512;
const PRESENT = 1n << 0n;
const WRITABLE = 1n << 1n;
const USER = 1n << 2n;
const WRITE_THROUGH = 1n << 3n;
const CACHE_DISABLED = 1n << 4n;
const ACCESSED = 1n << 5n;
const DIRTY = 1n << 6n;
const LARGE_PAGE = 1n << 7n;
const GLOBAL = 1n << 8n;
const NOT_EXECUTABLE = 1n << 63n;
const PHYSICAL_ADDRESS = 0xf_ffff_ffff_f000n;

/** Bytes that one entry of a table covers; level 4 is the PML4. */
export function entryCoverage(level: number): bigint {
  return 1n << BigInt(12 + 9 * (level - 1));
}

export interface Entry {
  readonly index: number;
  readonly kind: 'table' | 'page';
  readonly physicalAddress: bigint;
  /** `read`, `write`, `execute`, `user` … */
  readonly flags: readonly string[];
}

/** The present entries of a table at a physical address. */
export function pageTableEntries(machine: Machine, table: number, level: number): Entry[] {
  const bytes = machine.readPhysical(table, ENTRIES * 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  for (let index = 0; index < bytes.length / 8; index++) {
    if ((view.getUint8(index * 8) & Number(PRESENT)) === 0) continue;
    const entry = decodeEntry(view.getBigUint64(index * 8, true), index, level);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** The present entries; pages that continue each other with the same flags are one row. `base`: what entry 0 translates. */
export function pageTableRows(machine: Machine, table: number, level: number, base: bigint): PageTableRow[] {
  const coverage = entryCoverage(level);
  const runs: { first: Entry; count: number }[] = [];
  for (const entry of pageTableEntries(machine, table, level)) {
    const run = runs.at(-1);
    if (run !== undefined && continues(run.first, run.count, entry, coverage)) run.count++;
    else runs.push({ first: entry, count: 1 });
  }
  return runs.map(({ first, count }) => {
    const start = canonical(base + BigInt(first.index) * coverage);
    const size = BigInt(count) * coverage;
    return {
      firstIndex: first.index,
      count,
      virtualStart: hexadecimal(start),
      virtualEnd: hexadecimal(start + size),
      physicalAddress: hexadecimal(first.physicalAddress),
      size: sizeText(size),
      flags: first.flags,
      kind: first.kind,
      level,
    };
  });
}

function decodeEntry(value: bigint, index: number, level: number): Entry | undefined {
  if ((value & PRESENT) === 0n) return undefined;
  const isPage = level === 1 || (level < 4 && (value & LARGE_PAGE) !== 0n);
  const flags = ['read'];
  const add = (bit: bigint, word: string) => {
    if ((value & bit) !== 0n) flags.push(word);
  };
  add(WRITABLE, 'write');
  if ((value & NOT_EXECUTABLE) === 0n) flags.push('execute');
  add(USER, 'user');
  add(WRITE_THROUGH, 'write-through');
  add(CACHE_DISABLED, 'uncached');
  add(ACCESSED, 'accessed');
  if (isPage) {
    add(DIRTY, 'dirty');
    add(GLOBAL, 'global');
  }
  // Below the address of a large page lie attribute bits.
  const physicalAddress = value & PHYSICAL_ADDRESS & ~(isPage ? entryCoverage(level) - 1n : 0n);
  return { index, kind: isPage ? 'page' : 'table', physicalAddress, flags };
}

function continues(first: Entry, count: number, entry: Entry, coverage: bigint): boolean {
  return (
    first.kind === 'page' &&
    entry.kind === 'page' &&
    entry.index === first.index + count &&
    entry.physicalAddress === first.physicalAddress + BigInt(count) * coverage &&
    entry.flags.join() === first.flags.join()
  );
}

/** Bits 63…48 repeat bit 47. */
function canonical(address: bigint): bigint {
  return BigInt.asUintN(64, BigInt.asIntN(48, address));
}

export function sizeText(bytes: bigint): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (bytes >= 1024n && bytes % 1024n === 0n && unit < units.length - 1) {
    bytes /= 1024n;
    unit++;
  }
  return `${bytes} ${units[unit]}`;
}
