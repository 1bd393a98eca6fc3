import type { Machine } from '../machine-api.ts';
import { BootError } from './boot-error.ts';
import { FIRMWARE_PLACES, placeFirmware } from './firmware.ts';
import { ENTRY_STATE_SIZE, writeLongModeEntry } from './long-mode-entry.ts';
import { type Place, requireFree } from './places.ts';

/**
 * A binary without any header: its bytes at a physical address, the CPU in long mode at the first of them with the
 * state of `writeLongModeEntry` and RDI = address of the ACPI root pointer (RSDP).
 */
const ENTRY_STATE = 0x9000;

const TAKEN: readonly Place[] = [
  {
    start: ENTRY_STATE,
    end: ENTRY_STATE + ENTRY_STATE_SIZE,
    what: 'page tables and stack of the entry state',
  },
  ...FIRMWARE_PLACES,
];

/** Loads `file` into a freshly created machine and sets its CPU. Throws BootError if it does not fit there. */
export function bootFlatBinary(machine: Machine, name: string, file: Uint8Array, address: number): void {
  if (file.length === 0) throw new BootError(`${name}: is empty. Give a file with code.`);
  requireFree(`${name}:`, { start: address, end: address + file.length }, machine.memoryBytes, TAKEN);
  machine.writePhysical(address, file);
  writeLongModeEntry(machine, ENTRY_STATE, { entry: address, argument: placeFirmware(machine) });
}
