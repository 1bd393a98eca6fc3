import { describe, expect, test } from 'vitest';
import { createGuest, type Guest } from './guest.ts';

const HLT = 0xf4;
const RDRAND = [0x48, 0x0f, 0xc7, 0xf0];
const RDSEED = [0x48, 0x0f, 0xc7, 0xf8];

function numbers(guest: Guest, count: number, code = RDRAND): bigint[] {
  return Array.from({ length: count }, () => {
    guest.code([...code, HLT]);
    guest.run();
    return guest.machine.readRegister('rax');
  });
}

describe('RDRAND and RDSEED', () => {
  test('give other numbers each time, with all bits both 0 and 1', () => {
    const guest = createGuest();
    const some = [...numbers(guest, 40), ...numbers(guest, 40, RDSEED)];
    expect(new Set(some).size).toBe(80);
    const all = (1n << 64n) - 1n;
    expect(some.reduce((a, b) => a | b)).toBe(all);
    expect(some.reduce((a, b) => a & b)).toBe(0n);
  });

  test('are the same in two machines of one seed, others with another', () => {
    const first = numbers(createGuest({ seed: 7 }), 5);
    expect(numbers(createGuest({ seed: 7 }), 5)).toEqual(first);
    expect(numbers(createGuest({ seed: 8 }), 5)).not.toEqual(first);
    expect(numbers(createGuest(), 5)).toEqual(numbers(createGuest({ seed: 0 }), 5));
  });

  test('repeat when the machine goes back to a snapshot', () => {
    const guest = createGuest();
    numbers(guest, 3);
    const snapshot = guest.machine.takeSnapshot();
    const after = numbers(guest, 3);
    guest.machine.restoreSnapshot(snapshot);
    expect(numbers(guest, 3)).toEqual(after);
  });

  test('belong to the digest: machines that will draw other numbers differ', () => {
    expect(createGuest({ seed: 1 }).machine.digest()).not.toBe(createGuest({ seed: 2 }).machine.digest());
  });
});
