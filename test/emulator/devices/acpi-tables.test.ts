import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildAcpiTables } from '../../../emulator/devices/acpi-tables.ts';

const ADDRESS = 0xe0000;
const { bytes, rootPointer } = buildAcpiTables(ADDRESS);
const view = new DataView(bytes.buffer);
const at = (address: number) => address - ADDRESS;
const u16 = (address: number) => view.getUint16(at(address), true);
const u32 = (address: number) => view.getUint32(at(address), true);
const pointer = (address: number) => Number(view.getBigUint64(at(address), true));
const text = (address: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at(address), at(address) + length));
const sum = (address: number, length: number) =>
  bytes.subarray(at(address), at(address) + length).reduce((total, byte) => (total + byte) & 0xff, 0);

/** Addresses of all tables by signature, found as a kernel finds them; checks every checksum on the way. */
function findTables(): Map<string, number> {
  const tables = new Map<string, number>();
  const add = (address: number) => {
    expect(sum(address, u32(address + 4))).toBe(0);
    tables.set(text(address, 4), address);
  };
  const xsdt = pointer(rootPointer + 24);
  add(xsdt);
  for (let entry = xsdt + 36; entry < xsdt + u32(xsdt + 4); entry += 8) add(pointer(entry));
  add(pointer(tables.get('FACP')! + 140));
  return tables;
}

test('the root pointer has both checksums and points to an XSDT', () => {
  expect(text(rootPointer, 8)).toBe('RSD PTR ');
  expect(sum(rootPointer, 20)).toBe(0);
  expect(sum(rootPointer, 36)).toBe(0);
  expect(rootPointer % 16).toBe(0);
  expect([...findTables().keys()].sort()).toEqual(['APIC', 'DSDT', 'FACP', 'XSDT']);
});

test('the FADT describes a 32-bit timer at port 0x608', () => {
  const fadt = findTables().get('FACP')!;
  expect(u32(fadt + 76)).toBe(0x608);
  expect(bytes[at(fadt + 91)]).toBe(4);
  expect(u32(fadt + 112) & (1 << 8)).not.toBe(0);
  expect([...bytes.subarray(at(fadt + 208), at(fadt + 212))]).toEqual([1, 32, 0, 3]);
  expect(pointer(fadt + 212)).toBe(0x608);
  expect(u32(fadt + 40)).toBe(pointer(fadt + 140));
});

test('the FADT points to a FACS at a multiple of 64', () => {
  const facs = u32(findTables().get('FACP')! + 36);
  expect(facs % 64).toBe(0);
  expect([text(facs, 4), u32(facs + 4)]).toEqual(['FACS', 64]);
});

test('the MADT lists one processor, the I/O APIC and the timer at input 2', () => {
  const madt = findTables().get('APIC')!;
  expect(u32(madt + 36)).toBe(0xfee00000);
  const end = madt + u32(madt + 4);
  const entries: number[][] = [];
  for (let entry = madt + 44; entry < end; entry += bytes[at(entry + 1)]) {
    const type = bytes[at(entry)];
    if (type === 0) entries.push([0, bytes[at(entry + 3)], u32(entry + 4)]);
    if (type === 1) entries.push([1, u32(entry + 4), u32(entry + 8)]);
    if (type === 2) entries.push([2, bytes[at(entry + 3)], u32(entry + 4), u16(entry + 8)]);
  }
  expect(entries).toEqual([
    [0, 0, 1],
    [1, 0xfec00000, 0],
    [2, 0, 2, 0],
    [2, 4, 4, 5],
    [2, 9, 9, 0xd],
  ]);
});

const hasCompiler = spawnSync('iasl', ['-v']).status === 0;
if (!hasCompiler)
  console.log(
    'skipped: DSDT read by iasl: it is not installed (Debian, Ubuntu: apt-get install acpica-tools)',
  );

test.skipIf(!hasCompiler)("the DSDT is read by ACPICA's disassembler, and what that writes compiles", () => {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-dsdt-'));
  try {
    const dsdt = findTables().get('DSDT')!;
    writeFileSync(join(folder, 'dsdt.dat'), bytes.subarray(at(dsdt), at(dsdt) + u32(dsdt + 4)));
    const run = (...args: string[]) => spawnSync('iasl', args, { cwd: folder, encoding: 'utf8' });
    const read = run('-d', 'dsdt.dat');
    expect(read.status, read.stdout + read.stderr).toBe(0);
    expect(run('dsdt.dsl').stdout).toContain('0 Errors, 0 Warnings');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
