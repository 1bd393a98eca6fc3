/** JMP, Jcc, CALL, RET, LOOP, JRCXZ, ENTER, LEAVE. A handler here writes RIP, whichever way it goes. */
import type { Cpu } from './cpu.ts';
import { addToRsp, push16, push64 } from './data-transfer.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import {
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
import { checkWrite, effectiveAddress, load16, load64 } from './memory-access.ts';
import { always, byForm, type Opcode } from './opcode.ts';
import { HIGH, RBP, RCX, RIP, RSP } from './state.ts';

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

/** Decrements rCX (ECX with a 32-bit address size). Returns true if it is not zero. */
function countDown(cpu: Cpu, i: Instruction): boolean {
  const s = cpu.i32;
  if (i.addressSize === 4) {
    s[RCX]--;
    s[RCX + 1] = 0;
    return s[RCX] !== 0;
  }
  if (s[RCX] === 0) s[RCX + 1]--;
  s[RCX]--;
  return (s[RCX] | s[RCX + 1]) !== 0;
}
const loop: Handler = (cpu, i) => jumpIf(cpu, i, countDown(cpu, i));
const loopWhileZero: Handler = (cpu, i) => jumpIf(cpu, i, countDown(cpu, i) && conditionZ(cpu.i32));
const loopWhileNotZero: Handler = (cpu, i) => jumpIf(cpu, i, countDown(cpu, i) && !conditionZ(cpu.i32));
const jrcxz: Handler = (cpu, i) => {
  const s = cpu.i32;
  jumpIf(cpu, i, s[RCX] === 0 && (i.addressSize === 4 || s[RCX + 1] === 0));
};

const leave: Handler = (cpu, i) => {
  const s = cpu.i32;
  const frame = s[RBP];
  const frameHigh = s[RBP + 1];
  if (i.operandSize === 2) cpu.u16[RBP * 2] = load16(cpu, frame, frameHigh);
  else {
    s[RBP] = load64(cpu, frame, frameHigh);
    s[RBP + 1] = s[HIGH];
  }
  s[RSP] = frame;
  s[RSP + 1] = frameHigh;
  addToRsp(s, i.operandSize);
};

/** ENTER size, level: also copies level − 1 frame pointers. A fault in the middle restores RSP. */
const enter: Handler = (cpu, i) => {
  const s = cpu.i32;
  const rsp = s[RSP];
  const rspHigh = s[RSP + 1];
  const level = i.immediateHigh & 31;
  try {
    pushFrame(cpu, i.operandSize, s[RBP], s[RBP + 1]);
    const frame = s[RSP];
    const frameHigh = s[RSP + 1];
    for (let depth = 1; depth < level; depth++) {
      const low = (s[RBP] - depth * i.operandSize) | 0;
      const high = (s[RBP + 1] - (s[RBP] >>> 0 < depth * i.operandSize ? 1 : 0)) | 0;
      const value = load64(cpu, low, high);
      pushFrame(cpu, i.operandSize, value, s[HIGH]);
    }
    if (level > 0) pushFrame(cpu, i.operandSize, frame, frameHigh);
    const size = i.immediateLow & 0xffff;
    const low = (s[RSP] - size) | 0;
    const high = (s[RSP + 1] - (s[RSP] >>> 0 < size ? 1 : 0)) | 0;
    // The processor checks that the new top of the stack can be written.
    checkWrite(cpu, low, high, 1);
    s[RSP] = low;
    s[RSP + 1] = high;
    if (i.operandSize === 2) cpu.u16[RBP * 2] = frame;
    else {
      s[RBP] = frame;
      s[RBP + 1] = frameHigh;
    }
  } catch (fault) {
    s[RSP] = rsp;
    s[RSP + 1] = rspHigh;
    throw fault;
  }
};
function pushFrame(cpu: Cpu, size: number, low: number, high: number): void {
  if (size === 8) push64(cpu, low, high);
  else push16(cpu, low);
}

const conditional: Opcode[] = [];
for (let code = 0; code < 16; code++) {
  conditional.push(
    {
      opcode: 0x70 + code,
      size: 'near',
      immediate: 'relative8',
      endsBlock: 'branch',
      handler: always(JUMPS[code]),
    },
    {
      opcode: 0x0f80 + code,
      size: 'near',
      immediate: 'relative32',
      endsBlock: 'branch',
      handler: always(JUMPS[code]),
    },
  );
}

const branch = { size: 'near', endsBlock: 'branch' } as const;

export const CONTROL_FLOW_OPCODES: readonly Opcode[] = [
  ...conditional,
  { opcode: 0xeb, ...branch, immediate: 'relative8', handler: always(jmpRelative) },
  { opcode: 0xe9, ...branch, immediate: 'relative32', handler: always(jmpRelative) },
  { opcode: 0xff, extension: 4, ...branch, handler: byForm(jmpRegister, jmpMemory) },
  { opcode: 0xe8, ...branch, immediate: 'relative32', handler: always(callRelative) },
  { opcode: 0xff, extension: 2, ...branch, handler: byForm(callRegister, callMemory) },
  { opcode: 0xc3, ...branch, handler: always(ret) },
  { opcode: 0xc2, ...branch, immediate: 'word', handler: always(ret) },
  { opcode: 0xe0, ...branch, immediate: 'relative8', handler: always(loopWhileNotZero) },
  { opcode: 0xe1, ...branch, immediate: 'relative8', handler: always(loopWhileZero) },
  { opcode: 0xe2, ...branch, immediate: 'relative8', handler: always(loop) },
  { opcode: 0xe3, ...branch, immediate: 'relative8', handler: always(jrcxz) },
  { opcode: 0xc9, size: 'stack', handler: always(leave) },
  { opcode: 0xc8, size: 'stack', immediate: 'enter', handler: always(enter) },
];
