import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildTwice, reasonToSkipLibc } from '../libc.ts';

/** POSIX's part of the library: the same programs print the same over the host's library and over ours. */

const skip = reasonToSkipLibc();

/** The first line in which the outputs differ. `source`: a file of this folder, whose first argument is a folder of its own. */
function firstDifference(source: string, ...args: readonly string[]): string | undefined {
  const programs = buildTwice(readFileSync(join(import.meta.dirname, source), 'utf8'), '-D_GNU_SOURCE');
  try {
    const host = programs.host('', './for-host', ...args);
    const ours = programs.ours('', './for-ours', ...args);
    expect(host.status).toBe(0);
    expect({ status: ours.status, error: ours.error }).toEqual({ status: 0, error: host.error });
    const expected = host.out.split('\n');
    const found = ours.out.split('\n');
    expect(expected.length).toBeGreaterThan(10);
    const line = expected.findIndex((text, index) => text !== found[index]);
    if (line < 0)
      return found.length === expected.length ? undefined : `${found.length} lines, not ${expected.length}`;
    return `line ${line + 1}\nhost: ${expected[line]}\nours: ${found[line]}`;
  } finally {
    programs.dispose();
  }
}

describe.skipIf(skip !== undefined)(`POSIX functions${skip === undefined ? '' : ` (${skip})`}`, () => {
  it('directories, options, and random patterns of names', { timeout: 120_000 }, () => {
    expect(firstDifference('names-check.c')).toBeUndefined();
  });

  it('programs started, users, tables, walks through files, streams in memory', { timeout: 120_000 }, () => {
    expect(firstDifference('processes-check.c')).toBeUndefined();
  });

  it('regular expressions, written by hand and at random (`LIBC_ROUNDS`, `LIBC_SEED`)', {
    timeout: 120_000,
  }, () => {
    const rounds = process.env['LIBC_ROUNDS'] ?? '5000';
    expect(firstDifference('regex-check.c', rounds, process.env['LIBC_SEED'] ?? '1')).toBeUndefined();
  });

  it("what groups match: by POSIX's rules, which the host's library does not keep", () => {
    const source = readFileSync(join(import.meta.dirname, 'regex-check.c'), 'utf8');
    const programs = buildTwice(source, '-D_GNU_SOURCE');
    try {
      expect(programs.ours('', 'folder', '0', '0', 'groups').out.split('\n')).toEqual([
        '/(a|ab)(c|bcd)(d*)/ abcd 1 0: 0 0,4 0,2 2,3 3,4',
        '/(foo|foobar)(bar)?/ foobar 1 0: 0 0,6 0,6 -1,-1',
        '/((a)|b)*/ ab 1 0: 0 0,2 1,2 -1,-1',
        '',
      ]);
    } finally {
      programs.dispose();
    }
  });
});
