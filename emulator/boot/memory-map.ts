/** The memory map of boot_info (ABI-2026, section 20). */
export const MemoryType = { Free: 0, Device: 1, Reserved: 2 } as const;
export type MemoryType = (typeof MemoryType)[keyof typeof MemoryType];

export interface MemoryMapEntry {
  readonly start: number;
  readonly pageCount: number;
  readonly type: MemoryType;
}

/** Page-aligned physical range [start, end). */
export interface MemoryRange {
  readonly start: number;
  readonly end: number;
}

const PAGE = 4096;
/** Video memory and ROMs of a PC; the ACPI tables lie there. */
const LEGACY_HOLE: MemoryRange = { start: 0xa_0000, end: 0x10_0000 };
/** What the board leaves to expansion cards, up to the I/O APIC. */
const DEVICE_WINDOW: MemoryRange = { start: 0xe000_0000, end: 0xfec0_0000 };
/** I/O APIC, local APIC and firmware: the kernel's own. */
const KERNEL_DEVICES: MemoryRange = { start: 0xfec0_0000, end: 0x1_0000_0000 };

/**
 * Describes the whole physical memory in ascending order: RAM is free but for page 0, the legacy hole and
 * `reserved`, which may touch but not overlap. Page 0 stays out, because address 0 means "none" in many places.
 */
export function buildMemoryMap(memoryBytes: number, reserved: readonly MemoryRange[]): MemoryMapEntry[] {
  const taken = [{ start: 0, end: PAGE }, LEGACY_HOLE, ...reserved].sort((a, b) => a.start - b.start);
  const map: MemoryMapEntry[] = [];
  const add = (start: number, end: number, type: MemoryType) => {
    const last = map.at(-1);
    if (end <= start) return;
    if (last !== undefined && last.type === type && last.start + last.pageCount * PAGE === start) {
      map[map.length - 1] = { ...last, pageCount: last.pageCount + (end - start) / PAGE };
    } else map.push({ start, pageCount: (end - start) / PAGE, type });
  };
  let position = 0;
  for (const range of taken) {
    add(position, range.start, MemoryType.Free);
    add(range.start, range.end, MemoryType.Reserved);
    position = range.end;
  }
  add(position, memoryBytes, MemoryType.Free);
  add(DEVICE_WINDOW.start, DEVICE_WINDOW.end, MemoryType.Device);
  add(KERNEL_DEVICES.start, KERNEL_DEVICES.end, MemoryType.Reserved);
  return map;
}
