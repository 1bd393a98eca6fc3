import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findQemu, QEMU_MISSING, runOnQemu } from '../system/qemu.ts';
import { guest, imageWith, manifestWith, program, run } from './boot-image.ts';

/** Manifests, restarts, drivers and KOITO's requests, on the whole system. */

const TIMEOUT = 60_000;

const TIMER = `process timer
  priority 24
  restart 5
  slot 8 node 5
  slot 9 serves
  slot 10 notification
  slot 11 io-ports 0x40 0x43
  slot 12 interrupt 0
process rtc
  priority 24
  slot 9 serves
  slot 11 io-ports 0x70 0x71
`;

const SERVER_TOUR = `process server-tour
  priority 10
  may shut-down start-servers
  boot-archive
  arguments main
  slot 9 memory 16 MiB
process copy
  program server-tour
  template
  priority 11
  slot 9 memory 16 MiB
  slot 10 notification
  slot 11 owns
`;

const DEMO = resolve(import.meta.dirname, '../../userland/demos/driver-failure/etc/koito.manifest');

/** Boots the image on QEMU. */
async function runOnQemuWith(init: Uint8Array, memoryMegabytes = 256) {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-image-'));
  try {
    const file = join(folder, 'koito.elf');
    writeFileSync(file, init);
    return await runOnQemu({ ...guest, init: file }, { memoryMegabytes });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const qemu = findQemu();
if (qemu === undefined) console.log(`skipped: comparison with QEMU: ${QEMU_MISSING}`);

describe('a driver that fails', () => {
  const image = imageWith({
    'etc/koito.manifest': readFileSync(DEMO),
    'failing-driver': program('failing-driver'),
    'busy-program': program('busy-program'),
  });

  it(
    'is named with cause and address and started again, while a program goes on; in the end its port goes',
    () => {
      const { lines, code } = run(image);
      const ofInterest = lines.filter((line) => /^program|driver/.test(line));
      const squares = (from: number, primes: number[]) =>
        primes.map(
          (count, i) =>
            `program: ${count} primes below ${(from + i) * 1000}; the square of ${from + i} is ${(from + i) ** 2}`,
        );
      const fault = expect.stringMatching(
        /^koito: driver faulted: memory access at 0x40[0-9a-f]+, address 0x5eedbeef0000$/,
      );
      expect(ofInterest).toEqual([
        'koito: starting driver',
        ...squares(1, [168, 303, 430, 550]),
        fault,
        'koito: starting driver again, 1 of 2',
        'program: 669 primes below 5000; no square of 5: illegal operation',
        ...squares(6, [783, 900, 1007, 1117]),
        fault,
        'koito: starting driver again, 2 of 2',
        'program: 1229 primes below 10000; no square of 10: illegal operation',
        ...squares(11, [1335, 1438, 1547, 1652]),
        fault,
        'koito: driver has ended too often and is not started again',
        'program: 1754 primes below 15000; no square of 15: illegal operation',
        'program: 1862 primes below 16000; no square of 16: invalid descriptor',
      ]);
      expect(code).toBe(0);
    },
    TIMEOUT,
  );

  it.skipIf(qemu === undefined)(
    'fares the same on QEMU',
    async () => {
      const outcome = await runOnQemuWith(image);
      expect(outcome.serial.split('\n')).toEqual(run(image).lines);
      expect(outcome.exitCode).toBe(0);
    },
    TIMEOUT,
  );
});

describe('the clocks', () => {
  const image = imageWith({
    'etc/koito.manifest': manifestWith(`${TIMER}process clock-tour
  priority 10
  may shut-down
  slot 11 notification
  slot 12 calls timer
  slot 13 calls rtc
`),
    timer: program('timer'),
    rtc: program('rtc'),
    'clock-tour': program('clock-tour'),
  });

  it(
    'tell the date, and wake when they were asked to',
    () => {
      const { lines, code } = run(image);
      expect(lines.filter((line) => line.startsWith('clock-tour'))).toEqual([
        'clock-tour: the date is in the first hour of 2026',
        'clock-tour: an alarm in the past: in time',
        'clock-tour: 10 ms: in time',
        'clock-tour: 200 ms, longer than the device counts: in time',
        'clock-tour: 20 ms, after one that was cancelled: in time',
        'clock-tour: done',
      ]);
      expect(code).toBe(0);
    },
    TIMEOUT,
  );

  it.skipIf(qemu === undefined)(
    'do so on QEMU, where the timer measures the processor',
    async () => {
      const { serial, exitCode } = await runOnQemuWith(image);
      expect(serial).toContain('clock-tour: done\n');
      expect(exitCode).toBe(0);
    },
    TIMEOUT,
  );
});

describe('a program with the right to', () => {
  const image = imageWith({
    'etc/koito.manifest': manifestWith(SERVER_TOUR),
    'server-tour': program('server-tour'),
  });

  it(
    'lists processes, makes, starts and ends servers, which give everything back',
    () => {
      const { lines, code } = run(image);
      const ofInterest = lines.filter((line) => /^server-tour|^copy|copy (?:faulted|ended)/.test(line));
      expect(ofInterest).toEqual([
        'server-tour: the boot archive begins with etc/koito.manifest, in whole blocks',
        'server-tour: made: 1 ulmm, priority 20, running, made by 0, exit code 0',
        'server-tour: made: 2 console, priority 24, running, made by 0, exit code 0',
        'server-tour: made: 3 server-tour, priority 10, running, made by 0, exit code 0',
        'server-tour: made: 5 copy, priority 11, prepared, made by 3, exit code 0',
        'copy: argument 0 is "says hello"',
        'copy: may have 1048576 bytes',
        'copy: 5 bytes were handed over, as they should be',
        'copy: argument 0 is "crash"',
        'copy: argument 1 is "now"',
        'copy: may have 1048576 bytes',
        expect.stringMatching(/^koito: copy faulted: memory access at 0x40[0-9a-f]+, address 0x10$/),
        'server-tour: at the end: 1 ulmm, priority 20, running, made by 0, exit code 0',
        'server-tour: at the end: 2 console, priority 24, running, made by 0, exit code 0',
        'server-tour: at the end: 3 server-tour, priority 10, running, made by 0, exit code 0',
        'server-tour: at the end: 5 copy, priority 11, ended, made by 3, exit code 129',
        'server-tour: done',
      ]);
      expect(code).toBe(0);
    },
    TIMEOUT,
  );
});

describe('a boot archive', () => {
  const imageOf = (mebibytes: number) =>
    imageWith({
      'etc/koito.manifest': manifestWith(SERVER_TOUR),
      'server-tour': program('server-tour'),
      large: new Uint8Array(mebibytes * 2 ** 20).fill(0xa5),
    });

  it(
    'of 24 MiB is not copied: its pages are mapped',
    () => {
      expect(run(imageOf(24)).code).toBe(0);
    },
    TIMEOUT,
  );

  it.skipIf(qemu === undefined)(
    'of 64 MiB boots on QEMU',
    async () => {
      expect((await runOnQemuWith(imageOf(64), 512)).exitCode).toBe(0);
    },
    TIMEOUT,
  );

  it.each<[string, string | undefined, RegExp]>([
    ['no manifest', undefined, /^koito: etc\/koito\.manifest, line 0: there is no process in it/],
    [
      'a mistake in it',
      'process ulmm\n  priority much\n',
      /^koito: etc\/koito\.manifest, line 2: the priority is "much"/,
    ],
  ])('with %s ends with the reason', (_, text, message) => {
    const { lines, code } = run(imageWith({ 'etc/koito.manifest': text ?? '' }));
    expect(lines).toContainEqual(expect.stringMatching(message));
    expect(code).toBe(1);
  });
});
