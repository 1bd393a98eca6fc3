/** Every instruction form against the real CPU, bit for bit. See README.md for the fuzzing and recording runs. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { allForms, formGroups, formsOf } from './all-forms.ts';
import { openComparison, PATIENCE, REGRESSIONS, settings, vectorsOf } from './comparison.ts';
import { casesPerRow, NOT_COMPARED } from './coverage.ts';
import { generateBatch } from './generate.ts';
import { readVectors, writeVectors } from './vectors.ts';

/** Recorded once on a real CPU, every form; a file for each group of forms. */
const VECTORS = Object.keys(formGroups).map(vectorsOf);

const PER_FORM = 8;
const RECORDED_PER_FORM = 10;

const { record, recordedGroup, seconds, firstSeed, coverage } = settings;
const comparison = openComparison();
const { cpu, compareAll } = comparison;
const wanted = allForms.filter((form) => settings.isWanted(form.name));
/** Forms that this host's CPU can run. */
const forms = wanted.filter((form) => comparison.missing(form.requires ?? []).length === 0);

afterAll(() => comparison.dispose());

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
      const missing = new Set(comparison.missing(wanted.flatMap((form) => form.requires ?? [])));
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
        const cases = generateBatch(forms, PER_FORM, seed).filter(comparison.isComparable);
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
