/**
 * The stack, with the size of stack pointer that the instruction was decoded for: RSP, ESP or SP. A push changes the
 * stack pointer only when its write has succeeded.
 */
import type { Cpu } from './cpu.ts';
import type { Instruction } from './instruction.ts';
import { load16, load32, load64, store16, store32, store64 } from './memory-access.ts';
import { HIGH, RBP, RSP, SEGMENT_BASE, SEGMENT_TAG, SS, segment } from './state.ts';

/** Pushes 8 bytes, in 64-bit mode. */
export function push64(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  const rsp = (s[RSP] - 8) | 0;
  const rspHigh = s[RSP + 1] - (s[RSP] >>> 0 < 8 ? 1 : 0);
  store64(cpu, rsp, rspHigh, low, high);
  s[RSP] = rsp;
  s[RSP + 1] = rspHigh;
}

/** Pops 8 bytes, in 64-bit mode (low half returned, high half in HIGH). */
export function pop64(cpu: Cpu): number {
  const s = cpu.i32;
  const low = load64(cpu, s[RSP], s[RSP + 1]);
  addToRsp(s, 8);
  return low;
}

/** Adds an unsigned number to RSP. */
export function addToRsp(s: Int32Array, bytes: number): void {
  const rsp = (s[RSP] + bytes) | 0;
  if (rsp >>> 0 < bytes >>> 0) s[RSP + 1]++;
  s[RSP] = rsp;
}

/** The linear address of SS:[pointer + offset]; `size` is that of the stack pointer. Low half, high half in HIGH. */
function addressFrom(s: Int32Array, size: number, pointer: number, offset: number): number {
  if (size === 8) {
    const low = (s[pointer] + offset) | 0;
    const carry = offset < 0 ? (low >>> 0 > s[pointer] >>> 0 ? -1 : 0) : low >>> 0 < s[pointer] >>> 0 ? 1 : 0;
    s[HIGH] = s[pointer + 1] + carry;
    return low;
  }
  const at = segment(SS);
  const cut = size === 4 ? s[pointer] + offset : (s[pointer] + offset) & 0xffff;
  s[HIGH] = s[at + SEGMENT_TAG];
  return (cut + s[at + SEGMENT_BASE]) | 0;
}
export const stackAddress = (s: Int32Array, size: number, offset: number): number =>
  addressFrom(s, size, RSP, offset);
export const frameAddress = (s: Int32Array, size: number, offset: number): number =>
  addressFrom(s, size, RBP, offset);

/** Moves the stack pointer by a number of bytes of either sign. */
export function moveStackPointer(cpu: Cpu, size: number, by: number): void {
  const s = cpu.i32;
  if (size === 2) cpu.u16[RSP * 2] += by;
  else if (size === 4) {
    s[RSP] += by;
    s[RSP + 1] = 0;
  } else {
    const low = (s[RSP] + by) | 0;
    s[RSP + 1] += (by >> 31) + (low >>> 0 < s[RSP] >>> 0 ? 1 : 0);
    s[RSP] = low;
  }
}

/** Pushes an operand of the instruction's operand size: 2, 4 or 8 bytes. */
export function push(cpu: Cpu, i: Instruction, low: number, high: number): void {
  const size = i.operandSize;
  if (size === 8) {
    push64(cpu, low, high);
    return;
  }
  const address = stackAddress(cpu.i32, i.stackSize, -size);
  if (size === 4) store32(cpu, address, cpu.i32[HIGH], low);
  else store16(cpu, address, cpu.i32[HIGH], low);
  moveStackPointer(cpu, i.stackSize, -size);
}

/** Pops an operand of the instruction's operand size (low half returned, high half in HIGH; 16 bits unsigned). */
export function pop(cpu: Cpu, i: Instruction): number {
  const size = i.operandSize;
  if (size === 8) return pop64(cpu);
  const s = cpu.i32;
  const address = stackAddress(s, i.stackSize, 0);
  const value = size === 4 ? load32(cpu, address, s[HIGH]) : load16(cpu, address, s[HIGH]);
  moveStackPointer(cpu, i.stackSize, size);
  s[HIGH] = 0;
  return value;
}
