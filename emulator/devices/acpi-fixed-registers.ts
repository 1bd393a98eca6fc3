import type { DeviceHost, PortDevice, TimedDevice } from './device.ts';
import { ACPI_TIMER_CLOCK } from './time.ts';

/**
 * The fixed-hardware registers every ACPI machine must have (ACPI 6.5, 4.8.3): PM1 status, enable and control. ACPI mode
 * (SCI_EN) is always on; the one event is that the timer's highest bit changes; the one sleep state is S5.
 */
export const PM1_EVENT_PORT = 0x600;
export const PM1_CONTROL_PORT = 0x604;
/** The system control interrupt, level-triggered. */
export const SCI_IRQ = 9;
/** SLP_TYP of S5, as the DSDT says it. */
export const SOFT_OFF = 0;

const TIMER_EVENT = 1 << 0;
const SCI_ENABLED = 1 << 0;
const SLEEP_ENABLE = 1 << 13;
/** BM_RLD, SLP_TYP. Global lock release and SLP_EN are write-only. */
const CONTROL_WRITABLE = 0x1c02;
const sleepType = (control: number): number => (control >> 10) & 7;
/** The timer's highest bit changes each time so many ticks have passed. */
const HALF_PERIOD = 2 ** 31;

export interface AcpiFixedState {
  status: number;
  enable: number;
  control: number;
  /** How often the timer's highest bit has changed, as far as the status knows. */
  halfPeriods: number;
}

export interface AcpiFixedRegisters extends TimedDevice<AcpiFixedState> {
  readonly eventPorts: PortDevice;
  readonly controlPorts: PortDevice;
}

export function createAcpiFixedRegisters(host: DeviceHost): AcpiFixedRegisters {
  const state: AcpiFixedState = { status: 0, enable: 0, control: 0, halfPeriods: 0 };

  function update(): void {
    const halfPeriods = Math.floor(ACPI_TIMER_CLOCK.ticksAt(host.now()) / HALF_PERIOD);
    if (halfPeriods !== state.halfPeriods) state.status |= TIMER_EVENT;
    state.halfPeriods = halfPeriods;
    host.setInterruptLine(SCI_IRQ, (state.status & state.enable) !== 0);
  }

  function writeEventByte(offset: number, value: number): void {
    // Status bits are cleared by writing 1.
    if (offset < 2) state.status &= ~(value << (8 * offset));
    else {
      const shift = 8 * (offset - 2);
      state.enable = (state.enable & ~(0xff << shift)) | (value << shift);
    }
  }

  return {
    state,
    nextEvent: () =>
      (state.enable & TIMER_EVENT) === 0
        ? Number.POSITIVE_INFINITY
        : ACPI_TIMER_CLOCK.instructionsAt((state.halfPeriods + 1) * HALF_PERIOD),
    advance: update,
    eventPorts: {
      readPort(offset, size) {
        update();
        return Math.floor(((state.status | (state.enable << 16)) >>> (offset * 8)) % 2 ** (size * 8));
      },
      writePort(offset, size, value) {
        update();
        for (let byte = 0; byte < size; byte++) writeEventByte(offset + byte, (value >>> (8 * byte)) & 0xff);
        update();
        host.eventsChanged();
      },
    },
    controlPorts: {
      readPort: (offset, size) => ((state.control | SCI_ENABLED) >>> (offset * 8)) % 2 ** (size * 8),
      writePort(offset, size, value) {
        const mask = (2 ** (size * 8) - 1) << (offset * 8);
        const written = (state.control & ~mask) | (value << (offset * 8));
        state.control = written & CONTROL_WRITABLE;
        if ((written & SLEEP_ENABLE) !== 0 && sleepType(written) === SOFT_OFF)
          host.end({ kind: 'power-off' });
      },
    },
  };
}
