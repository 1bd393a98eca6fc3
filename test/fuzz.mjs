// npm run fuzz -- [seconds]: looks for disagreements with the host's CPU, in 64-bit code and in that of 16 and 32 bits, with
// iced-x86, and for garbage that the emulator does not survive, a quarter of the time each (default: 180 s in all). Seeds are
// new each day. Failures of 64-bit code are kept as tests.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const seconds = Number(process.argv[2] ?? 180);
if (!(seconds >= 4)) {
  console.error(`fuzz: ${process.argv[2]} is no number of seconds, at least 4`);
  process.exit(2);
}
const quarter = String(Math.floor(seconds / 4));
/** A seed takes two seconds. */
const decoderSeeds = String(Math.max(1, Math.floor(seconds / 8)));
const day = String(Math.floor(Date.now() / 86_400_000));

function run(command, args, environment) {
  const env = { ...process.env, ...environment };
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', env }).status === 0;
}
const vitest = (path, environment) => run(join(root, 'node_modules/.bin/vitest'), ['run', path], environment);

const results = [
  vitest('test/emulator/native', { INSTRUCTION_SECONDS: quarter, INSTRUCTION_RECORD: 'failures' }),
  vitest('test/emulator/legacy-modes', {
    INSTRUCTION_SECONDS: quarter,
    INSTRUCTION_SEED: day,
    GARBAGE_SEED: day,
  }),
  vitest('test/emulator/cpu/decode-random.test.ts', { DECODE_SEEDS: decoderSeeds, DECODE_SEED: day }),
  run(process.execPath, ['dist/soak/soak.js', '--seconds', quarter, '--seed', day]),
];
console.log(`fuzz: ${results.filter((ok) => ok).length} of ${results.length} found nothing`);
process.exitCode = results.every((ok) => ok) ? 0 : 1;
