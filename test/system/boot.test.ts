import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createBootedMachine, DEFAULT_MEMORY_BYTES } from '../../emulator/boot/create.ts';
import type { Machine, StopReason } from '../../emulator/machine-api.ts';
import { findGuest, type GuestPaths, readGuest } from './guest-images.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from './qemu.ts';
import { type SerialWatch, watchSerial } from './serial-watch.ts';

/** The whole system: kernel, KOITO, ULMM, console driver and client, as they are built, without an editor. */

const ROOT = resolve(import.meta.dirname, '../..');
/** What KOITO prints when the client has ended. */
const CLIENT_ENDED = 'memory-tour exited with code';
const SLICE = 1_000_000;
const LIMIT = 2_000_000_000;
/** Digests read all of it. */
const SMALL_MEMORY = 64 * 2 ** 20;
/** Generous: the machine may be busy with other tests. */
const TIMEOUT = 60_000;
const TYPED = 'good morning\r';

let guest: GuestPaths;
beforeAll(() => {
  guest = findGuest(ROOT);
});

interface Booted {
  readonly machine: Machine;
  readonly serial: SerialWatch;
}

function boot(memoryBytes = DEFAULT_MEMORY_BYTES): Booted {
  const machine = createBootedMachine({ memoryBytes }, readGuest(guest));
  return { machine, serial: watchSerial(machine) };
}

/** Runs until `done`, a stop that is not idling, or a limit; fails with the serial log at the limit. */
function runUntil({ machine, serial }: Booted, done: () => boolean, slice = SLICE): StopReason | undefined {
  while (!done()) {
    const reason = machine.run(slice);
    if (reason.kind !== 'budget' && reason.kind !== 'idle') return reason;
    const waitsForInput = reason.kind === 'idle' && reason.until === undefined;
    if (!done() && (waitsForInput || machine.instructionCount > LIMIT)) {
      throw new Error(`the guest does nothing more; serial log:\n${serial.text}`);
    }
  }
  return undefined;
}

/** Runs to an exact instruction count in slices that `sliceAt` chooses. */
function runTo({ machine }: Booted, count: number, sliceAt: (turn: number) => number): void {
  for (let turn = 0; machine.instructionCount < count; turn++) {
    const reason = machine.run(Math.min(sliceAt(turn), count - machine.instructionCount));
    if (reason.kind !== 'budget' && reason.kind !== 'idle') throw new Error(`stopped: ${reason.kind}`);
    if (reason.kind === 'idle' && (reason.until ?? Number.POSITIVE_INFINITY) > count) return;
  }
}

/** A whole session: boot, a line typed when the client has ended, Ctrl-D. */
function session(): { text: string; reason: StopReason | undefined } {
  const booted = boot();
  const { machine, serial } = booted;
  runUntil(booted, () => serial.lineEnd(CLIENT_ENDED) !== undefined);
  machine.serial.send(new TextEncoder().encode(TYPED));
  const before = serial.text.length;
  runUntil(booted, () => serial.text.slice(before).split('good morning').length === 3);
  machine.serial.send(Uint8Array.of(4));
  const reason = runUntil(booted, () => false);
  return { text: serial.text, reason };
}

describe('on the emulator', () => {
  test(
    'the system boots, the client does its work, the console repeats a line, Ctrl-D ends it with code 0',
    () => {
      const { text, reason } = session();
      const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
      // What must be said, in this order; the kernel's own lines are its business.
      const expected = [
        'koito: starting ulmm',
        'koito: starting console',
        'console: ready',
        'koito: starting memory-tour',
        'memory-tour: one page: zero at first, and every page reads back as written',
        'memory-tour: five pages: 20480 bytes asked for, 20480 bytes mapped',
        'memory-tour: a large page: zero at first, and every page reads back as written',
        'memory-tour: done',
        'koito: memory-tour exited with code 0',
        'good morning',
        'good morning',
        'koito: shutting down with code 0',
      ];
      let from = 0;
      for (const line of expected) {
        const at = lines.indexOf(line, from);
        expect(at, `"${line}" is missing after line ${from} of\n${text}`).toBeGreaterThanOrEqual(from);
        from = at + 1;
      }
      expect(text).not.toMatch(/fault|panic|denied|invalid/i);
      expect(reason).toEqual({ kind: 'exit', code: 0 });
    },
    TIMEOUT,
  );

  test(
    "two boots are bit-identical at the client's last line, however they are sliced",
    () => {
      const first = boot(SMALL_MEMORY);
      runUntil(first, () => first.serial.lineEnd(CLIENT_ENDED) !== undefined);
      const end = first.serial.lineEnd(CLIENT_ENDED)!;

      const atEnd = [() => SLICE, (turn: number) => 1 + ((turn * 7919) % 99_991)].map((sliceAt) => {
        const booted = boot(SMALL_MEMORY);
        runTo(booted, end, sliceAt);
        const { machine, serial } = booted;
        return { count: machine.instructionCount, digest: machine.digest(), text: serial.text };
      });
      expect(atEnd[1]).toEqual(atEnd[0]);
      expect(atEnd[0].count).toBe(end);
      // One instruction more is another state: the digest sees it.
      const later = boot(SMALL_MEMORY);
      runTo(later, end + 1, () => SLICE);
      expect(later.machine.digest()).not.toBe(atEnd[0].digest);
    },
    TIMEOUT,
  );
});

const qemu = findQemu();
if (qemu === undefined) console.log(`skipped: comparison with QEMU: ${QEMU_MISSING}`);

describe.skipIf(qemu === undefined)('on QEMU', () => {
  test(
    'the same images print the same serial log and end with the same code',
    async () => {
      const typed = { line: false, end: false };
      const outcome = await runOnQemu(guest, {
        onOutput(_text, soFar) {
          const clientEnd = soFar.indexOf(CLIENT_ENDED);
          if (clientEnd < 0 || !soFar.slice(clientEnd).includes('\n')) return undefined;
          if (!typed.line) {
            typed.line = true;
            return TYPED;
          }
          if (typed.end || soFar.slice(clientEnd).split('good morning').length < 3) return undefined;
          typed.end = true;
          return '\x04';
        },
      });
      const own = session();
      expect(outcome.serial).toBe(own.text);
      expect(own.reason).toEqual({ kind: 'exit', code: outcome.exitCode });
    },
    TIMEOUT,
  );
});
