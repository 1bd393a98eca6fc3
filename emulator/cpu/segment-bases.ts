/** SWAPGS; RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE. */
import { isCanonical } from '../mmu/page-walk.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from './fault.ts';
import type { Handler } from './instruction.ts';
import type { Opcode } from './opcode.ts';
import { writeRegister } from './operands.ts';
import { requireSupervisor } from './privilege.ts';
import { CR4, CR4_FSGSBASE, FS_BASE, GS_BASE, KERNEL_GS_BASE } from './state.ts';

export const swapgs: Handler = (cpu) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  for (const half of [0, 1]) {
    const base = s[GS_BASE + half];
    s[GS_BASE + half] = s[KERNEL_GS_BASE + half];
    s[KERNEL_GS_BASE + half] = base;
  }
};

function requireEnabled(cpu: Cpu): void {
  if ((cpu.i32[CR4] & CR4_FSGSBASE) === 0) raise(cpu, INVALID_OPCODE);
}
const readBase =
  (base: number): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    writeRegister(cpu, i.rm, i.operandSize, cpu.i32[base], cpu.i32[base + 1]);
  };
const writeBase =
  (base: number): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const s = cpu.i32;
    const high = i.operandSize === 8 ? s[i.rm + 1] : 0;
    if (!isCanonical(high)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    s[base] = s[i.rm];
    s[base + 1] = high;
  };

/** The operand size prefix 66 is without effect here. */
const wide =
  (handler: Handler) =>
  (i: { operandSize: number }): Handler => {
    if (i.operandSize === 2) i.operandSize = 4;
    return handler;
  };

const row = { opcode: 0x0fae, mode: 'long', prefix: 0xf3, only: 'register', feature: 'fsgsbase' } as const;

export const SEGMENT_BASE_OPCODES: readonly Opcode[] = [
  { ...row, extension: 0, handler: wide(readBase(FS_BASE)) },
  { ...row, extension: 1, handler: wide(readBase(GS_BASE)) },
  { ...row, extension: 2, handler: wide(writeBase(FS_BASE)) },
  { ...row, extension: 3, handler: wide(writeBase(GS_BASE)) },
];
