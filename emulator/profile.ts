/** What to make of a profile: the emulator knows no symbols, its caller does. */
import type { Profile } from './machine-api.ts';

/** Addresses from `start` to before `end` by a name, in one address space (its page table) or in all. */
export interface ProfileRange {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly root?: number | undefined;
}

/** Instructions of one range in one address space. `name` is undefined for addresses outside of all ranges. */
export interface ProfileRow {
  readonly name: string | undefined;
  readonly root: number | undefined;
  readonly instructions: number;
}

/**
 * Adds the counts up by ranges, the most executed first. Where ranges overlap, the one that begins last counts. The sum
 * over all rows is that of the profile without deliveries and idle time.
 */
export function foldProfile(profile: Profile, ranges: readonly ProfileRange[]): ProfileRow[] {
  const rows: ProfileRow[] = [];
  for (const { root, addresses, counts, elsewhere } of profile.spaces) {
    const here = ranges
      .filter((range) => range.root === undefined || range.root === root)
      .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    const sums = new Map<string | undefined, number>();
    const add = (name: string | undefined, count: number): void => {
      if (count > 0) sums.set(name, (sums.get(name) ?? 0) + count);
    };
    addresses.forEach((address, n) => {
      add(rangeOf(here, address)?.name, counts[n]);
    });
    add(undefined, elsewhere);
    for (const [name, instructions] of sums) rows.push({ name, root, instructions });
  }
  return rows.sort((a, b) => b.instructions - a.instructions);
}

/** The last range to begin at or before an address that has not ended there. */
function rangeOf(sorted: readonly ProfileRange[], address: bigint): ProfileRange | undefined {
  let first = 0;
  let end = sorted.length;
  while (first < end) {
    const middle = (first + end) >> 1;
    if (sorted[middle].start <= address) first = middle + 1;
    else end = middle;
  }
  for (let n = first - 1; n >= 0; n--) if (address < sorted[n].end) return sorted[n];
  return undefined;
}

/** Everything that was counted: what virtual time has advanced since the profile began. */
export function profileTotal({ spaces, idle }: Profile): number {
  return spaces.reduce(
    (sum, { counts, deliveries, elsewhere }) =>
      counts.reduce((total, count) => total + count, sum) + deliveries + elsewhere,
    idle,
  );
}
