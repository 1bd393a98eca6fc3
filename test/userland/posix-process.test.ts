import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

const skip = reasonToSkip();
const folder = 'userland/posix';

/** The process side without what lies below it (machine.hpp), which a model stands for. */
const sources = readdirSync(resolve(import.meta.dirname, '../..', folder))
  .filter((name) => /\.(cpp|S)$/.test(name) && !/^(machine-|memory-server|main|start)/.test(name))
  .map((name) => join(folder, name));

describe.skipIf(skip !== undefined)(`POSIX processes${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  beforeAll(() => {
    program = buildNative([
      ...sources,
      ...['process-check', 'machine-model', 'files-model'].map((name) => `test/userland/posix/${name}.cpp`),
      'test/userland/native-heap.cpp',
    ]);
  }, 300_000);
  afterAll(() => program?.dispose());

  it('fork, execve, wait, signals, stops, threads, futexes and mappings do what Linux does', () => {
    expect(program.run()).toBe('all passed\n');
  }, 60_000);

  it.each([1, 2, 3, 4])(
    'survive hostile calls, and leave nothing behind (seed %i)',
    (seed) => {
      expect(program.run(String(seed), '60')).toBe('all passed\n');
    },
    120_000,
  );
});
