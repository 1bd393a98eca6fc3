/** Beginning to run code in another segment: what far transfers, returns, and the delivery of interrupts have in common. */
import type { Cpu } from './cpu.ts';
import { DESCRIPTOR_CONFORMING, DESCRIPTOR_PRESENT, privilegeOf } from './descriptor.ts';
import { GENERAL_PROTECTION, raiseWithCode, SEGMENT_NOT_PRESENT } from './fault.ts';
import { setPrivilege } from './privilege.ts';
import {
  type Descriptor,
  dropPrivilegedSegments,
  isLongCode,
  isNull,
  markAccessed,
  readCodeSegment,
  readStackSegment,
  setCodeSegment,
  setRealSegment,
  setSegment,
  setSegmentFromDescriptor,
} from './segments.ts';
import { CPL, CS, RIP, RSP, SS } from './state.ts';

/** Where a transfer leads. */
export interface Target {
  readonly selector: number;
  readonly low: number;
  readonly high: number;
}

/** Loads CS and RIP. */
export function enterCode(cpu: Cpu, selector: number, d: Descriptor, low: number, high: number): void {
  const isLong = isLongCode(cpu, d);
  markAccessed(cpu, d);
  setCodeSegment(cpu, selector, d);
  cpu.i32[RIP] = low;
  cpu.i32[RIP + 1] = isLong ? high : 0;
}

export function enterRealCode(cpu: Cpu, selector: number, offset: number): void {
  setRealSegment(cpu, CS, selector);
  cpu.i32[RIP] = offset;
  cpu.i32[RIP + 1] = 0;
}

export function requirePresent(cpu: Cpu, upper: number, selector: number, external = 0): void {
  if ((upper & DESCRIPTOR_PRESENT) === 0)
    raiseWithCode(cpu, SEGMENT_NOT_PRESENT, (selector & 0xfffc) | external);
}

export const isConforming = (d: Descriptor): boolean => (d.upper & DESCRIPTOR_CONFORMING) !== 0;

/** Reads the code segment of a far return or IRET: at the level of the selector, which is not an inner one. */
export function readReturnCode(cpu: Cpu, selector: number): Descriptor {
  const code = readCodeSegment(cpu, selector);
  const newLevel = selector & 3;
  const isAllowed =
    newLevel >= cpu.i32[CPL] &&
    (isConforming(code) ? privilegeOf(code.upper) <= newLevel : privilegeOf(code.upper) === newLevel);
  if (!isAllowed) raiseWithCode(cpu, GENERAL_PROTECTION, selector & 0xfffc);
  requirePresent(cpu, code.upper, selector);
  return code;
}

/**
 * Checks the SS of a return to `level` with its code segment; undefined if it is null, which 64-bit code below privilege
 * level 3 may have.
 */
export function checkReturnStack(
  cpu: Cpu,
  ss: number,
  level: number,
  code: Descriptor,
): Descriptor | undefined {
  if (!isNull(ss)) return readStackSegment(cpu, ss, level, GENERAL_PROTECTION);
  if (level === 3 || (ss & 3) !== level || !isLongCode(cpu, code)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  return undefined;
}

/** Loads CS:RIP and SS:RSP, and forgets segments that the level they lead to may not use. */
export function returnToOuter(
  cpu: Cpu,
  { selector, low, high }: Target,
  code: Descriptor,
  ss: number,
  stack: Descriptor | undefined,
  rsp: number,
  rspHigh: number,
): void {
  const s = cpu.i32;
  const level = s[CPL];
  enterCode(cpu, selector, code, low, high);
  if (stack === undefined) setSegment(cpu, SS, ss, 0, 0, 0, 0);
  else {
    markAccessed(cpu, stack);
    setSegmentFromDescriptor(cpu, SS, ss, stack);
  }
  if (cpu.mode.stackSize === 2) cpu.u16[RSP * 2] = rsp;
  else {
    s[RSP] = rsp;
    s[RSP + 1] = cpu.mode.stackSize === 8 ? rspHigh : 0;
  }
  setPrivilege(cpu, selector & 3);
  if ((selector & 3) > level) dropPrivilegedSegments(cpu, selector & 3);
}
