/** HLT, CLAC, STAC, RDTSC, RDPID, RDPMC; rows of those whose meaning has a file of its own: INT, IRET, RDMSR, WRMSR, CPUID, SWAPGS. */
import type { Cpu } from './cpu.ts';
import { cpuid } from './cpuid.ts';
import { GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from './fault.ts';
import { AC } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { int1, interruptImmediate, iret, softwareInterrupt } from './interrupts.ts';
import { rdmsr, wrmsr } from './model-specific-registers.ts';
import { always, type Opcode } from './opcode.ts';
import { writeRegister } from './operands.ts';
import { chooseTlbs, requireSupervisor } from './privilege.ts';
import { swapgs } from './segment-bases.ts';
import { CPL, CR4, CR4_TSD, FLAGS, HALTED, HIGH, RAX, RCX, RDX, TSC_AUX } from './state.ts';
import { readTimeStamp } from './time.ts';

const hlt: Handler = (cpu) => {
  requireSupervisor(cpu);
  cpu.i32[HALTED] = 1;
};

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

/** Always 64 bits. */
const rdpid: Handler = (cpu, i) => writeRegister(cpu, i.rm, 8, cpu.i32[TSC_AUX], cpu.i32[TSC_AUX + 1]);

/** There is no counter that it could read (CPUID leaf 0xA). */
const rdpmc: Handler = (cpu) => raiseWithCode(cpu, GENERAL_PROTECTION, 0);

/** CLAC and STAC. */
const setAc =
  (value: number): Handler =>
  (cpu) => {
    if (cpu.i32[CPL] !== 0) raise(cpu, INVALID_OPCODE);
    cpu.i32[FLAGS] = (cpu.i32[FLAGS] & ~AC) | value;
    chooseTlbs(cpu);
  };

/** 0F 01 with a register operand: each ModRM byte is an instruction of its own. */
const byModrm =
  (handlers: Readonly<Record<number, Handler>>) =>
  (i: Instruction): Handler | undefined =>
    handlers[0xc0 | ((i.regNumber & 7) << 3) | (i.rmNumber & 7)];

const plain = { endsBlock: 'plain' } as const;
const branch = { endsBlock: 'branch' } as const;
const group7 = { opcode: 0x0f01, only: 'register' } as const;

export const SYSTEM_OPCODES: readonly Opcode[] = [
  { opcode: 0xcc, ...branch, handler: always(softwareInterrupt(3)) },
  { opcode: 0xf1, ...branch, handler: always(int1) },
  { opcode: 0xcd, ...branch, immediate: 'byte', handler: always(interruptImmediate) },
  { opcode: 0xcf, ...branch, handler: always(iret) },
  { opcode: 0xf4, ...plain, handler: always(hlt) },
  {
    ...group7,
    extension: 1,
    prefix: 0,
    feature: 'smap',
    handler: byModrm({ 202: setAc(0), 203: setAc(AC) }),
  },
  { ...group7, mode: 'long', extension: 7, handler: byModrm({ 248: swapgs, 249: rdtscp }) },
  { ...group7, mode: 'legacy', extension: 7, handler: byModrm({ 249: rdtscp }) },
  { opcode: 0x0f30, ...plain, handler: always(wrmsr) },
  { opcode: 0x0f32, handler: always(rdmsr) },
  { opcode: 0x0f31, handler: always(rdtsc) },
  // UD0, UD1: they have an operand, and no meaning.
  { opcode: 0x0fff, modrm: true, handler: () => undefined },
  { opcode: 0x0fb9, modrm: true, handler: () => undefined },
  { opcode: 0x0fc7, prefix: 0xf3, extension: 7, only: 'register', feature: 'rdpid', handler: always(rdpid) },
  { opcode: 0x0f33, handler: always(rdpmc) },
  { opcode: 0x0fa2, handler: always(cpuid) },
];
