import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findGuest, type GuestPaths } from './guest-images.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from './qemu.ts';
import { type Booted, boot, CLIENT_ENDED, runUntil, SLICE, session, TYPED } from './session.ts';

/** The whole system: kernel, KOITO, ULMM, console driver and client, as they are built, without an editor. */

const ROOT = resolve(import.meta.dirname, '../..');
/** Digests read all of it. */
const SMALL_MEMORY = 64 * 2 ** 20;
/** Generous: the machine may be busy with other tests. */
const TIMEOUT = 60_000;

let guest: GuestPaths;
beforeAll(() => {
  guest = findGuest(ROOT);
});

/** Runs to an exact instruction count in slices that `sliceAt` chooses. */
function runTo({ machine }: Booted, count: number, sliceAt: (turn: number) => number): void {
  for (let turn = 0; machine.instructionCount < count; turn++) {
    const reason = machine.run(Math.min(sliceAt(turn), count - machine.instructionCount));
    if (reason.kind !== 'budget' && reason.kind !== 'idle') throw new Error(`stopped: ${reason.kind}`);
    if (reason.kind === 'idle' && (reason.until ?? Number.POSITIVE_INFINITY) > count) return;
  }
}

describe('on the emulator', () => {
  test(
    'the system boots, the client does its work, the console repeats a line, Ctrl-D ends it with code 0',
    () => {
      const { text, reason } = session(guest);
      const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
      // What must be said, in this order; the kernel's own lines are its business.
      const expected = [
        'koito: starting ulmm',
        'koito: starting console',
        'console: ready',
        'koito: starting memory-tour',
        'memory-tour: one page: zero at first, and every page reads back as written',
        'memory-tour: five pages: 20480 bytes asked for, 20480 bytes mapped',
        'memory-tour: two MiB: zero at first, and every page reads back as written',
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
      const first = boot(guest, SMALL_MEMORY);
      runUntil(first, () => first.serial.lineEnd(CLIENT_ENDED) !== undefined);
      const end = first.serial.lineEnd(CLIENT_ENDED)!;

      const atEnd = [() => SLICE, (turn: number) => 1 + ((turn * 7919) % 99_991)].map((sliceAt) => {
        const booted = boot(guest, SMALL_MEMORY);
        runTo(booted, end, sliceAt);
        const { machine, serial } = booted;
        return { count: machine.instructionCount, digest: machine.digest(), text: serial.text };
      });
      expect(atEnd[1]).toEqual(atEnd[0]);
      expect(atEnd[0].count).toBe(end);
      // One instruction more is another state: the digest sees it.
      const later = boot(guest, SMALL_MEMORY);
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
      const own = session(guest);
      expect(outcome.serial).toBe(own.text);
      expect(own.reason).toEqual({ kind: 'exit', code: outcome.exitCode });
    },
    TIMEOUT,
  );
});
