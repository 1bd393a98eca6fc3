import { push } from './data-transfer.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import type { Handler, Instruction } from './instruction.ts';
import { checkWrite, effectiveAddress, load16, load64, store16, store64 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { load, readWord, writeRegister } from './operands.ts';
import { requireSupervisor, requireUserModeInstructions } from './privilege.ts';
import { loadDataSegment, loadSystemSegment } from './segments.ts';
import {
  CS,
  FS,
  GDTR_BASE,
  GDTR_LIMIT,
  GS,
  HIGH,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  LDTR,
  RSP,
  SEGMENT_SELECTOR,
  SS,
  STACK_SHADOW,
  segment,
  TR,
} from './state.ts';

// Descriptor tables

const storeTable =
  (base: number, limit: number): Handler =>
  (cpu, i) => {
    requireUserModeInstructions(cpu);
    const s = cpu.i32;
    const address = effectiveAddress(cpu, i);
    const high = s[HIGH];
    checkWrite(cpu, address, high, 10);
    const second = (address + 2) | 0;
    store16(cpu, address, high, s[limit]);
    store64(cpu, second, high + (second >>> 0 < 2 ? 1 : 0), s[base], s[base + 1]);
  };
const loadTable =
  (base: number, limit: number): Handler =>
  (cpu, i) => {
    requireSupervisor(cpu);
    const s = cpu.i32;
    const address = effectiveAddress(cpu, i);
    const high = s[HIGH];
    const newLimit = load16(cpu, address, high);
    const second = (address + 2) | 0;
    const low = load64(cpu, second, high + (second >>> 0 < 2 ? 1 : 0));
    if ((s[HIGH] << 16) >> 16 !== s[HIGH]) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    s[limit] = newLimit;
    s[base] = low;
    s[base + 1] = s[HIGH];
  };

/** STR and SLDT: 16 bits to memory, zero-extended to a register. */
const storeSelector =
  (which: number): Handler =>
  (cpu, i) => {
    requireUserModeInstructions(cpu);
    const selector = cpu.i32[segment(which) + SEGMENT_SELECTOR];
    if (i.isMemory) {
      const address = effectiveAddress(cpu, i);
      store16(cpu, address, cpu.i32[HIGH], selector);
    } else writeRegister(cpu, i.rm, i.operandSize, selector, 0);
  };
const loadSystem =
  (which: number): Handler =>
  (cpu, i) => {
    requireSupervisor(cpu);
    loadSystemSegment(cpu, which, readWord(cpu, i));
  };

// Segment registers

const movFromSegment: Handler = (cpu, i) => {
  const selector = cpu.i32[segment(i.regNumber & 7) + SEGMENT_SELECTOR];
  if (i.isMemory) {
    const address = effectiveAddress(cpu, i);
    store16(cpu, address, cpu.i32[HIGH], selector);
  } else writeRegister(cpu, i.rm, i.operandSize, selector, 0);
};
const movToSegment: Handler = (cpu, i) => {
  const which = i.regNumber & 7;
  loadDataSegment(cpu, which, readWord(cpu, i));
  if (which === SS) cpu.i32[INTERRUPT_SHADOW] = STACK_SHADOW;
};
const hasSegment =
  (handler: Handler, least: number) =>
  (i: Instruction): Handler | undefined => {
    const which = i.regNumber & 7;
    return which > GS || which === least ? undefined : handler;
  };
const pushSegment =
  (which: number): Handler =>
  (cpu, i) =>
    push(cpu, i.operandSize, cpu.i32[segment(which) + SEGMENT_SELECTOR], 0);
const popSegment =
  (which: number): Handler =>
  (cpu) => {
    const s = cpu.i32;
    const selector = load16(cpu, s[RSP], s[RSP + 1]);
    loadDataSegment(cpu, which, selector);
    const rsp = (s[RSP] + 8) | 0;
    if (rsp >>> 0 < 8) s[RSP + 1]++;
    s[RSP] = rsp;
  };
/** LSS, LFS, LGS: offset, then selector. */
const loadFarPointer =
  (which: number): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    const address = effectiveAddress(cpu, i);
    const addressHigh = s[HIGH];
    const low = load(cpu, address, addressHigh, i.operandSize);
    const high = s[HIGH];
    const second = (address + i.operandSize) | 0;
    const selector = load16(cpu, second, addressHigh + (second >>> 0 < 8 ? 1 : 0));
    loadDataSegment(cpu, which, selector);
    writeRegister(cpu, i.reg, i.operandSize, low, high);
  };

const plain = { endsBlock: 'plain' } as const;

export const SEGMENT_REGISTER_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f01, extension: 0, only: 'memory', handler: always(storeTable(GDTR_BASE, GDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 1, only: 'memory', handler: always(storeTable(IDTR_BASE, IDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 2, only: 'memory', handler: always(loadTable(GDTR_BASE, GDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 3, only: 'memory', handler: always(loadTable(IDTR_BASE, IDTR_LIMIT)) },
  { opcode: 0x0f00, extension: 0, handler: always(storeSelector(LDTR)) },
  { opcode: 0x0f00, extension: 1, handler: always(storeSelector(TR)) },
  { opcode: 0x0f00, extension: 2, handler: always(loadSystem(LDTR)) },
  { opcode: 0x0f00, extension: 3, handler: always(loadSystem(TR)) },
  { opcode: 0x8c, modrm: true, handler: hasSegment(movFromSegment, -1) },
  { opcode: 0x8e, modrm: true, ...plain, handler: hasSegment(movToSegment, CS) },
  { opcode: 0x0fa0, size: 'stack', handler: always(pushSegment(FS)) },
  { opcode: 0x0fa8, size: 'stack', handler: always(pushSegment(GS)) },
  { opcode: 0x0fa1, size: 'stack', handler: always(popSegment(FS)) },
  { opcode: 0x0fa9, size: 'stack', handler: always(popSegment(GS)) },
  { opcode: 0x0fb2, modrm: true, only: 'memory', ...plain, handler: always(loadFarPointer(SS)) },
  { opcode: 0x0fb4, modrm: true, only: 'memory', handler: always(loadFarPointer(FS)) },
  { opcode: 0x0fb5, modrm: true, only: 'memory', handler: always(loadFarPointer(GS)) },
];
