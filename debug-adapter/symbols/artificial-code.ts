/**
 * Code that is no place of its own. An inlined function marked artificial (DW_AT_artificial, DWARF 5 §2.11: by
 * `[[gnu::artificial]]`, or because the compiler wrote it, such as an implicit constructor) counts as a part of the line
 * that calls it: it makes no frame, and its rows of the line table take the location of the call.
 */
import { entryRanges } from './address-ranges.ts';
import { type Entry, lastAtOrBefore, type Unit } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { IS_STATEMENT, type LineSequence, type LineTable } from './line-table.ts';

export function isArtificialCode(entry: Entry): boolean {
  return (
    entry.tag === TAG.inlined_subroutine &&
    entry.inherited((origin) => (origin.flag(AT.artificial) ? true : undefined)) === true
  );
}

/** An inlined call of an artificial function from one that is none, with all artificial calls within it. */
interface Wrapper {
  readonly call: { readonly file: number; readonly line: number; readonly column: number };
  readonly entry: bigint | undefined;
  /** The functions around the call, whose own rows may stand among the wrapper's. */
  readonly outer: ReadonlySet<Entry>;
  /** The artificial functions themselves. */
  readonly functions: Set<Entry>;
}

/** Undefined: code within a wrapper that is a place of its own, since it was inlined from another function. */
interface Piece {
  readonly start: bigint;
  readonly end: bigint;
  readonly wrapper: Wrapper | undefined;
}

/**
 * The table with the rows of artificial code moved to the lines of the calls, statements only where a call begins. Rows
 * keep their numbers; `table` itself if nothing moves.
 */
export function moveToCalls(table: LineTable, units: readonly Unit[]): LineTable {
  const pieces: Piece[] = [];
  const wrappers: Wrapper[] = [];
  const functions: Entry[] = [];
  for (const unit of units) {
    for (const entry of unit.information.entries(unit)) {
      if (entry.tag !== TAG.subprogram) continue;
      functions.push(entry);
      collect(entry, [entry], undefined, pieces, wrappers);
    }
  }
  if (wrappers.length === 0) return table;
  const owners = ownersOfLines(functions);
  // A wrapper that left no instructions still has rows at the place where it began.
  const beginning = new Map<bigint, Wrapper[]>();
  for (const wrapper of wrappers) {
    if (wrapper.entry === undefined) continue;
    const same = beginning.get(wrapper.entry);
    if (same === undefined) beginning.set(wrapper.entry, [wrapper]);
    else same.push(wrapper);
  }
  const sequences = table.sequences.map((sequence) => {
    const within = wrappersOfRows(sequence, pieces);
    const files = [...sequence.files];
    const lines = [...sequence.lines];
    const columns = [...sequence.columns];
    const flags = [...sequence.flags];
    for (const [row, offset] of sequence.offsets.entries()) {
      const address = sequence.start + BigInt(offset);
      const around = within[row];
      const here = beginning.get(address);
      if (around === undefined && here === undefined) continue;
      const owner = owners(files[row], lines[row]);
      const wrapper =
        around === undefined
          ? here?.find((candidate) => owner.some((entry) => candidate.functions.has(entry)))
          : owner.some((entry) => around.outer.has(entry))
            ? undefined
            : around;
      if (wrapper === undefined) continue;
      files[row] = wrapper.call.file;
      lines[row] = wrapper.call.line;
      columns[row] = wrapper.call.column;
      if (around === undefined || address !== wrapper.entry) flags[row] &= ~IS_STATEMENT;
    }
    return { ...sequence, files, lines, columns, flags };
  });
  return { files: table.files, sequences };
}

/** In order of the tree: a later piece lies within an earlier one or beside it. */
function collect(
  scope: Entry,
  chain: readonly Entry[],
  around: Wrapper | undefined,
  pieces: Piece[],
  wrappers: Wrapper[],
): void {
  for (const child of scope.children) {
    if (child.tag === TAG.lexical_block) collect(child, chain, around, pieces, wrappers);
    if (child.tag !== TAG.inlined_subroutine) continue;
    const ranges = entryRanges(child);
    let wrapper: Wrapper | undefined;
    if (isArtificialCode(child)) {
      wrapper = around ?? wrapperOf(child, ranges[0]?.start, chain);
      if (wrapper !== undefined && wrapper !== around) wrappers.push(wrapper);
      for (const origin of child.withOrigins()) wrapper?.functions.add(origin);
    }
    if (wrapper !== undefined || around !== undefined)
      for (const { start, end } of ranges) pieces.push({ start, end, wrapper });
    collect(child, wrapper === undefined ? [...chain, child] : chain, wrapper, pieces, wrappers);
  }
}

function wrapperOf(instance: Entry, start: bigint | undefined, chain: readonly Entry[]): Wrapper | undefined {
  const file = instance.number(AT.call_file);
  const line = instance.number(AT.call_line);
  if (file === undefined || !line) return undefined;
  const entry = start ?? instance.bigint(AT.entry_pc);
  const outer = new Set(chain.flatMap((each) => [...each.withOrigins()]));
  const column = instance.number(AT.call_column) ?? 0;
  return { call: { file, line, column }, entry, outer, functions: new Set() };
}

/** For each row the wrapper that the code at its address belongs to. */
function wrappersOfRows(sequence: LineSequence, pieces: readonly Piece[]): (Wrapper | undefined)[] {
  const { offsets, start: base, end: limit } = sequence;
  const within: (Wrapper | undefined)[] = offsets.map(() => undefined);
  for (const { start, end, wrapper } of pieces) {
    if (start < base || start >= limit) continue;
    const first = lastAtOrBefore(offsets, Number(start - base) - 1, (offset) => offset) + 1;
    for (let row = first; row < offsets.length && base + BigInt(offsets[row]) < end; row++)
      within[row] = wrapper;
  }
  return within;
}

/** The functions in whose text a line lies: those of the last declaration at or before it in the file. */
function ownersOfLines(functions: readonly Entry[]): (file: number, line: number) => readonly Entry[] {
  const files = new Map<number, Map<number, Entry[]>>();
  for (const entry of functions) {
    const line = entry.number(AT.decl_line);
    const file = entry.inherited((origin) => origin.number(AT.decl_file));
    if (line === undefined || file === undefined) continue;
    const lines = files.get(file) ?? new Map<number, Entry[]>();
    files.set(file, lines);
    const entries = lines.get(line);
    if (entries === undefined) lines.set(line, [entry]);
    else entries.push(entry);
  }
  const sorted = new Map([...files].map(([file, lines]) => [file, [...lines].sort(([a], [b]) => a - b)]));
  return (file, line) => {
    const declarations = sorted.get(file) ?? [];
    return declarations[lastAtOrBefore(declarations, line, ([declared]) => declared)]?.[1] ?? [];
  };
}
