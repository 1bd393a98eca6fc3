import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readRecordingFile, writeRecordingFile } from '../../emulator/history/snapshot-file.ts';
import { createMachine } from '../../emulator/machine.ts';
import { foldProfile, profileTotal } from '../../emulator/profile.ts';
import { randomNumbers } from '../random.ts';
import { findGuest, type GuestPaths } from './guest-images.ts';
import { boot, CLIENT_ENDED, runUntil, TYPED } from './session.ts';

/** The whole system forwards and backwards: what a session did, with what was typed, is found again at every moment. */

const ROOT = resolve(import.meta.dirname, '../..');
const SMALL_MEMORY = 64 * 2 ** 20;
const TIMEOUT = 120_000;

let guest: GuestPaths;
beforeAll(() => {
  guest = findGuest(ROOT);
});

/** A session with history: boot, a line typed, the end. Remembers digests on the way. */
function recordedSession() {
  const booted = boot(guest, SMALL_MEMORY);
  const { machine, serial } = booted;
  machine.keepHistory({ spacing: 1_000_000 });
  const seen = new Map<number, string>();
  const remember = () => seen.set(machine.instructionCount, machine.digest());
  const clientHasEnded = () => {
    remember();
    return serial.lineEnd(CLIENT_ENDED) !== undefined;
  };
  runUntil(booted, clientHasEnded, 2_345_678);
  machine.serial.send(new TextEncoder().encode(TYPED));
  // What is found again is the moment with the input.
  remember();
  const before = serial.text.length;
  runUntil(booted, () => serial.text.slice(before).split('good morning').length === 3, 50_000);
  machine.serial.send(Uint8Array.of(4));
  remember();
  const reason = runUntil(booted, () => false);
  expect(reason).toEqual({ kind: 'exit', code: 0 });
  remember();
  return { machine, serial, seen };
}

test(
  'a session is found again at any moment, here and from a recording in another machine',
  async () => {
    const { machine, serial, seen } = recordedSession();
    const next = randomNumbers(7);
    const counts = [...seen.keys()];
    const end = counts[counts.length - 1];
    for (let n = 0; n < 6; n++) {
      const count = counts[next() % counts.length];
      machine.seek(count);
      expect(machine.digest()).toBe(seen.get(count));
    }
    machine.seek(end);
    const file = await writeRecordingFile(machine.recording());

    const other = createMachine({ memoryBytes: SMALL_MEMORY });
    let text = '';
    other.serial.onOutput = (byte) => {
      text += String.fromCharCode(byte);
    };
    other.replay(await readRecordingFile(file));
    while (other.instructionCount < end) other.runTo(end);
    expect(other.digest()).toBe(seen.get(end));
    // The recording begins where the history did: at the kernel's first instruction.
    expect(text).toBe(serial.text);
    other.seek(counts[1]);
    expect(other.digest()).toBe(seen.get(counts[1]));
  },
  TIMEOUT,
);

test(
  'a profile of the boot tells the kernel from its programs, and misses nothing',
  () => {
    const booted = boot(guest, SMALL_MEMORY);
    const begin = booted.machine.instructionCount;
    booted.machine.startProfile();
    runUntil(booted, () => booted.serial.lineEnd(CLIENT_ENDED) !== undefined);
    const profile = booted.machine.stopProfile();
    expect(profileTotal(profile)).toBe(booted.machine.instructionCount - begin);
    const upperHalf = { name: 'kernel', start: 0xffff_8000_0000_0000n, end: 1n << 64n };
    const rows = foldProfile(profile, [upperHalf]);
    const sum = (name: string | undefined) =>
      rows.filter((row) => row.name === name).reduce((total, row) => total + row.instructions, 0);
    expect(sum('kernel')).toBeGreaterThan(10_000);
    expect(sum(undefined)).toBeGreaterThan(10_000);
    // KOITO, ULMM, the console driver and the client have an address space each.
    expect(profile.spaces.length).toBeGreaterThanOrEqual(4);
  },
  TIMEOUT,
);
