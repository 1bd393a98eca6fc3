/**
 * The numbers by which a client refers to frames and variables. They hold until the machine moves on, and are never used
 * twice, so that a late request for an old one gets an error instead of something else.
 */
import { RequestError } from '../protocol/protocol-server.ts';

export class ReferenceTable<T> {
  readonly #entries = new Map<number, T>();
  readonly #what: string;
  #next = 1;

  /** `what`: what the numbers refer to, for the error message. */
  constructor(what: string) {
    this.#what = what;
  }

  add(entry: T): number {
    const reference = this.#next++;
    this.#entries.set(reference, entry);
    return reference;
  }

  /** Throws RequestError. */
  get(reference: number): T {
    const entry = this.#entries.get(reference);
    if (entry !== undefined) return entry;
    throw new RequestError(
      `The ${this.#what} ${reference} is not known: it belongs to an earlier stop. Ask for the stack again.`,
    );
  }

  clear(): void {
    this.#entries.clear();
  }
}
