import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { buildHostProgram, reasonNotToBuild } from './build.ts';

/** The kernel's core on the host HAL: an ordinary Linux program, under AddressSanitizer and UndefinedBehaviorSanitizer. */

const reason = reasonNotToBuild();

const BUILD_TIME = 120_000;

test.skipIf(reason !== undefined)(
  `boots, answers calls, is restored, halts${reason === undefined ? '' : ` (not run: ${reason})`}`,
  async () => {
    const sources = ['test/kernel/host/boot-check.cpp', 'test/kernel/host/boot_image.cpp'];
    const program = await buildHostProgram({ name: 'boot-check', sources });
    const asInit = [
      'ok',
      'descriptor 0: 0 2',
      'IPC buffer: 1 0x11000',
      "address space: init's, in the image: yes",
      'quantum: 9',
    ];
    expect(execFileSync(program, { encoding: 'utf8', timeout: 20_000 }).split('\n')).toEqual([
      expect.stringMatching(/^A9N \d/),
      'A9N: starting init',
      ...asInit,
      ...asInit,
      'A9N: process suspended by a fault without resolver: memory at 0x0000000000000000, detail 0x0000000000001234, code 0x0000000000000004',
      'A9N: no process can ever run again: all are blocked, and no interrupt is bound',
      'A9N: halted',
      'halted: yes',
      '',
    ]);
  },
  BUILD_TIME,
);
