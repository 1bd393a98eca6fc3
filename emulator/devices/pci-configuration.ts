import type { Device, PortDevice } from './device.ts';

/**
 * PCI configuration mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2) with nothing on the bus: every
 * configuration register reads all ones, as where no device answers.
 */
export const PCI_ADDRESS_PORT = 0xcf8;
export const PCI_DATA_PORT = 0xcfc;

/** Enable, bus, device, function, register; the rest reads 0. */
const ADDRESS_WRITABLE = 0x80ff_fffc;

export interface PciConfiguration extends Device<{ address: number }> {
  /** The address register, which takes whole words only; narrower accesses go to other devices at the same ports. */
  readonly addressPorts: PortDevice;
  readonly dataPorts: PortDevice;
}

/** `behind` gets what is no access to the address register: `offset` counts from PCI_ADDRESS_PORT. */
export function createPciConfiguration(behind: PortDevice): PciConfiguration {
  const state = { address: 0 };
  return {
    state,
    addressPorts: {
      readPort: (offset, size) => (size === 4 ? state.address : behind.readPort(offset, size)),
      writePort(offset, size, value) {
        if (size === 4) state.address = (value & ADDRESS_WRITABLE) >>> 0;
        else behind.writePort(offset, size, value);
      },
    },
    dataPorts: {
      readPort: (_offset, size) => 2 ** (size * 8) - 1,
      writePort() {},
    },
  };
}
