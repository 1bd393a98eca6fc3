/**
 * The kernel on the host HAL does what the model says: thousands of random events, everything visible compared after each. And
 * whatever it does, the invariants hold.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reasonNotToBuild } from '../host/build.ts';
import { type ComparedKernels, playEvents, startComparedKernels } from './compare.ts';
import type { KernelEvent } from './kernel-state.ts';
import { checkInvariants, checkSequence, describeShrunk, sequences } from './random-sequences.ts';
import { call, kernelCall, root, tick } from './scenario.ts';
import { createStatistics } from './statistics.ts';

const BUILD_TIME = 180_000;
const SEQUENCES = 24;
const EVENTS = 250;

const reason = reasonNotToBuild();
const suffix = reason === undefined ? '' : ` (not run: ${reason})`;
let kernels: ComparedKernels;

beforeAll(async () => {
  if (reason === undefined) {
    kernels = await startComparedKernels();
  }
}, BUILD_TIME);

afterAll(() => kernels?.close());

test.skipIf(reason !== undefined)(`random sequences of events${suffix}`, async () => {
  let events = 0;
  const statistics = createStatistics();
  const property = fc.asyncProperty(sequences(EVENTS), async (sequence) => {
    const play = await checkSequence(kernels, sequence, statistics.observe);
    checkInvariants(kernels, play.events);
    events += play.events.length;
  });
  await fc.assert(property, { seed: 1, numRuns: SEQUENCES, endOnFailure: true });
  // Sequences end early when nobody can run any more.
  expect(events).toBeGreaterThan((SEQUENCES * EVENTS) / 3);
  expect(statistics.unexpected()).toEqual([]);
  // Most of what can come about does; the long command shows the rest.
  expect(statistics.empty().length).toBeLessThan(45);
});

test.skipIf(reason !== undefined)(
  `a difference is found, named and shrunk to what matters${suffix}`,
  async () => {
    const noise = [tick, kernelCall(-2), call(root(8), 99), tick];
    const letter = kernelCall(-3, 65);
    const events = [...noise, letter, ...noise];
    const honest = playEvents(kernels.booted, events);
    expect(await kernels.findDifference(honest)).toBeUndefined();

    const findDifference = (some: readonly KernelEvent[]) => {
      const play = playEvents(kernels.booted, some);
      const steps = play.steps.map((step, i) => (some[i] === letter ? { ...step, effects: [] } : step));
      return kernels.findDifference({ ...play, steps });
    };
    expect(await findDifference(events)).toMatch(/^\(kernel as it is\) after event 5, call -3: 0x41/);
    expect(await describeShrunk(events, findDifference)).toMatch(/after\n\[\n {2}kernelCall\(-3, 65\),\n\]$/);
  },
);
