import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';
import { fileSide } from './posix-files/sources.ts';

/**
 * The POSIX server's calls on files against this host's Linux: the same sequences, every result compared, and the tree in
 * the end. Sequences that once differed stay in posix-files/sequences.
 */

const sequences = resolve(import.meta.dirname, 'posix-files/sequences');

function reason(): string | undefined {
  if (process.platform !== 'linux') return `compares with Linux, this is ${process.platform}`;
  const native = reasonToSkip();
  if (native !== undefined) return native;
  // The sequences run in a root of their own, on a file system whose answers are those of memory.
  const type = spawnSync('stat', ['-f', '-c', '%T', '/dev/shm'], { encoding: 'utf8' });
  if (type.stdout?.trim() !== 'tmpfs') return 'there is no tmpfs at /dev/shm';
  if (process.getuid?.() !== 0 && spawnSync('unshare', ['-U', 'true']).status !== 0)
    return 'needs root or user namespaces, for chroot';
  return undefined;
}

const skip = reason();

describe.skipIf(skip !== undefined)(
  `POSIX server's files against Linux${skip === undefined ? '' : ` (${skip})`}`,
  () => {
    let program: NativeProgram;
    beforeAll(() => {
      program = buildNative([
        'test/userland/posix-files/differential-check.cpp',
        'test/userland/posix-files/file-call-sequence.cpp',
        ...fileSide,
      ]);
    }, 240_000);
    afterAll(() => program?.dispose());

    it('answers sequences that once differed as Linux does', () => {
      const kept = readdirSync(sequences).map((name) => join(sequences, name));
      expect(kept.length).toBeGreaterThan(0);
      expect(program.run('replay', ...kept)).toMatch(/all agree\n$/);
    }, 60_000);

    it.each([
      ['short', 1, 200, 60],
      ['long', 10_000, 60, 400],
    ])(
      'answers %s random sequences as Linux does',
      (_, first, count, length) => {
        const told = program.run('compare', `${first}`, `${count}`, `${length}`);
        expect(told).toMatch(/^\d+ sequences of \d+ calls agree/);
      },
      60_000,
    );
  },
);
