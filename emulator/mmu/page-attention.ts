/**
 * Which accesses to RAM must take the slow path, though the TLB could serve them: writes to pages that are as the last
 * snapshot has them, so that the next one knows what has changed; writes to decoded code; accesses to bytes that the debugger
 * or the debug registers watch. The TLB's entries of such
 * pages are suspended (`tlb.ts`), so what needs no attention costs nothing.
 */
import type { CodeCache } from '../cpu/code-cache.ts';
import type { Cpu } from '../cpu/cpu.ts';
import { isWatched } from '../cpu/debug-registers.ts';
import { WATCH_READ, WATCH_WRITE } from '../cpu/watches.ts';
import { isExecuteTable, isWriteTable, suspendWhere } from './tlb.ts';

export class PageAttention {
  /** 1 for each physical page that has not been written since the last snapshot. */
  readonly #unchanged: Uint8Array;
  #changed: number[] = [];
  readonly #code: CodeCache;
  /** Told of each page before it is written for the first time since the last snapshot. */
  beforeChange: (page: number) => void = () => undefined;

  /** Of RAM that is all zero: that is what the first snapshot compares with. */
  constructor(ramBytes: number, code: CodeCache) {
    this.#unchanged = new Uint8Array(ramBytes / 4096).fill(1);
    this.#code = code;
  }

  onWrite(page: number): boolean {
    return this.#unchanged[page] !== 0 || this.#code.holdsCode(page);
  }

  /** To be told before each write to RAM that does not go through the TLB, of at most 64 bytes within a page. True if
   * it may change decoded code, which has been dropped. */
  writing(address: number, size: number): boolean {
    this.#change(Math.floor(address / 4096));
    return this.#code.writing(address, size);
  }

  /** To be told before a write to a whole page. */
  writingPage(page: number): void {
    this.#change(page);
    if (this.#code.holdsCode(page)) this.#code.dropPage(page);
  }

  #change(page: number): void {
    if (this.#unchanged[page] === 0) return;
    this.beforeChange(page);
    this.#unchanged[page] = 0;
    this.#changed.push(page);
  }

  /** The pages that have been written since the last `takeChanged`, in no order. */
  get changed(): readonly number[] {
    return this.#changed;
  }

  /** Returns the changed pages, which count as unchanged from now on. `heedAttention` must follow. */
  takeChanged(): readonly number[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const page of changed) this.#unchanged[page] = 1;
    return changed;
  }
}

/** Accesses through an entry of the TLB must take the slow path. */
export function needsAttention(cpu: Cpu, table: number, page: number, low: number, high: number): boolean {
  if (isExecuteTable(table)) return false;
  const writes = isWriteTable(table);
  return (
    (writes && cpu.pages.onWrite(page)) ||
    isWatched(cpu, low, high) ||
    ((cpu.watches.armed & (writes ? WATCH_WRITE : WATCH_READ)) !== 0 &&
      cpu.watches.onPage(writes, page, low, high))
  );
}

/** Makes the TLB heed what needs attention now. */
export function heedAttention(cpu: Cpu): void {
  suspendWhere(cpu.i32, (table, page, low, high) => needsAttention(cpu, table, page, low, high));
}
