/** Privilege level and what follows from it and from EFLAGS.AC: which TLBs are in use. */
import {
  NO_HITS,
  OVERRIDE_READ,
  OVERRIDE_WRITE,
  SUPERVISOR_EXECUTE,
  SUPERVISOR_READ,
  SUPERVISOR_WRITE,
  USER_EXECUTE,
  USER_READ,
  USER_WRITE,
} from '../mmu/tlb.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import { AC } from './flags.ts';
import { CPL, CR0, CR0_AM, CR4, CR4_SMAP, CR4_UMIP, FLAGS } from './state.ts';

export function setPrivilege(cpu: Cpu, level: number): void {
  cpu.i32[CPL] = level;
  chooseTlbs(cpu);
}

/** To be called when CPL, EFLAGS.AC, CR0.AM or CR4.SMAP have changed. */
export function chooseTlbs(cpu: Cpu): void {
  const s = cpu.i32;
  const hasAc = (s[FLAGS] & AC) !== 0;
  if (s[CPL] === 3) {
    const checksAlignment = hasAc && (s[CR0] & CR0_AM) !== 0;
    cpu.readTlb = checksAlignment ? NO_HITS : USER_READ;
    cpu.writeTlb = checksAlignment ? NO_HITS : USER_WRITE;
    cpu.executeTlb = USER_EXECUTE;
  } else {
    const overrides = hasAc && (s[CR4] & CR4_SMAP) !== 0;
    cpu.readTlb = overrides ? OVERRIDE_READ : SUPERVISOR_READ;
    cpu.writeTlb = overrides ? OVERRIDE_WRITE : SUPERVISOR_WRITE;
    cpu.executeTlb = SUPERVISOR_EXECUTE;
  }
}

/** Runs `access` as the processor accesses descriptor tables and task state at any privilege level: with the supervisor's
 * rights, without regard to EFLAGS.AC. */
export function asSupervisor<T>(cpu: Cpu, access: () => T): T {
  if (cpu.readTlb === SUPERVISOR_READ) return access();
  cpu.readTlb = SUPERVISOR_READ;
  cpu.writeTlb = SUPERVISOR_WRITE;
  try {
    return access();
  } finally {
    chooseTlbs(cpu);
  }
}

/** SGDT, SIDT, SLDT, STR and SMSW belong to the supervisor where CR4.UMIP is set. */
export function requireUserModeInstructions(cpu: Cpu): void {
  if ((cpu.i32[CR4] & CR4_UMIP) !== 0) requireSupervisor(cpu);
}

/** Raises #GP(0) outside of privilege level 0. */
export function requireSupervisor(cpu: Cpu): void {
  if (cpu.i32[CPL] !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}
