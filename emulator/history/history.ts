/**
 * A machine's past, in which one can go back and forth: snapshots on a timeline, and the run from one of them repeated
 * with the inputs of the log. What is changed in the past begins another future.
 */
import type { History, HistoryOptions, Snapshot } from '../machine-api.ts';
import { Timeline } from './timeline.ts';

/** What the history needs of its machine. */
export interface Traveller {
  readonly instructionCount: number;
  /** Instructions executed so far: the count without the time spent halted. */
  readonly executed: number;
  takeSnapshot(): Snapshot;
  /** Becomes the machine of a snapshot on its own timeline: the inputs that were to come then are still to come. */
  returnTo(snapshot: Snapshot): void;
  /** Runs to a count that has been reached before, showing nothing of it to anybody. */
  repeatTo(instructionCount: number): void;
}

const DEFAULT_BUDGET = 512 * 2 ** 20;
/** Half a second of the interpreter's time, even where it is slow. */
const DEFAULT_SPACING = 10_000_000;
/** Snapshots on the way to a place in the past, this far before it: who looks there will look just before it too. */
const APPROACHES = [2 ** 22, 2 ** 18, 2 ** 14];

export class MachineHistory implements History {
  readonly options: Required<HistoryOptions>;
  readonly #machine: Traveller;
  readonly #timeline: Timeline;
  /** Executed instructions at which the next snapshot is due. */
  #due = 0;

  /** The past begins where the machine stands; what is already known of the future goes to `end`. */
  constructor(machine: Traveller, options: HistoryOptions, end = machine.instructionCount) {
    this.options = {
      memoryBytes: options.memoryBytes ?? DEFAULT_BUDGET,
      spacing: options.spacing ?? DEFAULT_SPACING,
    };
    if (!(this.options.spacing >= 1)) throw new RangeError('Snapshots are at least one instruction apart.');
    this.#machine = machine;
    this.#timeline = new Timeline(
      { snapshot: machine.takeSnapshot(), executed: machine.executed },
      this.options.memoryBytes,
    );
    this.#timeline.end = end;
    this.#setDue();
  }

  get start(): Snapshot {
    return this.#timeline.first;
  }
  get begin(): number {
    return this.#timeline.begin;
  }
  get end(): number {
    return this.#timeline.end;
  }
  get snapshots(): readonly number[] {
    return this.#timeline.counts;
  }
  get bytes(): number {
    return this.#timeline.bytes;
  }

  #setDue(): void {
    const { executed } = this.#timeline.before(this.#machine.instructionCount);
    this.#due = executed + this.options.spacing;
  }

  /** Instructions that may be executed before the next `passed`. */
  untilDue(): number {
    return Math.max(1, this.#due - this.#machine.executed);
  }

  /** To be told whenever the machine has run. */
  passed(): void {
    const { instructionCount, executed } = this.#machine;
    if (instructionCount > this.#timeline.end) this.#timeline.end = instructionCount;
    if (executed >= this.#due) this.#keep();
  }

  #keep(): void {
    const { instructionCount, executed } = this.#machine;
    if (this.#timeline.before(instructionCount).snapshot.instructionCount !== instructionCount) {
      this.#timeline.add({ snapshot: this.#machine.takeSnapshot(), executed });
    }
    this.#setDue();
  }

  /** To be told before the machine is changed from outside. True if it stood in its past, whose future is now forgotten. */
  changed(): boolean {
    const now = this.#machine.instructionCount;
    if (now >= this.#timeline.end) return false;
    this.#timeline.forgetAfter(now);
    this.#setDue();
    return true;
  }

  /** See `Machine.seek`. */
  seek(target: number, limit: number): boolean {
    if (!(target >= this.begin && target <= this.end)) {
      throw new RangeError(`${target} is not in the history, which goes from ${this.begin} to ${this.end}.`);
    }
    const machine = this.#machine;
    const mark = this.#timeline.before(target);
    const start = mark.snapshot.instructionCount;
    if (machine.instructionCount > target || machine.instructionCount < start) {
      machine.returnTo(mark.snapshot);
      this.#setDue();
    }
    const stopAt = Math.min(target, machine.instructionCount + limit);
    for (;;) {
      const now = machine.instructionCount;
      if (now >= stopAt) return now >= target;
      const fromLast = target - this.#timeline.before(now).snapshot.instructionCount;
      const approach = APPROACHES.find((distance) => distance < target - now && 2 * distance < fromLast);
      const next = approach === undefined ? target : target - approach;
      machine.repeatTo(Math.min(stopAt, next, now + this.untilDue()));
      if (approach !== undefined && machine.instructionCount === next) this.#keep();
      else this.passed();
    }
  }
}
