/** Privilege level and what follows from it: which TLBs are in use. */
import {
  SUPERVISOR_EXECUTE,
  SUPERVISOR_READ,
  SUPERVISOR_WRITE,
  USER_EXECUTE,
  USER_READ,
  USER_WRITE,
} from '../mmu/tlb.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import { CPL } from './state.ts';

export function setPrivilege(cpu: Cpu, level: number): void {
  cpu.i32[CPL] = level;
  useTlbs(cpu, level === 3);
}

function useTlbs(cpu: Cpu, user: boolean): void {
  cpu.readTlb = user ? USER_READ : SUPERVISOR_READ;
  cpu.writeTlb = user ? USER_WRITE : SUPERVISOR_WRITE;
  cpu.executeTlb = user ? USER_EXECUTE : SUPERVISOR_EXECUTE;
}

/** Runs `access` with supervisor rights, as the processor reads descriptor tables at any privilege level. */
export function asSupervisor<T>(cpu: Cpu, access: () => T): T {
  if (cpu.i32[CPL] !== 3) return access();
  useTlbs(cpu, false);
  try {
    return access();
  } finally {
    useTlbs(cpu, true);
  }
}

/** Raises #GP(0) outside of privilege level 0. */
export function requireSupervisor(cpu: Cpu): void {
  if (cpu.i32[CPL] !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}
