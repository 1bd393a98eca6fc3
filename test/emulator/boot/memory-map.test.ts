import { expect, test } from 'vitest';
import { buildMemoryMap, MemoryType } from '../../../emulator/boot/memory-map.ts';

const { Free, Device, Reserved } = MemoryType;

test('lists all memory in ascending order without gaps in RAM, and joins neighbours', () => {
  const map = buildMemoryMap(16 * 2 ** 20, [
    { start: 0x200000, end: 0x203000 },
    { start: 0x100000, end: 0x120000 },
    { start: 0x6000, end: 0x7000 },
    { start: 0x7000, end: 0x8000 },
  ]);
  expect(map).toEqual([
    { start: 0x0, pageCount: 1, type: Reserved },
    { start: 0x1000, pageCount: 5, type: Free },
    { start: 0x6000, pageCount: 2, type: Reserved },
    { start: 0x8000, pageCount: 0x98, type: Free },
    // The legacy hole and the range right behind it.
    { start: 0xa0000, pageCount: 0x80, type: Reserved },
    { start: 0x120000, pageCount: 0xe0, type: Free },
    { start: 0x200000, pageCount: 3, type: Reserved },
    { start: 0x203000, pageCount: 0xdfd, type: Free },
    { start: 0xe0000000, pageCount: 0x1ec00, type: Device },
    { start: 0xfec00000, pageCount: 0x1400, type: Reserved },
  ]);
});
