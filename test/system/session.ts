import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import type { Machine, StopReason } from '../../emulator/machine-api.ts';
import { type GuestPaths, readGuest } from './guest-images.ts';
import { type SerialWatch, watchSerial } from './serial-watch.ts';

/** What KOITO prints when the client has ended. */
export const CLIENT_ENDED = 'memory-tour exited with code';
/** What the user types then. */
export const TYPED = 'good morning\r';

export const SLICE = 1_000_000;
const LIMIT = 2_000_000_000;

export interface Booted {
  readonly machine: Machine;
  readonly serial: SerialWatch;
}

export function boot(guest: GuestPaths, memoryBytes = DEFAULT_MEMORY_BYTES): Booted {
  const machine = createBootedMachine({ memoryBytes }, readGuest(guest));
  return { machine, serial: watchSerial(machine) };
}

/** Runs until `done`, a stop that is not idling, or a limit; fails with the serial log at the limit. */
export function runUntil(
  { machine, serial }: Booted,
  done: () => boolean,
  slice = SLICE,
): StopReason | undefined {
  while (!done()) {
    const reason = machine.run(slice);
    if (reason.kind !== 'budget' && reason.kind !== 'idle') return reason;
    const waitsForInput = reason.kind === 'idle' && reason.until === undefined;
    if (!done() && (waitsForInput || machine.instructionCount > LIMIT)) {
      throw new Error(`the guest does nothing more; serial log:\n${serial.text}`);
    }
  }
  return undefined;
}

/** A whole session: boot, a line typed when the client has ended, Ctrl-D. */
export function session(guest: GuestPaths): { text: string; reason: StopReason | undefined } {
  const booted = boot(guest);
  const { machine, serial } = booted;
  runUntil(booted, () => serial.lineEnd(CLIENT_ENDED) !== undefined);
  machine.serial.send(new TextEncoder().encode(TYPED));
  const before = serial.text.length;
  runUntil(booted, () => serial.text.slice(before).split('good morning').length === 3);
  machine.serial.send(Uint8Array.of(4));
  const reason = runUntil(booted, () => false);
  return { text: serial.text, reason };
}
