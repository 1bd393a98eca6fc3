import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode, SEGMENT_NOT_PRESENT } from './fault.ts';
import type { Handler, Instruction } from './instruction.ts';
import { checkReturnStack } from './interrupts.ts';
import { checkWrite, effectiveAddress, load16 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { load, store } from './operands.ts';
import { setPrivilege } from './privilege.ts';
import {
  DESCRIPTOR_CONFORMING,
  DESCRIPTOR_PRESENT,
  dropPrivilegedSegments,
  markAccessed,
  privilegeOf,
  readLongCodeSegment,
  setSegment,
  setSegmentFromDescriptor,
} from './segments.ts';
import { CPL, CS, HIGH, RIP, RSP, SEGMENT_SELECTOR, SS, segment } from './state.ts';

const setRip = (cpu: Cpu, low: number, high: number): void => {
  cpu.i32[RIP] = low;
  cpu.i32[RIP + 1] = high;
};

// Far transfers within 64-bit mode. Call gates are not supported: #GP.

/** Loads CS and RIP for a far jump, call or return to the same privilege level. */
function farTransfer(cpu: Cpu, selector: number, low: number, high: number, beforeCommit: () => void): void {
  const d = readLongCodeSegment(cpu, selector);
  const level = cpu.i32[CPL];
  const code = selector & 0xfffc;
  const conforming = (d.upper & DESCRIPTOR_CONFORMING) !== 0;
  const allowed = conforming
    ? privilegeOf(d.upper) <= level
    : (selector & 3) <= level && privilegeOf(d.upper) === level;
  if (!allowed) raiseWithCode(cpu, GENERAL_PROTECTION, code);
  if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, code);
  if ((high << 16) >> 16 !== high) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  markAccessed(cpu, d);
  beforeCommit();
  setSegmentFromDescriptor(cpu, CS, code | level, d);
  setRip(cpu, low, high);
}
function farPointer(cpu: Cpu, i: Instruction): { selector: number; low: number; high: number } {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  const second = (address + i.operandSize) | 0;
  const selector = load16(cpu, second, addressHigh + (second >>> 0 < 8 ? 1 : 0));
  const low = load(cpu, address, addressHigh, i.operandSize);
  const mask = i.operandSize === 2 ? 0xffff : -1;
  return { selector, low: low & mask, high: i.operandSize === 8 ? s[HIGH] : 0 };
}
const farJump: Handler = (cpu, i) => {
  const { selector, low, high } = farPointer(cpu, i);
  farTransfer(cpu, selector, low, high, () => {});
};
const farCall: Handler = (cpu, i) => {
  const s = cpu.i32;
  const { selector, low, high } = farPointer(cpu, i);
  const size = i.operandSize;
  farTransfer(cpu, selector, low, high, () => {
    const rsp = (s[RSP] - 2 * size) | 0;
    const rspHigh = s[RSP + 1] - (s[RSP] >>> 0 < 2 * size ? 1 : 0);
    checkWrite(cpu, rsp, rspHigh, 2 * size);
    const cs = s[segment(CS) + SEGMENT_SELECTOR];
    const second = (rsp + size) | 0;
    store(cpu, rsp, rspHigh, size, i.nextLow, i.nextHigh);
    store(cpu, second, rspHigh + (second >>> 0 < size ? 1 : 0), size, cs, 0);
    s[RSP] = rsp;
    s[RSP + 1] = rspHigh;
  });
};
const farReturn: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const mask = size === 2 ? 0xffff : -1;
  const word = (offset: number): number => {
    const low = (s[RSP] + offset) | 0;
    const value = load(cpu, low, s[RSP + 1] + (low >>> 0 < s[RSP] >>> 0 ? 1 : 0), size);
    if (size !== 8) s[HIGH] = 0;
    return value & mask;
  };
  const rip = word(0);
  const ripHigh = s[HIGH];
  const selector = word(size) & 0xffff;
  const level = s[CPL];
  const released = i.immediateLow & 0xffff;
  const newLevel = selector & 3;
  if (newLevel === level) {
    farTransfer(cpu, selector, rip, ripHigh, () => {
      const rsp = (s[RSP] + 2 * size + released) | 0;
      if (rsp >>> 0 < s[RSP] >>> 0) s[RSP + 1]++;
      s[RSP] = rsp;
    });
    return;
  }
  // To an outer level: the stack is restored too.
  const code = readLongCodeSegment(cpu, selector);
  const error = selector & 0xfffc;
  const conforming = (code.upper & DESCRIPTOR_CONFORMING) !== 0;
  if (
    newLevel < level ||
    (conforming ? privilegeOf(code.upper) > newLevel : privilegeOf(code.upper) !== newLevel)
  ) {
    raiseWithCode(cpu, GENERAL_PROTECTION, error);
  }
  if ((code.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, error);
  const rsp = word(2 * size + released);
  const rspHigh = s[HIGH];
  const ss = word(3 * size + released) & 0xffff;
  const stack = checkReturnStack(cpu, ss, newLevel);
  if ((ripHigh << 16) >> 16 !== ripHigh) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  markAccessed(cpu, code);
  setSegmentFromDescriptor(cpu, CS, selector, code);
  if (stack === undefined) setSegment(cpu, SS, ss, 0, 0, 0, 0);
  else setSegmentFromDescriptor(cpu, SS, ss, stack);
  const low = (rsp + released) | 0;
  s[RSP] = low;
  s[RSP + 1] = rspHigh + (low >>> 0 < released ? 1 : 0);
  setRip(cpu, rip, ripHigh);
  setPrivilege(cpu, newLevel);
  dropPrivilegedSegments(cpu, newLevel);
};

const branch = { endsBlock: 'branch' } as const;

export const FAR_TRANSFER_OPCODES: readonly Opcode[] = [
  { opcode: 0xff, extension: 3, only: 'memory', ...branch, handler: always(farCall) },
  { opcode: 0xff, extension: 5, only: 'memory', ...branch, handler: always(farJump) },
  { opcode: 0xca, immediate: 'word', ...branch, handler: always(farReturn) },
  { opcode: 0xcb, ...branch, handler: always(farReturn) },
];
