/** Random sequences on model and kernel by fast-check; what differs is shrunk to few events that can be read. */
import fc from 'fast-check';
import { type ComparedKernels, type Observer, type Play, playEvents, playRandomly } from './compare.ts';
import { rightsThatGrew, violationsOf } from './invariants.ts';
import type { KernelEvent } from './kernel-state.ts';
import { describeScript } from './scenario.ts';

/** What a random sequence is made of: where it begins, and a seed for each event. */
export interface Sequence {
  readonly isStaged: boolean;
  readonly seeds: readonly number[];
}

export const sequences = (length: number): fc.Arbitrary<Sequence> =>
  fc.record({
    isStaged: fc.integer({ min: 0, max: 3 }).map((quarter) => quarter > 0),
    seeds: fc.array(fc.nat({ max: 0xffff_ffff }), { minLength: length, maxLength: length }),
  });

/** Throws if an invariant does not hold in some state that the kernel reports in the sequence, or rights grow in a step. */
export function checkInvariants(kernels: ComparedKernels, events: readonly KernelEvent[]): void {
  const states = kernels.statesOf(events);
  states.forEach((state, i) => {
    const found = [...violationsOf(state), ...(i > 0 ? rightsThatGrew(states[i - 1], state) : [])];
    if (found.length > 0) {
      const script = describeScript(events.slice(0, i));
      throw new Error(`after event ${i}:\n${found.join('\n')}\nafter\n${script}`);
    }
  });
}

/** What was played. Throws with the shrunk events if kernel and model differ. */
export async function checkSequence(
  kernels: ComparedKernels,
  { isStaged, seeds }: Sequence,
  observe?: Observer,
): Promise<Play> {
  const play = playRandomly(kernels.booted, isStaged, seeds, observe);
  const difference = await kernels.findDifference(play);
  if (difference !== undefined) {
    throw new Error(
      await describeShrunk(play.events, (some) => kernels.findDifference(playEvents(kernels.booted, some))),
    );
  }
  return play;
}

/** The fewest of these events, in their order, that still make a difference, as source text for a test that keeps them. */
export async function describeShrunk(
  events: readonly KernelEvent[],
  findDifference: (some: readonly KernelEvent[]) => Promise<string | undefined>,
): Promise<string> {
  let [best, difference] = [[...events], 'only now and then'];
  const property = fc.asyncProperty(fc.subarray([...events]), async (some) => {
    const found = await findDifference(some);
    if (found !== undefined) {
      [best, difference] = [some, found];
    }
    return found === undefined;
  });
  await fc.check(property, { examples: [[[...events]]], numRuns: 1 });
  return `model and kernel differ ${difference}\nafter\n${describeScript(best)}`;
}
