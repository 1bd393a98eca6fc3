/** FXSAVE, FXRSTOR, LDMXCSR, STMXCSR (SDM volume 1, 10.5: layout of the 512-byte area). */
import type { Cpu } from '../cpu.ts';
import { DEVICE_NOT_AVAILABLE, GENERAL_PROTECTION, raise, raiseWithCode } from '../fault.ts';
import type { Instruction } from '../instruction.ts';
import { checkWrite, effectiveAddress, load8, load32, store32 } from '../memory-access.ts';
import { always, type Opcode } from '../opcode.ts';
import {
  CR0,
  CR0_EM,
  CR0_TS,
  FPU_CONTROL,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TAG,
  HIGH,
  MXCSR,
  OPERAND,
  VECTOR,
} from '../state.ts';
import { alignedAddress, fetch32, requireSse } from './operands.ts';

/** Bits of MXCSR that exist; setting another one is #GP. */
const MXCSR_MASK = 0xffff;

/** The end of the area is checked first, as CPUs do it. */
const AREA_WORDS = 512 / 4;
/** Word indexes in the area: MXCSR and its mask, the x87 registers, the vector registers, the end of what is used. */
const AREA_MXCSR = 24 / 4;
const AREA_FPU = 32 / 4;
const AREA_VECTOR = 160 / 4;
const AREA_END = 416 / 4;

/** The area has a bit per x87 register that is not empty; the tag word has two bits each, 3 for empty. */
function abridgedTag(tag: number): number {
  let used = 0;
  for (let register = 0; register < 8; register++) {
    if (((tag >> (2 * register)) & 3) !== 3) used |= 1 << register;
  }
  return used;
}

function fullTag(used: number): number {
  let tag = 0;
  for (let register = 0; register < 8; register++) {
    if ((used & (1 << register)) === 0) tag |= 3 << (2 * register);
  }
  return tag;
}

function requireFpu(cpu: Cpu): void {
  if ((cpu.i32[CR0] & (CR0_EM | CR0_TS)) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
}

function storeWord(cpu: Cpu, low: number, high: number, word: number, value: number): void {
  const at = (low + 4 * word) | 0;
  store32(cpu, at, (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0, value);
}

function fxsave(cpu: Cpu, i: Instruction): void {
  requireFpu(cpu);
  const s = cpu.i32;
  const low = alignedAddress(cpu, i);
  const high = s[HIGH];
  const last = (low + 4 * AREA_WORDS - 1) | 0;
  checkWrite(cpu, last, (high + (last >>> 0 < low >>> 0 ? 1 : 0)) | 0, 1);
  checkWrite(cpu, low, high, 4 * AREA_WORDS);
  const put = (word: number, value: number): void => storeWord(cpu, low, high, word, value);
  put(0, (s[FPU_CONTROL] & 0xffff) | (s[FPU_STATUS] << 16));
  put(1, abridgedTag(s[FPU_TAG]));
  // No x87 instruction is remembered: FOP, FIP, FDP are 0.
  for (let word = 2; word < AREA_MXCSR; word++) put(word, 0);
  put(AREA_MXCSR, s[MXCSR]);
  put(AREA_MXCSR + 1, MXCSR_MASK);
  for (let word = 0; word < 32; word++) put(AREA_FPU + word, s[FPU_REGISTERS + word]);
  for (let word = 0; word < 64; word++) put(AREA_VECTOR + word, s[VECTOR + 8 * (word >> 2) + (word & 3)]);
}

const image = new Int32Array(AREA_END);

function fxrstor(cpu: Cpu, i: Instruction): void {
  requireFpu(cpu);
  const s = cpu.i32;
  const low = alignedAddress(cpu, i);
  const high = s[HIGH];
  const last = (low + 4 * AREA_WORDS - 1) | 0;
  load8(cpu, last, (high + (last >>> 0 < low >>> 0 ? 1 : 0)) | 0);
  for (let word = 0; word < AREA_END; word++) {
    const at = (low + 4 * word) | 0;
    image[word] = load32(cpu, at, (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0);
  }
  if ((image[AREA_MXCSR] & ~MXCSR_MASK) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  s[FPU_CONTROL] = image[0] & 0xffff;
  s[FPU_STATUS] = image[0] >>> 16;
  s[FPU_TAG] = fullTag(image[1]);
  s[MXCSR] = image[AREA_MXCSR];
  for (let word = 0; word < 32; word++) s[FPU_REGISTERS + word] = image[AREA_FPU + word];
  for (let word = 0; word < 64; word++) s[VECTOR + 8 * (word >> 2) + (word & 3)] = image[AREA_VECTOR + word];
}

function ldmxcsr(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  fetch32(cpu, i);
  const value = cpu.i32[OPERAND];
  if ((value & ~MXCSR_MASK) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  cpu.i32[MXCSR] = value;
}

function stmxcsr(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const low = effectiveAddress(cpu, i);
  store32(cpu, low, cpu.i32[HIGH], cpu.i32[MXCSR]);
}

const memory = (extension: number, handler: Opcode['handler']): Opcode => ({
  opcode: 0x0fae,
  prefix: 0,
  modrm: true,
  extension,
  only: 'memory',
  handler,
});

export const SSE_STATE_OPCODES: readonly Opcode[] = [
  memory(0, always(fxsave)),
  memory(1, always(fxrstor)),
  memory(2, always(ldmxcsr)),
  memory(3, always(stmxcsr)),
];
