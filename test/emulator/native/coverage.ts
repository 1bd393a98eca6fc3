import { decode } from '../../../emulator/cpu/decoder.ts';
import type { Opcode } from '../../../emulator/cpu/opcode.ts';
import { codeMode } from '../../../emulator/cpu/opcode-table.ts';
import { DEFAULT_CPU_MODEL } from '../../../emulator/machine-api.ts';
import type { InstructionCase } from './instruction-case.ts';

/** Names a row of the opcode table: map and opcode, mandatory prefix, extension, memory or register only. */
export function rowName(row: Opcode): string {
  const prefix =
    row.prefix === undefined ? '' : ` prefix ${row.prefix === 0 ? 'none' : row.prefix.toString(16)}`;
  const extension = row.extension === undefined ? '' : ` /${row.extension}`;
  const vex = row.vex === undefined ? '' : ` vex${row.vex.length ?? ''}`;
  const w = row.w === undefined ? '' : ` w${row.w}`;
  const opcode = row.opcode.toString(16).padStart(4, '0');
  return `${opcode}${vex}${prefix}${w}${extension}${row.only === undefined ? '' : ` ${row.only}`}`;
}

/** Rows that cannot be compared from a user program, and why. The tests of test/emulator/cpu are for these. */
export const NOT_COMPARED: ReadonlyMap<string, string> = new Map([
  ...['0f05', '0f34', '0f31', '0fa2'].map((row): [string, string] => [
    row,
    "it enters the host's system or reads the host",
  ]),
  ...['0fb2 memory', '0fb4 memory', '0fb5 memory', '0fa1', '0fa9'].map((row): [string, string] => [
    row,
    'it takes FS and GS away from the harness',
  ]),
  ...['0f01 /0 memory', '0f01 /1 memory', '0f01 /4', '0f00 /0', '0f00 /1'].map((row): [string, string] => [
    row,
    'the host forbids or emulates it (UMIP)',
  ]),
]);

const MODE = codeMode(DEFAULT_CPU_MODEL, 64);

/** How many of the cases decode to each row of the emulator's opcode table. */
export function casesPerRow(cases: Iterable<InstructionCase>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const rows of MODE.opcodes.values()) for (const row of rows) counts.set(rowName(row), 0);
  for (const { code } of cases) {
    for (let at = 0; at < code.length; ) {
      const instruction = decode(code, at, code.length - at, 0, 0, MODE);
      if (instruction === undefined) break;
      if (instruction.row !== undefined) {
        const name = rowName(instruction.row);
        counts.set(name, counts.get(name)! + 1);
      }
      at += instruction.length;
    }
  }
  return counts;
}
