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

/** Registers in memory, registers in MSRs, or no APIC at all: then the 8259 pair interrupts the CPU directly. */
export type ApicMode = 'xapic' | 'x2apic' | 'disabled';

/** 64 bits as two signed or unsigned 32-bit halves. */
export interface Words64 {
  readonly low: number;
  readonly high: number;
}

/** An interrupt on its way from the I/O APIC to a processor, with the delivery mode's number (SDM vol. 3, 11.5.1). */
export interface InterruptMessage {
  readonly mode: number;
  readonly vector: number;
  readonly destination: number;
  readonly logical: boolean;
  readonly levelTriggered: boolean;
}

/**
 * What the CPU asks of its interrupt controller (the local APIC, and through it the 8259 pair's INTR line).
 * Pending interrupts and NMIs change only within port and device-memory accesses, `advance`, `acknowledgeInterrupt` and
 * writes of the registers below, so it suffices to ask after those and when IF becomes 1.
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
  /** Where the APIC's registers are, and how software reaches them. */
  readonly mode: ApicMode;
  readonly address: number;
  /** Moves, disables or enables the APIC. A disabled one forgets its state. */
  setMode(mode: ApicMode, address: number): void;
  /** x2APIC registers by their offset in the MSR block; undefined and false for what raises #GP. */
  readX2Register(number: number): Words64 | undefined;
  writeX2Register(number: number, value: Words64): boolean;
  /** Value of the TSC-deadline register, 0 if no deadline is set. */
  readTscDeadline(): Words64;
  /** Sets it, with the instruction count that it means. */
  writeTscDeadline(value: Words64, count: number): void;
  /** Task priority class, 0…15, as CR8 shows it (SDM vol. 3, 11.8.6). */
  readTaskPriority(): number;
  writeTaskPriority(priorityClass: number): void;
}
