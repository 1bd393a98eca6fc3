/** SYSCALL, SYSRET, SYSENTER, SYSEXIT (Intel SDM volume 2): flat segments by selector, without a look at their descriptors. */

import { isCanonical } from '../mmu/page-walk.ts';
import { isIa32e } from './code-mode.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from './fault.ts';
import { IF, RF, readFlags, TF, VM, writeFlags } from './flags.ts';
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { requireSupervisor, setPrivilege } from './privilege.ts';
import { setFlatCode, setFlatData } from './segments.ts';
import {
  DEBUG_TRAP,
  DR6_STEP,
  EFER,
  EFER_SCE,
  FLAGS,
  LEAVE_BLOCK,
  LSTAR,
  R11,
  RCX,
  RDX,
  RIP,
  RSP,
  SFMASK,
  SS,
  STAR,
  SYSENTER_CS,
  SYSENTER_EIP,
  SYSENTER_ESP,
} from './state.ts';
import { reporting, WATCH_SYSTEM_CALL } from './watches.ts';

function setWord(cpu: Cpu, register: number, low: number, high: number): void {
  cpu.i32[register] = low;
  cpu.i32[register + 1] = high;
}

/** SYSCALL and SYSRET trap by TF as they leave it, not as they find it. */
function stepByNewFlags(cpu: Cpu): void {
  const s = cpu.i32;
  s[DEBUG_TRAP] = (s[DEBUG_TRAP] & ~DR6_STEP) | ((s[FLAGS] & TF) !== 0 ? DR6_STEP : 0);
}

const syscall: Handler = (cpu, i) => {
  const s = cpu.i32;
  if ((s[EFER] & EFER_SCE) === 0) raise(cpu, INVALID_OPCODE);
  const flags = readFlags(cpu) & ~RF;
  setWord(cpu, RCX, i.nextLow, i.nextHigh);
  setWord(cpu, R11, flags, 0);
  writeFlags(cpu, flags & ~s[SFMASK] & ~VM);
  const selector = s[STAR + 1] & 0xfffc;
  setFlatCode(cpu, selector, 0);
  setFlatData(cpu, SS, selector + 8, 0);
  setPrivilege(cpu, 0);
  stepByNewFlags(cpu);
  setWord(cpu, RIP, s[LSTAR], s[LSTAR + 1]);
};

/** Bits of RFLAGS that SYSRET takes from R11. */
const SYSRET_FLAGS = 0x3c_7fd7;

/** With REX.W to 64-bit code, else to compatibility mode. */
const sysret: Handler = (cpu, i) => {
  const s = cpu.i32;
  if ((s[EFER] & EFER_SCE) === 0) raise(cpu, INVALID_OPCODE);
  requireSupervisor(cpu);
  const isLong = i.operandSize === 8;
  if (isLong && !isCanonical(s[RCX + 1])) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  writeFlags(cpu, s[R11] & SYSRET_FLAGS);
  const selector = s[STAR + 1] >>> 16;
  setFlatCode(cpu, ((selector + (isLong ? 16 : 0)) & 0xffff) | 3, 3, isLong ? 64 : 32);
  setFlatData(cpu, SS, ((selector + 8) & 0xffff) | 3, 3);
  setPrivilege(cpu, 3);
  stepByNewFlags(cpu);
  s[LEAVE_BLOCK] = 1;
  setWord(cpu, RIP, s[RCX], isLong ? s[RCX + 1] : 0);
};

/** The selector from which SYSENTER and SYSEXIT count; #GP if it is null. */
function sysenterSelector(cpu: Cpu): number {
  const selector = cpu.i32[SYSENTER_CS] & 0xfffc;
  if (selector === 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  return selector;
}

/** To 64-bit code in IA-32e mode, else to 32-bit code. */
const sysenter: Handler = (cpu) => {
  const s = cpu.i32;
  const isLong = isIa32e(cpu);
  const selector = sysenterSelector(cpu);
  writeFlags(cpu, readFlags(cpu) & ~(IF | VM | RF));
  setFlatCode(cpu, selector, 0, isLong ? 64 : 32);
  setFlatData(cpu, SS, (selector + 8) & 0xffff, 0);
  setPrivilege(cpu, 0);
  setWord(cpu, RSP, s[SYSENTER_ESP], isLong ? s[SYSENTER_ESP + 1] : 0);
  setWord(cpu, RIP, s[SYSENTER_EIP], isLong ? s[SYSENTER_EIP + 1] : 0);
};

/** As SYSRET, but to 32-bit code from outside of IA-32e mode too. */
const sysexit: Handler = (cpu, i) => {
  const s = cpu.i32;
  const selector = sysenterSelector(cpu);
  requireSupervisor(cpu);
  const isLong = i.operandSize === 8;
  if (isLong && !(isCanonical(s[RCX + 1]) && isCanonical(s[RDX + 1]))) {
    raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  }
  const code = selector + (isLong ? 32 : 16);
  setFlatCode(cpu, (code & 0xffff) | 3, 3, isLong ? 64 : 32);
  setFlatData(cpu, SS, ((code + 8) & 0xffff) | 3, 3);
  setPrivilege(cpu, 3);
  s[LEAVE_BLOCK] = 1;
  setWord(cpu, RSP, s[RCX], isLong ? s[RCX + 1] : 0);
  setWord(cpu, RIP, s[RDX], isLong ? s[RDX + 1] : 0);
};

const branch = { endsBlock: 'branch' } as const;

export const FAST_SYSTEM_CALL_OPCODES: readonly Opcode[] = [
  {
    opcode: 0x0f05,
    mode: 'long',
    ...branch,
    handler: always(reporting(WATCH_SYSTEM_CALL, syscall, (cpu) => cpu.watches.syscall(cpu, 'syscall'))),
  },
  {
    opcode: 0x0f07,
    mode: 'long',
    ...branch,
    handler: always(reporting(WATCH_SYSTEM_CALL, sysret, (cpu) => cpu.watches.sysret(cpu, 'sysret'))),
  },
  {
    opcode: 0x0f34,
    mode: 'protected',
    ...branch,
    handler: always(reporting(WATCH_SYSTEM_CALL, sysenter, (cpu) => cpu.watches.syscall(cpu, 'sysenter'))),
  },
  {
    opcode: 0x0f35,
    mode: 'protected',
    ...branch,
    handler: always(reporting(WATCH_SYSTEM_CALL, sysexit, (cpu) => cpu.watches.sysret(cpu, 'sysexit'))),
  },
];
