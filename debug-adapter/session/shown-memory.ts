/**
 * Memory that the client has read and may still show: after the machine has run it is out of date, and DAP's
 * `memory` event says so, by the very reference that was read.
 */
import type { Session } from './session.ts';

/** References remembered; the longest unread is forgotten first. */
const MOST_REFERENCES = 32;
/** VS Code compares ranges loosely, so the event covers everything from the reference on. */
const EVERYTHING = 2 ** 40;

export class ShownMemory {
  readonly #references = new Set<string>();

  hasRead(reference: string): void {
    this.#references.delete(reference);
    this.#references.add(reference);
    if (this.#references.size <= MOST_REFERENCES) return;
    const [oldest] = this.#references;
    this.#references.delete(oldest);
  }

  /** Tells a client that understands it. */
  announceChange({ client, server }: Session): void {
    if (!client.supportsMemory) return;
    for (const memoryReference of this.#references) {
      server.sendEvent('memory', { memoryReference, offset: 0, count: EVERYTHING });
    }
  }
}
