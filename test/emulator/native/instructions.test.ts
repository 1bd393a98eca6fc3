/**
 * Every instruction form against the real CPU, bit for bit. See README.md for the fuzzing and recording runs.
 *
 * INSTRUCTION_SECONDS  how long to run fresh cases (default: one short batch)
 * INSTRUCTION_SEED     seed of the first batch (default: 1; another one each day for a run of INSTRUCTION_SECONDS)
 * INSTRUCTION_FORMS    only forms whose name contains this
 * INSTRUCTION_COVERAGE if set: print how many cases each form and each row of the opcode table has had
 * INSTRUCTION_RECORD   `vectors`: record the fixed vectors anew; `failures`: keep disagreements as vectors
 * INSTRUCTION_GROUP    which group of forms to record (default: all)
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { allForms, formGroups, formsOf } from './all-forms.ts';
import { describeCase, differences } from './compare.ts';
import { casesPerRow, NOT_COMPARED } from './coverage.ts';
import { createEmulatedCpu } from './emulated-cpu.ts';
import { generateBatch } from './generate.ts';
import type { InstructionCase, Outcome } from './instruction-case.ts';
import { openRealCpu } from './real-cpu.ts';
import { encodeVector, readVectors, writeVectors } from './vectors.ts';

/** Recorded once on a real CPU, every form; a file for each group of forms. */
const vectorsOf = (group: string): URL => new URL(`vectors/${group}.jsonl.gz`, import.meta.url);
const VECTORS = Object.keys(formGroups).map(vectorsOf);
/** Cases in which the emulator was once wrong. */
const REGRESSIONS = new URL('vectors/regressions.jsonl', import.meta.url);

const PER_FORM = 8;
const RECORDED_PER_FORM = 10;
const MAX_REPORTED = 5;
/** Milliseconds on a busy host; it is a second or two on an idle one. */
const PATIENCE = 120_000;

const environment = process.env;
const record = environment['INSTRUCTION_RECORD'];
const recordedGroup = environment['INSTRUCTION_GROUP'];
const seconds = Number(environment['INSTRUCTION_SECONDS'] ?? 0);
/** The short run is the same every day, so that a change alone makes it fail; the long ones look for news. */
const firstSeed = Number(
  environment['INSTRUCTION_SEED'] ?? (seconds > 0 ? Math.floor(Date.now() / 86_400_000) : 1),
);
const filter = environment['INSTRUCTION_FORMS'];
const coverage = environment['INSTRUCTION_COVERAGE'] !== undefined;

const emulator = createEmulatedCpu();
const cpu = openRealCpu();
const cpuInfo = typeof cpu === 'string' ? '' : readFileSync('/proc/cpuinfo', 'utf8');
const cpuIsIntel = /GenuineIntel/.test(cpuInfo);
const cpuFlags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1].trim().split(' '));
const wanted = allForms.filter((form) => filter === undefined || form.name.includes(filter));
/** Forms that this host's CPU can run. */
const forms = wanted.filter((form) => form.requires?.every((flag) => cpuFlags.has(flag)) ?? true);

afterAll(() => {
  if (typeof cpu !== 'string') cpu.dispose();
});

/** Throws with the first few cases in which the emulator disagrees with the CPU. */
function compareAll(cases: readonly InstructionCase[], outcomes: readonly Outcome[]): void {
  const failures: string[] = [];
  let count = 0;
  cases.forEach((instruction, i) => {
    const lines = differences(instruction, outcomes[i], emulator.run(instruction));
    if (lines.length === 0) return;
    count++;
    if (failures.length < MAX_REPORTED) failures.push([describeCase(instruction), ...lines].join('\n  '));
    if (record === 'failures') {
      appendFileSync(REGRESSIONS, `${encodeVector({ test: instruction, outcome: outcomes[i] })}\n`);
    }
  });
  expect(count, `${count} of ${cases.length} cases differ\n${failures.join('\n\n')}`).toBe(0);
}

/** Cases whose results other CPUs share are compared on any; the rest on the make that the emulator follows. */
const comparable = (instruction: InstructionCase): boolean =>
  cpuIsIntel || !formsOf(instruction).some((form) => form.intelOnly);

function increase(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

/** Rows of a table, those that were not reached last, with the reason if there is one. */
function table(title: string, counts: ReadonlyMap<string, number>): string[] {
  const line = ([name, count]: [string, number]): string =>
    `${String(count).padStart(8)}  ${name}${count === 0 ? `  (${NOT_COMPARED.get(name) ?? 'NOT REACHED'})` : ''}`;
  return [
    `   cases  ${title}`,
    ...[...counts].sort((a, b) => Number(a[1] === 0) - Number(b[1] === 0)).map(line),
  ];
}

describe('recorded on a real CPU', () => {
  test('every form is among the vectors', { timeout: PATIENCE }, () => {
    const recorded = new Set(VECTORS.flatMap(readVectors).map((vector) => vector.test.form));
    expect(allForms.filter((form) => !recorded.has(form.name)).map((form) => form.name)).toEqual([]);
  });

  test('every row of the opcode table is among the vectors', { timeout: PATIENCE }, () => {
    const counts = casesPerRow(VECTORS.flatMap(readVectors).map((vector) => vector.test));
    const missing = [...counts].filter(([row, count]) => count === 0 && !NOT_COMPARED.has(row));
    expect(
      missing.map(([row]) => row),
      'opcodes without a form: add one to forms-*.ts (README.md), or a reason to NOT_COMPARED',
    ).toEqual([]);
  });

  for (const file of [...VECTORS, REGRESSIONS]) {
    test.skipIf(!existsSync(file))(file.pathname.split('/').at(-1)!, { timeout: PATIENCE }, () => {
      const vectors = readVectors(file);
      compareAll(
        vectors.map((vector) => vector.test),
        vectors.map((vector) => vector.outcome),
      );
    });
  }
});

describe(
  typeof cpu === 'string' ? `fresh cases on this CPU (skipped: ${cpu})` : 'fresh cases on this CPU',
  () => {
    if (typeof cpu === 'string') console.warn(`Instructions: only recorded vectors are compared: ${cpu}`);

    if (typeof cpu !== 'string' && forms.length < wanted.length) {
      const missing = new Set(
        wanted.flatMap((form) => form.requires ?? []).filter((flag) => !cpuFlags.has(flag)),
      );
      console.warn(
        `Instructions: ${wanted.length - forms.length} forms are compared with recorded vectors only: this CPU lacks ${[...missing].join(', ')}`,
      );
    }

    test.skipIf(typeof cpu === 'string')('agree', { timeout: seconds * 1000 + PATIENCE }, async () => {
      if (typeof cpu === 'string') return;
      const end = Date.now() + seconds * 1000;
      let seed = firstSeed;
      let total = 0;
      const perForm = new Map(forms.map((form) => [form.name, 0]));
      const perRow = new Map<string, number>();
      do {
        const cases = generateBatch(forms, PER_FORM, seed).filter(comparable);
        total += cases.length;
        compareAll(cases, await cpu.run(cases));
        if (coverage) {
          for (const instruction of cases) {
            for (const form of formsOf(instruction)) increase(perForm, form.name, 1);
          }
          for (const [row, count] of casesPerRow(cases)) increase(perRow, row, count);
        }
        seed++;
      } while (Date.now() < end);
      if (coverage)
        console.info([...table('form', perForm), '', ...table('opcode table row', perRow)].join('\n'));
      console.info(`Instructions: ${forms.length} forms, ${total} cases, seeds ${firstSeed} to ${seed - 1}`);
    });

    // Not a test of anything: only there when asked for.
    if (record === 'vectors') {
      test('record the vectors anew', { timeout: PATIENCE }, async () => {
        if (typeof cpu === 'string') throw new Error(cpu);
        for (const [group, members] of Object.entries(formGroups)) {
          if (recordedGroup !== undefined && recordedGroup !== group) continue;
          const cases = generateBatch(members, RECORDED_PER_FORM, firstSeed);
          const outcomes = await cpu.run(cases);
          writeVectors(
            vectorsOf(group),
            cases.map((instruction, i) => ({ test: instruction, outcome: outcomes[i] })),
          );
        }
      });
    }
  },
);
