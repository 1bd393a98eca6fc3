import { NANOSECONDS_PER_INSTRUCTION } from '../machine-api.ts';

/**
 * Oscillators derived from the instruction count by exact fractions. The PC's timers hang on the
 * 14.318 MHz crystal, which is 315/22 MHz: the PIT runs at a twelfth (105/88 MHz), the ACPI timer at a
 * quarter (315/88 MHz) of it.
 */
export interface Oscillator {
  /** Ticks that have passed at an instruction count. */
  ticksAt(instructionCount: number): number;
  /** First instruction count at which `ticks` have passed. */
  instructionsAt(ticks: number): number;
}

/** An oscillator of `megahertzTimes88` / 88 MHz. Exact while the results are below 2^53. */
function createOscillator(megahertzTimes88: number): Oscillator {
  // ticks = count × ns × MHz / 1000. Whole multiples of the denominator are split off, so that no product
  // grows much beyond the result.
  const numerator = megahertzTimes88 * NANOSECONDS_PER_INSTRUCTION;
  const denominator = 88 * 1000;
  return {
    ticksAt(count) {
      const whole = Math.floor(count / denominator);
      return whole * numerator + Math.floor(((count % denominator) * numerator) / denominator);
    },
    instructionsAt(ticks) {
      const whole = Math.floor(ticks / numerator);
      return whole * denominator + Math.ceil(((ticks % numerator) * denominator) / numerator);
    },
  };
}

export const PIT_CLOCK = createOscillator(105);
export const ACPI_TIMER_CLOCK = createOscillator(315);
