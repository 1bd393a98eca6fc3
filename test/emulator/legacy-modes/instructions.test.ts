/**
 * Code of 16 and 32 bits against the real CPU: every instruction that iced-x86 lists, in several sets of segments.
 *
 * INSTRUCTION_SECONDS  how long to run fresh cases (default: one short batch)
 * INSTRUCTION_SEED     seed of the first batch (default: 1)
 * INSTRUCTION_FORMS    only codes whose name contains this
 */
import { afterAll, expect, test } from 'vitest';
import type { CodeInfo } from '../instruction-set/codes.ts';
import { describeCase, differences } from '../native/compare.ts';
import { createEmulatedCpu } from '../native/emulated-cpu.ts';
import type { Outcome } from '../native/instruction-case.ts';
import { VECTOR_TIMEOUT } from '../native/layout.ts';
import { Random } from '../native/random.ts';
import { openRealCpu } from '../native/real-cpu.ts';
import { codesOf, ENVIRONMENTS, type Environment, exemptions, legacyCase } from './cases.ts';

const MAX_REPORTED = 8;
const PATIENCE = 120_000;
const BREAKPOINT = 3;
const environment = process.env;
const seconds = Number(environment['INSTRUCTION_SECONDS'] ?? 0);
const firstSeed = Number(environment['INSTRUCTION_SEED'] ?? 1);
const filter = environment['INSTRUCTION_FORMS'];

const emulator = createEmulatedCpu();
const cpu = openRealCpu();
afterAll(() => {
  if (typeof cpu !== 'string') cpu.dispose();
});
/** Cases that run in a circle, and faults of masked stores, which each CPU finds in an order of its own. */
const isOpen = (info: CodeInfo, expected: Outcome, actual: Outcome): boolean =>
  expected.vector === VECTOR_TIMEOUT ||
  actual.vector === VECTOR_TIMEOUT ||
  (/maskmov/i.test(info.name) && (expected.vector !== BREAKPOINT || actual.vector !== BREAKPOINT));

const names = Object.keys(ENVIRONMENTS) as Environment[]; // Object.keys forgets the names of the keys.

test.skipIf(typeof cpu === 'string').each(names)(
  '%s',
  { timeout: seconds * 1000 + PATIENCE },
  async (name) => {
    if (typeof cpu === 'string') return;
    const codes = codesOf(name).filter((info) => filter === undefined || info.name.includes(filter));
    const end = Date.now() + (seconds * 1000) / names.length;
    let seed = firstSeed;
    do {
      const random = new Random(seed++);
      const cases = codes.flatMap((info) => [0, 1].map(() => legacyCase(info, name, random.u32())));
      const outcomes = await cpu.run(cases);
      const failures: string[] = [];
      const failed = new Map<string, number>();
      cases.forEach((instruction, n) => {
        const info = codes[n >> 1];
        const actual = emulator.run(instruction);
        if (isOpen(info, outcomes[n], actual)) return;
        const lines = differences(instruction, outcomes[n], actual, exemptions(info));
        if (lines.length === 0) return;
        failed.set(instruction.form, (failed.get(instruction.form) ?? 0) + 1);
        if (failures.length < MAX_REPORTED) failures.push([describeCase(instruction), ...lines].join('\n  '));
      });
      expect(failed.size, `${[...failed.keys()].join('\n')}\n${failures.join('\n\n')}`).toBe(0);
    } while (Date.now() < end);
  },
);
