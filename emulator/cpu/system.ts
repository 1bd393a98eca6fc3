/**
 * Instructions of operating systems: SYSCALL and SYSRET, control and debug registers, descriptor tables, far
 * transfers, segment registers, HLT, INVLPG, RDTSC.
 */
import { flushPage, flushTlb } from '../mmu/tlb.ts';
import type { Cpu } from './cpu.ts';
import { cpuid } from './cpuid.ts';
import { push } from './data-transfer.ts';
import { GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode, SEGMENT_NOT_PRESENT } from './fault.ts';
import { RF, readFlags, VM, writeFlags } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { checkReturnStack, interruptImmediate, iret, softwareInterrupt } from './interrupts.ts';
import { checkWrite, effectiveAddress, load16, load64, store16, store64 } from './memory-access.ts';
import { rdmsr, wrmsr } from './model-specific-registers.ts';
import { always, type Opcode } from './opcode.ts';
import { load, readWord, store, writeRegister } from './operands.ts';
import { requireSupervisor, setPrivilege } from './privilege.ts';
import {
  DESCRIPTOR_CONFORMING,
  DESCRIPTOR_PRESENT,
  dropPrivilegedSegments,
  loadDataSegment,
  loadSystemSegment,
  markAccessed,
  privilegeOf,
  readLongCodeSegment,
  setFlatCode,
  setFlatData,
  setSegment,
  setSegmentFromDescriptor,
} from './segments.ts';
import {
  CPL,
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
  CR4_TSD,
  CS,
  DEBUG_REGISTERS,
  EFER,
  EFER_SCE,
  FS,
  GDTR_BASE,
  GDTR_LIMIT,
  GS,
  GS_BASE,
  HALTED,
  HIGH,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  KERNEL_GS_BASE,
  LDTR,
  LEAVE_BLOCK,
  LSTAR,
  R11,
  RAX,
  RCX,
  RDX,
  RIP,
  RSP,
  SEGMENT_SELECTOR,
  SFMASK,
  SS,
  STAR,
  segment,
  TR,
  TSC_AUX,
} from './state.ts';
import { readTimeStamp } from './time.ts';

const setRip = (cpu: Cpu, low: number, high: number): void => {
  cpu.i32[RIP] = low;
  cpu.i32[RIP + 1] = high;
};

const syscall: Handler = (cpu, i) => {
  const s = cpu.i32;
  if ((s[EFER] & EFER_SCE) === 0) raise(cpu, INVALID_OPCODE);
  const flags = readFlags(cpu) & ~RF;
  s[RCX] = i.nextLow;
  s[RCX + 1] = i.nextHigh;
  s[R11] = flags;
  s[R11 + 1] = 0;
  writeFlags(cpu, flags & ~s[SFMASK] & ~(RF | VM));
  const selector = s[STAR + 1] & 0xfffc;
  setFlatCode(cpu, selector, 0);
  setFlatData(cpu, SS, selector + 8, 0);
  setPrivilege(cpu, 0);
  setRip(cpu, s[LSTAR], s[LSTAR + 1]);
};

/** Bits of RFLAGS that SYSRET takes from R11. */
const SYSRET_FLAGS = 0x3c_7fd7;

/** Only the 64-bit form: without REX.W the return would be to compatibility mode, which is not supported. */
const sysret: Handler = (cpu, i) => {
  const s = cpu.i32;
  if ((s[EFER] & EFER_SCE) === 0) raise(cpu, INVALID_OPCODE);
  requireSupervisor(cpu);
  if (i.operandSize !== 8 || (s[RCX + 1] << 16) >> 16 !== s[RCX + 1])
    raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  writeFlags(cpu, s[R11] & SYSRET_FLAGS & ~RF);
  const selector = s[STAR + 1] >>> 16;
  setFlatCode(cpu, ((selector + 16) & 0xffff) | 3, 3);
  setFlatData(cpu, SS, ((selector + 8) & 0xffff) | 3, 3);
  setPrivilege(cpu, 3);
  s[LEAVE_BLOCK] = 1;
  setRip(cpu, s[RCX], s[RCX + 1]);
};

const swapgs: Handler = (cpu) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  for (const half of [0, 1]) {
    const base = s[GS_BASE + half];
    s[GS_BASE + half] = s[KERNEL_GS_BASE + half];
    s[KERNEL_GS_BASE + half] = base;
  }
};

const hlt: Handler = (cpu) => {
  requireSupervisor(cpu);
  cpu.i32[HALTED] = 1;
};

// Control and debug registers. ModRM.reg is the control register, ModRM.rm the general one, always 64 bits.

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
const DR6 = DEBUG_REGISTERS + 12;
const DR7 = DEBUG_REGISTERS + 14;
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

// Descriptor tables

const storeTable =
  (base: number, limit: number): Handler =>
  (cpu, i) => {
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

const invlpg: Handler = (cpu, i) => {
  requireSupervisor(cpu);
  const low = effectiveAddress(cpu, i);
  flushPage(cpu.i32, low, cpu.i32[HIGH]);
};
/** Caches are not modelled: WBINVD, INVD. */
const supervisorNop: Handler = (cpu) => requireSupervisor(cpu);

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
  if (which === SS) cpu.i32[INTERRUPT_SHADOW] = 1;
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

// Far transfers within 64-bit mode. Call gates are not supported: #GP.

/** Loads CS and RIP for a far jump, call or return to the same privilege level. */
function farTransfer(cpu: Cpu, selector: number, low: number, high: number, beforeCommit: () => void): void {
  const d = readLongCodeSegment(cpu, selector);
  const level = cpu.i32[CPL];
  const code = selector & 0xfffc;
  const conforming = (d.upper & DESCRIPTOR_CONFORMING) !== 0;
  const allowed = conforming
    ? privilegeOf(d.upper) <= level
    : (selector & 3) <= level && privilegeOf(d.upper) === level;
  if (!allowed) raiseWithCode(cpu, GENERAL_PROTECTION, code);
  if ((d.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, code);
  if ((high << 16) >> 16 !== high) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  markAccessed(cpu, d);
  beforeCommit();
  setSegmentFromDescriptor(cpu, CS, code | level, d);
  setRip(cpu, low, high);
}
function farPointer(cpu: Cpu, i: Instruction): { selector: number; low: number; high: number } {
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  const second = (address + i.operandSize) | 0;
  const selector = load16(cpu, second, addressHigh + (second >>> 0 < 8 ? 1 : 0));
  const low = load(cpu, address, addressHigh, i.operandSize);
  const mask = i.operandSize === 2 ? 0xffff : -1;
  return { selector, low: low & mask, high: i.operandSize === 8 ? s[HIGH] : 0 };
}
const farJump: Handler = (cpu, i) => {
  const { selector, low, high } = farPointer(cpu, i);
  farTransfer(cpu, selector, low, high, () => {});
};
const farCall: Handler = (cpu, i) => {
  const s = cpu.i32;
  const { selector, low, high } = farPointer(cpu, i);
  const size = i.operandSize;
  farTransfer(cpu, selector, low, high, () => {
    const rsp = (s[RSP] - 2 * size) | 0;
    const rspHigh = s[RSP + 1] - (s[RSP] >>> 0 < 2 * size ? 1 : 0);
    checkWrite(cpu, rsp, rspHigh, 2 * size);
    const cs = s[segment(CS) + SEGMENT_SELECTOR];
    const second = (rsp + size) | 0;
    store(cpu, rsp, rspHigh, size, i.nextLow, i.nextHigh);
    store(cpu, second, rspHigh + (second >>> 0 < size ? 1 : 0), size, cs, 0);
    s[RSP] = rsp;
    s[RSP + 1] = rspHigh;
  });
};
const farReturn: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const mask = size === 2 ? 0xffff : -1;
  const word = (offset: number): number => {
    const low = (s[RSP] + offset) | 0;
    const value = load(cpu, low, s[RSP + 1] + (low >>> 0 < s[RSP] >>> 0 ? 1 : 0), size);
    if (size !== 8) s[HIGH] = 0;
    return value & mask;
  };
  const rip = word(0);
  const ripHigh = s[HIGH];
  const selector = word(size) & 0xffff;
  const level = s[CPL];
  const released = i.immediateLow & 0xffff;
  const newLevel = selector & 3;
  if (newLevel === level) {
    farTransfer(cpu, selector, rip, ripHigh, () => {
      const rsp = (s[RSP] + 2 * size + released) | 0;
      if (rsp >>> 0 < s[RSP] >>> 0) s[RSP + 1]++;
      s[RSP] = rsp;
    });
    return;
  }
  // To an outer level: the stack is restored too.
  const code = readLongCodeSegment(cpu, selector);
  const error = selector & 0xfffc;
  const conforming = (code.upper & DESCRIPTOR_CONFORMING) !== 0;
  if (
    newLevel < level ||
    (conforming ? privilegeOf(code.upper) > newLevel : privilegeOf(code.upper) !== newLevel)
  ) {
    raiseWithCode(cpu, GENERAL_PROTECTION, error);
  }
  if ((code.upper & DESCRIPTOR_PRESENT) === 0) raiseWithCode(cpu, SEGMENT_NOT_PRESENT, error);
  const rsp = word(2 * size + released);
  const rspHigh = s[HIGH];
  const ss = word(3 * size + released) & 0xffff;
  const stack = checkReturnStack(cpu, ss, newLevel);
  if ((ripHigh << 16) >> 16 !== ripHigh) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  markAccessed(cpu, code);
  setSegmentFromDescriptor(cpu, CS, selector, code);
  if (stack === undefined) setSegment(cpu, SS, ss, 0, 0, 0, 0);
  else setSegmentFromDescriptor(cpu, SS, ss, stack);
  const low = (rsp + released) | 0;
  s[RSP] = low;
  s[RSP + 1] = rspHigh + (low >>> 0 < released ? 1 : 0);
  setRip(cpu, rip, ripHigh);
  setPrivilege(cpu, newLevel);
  dropPrivilegedSegments(cpu, newLevel);
};

// Time

function requireTimeStamp(cpu: Cpu): void {
  if ((cpu.i32[CR4] & CR4_TSD) !== 0 && cpu.i32[CPL] !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}
const rdtsc: Handler = (cpu) => {
  requireTimeStamp(cpu);
  const low = readTimeStamp(cpu);
  const high = cpu.i32[HIGH];
  writeRegister(cpu, RAX, 4, low, 0);
  writeRegister(cpu, RDX, 4, high, 0);
};
const rdtscp: Handler = (cpu, i) => {
  rdtsc(cpu, i);
  writeRegister(cpu, RCX, 4, cpu.i32[TSC_AUX], 0);
};

/** 0F 01 with a register operand: each ModRM byte is an instruction of its own. */
const group7Register = (i: Instruction): Handler | undefined => {
  const modrm = 0xc0 | ((i.regNumber & 7) << 3) | (i.rmNumber & 7);
  return modrm === 0xf8 ? swapgs : modrm === 0xf9 ? rdtscp : undefined;
};

const plain = { endsBlock: 'plain' } as const;
const branch = { endsBlock: 'branch' } as const;

export const SYSTEM_OPCODES: readonly Opcode[] = [
  { opcode: 0x0f05, ...branch, handler: always(syscall) },
  { opcode: 0x0f07, ...branch, handler: always(sysret) },
  { opcode: 0xcc, ...branch, handler: always(softwareInterrupt(3)) },
  { opcode: 0xf1, ...branch, handler: always(softwareInterrupt(1)) },
  { opcode: 0xcd, ...branch, immediate: 'byte', handler: always(interruptImmediate) },
  { opcode: 0xcf, ...branch, handler: always(iret) },
  { opcode: 0xf4, ...plain, handler: always(hlt) },
  { opcode: 0x0f20, modrm: true, ignoresMode: true, handler: hasControl(movFromControl) },
  { opcode: 0x0f22, modrm: true, ignoresMode: true, ...plain, handler: hasControl(movToControl) },
  { opcode: 0x0f21, modrm: true, ignoresMode: true, handler: hasDebug(movFromDebug) },
  { opcode: 0x0f23, modrm: true, ignoresMode: true, ...plain, handler: hasDebug(movToDebug) },
  { opcode: 0x0f06, ...plain, handler: always(clts) },
  { opcode: 0x0f08, handler: always(supervisorNop) },
  { opcode: 0x0f09, handler: always(supervisorNop) },
  { opcode: 0x0f01, extension: 0, only: 'memory', handler: always(storeTable(GDTR_BASE, GDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 1, only: 'memory', handler: always(storeTable(IDTR_BASE, IDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 2, only: 'memory', handler: always(loadTable(GDTR_BASE, GDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 3, only: 'memory', handler: always(loadTable(IDTR_BASE, IDTR_LIMIT)) },
  { opcode: 0x0f01, extension: 4, handler: always(smsw) },
  { opcode: 0x0f01, extension: 6, ...plain, handler: always(lmsw) },
  { opcode: 0x0f01, extension: 7, only: 'memory', ...plain, handler: always(invlpg) },
  { opcode: 0x0f01, extension: 7, only: 'register', handler: group7Register },
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
  { opcode: 0xff, extension: 3, only: 'memory', ...branch, handler: always(farCall) },
  { opcode: 0xff, extension: 5, only: 'memory', ...branch, handler: always(farJump) },
  { opcode: 0xca, immediate: 'word', ...branch, handler: always(farReturn) },
  { opcode: 0xcb, ...branch, handler: always(farReturn) },
  { opcode: 0x0f30, ...plain, handler: always(wrmsr) },
  { opcode: 0x0f32, handler: always(rdmsr) },
  { opcode: 0x0f31, handler: always(rdtsc) },
  { opcode: 0x0fa2, handler: always(cpuid) },
];
