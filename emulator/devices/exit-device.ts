import type { Device, PortDevice } from './device.ts';

/**
 * Ends the run: the guest writes its exit code to port 0xF4. The number is the one QEMU's `isa-debug-exit`
 * commonly uses, but the code is passed on unchanged, where QEMU's process exits with `code << 1 | 1`.
 */
export const EXIT_PORT = 0xf4;

export interface ExitDevice extends Device<{ request: number | undefined }>, PortDevice {
  /** The code written since the last call, undefined if none. */
  takeRequest(): number | undefined;
}

export function createExitDevice(): ExitDevice {
  const state: { request: number | undefined } = { request: undefined };
  return {
    state,
    readPort: () => 0,
    writePort(_offset, _size, value) {
      state.request = value;
    },
    takeRequest() {
      const request = state.request;
      state.request = undefined;
      return request;
    },
  };
}
