import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTwice, reasonToSkipLibc, type TwoPrograms } from '../libc.ts';

/** Numbers as text, read and written, against the host's library. `LIBC_ROUNDS=N`: that many random ones; `LIBC_SEED`. */

const skip = reasonToSkipLibc();
const rounds = process.env['LIBC_ROUNDS'] ?? '3000';
const seed = process.env['LIBC_SEED'] ?? '1';

/** The first line in which the two programs' output differs, for a message one can read. */
function firstDifference(programs: TwoPrograms, ...args: string[]): string | undefined {
  const host = programs.host('', ...args);
  const ours = programs.ours('', ...args);
  if (host.status !== 0 || ours.status !== 0)
    return `status ${host.status}, ours ${ours.status}: ${ours.error}`;
  if (host.out === ours.out) return undefined;
  const expected = host.out.split('\n');
  const got = ours.out.split('\n');
  const line = expected.findIndex((text, index) => text !== got[index]);
  return `line ${line + 1}\nhost: ${expected[line]}\nours: ${got[line]}`;
}

describe.skipIf(skip !== undefined)(`numbers as text${skip === undefined ? '' : ` (${skip})`}`, () => {
  const programs: TwoPrograms[] = [];
  const build = (source: string) => {
    const both = buildTwice(readFileSync(join(import.meta.dirname, source), 'utf8'));
    programs.push(both);
    return both;
  };
  let numbers: TwoPrograms;
  let scanning: TwoPrograms;
  let printing: TwoPrograms;
  beforeAll(() => {
    numbers = build('strtod-check.c');
    scanning = build('scanf-check.c');
    printing = build('printf-check.c');
  }, 60_000);
  afterAll(() => {
    for (const program of programs) program.dispose();
  });

  it('strtod, strtof, strtold: every bit, errno and where they stop', { timeout: 120_000 }, () => {
    expect(firstDifference(numbers, rounds, seed)).toBeUndefined();
  });
  it('scanf: what is stored, and how much', { timeout: 120_000 }, () => {
    expect(firstDifference(scanning, String(10 * Number(rounds)), seed)).toBeUndefined();
  });
  it('printf: every character', { timeout: 120_000 }, () => {
    expect(firstDifference(printing, String(10 * Number(rounds)), seed)).toBeUndefined();
  });
});
