/** PINSRB/D/Q, PEXTRB/W/D/Q, INSERTPS, EXTRACTPS, and PTEST. */
import type { Cpu } from '../cpu.ts';
import { CF, setArithmeticFlags, ZF } from '../flags.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, load8, store8, store16, store32, store64 } from '../memory-access.ts';
import { always } from '../opcode.ts';
import { HIGH, OPERAND } from '../state.ts';
import {
  fetch32,
  fetch64,
  legacyForm,
  packedFloat,
  requireSse,
  row,
  type VectorOperation,
} from './operands.ts';

/** Puts a lane of so many bytes into the vector of ModRM.reg. */
function pinsrb(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  let value: number;
  if (i.isMemory) {
    const low = effectiveAddress(cpu, i);
    value = load8(cpu, low, cpu.i32[HIGH]);
  } else value = cpu.u8[4 * i.rm];
  cpu.u8[4 * i.reg + (i.immediateLow & 15)] = value;
}

function pinsrd(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  if (i.isMemory) fetch32(cpu, i);
  cpu.i32[i.reg + (i.immediateLow & 3)] = cpu.i32[i.isMemory ? OPERAND : i.rm];
}

function pinsrq(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  if (i.isMemory) fetch64(cpu, i);
  const from = i.isMemory ? OPERAND : i.rm;
  const to = i.reg + 2 * (i.immediateLow & 1);
  s[to] = s[from];
  s[to + 1] = s[from + 1];
}

/** Writes a lane of ModRM.reg to memory, or to a general register with zeros above it. */
function pextrb(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  extract(cpu, i, 1, cpu.u8[4 * i.reg + (i.immediateLow & 15)]);
}

function pextrw(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  extract(cpu, i, 2, cpu.u16[2 * i.reg + (i.immediateLow & 7)]);
}

function pextrd(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  extract(cpu, i, 4, cpu.i32[i.reg + (i.immediateLow & 3)]);
}

function extract(cpu: Cpu, i: Instruction, bytes: 1 | 2 | 4, value: number): void {
  const s = cpu.i32;
  if (!i.isMemory) {
    s[i.rm] = value;
    s[i.rm + 1] = 0;
    return;
  }
  const low = effectiveAddress(cpu, i);
  if (bytes === 1) store8(cpu, low, s[HIGH], value);
  else if (bytes === 2) store16(cpu, low, s[HIGH], value);
  else store32(cpu, low, s[HIGH], value);
}

function pextrq(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  const from = i.reg + 2 * (i.immediateLow & 1);
  if (!i.isMemory) {
    s[i.rm] = s[from];
    s[i.rm + 1] = s[from + 1];
    return;
  }
  const low = effectiveAddress(cpu, i);
  store64(cpu, low, s[HIGH], s[from], s[from + 1]);
}

/** From a lane of a register that the immediate names, or from memory; then lanes are cleared. */
function insertps(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  const control = i.immediateLow;
  if (i.isMemory) fetch32(cpu, i);
  s[i.reg + ((control >> 4) & 3)] = s[i.isMemory ? OPERAND : i.rm + ((control >> 6) & 3)];
  for (let lane = 0; lane < 4; lane++) if ((control >> lane) & 1) s[i.reg + lane] = 0;
}

/** ZF: no bit of the source is set in the destination; CF: all are. */
export const ptest: VectorOperation = (cpu, destination, source) => {
  const s = cpu.i32;
  let common = 0;
  let missing = 0;
  for (let word = 0; word < 4; word++) {
    common |= s[destination + word] & s[source + word];
    missing |= ~s[destination + word] & s[source + word];
  }
  setArithmeticFlags(s, (common === 0 ? ZF : 0) | (missing === 0 ? CF : 0));
};

const byWidth =
  (narrow: Handler, wide: Handler) =>
  (i: Instruction): Handler =>
    i.operandSize === 8 ? wide : narrow;

const general = { rm: 'general', immediate: 'byte', feature: 'sse4.1' } as const;

export const SSE_INSERT_EXTRACT_OPCODES = [
  row(0x3817, 0x66, legacyForm(packedFloat(ptest)), { feature: 'sse4.1' }),
  row(0x3a14, 0x66, always(pextrb), general),
  row(0x3a15, 0x66, always(pextrw), general),
  row(0x3a16, 0x66, byWidth(pextrd, pextrq), general),
  row(0x3a17, 0x66, always(pextrd), general),
  row(0x3a20, 0x66, always(pinsrb), general),
  row(0x3a21, 0x66, always(insertps), { immediate: 'byte', feature: 'sse4.1' }),
  row(0x3a22, 0x66, byWidth(pinsrd, pinsrq), general),
];
