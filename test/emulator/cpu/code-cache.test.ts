import { describe, expect, test } from 'vitest';
import { type Block, CodeCache } from '../../../emulator/cpu/code-cache.ts';
import { createInstruction } from '../../../emulator/cpu/decoder.ts';

function block(
  physical: number,
  rip = physical,
  options: { bytes?: number; secondPage?: number; count?: number } = {},
): Block {
  const instruction = { ...createInstruction(), length: options.bytes ?? 1 };
  return {
    ripLow: rip | 0,
    ripHigh: 0,
    base: 0,
    bytes: (options.bytes ?? 1) * (options.count ?? 1),
    physical,
    secondPage: options.secondPage ?? -1,
    instructions: Array.from({ length: options.count ?? 1 }, () => instruction),
    breakpoint: false,
    valid: true,
  };
}

describe('code cache', () => {
  test('finds a block by both its addresses', () => {
    const cache = new CodeCache(2 ** 21);
    const added = block(0x1234, 0x9234);
    expect(cache.add(added)).toEqual([1]);
    expect(cache.find(0x1234, 0x9234, 0)).toBe(added);
    expect(cache.find(0x1234, 0x1234, 0)).toBeUndefined();
    expect(cache.find(0x1234, 0x9234, 1)).toBeUndefined();
    expect(cache.add(block(0x1238))).toEqual([]);
  });
  test('drops a page’s blocks when code is written, not when data beside it is', () => {
    const cache = new CodeCache(2 ** 21);
    const added = block(0x1000, 0x1000, { bytes: 64 });
    cache.add(added);
    expect(cache.writing(0x1040, 8)).toBe(false);
    expect(cache.find(0x1000, 0x1000, 0)).toBe(added);
    expect(cache.writing(0x103f, 1)).toBe(true);
    expect(cache.find(0x1000, 0x1000, 0)).toBeUndefined();
    expect(added.valid).toBe(false);
  });
  test('a page without blocks counts as data after some writes, one with blocks never', () => {
    const cache = new CodeCache(2 ** 21);
    for (let n = 0; n < 500; n++) {
      expect(cache.add(block(0x1000))).toEqual(n === 0 ? [1] : []);
      expect(cache.writing(0x1800, 8)).toBe(false);
      expect(cache.writing(0x1000, 8)).toBe(true);
      expect(cache.holdsCode(1)).toBe(true);
    }
    for (let n = 0; n < 500 && cache.holdsCode(1); n++) expect(cache.writing(0x1000, 8)).toBe(false);
    expect(cache.holdsCode(1)).toBe(false);
    expect(cache.add(block(0x1000))).toEqual([1]);
  });
  test('a write to the second page of an instruction drops it', () => {
    const cache = new CodeCache(2 ** 21);
    cache.add(block(0x1ffe, 0x1ffe, { bytes: 5, secondPage: 7 }));
    cache.add(block(0x1ffd, 0x1ffd, { bytes: 5, secondPage: 7 }));
    expect(cache.holdsCode(7)).toBe(true);
    expect(cache.writing(0x7000, 1)).toBe(true);
    expect(cache.find(0x1ffe, 0x1ffe, 0)).toBeUndefined();
    expect(cache.find(0x1ffd, 0x1ffd, 0)).toBeUndefined();
  });
  test('does not grow without end', () => {
    const cache = new CodeCache(2 ** 21);
    const first = block(0, 0, { count: 64 });
    cache.add(first);
    for (let n = 1; n < 20_000; n++) cache.add(block(n, n, { count: 64 }));
    expect(first.valid).toBe(false);
    expect(cache.find(0, 0, 0)).toBeUndefined();
    expect(cache.find(19_999, 19_999, 0)).toBeDefined();
  });
});
