import type { Machine } from '../machine-api.ts';
import { BootError, inMebibytes } from './boot-error.ts';
import { ACPI_TABLES, HIGH_MEMORY_START, placeAcpiTables } from './firmware.ts';
import { ENTRY_STATE_SIZE, writeLongModeEntry } from './long-mode-entry.ts';

/**
 * A binary without any header: its bytes at a physical address, the CPU in long mode at the first of them with the
 * state of `writeLongModeEntry` and RDI = address of the ACPI root pointer (RSDP).
 */
const ENTRY_STATE = 0x9000;

/** Places that are taken. */
const TAKEN = [
  {
    start: ENTRY_STATE,
    end: ENTRY_STATE + ENTRY_STATE_SIZE,
    what: 'page tables and stack of the entry state',
  },
  { start: ACPI_TABLES, end: HIGH_MEMORY_START, what: 'ACPI tables' },
];

/** Loads `file` into a freshly created machine and sets its CPU. Throws BootError if it does not fit there. */
export function bootFlatBinary(machine: Machine, name: string, file: Uint8Array, address: number): void {
  const end = address + file.length;
  const place = `${name}: 0x${address.toString(16)}…0x${end.toString(16)}`;
  if (file.length === 0) throw new BootError(`${name}: is empty. Give a file with code.`);
  if (end > machine.memoryBytes) {
    throw new BootError(
      `${place} lies outside of memory, which has ${inMebibytes(machine.memoryBytes)}. Give the machine more memory or choose a lower load address.`,
    );
  }
  for (const taken of TAKEN) {
    if (address < taken.end && end > taken.start) {
      throw new BootError(
        `${place} overlaps the ${taken.what} at 0x${taken.start.toString(16)}…0x${taken.end.toString(16)}. Choose another load address, such as 0x100000.`,
      );
    }
  }
  machine.writePhysical(address, file);
  writeLongModeEntry(machine, ENTRY_STATE, { entry: address, argument: placeAcpiTables(machine) });
}
