/** SYSCALL, SYSRET, SYSENTER, SYSEXIT (Intel SDM volume 2): flat segments by selector, without a look at their descriptors. */
import { isCanonical } from '../mmu/page-walk.ts';
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

/** Only the 64-bit form: without REX.W the return would be to compatibility mode, which is not supported. */
const sysret: Handler = (cpu, i) => {
  const s = cpu.i32;
  if ((s[EFER] & EFER_SCE) === 0) raise(cpu, INVALID_OPCODE);
  requireSupervisor(cpu);
  if (i.operandSize !== 8 || !isCanonical(s[RCX + 1])) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  writeFlags(cpu, s[R11] & SYSRET_FLAGS);
  const selector = s[STAR + 1] >>> 16;
  setFlatCode(cpu, ((selector + 16) & 0xffff) | 3, 3);
  setFlatData(cpu, SS, ((selector + 8) & 0xffff) | 3, 3);
  setPrivilege(cpu, 3);
  stepByNewFlags(cpu);
  s[LEAVE_BLOCK] = 1;
  setWord(cpu, RIP, s[RCX], s[RCX + 1]);
};

/** The selector from which SYSENTER and SYSEXIT count; #GP if it is null. */
function sysenterSelector(cpu: Cpu): number {
  const selector = cpu.i32[SYSENTER_CS] & 0xfffc;
  if (selector === 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  return selector;
}

const sysenter: Handler = (cpu) => {
  const s = cpu.i32;
  const selector = sysenterSelector(cpu);
  writeFlags(cpu, readFlags(cpu) & ~(IF | VM | RF));
  setFlatCode(cpu, selector, 0);
  setFlatData(cpu, SS, (selector + 8) & 0xffff, 0);
  setPrivilege(cpu, 0);
  setWord(cpu, RSP, s[SYSENTER_ESP], s[SYSENTER_ESP + 1]);
  setWord(cpu, RIP, s[SYSENTER_EIP], s[SYSENTER_EIP + 1]);
};

/** Only to 64-bit code, as SYSRET. */
const sysexit: Handler = (cpu, i) => {
  const s = cpu.i32;
  const selector = sysenterSelector(cpu);
  requireSupervisor(cpu);
  const isValid = i.operandSize === 8 && isCanonical(s[RCX + 1]) && isCanonical(s[RDX + 1]);
  if (!isValid) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  setFlatCode(cpu, ((selector + 32) & 0xffff) | 3, 3);
  setFlatData(cpu, SS, ((selector + 40) & 0xffff) | 3, 3);
  setPrivilege(cpu, 3);
  s[LEAVE_BLOCK] = 1;
  setWord(cpu, RSP, s[RCX], s[RCX + 1]);
  setWord(cpu, RIP, s[RDX], s[RDX + 1]);
};

const branch = { endsBlock: 'branch' } as const;

export const FAST_SYSTEM_CALL_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f05, ...branch, handler: always(syscall) },
  { opcode: 0x0f07, ...branch, handler: always(sysret) },
  { opcode: 0x0f34, ...branch, handler: always(sysenter) },
  { opcode: 0x0f35, ...branch, handler: always(sysexit) },
];
