/** RDMSR and WRMSR (Intel SDM volume 4). An MSR that is not here raises #GP, as does a value that it cannot take. */
import { flushAll } from '../mmu/address-space.ts';
import { isCanonical } from '../mmu/page-walk.ts';
import {
  isX2Apic,
  readApicBase,
  readTscDeadline,
  readX2Apic,
  timeStampMoved,
  writeApicBase,
  writeTscDeadline,
  writeX2Apic,
} from './apic-registers.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import { presents } from './features.ts';
import type { Handler } from './instruction.ts';
import { MEMORY_TYPE_REGISTERS, MTRR_CAPABILITIES } from './memory-types.ts';
import { requireSupervisor } from './privilege.ts';
import {
  CR0,
  CR0_PG,
  CSTAR,
  EFER,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
  FS_BASE,
  GS_BASE,
  HIGH,
  KERNEL_GS_BASE,
  LSTAR,
  MACHINE_CHECK_STATUS,
  MISC_ENABLE,
  RAX,
  RCX,
  RDX,
  SFMASK,
  STAR,
  SYSENTER_CS,
  SYSENTER_EIP,
  SYSENTER_ESP,
  TSC_AUX,
  TSC_OFFSET,
} from './state.ts';
import { readTimeStamp, writeTimeStamp } from './time.ts';
import { WATCH_MSR, word64 } from './watches.ts';

/** MSRs that just hold a value: where, and what may be written. */
interface Register {
  readonly word: number;
  readonly accepts: (low: number, high: number) => boolean;
}

const canonical = (_low: number, high: number): boolean => isCanonical(high);
const low32 = (_low: number, high: number): boolean => high === 0;

/** Fast strings; no branch trace store and no event-based sampling, which is read-only. */
const MISC_ENABLE_FIXED = 0x1800;
export const MISC_ENABLE_RESET = MISC_ENABLE_FIXED | 1;
/** Fast strings, thermal control, SpeedStep, xTPR messages: they change nothing. */
const MISC_ENABLE_WRITABLE = 0x81_0009;
const isMiscEnable = (low: number, high: number): boolean =>
  high === 0 && (low & ~(MISC_ENABLE_WRITABLE | MISC_ENABLE_FIXED)) === 0;

const REGISTERS: ReadonlyMap<number, Register> = new Map<number, Register>([
  [0x174, { word: SYSENTER_CS, accepts: low32 }],
  [0x175, { word: SYSENTER_ESP, accepts: canonical }],
  [0x176, { word: SYSENTER_EIP, accepts: canonical }],
  // IA32_MCG_STATUS: no machine check is in progress, or ever comes.
  [0x17a, { word: MACHINE_CHECK_STATUS, accepts: (low, high) => high === 0 && (low & ~7) === 0 }],
  [0x1a0, { word: MISC_ENABLE, accepts: isMiscEnable }],
  ...MEMORY_TYPE_REGISTERS,
  [0xc000_0081, { word: STAR, accepts: () => true }],
  [0xc000_0082, { word: LSTAR, accepts: canonical }],
  [0xc000_0083, { word: CSTAR, accepts: canonical }],
  [0xc000_0084, { word: SFMASK, accepts: low32 }],
  [0xc000_0100, { word: FS_BASE, accepts: canonical }],
  [0xc000_0101, { word: GS_BASE, accepts: canonical }],
  [0xc000_0102, { word: KERNEL_GS_BASE, accepts: canonical }],
  [0xc000_0103, { word: TSC_AUX, accepts: low32 }],
]);

/**
 * IA32_ARCH_CAPABILITIES: nothing is speculated here, so nothing leaks. Kernels leave out what they do against it, separate page
 * tables for user and kernel above all. RDCL_NO, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, IF_PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO,
 * FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO.
 */
const ARCH_CAPABILITIES = 0x10a;
const FLAWS_NOT_HERE = [0, 3, 4, 5, 6, 8, 13, 14, 15, 20, 24, 26, 27].reduce(
  (bits, bit) => bits | (1 << bit),
  0,
);

/** MSRs that cannot be written, low half and high half. */
const CONSTANTS: ReadonlyMap<number, readonly [low: number, high: number]> = new Map([
  // Addresses and types of machine checks of the Pentium.
  [0x0, [0, 0]],
  [0x1, [0, 0]],
  // IA32_PLATFORM_ID.
  [0x17, [0, 0]],
  // IA32_FEATURE_CONTROL: locked, with nothing enabled.
  [0x3a, [1, 0]],
  // MSR_PLATFORM_INFO: the time-stamp counter runs at 1 × 100 MHz.
  [0xce, [0x100, 0]],
  [0xfe, [MTRR_CAPABILITIES, 0]],
  // IA32_MCG_CAP: no banks.
  [0x179, [0, 0]],
]);

const TIME_STAMP_COUNTER = 0x10;
const APIC_BASE = 0x1b;
const TSC_ADJUST = 0x3b;
const MICROCODE_REVISION = 0x8b;
const DEBUG_CONTROL = 0x1d9;
const TSC_DEADLINE = 0x6e0;
const EFER_MSR = 0xc000_0080;

const fault = (cpu: Cpu): never => raiseWithCode(cpu, GENERAL_PROTECTION, 0);

/** Returns the low half, high half in HIGH. */
export function readMsr(cpu: Cpu, index: number): number {
  const s = cpu.i32;
  const register = REGISTERS.get(index);
  if (register !== undefined) {
    s[HIGH] = s[register.word + 1];
    return s[register.word];
  }
  const constant = CONSTANTS.get(index);
  if (constant !== undefined) {
    s[HIGH] = constant[1];
    return constant[0];
  }
  s[HIGH] = 0;
  switch (index) {
    case TIME_STAMP_COUNTER:
      return readTimeStamp(cpu);
    case TSC_ADJUST:
      if (!presents(cpu.model, 'tscAdjust')) fault(cpu);
      s[HIGH] = s[TSC_OFFSET + 1];
      return s[TSC_OFFSET];
    case APIC_BASE:
      return readApicBase(cpu);
    case TSC_DEADLINE:
      return readTscDeadline(cpu);
    case EFER_MSR:
      return s[EFER];
    case MICROCODE_REVISION:
      s[HIGH] = 1;
      return 0;
    case ARCH_CAPABILITIES:
      return presents(cpu.model, 'archCapabilities') ? FLAWS_NOT_HERE : fault(cpu);
    case DEBUG_CONTROL:
      return 0;
    default:
      return isX2Apic(index) ? readX2Apic(cpu, index) : fault(cpu);
  }
}

export function writeMsr(cpu: Cpu, index: number, low: number, high: number): void {
  const s = cpu.i32;
  const register = REGISTERS.get(index);
  if (register !== undefined) {
    if (!register.accepts(low, high)) fault(cpu);
    s[register.word] = register.word === MISC_ENABLE ? low | MISC_ENABLE_FIXED : low;
    s[register.word + 1] = high;
    return;
  }
  switch (index) {
    case TIME_STAMP_COUNTER:
      writeTimeStamp(cpu, low, high);
      timeStampMoved(cpu);
      return;
    case TSC_ADJUST:
      if (!presents(cpu.model, 'tscAdjust')) fault(cpu);
      s[TSC_OFFSET] = low;
      s[TSC_OFFSET + 1] = high;
      timeStampMoved(cpu);
      return;
    case APIC_BASE:
      writeApicBase(cpu, low, high);
      return;
    case TSC_DEADLINE:
      writeTscDeadline(cpu, low, high);
      return;
    case EFER_MSR:
      writeEfer(cpu, low, high);
      return;
    case MICROCODE_REVISION:
      return;
    case DEBUG_CONTROL:
      // Neither branch records nor steps from branch to branch.
      if ((low | high) !== 0) fault(cpu);
      return;
    default:
      if (isX2Apic(index)) writeX2Apic(cpu, index, low, high);
      else fault(cpu);
  }
}

function writeEfer(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  const known = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
  if (high !== 0 || (low & ~known) !== 0) fault(cpu);
  if ((s[CR0] & CR0_PG) !== 0 && ((low ^ s[EFER]) & EFER_LME) !== 0) fault(cpu);
  const changed = low ^ s[EFER];
  s[EFER] = (low & ~EFER_LMA) | (s[EFER] & EFER_LMA);
  if ((changed & EFER_NXE) !== 0) flushAll(s);
}

export const rdmsr: Handler = (cpu) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  const index = s[RCX] >>> 0;
  const low = readMsr(cpu, index);
  s[RAX] = low;
  s[RAX + 1] = 0;
  s[RDX] = s[HIGH];
  s[RDX + 1] = 0;
  if ((cpu.watches.armed & WATCH_MSR) !== 0) {
    const value = word64(s[RAX], s[RDX]);
    cpu.watches.msr(cpu, 'read', index, value, value);
  }
};

export const wrmsr: Handler = (cpu) => {
  requireSupervisor(cpu);
  const s = cpu.i32;
  const index = s[RCX] >>> 0;
  const isWatched = (cpu.watches.armed & WATCH_MSR) !== 0;
  const before = isWatched ? word64(readMsr(cpu, index), s[HIGH]) : 0n;
  writeMsr(cpu, index, s[RAX], s[RDX]);
  if (isWatched) cpu.watches.msr(cpu, 'write', index, before, word64(s[RAX], s[RDX]));
};
