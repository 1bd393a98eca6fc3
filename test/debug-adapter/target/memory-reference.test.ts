import { expect, it } from 'vitest';
import {
  parseMemoryReference,
  physicalReference,
  virtualReference,
} from '../../../debug-adapter/target/memory-reference.ts';

it('reads back the references it gives', () => {
  expect(parseMemoryReference(virtualReference(0x401000n, 0x1a2000))).toEqual({
    kind: 'virtual',
    address: 0x401000n,
    root: 0x1a2000,
  });
  expect(parseMemoryReference(virtualReference(0xffff_8000_0000_1000n, 0x1a2000))).toEqual({
    kind: 'virtual',
    address: 0xffff_8000_0000_1000n,
    root: undefined,
  });
  expect(parseMemoryReference(physicalReference(0x1000))).toEqual({ kind: 'physical', address: 0x1000n });
});

it('a user address without its address space cannot be picked out of a reference', () => {
  expect(virtualReference(0x401000n, 0x1a2000)).not.toContain('0x');
});

it.each(['', 'main', '0x', '0x12345678901234567', '401000', '1@', '@1', 'physical:', '0x10 0x20', '-1'])(
  'refuses or understands %j, never something else',
  (text) => {
    // Decimal numbers are addresses in the active address space.
    if (text === '401000')
      expect(parseMemoryReference(text)).toMatchObject({ address: 401000n, root: undefined });
    else expect(() => parseMemoryReference(text)).toThrow(/no memory reference/);
  },
);
