/** Virtual time as instructions see it. */
import type { Cpu } from './cpu.ts';
import { BLOCK_INDEX, HIGH, RETIRED, TSC_OFFSET } from './state.ts';

/** Instructions retired before the running one. */
export const retiredNow = (cpu: Cpu): number => cpu.f64[RETIRED] + cpu.i32[BLOCK_INDEX];

/** Time-stamp counter: one tick per retired instruction. Returns the low half, high half in HIGH. */
export function readTimeStamp(cpu: Cpu): number {
  const s = cpu.i32;
  const now = retiredNow(cpu);
  const low = (now + s[TSC_OFFSET]) | 0;
  s[HIGH] = Math.floor(now / 0x1_0000_0000) + s[TSC_OFFSET + 1] + (low >>> 0 < s[TSC_OFFSET] >>> 0 ? 1 : 0);
  return low;
}

export function writeTimeStamp(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  const now = retiredNow(cpu);
  const borrow = low >>> 0 < (now | 0) >>> 0 ? 1 : 0;
  s[TSC_OFFSET] = low - (now | 0);
  s[TSC_OFFSET + 1] = high - Math.floor(now / 0x1_0000_0000) - borrow;
}

/** Instruction count at which the time-stamp counter reaches a value; now or earlier if it has. */
export function countAtTimeStamp(cpu: Cpu, low: number, high: number): number {
  const nowLow = readTimeStamp(cpu) >>> 0;
  const nowHigh = cpu.i32[HIGH] >>> 0;
  return retiredNow(cpu) + ((high >>> 0) - nowHigh) * 0x1_0000_0000 + ((low >>> 0) - nowLow);
}
