/**
 * Which line and which function to show where calls were inlined. At the first instruction of an inlined call nothing of it has
 * been executed: the machine is as much at the call as in the function. A stop there shows the call; stepping in
 * then shows the function, without executing anything.
 */
import type { ProgramSymbols, SourceLocation } from '../symbols/symbol-api.ts';

/** How many of the innermost frames at `pc` are inlined calls that begin exactly there. */
export function inlinedCallsBeginningAt(symbols: ProgramSymbols, pc: bigint): number {
  const frames = symbols.framesAt(pc);
  const first = frames.findIndex(
    ({ inlined, ranges }) => !inlined || ranges.every((range) => range.start !== pc),
  );
  return first < 0 ? 0 : first;
}

/** The line to show for `pc` if the `hidden` innermost frames are not shown. */
export function shownLine(symbols: ProgramSymbols, pc: bigint, hidden: number): SourceLocation | undefined {
  const shown = symbols.framesAt(pc)[hidden];
  if (hidden > 0) return shown?.location;
  const line = shown?.location ?? symbols.lineAt(pc);
  const home = shown?.function.declaration?.path;
  if (line === undefined || home === undefined || line.path === home || shown?.inlined) return line;
  // An inlined call that left no instructions has its line at the address too; the frame is the outer function's.
  return symbols.linesAt(pc).findLast((location) => location.path === home) ?? line;
}
