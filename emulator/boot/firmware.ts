import { buildAcpiTables } from '../devices/acpi-tables.ts';
import { IO_APIC_ADDRESS } from '../devices/io-apic.ts';
import { LOCAL_APIC_ADDRESS } from '../devices/local-apic.ts';
import type { Machine } from '../machine-api.ts';
import type { MemoryRange } from './memory-map.ts';
import type { Place } from './places.ts';

/** What a PC's firmware leaves behind for any operating system: the ACPI tables, and what it says of memory. */

/** Where the ACPI tables lie, the RSDP first: a kernel that searches for it looks here (ACPI 6.5, 5.2.5.1). */
const ACPI_TABLES = 0xe_0000;

const TABLES = buildAcpiTables(ACPI_TABLES);
export const ACPI_PLACE: Place = {
  start: TABLES.address,
  end: TABLES.address + TABLES.bytes.length,
  what: 'ACPI tables',
};

/** Puts the ACPI tables into memory; returns the physical address of the RSDP. */
export function placeAcpiTables(machine: Machine): number {
  machine.writePhysical(TABLES.address, TABLES.bytes);
  return TABLES.rootPointer;
}

/** Types of address ranges as ACPI and multiboot number them (ACPI 6.5, table 15.5). */
export const RangeType = { Memory: 1, Reserved: 2 } as const;

export interface AddressRange extends MemoryRange {
  readonly type: (typeof RangeType)[keyof typeof RangeType];
}

const PAGE = 4096;
/** End of low memory: the last KiB belongs to the firmware, as on most PCs. */
export const LOW_MEMORY_END = 0x9_fc00;
export const HIGH_MEMORY_START = 0x10_0000;

/** The memory map that INT 15h, function E820h gives on a PC. */
export function addressRanges(memoryBytes: number): AddressRange[] {
  return [
    { start: 0, end: LOW_MEMORY_END, type: RangeType.Memory },
    { start: LOW_MEMORY_END, end: 0xa_0000, type: RangeType.Reserved },
    { start: ACPI_TABLES, end: HIGH_MEMORY_START, type: RangeType.Reserved },
    { start: HIGH_MEMORY_START, end: memoryBytes, type: RangeType.Memory },
    { start: IO_APIC_ADDRESS, end: IO_APIC_ADDRESS + PAGE, type: RangeType.Reserved },
    { start: LOCAL_APIC_ADDRESS, end: LOCAL_APIC_ADDRESS + PAGE, type: RangeType.Reserved },
  ];
}
