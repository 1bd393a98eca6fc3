/** The loader's side of the boot protocol (ABI section 20), read and changed in a machine before the kernel's first instruction. */
import type { Machine } from '../../emulator/machine-api.ts';

export const BOOT_INFO = {
  memorySize: 0x00,
  memoryMapCount: 0x08,
  memoryMap: 0x10,
  loadedAddress: 0x18,
  imageSize: 0x20,
  entryPoint: 0x28,
  initInfo: 0x30,
  ipcBuffer: 0x38,
  archInfo: 0x40,
} as const;

export const PAGE = 4096n;
export const MemoryType = { free: 0n, device: 1n, reserved: 2n } as const;

export interface MapEntry {
  readonly start: bigint;
  readonly pages: bigint;
  readonly type: bigint;
}

export function write64(machine: Machine, address: number, value: bigint): void {
  machine.writePhysical(address, new Uint8Array(BigUint64Array.of(value).buffer));
}

export function read64(machine: Machine, address: number): bigint {
  const bytes = machine.readPhysical(address, 8);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

export const bootInfo = (machine: Machine): number => Number(machine.readRegister('rdi'));
export const readField = (machine: Machine, offset: number): bigint =>
  read64(machine, bootInfo(machine) + offset);

/** Sets a field of boot_info. */
export const field = (offset: number, value: bigint) => (machine: Machine) =>
  write64(machine, bootInfo(machine) + offset, value);

export function readMap(machine: Machine): MapEntry[] {
  const count = Number(readField(machine, BOOT_INFO.memoryMapCount) & 0xffffn);
  const map = Number(readField(machine, BOOT_INFO.memoryMap));
  return Array.from({ length: count }, (_, index) => {
    const [start, pages, type] = [0, 8, 16].map((offset) => read64(machine, map + 24 * index + offset));
    return { start, pages, type: type & 0xffff_ffffn };
  });
}

/** Where the map is; the loader keeps a page for it. What the ABI calls padding gets a pattern. */
export function writeMap(machine: Machine, entries: readonly MapEntry[]): void {
  if (24 * entries.length > Number(PAGE)) throw new RangeError('the memory map exceeds its page');
  const map = Number(readField(machine, BOOT_INFO.memoryMap));
  const padding = 0xa5a5_a5a5n << 32n;
  for (const [index, { start, pages, type }] of entries.entries()) {
    for (const [word, value] of [start, pages, type | padding].entries())
      write64(machine, map + 24 * index + 8 * word, value);
  }
  field(BOOT_INFO.memoryMapCount, BigInt(entries.length) | (0xa5a5_a5a5_a5a5n << 16n))(machine);
}

/** The map with [start, end) as an entry of its own. It must lie in one entry. */
export function carve(map: readonly MapEntry[], start: bigint, end: bigint, type: bigint): MapEntry[] {
  let found = false;
  const carved = map.flatMap((entry) => {
    const entryEnd = entry.start + PAGE * entry.pages;
    if (start < entry.start || end > entryEnd) return [entry];
    found = true;
    return [
      { ...entry, pages: (start - entry.start) / PAGE },
      { start, pages: (end - start) / PAGE, type },
      { ...entry, start: end, pages: (entryEnd - end) / PAGE },
    ].filter(({ pages }) => pages > 0n);
  });
  if (!found) throw new RangeError('no entry of the memory map contains the range');
  return carved;
}
