/**
 * Limits and types of segments outside of 64-bit mode, checked in the slow path of memory accesses: an address in a segment
 * that is not plain has the segment's tag as its high half (`segmentAddress` in memory-access.ts).
 */
import type { Cpu } from './cpu.ts';
import {
  DESCRIPTOR_CODE,
  DESCRIPTOR_DEFAULT_32,
  DESCRIPTOR_EXPAND_DOWN,
  DESCRIPTOR_NON_SYSTEM,
  DESCRIPTOR_PRESENT,
  DESCRIPTOR_WRITABLE,
} from './descriptor.ts';
import { GENERAL_PROTECTION, raiseWithCode, STACK_FAULT } from './fault.ts';
import { CR0, CR0_PE, SEGMENT_ATTRIBUTES, SEGMENT_BASE, SEGMENT_LIMIT, SS, segment } from './state.ts';

/** Not canonical, whatever the segment's number and a carry from the low half add to it. */
const TAG = 0x4000;
const SEGMENT_REGISTERS = 6;

const PLAIN = DESCRIPTOR_PRESENT | DESCRIPTOR_NON_SYSTEM | DESCRIPTOR_WRITABLE;
const KIND = PLAIN | DESCRIPTOR_CODE | DESCRIPTOR_EXPAND_DOWN;

/**
 * 0 for a flat segment, else what stands for the segment in addresses. Flat are writable data segments of 4 GiB from 0 on;
 * with another base an operand that reaches beyond the last offset faults, which in a flat one wraps.
 */
export const tagOf = (which: number, base: number, limit: number, attributes: number): number =>
  (attributes & KIND) === PLAIN && base === 0 && limit === -1 ? 0 : (TAG + which) << 16;

/** The segment whose tag the high half of an address is, else −1. */
export function segmentOfTag(high: number): number {
  const which = (high >>> 16) - TAG;
  return which >= 0 && which < SEGMENT_REGISTERS ? which : -1;
}

/** Raises #SS or #GP unless a segment allows the access to `size` bytes at linear address `low`. */
export function checkSegmentAccess(
  cpu: Cpu,
  which: number,
  low: number,
  size: number,
  writes: boolean,
): void {
  const s = cpu.i32;
  const at = segment(which);
  const attributes = s[at + SEGMENT_ATTRIBUTES];
  const limit = s[at + SEGMENT_LIMIT] >>> 0;
  const first = (low - s[at + SEGMENT_BASE]) >>> 0;
  const last = first + size - 1;
  const isCode = (attributes & DESCRIPTOR_CODE) !== 0;
  const isExpandDown = !isCode && (attributes & DESCRIPTOR_EXPAND_DOWN) !== 0;
  // In a segment of all 4 GiB operands wrap.
  const isWhole = s[at + SEGMENT_BASE] === 0 && limit === 0xffff_ffff && !isExpandDown;
  const isWithin = isExpandDown
    ? first > limit && last <= ((attributes & DESCRIPTOR_DEFAULT_32) !== 0 ? 0xffff_ffff : 0xffff)
    : isWhole || last <= limit;
  // Real mode heeds limits only.
  const isAllowed =
    (s[CR0] & CR0_PE) === 0 ||
    ((attributes & DESCRIPTOR_WRITABLE) !== 0 ? !writes || !isCode : !writes && !isCode);
  if (isWithin && isAllowed && (attributes & DESCRIPTOR_PRESENT) !== 0) return;
  raiseWithCode(cpu, which === SS ? STACK_FAULT : GENERAL_PROTECTION, 0);
}
