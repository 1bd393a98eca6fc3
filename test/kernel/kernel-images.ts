import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import type { Machine, StopReason } from '../../emulator/machine-api.ts';
import { findGuest, type GuestPaths } from '../system/guest-images.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SLICE = 1_000_000;

/** The kernel with the conformance program as its init server. Throws if they are not built. */
export function findConformance(): GuestPaths {
  const guest = findGuest(ROOT);
  const init = join(dirname(guest.kernel), 'conformance.elf');
  if (!existsSync(init)) throw new Error(`${init} is missing: run npm run build first.`);
  return { ...guest, init };
}

export interface GuestRun {
  readonly serial: string;
  readonly reason: StopReason;
}

/**
 * Boots on our emulator and runs until the guest stops. `prepare` may change the machine before its first instruction.
 * Throws with the serial log if it takes more than `maxInstructions`.
 */
export function runOnEmulator(
  paths: GuestPaths,
  maxInstructions: number,
  prepare: (machine: Machine) => void = () => {},
): GuestRun {
  const images = { kernel: readFileSync(paths.kernel), init: readFileSync(paths.init) };
  const machine = createBootedMachine({ memoryBytes: 128 * 2 ** 20 }, images);
  let serial = '';
  machine.serial.onOutput = (byte) => {
    serial += String.fromCharCode(byte);
  };
  prepare(machine);
  while (machine.instructionCount < maxInstructions) {
    const reason = machine.run(SLICE);
    const goesOn = reason.kind === 'budget' || (reason.kind === 'idle' && reason.until !== undefined);
    if (!goesOn) return { serial, reason };
  }
  throw new Error(`not at its end after ${maxInstructions} instructions; serial log:\n${serial}`);
}
