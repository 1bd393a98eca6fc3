import { describe, expect, it } from 'vitest';
import { addressFromSelection, wrongWithAddress } from '../../extension/views/address-input.ts';

describe('wrongWithAddress', () => {
  it('accepts addresses the CPU can have, and expressions', () => {
    for (const text of [
      '0x0',
      '0x7fffffffffff',
      '0xffff800000000000',
      ' 0x1000 ',
      '$rsp',
      '&block',
      '0x1000 + 8',
    ]) {
      expect(wrongWithAddress(text), text).toBeUndefined();
    }
  });

  it('says what is wrong', () => {
    expect(wrongWithAddress('  ')).toContain('Type an address');
    expect(wrongWithAddress('0x')).toContain('Digits are missing');
    expect(wrongWithAddress('0x12g4')).toContain('not a hexadecimal number');
    expect(wrongWithAddress('0x11112222333344445')).toContain('at most 16');
    expect(wrongWithAddress('0x800000000000')).toContain('canonical');
    expect(wrongWithAddress('0xffff000000000000')).toContain('canonical');
  });
});

describe('addressFromSelection', () => {
  it('offers a short expression, not a piece of program', () => {
    expect(addressFromSelection(' block->address ')).toBe('block->address');
    expect(addressFromSelection('a;\nb')).toBe('');
    expect(addressFromSelection('x'.repeat(81))).toBe('');
  });
});
