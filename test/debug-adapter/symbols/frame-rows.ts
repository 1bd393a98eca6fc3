/** Call frame information, as our reader and as readelf have it. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import {
  CallFrameInformation,
  type FrameRow,
  type RegisterRule,
} from '../../../debug-adapter/symbols/call-frame-information.ts';
import { dwarfSections } from '../../../debug-adapter/symbols/dwarf-sections.ts';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { registerName, registerNumber } from '../../../debug-adapter/symbols/register-numbers.ts';
import { run } from './fixture-programs.ts';

interface ExpectedRow {
  readonly address: bigint;
  readonly cfa: string;
  /** By readelf's column names: `rbx`, `ra`. */
  readonly rules: ReadonlyMap<string, string>;
}

function rowsByReadelf(path: string): ExpectedRow[] {
  const rows: ExpectedRow[] = [];
  let columns: string[] = [];
  let inDescription = false;
  for (const line of run('readelf', ['-W', '--debug-dump=frames-interp', path]).split('\n')) {
    if (/ (CIE|FDE) /.test(line)) inDescription = line.includes(' FDE ');
    const fields = line
      .trim()
      .replaceAll(/r\d+ \((\w+)\)/g, '$1')
      .split(/\s+/);
    if (fields[0] === 'LOC') columns = fields.slice(2);
    else if (inDescription && /^[0-9a-f]{16}$/.test(fields[0])) {
      rows.push({
        address: BigInt(`0x${fields[0]}`),
        cfa: fields[1],
        rules: new Map(columns.map((column, i) => [column, fields[i + 2]])),
      });
    }
  }
  return rows;
}

/** As readelf writes rules; a register without one is `u` to it. */
function ruleText(rule: RegisterRule | undefined): string {
  const signed = (offset: number): string => (offset < 0 ? `${offset}` : `+${offset}`);
  switch (rule?.kind) {
    case undefined:
    case 'undefined':
      return 'u';
    case 'same-value':
      return 's';
    case 'offset':
      return `c${signed(rule.offset)}`;
    case 'value-offset':
      return `v${signed(rule.offset)}`;
    case 'register':
      return `${registerName(rule.register)}`;
    case 'expression':
      return 'exp';
    case 'value-expression':
      return 'vexp';
  }
}

function rowText(row: FrameRow, columns: Iterable<string>): string {
  const cfa =
    row.cfa?.kind === 'register'
      ? `${registerName(row.cfa.register)}${row.cfa.offset < 0 ? '' : '+'}${row.cfa.offset}`
      : 'exp';
  const rules = [...columns].map((column) => {
    return ruleText(
      row.registers.get(column === 'ra' ? row.returnAddressRegister : (registerNumber(column) ?? -1)),
    );
  });
  return [cfa, ...rules].join(' ');
}

/** Compares every row; returns how many there are. */
export function compareFrameRows(path: string): number {
  const warnings: string[] = [];
  const elf = parseElf(new Uint8Array(readFileSync(path)), path);
  const present = elf.sections.some(({ name }) => name === '.eh_frame' || name === '.debug_frame');
  if (!present) return 0;
  const information = new CallFrameInformation(
    dwarfSections(elf, warnings),
    () => true,
    (where, error) => warnings.push(`${where}: ${error.message}`),
  );
  const expected = rowsByReadelf(path);
  for (const [i, { address, cfa, rules }] of expected.entries()) {
    // The linker may leave several rows at one address; the last one holds.
    if (expected[i + 1]?.address === address) continue;
    const row = information.rowAt(address);
    const text = row && rowText(row, rules.keys());
    expect(`${address.toString(16)}: ${text}`).toBe(
      `${address.toString(16)}: ${[cfa, ...rules.values()].join(' ')}`,
    );
  }
  expect(warnings).toEqual([]);
  return expected.length;
}
