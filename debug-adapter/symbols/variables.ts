/** Variables and parameters in scope, and where they are (DWARF 5 §4.1). */

import type { CallFrameInformation } from './call-frame-information.ts';
import { argumentExpression, callSiteReturningTo, callsFunction } from './call-sites.ts';
import type { Entry } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { qualifiedName } from './entry-names.ts';
import { covers, declarationOf, type Functions, hasRanges } from './functions.ts';
import {
  type ExpressionContext,
  evaluateLocation,
  evaluateToNumber,
  NOT_SAVED,
  registerNamedBy,
  toBytes,
  Unavailable,
} from './location-expression.ts';
import { expressionAt } from './location-lists.ts';
import { RSP } from './register-numbers.ts';
import type { SourceLines } from './source-lines.ts';
import type { FrameContext, Storage, Variable } from './symbol-api.ts';
import type { Types } from './types.ts';
import { CALLEE_SAVED, canonicalFrameAddress, lookupAddress, unwindFrame } from './unwind.ts';

/** Entry values of callers may rest on those of their callers; a damaged stack may go on for ever. */
const MAXIMUM_ENTRY_VALUE_DEPTH = 16;

export class Variables {
  readonly #lines: SourceLines;
  readonly #functions: Functions;
  readonly #types: Types;
  readonly #frames: CallFrameInformation;

  constructor(lines: SourceLines, functions: Functions, types: Types, frames: CallFrameInformation) {
    this.#lines = lines;
    this.#functions = functions;
    this.#types = types;
    this.#frames = frames;
  }

  /** Of a function or inlined instance at pc, outermost block first. */
  inScope(scope: Entry, pc: bigint): readonly Variable[] {
    const entries: Entry[] = [];
    collect(scope, pc, entries);
    addRemoved(scope, entries);
    const variables: Variable[] = [];
    const inner = new Set<string>();
    for (const entry of entries.reverse()) {
      const name = entry.name;
      if (name === undefined) continue;
      variables.push(
        this.#variable(
          entry,
          name,
          entry.tag === TAG.formal_parameter ? 'parameter' : 'local',
          inner.has(name),
        ),
      );
      inner.add(name);
    }
    return variables.reverse();
  }

  global(entry: Entry): Variable {
    return this.#variable(entry, qualifiedName(entry) ?? '', 'global', false);
  }

  #variable(entry: Entry, name: string, kind: Variable['kind'], shadowed: boolean): Variable {
    const type = this.#types.typeOf(entry);
    const lines = this.#lines;
    return {
      name,
      kind,
      type,
      shadowed,
      artificial: entry.inherited((origin) => (origin.flag(AT.artificial) ? true : undefined)) ?? false,
      get declaration() {
        return declarationOf(entry, lines);
      },
      locate: (frame) => ({ type, storage: this.#locate(entry, type.size, frame) }),
    };
  }

  #locate(entry: Entry, size: number, frame: FrameContext): Storage {
    try {
      if (entry.has(AT.location)) {
        const during = this.#locateAt(entry, lookupAddress(frame), frame);
        if (frame.pcIsExact || !isLost(during, frame)) return during;
        // The call may have changed the register; the compiler may know where the value is after it.
        const after = this.#locateAt(entry, frame.pc, frame);
        return isLost(after, frame) || after.kind === 'unavailable' ? during : after;
      }
      const constant = entry.inherited((origin) => origin.get(AT.const_value));
      if (constant !== undefined) return { kind: 'bytes', bytes: constantBytes(constant, size) };
      const place = entry.inherited((origin) => origin.block(AT.location));
      if (place !== undefined) return evaluateLocation(place, this.#context(entry, frame, 0));
      return { kind: 'unavailable', reason: 'optimized out' };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { kind: 'unavailable', reason: `damaged debug information: ${error.message}` };
    }
  }

  #locateAt(entry: Entry, address: bigint, frame: FrameContext): Storage {
    const block = expressionAt(entry, AT.location, address);
    if (block === undefined) return { kind: 'unavailable', reason: 'optimized out' };
    return evaluateLocation(block, this.#context(entry, frame, 0));
  }

  /** For expressions of an entry inside a function, or of a global. */
  #context(entry: Entry, frame: FrameContext, depth: number): ExpressionContext {
    const owner = enclosingFunction(entry);
    return {
      frame,
      unit: entry.unit,
      frameBase: () => {
        const block = owner && expressionAt(owner, AT.frame_base, lookupAddress(frame));
        if (block === undefined) throw new Unavailable('the frame has no base');
        return evaluateToNumber(block, {
          frame,
          unit: entry.unit,
          canonicalFrameAddress: () => this.#canonicalFrameAddress(frame),
        });
      },
      canonicalFrameAddress: () => this.#canonicalFrameAddress(frame),
      entryValue: (block) => {
        if (owner === undefined) throw new Unavailable('optimized out');
        return this.#entryValue(owner, block, frame, depth + 1);
      },
    };
  }

  #canonicalFrameAddress(frame: FrameContext): bigint {
    const cfa = canonicalFrameAddress(this.#frames, frame);
    if (cfa === undefined) throw new Unavailable('no call frame information');
    return cfa;
  }

  /** What `block`, a register or memory relative to one, held when `owner` was called. */
  #entryValue(owner: Entry, block: Uint8Array, frame: FrameContext, depth: number): bigint {
    if (depth > MAXIMUM_ENTRY_VALUE_DEPTH) throw new Unavailable('optimized out');
    const unwound = unwindFrame(this.#frames, frame);
    const caller = frame.caller?.() ?? (unwound.kind === 'caller' ? unwound.frame : undefined);
    if (caller === undefined) throw new Unavailable('optimized out');
    const register = registerNamedBy(block)?.register;
    if (register === RSP) return this.#canonicalFrameAddress(frame) - 8n;
    if (register !== undefined && CALLEE_SAVED.has(register)) {
      const saved = caller.readRegister(register);
      if (saved !== undefined) return saved;
    }
    const callerFunction = this.#functions.functionAt(lookupAddress(caller))?.entry;
    const site = callerFunction && callSiteReturningTo(callerFunction, caller.pc);
    if (site === undefined || !callsFunction(site, owner)) throw new Unavailable('optimized out');
    const expression = argumentExpression(site, block);
    if (expression === undefined) throw new Unavailable('optimized out');
    return evaluateToNumber(expression, this.#context(site, caller, depth));
  }
}

/** Declarations in a scope and in the blocks within it that cover pc; not in what was inlined into it. */
function collect(scope: Entry, pc: bigint, entries: Entry[]): void {
  const blocks: Entry[] = [];
  for (const child of scope.children) {
    if (child.tag === TAG.formal_parameter || (child.tag === TAG.variable && !child.flag(AT.declaration)))
      entries.push(child);
    else if (child.tag === TAG.lexical_block || child.tag === TAG.try_block || child.tag === TAG.catch_block)
      blocks.push(child);
  }
  // A block without code of its own is what remains of an unrolled or removed one: its variables can still be named.
  for (const block of blocks) if (!hasRanges(block) || covers(block, pc)) collect(block, pc, entries);
}

/** Adds what the compiler removed from this instance altogether: it remains in the function's abstract form. */
function addRemoved(scope: Entry, entries: Entry[]): void {
  const abstract = scope.reference(AT.abstract_origin);
  if (abstract === undefined) return;
  const present = new Set(scope.children.map((child) => child.reference(AT.abstract_origin)));
  for (const child of abstract.children) {
    if (child.tag !== TAG.formal_parameter && child.tag !== TAG.variable) continue;
    if (!present.has(child) && !child.flag(AT.declaration)) entries.push(child);
  }
}

/** It was in a register whose content nobody kept. */
function isLost(storage: Storage, frame: FrameContext): boolean {
  if (storage.kind === 'register') return frame.readRegister(storage.register) === undefined;
  return storage.kind === 'unavailable' && storage.reason === NOT_SAVED;
}

function enclosingFunction(entry: Entry): Entry | undefined {
  let scope: Entry | undefined = entry;
  while (scope !== undefined && scope.tag !== TAG.subprogram) scope = scope.parent;
  return scope;
}

function constantBytes(constant: number | bigint | string | Uint8Array, size: number): Uint8Array {
  if (constant instanceof Uint8Array) return constant;
  if (typeof constant === 'string') return new TextEncoder().encode(`${constant}\0`);
  return toBytes(BigInt(constant), size > 0 && size <= 16 ? size : 8);
}
