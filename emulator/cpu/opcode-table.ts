/** The opcode tables: the groups' rows, by opcode. An opcode's rows agree on whether a ModRM byte follows. */
import { ARITHMETIC_OPCODES } from './arithmetic.ts';
import { BIT_MANIPULATION_OPCODES } from './bit-manipulation.ts';
import { BIT_OPCODES } from './bits.ts';
import { CODE_32, type CodeMode, PROTECTED, STACK_32 } from './code-mode.ts';
import { CONTROL_FLOW_OPCODES } from './control-flow.ts';
import { CONTROL_REGISTER_OPCODES } from './control-registers.ts';
import { CRC32_OPCODES } from './crc32.ts';
import { DATA_TRANSFER_OPCODES } from './data-transfer.ts';
import { DEBUG_REGISTER_OPCODES } from './debug-registers.ts';
import { DECIMAL_OPCODES } from './decimal.ts';
import { FAR_TRANSFER_OPCODES } from './far-transfer.ts';
import { FAST_SYSTEM_CALL_OPCODES } from './fast-system-calls.ts';
import { type CpuModel, presents } from './features.ts';
import { FLAG_OPCODES } from './flag-instructions.ts';
import { INVALIDATION_OPCODES } from './invalidation.ts';
import { IO_OPCODES } from './io.ts';
import { LEGACY_OPCODES } from './legacy.ts';
import { MMX_OPCODES } from './mmx.ts';
import { MULTIPLY_DIVIDE_OPCODES } from './multiply-divide.ts';
import type { Opcode } from './opcode.ts';
import { RANDOM_NUMBER_OPCODES } from './random-numbers.ts';
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
  DEBUG_REGISTER_OPCODES,
  DECIMAL_OPCODES,
  FAR_TRANSFER_OPCODES,
  FAST_SYSTEM_CALL_OPCODES,
  FLAG_OPCODES,
  INVALIDATION_OPCODES,
  IO_OPCODES,
  LEGACY_OPCODES,
  MMX_OPCODES,
  MULTIPLY_DIVIDE_OPCODES,
  RANDOM_NUMBER_OPCODES,
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

/** Which rows there are: all but those for 64-bit mode only or for the others only; in real mode less still. */
type TableMode = 'long' | 'protected' | 'real';

function isIn(row: Opcode, mode: TableMode): boolean {
  switch (row.mode) {
    case 'long':
      return mode === 'long';
    case 'legacy':
      return mode !== 'long';
    case 'protected':
      return mode !== 'real';
    case 'legacy protected':
      return mode === 'protected';
    default:
      return row.vex === undefined || mode !== 'real';
  }
}

function assemble(model: CpuModel, mode: TableMode): OpcodeTable {
  const table = new Map<number, Opcode[]>();
  const add = (opcode: number, row: Opcode): void => {
    const rows = table.get(opcode);
    if (rows === undefined) table.set(opcode, [row]);
    else rows.push(row);
  };
  for (const row of GROUPS.flat()) {
    if (row.feature !== undefined && !presents(model, row.feature)) continue;
    if (!isIn(row, mode)) continue;
    const opcode = row.vex === undefined ? row.opcode : VEX + row.opcode;
    for (let register = 0; register < (row.registerInOpcode ? 8 : 1); register++) add(opcode + register, row);
  }
  return table;
}

/** Not the high half of any canonical address, and small enough for `addressKey` to be exact. */
const KEY = 0x10_0000;

function assembleModes(model: CpuModel): readonly CodeMode[] {
  const long = assemble(model, 'long');
  const inProtected = assemble(model, 'protected');
  const inReal = assemble(model, 'real');
  const modes: CodeMode[] = [{ bits: 64, stackSize: 8, isReal: false, opcodes: long, key: 0 }];
  for (let flags = 0; flags < 8; flags++) {
    const isReal = (flags & PROTECTED) === 0;
    modes.push({
      bits: (flags & CODE_32) !== 0 ? 32 : 16,
      stackSize: (flags & STACK_32) !== 0 ? 4 : 2,
      isReal,
      opcodes: isReal ? inReal : inProtected,
      key: KEY + flags,
    });
  }
  return modes;
}

const modesOf = new Map<CpuModel, readonly CodeMode[]>();

/** The modes of a CPU model with their opcodes; code-mode.ts says which is which. */
export function codeModes(model: CpuModel): readonly CodeMode[] {
  let modes = modesOf.get(model);
  if (modes === undefined) {
    modes = assembleModes(model);
    modesOf.set(model, modes);
  }
  return modes;
}

/** The mode of code of a size with a stack of that size, outside of real mode. */
export function codeMode(model: CpuModel, bits: 16 | 32 | 64): CodeMode {
  const modes = codeModes(model);
  if (bits === 64) return modes[0];
  return modes[1 + (PROTECTED | (bits === 32 ? CODE_32 | STACK_32 : 0))];
}
