/**
 * C and C++ expressions in the debugger's frame.
 *
 *   evaluateExpression(text, scope): Value      evaluate.ts; throws ExpressionError
 *
 * Names are looked up in the frame's blocks, then members of `this`, then globals around the function, then every
 * program in `programs` in order; at last a global whose qualified name is the only one to end so. `$rip`, `$rax`, … are registers. No calls, no assignment: nothing in the guest changes.
 */
import type { FrameContext, ProgramSymbols, SourceFrame } from '../symbols/symbol-api.ts';

export interface ExpressionScope {
  readonly frame: FrameContext;
  /** Undefined where there is no function with debug information; globals and registers still work. */
  readonly sourceFrame: SourceFrame | undefined;
  /** The frame's own program first. */
  readonly programs: readonly ProgramSymbols[];
  /** Registers by name that have no DWARF number (`cr3`, `efer`); the innermost frame's only. */
  readonly machineRegister?: (name: string) => bigint | undefined;
}

/** `message` is a sentence for a person; `position` the 0-based offset in the text that it is about. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}
