import { describe, expect, it } from 'vitest';
import { hexDump } from '../../extension/memory/hex-dump.ts';

describe('hexDump', () => {
  it('shows addresses, bytes and text, and what is not mapped', () => {
    const bytes = Uint8Array.from([...'Hello, machine!\n', 'x'].map((c) => c.charCodeAt(0)));
    expect(hexDump(0xffff800000000ff0n, bytes, 15).split('\n')).toEqual([
      '0xffff800000000ff0  48 65 6c 6c 6f 2c 20 6d  61 63 68 69 6e 65 21 0a  |Hello, machine!.|',
      '0xffff800000001000  78                                                |x|',
      '0xffff800000001001  … 15 bytes here are not mapped',
      '',
    ]);
  });
});
