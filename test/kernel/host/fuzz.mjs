// npm run fuzz:kernel -- [seconds] [--seeds]: libFuzzer on the kernel (default: 120 s in all), going on from what earlier runs
// reached. What it finds stays in test/kernel/host/findings, where the ordinary tests run it. With --seeds, what it has reached
// becomes where the ordinary tests begin.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'boolean' } },
});
const seconds = Number(positionals[0] ?? 120);
if (!(seconds >= 2)) {
  console.error(`fuzz:kernel: ${positionals[0]} is no number of seconds, at least 2`);
  process.exit(2);
}
const vitest = join(root, 'node_modules/.bin/vitest');
const environment = { ...process.env, KERNEL_FUZZ_SECONDS: String(seconds) };
if (values.seeds) environment.KERNEL_FUZZ_SEEDS = '1';
const result = spawnSync(vitest, ['run', 'test/kernel/host/fuzz.test.ts', '--disable-console-intercept'], {
  cwd: root,
  stdio: 'inherit',
  env: environment,
});
process.exitCode = result.status ?? 1;
