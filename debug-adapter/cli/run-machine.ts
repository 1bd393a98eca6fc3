import { type Machine, NANOSECONDS_PER_INSTRUCTION, type StopReason } from '../../emulator/machine-api.ts';

/** How a run ended: as the machine says, by the budget, or from outside. */
export type Ending =
  | Exclude<StopReason, { kind: 'budget' | 'idle' | 'step' | 'breakpoint' | 'watch' | 'exception' }>
  | { readonly kind: 'budget' }
  | { readonly kind: 'never-wakes' }
  | { readonly kind: 'quit' };

export interface Run {
  /** Settles when the run has ended. */
  readonly ending: Promise<Ending>;
  /** Ends the run between two slices. */
  quit(): void;
  /** Wakes a run that sleeps because the guest is idle: there is input, or the end of it. */
  wake(): void;
}

export interface RunSettings {
  /** Instruction count at which to end. */
  readonly maxInstructions: number;
  /** True while input may still come from outside. */
  mayGetInput(): boolean;
}

/** Host time between two looks at the event loop. */
const SLICE_MILLISECONDS = 8;
const FIRST_SLICE = 100_000;
const MIN_SLICE = 10_000;
const NANOSECONDS_PER_MILLISECOND = 1e6;

/**
 * Runs a machine in slices short enough for input to be heard. While the guest is idle the host sleeps for as long as
 * the guest's next timer is away, or until `wake`. How a run is sliced changes nothing in the machine.
 */
export function startRun(machine: Machine, { maxInstructions, mayGetInput }: RunSettings): Run {
  let slice = FIRST_SLICE;
  let hasQuit = false;
  let wakeSleeper: (() => void) | undefined;
  /** Idle time not yet slept: timers of the host are no finer than a millisecond. */
  let owedNanoseconds = 0;

  async function run(): Promise<Ending> {
    while (!hasQuit) {
      const left = maxInstructions - machine.instructionCount;
      if (left <= 0) return { kind: 'budget' };
      const started = performance.now();
      const reason = machine.run(Math.min(slice, left));
      switch (reason.kind) {
        case 'idle':
          if (reason.until === undefined) {
            if (!mayGetInput()) return { kind: 'never-wakes' };
            await sleep(undefined);
          } else {
            if (reason.until > maxInstructions) return { kind: 'budget' };
            await sleepUntil(reason.until - machine.instructionCount);
          }
          break;
        case 'budget': {
          const elapsed = performance.now() - started;
          if (elapsed > SLICE_MILLISECONDS) slice = Math.max(MIN_SLICE, Math.floor(slice / 2));
          else if (elapsed < SLICE_MILLISECONDS / 2) slice *= 2;
          await nextTurn();
          break;
        }
        case 'step':
        case 'breakpoint':
        case 'watch':
        case 'exception':
          break;
        default:
          return reason;
      }
    }
    return { kind: 'quit' };
  }

  async function sleepUntil(instructions: number): Promise<void> {
    owedNanoseconds += instructions * NANOSECONDS_PER_INSTRUCTION;
    const milliseconds = Math.floor(owedNanoseconds / NANOSECONDS_PER_MILLISECOND);
    if (milliseconds === 0) return nextTurn();
    owedNanoseconds -= milliseconds * NANOSECONDS_PER_MILLISECOND;
    return sleep(milliseconds);
  }

  function sleep(milliseconds: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      // Longer waits than a timer of the host can count are cut: the machine says again that it is idle.
      const longest = 2 ** 31 - 1;
      const timer = setTimeout(() => wakeSleeper?.(), Math.min(milliseconds ?? longest, longest));
      wakeSleeper = () => {
        clearTimeout(timer);
        wakeSleeper = undefined;
        resolve();
      };
    });
  }

  return {
    ending: run(),
    quit() {
      hasQuit = true;
      wakeSleeper?.();
    },
    wake: () => wakeSleeper?.(),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
