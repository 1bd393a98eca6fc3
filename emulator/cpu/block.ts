/** Finding and decoding the basic block at RIP. */
import { RAM } from '../memory-layout.ts';
import { translate } from '../mmu/page-walk.ts';
import { physicalPageOf, suspendWritesTo, TLB_MASK } from '../mmu/tlb.ts';
import { addressKey, type Block } from './code-cache.ts';
import type { Cpu } from './cpu.ts';
import { decode, MAX_LENGTH } from './decoder.ts';
import { GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from './fault.ts';
import { CONTINUES, type Instruction } from './instruction.ts';
import { CS, RIP, SEGMENT_BASE, SEGMENT_LIMIT, segment } from './state.ts';

/** Long enough for straight code, short enough that a block seldom crosses a deadline. */
const MAX_INSTRUCTIONS = 64;

/** Where `run` may stop before code: linear address as a key, and physical address. */
export interface CodeStops {
  has(key: number, physical: number): boolean;
}

/** Physical address of code; raises #PF, or #UD where there is no RAM. */
function translateCode(cpu: Cpu, low: number, high: number): number {
  const s = cpu.i32;
  const entry = cpu.executeTlb + (((low >>> 12) & TLB_MASK) << 2);
  if (s[entry] === (low & ~0xfff) && s[entry + 1] === high) {
    return ((physicalPageOf(s[entry + 3]) << 12) | (low & 0xfff)) >>> 0;
  }
  const physical = translate(cpu, low, high, cpu.executeTlb);
  if (physical >= cpu.ramBytes) raise(cpu, INVALID_OPCODE);
  return physical;
}

/** The block that starts at RIP, decoded if need be. Raises what the fetch of its first instruction raises. */
export function blockAtRip(cpu: Cpu, breakpoints: CodeStops): Block {
  if (cpu.mode.bits !== 64) return legacyBlockAtRip(cpu, breakpoints);
  const low = cpu.i32[RIP];
  const high = cpu.i32[RIP + 1];
  const physical = translateCode(cpu, low, high);
  const block = cpu.code.find(physical, low, high);
  if (block !== undefined && (block.secondPage < 0 || secondPage(cpu, low, high) === block.secondPage))
    return block;
  return decodeBlock(cpu, physical, low, high, breakpoints);
}

/** Outside of 64-bit mode RIP is an offset in CS, and the limit of CS may cut a block short. */
function legacyBlockAtRip(cpu: Cpu, breakpoints: CodeStops): Block {
  const s = cpu.i32;
  const offset = s[RIP];
  const base = s[segment(CS) + SEGMENT_BASE];
  const limit = s[segment(CS) + SEGMENT_LIMIT] >>> 0;
  const room = limit - (offset >>> 0) + 1;
  if (room <= 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const low = (base + offset) | 0;
  const physical = translateCode(cpu, low, 0);
  const block = cpu.code.find(physical, offset, cpu.mode.key);
  if (
    block !== undefined &&
    block.base === base &&
    block.bytes <= room &&
    (block.secondPage < 0 || secondPage(cpu, low, 0) === block.secondPage)
  ) {
    return block;
  }
  return decodeBlock(cpu, physical, low, 0, breakpoints, base, room);
}

/** Physical page of the code behind the page of an address. */
function secondPage(cpu: Cpu, low: number, high: number): number {
  const next = ((low | 0xfff) + 1) | 0;
  return translateCode(cpu, next, cpu.mode.bits === 64 ? (high + (next === 0 ? 1 : 0)) | 0 : 0) >>> 12;
}

/** Decodes from a linear address, at most `room` bytes; `base` is that of CS. */
function decodeBlock(
  cpu: Cpu,
  physical: number,
  low: number,
  high: number,
  breakpoints: CodeStops,
  base = 0,
  room = Number.POSITIVE_INFINITY,
): Block {
  const instructions: Instruction[] = [];
  const pageEnd = physical - (physical % 0x1000) + 0x1000;
  const offset = (low - base) | 0;
  let at = physical;
  let ripLow = offset;
  let ripHigh = high;
  let second = -1;
  while (instructions.length < MAX_INSTRUCTIONS) {
    const available = pageEnd - at;
    let instruction =
      available > 0 ? decode(cpu.u8, RAM + at, available, ripLow, ripHigh, cpu.mode) : undefined;
    if (instruction === undefined) {
      // Incomplete: it continues in the next page, and is a block of its own.
      if (instructions.length > 0) break;
      second = secondPage(cpu, low, high);
      instruction = decodeAcrossPages(cpu, at, available, second, ripLow, ripHigh);
    }
    if (at - physical + instruction.length > room) {
      if (instructions.length > 0) break;
      raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    }
    instructions.push(instruction);
    if (instruction.ends !== CONTINUES || second >= 0) break;
    at += instruction.length;
    ripLow = instruction.nextLow;
    ripHigh = instruction.nextHigh;
    // A breakpoint begins a block, so that only block boundaries need to look for one.
    if (breakpoints.has(addressKey((base + ripLow) | 0, ripHigh), at)) break;
  }
  const block: Block = {
    ripLow: offset,
    ripHigh: cpu.mode.bits === 64 ? high : cpu.mode.key,
    base,
    physical,
    bytes: instructions.reduce((sum, instruction) => sum + instruction.length, 0),
    secondPage: second,
    instructions,
    breakpoint: breakpoints.has(addressKey(low, high), physical),
    valid: true,
  };
  for (const page of cpu.code.add(block)) suspendWritesTo(cpu.i32, page);
  return block;
}

function decodeAcrossPages(
  cpu: Cpu,
  at: number,
  available: number,
  page: number,
  ripLow: number,
  ripHigh: number,
): Instruction {
  const bytes = new Uint8Array(MAX_LENGTH);
  bytes.set(cpu.u8.subarray(RAM + at, RAM + at + available));
  const rest = RAM + page * 0x1000;
  bytes.set(cpu.u8.subarray(rest, rest + MAX_LENGTH - available), available);
  const instruction = decode(bytes, 0, MAX_LENGTH, ripLow, ripHigh, cpu.mode);
  if (instruction === undefined) throw new Error('an instruction cannot be longer than its limit');
  return instruction;
}
