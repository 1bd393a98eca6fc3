/**
 * The debug registers (Intel SDM volume 3, chapter 18): MOV to and from them, and the breakpoints they arm.
 *
 * An armed breakpoint costs nothing elsewhere. Addresses of instructions begin blocks, and only block boundaries look; the
 * TLB's entries of pages with watched data are suspended (`mmu/page-attention.ts`), and only the slow path looks. A hit on
 * data or a port is a trap: it sets DEBUG_TRAP, and the run loop delivers it behind the instruction.
 */
import { heedAttention } from '../mmu/page-attention.ts';
import { addressKey } from './code-cache.ts';
import type { Cpu } from './cpu.ts';
import { DEBUG, GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from './fault.ts';
import { RF } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import type { Opcode } from './opcode.ts';
import { writeRegister } from './operands.ts';
import { requireSupervisor } from './privilege.ts';
import {
  CR4,
  CR4_DE,
  DEBUG_REGISTERS,
  DEBUG_TRAP,
  DR6,
  DR6_ACCESS,
  DR7,
  DR7_ENABLED,
  DR7_GENERAL_DETECT,
  FLAGS,
  LEAVE_BLOCK,
} from './state.ts';

const BREAKPOINTS = [0, 1, 2, 3] as const;

/** What DR7 says of a breakpoint. */
const EXECUTION = 0;
const DATA_WRITE = 1;
const PORT = 2;
const DATA_ACCESS = 3;
const LENGTHS = [1, 2, 8, 4] as const;

const isEnabled = (s: Int32Array, n: number): boolean => ((s[DR7] >> (2 * n)) & 3) !== 0;
const kindOf = (s: Int32Array, n: number): number => (s[DR7] >> (16 + 4 * n)) & 3;
const lengthOf = (s: Int32Array, n: number): number => LENGTHS[(s[DR7] >> (18 + 4 * n)) & 3];
const watchesData = (s: Int32Array, n: number): boolean =>
  isEnabled(s, n) && (kindOf(s, n) === DATA_WRITE || kindOf(s, n) === DATA_ACCESS);

/** Address of a breakpoint as a key. The bits below its length do not count. */
function startOf(s: Int32Array, n: number): number {
  const at = DEBUG_REGISTERS + 2 * n;
  return addressKey(s[at] & -lengthOf(s, n), s[at + 1]);
}

/** The breakpoints that are enabled, have one of the kinds and touch so many bytes at a key, as bits of DR6. */
function hits(s: Int32Array, start: number, size: number, kinds: readonly number[]): number {
  let bits = 0;
  for (const n of BREAKPOINTS) {
    if (!isEnabled(s, n) || !kinds.includes(kindOf(s, n))) continue;
    const from = startOf(s, n);
    if (start < from + lengthOf(s, n) && from < start + size) bits |= 1 << n;
  }
  return bits;
}

function trap(s: Int32Array, bits: number): void {
  if (bits === 0) return;
  s[DEBUG_TRAP] |= bits;
  s[LEAVE_BLOCK] = 1;
}

const READS = [DATA_ACCESS];
const WRITES = [DATA_WRITE, DATA_ACCESS];

/** To be told of each access to data that does not go through the TLB, at a linear address. */
export function watchData(cpu: Cpu, low: number, high: number, size: number, writes: boolean): void {
  const s = cpu.i32;
  if ((s[DR7] & DR7_ENABLED) === 0) return;
  trap(s, hits(s, addressKey(low, high), size, writes ? WRITES : READS));
}

/** To be told of each IN and OUT. */
export function watchPort(cpu: Cpu, port: number, size: number): void {
  const s = cpu.i32;
  if ((s[DR7] & DR7_ENABLED) === 0 || (s[CR4] & CR4_DE) === 0) return;
  trap(s, hits(s, port, size, [PORT]));
}

/** The breakpoints on the instruction at a key, as bits of DR6. */
export const hitsOnExecution = (cpu: Cpu, key: number): number => hits(cpu.i32, key, 1, [EXECUTION]);

/** A page of linear addresses has watched data. */
export function isWatched(cpu: Cpu, low: number, high: number): boolean {
  const s = cpu.i32;
  if ((s[DR7] & DR7_ENABLED) === 0) return false;
  return BREAKPOINTS.some((n) => {
    const at = DEBUG_REGISTERS + 2 * n;
    return watchesData(s, n) && (s[at] ^ low) >>> 12 === 0 && s[at + 1] === high;
  });
}

/** To be called after DR0…DR3 or DR7 have changed. */
export function armBreakpoints(cpu: Cpu): void {
  const s = cpu.i32;
  const before = cpu.executionBreakpoints;
  const executed = BREAKPOINTS.filter((n) => isEnabled(s, n) && kindOf(s, n) === EXECUTION);
  const after = new Set(executed.map((n) => startOf(s, n)));
  const changed = [...before].filter((key) => !after.has(key));
  for (const key of after) if (!before.has(key)) changed.push(key);
  if (changed.length > 0) {
    cpu.executionBreakpoints = after;
    cpu.code.dropAt(changed);
  }
  const pages = BREAKPOINTS.filter((n) => watchesData(s, n)).map((n) => Math.floor(startOf(s, n) / 0x1000));
  if (pages.join() !== cpu.watchedPages.join()) {
    cpu.watchedPages = pages;
    heedAttention(cpu);
  }
}

// Moves. DR4 and DR5 are DR6 and DR7, unless CR4.DE makes them undefined.

const isAlias = (i: Instruction): boolean => i.regNumber === 4 || i.regNumber === 5;
const wordOf = (i: Instruction): number => DEBUG_REGISTERS + 2 * (isAlias(i) ? i.regNumber + 2 : i.regNumber);

function checkMove(cpu: Cpu, i: Instruction): void {
  const s = cpu.i32;
  if (isAlias(i) && (s[CR4] & CR4_DE) !== 0) raise(cpu, INVALID_OPCODE);
  requireSupervisor(cpu);
  if ((s[DR7] & DR7_GENERAL_DETECT) === 0) return;
  s[DR6] |= DR6_ACCESS;
  // Of the debug exceptions only this fault has RF in its frame.
  s[FLAGS] |= RF;
  raise(cpu, DEBUG);
}

const movFromDebug: Handler = (cpu, i) => {
  checkMove(cpu, i);
  const from = wordOf(i);
  writeRegister(cpu, i.rm, i.stackSize === 8 ? 8 : 4, cpu.i32[from], cpu.i32[from + 1]);
};

const movToDebug: Handler = (cpu, i) => {
  checkMove(cpu, i);
  const s = cpu.i32;
  const to = wordOf(i);
  const low = s[i.rm];
  const high = i.stackSize === 8 ? s[i.rm + 1] : 0;
  if ((to === DR6 || to === DR7) && high !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  s[to] = to === DR6 ? (low & 0xe00f) | 0xffff_0ff0 : to === DR7 ? (low & 0xffff_23ff) | 0x400 : low;
  s[to + 1] = high;
  if (to !== DR6) armBreakpoints(cpu);
};

const exists =
  (handler: Handler) =>
  (i: Instruction): Handler | undefined =>
    i.regNumber < 8 ? handler : undefined;

export const DEBUG_REGISTER_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f21, modrm: true, ignoresMode: true, handler: exists(movFromDebug) },
  { opcode: 0x0f23, modrm: true, ignoresMode: true, endsBlock: 'plain', handler: exists(movToDebug) },
];
