/**
 * The snapshots that a machine keeps of its past: dense near where it stands, sparse far away, within a budget of memory.
 * Distances are in executed instructions: time spent halted costs nothing to repeat.
 */
import type { Snapshot } from '../machine-api.ts';
import { type MemoryImage, PAGE_BYTES } from './memory-image.ts';

/** A snapshot, and how many instructions had been executed by then. */
export interface Mark {
  readonly snapshot: Snapshot;
  readonly executed: number;
}

export class Timeline {
  readonly #budget: number;
  /** By instruction count. Never empty: the first is the beginning. */
  readonly #marks: Mark[];
  readonly #meter = new MemoryMeter();
  /** Count up to which the past is known. */
  end: number;

  constructor(first: Mark, budgetBytes: number) {
    this.#budget = budgetBytes;
    this.#marks = [first];
    this.#meter.add(first.snapshot);
    this.end = first.snapshot.instructionCount;
  }

  get first(): Snapshot {
    return this.#marks[0].snapshot;
  }

  get begin(): number {
    return this.first.instructionCount;
  }

  get counts(): number[] {
    return this.#marks.map((mark) => mark.snapshot.instructionCount);
  }

  get bytes(): number {
    return this.#meter.bytes;
  }

  /** The last mark at or before a count, which must not be before the beginning. */
  before(count: number): Mark {
    return this.#marks[this.#indexBefore(count)];
  }

  #indexBefore(count: number): number {
    let first = 0;
    let end = this.#marks.length;
    while (end - first > 1) {
      const middle = (first + end) >> 1;
      if (this.#marks[middle].snapshot.instructionCount <= count) first = middle;
      else end = middle;
    }
    return first;
  }

  add(mark: Mark): void {
    const at = this.#indexBefore(mark.snapshot.instructionCount);
    if (this.#marks[at].snapshot.instructionCount === mark.snapshot.instructionCount) return;
    this.#marks.splice(at + 1, 0, mark);
    this.#meter.add(mark.snapshot);
    while (this.#meter.bytes > this.#budget && this.#marks.length > 2) this.#thin(mark);
  }

  /** Drops the snapshot that is missed least: little is between its neighbours, compared with how far away it is. */
  #thin(here: Mark): void {
    let least = Number.POSITIVE_INFINITY;
    let victim = 1;
    for (let n = 1; n < this.#marks.length; n++) {
      const mark = this.#marks[n];
      if (mark === here) continue;
      const next = this.#marks[n + 1] ?? mark;
      const gap = next.executed - this.#marks[n - 1].executed;
      const worth = gap / (1 + Math.abs(here.executed - mark.executed));
      if (worth < least) {
        least = worth;
        victim = n;
      }
    }
    for (const dropped of this.#marks.splice(victim, 1)) this.#meter.remove(dropped.snapshot);
  }

  /** Forgets what comes after a count. */
  forgetAfter(count: number): void {
    for (const mark of this.#marks.splice(this.#indexBefore(count) + 1)) this.#meter.remove(mark.snapshot);
    this.end = count;
  }
}

/** Bytes that a set of snapshots takes together at most: what they share counts once, pages that are not yet copied count too. */
class MemoryMeter {
  readonly #references = new Map<object, number>();
  bytes = 0;

  add({ state }: Snapshot): void {
    for (const image of [state.cpu, state.ram]) this.#addImage(image);
  }

  remove({ state }: Snapshot): void {
    for (const image of [state.cpu, state.ram]) this.#removeImage(image);
  }

  #addImage(image: MemoryImage): void {
    this.bytes += image.chunks.length * 8;
    for (const chunk of image.chunks) {
      if (!this.#refer(chunk, chunk.length * 8)) continue;
      for (const page of chunk) if (page !== undefined) this.#refer(page, PAGE_BYTES);
    }
  }

  #removeImage(image: MemoryImage): void {
    this.bytes -= image.chunks.length * 8;
    for (const chunk of image.chunks) {
      if (!this.#unrefer(chunk, chunk.length * 8)) continue;
      for (const page of chunk) if (page !== undefined) this.#unrefer(page, PAGE_BYTES);
    }
  }

  /** True if it is the first reference. */
  #refer(part: object, bytes: number): boolean {
    const before = this.#references.get(part) ?? 0;
    this.#references.set(part, before + 1);
    if (before === 0) this.bytes += bytes;
    return before === 0;
  }

  /** True if it was the last reference. */
  #unrefer(part: object, bytes: number): boolean {
    const before = this.#references.get(part) ?? 0;
    if (before > 1) {
      this.#references.set(part, before - 1);
      return false;
    }
    this.#references.delete(part);
    this.bytes -= bytes;
    return true;
  }
}
