// npm test: types, lint, build, then all tests; goes on after a failure, so that one run shows everything.
// Ends with "N passed, N failed" alone on the last line; each of the first three counts as one. Nothing is skipped
// silently: the tests skipped are listed above that line. Arguments go to vitest: npm test -- test/emulator
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const report = join(root, 'test-output/vitest.json');
const bin = (name) => join(root, 'node_modules/.bin', name);

/** Runs a command with its output shown; true if it succeeded. */
function succeeds(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.error) console.error(result.error.message);
  return result.status === 0;
}

let passed = 0;
let failed = 0;
const count = (name, ok) => {
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name}`);
  if (ok) passed++;
  else failed++;
};

count('types (tsc)', succeeds(bin('tsc'), ['-p', '.']));
count('format and lint (biome)', succeeds(bin('biome'), ['check', '.']));
count('build', succeeds(process.execPath, ['build.mjs']));

// The editor test measures how late timers come, so nothing else runs beside it.
const chosen = process.argv.slice(2);
const groups = chosen.length > 0 ? [chosen] : [['--exclude', 'test/editor/**'], ['test/editor']];
const skipped = [];
for (const group of groups) runTests(group);

if (skipped.length > 0) console.log(`\n${skipped.length} skipped:\n  ${skipped.join('\n  ')}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs vitest with its output shown and counts what its report says. */
function runTests(args) {
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const succeeded = succeeds(bin('vitest'), ['run', ...reporters, ...args]);
  let failedTests = 0;
  for (const file of readReport()) {
    const states = file.assertionResults.map((test) => test.status);
    passed += states.filter((state) => state === 'passed').length;
    failedTests += states.filter((state) => state === 'failed').length;
    // A file that cannot be loaded has no test in it that could fail.
    if (file.status === 'failed' && !states.includes('failed')) failedTests++;
    for (const test of file.assertionResults) {
      if (test.status !== 'passed' && test.status !== 'failed') {
        skipped.push(`${relative(root, file.name)}: ${test.fullName} (${test.status})`);
      }
    }
  }
  // Vitest also fails for errors outside of any test.
  failed += succeeded ? failedTests : Math.max(1, failedTests);
}

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`);
    return [];
  }
}
