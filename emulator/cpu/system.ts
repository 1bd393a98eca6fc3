/** Instructions of operating systems: SYSCALL and SYSRET, SWAPGS, HLT, INVLPG, RDTSC; rows of those whose meaning
 * has a file of its own: INT, IRET, RDMSR, WRMSR, CPUID. */
import { flushPage } from '../mmu/tlb.ts';
import type { Cpu } from './cpu.ts';
import { cpuid } from './cpuid.ts';
import { GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from './fault.ts';
import { RF, readFlags, TF, VM, writeFlags } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { int1, interruptImmediate, iret, softwareInterrupt } from './interrupts.ts';
import { effectiveAddress } from './memory-access.ts';
import { rdmsr, wrmsr } from './model-specific-registers.ts';
import { always, type Opcode } from './opcode.ts';
import { writeRegister } from './operands.ts';
import { requireSupervisor, setPrivilege } from './privilege.ts';
import { setFlatCode, setFlatData } from './segments.ts';
import {
  CPL,
  CR4,
  CR4_TSD,
  DEBUG_TRAP,
  DR6_STEP,
  EFER,
  EFER_SCE,
  FLAGS,
  GS_BASE,
  HALTED,
  HIGH,
  KERNEL_GS_BASE,
  LEAVE_BLOCK,
  LSTAR,
  R11,
  RAX,
  RCX,
  RDX,
  RIP,
  SFMASK,
  SS,
  STAR,
  TSC_AUX,
} from './state.ts';
import { readTimeStamp } from './time.ts';

const setRip = (cpu: Cpu, low: number, high: number): void => {
  cpu.i32[RIP] = low;
  cpu.i32[RIP + 1] = high;
};

/** SYSCALL and SYSRET trap by TF as they leave it, not as they find it. */
const stepByNewFlags = (cpu: Cpu, flags: number): void => {
  cpu.i32[DEBUG_TRAP] = (cpu.i32[DEBUG_TRAP] & ~DR6_STEP) | ((flags & TF) !== 0 ? DR6_STEP : 0);
};

const syscall: Handler = (cpu, i) => {
  const s = cpu.i32;
  if ((s[EFER] & EFER_SCE) === 0) raise(cpu, INVALID_OPCODE);
  const flags = readFlags(cpu) & ~RF;
  s[RCX] = i.nextLow;
  s[RCX + 1] = i.nextHigh;
  s[R11] = flags;
  s[R11 + 1] = 0;
  writeFlags(cpu, flags & ~s[SFMASK] & ~(RF | VM));
  const selector = s[STAR + 1] & 0xfffc;
  setFlatCode(cpu, selector, 0);
  setFlatData(cpu, SS, selector + 8, 0);
  setPrivilege(cpu, 0);
  stepByNewFlags(cpu, s[FLAGS]);
  setRip(cpu, s[LSTAR], s[LSTAR + 1]);
};

/** Bits of RFLAGS that SYSRET takes from R11. */
const SYSRET_FLAGS = 0x3c_7fd7;

/** Only the 64-bit form: without REX.W the return would be to compatibility mode, which is not supported. */
const sysret: Handler = (cpu, i) => {
  const s = cpu.i32;
  if ((s[EFER] & EFER_SCE) === 0) raise(cpu, INVALID_OPCODE);
  requireSupervisor(cpu);
  if (i.operandSize !== 8 || (s[RCX + 1] << 16) >> 16 !== s[RCX + 1])
    raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  writeFlags(cpu, s[R11] & SYSRET_FLAGS & ~RF);
  const selector = s[STAR + 1] >>> 16;
  setFlatCode(cpu, ((selector + 16) & 0xffff) | 3, 3);
  setFlatData(cpu, SS, ((selector + 8) & 0xffff) | 3, 3);
  setPrivilege(cpu, 3);
  stepByNewFlags(cpu, s[FLAGS]);
  s[LEAVE_BLOCK] = 1;
  setRip(cpu, s[RCX], s[RCX + 1]);
};

const swapgs: Handler = (cpu) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  for (const half of [0, 1]) {
    const base = s[GS_BASE + half];
    s[GS_BASE + half] = s[KERNEL_GS_BASE + half];
    s[KERNEL_GS_BASE + half] = base;
  }
};

const hlt: Handler = (cpu) => {
  requireSupervisor(cpu);
  cpu.i32[HALTED] = 1;
};

const invlpg: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const low = effectiveAddress(cpu, i);
  flushPage(cpu.i32, low, cpu.i32[HIGH]);
};
/** Caches are not modelled: WBINVD, INVD. */
const supervisorNop: Handler = (cpu) => requireSupervisor(cpu);

// Time

function requireTimeStamp(cpu: Cpu): void {
  if ((cpu.i32[CR4] & CR4_TSD) !== 0 && cpu.i32[CPL] !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}
const rdtsc: Handler = (cpu) => {
  requireTimeStamp(cpu);
  const low = readTimeStamp(cpu);
  const high = cpu.i32[HIGH];
  writeRegister(cpu, RAX, 4, low, 0);
  writeRegister(cpu, RDX, 4, high, 0);
};
const rdtscp: Handler = (cpu, i) => {
  rdtsc(cpu, i);
  writeRegister(cpu, RCX, 4, cpu.i32[TSC_AUX], 0);
};

/** 0F 01 with a register operand: each ModRM byte is an instruction of its own. */
const group7Register = (i: Instruction): Handler | undefined => {
  const modrm = 0xc0 | ((i.regNumber & 7) << 3) | (i.rmNumber & 7);
  return modrm === 0xf8 ? swapgs : modrm === 0xf9 ? rdtscp : undefined;
};

const plain = { endsBlock: 'plain' } as const;
const branch = { endsBlock: 'branch' } as const;

export const SYSTEM_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f05, ...branch, handler: always(syscall) },
  { opcode: 0x0f07, ...branch, handler: always(sysret) },
  { opcode: 0xcc, ...branch, handler: always(softwareInterrupt(3)) },
  { opcode: 0xf1, ...branch, handler: always(int1) },
  { opcode: 0xcd, ...branch, immediate: 'byte', handler: always(interruptImmediate) },
  { opcode: 0xcf, ...branch, handler: always(iret) },
  { opcode: 0xf4, ...plain, handler: always(hlt) },
  { opcode: 0x0f08, handler: always(supervisorNop) },
  { opcode: 0x0f09, handler: always(supervisorNop) },
  { opcode: 0x0f01, extension: 7, only: 'memory', ...plain, handler: always(invlpg) },
  { opcode: 0x0f01, extension: 7, only: 'register', handler: group7Register },
  { opcode: 0x0f30, ...plain, handler: always(wrmsr) },
  { opcode: 0x0f32, handler: always(rdmsr) },
  { opcode: 0x0f31, handler: always(rdtsc) },
  { opcode: 0x0fa2, handler: always(cpuid) },
];
