/** Moves to and from control and debug registers, CLTS, SMSW, LMSW. */
import { flushTlb } from '../mmu/tlb.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import type { Handler, Instruction } from './instruction.ts';
import { effectiveAddress, store16 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { readWord, writeRegister } from './operands.ts';
import { requireSupervisor } from './privilege.ts';
import {
  CR0,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR2,
  CR3,
  CR4,
  CR4_PAE,
  CR4_PGE,
  DEBUG_REGISTERS,
  DR6,
  DR7,
  HIGH,
} from './state.ts';

// ModRM.reg is the control register, ModRM.rm the general one, always 64 bits.

const CR0_KNOWN = 0xe005_003f | 0;
const CR0_CD = 0x4000_0000;
const CR0_NW = 0x2000_0000;
/** TSD DE PSE PAE PGE PCE OSFXSR OSXMMEXCPT. */
const CR4_KNOWN = 0x07bc;

/** CR1, CR5…CR7, CR9… do not exist: #UD, at any privilege level. */
const hasControl =
  (handler: Handler) =>
  (i: Instruction): Handler | undefined =>
    [0, 2, 3, 4, 8].includes(i.regNumber) ? handler : undefined;
const CONTROL_WORDS: readonly number[] = [CR0, 0, CR2, CR3, CR4];

const movFromControl: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  if (i.regNumber === 8) {
    writeRegister(cpu, i.rm, 8, cpu.interrupts.readTaskPriority(), 0);
    return;
  }
  const word = CONTROL_WORDS[i.regNumber];
  writeRegister(cpu, i.rm, 8, s[word], s[word + 1]);
};
const movToControl: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  const low = s[i.rm];
  const high = s[i.rm + 1];
  switch (i.regNumber) {
    case 0:
      writeCr0(cpu, low, high);
      return;
    case 2:
      s[CR2] = low;
      s[CR2 + 1] = high;
      return;
    case 3:
      if ((high & 0xfff0_0000) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
      s[CR3] = low;
      s[CR3 + 1] = high;
      flushTlb(s, true);
      return;
    case 4:
      writeCr4(cpu, low, high);
      return;
    default:
      if (high !== 0 || low >>> 0 > 15) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
      cpu.interrupts.writeTaskPriority(low);
  }
};

/** Leaving long mode is not supported: #GP, as clearing PG is in 64-bit mode anyway. */
function writeCr0(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  const bad =
    high !== 0 ||
    (low & (CR0_PE | CR0_PG)) !== (CR0_PE | CR0_PG) ||
    ((low & CR0_NW) !== 0 && (low & CR0_CD) === 0);
  if (bad) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const value = (low & CR0_KNOWN) | 0x10; // ET is always 1
  if (((value ^ s[CR0]) & CR0_WP) !== 0) flushTlb(s, false);
  s[CR0] = value;
}
function writeCr4(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  if (high !== 0 || (low & ~CR4_KNOWN) !== 0 || (low & CR4_PAE) === 0)
    raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  if (((low ^ s[CR4]) & (CR4_PGE | CR4_PAE)) !== 0) flushTlb(s, false);
  s[CR4] = low;
}

/** DR4 and DR5 are DR6 and DR7. Debug registers hold values only: no breakpoints hit by them yet. */
const debugRegister = (i: Instruction): number =>
  DEBUG_REGISTERS + 2 * (i.regNumber === 4 || i.regNumber === 5 ? i.regNumber + 2 : i.regNumber & 7);
const movFromDebug: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const from = debugRegister(i);
  writeRegister(cpu, i.rm, 8, cpu.i32[from], cpu.i32[from + 1]);
};
const hasDebug =
  (handler: Handler) =>
  (i: Instruction): Handler | undefined =>
    i.regNumber < 8 ? handler : undefined;
const movToDebug: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  const to = debugRegister(i);
  let low = s[i.rm];
  let high = s[i.rm + 1];
  if (to === DR6 || to === DR7) {
    if (high !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
    low = to === DR6 ? (low & 0xe00f) | 0xffff_0ff0 : (low & 0xffff_23ff) | 0x400;
    high = 0;
  }
  s[to] = low;
  s[to + 1] = high;
};

const clts: Handler = (cpu) => {
  requireSupervisor(cpu);
  cpu.i32[CR0] &= ~CR0_TS;
};
const smsw: Handler = (cpu, i) => {
  if (i.isMemory) {
    const address = effectiveAddress(cpu, i);
    store16(cpu, address, cpu.i32[HIGH], cpu.i32[CR0]);
  } else writeRegister(cpu, i.rm, i.operandSize, cpu.i32[CR0], 0);
};
/** Sets PE, MP, EM, TS; cannot clear PE. */
const lmsw: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const value = readWord(cpu, i);
  cpu.i32[CR0] = (cpu.i32[CR0] & ~0xe) | (value & 0xf);
};

const plain = { endsBlock: 'plain' } as const;

export const CONTROL_REGISTER_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f20, modrm: true, ignoresMode: true, handler: hasControl(movFromControl) },
  { opcode: 0x0f22, modrm: true, ignoresMode: true, ...plain, handler: hasControl(movToControl) },
  { opcode: 0x0f21, modrm: true, ignoresMode: true, handler: hasDebug(movFromDebug) },
  { opcode: 0x0f23, modrm: true, ignoresMode: true, ...plain, handler: hasDebug(movToDebug) },
  { opcode: 0x0f06, ...plain, handler: always(clts) },
  { opcode: 0x0f01, extension: 4, handler: always(smsw) },
  { opcode: 0x0f01, extension: 6, ...plain, handler: always(lmsw) },
];
