import { type BoardSettings, createDevices, type PcDevices } from '../../../emulator/devices/pc.ts';

/** The board with a clock of its own in place of a CPU. */
export interface Board {
  readonly devices: PcDevices;
  readonly now: number;
  /** Passes time up to a count, stopping at every event as the machine does. */
  runTo(count: number): void;
  /** Passes time until an interrupt is pending; returns the count, Infinity if no event is left. */
  runToInterrupt(limit?: number): number;
  /** Acknowledges the pending interrupt, −1 if there is none. */
  takeInterrupt(): number;
  in(port: number, size?: number): number;
  out(port: number, value: number, size?: number): void;
  apicRead(register: number): number;
  apicWrite(register: number, value: number): void;
  ioApicRead(register: number): number;
  ioApicWrite(register: number, value: number): void;
}

const LOCAL_APIC = 0xfee00000;
const IO_APIC = 0xfec00000;

const SETTINGS: BoardSettings = { memoryBytes: 256 * 2 ** 20, startTime: Date.UTC(2026, 0, 1) / 1000 };

export function createBoard(settings = SETTINGS): Board {
  let now = 0;
  const devices = createDevices({ now: () => now, eventsChanged() {} }, settings);
  const { interruptController } = devices;

  function passEvent(limit: number): boolean {
    const next = Math.max(devices.nextEvent(), now);
    if (next > limit || next === Number.POSITIVE_INFINITY) return false;
    now = next;
    devices.advance(now);
    return true;
  }

  return {
    devices,
    get now() {
      return now;
    },
    runTo(count) {
      while (passEvent(count));
      now = count;
    },
    runToInterrupt(limit = Number.POSITIVE_INFINITY) {
      while (!interruptController.hasPendingInterrupt()) {
        if (!passEvent(limit)) return Number.POSITIVE_INFINITY;
      }
      return now;
    },
    takeInterrupt: () =>
      interruptController.hasPendingInterrupt() ? interruptController.acknowledgeInterrupt() : -1,
    in: (port, size = 1) => devices.readPort(port, size),
    out: (port, value, size = 1) => devices.writePort(port, size, value),
    apicRead: (register) => devices.readMemory(LOCAL_APIC + register, 4),
    apicWrite: (register, value) => devices.writeMemory(LOCAL_APIC + register, 4, value),
    ioApicRead(register) {
      devices.writeMemory(IO_APIC, 4, register);
      return devices.readMemory(IO_APIC + 0x10, 4);
    },
    ioApicWrite(register, value) {
      devices.writeMemory(IO_APIC, 4, register);
      devices.writeMemory(IO_APIC + 0x10, 4, value);
    },
  };
}

/** Initialises the 8259 pair as kernels do: vectors 0x20 and 0x28, cascade on 2, with these masks. */
export function initializePics(board: Board, firstMask: number, secondMask: number): void {
  for (const [port, value] of [
    [0x20, 0x11],
    [0xa0, 0x11],
    [0x21, 0x20],
    [0xa1, 0x28],
    [0x21, 0x04],
    [0xa1, 0x02],
    [0x21, 0x01],
    [0xa1, 0x01],
    [0x21, firstMask],
    [0xa1, secondMask],
  ]) {
    board.out(port, value);
  }
}
