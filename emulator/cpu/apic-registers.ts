/** The local APIC's model-specific registers: its base, the x2APIC registers, the TSC deadline (SDM volume 3, chapter 11). */
import type { ApicMode } from '../devices/device.ts';
import { PHYSICAL_ADDRESS_BITS } from '../mmu/page-walk.ts';
import type { Cpu } from './cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from './fault.ts';
import { presents } from './features.ts';
import { HIGH, LEAVE_BLOCK } from './state.ts';
import { countAtTimeStamp } from './time.ts';

const FIRST_X2APIC_REGISTER = 0x800;
const X2APIC_REGISTERS = 0x100;

/** IA32_APIC_BASE. */
const BOOTSTRAP_PROCESSOR = 1 << 8;
const X2APIC_ENABLE = 1 << 10;
const ENABLE = 1 << 11;
const LOW_RESERVED = 0x2ff;
const HIGH_RESERVED = -1 << (PHYSICAL_ADDRESS_BITS - 32);

const MODE_BITS: Readonly<Record<ApicMode, number>> = {
  disabled: 0,
  xapic: ENABLE,
  x2apic: ENABLE | X2APIC_ENABLE,
};

/** From where one may go where: x2APIC mode is entered from xAPIC mode and left by disabling (SDM figure 11-27). */
const TRANSITIONS: Readonly<Record<ApicMode, readonly ApicMode[]>> = {
  disabled: ['disabled', 'xapic'],
  xapic: ['disabled', 'xapic', 'x2apic'],
  x2apic: ['disabled', 'x2apic'],
};

const fault = (cpu: Cpu): never => raiseWithCode(cpu, GENERAL_PROTECTION, 0);

export const isX2Apic = (index: number): boolean =>
  index >= FIRST_X2APIC_REGISTER && index < FIRST_X2APIC_REGISTER + X2APIC_REGISTERS;

/** Returns the low half, high half in HIGH, as the other readers here. */
export function readApicBase(cpu: Cpu): number {
  const { mode, address } = cpu.interrupts;
  cpu.i32[HIGH] = Math.floor(address / 0x1_0000_0000);
  return (address & ~0xfff) | BOOTSTRAP_PROCESSOR | MODE_BITS[mode];
}

export function writeApicBase(cpu: Cpu, low: number, high: number): void {
  const mode = modeOf(cpu, low);
  const isReserved = (low & LOW_RESERVED) !== 0 || (high & HIGH_RESERVED) !== 0;
  const lacksX2Apic = (low & X2APIC_ENABLE) !== 0 && !presents(cpu.model, 'x2apic');
  const isPossible = TRANSITIONS[cpu.interrupts.mode].includes(mode);
  if (isReserved || lacksX2Apic || !isPossible) fault(cpu);
  cpu.interrupts.setMode(mode, (high >>> 0) * 0x1_0000_0000 + ((low & ~0xfff) >>> 0));
  cpu.i32[LEAVE_BLOCK] = 1;
}

function modeOf(cpu: Cpu, low: number): ApicMode {
  switch (low & (ENABLE | X2APIC_ENABLE)) {
    case 0:
      return 'disabled';
    case ENABLE:
      return 'xapic';
    case ENABLE | X2APIC_ENABLE:
      return 'x2apic';
    default:
      return fault(cpu);
  }
}

export function readX2Apic(cpu: Cpu, index: number): number {
  const value =
    cpu.interrupts.mode === 'x2apic'
      ? cpu.interrupts.readX2Register(index - FIRST_X2APIC_REGISTER)
      : undefined;
  if (value === undefined) return fault(cpu);
  cpu.i32[HIGH] = value.high;
  return value.low;
}

export function writeX2Apic(cpu: Cpu, index: number, low: number, high: number): void {
  const { interrupts } = cpu;
  const done =
    interrupts.mode === 'x2apic' &&
    interrupts.writeX2Register(index - FIRST_X2APIC_REGISTER, { low: low >>> 0, high: high >>> 0 });
  if (!done) fault(cpu);
  cpu.i32[LEAVE_BLOCK] = 1;
}

export function readTscDeadline(cpu: Cpu): number {
  if (!presents(cpu.model, 'tscDeadline')) fault(cpu);
  const { low, high } = cpu.interrupts.readTscDeadline();
  cpu.i32[HIGH] = high;
  return low;
}

export function writeTscDeadline(cpu: Cpu, low: number, high: number): void {
  if (!presents(cpu.model, 'tscDeadline')) fault(cpu);
  cpu.interrupts.writeTscDeadline({ low, high }, countAtTimeStamp(cpu, low, high));
  cpu.i32[LEAVE_BLOCK] = 1;
}

/** The time-stamp counter has been written: a deadline is at another count now. */
export function timeStampMoved(cpu: Cpu): void {
  const { low, high } = cpu.interrupts.readTscDeadline();
  if ((low | high) !== 0) cpu.interrupts.writeTscDeadline({ low, high }, countAtTimeStamp(cpu, low, high));
}
