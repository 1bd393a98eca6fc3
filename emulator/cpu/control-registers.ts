/** Moves to and from control registers, CLTS, SMSW, LMSW. */
import type { ControlRegister } from '../machine-api.ts';
import { flushAll, loadCr3 } from '../mmu/address-space.ts';
import { loadPointerTable, PHYSICAL_ADDRESS_BITS } from '../mmu/page-walk.ts';
import { isIa32e } from './code-mode.ts';
import type { Cpu } from './cpu.ts';
import { DESCRIPTOR_LONG } from './descriptor.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import { type CpuModel, type Feature, presents } from './features.ts';
import type { Handler, Instruction } from './instruction.ts';
import { effectiveAddress, store16 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { readWord, writeRegister } from './operands.ts';
import { chooseTlbs, requireSupervisor, requireUserModeInstructions } from './privilege.ts';
import { refreshCodeMode } from './segments.ts';
import {
  CR0,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR2,
  CR3,
  CR4,
  CR4_DE,
  CR4_FSGSBASE,
  CR4_MCE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_OSXSAVE,
  CR4_PAE,
  CR4_PCE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  CR4_TSD,
  CR4_UMIP,
  CS,
  EFER,
  EFER_LMA,
  EFER_LME,
  HIGH,
  SEGMENT_ATTRIBUTES,
  segment,
} from './state.ts';
import { WATCH_CONTROL, word64 } from './watches.ts';

// ModRM.reg is the control register, ModRM.rm the general one: 64 bits in 64-bit mode, else 32.

const registerSize = (i: Instruction): number => (i.stackSize === 8 ? 8 : 4);
const readHigh = (s: Int32Array, i: Instruction): number => (i.stackSize === 8 ? s[i.rm + 1] : 0);

const CR0_KNOWN = 0xe005_003f | 0;
/** Always 1. */
const CR0_ET = 0x10;
const CR0_CD = 0x4000_0000;
const CR0_NW = 0x2000_0000;

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
  writeRegister(cpu, i.rm, registerSize(i), s[word], s[word + 1]);
};
const movToControl: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  const low = s[i.rm];
  const high = readHigh(s, i);
  switch (i.regNumber) {
    case 0:
      writeCr0(cpu, low, high);
      return;
    case 2:
      s[CR2] = low;
      s[CR2 + 1] = high;
      return;
    case 3:
      writeCr3(cpu, low, high);
      return;
    case 4:
      writeCr4(cpu, low, high);
      return;
    default:
      if (high !== 0 || low >>> 0 > 15) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
      cpu.interrupts.writeTaskPriority(low);
  }
};

function writeCr0(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  const value = (low & CR0_KNOWN) | CR0_ET;
  const isInvalid =
    high !== 0 || (value & (CR0_PG | CR0_PE)) === CR0_PG || (value & (CR0_CD | CR0_NW)) === CR0_NW;
  if (isInvalid) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  const changed = value ^ s[CR0];
  if ((changed & CR0_PG) !== 0) switchPaging(cpu, (value & CR0_PG) !== 0);
  s[CR0] = value;
  refreshCodeMode(cpu);
  // What the TLB holds depends on these two.
  if ((changed & (CR0_PG | CR0_WP)) !== 0) flushAll(s);
  chooseTlbs(cpu);
}

/** Paging begins or ends, and with EFER.LME long mode too (SDM volume 3, 10.8.5). */
function switchPaging(cpu: Cpu, on: boolean): void {
  const s = cpu.i32;
  const isLongCode = (s[segment(CS) + SEGMENT_ATTRIBUTES] & DESCRIPTOR_LONG) !== 0;
  const hasPae = (s[CR4] & CR4_PAE) !== 0;
  const isForbidden = on
    ? (s[EFER] & EFER_LME) !== 0 && (!hasPae || isLongCode)
    : (s[CR4] & CR4_PCIDE) !== 0 || ((s[EFER] & EFER_LMA) !== 0 && isLongCode);
  if (isForbidden) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  if (on && (s[EFER] & EFER_LME) !== 0) s[EFER] |= EFER_LMA;
  else {
    if (on && hasPae && !isIa32e(cpu)) loadPointerTable(cpu, s[CR3]);
    s[EFER] &= ~EFER_LMA;
  }
}

/** PAE paging outside of IA-32e mode is on, with a value of CR4. */
const usesPointerTable = (cpu: Cpu, control: number): boolean =>
  (cpu.i32[CR0] & CR0_PG) !== 0 && (control & CR4_PAE) !== 0 && !isIa32e(cpu);

function writeCr3(cpu: Cpu, low: number, high: number): void {
  const hasPcids = (cpu.i32[CR4] & CR4_PCIDE) !== 0;
  const keep = hasPcids && high < 0;
  const base = keep ? high & 0x7fff_ffff : high;
  if (base >>> (PHYSICAL_ADDRESS_BITS - 32) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  if (usesPointerTable(cpu, cpu.i32[CR4])) loadPointerTable(cpu, low);
  loadCr3(cpu, low, base, keep);
}

function writeCr4(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  const changed = low ^ s[CR4];
  const isLong = (s[EFER] & EFER_LMA) !== 0;
  const isInvalid =
    high !== 0 ||
    (low & ~knownCr4(cpu.model)) !== 0 ||
    (isLong && (low & CR4_PAE) === 0) ||
    ((changed & low & CR4_PCIDE) !== 0 && (!isLong || (s[CR3] & 0xfff) !== 0));
  if (isInvalid) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  if ((changed & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_SMEP)) !== 0 && usesPointerTable(cpu, low)) {
    loadPointerTable(cpu, s[CR3]);
  }
  // A processor may keep more than this; what our TLB holds depends on the bits in any case.
  if ((changed & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP)) !== 0) flushAll(s);
  s[CR4] = low;
  chooseTlbs(cpu);
}

/** The bits that may be set: those of all models, and those of features. */
const CR4_ALWAYS =
  CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT;
const CR4_FEATURES: readonly (readonly [feature: Feature, bit: number])[] = [
  ['umip', CR4_UMIP],
  ['fsgsbase', CR4_FSGSBASE],
  ['pcid', CR4_PCIDE],
  ['xsave', CR4_OSXSAVE],
  ['smep', CR4_SMEP],
  ['smap', CR4_SMAP],
];
const knownCr4 = (model: CpuModel): number =>
  CR4_FEATURES.reduce((mask, [feature, bit]) => (presents(model, feature) ? mask | bit : mask), CR4_ALWAYS);

const clts: Handler = (cpu) => {
  requireSupervisor(cpu);
  cpu.i32[CR0] &= ~CR0_TS;
};
const smsw: Handler = (cpu, i) => {
  requireUserModeInstructions(cpu);
  if (i.isMemory) {
    const address = effectiveAddress(cpu, i);
    store16(cpu, address, cpu.i32[HIGH], cpu.i32[CR0]);
  } else writeRegister(cpu, i.rm, i.operandSize, cpu.i32[CR0], 0);
};
/** Sets PE, MP, EM, TS; cannot clear PE. */
const lmsw: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const value = readWord(cpu, i);
  writeCr0(cpu, (cpu.i32[CR0] & ~0xe) | (value & 0xf), 0);
};

const CONTROL_NAMES = new Map<number, ControlRegister>([
  [0, 'cr0'],
  [2, 'cr2'],
  [3, 'cr3'],
  [4, 'cr4'],
  [8, 'cr8'],
]);

/** A handler that writes the control register of that number, default that of ModRM.reg. */
const writing =
  (handler: Handler, number?: number): Handler =>
  (cpu, i) => {
    const name = (cpu.watches.armed & WATCH_CONTROL) !== 0 && CONTROL_NAMES.get(number ?? i.regNumber);
    const before = name ? readControl(cpu, name) : 0n;
    handler(cpu, i);
    if (name) cpu.watches.controlRegister(cpu, name, before, readControl(cpu, name));
  };

function readControl(cpu: Cpu, name: ControlRegister): bigint {
  if (name === 'cr8') return BigInt(cpu.interrupts.readTaskPriority());
  const word = CONTROL_WORDS[Number(name[2])];
  return word64(cpu.i32[word], cpu.i32[word + 1]);
}

const plain = { endsBlock: 'plain' } as const;

export const CONTROL_REGISTER_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f20, modrm: true, ignoresMode: true, handler: hasControl(movFromControl) },
  { opcode: 0x0f22, modrm: true, ignoresMode: true, ...plain, handler: hasControl(writing(movToControl)) },
  { opcode: 0x0f06, ...plain, handler: always(writing(clts, 0)) },
  { opcode: 0x0f01, extension: 4, handler: always(smsw) },
  { opcode: 0x0f01, extension: 6, ...plain, handler: always(writing(lmsw, 0)) },
];
