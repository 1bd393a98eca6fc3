import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';
import { fileSide } from './posix-files/sources.ts';

/** The POSIX server's line discipline against that of this host's Linux: what is typed, echoed, read and shown. */

const sequences = resolve(import.meta.dirname, 'posix-files/terminal-sequences');
const skip =
  process.platform === 'linux' ? reasonToSkip() : `compares with Linux, this is ${process.platform}`;

describe.skipIf(skip !== undefined)(
  `POSIX server's terminal against Linux${skip === undefined ? '' : ` (${skip})`}`,
  () => {
    let program: NativeProgram;
    beforeAll(() => {
      program = buildNative(['test/userland/posix-files/terminal-differential-check.cpp', ...fileSide]);
    }, 240_000);
    afterAll(() => program?.dispose());

    it('does with sequences that once differed as Linux does', () => {
      const kept = readdirSync(sequences).map((name) => join(sequences, name));
      expect(program.run('replay', ...kept)).toBe('all agree\n');
    }, 60_000);

    it('does with random typing under random settings as Linux does', () => {
      expect(program.run('compare', '1', '200', '30')).toBe('200 sequences of 30 steps agree\n');
    }, 60_000);
  },
);
