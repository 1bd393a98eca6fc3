import { buildDsdtBody } from './acpi-dsdt.ts';
import { PM1_CONTROL_PORT, PM1_EVENT_PORT, SCI_IRQ } from './acpi-fixed-registers.ts';
import { ACPI_TIMER_PORT } from './acpi-pm-timer.ts';
import { IO_APIC_ADDRESS } from './io-apic.ts';
import { LOCAL_APIC_ADDRESS } from './local-apic.ts';
import { FULL_RESET, RESET_CONTROL_PORT } from './reset-control.ts';
import { COM1_IRQ } from './uart-16550.ts';

/**
 * The ACPI tables that describe this board (ACPI 6.5, chapter 5): RSDP revision 2 → XSDT → FADT (→ FACS, DSDT), MADT.
 * The FADT is of revision 3 (244 bytes): it has the 64-bit fields, and nothing the board lacks.
 */
export interface AcpiTables {
  /** Physical address of the RSDP. */
  readonly rootPointer: number;
  /** Physical address of `bytes`. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

const RSDP_SIZE = 36;
const HEADER_SIZE = 36;
const FADT_SIZE = 244;
const FACS_SIZE = 64;
/** Index of the century in the clock's memory. */
const CENTURY = 0x32;

/** Builds the tables for a place in memory, 64-aligned. */
export function buildAcpiTables(address: number): AcpiTables {
  const madtBody = buildMadtBody();
  const dsdtBody = buildDsdtBody();
  const facs = address + align(RSDP_SIZE, 64);
  const xsdt = facs + FACS_SIZE;
  const fadt = xsdt + align(HEADER_SIZE + 2 * 8);
  const madt = fadt + align(FADT_SIZE);
  const dsdt = madt + align(HEADER_SIZE + madtBody.length);
  const bytes = new Uint8Array(dsdt + align(HEADER_SIZE + dsdtBody.length) - address);
  const place = (at: number, table: Uint8Array) => bytes.set(table, at - address);

  place(address, buildRsdp(xsdt));
  place(facs, buildFacs());
  place(xsdt, buildTable('XSDT', 1, words64([fadt, madt])));
  place(fadt, buildTable('FACP', 3, buildFadtBody(facs, dsdt)));
  place(madt, buildTable('APIC', 3, madtBody));
  place(dsdt, buildTable('DSDT', 2, dsdtBody));
  return { rootPointer: address, address, bytes };
}

function buildRsdp(xsdt: number): Uint8Array {
  const table = new Uint8Array(RSDP_SIZE);
  const view = new DataView(table.buffer);
  writeText(table, 0, 'RSD PTR ');
  writeText(table, 9, 'A9NEMU');
  table[15] = 2;
  view.setUint32(20, RSDP_SIZE, true);
  view.setBigUint64(24, BigInt(xsdt), true);
  // The first checksum covers the 20 bytes of revision 0, the second all of them.
  table[8] = checksum(table.subarray(0, 20));
  table[32] = checksum(table);
  return table;
}

/** Puts the common header (ACPI 6.5, 5.2.6) before a table's body. */
function buildTable(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const table = new Uint8Array(HEADER_SIZE + body.length);
  const view = new DataView(table.buffer);
  writeText(table, 0, signature);
  view.setUint32(4, table.length, true);
  table[8] = revision;
  writeText(table, 10, 'A9NEMU');
  writeText(table, 16, 'A9N-PC  ');
  view.setUint32(24, 1, true);
  writeText(table, 28, 'A9N ');
  view.setUint32(32, 1, true);
  table.set(body, HEADER_SIZE);
  table[9] = checksum(table);
  return table;
}

/** FACS (ACPI 6.5, 5.2.10): the global lock, which no firmware here contends for. It has no checksum. */
function buildFacs(): Uint8Array {
  const table = new Uint8Array(FACS_SIZE);
  writeText(table, 0, 'FACS');
  new DataView(table.buffer).setUint32(4, FACS_SIZE, true);
  table[32] = 2;
  return table;
}

/** FADT (ACPI 6.5, 5.2.9). Offsets in the table are given less the header. */
function buildFadtBody(facs: number, dsdt: number): Uint8Array {
  const body = new Uint8Array(FADT_SIZE - HEADER_SIZE);
  const view = new DataView(body.buffer);
  const at = (offset: number) => offset - HEADER_SIZE;
  view.setUint32(at(36), facs, true);
  view.setUint32(at(40), dsdt, true);
  view.setUint16(at(46), SCI_IRQ, true); // SCI_INT
  // Each register block twice: as a port with a length, and as a generic address of system I/O space.
  const block = (port: number, bytes: number, address: number, length: number, generic: number) => {
    view.setUint32(at(address), port, true);
    body[at(length)] = bytes;
    body.set([1, bytes * 8, 0, bytes === 2 ? 2 : 3], at(generic));
    view.setBigUint64(at(generic + 4), BigInt(port), true);
  };
  block(PM1_EVENT_PORT, 4, 56, 88, 148); // PM1a_EVT_BLK
  block(PM1_CONTROL_PORT, 2, 64, 89, 172); // PM1a_CNT_BLK
  block(ACPI_TIMER_PORT, 4, 76, 91, 208); // PM_TMR_BLK
  view.setUint16(at(96), 0xffff, true); // P_LVL2_LAT: no C2
  view.setUint16(at(98), 0xffff, true); // P_LVL3_LAT: no C3
  body[at(108)] = CENTURY;
  // IAPC_BOOT_ARCH: legacy devices, no VGA; no keyboard controller, because no keyboard hangs on it.
  view.setUint16(at(109), 0x0005, true);
  // Flags: WBINVD works, no buttons, no wake by the clock, 32-bit timer, reset register.
  view.setUint32(at(112), 0x0000_0571, true);
  body.set([1, 8, 0, 1], at(116)); // RESET_REG
  view.setBigUint64(at(120), BigInt(RESET_CONTROL_PORT), true);
  body[at(128)] = FULL_RESET;
  view.setBigUint64(at(140), BigInt(dsdt), true); // X_DSDT
  return body;
}

/** MADT (ACPI 6.5, 5.2.12): one processor, one I/O APIC, and where ISA lines are wired otherwise. */
function buildMadtBody(): Uint8Array {
  const localApic = [...word32(LOCAL_APIC_ADDRESS), ...word32(1)]; // PCAT_COMPAT: there is an 8259 pair too
  const processor = [0, 8, 0, 0, ...word32(1)];
  const ioApic = [1, 12, 0, 0, ...word32(IO_APIC_ADDRESS), ...word32(0)];
  const timerOverride = [2, 10, 0, 0, ...word32(2), 0, 0];
  // Not moved, but said in full: edge-triggered, active high; and the SCI: level-triggered, active high.
  const serialOverride = [2, 10, 0, COM1_IRQ, ...word32(COM1_IRQ), 0x05, 0];
  const sciOverride = [2, 10, 0, SCI_IRQ, ...word32(SCI_IRQ), 0x0d, 0];
  const nonMaskable = [4, 6, 0xff, 0, 0, 1];
  return Uint8Array.from([
    ...localApic,
    ...processor,
    ...ioApic,
    ...timerOverride,
    ...serialOverride,
    ...sciOverride,
    ...nonMaskable,
  ]);
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return -sum & 0xff;
}

function writeText(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function word32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

function words64(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [...word32(value), 0, 0, 0, 0]));
}

function align(size: number, to = 16): number {
  return Math.ceil(size / to) * to;
}
