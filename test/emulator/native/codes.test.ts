/** Every instruction that iced-x86 lists against the real CPU, bit for bit, alone and in programs. See README.md. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { type CodeInfo, machineCodes } from '../instruction-set/codes.ts';
import {
  generateCodeCase,
  generateInvalid,
  generateProgram,
  reasonAlwaysFaults,
  reasonNotExecuted,
} from './code-cases.ts';
import { INVALID } from './code-exemptions.ts';
import { describeCase } from './compare.ts';
import { openComparison, PATIENCE, settings, vectorsOf } from './comparison.ts';
import type { InstructionCase, Outcome } from './instruction-case.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';
import { readVectors, type Vector, writeVectors } from './vectors.ts';

const VECTORS = vectorsOf('codes');
/** Cases of each code, and programs for each hundred of codes. */
const PER_CODE = 2;
const PROGRAMS = 2;
/** Cases that are no instruction, for each program. */
const INVALID_PER_PROGRAM = 5;
/** Of each code, among which the recorded ones are chosen. */
const CANDIDATES = 30;
const BREAKPOINT = 3;

const comparison = openComparison();
const { cpu, compareAll } = comparison;
afterAll(() => comparison.dispose());

/** What /proc/cpuinfo calls iced's features, if it has another name or no need of one. */
const HOST_FEATURES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['INTEL8086', 'INTEL186', 'INTEL286', 'INTEL386', 'INTEL486', 'X64', 'FPU', 'FPU287', 'FPU387'].map(
      (name) => [name, []],
    ),
  ),
  CMPXCHG16B: ['cx16'],
  LZCNT: ['abm'],
  SSE3: ['pni'],
  SHA: ['sha_ni'],
};
const hostFeatures = ({ feature, since }: CodeInfo): string[] =>
  since === 'x86-64-v1'
    ? []
    : feature.split('+').flatMap((name) => HOST_FEATURES[name] ?? [name.toLowerCase()]);

const executed = machineCodes.filter(
  (code) => code.modes.includes(64) && reasonNotExecuted(code) === undefined,
);
const wanted = executed.filter(
  (code) => settings.isWanted(code.name) && comparison.missing(hostFeatures(code)).length === 0,
);

/** Cases of every code and some programs, all from one seed. */
function generateBatch(codes: readonly CodeInfo[], perCode: number, seed: number): InstructionCase[] {
  const random = new Random(seed);
  const cases = codes.flatMap((code) =>
    Array.from({ length: perCode }, () => generateCodeCase(code, random.u32())),
  );
  const programs = Math.ceil((codes.length * perCode * PROGRAMS) / 100);
  for (let n = 0; n < programs; n++) {
    cases.push(generateProgram(codes, random.u32()));
    for (let k = 0; k < INVALID_PER_PROGRAM; k++) cases.push(generateInvalid(codes, random.u32()));
  }
  return cases.filter(comparison.isComparable);
}

/** Cases, and of these the ones that ended without an exception. */
interface Count {
  cases: number;
  completed: number;
}

function count(vectors: Iterable<Vector>, counts: Map<string, Count>): void {
  for (const { test, outcome } of vectors) {
    for (const name of test.form.split('; ')) {
      const entry = counts.get(name) ?? { cases: 0, completed: 0 };
      counts.set(name, entry);
      entry.cases++;
      if (isCompleted(outcome)) entry.completed++;
    }
  }
}

const isCompleted = (outcome: Outcome): boolean => outcome.vector === BREAKPOINT;

const isProgram = ({ form }: InstructionCase): boolean => form.includes('; ');

/** Prints what makes the difference in those of the programs that do differ. */
async function showShrunk(programs: readonly InstructionCase[]): Promise<void> {
  for (const program of programs) {
    if (!(await comparison.differs(program))) continue;
    console.error(`What makes the difference:\n${describeCase(await shrink(program, comparison.differs))}`);
  }
}

/** A line for each instruction of the machine: cases, those without an exception, and why there are none. */
function table(counts: ReadonlyMap<string, Count>): string {
  const lines = machineCodes
    .filter((code) => code.modes.includes(64))
    .map((code) => {
      const { cases, completed } = counts.get(code.name) ?? { cases: 0, completed: 0 };
      const reason =
        cases === 0
          ? (reasonNotExecuted(code) ?? 'NOT REACHED')
          : completed === 0
            ? (reasonAlwaysFaults(code) ?? 'NEVER COMPLETED')
            : '';
      return `${String(cases).padStart(8)} ${String(completed).padStart(9)}  ${code.name}${reason === '' ? '' : `  (${reason})`}`;
    });
  return ['   cases completed  instruction', ...lines].join('\n');
}

describe('recorded on a real CPU', () => {
  const vectors = existsSync(VECTORS) ? readVectors(VECTORS) : [];

  test('every instruction of the machine is among the vectors, or has a reason not to be', () => {
    const counts = new Map<string, Count>();
    count(vectors, counts);
    const missing = executed.filter(
      (code) =>
        counts.get(code.name) === undefined ||
        (counts.get(code.name)?.completed === 0 && reasonAlwaysFaults(code) === undefined),
    );
    expect(
      missing.map(({ name }) => name),
      'record the vectors anew (README.md)',
    ).toEqual([]);
  });

  test('vectors agree', { timeout: PATIENCE }, () => {
    compareAll(
      vectors.map((vector) => vector.test),
      vectors.map((vector) => vector.outcome),
    );
  });
});

describe('on this CPU', () => {
  const { seconds, firstSeed } = settings;

  test.skipIf(typeof cpu === 'string')('agree', { timeout: seconds * 1000 + PATIENCE }, async () => {
    if (typeof cpu === 'string') return;
    const end = Date.now() + seconds * 1000;
    let seed = firstSeed;
    let total = 0;
    const counts = new Map<string, Count>();
    do {
      const cases = generateBatch(wanted, PER_CODE, seed);
      const outcomes = await cpu.run(cases);
      total += cases.length;
      try {
        compareAll(cases, outcomes);
      } catch (error) {
        await showShrunk(cases.filter(isProgram));
        throw error;
      }
      count(
        cases.map((instruction, i) => ({ test: instruction, outcome: outcomes[i] })),
        counts,
      );
      seed++;
    } while (Date.now() < end);
    if (settings.coverage) console.info(table(counts));
    console.info(
      `Instructions of iced-x86: ${wanted.length}, ${total} cases, seeds ${firstSeed} to ${seed - 1}`,
    );
  });

  // Not a test of anything: only there when asked for.
  if (settings.record === 'vectors' && (settings.recordedGroup ?? 'codes') === 'codes') {
    test('record the vectors anew', { timeout: PATIENCE }, async () => {
      if (typeof cpu === 'string') throw new Error(cpu);
      const cases = generateBatch(executed, CANDIDATES, firstSeed);
      const outcomes = await cpu.run(cases);
      const all = cases.map((instruction, i) => ({ test: instruction, outcome: outcomes[i] }));
      writeVectors(VECTORS, chosen(all));
    });
  }
});

/** Of each code the first case and the first that was completed, and as many programs as make a tenth of them. */
function chosen(vectors: readonly Vector[]): Vector[] {
  const kept: Vector[] = [];
  const seen = new Map<string, Count>();
  let programs = 0;
  for (const vector of vectors) {
    const { form } = vector.test;
    if (form === INVALID) continue;
    if (isProgram(vector.test)) {
      if (programs++ < executed.length / 20) kept.push(vector);
      continue;
    }
    const before = seen.get(form);
    if (before === undefined || (before.completed === 0 && isCompleted(vector.outcome))) kept.push(vector);
    count([vector], seen);
  }
  return kept;
}
