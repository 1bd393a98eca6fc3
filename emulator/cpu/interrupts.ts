/** Delivery of interrupts and exceptions through the IDT in long mode, and IRET (Intel SDM volume 3, chapter 6). */
import type { Cpu } from './cpu.ts';
import {
  DEBUG,
  DIVIDE_ERROR,
  DOUBLE_FAULT,
  FAULT,
  GENERAL_PROTECTION,
  INVALID_TSS,
  PAGE_FAULT,
  raiseWithCode,
  SEGMENT_NOT_PRESENT,
  STACK_FAULT,
} from './fault.ts';
import { changeableFlags } from './flag-instructions.ts';
import { IF, NT, RF, readFlags, TF, VM, writeFlags } from './flags.ts';
import type { Handler } from './instruction.ts';
import { load32, load64, store64 } from './memory-access.ts';
import { load } from './operands.ts';
import { asSupervisor, setPrivilege } from './privilege.ts';
import {
  DESCRIPTOR_CODE,
  DESCRIPTOR_CONFORMING,
  DESCRIPTOR_NON_SYSTEM,
  DESCRIPTOR_PRESENT,
  DESCRIPTOR_WRITABLE,
  dropPrivilegedSegments,
  isNull,
  markAccessed,
  privilegeOf,
  readDescriptor,
  readLongCodeSegment,
  setSegment,
  setSegmentFromDescriptor,
} from './segments.ts';
import {
  CPL,
  CS,
  DEBUG_TRAP,
  DR6_STEP,
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
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SS,
  segment,
  TR,
} from './state.ts';

/** What is being delivered: decides on the EXT bit of error codes and on the check of the gate's DPL. */
export const EXTERNAL = 0;
export const EXCEPTION = 1;
export const SOFTWARE = 2;
export type Source = typeof EXTERNAL | typeof EXCEPTION | typeof SOFTWARE;

const GATE_PRESENT = 0x8000;
const INTERRUPT_GATE = 0xe;
const TRAP_GATE = 0xf;
/** In an error code: the index is that of an IDT gate. */
const CODE_IDT = 2;

/** Reads 8 bytes of the TSS at `offset`; raises #TS beyond its limit. Returns the low half, high half in HIGH. */
function readTss(cpu: Cpu, offset: number, external: number): number {
  const s = cpu.i32;
  const tr = segment(TR);
  if (offset + 7 > s[tr + SEGMENT_LIMIT] >>> 0) {
    raiseWithCode(cpu, INVALID_TSS, (s[tr + SEGMENT_SELECTOR] & 0xfffc) | external);
  }
  const low = (s[tr + SEGMENT_BASE] + offset) | 0;
  const high = s[tr + SEGMENT_BASE + 1] + (low >>> 0 < offset ? 1 : 0);
  return asSupervisor(cpu, () => load64(cpu, low, high));
}

/**
 * Delivers `vector` to the guest; RIP is the address to return to. `errorCode` −1 for none. Raises what the
 * delivery itself runs into, with the state unchanged.
 */
export function deliver(cpu: Cpu, vector: number, errorCode: number, source: Source): void {
  const s = cpu.i32;
  const level = s[CPL];
  const flags = readFlags(cpu);
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
}

function enterHandler(
  cpu: Cpu,
  vector: number,
  errorCode: number,
  source: Source,
  level: number,
  flags: number,
): void {
  const s = cpu.i32;
  const external = source === SOFTWARE ? 0 : 1;
  const gateCode = vector * 8 + CODE_IDT + external;
  if (vector * 16 + 15 > s[IDTR_LIMIT]) raiseWithCode(cpu, GENERAL_PROTECTION, gateCode);
  const gate = (s[IDTR_BASE] + vector * 16) | 0;
  const gateHigh = s[IDTR_BASE + 1] + (gate >>> 0 < vector * 16 ? 1 : 0);
  const upper = (gate + 8) | 0;
  let word0 = 0;
  let word1 = 0;
  const offsetHigh = asSupervisor(cpu, () => {
    word0 = load64(cpu, gate, gateHigh);
    word1 = s[HIGH];
    return load32(cpu, upper, gateHigh + (upper >>> 0 < 8 ? 1 : 0));
  });
  const type = (word1 >> 8) & 0x1f;
  if (type !== INTERRUPT_GATE && type !== TRAP_GATE) raiseWithCode(cpu, GENERAL_PROTECTION, gateCode);
  if (source === SOFTWARE && privilegeOf(word1) < level) raiseWithCode(cpu, GENERAL_PROTECTION, gateCode);
  if ((word1 & GATE_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, gateCode);

  const selector = word0 >>> 16;
  const code = readLongCodeSegment(cpu, selector, external);
  const selectorCode = (selector & 0xfffc) | external;
  if (privilegeOf(code.upper) > level) raiseWithCode(cpu, GENERAL_PROTECTION, selectorCode);
  if ((code.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, selectorCode);
  const newLevel = (code.upper & DESCRIPTOR_CONFORMING) !== 0 ? level : privilegeOf(code.upper);

  const stackTable = word1 & 7;
  let low = s[RSP];
  let high = s[RSP + 1];
  if (stackTable !== 0 || newLevel !== level) {
    low = readTss(cpu, stackTable !== 0 ? 0x1c + 8 * stackTable : 4 + 8 * newLevel, external);
    high = s[HIGH];
    if ((high << 16) >> 16 !== high) raiseWithCode(cpu, STACK_FAULT, external);
  }
  low &= ~15;

  const targetLow = (word0 & 0xffff) | (word1 & 0xffff_0000);
  if ((offsetHigh << 16) >> 16 !== offsetHigh) raiseWithCode(cpu, GENERAL_PROTECTION, external);

  setPrivilege(cpu, newLevel);
  const pushWord = (valueLow: number, valueHigh: number): void => {
    if (low >>> 0 < 8) high--;
    low = (low - 8) | 0;
    store64(cpu, low, high, valueLow, valueHigh);
  };
  pushWord(s[segment(SS) + SEGMENT_SELECTOR], 0);
  pushWord(s[RSP], s[RSP + 1]);
  // The image of faults, and between iterations, has RF set, so that an instruction breakpoint does not hit again on return.
  const resumes = (source === EXCEPTION && isFault(vector)) || s[REPEAT_FLAGS] !== 0;
  pushWord(resumes ? flags | RF : flags, 0);
  pushWord(s[segment(CS) + SEGMENT_SELECTOR], 0);
  pushWord(s[RIP], s[RIP + 1]);
  if (errorCode >= 0) pushWord(errorCode, 0);

  markAccessed(cpu, code);
  if (newLevel !== level) setSegment(cpu, SS, newLevel, 0, 0, 0, 0);
  setSegmentFromDescriptor(cpu, CS, (selector & 0xfffc) | newLevel, code);
  s[RSP] = low;
  s[RSP + 1] = high;
  s[RIP] = targetLow;
  s[RIP + 1] = offsetHigh;
  writeFlags(cpu, flags & ~(TF | NT | RF | VM | (type === INTERRUPT_GATE ? IF : 0)));
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

/** IRET in 64-bit mode: always restores SS:RSP. Returning to code of 16 or 32 bits is not supported: #GP. */
export const iret: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const level = s[CPL];
  s[NMI_BLOCKED] = 0;
  if ((s[FLAGS] & NT) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const mask = size === 2 ? 0xffff : -1;
  const word = (n: number): number => {
    const low = (s[RSP] + n * size) | 0;
    const value = load(cpu, low, s[RSP + 1] + (low >>> 0 < s[RSP] >>> 0 ? 1 : 0), size);
    if (size !== 8) s[HIGH] = 0;
    return value & mask;
  };
  const rip = word(0);
  const ripHigh = s[HIGH];
  const cs = word(1) & 0xffff;
  const flags = word(2);
  const rsp = word(3);
  const rspHigh = s[HIGH];
  const ss = word(4) & 0xffff;

  const newLevel = cs & 3;
  const code = readLongCodeSegment(cpu, cs);
  const codeError = cs & 0xfffc;
  const conforming = (code.upper & DESCRIPTOR_CONFORMING) !== 0;
  if (
    newLevel < level ||
    (conforming ? privilegeOf(code.upper) > newLevel : privilegeOf(code.upper) !== newLevel)
  ) {
    raiseWithCode(cpu, GENERAL_PROTECTION, codeError);
  }
  if ((code.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, codeError);
  const stack = checkReturnStack(cpu, ss, newLevel);
  if ((ripHigh << 16) >> 16 !== ripHigh) raiseWithCode(cpu, GENERAL_PROTECTION, 0);

  markAccessed(cpu, code);
  const changeable = (changeableFlags(cpu) | RF) & mask;
  writeFlags(cpu, (readFlags(cpu) & ~changeable) | (flags & changeable));
  setSegmentFromDescriptor(cpu, CS, cs, code);
  if (stack === undefined) setSegment(cpu, SS, ss, 0, 0, 0, 0);
  else {
    markAccessed(cpu, stack);
    setSegmentFromDescriptor(cpu, SS, ss, stack);
  }
  s[RIP] = rip;
  s[RIP + 1] = ripHigh;
  s[RSP] = rsp;
  s[RSP + 1] = rspHigh;
  setPrivilege(cpu, newLevel);
  s[LEAVE_BLOCK] = 1;
  if (newLevel > level) dropPrivilegedSegments(cpu, newLevel);
};

/** Checks the SS of a return to `level`; undefined if it is null, which is allowed below privilege level 3. */
export function checkReturnStack(
  cpu: Cpu,
  ss: number,
  level: number,
): ReturnType<typeof readDescriptor> | undefined {
  if (isNull(ss)) {
    if (level === 3 || (ss & 3) !== level) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    return undefined;
  }
  const code = ss & 0xfffc;
  const d = readDescriptor(cpu, ss, GENERAL_PROTECTION);
  const type = d.upper & (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_CODE | DESCRIPTOR_WRITABLE);
  const isStack = type === (DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_WRITABLE);
  if (!isStack || (ss & 3) !== level || privilegeOf(d.upper) !== level) {
    raiseWithCode(cpu, GENERAL_PROTECTION, code);
  }
  if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, STACK_FAULT, code);
  return d;
}
