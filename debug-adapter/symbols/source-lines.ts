/** Questions about lines of a whole program, answered from the line tables of its units, where artificial code lies at its calls. */
import { moveToCalls } from './artificial-code.ts';
import { type DebugInformation, lastAtOrBefore, type Unit } from './debug-information.ts';
import { AT } from './dwarf-constants.ts';
import {
  EMPTY_LINE_TABLE,
  IS_STATEMENT,
  type LineSequence,
  type LineTable,
  PROLOGUE_END,
  readLineTable,
} from './line-table.ts';
import type { AddressRange, LineEntry, SourceLocation } from './symbol-api.ts';

export interface LineRow {
  readonly address: bigint;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The row is of artificial code, named by its own line instead of its call's. */
  readonly ofArtificialCode: boolean;
}

export class SourceLines {
  readonly #information: DebugInformation;
  readonly #isCode: (address: bigint) => boolean;
  readonly #tables = new Map<number, LineTable>();
  readonly #shownTables = new Map<LineTable, LineTable>();
  #sourceFiles: readonly string[] | undefined;

  /** `isCode` tells real code from functions that the linker threw away, whose lines begin at 0 or thereabouts. */
  constructor(information: DebugInformation, isCode: (address: bigint) => boolean) {
    this.#information = information;
    this.#isCode = isCode;
  }

  /** As the compiler wrote it. Units that share a line program share the table. */
  table(unit: Unit): LineTable {
    const offset = this.#information.root(unit)?.number(AT.stmt_list);
    if (offset === undefined) return EMPTY_LINE_TABLE;
    let table = this.#tables.get(offset);
    if (table === undefined) {
      const { files, sequences } = readLineTable(unit);
      const live = sequences.filter((sequence) => this.#isCode(sequence.start));
      live.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
      table = { files, sequences: live };
      this.#tables.set(offset, table);
    }
    return table;
  }

  /** The same table with artificial code at its calls. */
  #shown(unit: Unit): LineTable {
    return this.#shownTable(this.table(unit));
  }

  #shownTable(table: LineTable): LineTable {
    let shown = this.#shownTables.get(table);
    if (shown === undefined) {
      shown = moveToCalls(
        table,
        this.#information.units.filter((candidate) => this.table(candidate) === table),
      );
      this.#shownTables.set(table, shown);
    }
    return shown;
  }

  #allTables(): Iterable<LineTable> {
    for (const unit of this.#information.units) this.table(unit);
    return this.#tables.values();
  }

  sourceFiles(): readonly string[] {
    if (this.#sourceFiles === undefined) {
      const paths = new Set<string>();
      for (const table of this.#allTables()) {
        const { files } = table;
        const shown = this.#shownTable(table);
        const sequences = shown === table ? table.sequences : [...table.sequences, ...shown.sequences];
        const used = new Set<number>();
        for (const sequence of sequences) for (const file of sequence.files) used.add(file);
        for (const file of used) if (files[file] !== undefined) paths.add(files[file]);
      }
      this.#sourceFiles = [...paths].sort();
    }
    return this.#sourceFiles;
  }

  lineAt(unit: Unit, pc: bigint): LineEntry | undefined {
    const table = this.#shown(unit);
    const found = findRow(table, pc);
    if (found === undefined) return undefined;
    const { sequence, row } = found;
    return {
      path: table.files[sequence.files[row]] ?? '',
      line: sequence.lines[row],
      column: sequence.columns[row],
      isStatement: (sequence.flags[row] & IS_STATEMENT) !== 0,
      start: addressOf(sequence, row),
      end: addressOf(sequence, nextAddressRow(sequence, row)),
    };
  }

  /** Every row that begins where the preferred one at pc does, in the order of the table. */
  linesAt(unit: Unit, pc: bigint): SourceLocation[] {
    const table = this.#shown(unit);
    const found = findRow(table, pc);
    if (found === undefined) return [];
    const { sequence, row } = found;
    const locations: SourceLocation[] = [];
    for (let i = firstAtAddress(sequence, row); i < nextAddressRow(sequence, row); i++) {
      const { files, lines, columns } = sequence;
      if (lines[i] > 0)
        locations.push({ path: table.files[files[i]] ?? '', line: lines[i], column: columns[i] });
    }
    return locations;
  }

  /** Contiguous rows of the same line; line 0 (no source) belongs to what surrounds it. */
  lineRange(unit: Unit, pc: bigint): AddressRange | undefined {
    const found = findRow(this.#shown(unit), pc);
    if (found === undefined) return undefined;
    const { sequence, row } = found;
    // Of the rows at one address only the one that findRow prefers counts.
    const lineOf = (index: number): { file: number; line: number } => {
      const preferred = preferredRow(sequence, index);
      return { file: sequence.files[preferred], line: sequence.lines[preferred] };
    };
    const here = lineOf(row);
    const same = (index: number): boolean => {
      const other = lineOf(index);
      return other.line === 0 || (other.line === here.line && other.file === here.file);
    };
    let first = firstAtAddress(sequence, row);
    while (first > 0 && same(first - 1)) first = firstAtAddress(sequence, first - 1);
    let next = nextAddressRow(sequence, row);
    while (next < sequence.offsets.length && same(next)) next = nextAddressRow(sequence, next);
    return { start: addressOf(sequence, first), end: addressOf(sequence, next) };
  }

  isStatementStart(unit: Unit, pc: bigint): boolean {
    const found = findRow(this.#shown(unit), pc);
    if (found === undefined) return false;
    const { sequence, row } = found;
    return (
      addressOf(sequence, row) === pc &&
      (sequence.flags[row] & IS_STATEMENT) !== 0 &&
      sequence.lines[row] !== 0
    );
  }

  /** Statements of a file with lines in [first, last], in no particular order; those of artificial code by its own lines and by its calls'. */
  *statements(path: string, first: number, last: number): Generator<LineRow> {
    for (const table of this.#allTables()) {
      const numbers = new Set<number>();
      for (const [number, name] of table.files.entries()) if (name === path) numbers.add(number);
      if (numbers.size === 0) continue;
      const shown = this.#shownTable(table).sequences;
      for (const [index, sequence] of table.sequences.entries()) {
        for (let row = 0; row < sequence.lines.length; row++) {
          const own = statementIn(sequence, row, numbers, path, first, last);
          const atCall = statementIn(shown[index], row, numbers, path, first, last);
          const moved = movedRow(sequence, shown[index], row);
          if (own !== undefined) yield { ...own, ofArtificialCode: moved };
          if (moved && atCall !== undefined) yield { ...atCall, ofArtificialCode: false };
        }
      }
    }
  }

  /**
   * Where the body of a function starts: at the compiler's own mark if it set one; at the entry if a statement of
   * the body already begins there; else at the second row, since the first covers the prologue.
   */
  afterPrologue(unit: Unit, range: AddressRange): bigint {
    const found = findRow(this.table(unit), range.start);
    if (found === undefined || addressOf(found.sequence, found.row) !== range.start) return range.start;
    const { sequence, row } = found;
    const inside = (index: number): boolean =>
      index < sequence.offsets.length && addressOf(sequence, index) < range.end;
    const first = firstAtAddress(sequence, row);
    for (let i = first; inside(i); i++) if (sequence.flags[i] & PROLOGUE_END) return addressOf(sequence, i);
    const next = nextAddressRow(sequence, row);
    const lines = new Set(sequence.lines.slice(first, next));
    if (lines.size > 1 || !inside(next)) return range.start;
    return addressOf(sequence, next);
  }

  location(
    unit: Unit,
    file: number | undefined,
    line: number | undefined,
    column: number | undefined,
  ): SourceLocation | undefined {
    const path = file === undefined ? undefined : this.table(unit).files[file];
    return path === undefined || !line ? undefined : { path, line, column: column ?? 0 };
  }
}

function movedRow(own: LineSequence, shown: LineSequence, row: number): boolean {
  return own.lines[row] !== shown.lines[row] || own.files[row] !== shown.files[row];
}

function statementIn(
  sequence: LineSequence,
  row: number,
  files: ReadonlySet<number>,
  path: string,
  first: number,
  last: number,
): Omit<LineRow, 'ofArtificialCode'> | undefined {
  const line = sequence.lines[row];
  if (line < first || line > last || line === 0 || !(sequence.flags[row] & IS_STATEMENT)) return undefined;
  if (!files.has(sequence.files[row])) return undefined;
  return { address: addressOf(sequence, row), path, line, column: sequence.columns[row] };
}

function addressOf(sequence: LineSequence, row: number): bigint {
  return row < sequence.offsets.length ? sequence.start + BigInt(sequence.offsets[row]) : sequence.end;
}

function firstAtAddress(sequence: LineSequence, row: number): number {
  while (row > 0 && sequence.offsets[row - 1] === sequence.offsets[row]) row--;
  return row;
}

/** The first row at a higher address; the number of rows if there is none. */
function nextAddressRow(sequence: LineSequence, row: number): number {
  const offset = sequence.offsets[row];
  while (row < sequence.offsets.length && sequence.offsets[row] === offset) row++;
  return row;
}

/** Of several rows at one address the last describes the code, unless only an earlier one begins a statement. */
function preferredRow(sequence: LineSequence, row: number): number {
  const last = nextAddressRow(sequence, row) - 1;
  for (let i = last; i >= 0 && sequence.offsets[i] === sequence.offsets[last]; i--) {
    if (sequence.flags[i] & IS_STATEMENT) return i;
  }
  return last;
}

function findRow(table: LineTable, pc: bigint): { sequence: LineSequence; row: number } | undefined {
  const sequence = table.sequences[lastAtOrBefore(table.sequences, pc, (candidate) => candidate.start)];
  if (sequence === undefined || pc >= sequence.end) return undefined;
  const row = lastAtOrBefore(sequence.offsets, Number(pc - sequence.start), (offset) => offset);
  if (row < 0) return undefined;
  let preferred = preferredRow(sequence, row);
  // Line 0 is code without a line of its own: it belongs to what stands before it.
  while (sequence.lines[preferred] === 0) {
    const first = firstAtAddress(sequence, preferred);
    if (first === 0) break;
    preferred = preferredRow(sequence, first - 1);
  }
  return { sequence, row: preferred };
}
