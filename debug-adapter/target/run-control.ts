/**
 * Runs the machine in slices that leave room for the client's requests. What a run is for is written as an *errand*: a
 * generator that says how to go on next and looks at the machine in between. It ends by returning; breakpoints,
 * a pause request and the guest's own end cut it short.
 */
import type { GuestEnding, Machine, StopReason } from '../../emulator/machine-api.ts';
import { NANOSECONDS_PER_INSTRUCTION } from '../../emulator/machine-api.ts';
import { nextTurn } from './event-loop.ts';

export type Advance =
  /** One instruction, or the delivery of one interrupt. */
  | { readonly kind: 'step' }
  /** Until one of these addresses is reached in any address space; the errand looks whether it is the right one. */
  | { readonly kind: 'run'; readonly until: readonly bigint[] };

export type Errand = Generator<Advance, void, void>;

/** A run that only breakpoints, the client or the guest end. */
export function* runFreely(): Errand {
  for (;;) yield { kind: 'run', until: [] };
}

export type GuestEnd =
  | GuestEnding
  | Extract<StopReason, { kind: 'halted' | 'triple-fault' | 'unknown-opcode' }>;

export type StopCause =
  | { readonly kind: 'errand-done' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'breakpoint'; readonly ids: readonly number[] }
  | { readonly kind: 'guest'; readonly reason: GuestEnd }
  /** A fault of the debugger itself, not of the guest. */
  | { readonly kind: 'failed'; readonly error: unknown };

export interface RunControlEvents {
  /** Which of the user's breakpoints at the current instruction count in the current program; empty: run on. */
  breakpointsHit(address: bigint): readonly number[];
  /** The machine rests. */
  onStop(cause: StopCause): void;
  /** After each turn's running, for example to pass on what the guest printed. */
  onTurn(): void;
}

/** A pause request waits for one turn at most; the rest of the 20 ms is for a guest that suddenly runs slower. */
const TURN_MILLISECONDS = 6;
const SLICE_MILLISECONDS = 2;
const SHORTEST_SLICE = 500;
/** Shorter idle times are skipped instead of slept: a timer of the host is no finer. */
const SHORTEST_SLEEP_MILLISECONDS = 2;
const LONGEST_SLEEP_MILLISECONDS = 1000;

export class RunControl {
  readonly #machine: Machine;
  readonly #events: RunControlEvents;
  #userAddresses: ReadonlySet<bigint> = new Set();
  #errand: Errand | undefined;
  #advance: Advance | undefined;
  #pauseRequested = false;
  #instructionsPerMillisecond = 1000;
  /** Idle time that was too short to sleep, in milliseconds. */
  #sleepDue = 0;
  #sleepTimer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(machine: Machine, events: RunControlEvents) {
    this.#machine = machine;
    this.#events = events;
  }

  get running(): boolean {
    return this.#errand !== undefined;
  }

  /** Takes effect at once, also while running. */
  setBreakpoints(addresses: Iterable<bigint>): void {
    this.#userAddresses = new Set(addresses);
    this.#armBreakpoints();
  }

  /** Starts an errand in the next turn of the event loop. */
  start(errand: Errand): void {
    if (this.running) throw new Error('the machine is already running');
    this.#errand = errand;
    this.#advance = undefined;
    this.#pauseRequested = false;
    nextTurn(() => this.#turn());
  }

  /** Stops the run in the next turn. Without effect on a machine at rest. */
  pause(): void {
    if (!this.running) return;
    this.#pauseRequested = true;
    this.wake();
  }

  /** Ends an idle sleep early: input for the guest has arrived. */
  wake(): void {
    if (this.#sleepTimer === undefined) return;
    clearTimeout(this.#sleepTimer);
    this.#sleepTimer = undefined;
    nextTurn(() => this.#turn());
  }

  /** No event follows. */
  dispose(): void {
    this.#disposed = true;
    this.#errand = undefined;
    clearTimeout(this.#sleepTimer);
  }

  #turn(): void {
    if (this.#disposed || this.#errand === undefined) return;
    let cause: StopCause | undefined;
    let sleep = 0;
    try {
      const end = performance.now() + TURN_MILLISECONDS;
      do {
        if (this.#pauseRequested) cause = { kind: 'paused' };
        else if (this.#advance === undefined) cause = this.#nextAdvance();
        else {
          const outcome = this.#goOn(this.#advance);
          if (typeof outcome === 'number') sleep = outcome;
          else cause = outcome;
        }
      } while (cause === undefined && sleep === 0 && performance.now() < end);
      this.#events.onTurn();
    } catch (error) {
      cause = { kind: 'failed', error };
    }
    if (cause !== undefined) {
      this.#errand = undefined;
      this.#advance = undefined;
      this.#armBreakpoints();
    }
    if (cause !== undefined) this.#events.onStop(cause);
    else if (sleep > 0) this.#sleepTimer = setTimeout(() => this.wake(), sleep);
    else nextTurn(() => this.#turn());
  }

  #nextAdvance(): StopCause | undefined {
    const next = this.#errand?.next();
    if (next === undefined || next.done) return { kind: 'errand-done' };
    this.#advance = next.value;
    this.#armBreakpoints();
    return undefined;
  }

  #armBreakpoints(): void {
    const temporary = this.#advance?.kind === 'run' ? this.#advance.until : [];
    this.#machine.setBreakpoints([...this.#userAddresses, ...temporary]);
  }

  /** One slice. Returns why the run ends, how long to sleep, or undefined to go on. */
  #goOn(advance: Advance): StopCause | number | undefined {
    const reason = advance.kind === 'step' ? this.#machine.step() : this.#runSlice();
    switch (reason.kind) {
      case 'budget':
      // Nothing asks for these yet.
      case 'watch':
      case 'exception':
        return undefined;
      case 'step':
        this.#advance = undefined;
        return this.#userBreakpoint(this.#machine.readRegister('rip'));
      case 'breakpoint': {
        const hit = this.#userBreakpoint(reason.address);
        if (hit === undefined && advance.kind === 'run' && advance.until.includes(reason.address))
          this.#advance = undefined;
        return hit;
      }
      case 'idle':
        return this.#sleepFor(reason.until);
      default:
        return { kind: 'guest', reason };
    }
  }

  #userBreakpoint(address: bigint): StopCause | undefined {
    if (!this.#userAddresses.has(address)) return undefined;
    const ids = this.#events.breakpointsHit(address);
    return ids.length > 0 ? { kind: 'breakpoint', ids } : undefined;
  }

  #runSlice(): StopReason {
    const slice = Math.max(SHORTEST_SLICE, Math.round(this.#instructionsPerMillisecond * SLICE_MILLISECONDS));
    const startCount = this.#machine.instructionCount;
    const startTime = performance.now();
    const reason = this.#machine.run(slice);
    const elapsed = performance.now() - startTime;
    const executed = this.#machine.instructionCount - startCount;
    // An idle machine jumps ahead in virtual time, which says nothing about speed.
    if (reason.kind === 'budget' && elapsed > 0) {
      const measured = Math.min(executed, slice) / elapsed;
      // Down at once, up by halves: a slice that is too long costs latency, one that is too short only overhead.
      const faster =
        (this.#instructionsPerMillisecond + Math.min(measured, 4 * this.#instructionsPerMillisecond)) / 2;
      this.#instructionsPerMillisecond = Math.min(measured, faster);
    }
    return reason;
  }

  /** Milliseconds to sleep so that an idle guest's timers keep pace with the host's clock; undefined: run on. */
  #sleepFor(until: number | undefined): number | undefined {
    if (until === undefined) return LONGEST_SLEEP_MILLISECONDS;
    const instructions = Math.max(0, until - this.#machine.instructionCount);
    this.#sleepDue += (instructions * NANOSECONDS_PER_INSTRUCTION) / 1e6;
    if (this.#sleepDue < SHORTEST_SLEEP_MILLISECONDS) return undefined;
    const sleep = Math.min(this.#sleepDue, LONGEST_SLEEP_MILLISECONDS);
    this.#sleepDue = 0;
    return sleep;
  }
}
