/** JMP, Jcc, CALL, RET, LOOP, JRCXZ, ENTER, LEAVE. A handler here writes RIP, whichever way it goes. */
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import {
  condition,
  conditionB,
  conditionBE,
  conditionL,
  conditionLE,
  conditionO,
  conditionP,
  conditionS,
  conditionZ,
} from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { checkWrite, effectiveAddress, load64 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { load, readRm, store, writeRegister } from './operands.ts';
import { addToRsp, frameAddress, moveStackPointer, push, push64, stackAddress } from './stack.ts';
import { CS, HIGH, RBP, RCX, RIP, RSP, SEGMENT_LIMIT, segment } from './state.ts';

/** Raises #GP unless an address to jump to is canonical: checked before anything changes. */
export function checkTarget(cpu: Cpu, high: number): void {
  if ((high << 16) >> 16 !== high) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}

function jump(s: Int32Array, low: number, high: number): void {
  s[RIP] = low;
  s[RIP + 1] = high;
}

const jmpRelative: Handler = (cpu, i) => {
  checkTarget(cpu, i.immediateHigh);
  jump(cpu.i32, i.immediateLow, i.immediateHigh);
};

const jumpIf = (cpu: Cpu, i: Instruction, holds: boolean): void => {
  const s = cpu.i32;
  if (holds) {
    checkTarget(cpu, i.immediateHigh);
    s[RIP] = i.immediateLow;
    s[RIP + 1] = i.immediateHigh;
  } else {
    s[RIP] = i.nextLow;
    s[RIP + 1] = i.nextHigh;
  }
};
/** Jcc in encoding order: each condition and its negation has a handler of its own. */
const JUMPS: readonly Handler[] = [
  (cpu, i) => jumpIf(cpu, i, conditionO(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionO(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, conditionB(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionB(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, conditionZ(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionZ(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, conditionBE(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionBE(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, conditionS(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionS(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, conditionP(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionP(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, conditionL(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionL(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, conditionLE(cpu.i32)),
  (cpu, i) => jumpIf(cpu, i, !conditionLE(cpu.i32)),
];

// Outside of 64-bit mode: targets of 16 or 32 bits, which must lie within CS.

/** Raises #GP unless an offset to jump to is within CS: checked before anything changes. */
export function checkLegacyTarget(cpu: Cpu, target: number): void {
  if (target >>> 0 > cpu.i32[segment(CS) + SEGMENT_LIMIT] >>> 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}
function legacyJumpIf(cpu: Cpu, i: Instruction, holds: boolean): void {
  if (holds) checkLegacyTarget(cpu, i.immediateLow);
  cpu.i32[RIP] = holds ? i.immediateLow : i.nextLow;
}
const legacyJumpConditional: Handler = (cpu, i) => legacyJumpIf(cpu, i, condition(cpu.i32, i.operation));
const legacyJump: Handler = (cpu, i) => legacyJumpIf(cpu, i, true);
/** The target in ModRM.rm. */
const indirectTarget = (cpu: Cpu, i: Instruction): number =>
  readRm(cpu, i) & (i.operandSize === 2 ? 0xffff : -1);
const legacyJumpIndirect: Handler = (cpu, i) => {
  const target = indirectTarget(cpu, i);
  checkLegacyTarget(cpu, target);
  cpu.i32[RIP] = target;
};
/** Intel's processors have written the return address by the time they look at the target. */
function legacyCallTo(cpu: Cpu, i: Instruction, target: number): void {
  const s = cpu.i32;
  const address = stackAddress(s, i.stackSize, -i.operandSize);
  store(cpu, address, s[HIGH], i.operandSize, i.nextLow, 0);
  checkLegacyTarget(cpu, target);
  moveStackPointer(cpu, i.stackSize, -i.operandSize);
  s[RIP] = target;
}
const legacyCall: Handler = (cpu, i) => legacyCallTo(cpu, i, i.immediateLow);
const legacyCallIndirect: Handler = (cpu, i) => legacyCallTo(cpu, i, indirectTarget(cpu, i));
const legacyReturn: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = stackAddress(s, i.stackSize, 0);
  const target = load(cpu, address, s[HIGH], i.operandSize) & (i.operandSize === 2 ? 0xffff : -1);
  checkLegacyTarget(cpu, target);
  moveStackPointer(cpu, i.stackSize, i.operandSize + (i.immediateLow & 0xffff));
  s[RIP] = target;
};

const isLong = (i: Instruction): boolean => i.stackSize === 8;
/** By the mode the instruction was decoded for. */
const byMode =
  (long: Handler, legacy: Handler) =>
  (i: Instruction): Handler =>
    isLong(i) ? long : legacy;

const jmpRegister: Handler = (cpu, i) => {
  const s = cpu.i32;
  checkTarget(cpu, s[i.rm + 1]);
  jump(s, s[i.rm], s[i.rm + 1]);
};
const jmpMemory: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const low = load64(cpu, address, s[HIGH]);
  checkTarget(cpu, s[HIGH]);
  jump(s, low, s[HIGH]);
};

function call(cpu: Cpu, i: Instruction, low: number, high: number): void {
  checkTarget(cpu, high);
  push64(cpu, i.nextLow, i.nextHigh);
  jump(cpu.i32, low, high);
}
const callRelative: Handler = (cpu, i) => call(cpu, i, i.immediateLow, i.immediateHigh);
const callRegister: Handler = (cpu, i) => call(cpu, i, cpu.i32[i.rm], cpu.i32[i.rm + 1]);
const callMemory: Handler = (cpu, i) => {
  const address = effectiveAddress(cpu, i);
  const low = load64(cpu, address, cpu.i32[HIGH]);
  call(cpu, i, low, cpu.i32[HIGH]);
};

const ret: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = load64(cpu, s[RSP], s[RSP + 1]);
  const high = s[HIGH];
  checkTarget(cpu, high);
  // The immediate of RET imm16 is unsigned.
  addToRsp(s, 8 + (i.immediateLow & 0xffff));
  jump(s, low, high);
};

/** Decrements rCX, CX and ECX by the address size. Returns true if it is not zero. */
function countDown(cpu: Cpu, i: Instruction): boolean {
  const s = cpu.i32;
  if (i.addressSize === 2) return --cpu.u16[RCX * 2] !== 0;
  if (i.addressSize === 4) {
    s[RCX]--;
    s[RCX + 1] = 0;
    return s[RCX] !== 0;
  }
  if (s[RCX] === 0) s[RCX + 1]--;
  s[RCX]--;
  return (s[RCX] | s[RCX + 1]) !== 0;
}
/** Jumps if `holds`, but raises the fault of a bad target before the count changes. */
function loopIf(cpu: Cpu, i: Instruction, holds: (cpu: Cpu) => boolean): void {
  const s = cpu.i32;
  const count = s[RCX];
  const countHigh = s[RCX + 1];
  const goesOn = countDown(cpu, i) && holds(cpu);
  try {
    if (isLong(i)) jumpIf(cpu, i, goesOn);
    else legacyJumpIf(cpu, i, goesOn);
  } catch (fault) {
    s[RCX] = count;
    s[RCX + 1] = countHigh;
    throw fault;
  }
}
const loop: Handler = (cpu, i) => loopIf(cpu, i, () => true);
const loopWhileZero: Handler = (cpu, i) => loopIf(cpu, i, () => conditionZ(cpu.i32));
const loopWhileNotZero: Handler = (cpu, i) => loopIf(cpu, i, () => !conditionZ(cpu.i32));
const jrcxz: Handler = (cpu, i) => {
  const s = cpu.i32;
  const count = i.addressSize === 2 ? s[RCX] & 0xffff : s[RCX];
  const isZero = count === 0 && (i.addressSize !== 8 || s[RCX + 1] === 0);
  if (isLong(i)) jumpIf(cpu, i, isZero);
  else legacyJumpIf(cpu, i, isZero);
};

const leave: Handler = (cpu, i) => {
  const s = cpu.i32;
  const address = frameAddress(s, i.stackSize, 0);
  const value = load(cpu, address, s[HIGH], i.operandSize);
  const high = s[HIGH];
  writeRegister(cpu, RSP, i.stackSize, s[RBP], s[RBP + 1]);
  writeRegister(cpu, RBP, i.operandSize, value, high);
  moveStackPointer(cpu, i.stackSize, i.operandSize);
};

/** ENTER size, level: also copies level − 1 frame pointers. A fault in the middle restores RSP. */
const enter: Handler = (cpu, i) => {
  const s = cpu.i32;
  const rsp = s[RSP];
  const rspHigh = s[RSP + 1];
  const level = i.immediateHigh & 31;
  try {
    push(cpu, i, s[RBP], s[RBP + 1]);
    const frame = s[RSP];
    const frameHigh = s[RSP + 1];
    for (let depth = 1; depth < level; depth++) {
      const address = frameAddress(s, i.stackSize, -depth * i.operandSize);
      const value = load(cpu, address, s[HIGH], i.operandSize);
      push(cpu, i, value, s[HIGH]);
    }
    if (level > 0) push(cpu, i, frame, frameHigh);
    moveStackPointer(cpu, i.stackSize, -(i.immediateLow & 0xffff));
    // The processor checks that the new top of the stack can be written.
    const top = stackAddress(s, i.stackSize, 0);
    checkWrite(cpu, top, s[HIGH], i.operandSize);
    writeRegister(cpu, RBP, i.operandSize, frame, frameHigh);
  } catch (fault) {
    s[RSP] = rsp;
    s[RSP + 1] = rspHigh;
    throw fault;
  }
};

const conditional: Opcode[] = [];
for (let code = 0; code < 16; code++) {
  const row = {
    size: 'near',
    endsBlock: 'branch',
    handler: (i: Instruction): Handler => {
      i.operation = code;
      return isLong(i) ? JUMPS[code] : legacyJumpConditional;
    },
  } as const;
  conditional.push(
    { opcode: 0x70 + code, immediate: 'relative8', ...row },
    { opcode: 0x0f80 + code, immediate: 'relative32', ...row },
  );
}

const branch = { size: 'near', endsBlock: 'branch' } as const;

const jumpIndirect = (i: Instruction): Handler =>
  isLong(i) ? (i.isMemory ? jmpMemory : jmpRegister) : legacyJumpIndirect;
const callIndirect = (i: Instruction): Handler =>
  isLong(i) ? (i.isMemory ? callMemory : callRegister) : legacyCallIndirect;

export const CONTROL_FLOW_OPCODES: readonly Opcode[] = [
  ...conditional,
  { opcode: 0xeb, ...branch, immediate: 'relative8', handler: byMode(jmpRelative, legacyJump) },
  { opcode: 0xe9, ...branch, immediate: 'relative32', handler: byMode(jmpRelative, legacyJump) },
  { opcode: 0xff, extension: 4, ...branch, handler: jumpIndirect },
  { opcode: 0xe8, ...branch, immediate: 'relative32', handler: byMode(callRelative, legacyCall) },
  { opcode: 0xff, extension: 2, ...branch, handler: callIndirect },
  { opcode: 0xc3, ...branch, handler: byMode(ret, legacyReturn) },
  { opcode: 0xc2, ...branch, immediate: 'word', handler: byMode(ret, legacyReturn) },
  { opcode: 0xe0, ...branch, immediate: 'relative8', handler: always(loopWhileNotZero) },
  { opcode: 0xe1, ...branch, immediate: 'relative8', handler: always(loopWhileZero) },
  { opcode: 0xe2, ...branch, immediate: 'relative8', handler: always(loop) },
  { opcode: 0xe3, ...branch, immediate: 'relative8', handler: always(jrcxz) },
  { opcode: 0xc9, size: 'stack', handler: always(leave) },
  { opcode: 0xc8, size: 'stack', immediate: 'enter', handler: always(enter) },
];
