/** JMP, CALL and RET between segments, privilege levels and modes; call gates (Intel SDM volume 3, chapter 6.8). */

import {
  checkReturnStack,
  enterCode,
  enterRealCode,
  isConforming,
  readReturnCode,
  requirePresent,
  returnToOuter,
  type Target,
} from './code-entry.ts';
import { isIa32e } from './code-mode.ts';
import { checkLegacyTarget } from './control-flow.ts';
import type { Cpu } from './cpu.ts';
import {
  CALL_GATE_16,
  CALL_GATE_32,
  DESCRIPTOR_NON_SYSTEM,
  privilegeOf,
  systemTypeOf,
} from './descriptor.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import type { Handler, Instruction } from './instruction.ts';
import { effectiveAddress, highBehind, load16, load32 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { load } from './operands.ts';
import {
  checkEntry,
  type Descriptor,
  isCodeSegment,
  isLongCode,
  isNull,
  readCodeSegment,
  readDescriptor,
} from './segments.ts';
import { moveStackPointer, stackAddress } from './stack.ts';
import { CPL, CS, HIGH, RSP, SEGMENT_SELECTOR, SS, segment } from './state.ts';
import { currentStack, type Stack, stackOfLevel, useStack } from './task-state.ts';

/** Code of the same privilege level, which a jump, call or return reaches directly. */
function checkSameLevel(cpu: Cpu, selector: number, d: Descriptor): void {
  const level = cpu.i32[CPL];
  const isAllowed = isConforming(d)
    ? privilegeOf(d.upper) <= level
    : (selector & 3) <= level && privilegeOf(d.upper) === level;
  if (!isAllowed) raiseWithCode(cpu, GENERAL_PROTECTION, selector & 0xfffc);
  requirePresent(cpu, d.upper, selector);
}

/** The far pointer of the instruction: immediate or in memory. */
function farPointer(cpu: Cpu, i: Instruction): Target {
  if (!i.isMemory) return { selector: i.immediateHigh, low: i.immediateLow, high: 0 };
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  const second = (address + i.operandSize) | 0;
  const low = load(cpu, address, addressHigh, i.operandSize) & (i.operandSize === 2 ? 0xffff : -1);
  const high = i.operandSize === 8 ? s[HIGH] : 0;
  const selector = load16(cpu, second, highBehind(i, second, addressHigh, i.operandSize));
  return { selector, low, high };
}

interface Gate {
  readonly target: Target;
  /** Bytes of what is pushed. */
  readonly size: number;
  readonly parameters: number;
}

/** Reads a call gate. Task gates and task state segments would switch tasks, which is not supported: #GP. */
function readGate(cpu: Cpu, selector: number, d: Descriptor): Gate {
  const error = selector & 0xfffc;
  const type = systemTypeOf(d.upper);
  const isWide = isIa32e(cpu);
  if (type !== CALL_GATE_32 && (type !== CALL_GATE_16 || isWide))
    raiseWithCode(cpu, GENERAL_PROTECTION, error);
  if (privilegeOf(d.upper) < Math.max(cpu.i32[CPL], selector & 3)) {
    raiseWithCode(cpu, GENERAL_PROTECTION, error);
  }
  const offset = (d.lower & 0xffff) | (d.upper & 0xffff_0000);
  let high = 0;
  if (isWide) {
    // The second half of the gate lies in the next entry of its table.
    const second = readDescriptor(cpu, selector + 8, GENERAL_PROTECTION);
    if ((second.upper & 0x1f00) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, error);
    high = second.lower;
  }
  requirePresent(cpu, d.upper, selector);
  const target = { selector: d.lower >>> 16, low: type === CALL_GATE_16 ? offset & 0xffff : offset, high };
  return {
    target,
    size: isWide ? 8 : type === CALL_GATE_16 ? 2 : 4,
    parameters: isWide ? 0 : d.upper & 31,
  };
}

/** Code that a gate leads to, at the same or an inner privilege level. */
function readGateCode(cpu: Cpu, { selector }: Target): Descriptor {
  const d = readCodeSegment(cpu, selector);
  const isTooOuter = privilegeOf(d.upper) > cpu.i32[CPL];
  if (isTooOuter || (isIa32e(cpu) && !isLongCode(cpu, d))) {
    raiseWithCode(cpu, GENERAL_PROTECTION, selector & 0xfffc);
  }
  requirePresent(cpu, d.upper, selector);
  return d;
}

const farJump: Handler = (cpu, i) => {
  const pointer = farPointer(cpu, i);
  if (cpu.mode.isReal) {
    checkLegacyTarget(cpu, pointer.low);
    enterRealCode(cpu, pointer.selector, pointer.low);
    return;
  }
  const level = cpu.i32[CPL];
  if (isNull(pointer.selector)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const d = readDescriptor(cpu, pointer.selector, GENERAL_PROTECTION);
  if (isSegment(cpu, pointer.selector, d)) {
    checkSameLevel(cpu, pointer.selector, d);
    enterChecked(cpu, (pointer.selector & 0xfffc) | level, d, pointer);
    return;
  }
  const { target } = readGate(cpu, pointer.selector, d);
  const code = readGateCode(cpu, target);
  if (!isConforming(code) && privilegeOf(code.upper) !== level) {
    raiseWithCode(cpu, GENERAL_PROTECTION, target.selector & 0xfffc);
  }
  enterChecked(cpu, (target.selector & 0xfffc) | level, code, target);
};

/** True for code, false for a gate or a task; a data segment raises #GP. */
function isSegment(cpu: Cpu, selector: number, d: Descriptor): boolean {
  if ((d.upper & DESCRIPTOR_NON_SYSTEM) === 0) return false;
  if (!isCodeSegment(cpu, d)) raiseWithCode(cpu, GENERAL_PROTECTION, selector & 0xfffc);
  return true;
}

function enterChecked(cpu: Cpu, selector: number, d: Descriptor, { low, high }: Target): void {
  checkEntry(cpu, d, low, high);
  enterCode(cpu, selector, d, low, high);
}

const farCall: Handler = (cpu, i) => {
  const s = cpu.i32;
  const pointer = farPointer(cpu, i);
  const cs = s[segment(CS) + SEGMENT_SELECTOR];
  const level = s[CPL];
  if (cpu.mode.isReal) {
    checkLegacyTarget(cpu, pointer.low);
    useStack(cpu, currentStack(cpu), level, i.operandSize, 0, (push) => {
      push(cs, 0);
      push(i.nextLow, 0);
    });
    enterRealCode(cpu, pointer.selector, pointer.low);
    return;
  }
  if (isNull(pointer.selector)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const d = readDescriptor(cpu, pointer.selector, GENERAL_PROTECTION);
  if (isSegment(cpu, pointer.selector, d)) {
    checkSameLevel(cpu, pointer.selector, d);
    const current = currentStack(cpu);
    // A call from compatibility mode to 64-bit mode pushes without regard to SS, at ESP.
    const high = cpu.mode.bits === 64 ? current.high : 0;
    const stack = isLongCode(cpu, d) ? { ...current, high, pointerSize: 8 } : current;
    useStack(cpu, stack, level, i.operandSize, 0, (push) => {
      push(cs, 0);
      push(i.nextLow, i.nextHigh);
      // Intel's processors have written the return address by then.
      checkEntry(cpu, d, pointer.low, pointer.high);
    });
    enterCode(cpu, (pointer.selector & 0xfffc) | level, d, pointer.low, pointer.high);
    return;
  }
  callThroughGate(cpu, i, readGate(cpu, pointer.selector, d), cs);
};

function callThroughGate(cpu: Cpu, i: Instruction, { target, size, parameters }: Gate, cs: number): void {
  const s = cpu.i32;
  const code = readGateCode(cpu, target);
  const level = s[CPL];
  const newLevel = isConforming(code) ? level : privilegeOf(code.upper);
  const isInner = newLevel < level;
  let stack: Stack;
  if (isInner) stack = stackOfLevel(cpu, newLevel, 0);
  else if (isIa32e(cpu)) stack = { ...currentStack(cpu), pointerSize: 8 };
  else stack = currentStack(cpu);
  checkEntry(cpu, code, target.low, target.high);
  const [rsp, rspHigh, ss] = [s[RSP], s[RSP + 1], s[segment(SS) + SEGMENT_SELECTOR]];
  // Parameters are copied from the caller's stack; the last one pushed is at its top.
  const copied = isInner
    ? Array.from({ length: parameters }, (_, n) => {
        const address = stackAddress(s, i.stackSize, (parameters - 1 - n) * size);
        return size === 4 ? load32(cpu, address, s[HIGH]) : load16(cpu, address, s[HIGH]);
      })
    : [];
  useStack(cpu, stack, newLevel, size, 0, (push) => {
    if (isInner) {
      push(ss, 0);
      push(rsp, rspHigh);
    }
    for (const parameter of copied) push(parameter, 0);
    push(cs, 0);
    push(i.nextLow, i.nextHigh);
  });
  enterCode(cpu, (target.selector & 0xfffc) | newLevel, code, target.low, target.high);
}

const farReturn: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const mask = size === 2 ? 0xffff : -1;
  const word = (offset: number): number => {
    const address = stackAddress(s, i.stackSize, offset);
    const value = load(cpu, address, s[HIGH], size);
    if (size !== 8) s[HIGH] = 0;
    return value & mask;
  };
  const selectorAt = (offset: number): number => {
    const address = stackAddress(s, i.stackSize, offset);
    return load16(cpu, address, s[HIGH]);
  };
  // The selector is read first, and no more than its 16 bits, as Intel's processors do: page faults tell.
  const selector = selectorAt(size);
  const rip = word(0);
  const ripHigh = s[HIGH];
  const released = i.immediateLow & 0xffff;
  if (cpu.mode.isReal) {
    checkLegacyTarget(cpu, rip);
    enterRealCode(cpu, selector, rip);
    moveStackPointer(cpu, i.stackSize, 2 * size + released);
    return;
  }
  const level = s[CPL];
  const newLevel = selector & 3;
  const code = readReturnCode(cpu, selector);
  if (newLevel === level) {
    checkEntry(cpu, code, rip, ripHigh);
    enterCode(cpu, selector, code, rip, ripHigh);
    moveStackPointer(cpu, i.stackSize, 2 * size + released);
    return;
  }
  const rsp = word(2 * size + released);
  const rspHigh = s[HIGH];
  const ss = selectorAt(3 * size + released);
  const stack = checkReturnStack(cpu, ss, newLevel, code);
  checkEntry(cpu, code, rip, ripHigh);
  returnToOuter(cpu, { selector, low: rip, high: ripHigh }, code, ss, stack, rsp, rspHigh);
  moveStackPointer(cpu, cpu.mode.stackSize, released);
};

const branch = { endsBlock: 'branch' } as const;

export const FAR_TRANSFER_OPCODES: readonly Opcode[] = [
  { opcode: 0xff, extension: 3, only: 'memory', ...branch, handler: always(farCall) },
  { opcode: 0xff, extension: 5, only: 'memory', ...branch, handler: always(farJump) },
  { opcode: 0x9a, mode: 'legacy', immediate: 'far', ...branch, handler: always(farCall) },
  { opcode: 0xea, mode: 'legacy', immediate: 'far', ...branch, handler: always(farJump) },
  { opcode: 0xca, immediate: 'word', ...branch, handler: always(farReturn) },
  { opcode: 0xcb, ...branch, handler: always(farReturn) },
];
