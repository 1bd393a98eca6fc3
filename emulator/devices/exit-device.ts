import type { DeviceHost, PortDevice } from './device.ts';

/**
 * Ends the run: the guest writes its exit code to port 0xF4. The number is the one QEMU's `isa-debug-exit`
 * commonly uses, but the code is passed on unchanged, where QEMU's process exits with `code << 1 | 1`.
 */
export const EXIT_PORT = 0xf4;

export function createExitDevice(host: DeviceHost): PortDevice {
  return {
    readPort: () => 0,
    writePort: (_offset, _size, code) => host.end({ kind: 'exit', code }),
  };
}
