import type { DeviceHost, PortDevice } from './device.ts';

/**
 * How software resets a PC (Intel PIIX4, 290562, and later chipsets): the reset control register, to which the ACPI
 * tables point too, and system control port A, which also has the gate of address line 20. That line is always
 * open here; its bit is only remembered.
 */
export const RESET_CONTROL_PORT = 0xcf9;
export const SYSTEM_CONTROL_PORT_A = 0x92;
/** Written to the reset control register, resets the machine. */
export const FULL_RESET = 0x06;

const RESET_CPU = 1 << 2;
const HARD_RESET = 1 << 1;
const FAST_RESET = 1 << 0;
const ADDRESS_LINE_20 = 1 << 1;

export interface ResetControl {
  readonly state: { resetControl: number; systemControl: number };
  readonly resetPort: PortDevice;
  readonly systemPort: PortDevice;
}

export function createResetControl(host: DeviceHost): ResetControl {
  const state = { resetControl: 0, systemControl: ADDRESS_LINE_20 };
  return {
    state,
    resetPort: {
      readPort: () => state.resetControl,
      writePort(_offset, _size, value) {
        // The rising edge of the bit resets; it does not stay.
        state.resetControl = value & HARD_RESET;
        if ((value & RESET_CPU) !== 0) host.end({ kind: 'reset' });
      },
    },
    systemPort: {
      readPort: () => state.systemControl,
      writePort(_offset, _size, value) {
        state.systemControl = value & ADDRESS_LINE_20;
        if ((value & FAST_RESET) !== 0) host.end({ kind: 'reset' });
      },
    },
  };
}
