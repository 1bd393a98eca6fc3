/**
 * Operands of any size, for instructions that need not be specialised. Values of 1, 2 and 4 bytes are
 * sign-extended; functions return the low half and leave the high half in HIGH.
 */
import type { Cpu } from './cpu.ts';
import type { Instruction } from './instruction.ts';
import {
  effectiveAddress,
  load8,
  load16,
  load32,
  load64,
  loadForWrite8,
  loadForWrite16,
  loadForWrite32,
  loadForWrite64,
  store8,
  store16,
  store32,
  store64,
} from './memory-access.ts';
import { HIGH } from './state.ts';

export const signExtend8 = (value: number): number => (value << 24) >> 24;
export const signExtend16 = (value: number): number => (value << 16) >> 16;

/** Reads a register as `Instruction.reg` or `.rm` names it. */
export function readRegister(cpu: Cpu, operand: number, size: number): number {
  const s = cpu.i32;
  if (size === 8) {
    s[HIGH] = s[operand + 1];
    return s[operand];
  }
  const value =
    size === 4 ? s[operand] : size === 2 ? signExtend16(cpu.u16[operand * 2]) : signExtend8(cpu.u8[operand]);
  s[HIGH] = value >> 31;
  return value;
}

/** Writes a register: 4 bytes clear the upper half, 1 and 2 bytes keep the rest. */
export function writeRegister(cpu: Cpu, operand: number, size: number, low: number, high: number): void {
  if (size === 8) {
    cpu.i32[operand] = low;
    cpu.i32[operand + 1] = high;
  } else if (size === 4) {
    cpu.i32[operand] = low;
    cpu.i32[operand + 1] = 0;
  } else if (size === 2) cpu.u16[operand * 2] = low;
  else cpu.u8[operand] = low;
}

export function load(cpu: Cpu, low: number, high: number, size: number): number {
  if (size === 8) return load64(cpu, low, high);
  const value =
    size === 4
      ? load32(cpu, low, high)
      : size === 2
        ? signExtend16(load16(cpu, low, high))
        : signExtend8(load8(cpu, low, high));
  cpu.i32[HIGH] = value >> 31;
  return value;
}

export function loadForWrite(cpu: Cpu, low: number, high: number, size: number): number {
  if (size === 8) return loadForWrite64(cpu, low, high);
  const value =
    size === 4
      ? loadForWrite32(cpu, low, high)
      : size === 2
        ? signExtend16(loadForWrite16(cpu, low, high))
        : signExtend8(loadForWrite8(cpu, low, high));
  cpu.i32[HIGH] = value >> 31;
  return value;
}

export function store(
  cpu: Cpu,
  low: number,
  high: number,
  size: number,
  valueLow: number,
  valueHigh: number,
): void {
  if (size === 8) store64(cpu, low, high, valueLow, valueHigh);
  else if (size === 4) store32(cpu, low, high, valueLow);
  else if (size === 2) store16(cpu, low, high, valueLow);
  else store8(cpu, low, high, valueLow);
}

/** Reads the operand of ModRM.rm, register or memory. */
export function readRm(cpu: Cpu, i: Instruction): number {
  if (!i.isMemory) return readRegister(cpu, i.rm, i.operandSize);
  const low = effectiveAddress(cpu, i);
  return load(cpu, low, cpu.i32[HIGH], i.operandSize);
}

/** Reads the low 16 bits of the operand of ModRM.rm, whatever the operand size: selectors, machine status word. */
export function readWord(cpu: Cpu, i: Instruction): number {
  if (!i.isMemory) return cpu.u16[i.rm * 2];
  const low = effectiveAddress(cpu, i);
  return load16(cpu, low, cpu.i32[HIGH]);
}

/** Reads the operand of ModRM.rm that `writeRm` will overwrite. */
export function readRmForWrite(cpu: Cpu, i: Instruction): number {
  if (!i.isMemory) return readRegister(cpu, i.rm, i.operandSize);
  const low = effectiveAddress(cpu, i);
  return loadForWrite(cpu, low, cpu.i32[HIGH], i.operandSize);
}

/** Writes the operand of ModRM.rm. The registers of its address must still be as they were. */
export function writeRm(cpu: Cpu, i: Instruction, low: number, high: number): void {
  if (!i.isMemory) writeRegister(cpu, i.rm, i.operandSize, low, high);
  else {
    const address = effectiveAddress(cpu, i);
    store(cpu, address, cpu.i32[HIGH], i.operandSize, low, high);
  }
}
