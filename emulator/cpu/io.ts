/** IN, OUT, INS, OUTS and the I/O permission bitmap (Intel SDM volume 1, chapter 19). */
import type { Cpu } from './cpu.ts';
import { watchPort } from './debug-registers.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import { ioPrivilegeLevel } from './flag-instructions.ts';
import type { Handler, Instruction } from './instruction.ts';
import { checkWrite, load16 } from './memory-access.ts';
import type { Opcode } from './opcode.ts';
import { store } from './operands.ts';
import { asSupervisor } from './privilege.ts';
import {
  CPL,
  HIGH,
  LEAVE_BLOCK,
  RAX,
  RDI,
  RDX,
  RSI,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  segment,
  TR,
} from './state.ts';
import { advance, destination, loadSource, repeat, stride } from './strings.ts';

/** Offset in the TSS of the word that says where the bitmap begins. */
const BITMAP_OFFSET = 0x66;

/** Raises #GP unless the port may be used at the current privilege level. */
function checkPermission(cpu: Cpu, port: number, size: number): void {
  const s = cpu.i32;
  if (s[CPL] <= ioPrivilegeLevel(cpu)) return;
  const tr = segment(TR);
  const limit = s[tr + SEGMENT_LIMIT] >>> 0;
  if (limit < BITMAP_OFFSET + 1) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const allowed = asSupervisor(cpu, () => {
    const at = (offset: number, read: (cpu: Cpu, low: number, high: number) => number): number => {
      const low = (s[tr + SEGMENT_BASE] + offset) | 0;
      return read(cpu, low, s[tr + SEGMENT_BASE + 1] + (low >>> 0 < offset ? 1 : 0));
    };
    const byte = at(BITMAP_OFFSET, load16) + (port >> 3);
    if (byte + 1 > limit) return false;
    return ((at(byte, load16) >> (port & 7)) & ((1 << size) - 1)) === 0;
  });
  if (!allowed) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}

/** I/O has no 64-bit size. */
const ioSize = (i: Instruction): number => Math.min(i.operandSize, 4);

function input(cpu: Cpu, i: Instruction, port: number): void {
  const size = ioSize(i);
  checkPermission(cpu, port, size);
  cpu.i32[LEAVE_BLOCK] = 1;
  const value = cpu.bus.readPort(port, size);
  watchPort(cpu, port, size);
  if (size === 1) cpu.u8[RAX * 4] = value;
  else if (size === 2) cpu.u16[RAX * 2] = value;
  else {
    cpu.i32[RAX] = value;
    cpu.i32[RAX + 1] = 0;
  }
}
function output(cpu: Cpu, i: Instruction, port: number): void {
  const size = ioSize(i);
  checkPermission(cpu, port, size);
  const value = size === 1 ? cpu.u8[RAX * 4] : size === 2 ? cpu.u16[RAX * 2] : cpu.i32[RAX] >>> 0;
  cpu.i32[LEAVE_BLOCK] = 1;
  cpu.bus.writePort(port, size, value);
  watchPort(cpu, port, size);
}
const portInDx = (cpu: Cpu): number => cpu.u16[RDX * 2];
const inImmediate: Handler = (cpu, i) => input(cpu, i, i.immediateLow & 0xff);
const inDx: Handler = (cpu, i) => input(cpu, i, portInDx(cpu));
const outImmediate: Handler = (cpu, i) => output(cpu, i, i.immediateLow & 0xff);
const outDx: Handler = (cpu, i) => output(cpu, i, portInDx(cpu));

const insOnce: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = ioSize(i);
  const port = portInDx(cpu);
  checkPermission(cpu, port, size);
  const to = destination(s, i);
  const high = s[HIGH];
  checkWrite(cpu, to, high, size);
  s[LEAVE_BLOCK] = 1;
  store(cpu, to, high, size, cpu.bus.readPort(port, size), 0);
  watchPort(cpu, port, size);
  advance(s, RDI, stride(s, i), i.addressSize);
};
const outsOnce: Handler = (cpu, i) => {
  const size = ioSize(i);
  const port = portInDx(cpu);
  checkPermission(cpu, port, size);
  const value = loadSource(cpu, i);
  cpu.i32[LEAVE_BLOCK] = 1;
  cpu.bus.writePort(port, size, size === 4 ? value >>> 0 : value & ((1 << (8 * size)) - 1));
  watchPort(cpu, port, size);
  advance(cpu.i32, RSI, stride(cpu.i32, i), i.addressSize);
};
/** Permission is needed even if there is nothing to repeat. */
const repeated =
  (once: Handler): Handler =>
  (cpu, i) => {
    checkPermission(cpu, portInDx(cpu), ioSize(i));
    repeat(cpu, i, once, undefined);
  };
const repIns = repeated(insOnce);
const repOuts = repeated(outsOnce);

function stringRows(opcode: number, once: Handler, repeated: Handler): Opcode[] {
  return [0, 1].flatMap((wide): Opcode[] => {
    const size = wide ? {} : ({ size: 'byte' } as const);
    // With a 64-bit operand size these are still 32 bits wide.
    const choose = (handler: Handler) => (i: Instruction) => {
      i.operandSize = ioSize(i);
      return handler;
    };
    return [
      { opcode: opcode + wide, prefix: 0xf3, ...size, endsBlock: 'branch', handler: choose(repeated) },
      { opcode: opcode + wide, prefix: 0xf2, ...size, endsBlock: 'branch', handler: choose(repeated) },
      { opcode: opcode + wide, ...size, endsBlock: 'plain', handler: choose(once) },
    ];
  });
}

const port = { endsBlock: 'plain' } as const;

export const IO_OPCODES: readonly Opcode[] = [
  { opcode: 0xe4, ...port, size: 'byte', immediate: 'byte', handler: () => inImmediate },
  { opcode: 0xe5, ...port, immediate: 'byte', handler: () => inImmediate },
  { opcode: 0xe6, ...port, size: 'byte', immediate: 'byte', handler: () => outImmediate },
  { opcode: 0xe7, ...port, immediate: 'byte', handler: () => outImmediate },
  { opcode: 0xec, ...port, size: 'byte', handler: () => inDx },
  { opcode: 0xed, ...port, handler: () => inDx },
  { opcode: 0xee, ...port, size: 'byte', handler: () => outDx },
  { opcode: 0xef, ...port, handler: () => outDx },
  ...stringRows(0x6c, insOnce, repIns),
  ...stringRows(0x6e, outsOnce, repOuts),
];
