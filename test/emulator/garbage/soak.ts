/**
 * npm run soak: garbage for hours, in pieces. `--instructions N` (default 100 million) or `--seconds N`, and `--seed S` choose the
 * piece: ten billion instructions are a hundred pieces with seeds 1, 101, 201… What fails is minimised and kept in
 * failures.json, which garbage.test.ts runs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { GarbageFailure, minimise, runGarbage } from './garbage.ts';

const FAILURES = 'test/emulator/garbage/failures.json';
const PER_SEED = 1_000_000;
const SLICE = 20_000;
/** Any other: the result must not depend on it. */
const OTHER_SLICE = 777;

/** Half of the instructions in each way of slicing. */
function runSeed(seed: number): ReadonlyMap<string, number> {
  const whole = runGarbage(seed, PER_SEED / 2, SLICE);
  const sliced = runGarbage(seed, PER_SEED / 2, OTHER_SLICE);
  if (whole.digest !== sliced.digest) {
    throw new GarbageFailure(seed, PER_SEED / 2, 'the machine depends on how run is sliced');
  }
  return whole.stops;
}

function keep(failure: GarbageFailure): void {
  const known: object[] = JSON.parse(readFileSync(FAILURES, 'utf8'));
  const { seed, instructions, message } = failure;
  known.push({ seed, instructions, what: message });
  writeFileSync(FAILURES, `${JSON.stringify(known, undefined, 2)}\n`);
}

interface Piece {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly seconds: number;
}

/** Throws an Error that says what is wrong with the arguments. */
function readArguments(): Piece {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { instructions: text, seconds: text, seed: text } });
  const byTime = values.seconds !== undefined && values.instructions === undefined;
  const instructions = byTime ? Number.POSITIVE_INFINITY : Number(values.instructions ?? 100_000_000);
  const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY);
  const firstSeed = Number(values.seed ?? 1);
  if (!(instructions >= PER_SEED)) throw new Error(`--instructions takes a number from ${PER_SEED} on`);
  if (!(seconds > 0)) throw new Error('--seconds takes a positive number');
  if (!(Number.isInteger(firstSeed) && firstSeed > 0)) throw new Error('--seed takes a positive integer');
  return { firstSeed, seeds: Math.ceil(instructions / PER_SEED), seconds };
}

function main(): void {
  const { firstSeed, seeds, seconds } = readArguments();
  const stops = new Map<string, number>();
  let failed = 0;
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let seed = firstSeed;
  for (; seed < firstSeed + seeds && elapsed() < seconds; seed++) {
    try {
      for (const [kind, count] of runSeed(seed)) stops.set(kind, (stops.get(kind) ?? 0) + count);
    } catch (error) {
      if (!(error instanceof GarbageFailure)) throw error;
      const smallest = minimise(error);
      keep(smallest);
      console.error(`${smallest.message}\n${error.cause instanceof Error ? error.cause.stack : ''}`);
      failed++;
    }
  }
  const done = seed - firstSeed;
  const ends = [...stops].map(([kind, count]) => `${count} ${kind}`).join(', ');
  console.log(
    `${done} seeds from ${firstSeed}, ${done * PER_SEED} instructions in ${elapsed().toFixed(0)} s; rounds ended by: ${ends}`,
  );
  console.log(`peak memory of the host process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  if (failed > 0) {
    console.error(`${failed} seeds failed: they are kept in ${FAILURES}`);
    process.exitCode = 1;
  }
}

try {
  main();
} catch (error) {
  console.error(`soak: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
