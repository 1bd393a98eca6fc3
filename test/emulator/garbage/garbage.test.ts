/** A short run of the soak (soak.ts): garbage must not crash the host, hang it, grow it, or depend on slices. */
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { runGarbage } from './garbage.ts';

// A second each, on a busy host ten.
vi.setConfig({ testTimeout: 60_000 });

const INSTRUCTIONS = 100_000;
/** Seeds that once failed, with the count within which they did. */
const FAILURES: readonly { seed: number; instructions: number; what: string }[] = JSON.parse(
  readFileSync(new URL('failures.json', import.meta.url), 'utf8'),
);

describe('garbage', () => {
  test.each(Array.from({ length: 8 }, (_, n) => n + 1))('of seed %i is the same in any slices', (seed) => {
    const whole = runGarbage(seed, INSTRUCTIONS, 20_000);
    const sliced = runGarbage(seed, INSTRUCTIONS, 777);
    expect(sliced.digest).toBe(whole.digest);
    expect(whole.instructions).toBeGreaterThanOrEqual(INSTRUCTIONS);
  });

  test.each(FAILURES)('of seed $seed no longer fails: $what', ({ seed, instructions }) => {
    expect(runGarbage(seed, instructions, 20_000).digest).toBe(runGarbage(seed, instructions, 777).digest);
  });

  test('does not make the host grow', () => {
    runGarbage(99, INSTRUCTIONS, 20_000);
    const before = process.memoryUsage().heapUsed;
    for (let seed = 100; seed < 106; seed++) runGarbage(seed, INSTRUCTIONS, 20_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(300 * 2 ** 20);
  });
});
