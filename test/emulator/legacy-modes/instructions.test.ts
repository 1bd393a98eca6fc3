/**
 * Code of 16 and 32 bits against the real CPU: every instruction that iced-x86 lists, in several sets of segments.
 *
 * INSTRUCTION_SECONDS  how long to run fresh cases (default: one short batch)
 * INSTRUCTION_SEED     seed of the first batch (default: 1)
 * INSTRUCTION_FORMS    only codes whose name contains this
 * INSTRUCTION_RECORD   `vectors`: record the fixed vectors anew
 */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { type CodeInfo, machineCodes } from '../instruction-set/codes.ts';
import { describeCase, differences } from '../native/compare.ts';
import { createEmulatedCpu } from '../native/emulated-cpu.ts';
import type { InstructionCase, Outcome } from '../native/instruction-case.ts';
import { VECTOR_TIMEOUT } from '../native/layout.ts';
import { Random } from '../native/random.ts';
import { openRealCpu } from '../native/real-cpu.ts';
import { readVectors, writeVectors } from '../native/vectors.ts';
import { codesOf, ENVIRONMENTS, type Environment, exemptions, legacyCase } from './cases.ts';

/** Recorded once on a real CPU, one case of every instruction in every set of segments. */
const VECTORS = new URL('vectors.jsonl.gz', import.meta.url);

const PER_CODE = 2;
const MAX_REPORTED = 8;
/** Milliseconds on a busy host. */
const PATIENCE = 240_000;
const BREAKPOINT = 3;
const environment = process.env;
const seconds = Number(environment['INSTRUCTION_SECONDS'] ?? 0);
const firstSeed = Number(environment['INSTRUCTION_SEED'] ?? 1);
const filter = environment['INSTRUCTION_FORMS'];
const records = environment['INSTRUCTION_RECORD'] === 'vectors';

const emulator = createEmulatedCpu();
const cpu = openRealCpu();
afterAll(() => {
  if (typeof cpu !== 'string') cpu.dispose();
});
const names = Object.keys(ENVIRONMENTS) as Environment[]; // Object.keys forgets the names of the keys.
const byName = new Map(machineCodes.map((info) => [info.name, info]));

function codeOf({ form }: InstructionCase): CodeInfo {
  const name = form.slice(0, form.indexOf(','));
  const info = byName.get(name);
  if (info === undefined) throw new Error(`iced-x86 has no ${name}: record the vectors anew`);
  return info;
}

/** Cases that run in a circle, and faults of masked stores, which each CPU finds in an order of its own. */
const isOpen = (info: CodeInfo, expected: Outcome, actual: Outcome): boolean =>
  expected.vector === VECTOR_TIMEOUT ||
  actual.vector === VECTOR_TIMEOUT ||
  (/maskmov/i.test(info.name) && (expected.vector !== BREAKPOINT || actual.vector !== BREAKPOINT));

function compareAll(cases: readonly InstructionCase[], outcomes: readonly Outcome[]): void {
  const failures: string[] = [];
  const failed = new Set<string>();
  cases.forEach((instruction, n) => {
    const info = codeOf(instruction);
    const actual = emulator.run(instruction);
    if (isOpen(info, outcomes[n], actual)) return;
    const lines = differences(instruction, outcomes[n], actual, exemptions(info));
    if (lines.length === 0) return;
    failed.add(instruction.form);
    if (failures.length < MAX_REPORTED) failures.push([describeCase(instruction), ...lines].join('\n  '));
  });
  expect(failed.size, `${[...failed].join('\n')}\n${failures.join('\n\n')}`).toBe(0);
}

test.skipIf(!existsSync(VECTORS))('recorded on a real CPU', { timeout: PATIENCE }, () => {
  const vectors = readVectors(VECTORS);
  compareAll(
    vectors.map((vector) => vector.test),
    vectors.map((vector) => vector.outcome),
  );
});

const title =
  typeof cpu === 'string' ? `fresh cases on this CPU (skipped: ${cpu})` : 'fresh cases on this CPU';
describe.skipIf(typeof cpu === 'string')(title, () => {
  test.each(names)('%s', { timeout: seconds * 1000 + PATIENCE }, async (name) => {
    if (typeof cpu === 'string') return;
    const codes = codesOf(name).filter((info) => filter === undefined || info.name.includes(filter));
    const end = Date.now() + (seconds * 1000) / names.length;
    let seed = firstSeed;
    do {
      const random = new Random(seed++);
      const cases = codes.flatMap((info) =>
        Array.from({ length: PER_CODE }, () => legacyCase(info, name, random.u32())),
      );
      compareAll(cases, await cpu.run(cases));
    } while (Date.now() < end);
  });

  // Not a test of anything: only there when asked for.
  if (records) {
    test('record the vectors anew', { timeout: PATIENCE }, async () => {
      if (typeof cpu === 'string') throw new Error(cpu);
      const random = new Random(firstSeed);
      const cases = names.flatMap((name) =>
        codesOf(name).map((info) => legacyCase(info, name, random.u32())),
      );
      const outcomes = await cpu.run(cases);
      const vectors = cases.map((instruction, n) => ({ test: instruction, outcome: outcomes[n] }));
      writeVectors(
        VECTORS,
        vectors.filter(({ outcome }) => outcome.vector !== VECTOR_TIMEOUT),
      );
    });
  }
});
