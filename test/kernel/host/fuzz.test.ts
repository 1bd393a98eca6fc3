import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reasonNotToBuild } from './build.ts';
import { findFuzzingToolchain, fuzz, fuzzTargets, replay, writeSeeds } from './fuzz-targets.ts';

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
    '%s survives what was found, and the seeds',
    async (target) => {
      await replay(target);
    },
    BUILD_TIME,
  );
});

describe.skipIf(reasonNotToReplay !== undefined)(`planted faults${because(reasonNotToReplay)}`, () => {
  const faults = [
    {
      fault: 'a suspended caller stays the one that its server replies to',
      path: 'kernel/core/process.cpp',
      right: 'unlink_for_reply(process, *process.reply_source);',
      wrong: 'process.reply_source = nullptr;',
      report: 'a reply link is not mutual',
    },
    {
      fault: 'mappings of memory that is taken back stay',
      path: 'kernel/core/lost_memory.cpp',
      right: 'ranges[range_count++] = { start, size };',
      wrong: ';',
      report: 'a page table refers to something for which no capability exists',
    },
  ];
  test.each(faults)(
    '$fault: seen by the seeds',
    async ({ path, right, wrong, report }) => {
      const source = readFileSync(path, 'utf8');
      expect(source).toContain(right);
      const replaced = new Map([[path, source.replace(right, wrong)]]);
      await expect(replay('kernel-calls', replaced)).rejects.toThrow(report);
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
      if (corpus !== undefined && process.env['KERNEL_FUZZ_SEEDS'] !== undefined) {
        await writeSeeds(target, toolchain, corpus);
      }
      expect(runs).toBeGreaterThan(100);
    },
    1000 * seconds + BUILD_TIME,
  );
});
