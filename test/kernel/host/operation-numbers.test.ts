import { describe, expect, test } from 'vitest';
import { call, descriptor, root } from '../model/scenario.ts';
import { reasonNotToBuild } from './build.ts';
import { startHostKernel } from './host-kernel.ts';

/** Numbers that no operation has are refused for every type, however large they are. */

const ROOT = 3;
const GENERIC = descriptor([8, 7], [7, 0]);
const PAGE_TABLE = descriptor([8, 4], [7, 0]);
const NUMBERS = [7n, 8n, 9n, 255n, 256n, 1n << 32n, (1n << 63n) + 1n, (1n << 64n) - 1n];
const [ILLEGAL, DESCRIPTOR] = [0n, 2n];

const made = [7, 8, 9].map((type, i) => ({ type, slot: 20 + i }));
const INTERRUPT_PORT = 30;

const reason = reasonNotToBuild();
const title = `unknown operation numbers${reason === undefined ? '' : ` (not run: ${reason})`}`;
describe.skipIf(reason !== undefined)(title, { timeout: 120_000 }, () => {
  test('are illegal operations, of empty slots invalid descriptors', async () => {
    const kernel = await startHostKernel();
    try {
      kernel.performAll([
        ...made.map(({ type, slot }) => call(GENERIC, 0, type, 0, 1, root(ROOT), slot)),
        call(root(8), 1, 5, root(ROOT), INTERRUPT_PORT),
      ]);
      const slots = [1, 2, ROOT, 6, 8, 9, INTERRUPT_PORT, ...made.map(({ slot }) => slot)];
      const targets = [GENERIC, PAGE_TABLE, ...slots.map(root)];
      const outcomes = (target: bigint) =>
        kernel
          .performAll(NUMBERS.map((number) => call(target, number)))
          .map(({ state }) =>
            state.processes.find(({ address }) => address === state.current)?.registers.slice(4, 6),
          );
      const all = (error: bigint) => NUMBERS.map(() => [0n, error]);
      for (const target of targets) {
        expect(outcomes(target), target.toString(16)).toEqual(all(ILLEGAL));
      }
      expect(outcomes(root(200))).toEqual(all(DESCRIPTOR));
    } finally {
      kernel.close();
    }
  });
});
