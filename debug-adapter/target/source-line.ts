/** The line to show for an address. */
import type { ProgramSymbols, SourceLocation } from '../symbols/symbol-api.ts';

/**
 * Where an inlined call left no instructions, the line table gives its line and that of the code around it for the same
 * address. The frame shown there is the outer function's, so its own file is the place to show.
 */
export function sourceLine(symbols: ProgramSymbols, pc: bigint): SourceLocation | undefined {
  const innermost = symbols.framesAt(pc)[0];
  const line = innermost?.location ?? symbols.lineAt(pc);
  const home = innermost?.function.declaration?.path;
  if (line === undefined || home === undefined || line.path === home) return line;
  return symbols.linesAt(pc).findLast((location) => location.path === home) ?? line;
}
