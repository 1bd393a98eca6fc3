/** Delivery of interrupts and exceptions through the IDT, and IRET (Intel SDM volume 3, chapter 6). */

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
  DESCRIPTOR_PRESENT,
  INTERRUPT_GATE_16,
  INTERRUPT_GATE_32,
  privilegeOf,
  TRAP_GATE_16,
  TRAP_GATE_32,
} from './descriptor.ts';
import {
  DEBUG,
  DIVIDE_ERROR,
  DOUBLE_FAULT,
  EXCEPTION_STOP,
  FAULT,
  GENERAL_PROTECTION,
  INVALID_TSS,
  PAGE_FAULT,
  raiseWithCode,
  SEGMENT_NOT_PRESENT,
} from './fault.ts';
import { changeableFlags } from './flag-instructions.ts';
import {
  AC,
  ARITHMETIC_FLAGS,
  IF,
  NT,
  RF,
  readFlags,
  setArithmeticFlags,
  TF,
  VM,
  writeFlags,
} from './flags.ts';
import type { Handler } from './instruction.ts';
import { load32, load64 } from './memory-access.ts';
import { load } from './operands.ts';
import { asSupervisor, setPrivilege } from './privilege.ts';
import { checkEntry, isLongCode, readCodeSegment } from './segments.ts';
import { moveStackPointer, stackAddress } from './stack.ts';
import {
  CPL,
  CS,
  DEBUG_TRAP,
  DR6_STEP,
  DR7,
  DR7_GENERAL_DETECT,
  FAULT_ERROR,
  FAULT_VECTOR,
  FLAGS,
  HALTED,
  HIGH,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  LEAVE_BLOCK,
  NMI_BLOCKED,
  NON_CANONICAL,
  REPEAT_FLAGS,
  RIP,
  RSP,
  SEGMENT_SELECTOR,
  SS,
  segment,
} from './state.ts';
import { alignedStack, currentStack, type Stack, stackOfLevel, useStack, wideStack } from './task-state.ts';
import { WATCH_EXCEPTION, WATCH_INTERRUPT, word64 } from './watches.ts';

/** What is being delivered: decides on the EXT bit of error codes and on the check of the gate's DPL. */
export const EXTERNAL = 0;
export const EXCEPTION = 1;
export const SOFTWARE = 2;
export type Source = typeof EXTERNAL | typeof EXCEPTION | typeof SOFTWARE;

/** In an error code: the index is that of an IDT gate. */
const CODE_IDT = 2;

/**
 * Delivers `vector` to the guest; RIP is the address to return to. `errorCode` −1 for none. Raises what the
 * delivery itself runs into, with the state unchanged.
 */
export function deliver(cpu: Cpu, vector: number, errorCode: number, source: Source): void {
  const s = cpu.i32;
  if (cpu.watches.stopsAtExceptions && source !== EXTERNAL) {
    s[FAULT_VECTOR] = vector;
    s[FAULT_ERROR] = errorCode;
    throw EXCEPTION_STOP;
  }
  const level = s[CPL];
  if (s[REPEAT_FLAGS] !== 0) setArithmeticFlags(s, s[REPEAT_FLAGS] & ARITHMETIC_FLAGS);
  const flags = readFlags(cpu);
  const ripLow = s[RIP];
  const ripHigh = s[RIP + 1];
  const rsp = s[RSP];
  const rspHigh = s[RSP + 1];
  // A single-step trap is not due after this; hits of breakpoints are, at the handler's first instruction.
  s[DEBUG_TRAP] &= ~DR6_STEP;
  try {
    enterHandler(cpu, vector, errorCode, source, level, flags);
  } catch (fault) {
    setPrivilege(cpu, level);
    s[RSP] = rsp;
    s[RSP + 1] = rspHigh;
    throw fault;
  }
  s[REPEAT_FLAGS] = 0;
  if (vector === DEBUG && source === EXCEPTION) s[DR7] &= ~DR7_GENERAL_DETECT;
  if ((cpu.watches.armed & (WATCH_INTERRUPT | WATCH_EXCEPTION)) !== 0) {
    reportDelivery(cpu, vector, errorCode, source, word64(ripLow, ripHigh));
  }
}

function reportDelivery(cpu: Cpu, vector: number, errorCode: number, source: Source, from: bigint): void {
  const { watches } = cpu;
  if (source !== EXCEPTION) watches.interrupt(cpu, vector, source === SOFTWARE, from);
  else if (vector !== watches.announced) watches.exception(cpu, vector, errorCode, from, true);
}

/** Of real mode: IP and CS of the handler, for which the IDT is the interrupt vector table. */
function enterRealHandler(cpu: Cpu, vector: number, flags: number): void {
  const s = cpu.i32;
  if (vector * 4 + 3 > s[IDTR_LIMIT]) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const entry = (s[IDTR_BASE] + vector * 4) | 0;
  const pointer = load32(cpu, entry, 0);
  useStack(cpu, currentStack(cpu), 0, 2, 0, (push) => {
    push(flags, 0);
    push(s[segment(CS) + SEGMENT_SELECTOR], 0);
    push(s[RIP], 0);
  });
  enterRealCode(cpu, pointer >>> 16, pointer & 0xffff);
  writeFlags(cpu, flags & ~(TF | IF | RF | AC));
}

interface Gate {
  readonly target: Target;
  /** Bytes of what is pushed: 2, 4 or 8. */
  readonly size: number;
  readonly clearsInterruptFlag: boolean;
  /** Number of the interrupt stack table's entry, 0 for none. */
  readonly stackTable: number;
}

/** Reads and checks a gate of the IDT. A task gate would switch tasks, which is not supported: #GP. */
function readGate(cpu: Cpu, vector: number, source: Source, gateCode: number): Gate {
  const s = cpu.i32;
  const isWide = isIa32e(cpu);
  const size = isWide ? 16 : 8;
  if (vector * size + size - 1 > s[IDTR_LIMIT]) raiseWithCode(cpu, GENERAL_PROTECTION, gateCode);
  const low = (s[IDTR_BASE] + vector * size) | 0;
  const high = s[IDTR_BASE + 1] + (low >>> 0 < vector * size ? 1 : 0);
  const upperLow = (low + 8) | 0;
  let word0 = 0;
  let word1 = 0;
  const offsetHigh = asSupervisor(cpu, () => {
    word0 = load64(cpu, low, high);
    word1 = s[HIGH];
    return isWide ? load32(cpu, upperLow, high + (upperLow >>> 0 < 8 ? 1 : 0)) : 0;
  });
  const type = (word1 >> 8) & 0x1f;
  const isShort = !isWide && (type === INTERRUPT_GATE_16 || type === TRAP_GATE_16);
  if (!isShort && type !== INTERRUPT_GATE_32 && type !== TRAP_GATE_32) {
    raiseWithCode(cpu, GENERAL_PROTECTION, gateCode);
  }
  if (source === SOFTWARE && privilegeOf(word1) < s[CPL]) raiseWithCode(cpu, GENERAL_PROTECTION, gateCode);
  if ((word1 & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, gateCode);
  const offset = isShort ? word0 & 0xffff : (word0 & 0xffff) | (word1 & 0xffff_0000);
  return {
    target: { selector: word0 >>> 16, low: offset, high: offsetHigh },
    size: isWide ? 8 : isShort ? 2 : 4,
    clearsInterruptFlag: type === INTERRUPT_GATE_16 || type === INTERRUPT_GATE_32,
    stackTable: isWide ? word1 & 7 : 0,
  };
}

function enterHandler(
  cpu: Cpu,
  vector: number,
  errorCode: number,
  source: Source,
  level: number,
  flags: number,
): void {
  if (cpu.mode.isReal) {
    enterRealHandler(cpu, vector, flags);
    return;
  }
  const s = cpu.i32;
  const external = source === SOFTWARE ? 0 : 1;
  const isWide = isIa32e(cpu);
  const { target, size, clearsInterruptFlag, stackTable } = readGate(
    cpu,
    vector,
    source,
    vector * 8 + CODE_IDT + external,
  );
  const { selector, low, high } = target;
  const code = readCodeSegment(cpu, selector, external);
  if (privilegeOf(code.upper) > level || (isWide && !isLongCode(cpu, code))) {
    raiseWithCode(cpu, GENERAL_PROTECTION, (selector & 0xfffc) | external);
  }
  requirePresent(cpu, code.upper, selector, external);
  const newLevel = isConforming(code) ? level : privilegeOf(code.upper);
  const isInner = newLevel !== level;

  let stack: Stack;
  if (stackTable !== 0) {
    stack = wideStack(cpu, 0x1c + 8 * stackTable, newLevel, external);
    // SS becomes null only with the privilege level.
    if (!isInner) stack = { ...stack, selector: undefined };
  } else if (isInner) stack = stackOfLevel(cpu, newLevel, external);
  else stack = currentStack(cpu);
  if (isWide) stack = alignedStack(stack);
  checkEntry(cpu, code, low, high, external);

  const ss = s[segment(SS) + SEGMENT_SELECTOR];
  const rsp = s[RSP];
  const rspHigh = s[RSP + 1];
  // The image of faults, and between iterations, has RF set, so that an instruction breakpoint does not hit again on return.
  const resumes = (source === EXCEPTION && isFault(vector)) || s[REPEAT_FLAGS] !== 0;
  useStack(cpu, stack, newLevel, size, external, (push) => {
    if (isWide || isInner) {
      push(ss, 0);
      push(rsp, rspHigh);
    }
    push(resumes ? flags | RF : flags, 0);
    push(s[segment(CS) + SEGMENT_SELECTOR], 0);
    push(s[RIP], s[RIP + 1]);
    if (errorCode >= 0) push(errorCode, 0);
  });
  enterCode(cpu, (selector & 0xfffc) | newLevel, code, low, high);
  writeFlags(cpu, flags & ~(TF | NT | RF | VM | (clearsInterruptFlag ? IF : 0)));
}

/** #DB is a trap, or brings its own RF; #BP and #OF are traps; #DF is an abort. */
const isFault = (vector: number): boolean =>
  vector !== 1 && vector !== 3 && vector !== 4 && vector !== DOUBLE_FAULT;

const isContributory = (vector: number): boolean =>
  vector === DIVIDE_ERROR || (vector >= INVALID_TSS && vector <= GENERAL_PROTECTION);

/** True if `second`, raised while `first` is delivered, makes a double fault (SDM volume 3, table 6-5). */
const makesDoubleFault = (first: number, second: number): boolean =>
  (isContributory(first) && isContributory(second)) ||
  (first === PAGE_FAULT && (isContributory(second) || second === PAGE_FAULT));

/**
 * Delivers an exception or interrupt, and the exceptions that its delivery raises. Returns false on a triple fault.
 */
export function deliverWithEscalation(cpu: Cpu, vector: number, errorCode: number, source: Source): boolean {
  const s = cpu.i32;
  s[INTERRUPT_SHADOW] = 0;
  s[HALTED] = 0;
  for (;;) {
    try {
      deliver(cpu, vector, errorCode, source);
      return true;
    } catch (fault) {
      if (fault !== FAULT) throw fault;
    }
    s[NON_CANONICAL] = 0;
    const second = s[FAULT_VECTOR];
    if (
      vector === DOUBLE_FAULT &&
      source === EXCEPTION &&
      (isContributory(second) || second === PAGE_FAULT)
    ) {
      return false;
    }
    if (source === EXCEPTION && makesDoubleFault(vector, second)) {
      vector = DOUBLE_FAULT;
      errorCode = 0;
    } else {
      vector = second;
      errorCode = s[FAULT_ERROR];
    }
    source = EXCEPTION;
  }
}

/** INT1: an exception that no gate's DPL keeps from anybody. RIP must return behind the instruction. */
export const int1: Handler = (cpu, i) => {
  cpu.i32[RIP] = i.nextLow;
  cpu.i32[RIP + 1] = i.nextHigh;
  deliver(cpu, DEBUG, -1, EXCEPTION);
};

/** INT n, INT3: RIP must return behind the instruction. */
export function softwareInterrupt(vector: number): Handler {
  return (cpu, i) => {
    cpu.i32[RIP] = i.nextLow;
    cpu.i32[RIP + 1] = i.nextHigh;
    deliver(cpu, vector, -1, SOFTWARE);
  };
}
export const interruptImmediate: Handler = (cpu, i) => {
  cpu.i32[RIP] = i.nextLow;
  cpu.i32[RIP + 1] = i.nextHigh;
  deliver(cpu, i.immediateLow & 0xff, -1, SOFTWARE);
};

/**
 * IRET: in 64-bit mode it always restores SS:RSP, elsewhere only with the privilege level. Returns to another task (NT) and to
 * virtual-8086 mode are not supported: #GP.
 */
export const iret: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const level = s[CPL];
  s[NMI_BLOCKED] = 0;
  if ((s[FLAGS] & NT) !== 0 && !cpu.mode.isReal) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const mask = size === 2 ? 0xffff : -1;
  const word = (n: number): number => {
    const address = stackAddress(s, i.stackSize, n * size);
    const value = load(cpu, address, s[HIGH], size);
    if (size !== 8) s[HIGH] = 0;
    return value & mask;
  };
  // In the order of Intel's processors, which a page fault tells; what is above is read when CS is known to be good.
  const flags = word(2);
  const selector = word(1) & 0xffff;
  const low = word(0);
  const high = s[HIGH];
  const restoreFlags = (): void => {
    const changeable = (changeableFlags(cpu) | RF) & mask;
    writeFlags(cpu, (readFlags(cpu) & ~changeable) | (flags & changeable));
  };
  if (cpu.mode.isReal) {
    checkLegacyTarget(cpu, low);
    restoreFlags();
    enterRealCode(cpu, selector, low);
    moveStackPointer(cpu, i.stackSize, 3 * size);
    s[LEAVE_BLOCK] = 1;
    return;
  }
  if ((flags & VM) !== 0 && level === 0 && !isIa32e(cpu)) raiseWithCode(cpu, GENERAL_PROTECTION, 0);

  const newLevel = selector & 3;
  if (cpu.mode.bits === 64 || newLevel > level) {
    const code = readReturnCode(cpu, selector);
    const rsp = word(3);
    const rspHigh = s[HIGH];
    const ss = word(4) & 0xffff;
    const stack = checkReturnStack(cpu, ss, newLevel, code);
    checkEntry(cpu, code, low, high);
    restoreFlags();
    returnToOuter(cpu, { selector, low, high }, code, ss, stack, rsp, rspHigh);
  } else {
    const code = readReturnCode(cpu, selector);
    checkEntry(cpu, code, low, high);
    restoreFlags();
    enterCode(cpu, selector, code, low, high);
    moveStackPointer(cpu, i.stackSize, 3 * size);
  }
  s[LEAVE_BLOCK] = 1;
};
