import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTwice, firstDifference, reasonToSkip, type Twins } from './twice.ts';

/** Numbers as text, read and written, against the host's library. `LIBC_ROUNDS=N`: that many random ones; `LIBC_SEED`. */

const skip = reasonToSkip();
const rounds = process.env['LIBC_ROUNDS'] ?? '3000';
const seed = process.env['LIBC_SEED'] ?? '1';

describe.skipIf(skip !== undefined)(`numbers as text${skip === undefined ? '' : ` (${skip})`}`, () => {
  const programs: Twins[] = [];
  const build = (source: string) => {
    const twins = buildTwice(source);
    programs.push(twins);
    return twins;
  };
  let numbers: Twins;
  let scanning: Twins;
  let printing: Twins;
  beforeAll(() => {
    numbers = build('strtod-check.c');
    scanning = build('scanf-check.c');
    printing = build('printf-check.c');
  }, 60_000);
  afterAll(() => {
    for (const program of programs) program.dispose();
  });

  it('strtod, strtof, strtold: every bit, errno and where they stop', { timeout: 120_000 }, () => {
    expect(firstDifference(numbers.run(rounds, seed))).toBeUndefined();
  });
  it('scanf: what is stored, and how much', { timeout: 120_000 }, () => {
    expect(firstDifference(scanning.run(String(10 * Number(rounds)), seed))).toBeUndefined();
  });
  it('printf: every character', { timeout: 120_000 }, () => {
    expect(firstDifference(printing.run(String(10 * Number(rounds)), seed))).toBeUndefined();
  });
});
