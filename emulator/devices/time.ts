import { NANOSECONDS_PER_INSTRUCTION } from '../machine-api.ts';

/**
 * Oscillators derived from the instruction count by exact fractions. The PC's timers hang on the
 * 14.318 MHz crystal, which is 315/22 MHz: the PIT runs at a twelfth (105/88 MHz), the ACPI timer at a
 * quarter (315/88 MHz) of it. The real-time clock has a crystal of its own, 32768 Hz.
 */
export interface Oscillator {
  /** Ticks that have passed at an instruction count. */
  ticksAt(instructionCount: number): number;
  /** First instruction count at which `ticks` have passed. */
  instructionsAt(ticks: number): number;
}

/** An oscillator that ticks so often in so many microseconds. Exact while the results are below 2^53. */
function createOscillator(ticks: number, microseconds: number): Oscillator {
  // Whole multiples of the denominator are split off, so that no product
  // grows much beyond the result.
  const numerator = ticks * NANOSECONDS_PER_INSTRUCTION;
  const denominator = microseconds * 1000;
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

export const PIT_CLOCK = createOscillator(105, 88);
export const ACPI_TIMER_CLOCK = createOscillator(315, 88);
export const REAL_TIME_CLOCK = createOscillator(32_768, 1_000_000);
