import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import type { Handler, Instruction } from './instruction.ts';
import { checkWrite, effectiveAddress, highBehind, load16, store16 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { load, readWord, store, writeRegister } from './operands.ts';
import { requireSupervisor, requireUserModeInstructions } from './privilege.ts';
import { loadDataSegment, loadSystemSegment } from './segments.ts';
import { moveStackPointer, push, stackAddress } from './stack.ts';
import {
  CS,
  DS,
  ES,
  FS,
  GDTR_BASE,
  GDTR_LIMIT,
  GS,
  HIGH,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  LDTR,
  SEGMENT_SELECTOR,
  SS,
  STACK_SHADOW,
  segment,
  TR,
} from './state.ts';

// Descriptor tables

/** Bytes of the base that SGDT and its like read and write behind the limit. */
const baseSize = (i: Instruction): number => (i.stackSize === 8 ? 8 : 4);

/** Outside of 64-bit mode all 32 bits of the base are stored, whatever the operand size. */
const storeTable =
  (base: number, limit: number): Handler =>
  (cpu, i) => {
    requireUserModeInstructions(cpu);
    const s = cpu.i32;
    const address = effectiveAddress(cpu, i);
    const high = s[HIGH];
    checkWrite(cpu, address, high, 2 + baseSize(i));
    const second = (address + 2) | 0;
    store16(cpu, address, high, s[limit]);
    store(cpu, second, highBehind(i, second, high, 2), baseSize(i), s[base], s[base + 1]);
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
    const low = load(cpu, second, highBehind(i, second, high, 2), baseSize(i));
    const baseHigh = i.stackSize === 8 ? s[HIGH] : 0;
    if ((baseHigh << 16) >> 16 !== baseHigh) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    s[limit] = newLimit;
    s[base] = i.operandSize === 2 && i.stackSize !== 8 ? low & 0xff_ffff : low;
    s[base + 1] = baseHigh;
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
/** With a 32-bit operand size the upper half of what is pushed is not written. */
function pushSelector(cpu: Cpu, i: Instruction, selector: number): void {
  if (i.operandSize !== 4) {
    push(cpu, i, selector, 0);
    return;
  }
  const address = stackAddress(cpu.i32, i.stackSize, -4);
  store16(cpu, address, cpu.i32[HIGH], selector);
  moveStackPointer(cpu, i.stackSize, -4);
}
const pushSegment =
  (which: number): Handler =>
  (cpu, i) =>
    pushSelector(cpu, i, cpu.i32[segment(which) + SEGMENT_SELECTOR]);
const popSegment =
  (which: number): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    const address = stackAddress(s, i.stackSize, 0);
    const selector = load16(cpu, address, s[HIGH]);
    loadDataSegment(cpu, which, selector);
    moveStackPointer(cpu, i.stackSize, i.operandSize);
    if (which === SS) s[INTERRUPT_SHADOW] = STACK_SHADOW;
  };
/** LES, LDS, LSS, LFS, LGS: offset, then selector. */
const loadFarPointer =
  (which: number): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    const address = effectiveAddress(cpu, i);
    const addressHigh = s[HIGH];
    const low = load(cpu, address, addressHigh, i.operandSize);
    const high = s[HIGH];
    const second = (address + i.operandSize) | 0;
    const selector = load16(cpu, second, highBehind(i, second, addressHigh, i.operandSize));
    loadDataSegment(cpu, which, selector);
    writeRegister(cpu, i.reg, i.operandSize, low, high);
  };

const plain = { endsBlock: 'plain' } as const;

export const SEGMENT_REGISTER_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f01, extension: 0, only: 'memory', handler: always(storeTable(GDTR_BASE, GDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 1, only: 'memory', handler: always(storeTable(IDTR_BASE, IDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 2, only: 'memory', handler: always(loadTable(GDTR_BASE, GDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 3, only: 'memory', handler: always(loadTable(IDTR_BASE, IDTR_LIMIT)) },
  { opcode: 0x0f00, mode: 'protected', extension: 0, handler: always(storeSelector(LDTR)) },
  { opcode: 0x0f00, mode: 'protected', extension: 1, handler: always(storeSelector(TR)) },
  { opcode: 0x0f00, mode: 'protected', extension: 2, handler: always(loadSystem(LDTR)) },
  { opcode: 0x0f00, mode: 'protected', extension: 3, handler: always(loadSystem(TR)) },
  { opcode: 0x8c, modrm: true, handler: hasSegment(movFromSegment, -1) },
  { opcode: 0x8e, modrm: true, ...plain, handler: hasSegment(movToSegment, CS) },
  { opcode: 0x0fa0, size: 'stack', handler: always(pushSegment(FS)) },
  { opcode: 0x0fa8, size: 'stack', handler: always(pushSegment(GS)) },
  { opcode: 0x0fa1, size: 'stack', handler: always(popSegment(FS)) },
  { opcode: 0x0fa9, size: 'stack', handler: always(popSegment(GS)) },
  ...[ES, CS, SS, DS].map(
    (which): Opcode => ({
      opcode: 0x06 + 8 * which,
      mode: 'legacy',
      handler: always(pushSegment(which)),
    }),
  ),
  ...[ES, SS, DS].map(
    (which): Opcode => ({
      opcode: 0x07 + 8 * which,
      mode: 'legacy',
      ...(which === SS ? plain : {}),
      handler: always(popSegment(which)),
    }),
  ),
  { opcode: 0xc4, mode: 'legacy', modrm: true, only: 'memory', handler: always(loadFarPointer(ES)) },
  { opcode: 0xc5, mode: 'legacy', modrm: true, only: 'memory', handler: always(loadFarPointer(DS)) },
  { opcode: 0x0fb2, modrm: true, only: 'memory', ...plain, handler: always(loadFarPointer(SS)) },
  { opcode: 0x0fb4, modrm: true, only: 'memory', handler: always(loadFarPointer(FS)) },
  { opcode: 0x0fb5, modrm: true, only: 'memory', handler: always(loadFarPointer(GS)) },
];
