/** Snapshots and recordings as files: they come back as they were, and nothing else is taken for one. */
import { beforeAll, describe, expect, test } from 'vitest';
import { PAGE_BYTES, Page } from '../../../emulator/history/memory-image.ts';
import { fromJson, toJson } from '../../../emulator/history/plain-data.ts';
import {
  readRecordingFile,
  readSnapshotFile,
  SnapshotFileError,
  writeRecordingFile,
  writeSnapshotFile,
} from '../../../emulator/history/snapshot-file.ts';
import { createMachine } from '../../../emulator/machine.ts';
import { randomNumbers } from '../../random.ts';
import { randomGuest, randomInput, runTo } from './random-guest.ts';

const LENGTH = 20_000;

function recordedGuest(seed: number) {
  const machine = randomGuest(seed);
  const begin = machine.instructionCount;
  machine.keepHistory({ spacing: 5000 });
  for (const event of randomInput(seed, begin, begin + LENGTH)) {
    machine.scheduleInput(event.instructionCount, event.input);
  }
  runTo(machine, begin + LENGTH, () => 1500);
  return machine;
}

describe('a snapshot file', () => {
  test('holds the whole machine: another one goes on from it alike', async () => {
    const machine = recordedGuest(3);
    machine.serial.send(new TextEncoder().encode('waiting'));
    const file = await writeSnapshotFile(machine.takeSnapshot());
    const other = createMachine({ memoryBytes: machine.memoryBytes });
    other.restoreSnapshot(await readSnapshotFile(file));
    expect(other.digest()).toBe(machine.digest());
    expect(other.inputLog).toEqual(machine.inputLog);
    const end = machine.instructionCount + LENGTH;
    runTo(machine, end, () => LENGTH);
    runTo(other, end, () => 77);
    expect(other.digest()).toBe(machine.digest());
  });

  test('of an empty machine is small', async () => {
    const file = await writeSnapshotFile(createMachine({ memoryBytes: 256 * 2 ** 20 }).takeSnapshot());
    expect(file.length).toBeLessThan(20_000);
  });

  test('of a larger machine is refused by a smaller one, which is not touched', async () => {
    const machine = randomGuest(1);
    const digest = machine.digest();
    const file = await writeSnapshotFile(createMachine({ memoryBytes: 2 ** 23 }).takeSnapshot());
    const snapshot = await readSnapshotFile(file);
    expect(() => machine.restoreSnapshot(snapshot)).toThrow(/8 MiB.*4 MiB/);
    expect(machine.digest()).toBe(digest);
  });
});

describe('a recording file', () => {
  test('repeats the run in another machine, to any moment of it', async () => {
    const machine = recordedGuest(5);
    const recording = machine.recording();
    const middle = recording.end - LENGTH / 2;
    machine.seek(middle);
    const digest = machine.digest();

    const other = createMachine({ memoryBytes: machine.memoryBytes });
    const read = await readRecordingFile(await writeRecordingFile(recording));
    expect(read.inputs).toEqual(recording.inputs);
    expect(read.inputs.length).toBeGreaterThan(3);
    other.replay(read, { spacing: 4000 });
    expect(other.instructionCount).toBe(recording.start.instructionCount);
    other.seek(read.end);
    expect(other.digest()).toBe(recording.digest);
    other.seek(middle);
    expect(other.digest()).toBe(digest);
    runTo(other, read.end, () => 333);
    expect(other.digest()).toBe(read.digest);
  });

  test('has what the debugger wrote', async () => {
    const machine = randomGuest(2);
    machine.keepHistory();
    runTo(machine, machine.instructionCount + 3000, () => 1000);
    machine.writeRegister('rbx', 0x1234_5678_9abc_def0n);
    machine.writePhysical(0x28_0000, Uint8Array.of(1, 2, 3));
    runTo(machine, machine.instructionCount + 3000, () => 1000);
    const other = createMachine({ memoryBytes: machine.memoryBytes });
    other.replay(await readRecordingFile(await writeRecordingFile(machine.recording())));
    runTo(other, machine.instructionCount, () => 100);
    expect(other.digest()).toBe(machine.digest());
  });

  test('is not a snapshot file', async () => {
    const file = await writeSnapshotFile(randomGuest(1).takeSnapshot());
    await expect(readRecordingFile(file)).rejects.toThrow(/not a recording/);
  });
});

describe('what is no snapshot file', () => {
  let good: Uint8Array;
  beforeAll(async () => {
    good = await writeSnapshotFile(recordedGuest(4).takeSnapshot());
  });
  const refusal = (file: Uint8Array) => expect(readSnapshotFile(file)).rejects;
  /** Resolves if the file is refused as it should be. */
  async function isRefused(file: Uint8Array): Promise<void> {
    await refusal(file).toBeInstanceOf(SnapshotFileError);
  }

  test('is refused with a reason: nothing, text, another format', async () => {
    await refusal(new Uint8Array(0)).toThrow(/no snapshot/);
    await refusal(new TextEncoder().encode('#!/bin/sh\nexit 0\n# and so on')).toThrow(/no snapshot/);
    const other = good.slice();
    other[12] = 99;
    await refusal(other).toThrow(/format 99/);
  });

  test('is refused at every length but its own', async () => {
    const next = randomNumbers(11);
    const lengths = [0, 1, 11, 12, 20, 51, 52, 53, 60, good.length - 9, good.length - 1];
    for (let n = 0; n < 20; n++) lengths.push(next() % good.length);
    for (const length of lengths) await isRefused(good.slice(0, length));
    const longer = new Uint8Array(good.length + 1);
    longer.set(good);
    await isRefused(longer);
  });

  test('is refused whichever byte is damaged', async () => {
    const next = randomNumbers(12);
    for (let n = 0; n < 120; n++) {
      const file = good.slice();
      const at = n < 52 ? n : next() % good.length;
      file[at] ^= 1 << (next() & 7);
      // Some bits of the compressed form say nothing: then the file is still the same.
      const read = await readSnapshotFile(file).catch((error: unknown) => error);
      if (read instanceof SnapshotFileError) continue;
      expect(read).toEqual(await readSnapshotFile(good));
      expect(at).toBeGreaterThan(51);
    }
  });
});

describe('a snapshot file with a right checksum and wrong contents', () => {
  /** Writes a snapshot with something changed, as only a forger would. */
  const forged = (change: object, stateChange: object = {}) => {
    const snapshot = randomGuest(1).takeSnapshot();
    return writeSnapshotFile({ ...snapshot, ...change, state: { ...snapshot.state, ...stateChange } });
  };
  test.each([
    ['memory size that is no number of pages', { memoryBytes: 4097 }, {}],
    ['memory that ends before its pages', { memoryBytes: 2 ** 20 }, {}],
    ['negative count', { instructionCount: -1 }, {}],
    ['CPU model that there is not', { cpu: 'x86-64-v9' }, {}],
    ['devices that there are not', {}, { devices: { teapot: {} } }],
    ['idle time that is no number', {}, { idle: Number.NaN }],
    ['inputs that are none', {}, { inputs: { log: [], length: 0, scheduled: [{ instructionCount: 1 }] } }],
  ])('%s', async (_what, change, stateChange) => {
    const file = await forged(change, stateChange);
    await expect(readSnapshotFile(file)).rejects.toBeInstanceOf(SnapshotFileError);
  });
  test('translations that point outside of memory', async () => {
    const { state } = randomGuest(1).takeSnapshot();
    const chunk = state.cpu.chunks[0].map((page, n) =>
      // Words of the TLB's first table.
      n === 4 ? new Page(new Uint8Array(PAGE_BYTES).fill(0x40), 0) : page,
    );
    const file = await forged({}, { cpu: { ...state.cpu, chunks: [chunk] } });
    await expect(readSnapshotFile(file)).rejects.toBeInstanceOf(SnapshotFileError);
  });
});

test('plain data comes back exactly', () => {
  const data = {
    numbers: [0, -1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53],
    nothing: undefined,
    none: null,
    big: -(2n ** 70n),
    bytes: Uint8Array.of(0, 1, 255),
    words: Uint32Array.of(0xffff_ffff),
    nested: [{ a: undefined, b: 'ü "quoted"' }],
  };
  expect(fromJson(toJson(data))).toStrictEqual(data);
  expect(() => fromJson('{"$":"Function","value":[]}')).toThrow(TypeError);
});
