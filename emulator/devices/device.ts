/**
 * What a device is to the machine. A device keeps its whole state in one plain-data field `state`, so that a
 * snapshot is a structured clone of it; it takes time and interrupts only from `DeviceHost`.
 */

/** Services the machine gives a device. Times are instruction counts. */
export interface DeviceHost {
  /** Retired instructions now. */
  now(): number;
  /** Asks for `Device.advance` to be called once the count reaches the device's `nextEvent()`; call it when that changes. */
  eventsChanged(): void;
  /** Drives an ISA interrupt line (0…15) to a level. Wired to the 8259 pair and to the I/O APIC. */
  setInterruptLine(irq: number, high: boolean): void;
}

export interface Device {
  /** Instruction count of this device's next timed event, Infinity if none. */
  nextEvent(): number;
  /** Lets all events due at or before `now` happen. */
  advance(now: number): void;
}

/** x86 I/O ports. `size` is 1, 2 or 4 bytes; values are unsigned. */
export interface PortDevice extends Device {
  readPort(port: number, size: number): number;
  writePort(port: number, size: number, value: number): void;
}

/** Memory-mapped registers. `offset` is relative to the device's page; values are unsigned 32-bit. */
export interface MemoryMappedDevice extends Device {
  readRegister(offset: number, size: number): number;
  writeRegister(offset: number, size: number, value: number): void;
}

/** What the CPU asks of its interrupt controller (the local APIC, and through it the 8259 pair's INTR line). */
export interface InterruptController {
  /** True if an interrupt is deliverable at the current task priority. Checked at instruction boundaries. */
  hasPendingInterrupt(): boolean;
  /** Acknowledges and returns the vector of the interrupt to deliver. */
  acknowledgeInterrupt(): number;
}
