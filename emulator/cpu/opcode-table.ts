/** The opcode table: the groups' rows, by opcode. An opcode's rows agree on whether a ModRM byte follows. */
import type { Opcode } from './opcode.ts';

const GROUPS: readonly (readonly Opcode[])[] = [];

function assemble(): Map<number, Opcode[]> {
  const table = new Map<number, Opcode[]>();
  const add = (opcode: number, row: Opcode): void => {
    const rows = table.get(opcode);
    if (rows === undefined) table.set(opcode, [row]);
    else rows.push(row);
  };
  for (const row of GROUPS.flat()) {
    for (let register = 0; register < (row.registerInOpcode ? 8 : 1); register++)
      add(row.opcode + register, row);
  }
  return table;
}

export const OPCODE_TABLE: ReadonlyMap<number, readonly Opcode[]> = assemble();
