/**
 * Exit codes of `a9n`. A guest that ends the run gives the exit code itself (low 8 bits); these are for all other
 * endings, high enough to be told from a guest's.
 */
export const ExitCode = {
  Usage: 120,
  TripleFault: 121,
  Budget: 122,
  Halted: 123,
  UnknownOpcode: 124,
  Internal: 125,
  Reset: 126,
  Quit: 130,
} as const;

/** A mistake of the user. The message says what is wrong and what to do; it is printed without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
