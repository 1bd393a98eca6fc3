/**
 * Values as a person reads them. The functions are in format-value.ts, value-children.ts and write-value.ts:
 *
 *   formatValue(value, context, options?): string             never throws; `<optimized out>`, `<cannot read 0x…>`
 *   typeText(type): string                                    as C spells it: `struct process *[4]`, `const char *`
 *   childCount(value, context): { named, indexed }             named: members, bases, dereference; indexed: array elements
 *   childrenOf(value, context, evaluateName, filter?, start?, count?): ChildValue[]
 *   memoryAddressOf(value, context): bigint | undefined        a pointer's target, else the object's own address
 *   encodeWrite(value, newValue, context): ValueWrite          throws ExpressionError if the types do not fit
 */
import type { DwarfRegister, FrameContext, ProgramSymbols, Value } from '../symbols/symbol-api.ts';

export interface ValueContext {
  readonly frame: FrameContext;
  /** For the names of what pointers point to: the frame's own program first. */
  readonly programs: readonly ProgramSymbols[];
}

export interface FormatOptions {
  readonly hexadecimal?: boolean;
}

export interface ChildValue {
  /** `member`, `[3]`, `*pointer`, or the base class's name. */
  readonly name: string;
  readonly value: Value;
  /** Evaluates to the same object in the same frame. */
  readonly evaluateName: string;
}

/** What to write where, to give an object a new value. */
export type ValueWrite =
  | { readonly kind: 'memory'; readonly address: bigint; readonly bytes: Uint8Array }
  | { readonly kind: 'register'; readonly register: DwarfRegister; readonly value: bigint };
