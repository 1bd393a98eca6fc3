/** Going back and forth in a machine's past. */
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';
import { randomGuest, randomInput, runTo } from './random-guest.ts';

const LENGTH = 40_000;

/** A guest with input to come that keeps a history. */
function guestWithHistory(seed: number, memoryBytes = 64 * 2 ** 20): Machine {
  const machine = randomGuest(seed);
  const begin = machine.instructionCount;
  machine.keepHistory({ spacing: 3000, memoryBytes });
  for (const event of randomInput(seed, begin, begin + LENGTH)) {
    machine.scheduleInput(event.instructionCount, event.input);
  }
  return machine;
}

/** Runs on and remembers digests on the way. */
function travel(machine: Machine, next: () => number): Map<number, string> {
  const seen = new Map<number, string>();
  const end = machine.instructionCount + LENGTH;
  while (machine.instructionCount < end) {
    seen.set(machine.instructionCount, machine.digest());
    runTo(machine, Math.min(end, machine.instructionCount + 1 + (next() % 4000)), () => 1000);
  }
  seen.set(machine.instructionCount, machine.digest());
  return seen;
}

describe.each([1, 2, 3, 4, 5])('random guest %i', (seed) => {
  test('is found again at every moment, in any order, and does not differ from one without history', () => {
    const next = randomNumbers(seed);
    const machine = guestWithHistory(seed);
    const seen = travel(machine, next);
    const log = [...machine.inputLog];
    const counts = [...seen.keys()];
    for (let n = 0; n < 25; n++) {
      const count = counts[next() % counts.length];
      expect(machine.seek(count)).toBe(true);
      expect(machine.instructionCount).toBe(count);
      expect(machine.digest()).toBe(seen.get(count));
    }
    // Running on repeats what happened, inputs included.
    const end = counts[counts.length - 1];
    runTo(machine, end, () => 500);
    expect(machine.digest()).toBe(seen.get(end));
    expect(machine.inputLog).toEqual(log);

    const plain = randomGuest(seed);
    for (const { instructionCount, input } of log) plain.scheduleInput(instructionCount, input);
    runTo(plain, end, () => LENGTH);
    expect(plain.digest()).toBe(seen.get(end));
  });

  test('goes back with hardly any memory for snapshots, and in slices', () => {
    const next = randomNumbers(seed + 100);
    const budget = 3 * 2 ** 20;
    const machine = guestWithHistory(seed, budget);
    const seen = travel(machine, next);
    const counts = [...seen.keys()];
    expect(machine.history?.bytes).toBeLessThan(budget);
    for (let n = 0; n < 8; n++) {
      const count = counts[next() % counts.length];
      while (!machine.seek(count, 700));
      expect(machine.digest()).toBe(seen.get(count));
      expect(machine.history?.bytes).toBeLessThan(budget);
    }
  });
});

/** Everything a debugger does to a machine, at random; `log` alone must explain what has come of it. */
test.each([11, 12, 13, 14])('comings and goings of seed %i leave what the log says', (seed) => {
  const next = randomNumbers(seed);
  const machine = guestWithHistory(seed, 8 * 2 ** 20);
  const between = (low: number, high: number): number => low + (next() % (high - low + 1));
  const deeds: (() => void)[] = [
    () => runTo(machine, machine.instructionCount + (next() % 4000), () => 1 + (next() % 900)),
    () => runTo(machine, machine.instructionCount + (next() % 4000), () => 1 + (next() % 900)),
    () => void machine.step(),
    () => {
      const { begin, end } = machine.history ?? { begin: 0, end: 0 };
      const target = between(begin, end);
      while (!machine.seek(target, 1 + (next() % 2000)));
    },
    () => machine.writeRegister(['rbx', 'xmm3'][next() % 2], BigInt(next())),
    () => machine.writePhysical(0x20_0000 + (next() & 0xf_ff00), Uint8Array.of(next(), next())),
    () => machine.serial.send(Uint8Array.of(next(), next())),
    () => {
      const count = machine.instructionCount + (next() % 5000);
      machine.scheduleInput(count, { kind: 'serial', bytes: Uint8Array.of(next()) });
    },
    () => machine.setWatches([{ kind: 'interrupt' }].slice(next() & 1) as { kind: 'interrupt' }[]),
    () => void machine.takeSnapshot(),
  ];
  for (let n = 0; n < 80; n++) {
    try {
      deeds[next() % deeds.length]();
    } catch (error) {
      // `runTo` of the test does not expect watches.
      if (!(error instanceof Error && error.message.includes('watch'))) throw error;
    }
    if (n % 8 !== 7) continue;
    const plain = randomGuest(seed);
    for (const { instructionCount, input } of machine.inputLog) plain.scheduleInput(instructionCount, input);
    runTo(plain, machine.instructionCount, () => LENGTH);
    plain.runTo(machine.instructionCount); // What enters at the very moment.
    expect(plain.digest()).toBe(machine.digest());
  }
});

describe('a history', () => {
  test('steps back an instruction at a time', () => {
    const machine = guestWithHistory(3);
    const end = machine.instructionCount + 20_000;
    runTo(machine, end - 30, () => LENGTH);
    const seen: string[] = [];
    while (machine.instructionCount < end) {
      seen.push(machine.digest());
      runTo(machine, machine.instructionCount + 1, () => 1);
    }
    for (let count = end - 1; count >= end - 30; count--) {
      machine.seek(count);
      expect(machine.digest()).toBe(seen[count - (end - 30)]);
    }
  });

  test('forks where the past is changed: what was to come is forgotten', () => {
    const machine = guestWithHistory(4);
    const begin = machine.instructionCount;
    runTo(machine, begin + LENGTH, () => LENGTH);
    const logged = machine.inputLog.length;
    const middle = begin + LENGTH / 2;
    machine.seek(middle);
    machine.writeRegister('rbx', 0x1234n);
    machine.writePhysical(0x28_0000, Uint8Array.of(1, 2, 3));
    machine.serial.send(Uint8Array.of(65));
    const after = machine.digest();
    expect(machine.history?.end).toBe(middle);
    expect(() => machine.seek(middle + 1)).toThrow(RangeError);
    runTo(machine, middle + 9000, () => 1000);
    expect(machine.inputLog.length).toBeLessThan(logged + 3);
    const changed = machine.digest();

    // The change is part of the history now, at its place.
    machine.seek(middle - 100);
    machine.seek(middle);
    expect(machine.digest()).toBe(after);
    machine.seek(middle + 9000);
    expect(machine.digest()).toBe(changed);
    const plain = randomGuest(4);
    for (const { instructionCount, input } of machine.inputLog) plain.scheduleInput(instructionCount, input);
    runTo(plain, middle + 9000, () => LENGTH);
    expect(plain.digest()).toBe(changed);
  });

  test('has the listener hear what is run, not what is sought', () => {
    const machine = guestWithHistory(6);
    const begin = machine.instructionCount;
    let heard = '';
    machine.serial.onOutput = (byte) => {
      heard += `${byte}@${machine.instructionCount} `;
    };
    runTo(machine, begin + LENGTH, () => 1000);
    const first = heard;
    expect(first).not.toBe('');
    machine.seek(begin);
    machine.seek(begin + LENGTH);
    machine.seek(begin);
    expect(heard).toBe(first);
    runTo(machine, begin + LENGTH, () => 1000);
    expect(heard).toBe(first + first);
  });

  test('takes what a listener sends while it hears for input of its place', () => {
    const machine = randomGuest(6);
    const begin = machine.instructionCount;
    machine.keepHistory({ spacing: 2000 });
    let sent = 0;
    machine.serial.onOutput = (byte) => {
      if (sent++ < 5) machine.serial.send(Uint8Array.of(byte + 1));
    };
    machine.serial.send(Uint8Array.of(1));
    runTo(machine, begin + LENGTH, () => 1000);
    expect(sent).toBeGreaterThan(2);
    const digest = machine.digest();
    machine.seek(begin + 1);
    machine.seek(begin + LENGTH);
    expect(machine.digest()).toBe(digest);
  });

  test('stops at breakpoints where snapshots are taken as elsewhere', () => {
    const machine = randomGuest(2);
    const rip = machine.readRegister('rip');
    machine.keepHistory({ spacing: 1 });
    machine.step();
    machine.step();
    const third = machine.readRegister('rip');
    machine.seek(machine.history?.begin ?? -1);
    expect(machine.readRegister('rip')).toBe(rip);
    machine.setBreakpoints([rip, third]);
    expect(machine.run(1000)).toEqual({ kind: 'breakpoint', address: third });
  });

  test('is asked for before it can be used, and has an end', () => {
    const machine = randomGuest(1);
    expect(machine.history).toBeUndefined();
    expect(() => machine.seek(1)).toThrow(RangeError);
    machine.keepHistory();
    const { begin, end } = machine.history ?? { begin: -1, end: -1 };
    expect(begin).toBe(end);
    expect(() => machine.seek(begin - 1)).toThrow(RangeError);
    expect(() => machine.seek(end + 1)).toThrow(RangeError);
    expect(machine.seek(end)).toBe(true);
  });
});

test('snapshots of another kind of machine are refused, and change nothing', () => {
  const machine = randomGuest(1);
  const digest = machine.digest();
  const snapshot = machine.takeSnapshot();
  expect(() => machine.restoreSnapshot({ ...snapshot, memoryBytes: 2 ** 21 })).toThrow(/2 MiB.*4 MiB/);
  expect(() => machine.restoreSnapshot({ ...snapshot, cpu: 'x86-64-v1' })).toThrow(/v1/);
  expect(machine.digest()).toBe(digest);
});

test('an input cannot enter in the past', () => {
  const machine = randomGuest(1);
  const input = { kind: 'serial', bytes: Uint8Array.of(1) } as const;
  expect(() => machine.scheduleInput(machine.instructionCount - 1, input)).toThrow(RangeError);
});
