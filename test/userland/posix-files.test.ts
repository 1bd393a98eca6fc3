import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';
import { fileSide } from './posix-files/sources.ts';

/** The POSIX server's file side by itself: waiting, job control, /proc, archives, and memory that runs out. */

const skip =
  process.platform === 'linux' ? reasonToSkip() : `needs Linux's headers, this is ${process.platform}`;

describe.skipIf(skip !== undefined)(`POSIX server's files${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  let folder: string;
  const long = 'n'.repeat(90);

  beforeAll(() => {
    program = buildNative([
      'test/userland/posix-files/files-check.cpp',
      'test/userland/posix-files/file-call-sequence.cpp',
      ...fileSide,
    ]);
    folder = mkdtempSync(join(tmpdir(), 'a9n-archive-'));
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'bin', long, 'deep'), { recursive: true });
    writeFileSync(join(tree, 'bin', long, 'deep', 'file'), 'far down');
    writeFileSync(join(tree, 'file'), 'contents');
    linkSync(join(tree, 'file'), join(tree, 'same'));
    symlinkSync('bin/../file', join(tree, 'link'));
    chmodSync(join(tree, 'file'), 0o4751);
    utimesSync(join(tree, 'file'), 1_600_000_000, 1_600_000_000);
  }, 240_000);

  afterAll(() => {
    program?.dispose();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  function archive(format: string): string {
    const file = join(folder, `${format}.tar`);
    const owner = ['--owner=3', '--group=4', '--sort=name'];
    execFileSync('tar', [`--format=${format}`, ...owner, '-C', join(folder, 'tree'), '-cf', file, '.']);
    return file;
  }

  it('waits, wakes, controls jobs, shows processes, and keeps its limits', () => {
    expect(program.run('parts')).toBe('all passed\n');
  }, 60_000);

  it.each(['ustar', 'gnu', 'pax'])('fills the file system from a tar archive (%s)', (format) => {
    const lines = program.run('archive', archive(format)).trimEnd().split('\n').sort();
    expect(lines.filter((line) => !line.startsWith('/bin'))).toEqual([
      "/file 104751 3:4 2 1600000000 'contents'",
      expect.stringMatching(/^\/link 120777 3:4 1 \d+ -> bin\/\.\.\/file$/),
      "/same 104751 3:4 2 1600000000 'contents'",
    ]);
    expect(lines.some((line) => line.startsWith(`/bin/${long}/deep/file 100644 3:4 1 `))).toBe(true);
  });

  it('refuses archives with paths that lead elsewhere', () => {
    const hostile = (name: string, ...make: string[]) => {
      const file = join(folder, `${name}.tar`);
      execFileSync('tar', ['-C', join(folder, 'tree'), '-P', '-cf', file, ...make]);
      return program.run('archive', file);
    };
    expect(hostile('above', '--transform=s,file,../file,', 'file')).toBe('error 22\n');
    expect(hostile('through-a-link', '--transform=s,^same,link/x,', 'link', 'same')).toBe('error 22\n');
    expect(hostile('through-a-file', '--transform=s,^link,file/x,', 'file', 'link')).toBe('error 22\n');
  });

  it.each(['ustar', 'gnu', 'pax'])(
    'survives damaged archives (%s)',
    (format) => {
      expect(program.run('mutate', archive(format), '1')).toBe('all passed\n');
    },
    60_000,
  );

  it('keeps nothing and breaks nothing when memory runs out in the midst of calls', () => {
    expect(program.run('starve', '1', '150')).toBe('all passed\n');
  }, 60_000);
});
