/**
 * npm run test:model -- --operations N --seed S: random events on model and kernel until N have been compared (default a million).
 * Prints how often each operation ended how and which outcomes never came about. A difference is printed shrunk, and ends the run.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { type Observer, startComparedKernels } from './compare.ts';
import { violationsOf } from './invariants.ts';
import { checkSequence, sequences } from './random-sequences.ts';
import { stateOf } from './state.ts';
import { createStatistics } from './statistics.ts';

const EVENTS_PER_SEQUENCE = 400;
const SEQUENCES_PER_SEED = 50;
const STEPS_BETWEEN_CHECKS = 100;
const SECONDS_BETWEEN_REPORTS = 30;

/** Throws an Error that says what is wrong with the arguments. */
function readArguments(): { operations: number; seed: number } {
  const { values } = parseArgs({ options: { operations: { type: 'string' }, seed: { type: 'string' } } });
  const operations = Number(values.operations ?? 1_000_000);
  const seed = Number(values.seed ?? 1);
  if (!(operations >= 1)) throw new Error('--operations takes a positive number');
  if (!Number.isInteger(seed)) throw new Error('--seed takes an integer');
  return { operations, seed };
}

async function main(): Promise<void> {
  const { operations, seed } = readArguments();
  const kernels = await startComparedKernels();
  const statistics = createStatistics();
  const began = performance.now();
  let [done, reported, next] = [0, began, seed];
  const report = () => {
    const seconds = (performance.now() - began) / 1000;
    console.log(`${done} operations, ${Math.round(done / seconds)} a second, seeds ${seed} to ${next - 1}`);
  };

  let steps = 0;
  /** The model's state stands for the kernel's: the sequence fails if they are not equal. */
  const observe: Observer = (model, event) => {
    statistics.observe(model, event);
    if (steps++ % STEPS_BETWEEN_CHECKS === 0) {
      const found = violationsOf(stateOf(model));
      if (found.length > 0) throw new Error(`an invariant does not hold: ${found.join('\n')}`);
    }
  };

  const property = fc.asyncProperty(sequences(EVENTS_PER_SEQUENCE), async (sequence) => {
    done += done < operations ? (await checkSequence(kernels, sequence, observe)).events.length : 0;
  });
  for (; done < operations; next++) {
    const details = await fc.check(property, { seed: next, numRuns: SEQUENCES_PER_SEED, endOnFailure: true });
    if (details.failed) {
      const error = details.errorInstance;
      console.log(`seed ${next}: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
      break;
    }
    if (performance.now() - reported > 1000 * SECONDS_BETWEEN_REPORTS) {
      reported = performance.now();
      report();
    }
  }
  kernels.close();

  console.log(`${statistics.table()}\n`);
  console.log(`outcomes that never came about: ${statistics.empty().join(', ') || 'none'}`);
  console.log(`outcomes that the table does not know: ${statistics.unexpected().join(', ') || 'none'}`);
  report();
  console.log(
    process.exitCode === 1 ? 'model and kernel differ, see above' : 'model and kernel never differed',
  );
}

await main();
