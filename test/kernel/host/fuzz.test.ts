import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reasonNotToBuild } from './build.ts';
import { findFuzzingToolchain, findingsOf, fuzz, fuzzTargets, replay } from './fuzz-targets.ts';

/**
 * The kernel under libFuzzer: some seconds here, as long as one likes with `npm run fuzz:kernel -- SECONDS`, which goes on from what it
 * had reached. What is found becomes a file in `findings`, and all those run here with any compiler.
 */

const SMOKE_SECONDS = 6;
const BUILD_TIME = 180_000;

const chosen = process.env['KERNEL_FUZZ_SECONDS'];
const seconds = Number(chosen ?? SMOKE_SECONDS) / fuzzTargets.length;
const corpora = resolve(import.meta.dirname, '../../../build/host-kernel/corpus');

const reasonNotToReplay = reasonNotToBuild();
const toolchain = findFuzzingToolchain();
const because = (reason: string | undefined) => (reason === undefined ? '' : ` (not run: ${reason})`);

describe.skipIf(reasonNotToReplay !== undefined)(`findings${because(reasonNotToReplay)}`, () => {
  test.each(fuzzTargets)(
    '%s survives all that was ever found',
    async (target) => {
      await replay(target, findingsOf(target));
    },
    BUILD_TIME,
  );
});

const reasonNotToFuzz = typeof toolchain === 'string' ? toolchain : undefined;
describe.skipIf(reasonNotToFuzz !== undefined)(`libFuzzer${because(reasonNotToFuzz)}`, () => {
  test.each(fuzzTargets)(
    '%s finds nothing',
    async (target) => {
      if (typeof toolchain === 'string') throw new Error(toolchain);
      const corpus = chosen === undefined ? undefined : join(corpora, target);
      const { runs, finding } = await fuzz(target, toolchain, seconds, corpus);
      if (chosen !== undefined) console.log(`${target}: ${runs} runs in ${seconds} s`);
      expect(finding).toBeUndefined();
      expect(runs).toBeGreaterThan(100);
    },
    1000 * seconds + BUILD_TIME,
  );
});
