import type { Device, PortDevice } from './device.ts';

/**
 * The fixed-hardware registers every ACPI machine must have (ACPI 6.5, 4.8.3): PM1 status, enable and control.
 * This board has no fixed events and no sleep states: status stays 0, and ACPI mode (SCI_EN) is always on.
 */
export const PM1_EVENT_PORT = 0x600;
export const PM1_CONTROL_PORT = 0x604;

const SCI_ENABLED = 1;
/** SLP_EN is write-only. */
const CONTROL_WRITABLE = 0x1c06;

export interface AcpiFixedRegisters extends Device<{ enable: number; control: number }> {
  readonly eventPorts: PortDevice;
  readonly controlPorts: PortDevice;
}

export function createAcpiFixedRegisters(): AcpiFixedRegisters {
  const state = { enable: 0, control: 0 };
  const part = (value: number, offset: number, size: number) =>
    Math.floor((value >>> (offset * 8)) % 2 ** (size * 8));
  return {
    state,
    eventPorts: {
      readPort: (offset, size) => part(state.enable << 16, offset, size),
      writePort(offset, size, value) {
        if (offset === 2 && size === 2) state.enable = value & 0xffff;
        else if (offset === 0 && size === 4) state.enable = value >>> 16;
      },
    },
    controlPorts: {
      readPort: (offset, size) => part(state.control | SCI_ENABLED, offset, size),
      writePort(offset, size, value) {
        if (offset === 0 && size === 2) state.control = value & CONTROL_WRITABLE;
      },
    },
  };
}
