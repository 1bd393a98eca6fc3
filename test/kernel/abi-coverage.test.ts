import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { fileReference, parseCoverage, type Statement } from './abi-coverage.ts';
import { findConformance, runOnEmulator } from './kernel-images.ts';
import { checksIn } from './outcome-table.ts';

/** What kernel/docs/abi-coverage.md names as a proof exists: checks in the conformance program's log, titles in test files. */

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'kernel/docs/abi-coverage.md');
const LIMIT = 400_000_000;

const statements = parseCoverage(readFileSync(PAGE, 'utf8'));

let checks: ReadonlySet<string>;
beforeAll(() => {
  const { serial } = runOnEmulator(findConformance(), LIMIT);
  checks = new Set(checksIn(serial).map((c) => `${c.operation} ${c.outcome}: ${c.detail}`));
}, 60_000);

/** Why a proof is none; undefined if it is one. */
function faultOf(proof: string): string | undefined {
  const reference = fileReference(proof);
  if (reference === undefined) {
    return checks.has(proof) ? undefined : 'the conformance program prints no such check';
  }
  const path = join(ROOT, reference.path);
  if (!existsSync(path)) return 'no such file';
  const source = readFileSync(path, 'utf8');
  const isQuoted = ["'", '"', '`'].some((quote) => source.includes(`${quote}${reference.title}`));
  return isQuoted ? undefined : 'the file has no such title';
}

const faultsIn = (all: readonly Statement[]) =>
  all.flatMap(({ section, proofs }) =>
    proofs.flatMap((proof) => {
      const fault = faultOf(proof);
      return fault === undefined ? [] : [`section ${section}: ${proof}: ${fault}`];
    }),
  );

test('every proof that the page names exists', () => {
  expect(faultsIn(statements)).toEqual([]);
});

test('no statement stands twice in a section', () => {
  const names = statements.map(({ section, text }) => `${section}: ${text}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

const HEAD = '## Section 3\n\n|statement|proved by|\n|---|---|\n';

test('a check, a file and a title that do not exist are found', () => {
  const page = `${HEAD}|a|\`node.copy success: a check that nobody prints\`; \`test/kernel/none.test.ts: a\`|
|b|\`test/kernel/structure.test.ts: no such title\`|
|c|\`lookup invalid_descriptor: descriptor 0\`; \`test/kernel/abi-coverage.test.ts: every proof that the page names exists\`|
|d|not checked: \`nothing\` shows it|
`;
  expect(faultsIn(parseCoverage(page))).toEqual([
    'section 3: node.copy success: a check that nobody prints: the conformance program prints no such check',
    'section 3: test/kernel/none.test.ts: a: no such file',
    'section 3: test/kernel/structure.test.ts: no such title: the file has no such title',
  ]);
});

test.each([
  ['nothing that proves it', '|a||'],
  ['a proof without code ticks', '|a|some test|'],
  ['no reason', '|a|not checked: |'],
  ['a bar that is not escaped', '|a|b|`c`|'],
])('a row with %s is refused, with its line', (_name, row) => {
  expect(() => parseCoverage(`${HEAD}${row}\n`)).toThrow('line 5: ');
});

test('a bar in a cell is written with a backslash', () => {
  expect(parseCoverage(`${HEAD}|a \\| b|not checked: c \\| d|\n`)).toEqual([
    { section: 3, text: 'a | b', proofs: [], reason: 'c | d' },
  ]);
});
