// npm run fuzz:kernel -- [seconds]: libFuzzer on the kernel (default: 120 s in all), going on from what earlier runs reached. What it
// finds stays in test/kernel/host/findings, where the ordinary tests run it.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const seconds = Number(process.argv[2] ?? 120);
if (!(seconds >= 2)) {
  console.error(`fuzz:kernel: ${process.argv[2]} is no number of seconds, at least 2`);
  process.exit(2);
}
const vitest = join(root, 'node_modules/.bin/vitest');
const environment = { ...process.env, KERNEL_FUZZ_SECONDS: String(seconds) };
const result = spawnSync(vitest, ['run', '--disable-console-intercept', 'test/kernel/host/fuzz.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: environment,
});
process.exitCode = result.status ?? 1;
