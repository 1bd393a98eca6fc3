/** RDMSR and WRMSR (Intel SDM volume 4). An MSR that is not here raises #GP. */
import { flushAll } from '../mmu/address-space.ts';
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
import type { Handler } from './instruction.ts';
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
  MISC_ENABLE,
  MTRR_DEFAULT,
  PAT,
  RAX,
  RCX,
  RDX,
  SFMASK,
  STAR,
  SYSENTER_CS,
  SYSENTER_EIP,
  SYSENTER_ESP,
  TSC_AUX,
} from './state.ts';
import { readTimeStamp, writeTimeStamp } from './time.ts';

/** MSRs that just hold a value: where, and what may be written. */
interface Register {
  readonly word: number;
  readonly check?: 'canonical' | 'low' | 'memory-types';
}

const REGISTERS: ReadonlyMap<number, Register> = new Map<number, Register>([
  [0x174, { word: SYSENTER_CS }],
  [0x175, { word: SYSENTER_ESP, check: 'canonical' }],
  [0x176, { word: SYSENTER_EIP, check: 'canonical' }],
  [0x1a0, { word: MISC_ENABLE }],
  [0x277, { word: PAT, check: 'memory-types' }],
  [0x2ff, { word: MTRR_DEFAULT }],
  [0xc000_0081, { word: STAR }],
  [0xc000_0082, { word: LSTAR, check: 'canonical' }],
  [0xc000_0083, { word: CSTAR, check: 'canonical' }],
  [0xc000_0084, { word: SFMASK, check: 'low' }],
  [0xc000_0100, { word: FS_BASE, check: 'canonical' }],
  [0xc000_0101, { word: GS_BASE, check: 'canonical' }],
  [0xc000_0102, { word: KERNEL_GS_BASE, check: 'canonical' }],
  [0xc000_0103, { word: TSC_AUX, check: 'low' }],
]);

const TIME_STAMP_COUNTER = 0x10;
const APIC_BASE = 0x1b;
const TSC_DEADLINE = 0x6e0;
const PLATFORM_INFO = 0xce;
const MICROCODE_REVISION = 0x8b;
const MTRR_CAPABILITIES = 0xfe;
const EFER_MSR = 0xc000_0080;

/** No variable-range MTRRs, but the fixed ones and write-combining. */
const MTRR_CAPABILITIES_VALUE = 0x500;
const isFixedMtrr = (index: number): boolean =>
  index === 0x250 || index === 0x258 || index === 0x259 || (index >= 0x268 && index <= 0x26f);

const fault = (cpu: Cpu): never => raiseWithCode(cpu, GENERAL_PROTECTION, 0);

/** Returns the low half, high half in HIGH. */
export function readMsr(cpu: Cpu, index: number): number {
  const s = cpu.i32;
  const register = REGISTERS.get(index);
  if (register !== undefined) {
    s[HIGH] = s[register.word + 1];
    return s[register.word];
  }
  s[HIGH] = 0;
  switch (index) {
    case TIME_STAMP_COUNTER:
      return readTimeStamp(cpu);
    case APIC_BASE:
      return readApicBase(cpu);
    case TSC_DEADLINE:
      return readTscDeadline(cpu);
    case EFER_MSR:
      return s[EFER];
    case MTRR_CAPABILITIES:
      return MTRR_CAPABILITIES_VALUE;
    case PLATFORM_INFO:
    case MICROCODE_REVISION:
      return 0;
    default:
      if (isX2Apic(index)) return readX2Apic(cpu, index);
      // Fixed-range MTRRs read as write-back; memory types have no effect here.
      if (isFixedMtrr(index)) {
        s[HIGH] = 0x0606_0606;
        return 0x0606_0606;
      }
      return fault(cpu);
  }
}

export function writeMsr(cpu: Cpu, index: number, low: number, high: number): void {
  const s = cpu.i32;
  const register = REGISTERS.get(index);
  if (register !== undefined) {
    if (register.check === 'canonical' && (high << 16) >> 16 !== high) fault(cpu);
    if (register.check === 'low' && high !== 0) fault(cpu);
    if (register.check === 'memory-types' && !(isMemoryTypes(low) && isMemoryTypes(high))) fault(cpu);
    s[register.word] = low;
    s[register.word + 1] = high;
    return;
  }
  switch (index) {
    case TIME_STAMP_COUNTER:
      writeTimeStamp(cpu, low, high);
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
    default:
      if (isX2Apic(index)) writeX2Apic(cpu, index, low, high);
      else if (!isFixedMtrr(index)) fault(cpu);
  }
}

/** Each byte of PAT is one of the types UC, WC, WT, WP, WB, UC−. */
function isMemoryTypes(word: number): boolean {
  for (let shift = 0; shift < 32; shift += 8) {
    const type = (word >>> shift) & 0xff;
    if (type > 7 || type === 2 || type === 3) return false;
  }
  return true;
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
  const low = readMsr(cpu, s[RCX] >>> 0);
  s[RAX] = low;
  s[RAX + 1] = 0;
  s[RDX] = s[HIGH];
  s[RDX + 1] = 0;
};

export const wrmsr: Handler = (cpu) => {
  requireSupervisor(cpu);
  writeMsr(cpu, cpu.i32[RCX] >>> 0, cpu.i32[RAX], cpu.i32[RDX]);
};
