/** PUSHA, POPA, BOUND, ARPL and INTO, which 64-bit mode does not have. */
import type { Cpu } from './cpu.ts';
import { BOUND_RANGE, raise } from './fault.ts';
import { arithmeticFlags, OF, setArithmeticFlags, ZF } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { softwareInterrupt } from './interrupts.ts';
import { effectiveAddress } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { load, readRegister, readRm, store, writeRegister, writeRm } from './operands.ts';
import { moveStackPointer, stackAddress } from './stack.ts';
import { HIGH, RAX, RIP, RSP } from './state.ts';

const REGISTERS = 8;

// These go register by register: a fault in the middle leaves those before it done, and the stack pointer as it was.

/** AX CX DX BX SP BP SI DI, of which SP is the old one. */
const pusha: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  for (let n = 0; n < REGISTERS; n++) {
    const address = stackAddress(s, i.stackSize, -size * (n + 1));
    store(cpu, address, s[HIGH], size, s[RAX + 2 * n], 0);
  }
  moveStackPointer(cpu, i.stackSize, -size * REGISTERS);
};
const popa: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  for (let n = 0; n < REGISTERS; n++) {
    const register = RAX + 2 * (REGISTERS - 1 - n);
    // The saved SP is skipped.
    if (register === RSP) continue;
    const address = stackAddress(s, i.stackSize, size * n);
    writeRegister(cpu, register, size, load(cpu, address, s[HIGH], size), 0);
  }
  moveStackPointer(cpu, i.stackSize, size * REGISTERS);
};

const bound: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const address = effectiveAddress(cpu, i);
  const high = s[HIGH];
  const lower = load(cpu, address, high, size);
  const upper = load(cpu, (address + size) | 0, high, size);
  const index = readRegister(cpu, i.reg, size);
  if (index < lower || index > upper) raise(cpu, BOUND_RANGE);
};

/** Raises the privilege number of a selector to that of another; writes only if that changes it. */
const arpl: Handler = (cpu, i) => {
  const destination = readRm(cpu, i);
  const level = readRegister(cpu, i.reg, 2) & 3;
  const isLower = (destination & 3) < level;
  if (isLower) writeRm(cpu, i, (destination & ~3) | level, 0);
  const flags = arithmeticFlags(cpu.i32);
  setArithmeticFlags(cpu.i32, isLower ? flags | ZF : flags & ~ZF);
};
const pickArpl = (i: Instruction): Handler => {
  i.operandSize = 2;
  return arpl;
};

const overflow = softwareInterrupt(4);
const into: Handler = (cpu: Cpu, i) => {
  if ((arithmeticFlags(cpu.i32) & OF) !== 0) overflow(cpu, i);
  else cpu.i32[RIP] = i.nextLow;
};

const legacy = { mode: 'legacy' } as const;

export const LEGACY_OPCODES: readonly Opcode[] = [
  { opcode: 0x60, ...legacy, handler: always(pusha) },
  { opcode: 0x61, ...legacy, handler: always(popa) },
  { opcode: 0x62, ...legacy, modrm: true, only: 'memory', handler: always(bound) },
  { opcode: 0x63, mode: 'legacy protected', modrm: true, handler: pickArpl },
  { opcode: 0xce, ...legacy, endsBlock: 'branch', handler: always(into) },
];
