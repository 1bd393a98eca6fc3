/**
 * FSTENV, FLDENV, FSAVE, FRSTOR: the x87 state in the formats of the first coprocessors, of 16 or 32 bits, for protected
 * or real mode (SDM volume 1, 8.1.10). 64-bit mode has the 32-bit one, with the low halves of addresses.
 */
import type { Cpu } from '../cpu.ts';
import { readFlags, VM } from '../flags.ts';
import type { Handler, Instruction } from '../instruction.ts';
import {
  checkWrite,
  effectiveAddress,
  load8,
  load16,
  load32,
  load64,
  store16,
  store32,
  store64,
  withoutAlignmentChecks,
} from '../memory-access.ts';
import { always, type Opcode } from '../opcode.ts';
import {
  CR0,
  CR0_PE,
  FPU_CONTROL,
  FPU_DATA,
  FPU_INSTRUCTION,
  FPU_OCCUPIED,
  FPU_OPCODE,
  FPU_STATUS,
  HIGH,
} from '../state.ts';
import { requireX87, st, waitX87 } from './stack.ts';
import { initialise } from './state-image.ts';
import { EXCEPTIONS, normaliseControl, setStatus } from './status.ts';
import { occupiedBy, tagWord } from './tag-word.ts';

const isReal = (cpu: Cpu): boolean => (cpu.i32[CR0] & CR0_PE) === 0 || (readFlags(cpu) & VM) !== 0;

/** An address within the operand: low half, high half in HIGH. */
function addressAt(cpu: Cpu, i: Instruction, offset: number): number {
  const s = cpu.i32;
  const start = effectiveAddress(cpu, i);
  const low = (start + offset) | 0;
  s[HIGH] += low >>> 0 < start >>> 0 ? 1 : 0;
  return low;
}

const ENVIRONMENT_WORDS = 7;
const environmentBytes = (i: Instruction): number => ENVIRONMENT_WORDS * (i.operandSize === 2 ? 2 : 4);

/** The seven words of the environment. */
function environment(cpu: Cpu): number[] {
  const s = cpu.i32;
  const head = [s[FPU_CONTROL], s[FPU_STATUS], tagWord(s)];
  const instruction = s[FPU_INSTRUCTION];
  const data = s[FPU_DATA];
  return isReal(cpu)
    ? [
        ...head,
        instruction & 0xffff,
        ((instruction >>> 4) & 0xffff_f000) | s[FPU_OPCODE],
        data & 0xffff,
        (data >>> 4) & 0xffff_f000,
      ]
    : // FCS and FDS are deprecated: zero.
      [...head, instruction, s[FPU_OPCODE] << 16, data, 0];
}

/** Those of the seven whose upper half has no meaning in the 32-bit formats; it is stored as ones. */
const HALVES_PROTECTED = [0, 1, 2, 6];
const HALVES_REAL = [0, 1, 2, 3, 5];

function storeEnvironment(cpu: Cpu, i: Instruction): void {
  const halves = isReal(cpu) ? HALVES_REAL : HALVES_PROTECTED;
  environment(cpu).forEach((value, n) => {
    if (i.operandSize === 2) {
      const low = addressAt(cpu, i, 2 * n);
      store16(cpu, low, cpu.i32[HIGH], value);
    } else {
      const low = addressAt(cpu, i, 4 * n);
      store32(cpu, low, cpu.i32[HIGH], halves.includes(n) ? value | 0xffff_0000 : value);
    }
  });
}

function loadEnvironment(cpu: Cpu, i: Instruction): void {
  const s = cpu.i32;
  const narrow = i.operandSize === 2;
  const words = Array.from({ length: ENVIRONMENT_WORDS }, (_, n) => {
    const low = addressAt(cpu, i, (narrow ? 2 : 4) * n);
    return narrow ? load16(cpu, low, s[HIGH]) : load32(cpu, low, s[HIGH]);
  });
  s[FPU_CONTROL] = normaliseControl(words[0]);
  setStatus(s, words[1] & 0xffff);
  s[FPU_OCCUPIED] = occupiedBy(words[2]);
  if (isReal(cpu)) {
    s[FPU_INSTRUCTION] = (words[3] & 0xffff) | ((words[4] & 0xffff_f000) << 4);
    s[FPU_OPCODE] = words[4] & 0x7ff;
    s[FPU_DATA] = (words[5] & 0xffff) | ((words[6] & 0xffff_f000) << 4);
  } else {
    s[FPU_INSTRUCTION] = words[3];
    s[FPU_OPCODE] = narrow ? 0 : (words[4] >>> 16) & 0x7ff;
    s[FPU_DATA] = words[5];
  }
  s[FPU_INSTRUCTION + 1] = 0;
  s[FPU_DATA + 1] = 0;
}

// CPUs look at the first word, then at the last byte, before the rest.

function requireWritable(cpu: Cpu, i: Instruction, bytes: number): void {
  const s = cpu.i32;
  const first = addressAt(cpu, i, 0);
  checkWrite(cpu, first, s[HIGH], i.operandSize === 2 ? 2 : 4);
  const last = addressAt(cpu, i, bytes - 1);
  checkWrite(cpu, last, s[HIGH], 1);
}

function requireReadable(cpu: Cpu, i: Instruction, bytes: number): void {
  const s = cpu.i32;
  const first = addressAt(cpu, i, 0);
  if (i.operandSize === 2) load16(cpu, first, s[HIGH]);
  else load32(cpu, first, s[HIGH]);
  const last = addressAt(cpu, i, bytes - 1);
  load8(cpu, last, s[HIGH]);
}

/** Stores the environment and masks all exceptions. */
const fnstenv: Handler = (cpu, i) => {
  requireX87(cpu);
  const s = cpu.i32;
  requireWritable(cpu, i, environmentBytes(i));
  storeEnvironment(cpu, i);
  s[FPU_CONTROL] |= EXCEPTIONS;
  setStatus(s, s[FPU_STATUS]);
};

const fldenv: Handler = (cpu, i) => {
  waitX87(cpu);
  requireReadable(cpu, i, environmentBytes(i));
  loadEnvironment(cpu, i);
};

const REGISTER_BYTES = 10;

const fnsave: Handler = (cpu, i) => {
  requireX87(cpu);
  const s = cpu.i32;
  const first = environmentBytes(i);
  requireWritable(cpu, i, first + 8 * REGISTER_BYTES);
  storeEnvironment(cpu, i);
  withoutAlignmentChecks(cpu, () => {
    for (let n = 0; n < 8; n++) {
      const from = st(s, n);
      const low = addressAt(cpu, i, first + REGISTER_BYTES * n);
      store64(cpu, low, s[HIGH], s[from], s[from + 1]);
      const top = addressAt(cpu, i, first + REGISTER_BYTES * n + 8);
      store16(cpu, top, s[HIGH], s[from + 2]);
    }
  });
  initialise(s);
};

const restored = new Int32Array(3 * 8);

const frstor: Handler = (cpu, i) => {
  waitX87(cpu);
  const s = cpu.i32;
  const first = environmentBytes(i);
  requireReadable(cpu, i, first + 8 * REGISTER_BYTES);
  withoutAlignmentChecks(cpu, () => {
    for (let n = 0; n < 8; n++) {
      const top = addressAt(cpu, i, first + REGISTER_BYTES * n + 8);
      restored[3 * n + 2] = load16(cpu, top, s[HIGH]);
      const low = addressAt(cpu, i, first + REGISTER_BYTES * n);
      restored[3 * n] = load64(cpu, low, s[HIGH]);
      restored[3 * n + 1] = s[HIGH];
    }
  });
  loadEnvironment(cpu, i);
  for (let n = 0; n < 8; n++) s.set(restored.subarray(3 * n, 3 * n + 3), st(s, n));
};

const memory = (opcode: number, extension: number, handler: Handler): Opcode => ({
  opcode,
  extension,
  only: 'memory',
  handler: always(handler),
});

export const X87_ENVIRONMENT_OPCODES: readonly Opcode[] = [
  memory(0xd9, 4, fldenv),
  memory(0xd9, 6, fnstenv),
  memory(0xdd, 4, frstor),
  memory(0xdd, 6, fnsave),
];
