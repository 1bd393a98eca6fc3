import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

const server = [
  'server',
  'space',
  'memory-object',
  'kernel-objects',
  'page-store',
  'block-table',
  'own-memory',
  'policies',
  'buddy-policy',
  'first-fit-policy',
].map((name) => `userland/ulmm/${name}.cpp`);

const WHOLE = /^\d+ of \d+ requests granted, \d+ pages read, whole again\n$/;

describe.skipIf(skip !== undefined)(`ULMM server${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  beforeAll(() => {
    program = buildNative(
      [
        'test/userland/ulmm-server-check.cpp',
        'test/userland/ulmm-test-bench.cpp',
        'test/userland/ulmm-replies-check.cpp',
        'test/userland/ulmm-random-check.cpp',
        'test/userland/kernel-model.cpp',
        'test/userland/native-heap.cpp',
        ...server,
      ],
      ['test/userland/kernel-model', 'test/userland'],
    );
  }, 180_000);
  afterAll(() => program?.dispose());

  it('gives each reply code of the protocol for the reason it is meant for', () => {
    expect(program.run('replies')).toBe('replies as documented\n');
  });

  it.each([
    ['buddy', '0', 1],
    ['first fit', '1', 2],
    ['one policy after the other', 'changing', 3],
  ])('gives everybody its own memory, and is whole when all have left (%s)', (_, policy, seed) => {
    expect(program.run('random', String(seed), '20000', '0', policy)).toMatch(WHOLE);
  });

  it.each([4, 5])('loses nothing when the kernel refuses and its tables cannot grow (seed %i)', (seed) => {
    expect(program.run('random', String(seed), '10000', '10', 'changing')).toMatch(WHOLE);
  });
});

describe.skipIf(skip !== undefined)(`ULMM's header for C${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  beforeAll(() => {
    program = buildNative(['test/userland/ulmm-c-header-check.cpp']);
  }, 60_000);
  afterAll(() => program?.dispose());

  it('has the numbers of the protocol', () => {
    expect(program.run()).toBe('ok\n');
  });

  it('is strict C17', () => {
    const source = join(program.directory, 'client.c');
    writeFileSync(source, '#include <ulmm/memory.h>\nint main(void) { return ULMM_OK; }\n');
    const include = resolve(import.meta.dirname, '../../userland/ulmm/include');
    const options = ['-x', 'c', '-std=c17', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only'];
    execFileSync(process.env['CXX'] ?? 'g++', [...options, `-I${include}`, source]);
  });
});
