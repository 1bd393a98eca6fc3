/** The same machine with the same inputs does the same, whoever looks on, and in whatever slices. */
import { describe, expect, test } from 'vitest';
import { readSnapshotFile, writeSnapshotFile } from '../../../emulator/history/snapshot-file.ts';
import type { Snapshot } from '../../../emulator/machine-api.ts';
import { randomNumbers } from '../../random.ts';
import { garbageMachine } from '../garbage/garbage.ts';
import { randomGuest, randomInput, runTo } from './random-guest.ts';

const SEEDS = Array.from({ length: 6 }, (_, n) => n + 7);
const LENGTH = 36_000;

/** Counts and digests of a run at some moments, in slices that `slice` chooses. */
function digests(seed: number, slice: () => number, onMoment: (n: number) => void = () => {}) {
  const machine = randomGuest(seed);
  const begin = machine.instructionCount;
  for (const event of randomInput(seed, begin, begin + LENGTH)) {
    machine.scheduleInput(event.instructionCount, event.input);
  }
  let output = '';
  machine.serial.onOutput = (byte) => {
    output += `${machine.instructionCount}:${byte} `;
  };
  const seen: string[] = [];
  for (let n = 1; n <= 6; n++) {
    runTo(machine, begin + (LENGTH * n) / 6, slice);
    seen.push(machine.digest());
    onMoment(n);
  }
  return { seen, output, count: machine.instructionCount, log: machine.inputLog };
}

describe.each([21, 22, 23])('garbage of seed %i', (seed) => {
  test('does the same with history and watches, and is found again', () => {
    const next = randomNumbers(seed);
    const plain = garbageMachine(seed);
    const begin = plain.instructionCount;
    plain.runTo(begin + 4000);
    const end = plain.instructionCount;

    const machine = garbageMachine(seed);
    machine.keepHistory({ spacing: 300 });
    machine.setWatches([
      { kind: 'memory', space: 'physical', address: 0x10_0000n, length: 0x4000, access: 'read-write' },
      { kind: 'memory', space: 'virtual', address: 0x10_0800n, length: 0x400, access: 'execute' },
      ...[{ kind: 'exception' } as const, { kind: 'interrupt' } as const],
    ]);
    const seen = new Map<number, string>();
    while (machine.instructionCount < end) {
      const stop = machine.runTo(Math.min(end, machine.instructionCount + 1 + (next() % 800)));
      if (stop.kind === 'budget') seen.set(machine.instructionCount, machine.digest());
    }
    expect(machine.digest()).toBe(plain.digest());
    for (const count of [...seen.keys()].reverse()) {
      machine.seek(count);
      expect(machine.digest()).toBe(seen.get(count));
    }
  });
});

describe.each(SEEDS)('random guest %i', (seed) => {
  test('does the same in any slices', () => {
    const next = randomNumbers(seed);
    const whole = digests(seed, () => LENGTH);
    expect(digests(seed, () => 1 + (next() % 300))).toEqual(whole);
    expect(digests(seed, () => 1 + (next() % 3))).toEqual(whole);
    expect(whole.log.length).toBeGreaterThan(0);
    expect(new Set(whole.seen).size).toBe(6);
  });

  test('does the same while snapshots are taken', () => {
    const machine = randomGuest(seed);
    const plain = randomGuest(seed);
    const next = randomNumbers(seed);
    const end = machine.instructionCount + LENGTH;
    while (machine.instructionCount < end) {
      machine.takeSnapshot();
      machine.run(1 + (next() % 2000));
    }
    runTo(plain, machine.instructionCount, () => LENGTH);
    expect(machine.digest()).toBe(plain.digest());
  });

  test('goes on from a snapshot as it went on then, in another machine too', () => {
    const machine = randomGuest(seed);
    const begin = machine.instructionCount;
    for (const event of randomInput(seed, begin, begin + LENGTH)) {
      machine.scheduleInput(event.instructionCount, event.input);
    }
    runTo(machine, begin + LENGTH / 3, () => LENGTH);
    const snapshot = machine.takeSnapshot();
    const digest = machine.digest();
    runTo(machine, begin + LENGTH, () => LENGTH);
    const end = machine.digest();

    machine.restoreSnapshot(snapshot);
    expect(machine.digest()).toBe(digest);
    runTo(machine, begin + LENGTH, () => 777);
    expect(machine.digest()).toBe(end);

    const other = randomGuest(seed + 1);
    runTo(other, begin + 5000, () => LENGTH);
    other.restoreSnapshot(snapshot);
    expect(other.digest()).toBe(digest);
    runTo(other, begin + LENGTH, () => LENGTH);
    expect(other.digest()).toBe(end);
  });

  test('snapshots stay as they are, whatever becomes of the machines they came from', async () => {
    const next = randomNumbers(seed + 50);
    const machines = [randomGuest(seed), randomGuest(seed + 1), randomGuest(seed + 2)];
    const kept: { snapshot: Snapshot; digest: string }[] = [];
    for (let n = 0; n < 150; n++) {
      const machine = machines[next() % machines.length];
      const action = next() % 4;
      if (action === 0 || kept.length === 0) {
        const snapshot = machine.takeSnapshot();
        kept.push({ snapshot, digest: machine.digest() });
      } else if (action === 1) {
        const { snapshot, digest } = kept[next() % kept.length];
        machine.restoreSnapshot(snapshot);
        expect(machine.digest()).toBe(digest);
      } else if (action === 2) {
        machine.writePhysical(0x20_0000 + (next() % 0x10_0000), Uint8Array.of(next()));
      } else machine.run(1 + (next() % 3000));
    }
    for (const { snapshot, digest } of kept) {
      machines[0].restoreSnapshot(await readSnapshotFile(await writeSnapshotFile(snapshot)));
      expect(machines[0].digest()).toBe(digest);
    }
  });
});
