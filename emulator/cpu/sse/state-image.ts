/** FXSAVE, FXRSTOR, LDMXCSR, STMXCSR (SDM volume 1, 10.5: layout of the 512-byte area). */
import { isCanonical, requireCanonical } from '../../mmu/page-walk.ts';
import type { Cpu } from '../cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from '../fault.ts';
import type { Handler, Instruction } from '../instruction.ts';
import {
  checkAlignment,
  checkWrite,
  effectiveAddress,
  load8,
  load32,
  requireAlignedArea,
  store32,
} from '../memory-access.ts';
import { always, type Opcode } from '../opcode.ts';
import { HIGH, MXCSR, OPERAND, VECTOR } from '../state.ts';
import { requireX87 } from '../x87/stack.ts';
import { restoreX87, saveX87 } from '../x87/state-image.ts';
import { fetch32, type Guard, requireSse } from './operands.ts';

/** Bits of MXCSR that exist; setting another one is #GP. */
export const MXCSR_MASK = 0xffff;

const AREA_WORDS = 512 / 4;
/** Word indexes in the area: MXCSR and its mask, the x87 registers, the vector registers, the end of what is used. */
const AREA_MXCSR = 24 / 4;
const AREA_X87 = 32 / 4;
const AREA_VECTOR = 160 / 4;
const AREA_END = 416 / 4;

const image = new Int32Array(AREA_END);

/** Words of an area that hold vector registers: outside of 64-bit mode there are eight. */
export const vectorWords = (i: Instruction): number => (i.stackSize === 8 ? 64 : 32);

/** The XMM registers, to and from words 40…103 of an area. */
export function saveVectors(s: Int32Array, area: Int32Array): void {
  for (let word = 0; word < 64; word++) area[AREA_VECTOR + word] = s[VECTOR + 8 * (word >> 2) + (word & 3)];
}

export function restoreVectors(s: Int32Array, area: Int32Array, words: number): void {
  for (let word = 0; word < words; word++)
    s[VECTOR + 8 * (word >> 2) + (word & 3)] = area[AREA_VECTOR + word];
}

function storeWord(cpu: Cpu, low: number, high: number, word: number, value: number): void {
  const at = (low + 4 * word) | 0;
  store32(cpu, at, (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0, value);
}

/**
 * Address of the area: low half, high half in HIGH. Not a multiple of 16 is #GP, and where alignment is checked not even one
 * of 4 is #AC. The pages of its end are checked before those of its start, as CPUs do it.
 */
function areaAddress(cpu: Cpu, i: Instruction): number {
  const low = effectiveAddress(cpu, i);
  if (isCanonical(cpu.i32[HIGH])) checkAlignment(cpu, low, 4);
  requireAlignedArea(cpu, low, cpu.i32[HIGH], 16);
  if (cpu.mode.bits === 64) requireCanonical(cpu, cpu.i32[HIGH]);
  return low;
}

function fxsave(cpu: Cpu, i: Instruction): void {
  requireX87(cpu);
  const s = cpu.i32;
  const low = areaAddress(cpu, i);
  const high = s[HIGH];
  const last = (low + 4 * AREA_WORDS - 1) | 0;
  checkWrite(cpu, last, (high + (last >>> 0 < low >>> 0 ? 1 : 0)) | 0, 1);
  checkWrite(cpu, low, high, 4 * AREA_WORDS);
  const put = (word: number, value: number): void => storeWord(cpu, low, high, word, value);
  saveX87(s, image, i.operandSize === 8);
  for (let word = 0; word < AREA_MXCSR; word++) put(word, image[word]);
  put(AREA_MXCSR, s[MXCSR]);
  put(AREA_MXCSR + 1, MXCSR_MASK);
  saveVectors(s, image);
  for (let word = AREA_X87; word < AREA_VECTOR + vectorWords(i); word++) put(word, image[word]);
}

function fxrstor(cpu: Cpu, i: Instruction): void {
  requireX87(cpu);
  const s = cpu.i32;
  const low = areaAddress(cpu, i);
  const high = s[HIGH];
  const last = (low + 4 * AREA_WORDS - 1) | 0;
  load8(cpu, last, (high + (last >>> 0 < low >>> 0 ? 1 : 0)) | 0);
  for (let word = 0; word < AREA_END; word++) {
    const at = (low + 4 * word) | 0;
    image[word] = load32(cpu, at, (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0);
  }
  if ((image[AREA_MXCSR] & ~MXCSR_MASK) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  restoreX87(s, image, i.operandSize === 8);
  s[MXCSR] = image[AREA_MXCSR];
  restoreVectors(s, image, vectorWords(i));
}

export const ldmxcsr =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    fetch32(cpu, i);
    const value = cpu.i32[OPERAND];
    if ((value & ~MXCSR_MASK) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    cpu.i32[MXCSR] = value;
  };

export const stmxcsr =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const low = effectiveAddress(cpu, i);
    store32(cpu, low, cpu.i32[HIGH], cpu.i32[MXCSR]);
  };

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
  memory(2, always(ldmxcsr(requireSse))),
  memory(3, always(stmxcsr(requireSse))),
];
