/** Raising exceptions out of a handler. Delivery through the IDT is interrupts.ts. */
import type { Cpu } from './cpu.ts';
import { CR2, FAULT_ERROR, FAULT_VECTOR } from './state.ts';

export const DIVIDE_ERROR = 0;
export const DEBUG = 1;
export const NMI = 2;
export const BREAKPOINT = 3;
export const BOUND_RANGE = 5;
export const INVALID_OPCODE = 6;
export const DEVICE_NOT_AVAILABLE = 7;
export const DOUBLE_FAULT = 8;
export const INVALID_TSS = 10;
export const SEGMENT_NOT_PRESENT = 11;
export const STACK_FAULT = 12;
export const GENERAL_PROTECTION = 13;
export const PAGE_FAULT = 14;
/** #MF: an unmasked x87 exception. */
export const FPU_FAULT = 16;
export const ALIGNMENT_CHECK = 17;
export const SIMD_FAULT = 19;

/** Thrown by `raise`; vector and error code are in the CPU state. One object, so that raising allocates nothing. */
export const FAULT = Object.freeze({ name: 'guest fault' });

/** Thrown in place of the delivery of an exception or software interrupt, likewise, if the machine stops at them. */
export const EXCEPTION_STOP = Object.freeze({ name: 'guest exception' });

/** Raises an exception of the fault class without an error code. */
export function raise(cpu: Cpu, vector: number): never {
  cpu.i32[FAULT_VECTOR] = vector;
  cpu.i32[FAULT_ERROR] = -1;
  throw FAULT;
}

/** Raises an exception of the fault class with an error code. */
export function raiseWithCode(cpu: Cpu, vector: number, errorCode: number): never {
  cpu.i32[FAULT_VECTOR] = vector;
  cpu.i32[FAULT_ERROR] = errorCode;
  throw FAULT;
}

/** Raises #PF for a linear address. */
export function raisePageFault(cpu: Cpu, low: number, high: number, errorCode: number): never {
  cpu.i32[CR2] = low;
  cpu.i32[CR2 + 1] = high;
  raiseWithCode(cpu, PAGE_FAULT, errorCode);
}
