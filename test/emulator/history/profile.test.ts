/** The profile counts every instruction once, wherever it was executed. */
import { describe, expect, test } from 'vitest';
import { foldProfile, profileTotal } from '../../../emulator/profile.ts';
import { randomNumbers } from '../../random.ts';
import { CODE, createGuest, DATA } from '../cpu/guest.ts';
import { randomGuest, runTo } from './random-guest.ts';

/** Counts by address, of a guest with one address space. */
function profile(code: readonly number[], registers: Record<string, bigint> = {}, limit = 10_000) {
  const guest = createGuest();
  for (const [name, value] of Object.entries(registers)) guest.machine.writeRegister(name, value);
  guest.code(code);
  const before = guest.machine.instructionCount;
  guest.machine.startProfile();
  guest.run(limit);
  const result = guest.machine.stopProfile();
  expect(profileTotal(result)).toBe(guest.machine.instructionCount - before);
  const [space] = result.spaces;
  return {
    result,
    deliveries: space.deliveries,
    at: (offset: number) => {
      const n = space.addresses.indexOf(BigInt(CODE + offset));
      return n < 0 ? 0 : space.counts[n];
    },
  };
}

test('loops, and the way out of them', () => {
  // mov ecx, 10; dec ecx; jnz back; hlt
  const { at } = profile([0xb9, 10, 0, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0xf4]);
  expect([at(0), at(5), at(7), at(9)]).toEqual([1, 10, 10, 1]);
});

test('iterations of a repeated instruction are its own', () => {
  const { at } = profile([0xb9, 100, 0, 0, 0, 0xf3, 0xaa, 0x90, 0xf4], { rdi: BigInt(DATA) });
  expect([at(0), at(5), at(7)]).toEqual([1, 100, 1]);
});

test('a fault in the midst of a block, and of a repetition', () => {
  // nop; mov eax, [rbx], which faults: the handler halts
  const fault = profile([0x90, 0x8b, 0x03, 0x90], { rbx: 0x7000_0000n });
  expect([fault.at(0), fault.at(1), fault.deliveries]).toEqual([1, 0, 1]);
  // rep stosb across the end of what is mapped
  const repeated = profile([0x90, 0xf3, 0xaa], { rdi: BigInt(DATA + 0x1000 - 30), rcx: 100n });
  expect([repeated.at(0), repeated.at(1), repeated.deliveries]).toEqual([1, 30, 1]);
});

describe.each([1, 2, 3])('random guest %i', (seed) => {
  test('is counted to the last instruction, in any slices, and runs the same', () => {
    const next = randomNumbers(seed);
    const machine = randomGuest(seed);
    const plain = randomGuest(seed);
    const begin = machine.instructionCount;
    machine.startProfile();
    runTo(machine, begin + 30_000, () => 1 + (next() % 200));
    const sliced = machine.stopProfile();
    expect(profileTotal(sliced)).toBe(30_000);
    plain.startProfile();
    runTo(plain, begin + 30_000, () => 30_000);
    expect(plain.stopProfile()).toEqual(sliced);
    expect(plain.digest()).toBe(machine.digest());
  });
});

test('what seek repeats is not counted again', () => {
  const machine = randomGuest(4);
  const begin = machine.instructionCount;
  machine.keepHistory({ spacing: 1000 });
  machine.startProfile();
  runTo(machine, begin + 5000, () => 5000);
  machine.seek(begin + 100);
  machine.seek(begin + 5000);
  expect(profileTotal(machine.stopProfile())).toBe(5000);
  expect(() => machine.stopProfile()).toThrow(RangeError);
});

test('folds by ranges, per address space', () => {
  const counts = (root: number, entries: [bigint, number][]) => ({
    root,
    addresses: BigUint64Array.from(entries, ([address]) => address),
    counts: Float64Array.from(entries, ([, count]) => count),
    ...{ deliveries: 0, elsewhere: 0 },
  });
  const spaces = [
    counts(0x1000, [
      [0x100n, 5],
      [0x180n, 7],
      [0x200n, 1],
      [0xffff_8000_0000_0000n, 2],
    ]),
    counts(0x2000, [[0x100n, 11]]),
  ];
  const ranges = [
    { name: 'outer', start: 0x100n, end: 0x300n, root: 0x1000 },
    { name: 'inner', start: 0x180n, end: 0x190n, root: 0x1000 },
    { name: 'kernel', start: 0xffff_8000_0000_0000n, end: 0xffff_8000_0000_1000n },
  ];
  expect(foldProfile({ spaces, idle: 0 }, ranges)).toEqual([
    { name: undefined, root: 0x2000, instructions: 11 },
    { name: 'inner', root: 0x1000, instructions: 7 },
    { name: 'outer', root: 0x1000, instructions: 6 },
    { name: 'kernel', root: 0x1000, instructions: 2 },
  ]);
});
