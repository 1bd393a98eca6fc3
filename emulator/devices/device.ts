import type { GuestEnding } from '../machine-api.ts';

/**
 * What a device is to the machine. A device keeps its whole state in one plain-data field `state`, so that a
 * snapshot is a structured clone of it; it takes time and drives interrupts only through `DeviceHost`. Time is
 * the count of retired instructions.
 *
 * The machine promises to call `advance(now)` when the count reaches `nextEvent()`, before the next
 * instruction. Whatever a guest writes, at whatever offset and size, a device answers; it never throws.
 */

/** What the machine gives its devices. */
export interface Clock {
  /** Retired instructions now. */
  now(): number;
  /** Tells the machine that `nextEvent()` may have changed. */
  eventsChanged(): void;
}

/** What the board gives a device on it. */
export interface DeviceHost extends Clock {
  /** Drives an ISA interrupt line (0…15) to a level. Wired to the 8259 pair and to the I/O APIC. */
  setInterruptLine(irq: number, high: boolean): void;
  /** Ends the run before the next instruction. */
  end(ending: GuestEnding): void;
}

/** A device whose state is the plain data `S`. */
export interface Device<S extends object = object> {
  readonly state: S;
}

/** A device to which something happens by the passing of time. */
export interface TimedDevice<S extends object = object> extends Device<S> {
  /** Instruction count of this device's next timed event, Infinity if none. */
  nextEvent(): number;
  /** Lets all events due at or before `now` happen. */
  advance(now: number): void;
}

/** x86 I/O ports. `offset` counts from the device's first port, `size` is 1, 2 or 4 bytes; values are unsigned. */
export interface PortDevice {
  readPort(offset: number, size: number): number;
  writePort(offset: number, size: number, value: number): void;
}

/** Memory-mapped registers. `offset` counts from the device's page; values are unsigned, at most 32 bits. */
export interface MemoryMappedDevice {
  readRegister(offset: number, size: number): number;
  writeRegister(offset: number, size: number, value: number): void;
}

/**
 * What the CPU asks of its interrupt controller (the local APIC, and through it the 8259 pair's INTR line).
 * Pending interrupts and NMIs change only within port and device-memory accesses, `advance`, `acknowledgeInterrupt` and
 * writes of the task priority, so it suffices to ask after those and when IF becomes 1.
 */
export interface InterruptController {
  /** True if an interrupt is deliverable at the current task priority. Cheap: one comparison. */
  hasPendingInterrupt(): boolean;
  /** Acknowledges and returns the vector of the interrupt to deliver. */
  acknowledgeInterrupt(): number;
  /** True if an NMI has arrived that has not been taken. Cheap: one comparison. */
  hasPendingNmi(): boolean;
  /** Takes the NMI. Those that arrive while one is pending are lost. */
  takeNmi(): void;
  /** Task priority class, 0…15, as CR8 shows it (SDM vol. 3, 11.8.6). */
  readTaskPriority(): number;
  writeTaskPriority(priorityClass: number): void;
}
