import type { Clock, PortDevice } from './device.ts';
import { ACPI_TIMER_CLOCK } from './time.ts';

/**
 * The ACPI power management timer (ACPI 6.5, 4.8.3.3): a free-running 32-bit counter at 3.579545 MHz. The
 * FADT's TMR_VAL_EXT flag says that all 32 bits count. It has no state of its own: the count is the time.
 */
export const ACPI_TIMER_PORT = 0x608;

export function createAcpiPmTimer(clock: Clock): PortDevice {
  return {
    readPort(offset, size) {
      // The product of a remainder: ticks pass 2^32 but stay exact below 2^53.
      const value = ACPI_TIMER_CLOCK.ticksAt(clock.now()) % 2 ** 32;
      return Math.floor(value / 2 ** (offset * 8)) % 2 ** (size * 8);
    },
    writePort() {},
  };
}
