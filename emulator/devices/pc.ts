import type { GuestEnding, SerialConsole } from '../machine-api.ts';
import { createAcpiFixedRegisters, PM1_CONTROL_PORT, PM1_EVENT_PORT } from './acpi-fixed-registers.ts';
import { ACPI_TIMER_PORT, createAcpiPmTimer } from './acpi-pm-timer.ts';
import type {
  Clock,
  Device,
  DeviceHost,
  InterruptController,
  MemoryMappedDevice,
  PortDevice,
} from './device.ts';
import { createExitDevice, EXIT_PORT } from './exit-device.ts';
import { createKeyboardController, KEYBOARD_COMMAND_PORT, KEYBOARD_DATA_PORT } from './i8042.ts';
import { createPit, PIT_PORT, SYSTEM_CONTROL_PORT } from './i8254.ts';
import { createPicPair, EDGE_LEVEL_PORT, FIRST_PIC_PORT, SECOND_PIC_PORT } from './i8259.ts';
import { createIoApic, IO_APIC_ADDRESS } from './io-apic.ts';
import { createLocalApic } from './local-apic.ts';
import { createRtc, RTC_PORT, type RtcSettings } from './mc146818.ts';
import { createPciConfiguration, PCI_ADDRESS_PORT, PCI_DATA_PORT } from './pci-configuration.ts';
import { createResetControl, RESET_CONTROL_PORT, SYSTEM_CONTROL_PORT_A } from './reset-control.ts';
import { COM1_IRQ, COM1_PORT, createUart } from './uart-16550.ts';

/**
 * The board: which chips there are, at which ports and addresses, and how their interrupt lines run. What the
 * CPU reaches outside of RAM goes through here.
 */
export interface PcDevices {
  readonly interruptController: InterruptController;
  readonly serial: SerialConsole;

  /** IN and OUT. `size` is 1, 2 or 4; values are unsigned. Ports without a device read all ones. */
  readPort(port: number, size: number): number;
  writePort(port: number, size: number, value: number): void;

  /** Physical memory outside of RAM. `size` is 1, 2 or 4 (split wider accesses). Addresses without a device read all ones. */
  readMemory(address: number, size: number): number;
  writeMemory(address: number, size: number, value: number): void;

  /** Instruction count at which `advance` must be called next, Infinity if only input from outside can come. */
  nextEvent(): number;
  /** Lets all events due at or before `now` happen. */
  advance(now: number): void;

  /** How the guest has ended the run since the last call, undefined if it has not. Ask after device accesses. */
  takeEnding(): GuestEnding | undefined;

  /** The state of all devices as plain data, a copy. */
  saveState(): DevicesState;
  restoreState(saved: DevicesState): void;
}

/** What the clock chip holds when the board is new. */
export type BoardSettings = RtcSettings;

/** State of each device by its name. */
export type DevicesState = Record<string, object>;

const PAGE = 4096;

interface PortRange {
  readonly first: number;
  readonly count: number;
  /** Widest access the device takes as one; wider ones are split, as a PC's bus does. */
  readonly widest: 1 | 2 | 4;
  readonly device: PortDevice;
}

/** Creates the devices of a PC in the state firmware leaves them in. */
export function createDevices(clock: Clock, settings: BoardSettings): PcDevices {
  const ending: Device<{ request: GuestEnding | undefined }> = { state: { request: undefined } };
  const host: DeviceHost = {
    now: clock.now,
    eventsChanged: clock.eventsChanged,
    setInterruptLine(irq, high) {
      picPair.setLine(irq, high);
      ioApic.setInput(irq === 0 ? 2 : irq, high);
    },
    end(request) {
      ending.state.request = request;
    },
  };

  const acpi = createAcpiFixedRegisters(host);
  const rtc = createRtc(host, settings);
  const keyboard = createKeyboardController(host);
  const reset = createResetControl(host);
  const pci = createPciConfiguration(atOffset(RESET_CONTROL_PORT - PCI_ADDRESS_PORT, reset.resetPort));
  const uart = createUart(host, COM1_IRQ);
  const localApic = createLocalApic({
    clock,
    acknowledgeExternal: () => picPair.acknowledge(),
    endOfLevelInterrupt: (vector) => ioApic.endOfInterrupt(vector),
    reset: () => host.end({ kind: 'reset' }),
  });
  const picPair = createPicPair(localApic.setExternalInterrupt);
  const ioApic = createIoApic(localApic.receive);
  const pit = createPit(host);

  const timed = [localApic, pit, uart, rtc, acpi];
  const named: Record<string, Device> = {
    ending,
    acpi,
    rtc,
    keyboard,
    reset,
    pci,
    uart,
    pit,
    picPair,
    ioApic,
    localApic,
  };
  const ports = portMap([
    { first: FIRST_PIC_PORT, count: 2, widest: 1, device: picPair.firstPorts },
    { first: SECOND_PIC_PORT, count: 2, widest: 1, device: picPair.secondPorts },
    { first: EDGE_LEVEL_PORT, count: 2, widest: 1, device: picPair.edgeLevelPorts },
    { first: PIT_PORT, count: 4, widest: 1, device: pit },
    { first: SYSTEM_CONTROL_PORT, count: 1, widest: 1, device: pit.systemControlPort },
    { first: EXIT_PORT, count: 4, widest: 4, device: createExitDevice(host) },
    { first: RTC_PORT, count: 2, widest: 1, device: rtc },
    { first: KEYBOARD_DATA_PORT, count: 1, widest: 1, device: keyboard.dataPort },
    { first: KEYBOARD_COMMAND_PORT, count: 1, widest: 1, device: keyboard.commandPort },
    { first: SYSTEM_CONTROL_PORT_A, count: 1, widest: 1, device: reset.systemPort },
    { first: PCI_ADDRESS_PORT, count: 4, widest: 4, device: pci.addressPorts },
    { first: PCI_DATA_PORT, count: 4, widest: 4, device: pci.dataPorts },
    { first: COM1_PORT, count: 8, widest: 1, device: uart },
    { first: PM1_EVENT_PORT, count: 4, widest: 4, device: acpi.eventPorts },
    { first: PM1_CONTROL_PORT, count: 2, widest: 2, device: acpi.controlPorts },
    { first: ACPI_TIMER_PORT, count: 4, widest: 4, device: createAcpiPmTimer(clock) },
  ]);
  const pages = new Map<number, MemoryMappedDevice>([[IO_APIC_ADDRESS / PAGE, ioApic]]);

  /** The local APIC can be moved, also over the others. */
  function deviceAt(address: number): MemoryMappedDevice | undefined {
    const page = Math.floor(address / PAGE);
    if (localApic.mode === 'xapic' && page === localApic.address / PAGE) return localApic;
    return pages.get(page);
  }

  function readPort(port: number, size: number): number {
    const range = ports.get(port);
    if (size > 1 && (range === undefined || !takesWhole(range, port, size))) {
      const half = size / 2;
      return readPort(port, half) + readPort((port + half) & 0xffff, half) * 2 ** (half * 8);
    }
    return range === undefined ? 0xff : range.device.readPort(port - range.first, size) >>> 0;
  }

  function writePort(port: number, size: number, value: number): void {
    const range = ports.get(port);
    if (size > 1 && (range === undefined || !takesWhole(range, port, size))) {
      const half = size / 2;
      writePort(port, half, value % 2 ** (half * 8));
      writePort((port + half) & 0xffff, half, Math.floor(value / 2 ** (half * 8)));
    } else {
      range?.device.writePort(port - range.first, size, value);
    }
  }

  return {
    interruptController: localApic,
    serial: uart.console,
    readPort,
    writePort,
    readMemory(address, size) {
      const device = deviceAt(address);
      return device === undefined ? 2 ** (size * 8) - 1 : device.readRegister(address % PAGE, size) >>> 0;
    },
    writeMemory(address, size, value) {
      deviceAt(address)?.writeRegister(address % PAGE, size, value);
    },
    nextEvent() {
      let next = Number.POSITIVE_INFINITY;
      for (const device of timed) next = Math.min(next, device.nextEvent());
      return next;
    },
    advance(now) {
      for (const device of timed) device.advance(now);
    },
    takeEnding() {
      const { request } = ending.state;
      ending.state.request = undefined;
      return request;
    },
    saveState() {
      const states = Object.entries(named).map(([name, device]) => [name, device.state]);
      return structuredClone(Object.fromEntries(states));
    },
    restoreState(saved) {
      for (const [name, device] of Object.entries(named)) {
        Object.assign(device.state, structuredClone(saved[name]));
      }
      localApic.stateReplaced();
      clock.eventsChanged();
    },
  };
}

/** A byte-wide device at one of the ports of a range; the others read all ones. */
function atOffset(offset: number, device: PortDevice): PortDevice {
  return {
    readPort: (at, size) => (at === offset && size === 1 ? device.readPort(0, 1) : 2 ** (size * 8) - 1),
    writePort(at, size, value) {
      if (at === offset && size === 1) device.writePort(0, 1, value);
    },
  };
}

function takesWhole(range: PortRange, port: number, size: number): boolean {
  return size <= range.widest && port + size <= range.first + range.count;
}

function portMap(ranges: readonly PortRange[]): Map<number, PortRange> {
  const map = new Map<number, PortRange>();
  for (const range of ranges) {
    for (let port = range.first; port < range.first + range.count; port++) map.set(port, range);
  }
  return map;
}
