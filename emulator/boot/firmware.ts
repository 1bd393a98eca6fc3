import { buildAcpiTables } from '../devices/acpi-tables.ts';
import { IO_APIC_ADDRESS } from '../devices/io-apic.ts';
import { LOCAL_APIC_ADDRESS } from '../devices/local-apic.ts';
import type { Machine } from '../machine-api.ts';
import type { MemoryRange } from './memory-map.ts';
import type { Place } from './places.ts';

/** What a PC's firmware leaves behind for any operating system: ACPI tables, the BIOS's data, and what it says of memory. */

/** Where the ACPI tables lie, the RSDP first: a kernel that searches for it looks here (ACPI 6.5, 5.2.5.1). */
const ACPI_TABLES = 0xe_0000;

const TABLES = buildAcpiTables(ACPI_TABLES);

const PAGE = 4096;
/** End of low memory: the last KiB belongs to the firmware, as on most PCs. */
export const LOW_MEMORY_END = 0x9_fc00;
export const HIGH_MEMORY_START = 0x10_0000;

/** Interrupt vectors of real mode, and from 0x400 on the BIOS's data area. */
const BIOS_DATA_END = 0x500;
/** Equipment word: one serial port. */
const EQUIPMENT = 1 << 9;
const LOW_KIBIBYTES = LOW_MEMORY_END >> 10;

/** The BIOS's code, by address in its segment. */
const BIOS_SEGMENT = 0xf000;
const REFUSE_SERVICE = 0xff20;
const TELL_EQUIPMENT = 0xff30;
const TELL_MEMORY = 0xff40;
/** Where the first PC had an IRET. */
const IGNORE_INTERRUPT = 0xff53;
const BIOS_CODE: readonly (readonly [address: number, code: readonly number[]])[] = [
  // push bp; mov bp, sp; or byte [bp + 6], 1 (carry); pop bp; mov ah, 0x86; iret
  [REFUSE_SERVICE, [0x55, 0x89, 0xe5, 0x80, 0x4e, 0x06, 0x01, 0x5d, 0xb4, 0x86, 0xcf]],
  [TELL_EQUIPMENT, [0xb8, EQUIPMENT & 0xff, EQUIPMENT >> 8, 0xcf]], // mov ax, equipment; iret
  [TELL_MEMORY, [0xb8, LOW_KIBIBYTES & 0xff, LOW_KIBIBYTES >> 8, 0xcf]], // mov ax, memory; iret
  [IGNORE_INTERRUPT, [0xcf]], // iret
];

/** Where the handler of a real-mode interrupt lies. */
function handlerOf(vector: number): number {
  if (vector === 0x11) return TELL_EQUIPMENT;
  if (vector === 0x12) return TELL_MEMORY;
  return vector >= 0x10 && vector < 0x1a ? REFUSE_SERVICE : IGNORE_INTERRUPT;
}

export const FIRMWARE_PLACES: readonly Place[] = [
  { start: 0, end: BIOS_DATA_END, what: "real mode's interrupt vectors and BIOS data" },
  { start: TABLES.address, end: TABLES.address + TABLES.bytes.length, what: 'ACPI tables' },
];

/** Puts all of it into memory; returns the physical address of the RSDP. */
export function placeFirmware(machine: Machine): number {
  placeBios(machine);
  machine.writePhysical(TABLES.address, TABLES.bytes);
  return TABLES.rootPointer;
}

/**
 * What kernels take from a BIOS without asking: where low memory ends and which serial ports there are, at their fixed
 * addresses. Interrupts 0x11 and 0x12 tell the same; all other services refuse, and further interrupts return at once.
 */
function placeBios(machine: Machine): void {
  for (const [address, code] of BIOS_CODE) {
    machine.writePhysical(BIOS_SEGMENT * 16 + address, Uint8Array.from(code));
  }
  const data = new DataView(new ArrayBuffer(BIOS_DATA_END));
  for (let vector = 0; vector < 0x100; vector++) {
    data.setUint16(4 * vector, handlerOf(vector), true);
    data.setUint16(4 * vector + 2, BIOS_SEGMENT, true);
  }
  data.setUint16(0x400, 0x3f8, true); // first serial port
  data.setUint16(0x40e, LOW_MEMORY_END >> 4, true); // segment of the extended data area
  data.setUint16(0x410, EQUIPMENT, true);
  data.setUint16(0x413, LOW_KIBIBYTES, true);
  machine.writePhysical(0, new Uint8Array(data.buffer));
  machine.writePhysical(LOW_MEMORY_END, Uint8Array.of(1)); // KiB of the extended data area
}

/** Types of address ranges as ACPI and multiboot number them (ACPI 6.5, table 15.5). */
export const RangeType = { Memory: 1, Reserved: 2 } as const;

export interface AddressRange extends MemoryRange {
  readonly type: (typeof RangeType)[keyof typeof RangeType];
}

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
