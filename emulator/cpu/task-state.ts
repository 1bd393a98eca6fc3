/**
 * The task state segment as far as transfers to an inner privilege level use it (Intel SDM volume 3, chapter 8): the stacks
 * of the levels. The processor switches no tasks here: what would, raises #GP of the selector that named the task.
 */
import { isIa32e } from './code-mode.ts';
import type { Cpu } from './cpu.ts';
import { DESCRIPTOR_DEFAULT_32, systemTypeOf, TSS_16 } from './descriptor.ts';
import { FAULT, INVALID_TSS, raiseWithCode, STACK_FAULT } from './fault.ts';
import { load16, load32, load64, store16, store32, store64 } from './memory-access.ts';
import { asSupervisor, setPrivilege } from './privilege.ts';
import {
  type Descriptor,
  isNull,
  markAccessed,
  readStackSegment,
  setSegment,
  setSegmentFromDescriptor,
} from './segments.ts';
import { moveStackPointer, push64, stackAddress } from './stack.ts';
import {
  CPL,
  FAULT_ERROR,
  FAULT_VECTOR,
  HIGH,
  RSP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_WORDS,
  SS,
  segment,
  TR,
} from './state.ts';

/** A stack to push on. */
export interface Stack {
  /** To be loaded into SS; undefined if SS stays as it is. */
  readonly selector: number | undefined;
  /** Without one, the selector is null, as in IA-32e mode. */
  readonly descriptor: Descriptor | undefined;
  readonly low: number;
  readonly high: number;
  /** Bytes of the stack pointer that are used: 2, 4 or 8. */
  readonly pointerSize: number;
}

export function currentStack(cpu: Cpu, pointerSize: number = cpu.mode.stackSize): Stack {
  const s = cpu.i32;
  return { selector: undefined, descriptor: undefined, low: s[RSP], high: s[RSP + 1], pointerSize };
}

/** The stack that the delivery of an interrupt in IA-32e mode begins with: at a multiple of 16. */
export function alignedStack({ selector, descriptor, low, high }: Stack): Stack {
  return { selector, descriptor, low: low & ~15, high, pointerSize: 8 };
}

/** Linear address of `size` bytes of the TSS; raises #TS beyond its limit. Low half, high half in HIGH. */
function tssAddress(cpu: Cpu, offset: number, size: number, external: number): number {
  const s = cpu.i32;
  const tr = segment(TR);
  if (offset + size - 1 > s[tr + SEGMENT_LIMIT] >>> 0) {
    raiseWithCode(cpu, INVALID_TSS, (s[tr + SEGMENT_SELECTOR] & 0xfffc) | external);
  }
  const low = (s[tr + SEGMENT_BASE] + offset) | 0;
  s[HIGH] = s[tr + SEGMENT_BASE + 1] + (low >>> 0 < offset ? 1 : 0);
  return low;
}

/** A stack pointer of the 64-bit TSS at an offset: RSP0…RSP2, IST1…IST7. */
export function wideStack(cpu: Cpu, offset: number, level: number, external: number): Stack {
  const s = cpu.i32;
  const address = tssAddress(cpu, offset, 8, external);
  const addressHigh = s[HIGH];
  const low = asSupervisor(cpu, () => load64(cpu, address, addressHigh));
  const high = s[HIGH];
  if ((high << 16) >> 16 !== high) raiseWithCode(cpu, STACK_FAULT, external);
  return { selector: level, descriptor: undefined, low, high, pointerSize: 8 };
}

/** The stack that the TSS names for privilege level 0, 1 or 2. Raises #TS, or #SS if it is not present. */
export function stackOfLevel(cpu: Cpu, level: number, external: number): Stack {
  if (isIa32e(cpu)) return wideStack(cpu, 4 + 8 * level, level, external);
  const s = cpu.i32;
  const isShort = (systemTypeOf(s[segment(TR) + SEGMENT_ATTRIBUTES]) & ~2) === TSS_16;
  const address = isShort
    ? tssAddress(cpu, 2 + 4 * level, 4, external)
    : tssAddress(cpu, 4 + 8 * level, 6, external);
  const [low, selector] = asSupervisor(cpu, () =>
    isShort
      ? [load16(cpu, address, 0), load16(cpu, (address + 2) | 0, 0)]
      : [load32(cpu, address, 0), load16(cpu, (address + 4) | 0, 0)],
  );
  if (isNull(selector)) raiseWithCode(cpu, INVALID_TSS, external);
  const descriptor = readStackSegment(cpu, selector, level, INVALID_TSS, external);
  const pointerSize = (descriptor.upper & DESCRIPTOR_DEFAULT_32) !== 0 ? 4 : 2;
  return { selector, descriptor, low, high: 0, pointerSize };
}

/** Pushes a value of the size that `useStack` was given. */
export type Push = (low: number, high: number) => void;

const savedSegment = new Int32Array(SEGMENT_WORDS);

/**
 * Changes to a stack and a privilege level and pushes values of `size` bytes. If that faults everything is as before, and
 * #SS names the new stack.
 */
export function useStack(
  cpu: Cpu,
  stack: Stack,
  level: number,
  size: number,
  external: number,
  pushAll: (push: Push) => void,
): void {
  const s = cpu.i32;
  const at = segment(SS);
  for (let word = 0; word < SEGMENT_WORDS; word++) savedSegment[word] = s[at + word];
  const savedLow = s[RSP];
  const savedHigh = s[RSP + 1];
  const savedLevel = s[CPL];
  const savedMode = cpu.mode;
  const { selector, descriptor, pointerSize } = stack;
  try {
    if (descriptor !== undefined) setSegmentFromDescriptor(cpu, SS, selector ?? 0, descriptor);
    else if (selector !== undefined) setSegment(cpu, SS, selector, 0, 0, 0, 0);
    s[RSP] = stack.low;
    s[RSP + 1] = stack.high;
    setPrivilege(cpu, level);
    pushAll((low, high) => {
      if (pointerSize === 8 && size === 8) {
        push64(cpu, low, high);
        return;
      }
      const address = stackAddress(s, pointerSize, -size);
      const addressHigh = s[HIGH];
      if (size === 8) store64(cpu, address, addressHigh, low, high);
      else if (size === 4) store32(cpu, address, addressHigh, low);
      else store16(cpu, address, addressHigh, low);
      moveStackPointer(cpu, pointerSize, -size);
    });
    if (descriptor !== undefined) markAccessed(cpu, descriptor);
  } catch (fault) {
    s.set(savedSegment, at);
    s[RSP] = savedLow;
    s[RSP + 1] = savedHigh;
    cpu.mode = savedMode;
    setPrivilege(cpu, savedLevel);
    if (fault === FAULT && s[FAULT_VECTOR] === STACK_FAULT && descriptor !== undefined) {
      s[FAULT_ERROR] = ((selector ?? 0) & 0xfffc) | external;
    }
    throw fault;
  }
}
