/**
 * Inputs from outside: those that have entered, with their instruction counts, and those still to come. An input enters
 * before the instruction with that number is executed, and after the devices' events of that moment.
 */
import type { Input, InputEvent } from '../machine-api.ts';

/** The inputs of a moment: the first `length` of `log` have entered. Nothing here changes but that logs are appended to. */
export interface InputsState {
  readonly log: readonly InputEvent[];
  readonly length: number;
  readonly scheduled: readonly InputEvent[];
}

export class Inputs {
  #log: InputEvent[] = [];
  /** By count, those of the same count in the order they were scheduled. */
  #scheduled: InputEvent[] = [];

  get log(): readonly InputEvent[] {
    return this.#log;
  }

  record(instructionCount: number, input: Input): void {
    this.#log.push({ instructionCount, input });
  }

  schedule(event: InputEvent): void {
    let at = this.#scheduled.length;
    while (at > 0 && this.#scheduled[at - 1].instructionCount > event.instructionCount) at--;
    this.#scheduled.splice(at, 0, event);
  }

  /** Count of the next scheduled input, Infinity if there is none. */
  next(): number {
    return this.#scheduled.length === 0 ? Number.POSITIVE_INFINITY : this.#scheduled[0].instructionCount;
  }

  /** Takes the next scheduled input if it is due. */
  takeDue(now: number): Input | undefined {
    return this.next() <= now ? this.#scheduled.shift()?.input : undefined;
  }

  /** Drops what is scheduled up to a count. */
  cancelUpTo(instructionCount: number): void {
    this.#scheduled = this.#scheduled.filter((event) => event.instructionCount > instructionCount);
  }

  /** As `restore`, but what has entered since then is scheduled again. */
  returnTo(state: InputsState): void {
    const all = [...this.#log, ...this.#scheduled];
    this.#log = all.slice(0, state.length);
    this.#scheduled = all.slice(state.length);
  }

  /** What has entered but for the first so many, and what is to come. */
  since(length: number): InputEvent[] {
    return [...this.#log.slice(length), ...this.#scheduled];
  }

  save(): InputsState {
    return { log: this.#log, length: this.#log.length, scheduled: [...this.#scheduled] };
  }

  restore(state: InputsState): void {
    this.#log = state.log.slice(0, state.length);
    this.#scheduled = [...state.scheduled];
  }
}
