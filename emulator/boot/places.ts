import { BootError, inMebibytes } from './boot-error.ts';
import type { MemoryRange } from './memory-map.ts';

/** A place in memory that the loader uses itself. */
export interface Place extends MemoryRange {
  /** What messages call it. */
  readonly what: string;
}

const hex = (address: number): string => `0x${address.toString(16)}`;

/** Throws BootError unless `range` lies in RAM and overlaps none of `taken`. `what` is what messages call its content. */
export function requireFree(
  what: string,
  range: MemoryRange,
  memoryBytes: number,
  taken: readonly Place[],
): void {
  const place = `${what} ${hex(range.start)}…${hex(range.end)}`;
  if (range.end > memoryBytes) {
    throw new BootError(
      `${place} lies outside of memory, which has ${inMebibytes(memoryBytes)}. Give the machine more memory or choose a lower address.`,
    );
  }
  const overlapped = taken.find(({ start, end }) => range.start < end && range.end > start);
  if (overlapped === undefined) return;
  throw new BootError(
    `${place} overlaps the ${overlapped.what} at ${hex(overlapped.start)}…${hex(overlapped.end)}. Choose another address, such as 0x100000.`,
  );
}
