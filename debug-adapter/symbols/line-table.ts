/** .debug_line (DWARF 4 §6.2, DWARF 5 §6.2): a unit's line number program, run once into compact tables. */
import { skipForm } from './attribute-forms.ts';
import { ByteReader, cstringAt } from './byte-reader.ts';
import type { Unit } from './debug-information.ts';
import { AT, FORM } from './dwarf-constants.ts';
import { joinPath } from './source-paths.ts';

/** Contiguous code, its rows in address order. Column arrays hold one element per row. */
export interface LineSequence {
  readonly start: bigint;
  readonly end: bigint;
  /** Bytes from `start`. */
  readonly offsets: readonly number[];
  /** Indexes into the table's `files`. */
  readonly files: readonly number[];
  readonly lines: readonly number[];
  readonly columns: readonly number[];
  readonly flags: readonly number[];
}

export const IS_STATEMENT = 1;
export const PROLOGUE_END = 2;

export interface LineTable {
  /** Full normalised paths by the numbers that rows and DW_AT_decl_file use; holes where the table has none. */
  readonly files: readonly (string | undefined)[];
  readonly sequences: readonly LineSequence[];
}

export const EMPTY_LINE_TABLE: LineTable = { files: [], sequences: [] };

const LNCT_path = 1;
const LNCT_directory_index = 2;
const LNE_end_sequence = 1;
const LNE_set_address = 2;
const LNE_define_file = 3;

/** Never throws: what a damaged program gave up to the damage is kept, with a warning. */
export function readLineTable(unit: Unit): LineTable {
  const root = unit.information.root(unit);
  const offset = root?.number(AT.stmt_list);
  if (root === undefined || offset === undefined) return EMPTY_LINE_TABLE;
  const files: (string | undefined)[] = [];
  const sequences: LineSequence[] = [];
  try {
    runProgram(unit, offset, root.string(AT.comp_dir) ?? '', root.string(AT.name) ?? '', files, sequences);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    unit.information.warn(`line table at 0x${offset.toString(16)}`, error);
  }
  return { files, sequences };
}

function runProgram(
  unit: Unit,
  offset: number,
  directory: string,
  unitName: string,
  files: (string | undefined)[],
  sequences: LineSequence[],
): void {
  const { sections } = unit.information;
  const start = new ByteReader(sections.line, offset);
  const length = start.u32();
  if (length >= 0xffff_fff0) throw new RangeError('64-bit DWARF, which this debugger does not read');
  const end = start.position + length;
  if (end > sections.line.length) throw new RangeError('it reaches beyond .debug_line');
  const reader = new ByteReader(sections.line, start.position, end);
  const version = reader.u16();
  if (version < 2 || version > 5) throw new RangeError(`version ${version}`);
  if (version >= 5) reader.skip(2);
  const headerLength = reader.u32();
  const program = reader.position + headerLength;
  const minimumInstructionLength = reader.u8();
  if (version >= 4) reader.skip(1); // VLIW only
  const defaultIsStatement = reader.u8() !== 0;
  const lineBase = reader.s8();
  const lineRange = reader.u8();
  const opcodeBase = reader.u8();
  const operandCounts = [0];
  for (let i = 1; i < opcodeBase; i++) operandCounts.push(reader.u8());

  const directories: string[] = [];
  const addFile = (name: string, directoryIndex: number): void => {
    files.push(joinPath(directory, directories[directoryIndex] ?? '', name));
  };
  if (version >= 5) {
    for (const { path } of readEntryList(reader, unit)) directories.push(joinPath(directory, path));
    for (const file of readEntryList(reader, unit)) addFile(file.path, file.directory);
  } else {
    // Directory 0 is the compilation directory; file 0 does not exist, but the unit's own name serves.
    directories.push(directory);
    for (let path = reader.cstring(); path !== ''; path = reader.cstring())
      directories.push(joinPath(directory, path));
    files.push(unitName === '' ? undefined : joinPath(directory, unitName));
    for (let path = reader.cstring(); path !== ''; path = reader.cstring()) {
      const directoryIndex = reader.uleb();
      reader.skipLeb();
      reader.skipLeb();
      addFile(path, directoryIndex);
    }
  }
  reader.position = program;

  let rows = newRows();
  let base = 0n;
  let address = 0;
  let file = 1;
  let line = 1;
  let column = 0;
  let isStatement = defaultIsStatement;
  let prologueEnd = false;
  let sorted = true;
  const reset = (): void => {
    rows = newRows();
    base = 0n;
    address = 0;
    file = 1;
    line = 1;
    column = 0;
    isStatement = defaultIsStatement;
    prologueEnd = false;
    sorted = true;
  };
  const row = (): void => {
    if (rows.offsets.length > 0 && address < rows.offsets[rows.offsets.length - 1]) sorted = false;
    rows.offsets.push(address);
    rows.files.push(file);
    rows.lines.push(line);
    rows.columns.push(column);
    rows.flags.push((isStatement ? IS_STATEMENT : 0) | (prologueEnd ? PROLOGUE_END : 0));
    prologueEnd = false;
  };
  const special = (opcode: number): number => {
    if (lineRange === 0) throw new RangeError('line_range is 0');
    return Math.floor((opcode - opcodeBase) / lineRange) * minimumInstructionLength;
  };

  while (!reader.atEnd) {
    const opcode = reader.u8();
    if (opcode >= opcodeBase) {
      address += special(opcode);
      line += lineBase + ((opcode - opcodeBase) % lineRange);
      row();
      continue;
    }
    switch (opcode) {
      case 0: {
        const size = reader.uleb();
        const next = reader.position + size;
        const extended = size > 0 ? reader.u8() : 0;
        if (extended === LNE_end_sequence) {
          if (rows.offsets.length > 0 && address > 0) {
            sequences.push({ start: base, end: base + BigInt(address), ...(sorted ? rows : sortRows(rows)) });
          }
          reset();
        } else if (extended === LNE_set_address) {
          const target = reader.u64();
          // Within a sequence addresses only grow; offsets stay relative to where it began.
          if (rows.offsets.length === 0) {
            base = target;
            address = 0;
          } else {
            address = Number(BigInt.asIntN(64, target - base));
          }
        } else if (extended === LNE_define_file) {
          const path = reader.cstring();
          addFile(path, reader.uleb());
        }
        reader.position = next;
        break;
      }
      case 1: // copy
        row();
        break;
      case 2: // advance_pc
        address += reader.uleb() * minimumInstructionLength;
        break;
      case 3: // advance_line
        line += reader.sleb();
        break;
      case 4: // set_file
        file = reader.uleb();
        break;
      case 5: // set_column
        column = reader.uleb();
        break;
      case 6: // negate_stmt
        isStatement = !isStatement;
        break;
      case 7: // set_basic_block
        break;
      case 8: // const_add_pc
        address += special(255);
        break;
      case 9: // fixed_advance_pc
        address += reader.u16();
        break;
      case 10: // set_prologue_end
        prologueEnd = true;
        break;
      default:
        // set_epilogue_begin, set_isa and opcodes from the future: the header says how many operands to skip.
        for (let i = 0; i < operandCounts[opcode]; i++) reader.skipLeb();
    }
  }
}

interface Rows {
  offsets: number[];
  files: number[];
  lines: number[];
  columns: number[];
  flags: number[];
}

function newRows(): Rows {
  return { offsets: [], files: [], lines: [], columns: [], flags: [] };
}

function sortRows(rows: Rows): Rows {
  const order = rows.offsets.map((_, i) => i).sort((a, b) => rows.offsets[a] - rows.offsets[b] || a - b);
  const reorder = (column: number[]): number[] => order.map((i) => column[i]);
  return {
    offsets: reorder(rows.offsets),
    files: reorder(rows.files),
    lines: reorder(rows.lines),
    columns: reorder(rows.columns),
    flags: reorder(rows.flags),
  };
}

/** A version 5 directory or file list: a format description, then entries in that format. */
function readEntryList(reader: ByteReader, unit: Unit): Array<{ path: string; directory: number }> {
  const { str, lineStr, strOffsets } = unit.information.sections;
  const format: Array<{ content: number; form: number }> = [];
  for (let count = reader.u8(); count > 0; count--)
    format.push({ content: reader.uleb(), form: reader.uleb() });
  const entries: Array<{ path: string; directory: number }> = [];
  const count = reader.uleb();
  if (count > reader.end - reader.position) throw new RangeError(`${count} file names`);
  const readNumber = (form: number): number => {
    switch (form) {
      case FORM.data1:
        return reader.u8();
      case FORM.data2:
        return reader.u16();
      case FORM.data4:
        return reader.u32();
      case FORM.data8:
        return reader.u64AsNumber();
      case FORM.udata:
        return reader.uleb();
      default:
        throw new RangeError(`unknown form 0x${form.toString(16)} in a file list`);
    }
  };
  const readString = (form: number): string => {
    switch (form) {
      case FORM.string:
        return reader.cstring();
      case FORM.strp:
        return cstringAt(str, reader.u32());
      case FORM.line_strp:
        return cstringAt(lineStr, reader.u32());
      case FORM.strx:
      case FORM.strx1:
      case FORM.strx2:
      case FORM.strx4: {
        const index =
          form === FORM.strx1
            ? reader.u8()
            : form === FORM.strx2
              ? reader.u16()
              : form === FORM.strx4
                ? reader.u32()
                : reader.uleb();
        return cstringAt(str, new ByteReader(strOffsets, unit.strOffsetsBase + index * 4).u32());
      }
      default:
        throw new RangeError(`unknown form 0x${form.toString(16)} in a file list`);
    }
  };
  for (let i = 0; i < count; i++) {
    const entry = { path: '', directory: 0 };
    for (const { content, form } of format) {
      if (content === LNCT_path) entry.path = readString(form);
      else if (content === LNCT_directory_index) entry.directory = readNumber(form);
      else skipForm(reader, form, unit);
    }
    entries.push(entry);
  }
  return entries;
}
