/** The opcode tables: the groups' rows, by opcode. An opcode's rows agree on whether a ModRM byte follows. */
import { ARITHMETIC_OPCODES } from './arithmetic.ts';
import { BIT_MANIPULATION_OPCODES } from './bit-manipulation.ts';
import { BIT_OPCODES } from './bits.ts';
import { CONTROL_FLOW_OPCODES } from './control-flow.ts';
import { CONTROL_REGISTER_OPCODES } from './control-registers.ts';
import { CRC32_OPCODES } from './crc32.ts';
import { DATA_TRANSFER_OPCODES } from './data-transfer.ts';
import { FAR_TRANSFER_OPCODES } from './far-transfer.ts';
import { FAST_SYSTEM_CALL_OPCODES } from './fast-system-calls.ts';
import { type CpuModel, presents } from './features.ts';
import { FLAG_OPCODES } from './flag-instructions.ts';
import { INVALIDATION_OPCODES } from './invalidation.ts';
import { IO_OPCODES } from './io.ts';
import { MULTIPLY_DIVIDE_OPCODES } from './multiply-divide.ts';
import type { Opcode } from './opcode.ts';
import { SEGMENT_BASE_OPCODES } from './segment-bases.ts';
import { SEGMENT_QUERY_OPCODES } from './segment-queries.ts';
import { SEGMENT_REGISTER_OPCODES } from './segment-registers.ts';
import { SHIFT_OPCODES } from './shift.ts';
import { SSE_OPCODES } from './sse/opcodes.ts';
import { STRING_OPCODES } from './strings.ts';
import { SYSTEM_OPCODES } from './system.ts';
import { X87_OPCODES } from './x87/opcodes.ts';

const GROUPS: readonly (readonly Opcode[])[] = [
  ARITHMETIC_OPCODES,
  BIT_MANIPULATION_OPCODES,
  BIT_OPCODES,
  CONTROL_FLOW_OPCODES,
  CONTROL_REGISTER_OPCODES,
  CRC32_OPCODES,
  DATA_TRANSFER_OPCODES,
  FAR_TRANSFER_OPCODES,
  FAST_SYSTEM_CALL_OPCODES,
  FLAG_OPCODES,
  INVALIDATION_OPCODES,
  IO_OPCODES,
  MULTIPLY_DIVIDE_OPCODES,
  SEGMENT_BASE_OPCODES,
  SEGMENT_QUERY_OPCODES,
  SEGMENT_REGISTER_OPCODES,
  SHIFT_OPCODES,
  SSE_OPCODES,
  STRING_OPCODES,
  SYSTEM_OPCODES,
  X87_OPCODES,
];

/** Rows by opcode; those encoded with a VEX prefix under `VEX + opcode`. */
export type OpcodeTable = ReadonlyMap<number, readonly Opcode[]>;

export const VEX = 0x100_0000;

function assemble(model: CpuModel): OpcodeTable {
  const table = new Map<number, Opcode[]>();
  const add = (opcode: number, row: Opcode): void => {
    const rows = table.get(opcode);
    if (rows === undefined) table.set(opcode, [row]);
    else rows.push(row);
  };
  for (const row of GROUPS.flat()) {
    if (row.feature !== undefined && !presents(model, row.feature)) continue;
    const opcode = row.vex === undefined ? row.opcode : VEX + row.opcode;
    for (let register = 0; register < (row.registerInOpcode ? 8 : 1); register++) add(opcode + register, row);
  }
  return table;
}

const tables = new Map<CpuModel, OpcodeTable>();

/** The opcodes of a CPU model. */
export function opcodeTable(model: CpuModel): OpcodeTable {
  let table = tables.get(model);
  if (table === undefined) {
    table = assemble(model);
    tables.set(model, table);
  }
  return table;
}
