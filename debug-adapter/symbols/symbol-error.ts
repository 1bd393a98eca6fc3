/** A file or its debug information cannot be used. The message names the cause and, where there is one, the remedy. */
export class SymbolError extends Error {
  override readonly name = 'SymbolError';
}
