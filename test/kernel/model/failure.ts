/** How a kernel call fails: before anything has changed (section 2). */
import type { Outcome } from '../operation-outcomes.ts';

export type ErrorName = Exclude<Outcome, 'success'>;

export class Failure extends Error {
  constructor(readonly error: ErrorName) {
    super(error);
  }
}

/** The call fails with the error unless the condition holds. */
export function demand(condition: boolean, error: ErrorName): asserts condition {
  if (!condition) {
    throw new Failure(error);
  }
}
