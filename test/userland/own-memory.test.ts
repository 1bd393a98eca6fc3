import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(
  `KOITO's division of memory${skip === undefined ? '' : ` (${skip})`}`,
  () => {
    let program: NativeProgram;
    beforeAll(() => {
      program = buildNative(
        [
          'test/userland/own-memory-check.cpp',
          'test/userland/kernel-model.cpp',
          'userland/koito/own-memory.cpp',
        ],
        ['test/userland/kernel-model', 'test/userland', 'userland/koito/include'],
      );
    }, 60_000);
    afterAll(() => program?.dispose());

    const divide = (generics: ReadonlyArray<readonly [address: string, size: string]>) =>
      program.run(...generics.flat());

    it.each<[string, ReadonlyArray<readonly [string, string]>, string]>([
      [
        'keeps a Generic of just the size',
        [
          ['800000', '23'],
          ['1000000', '27'],
        ],
        'reserve at 0x800000, 1 others\n',
      ],
      [
        'prefers the smallest with room',
        [
          ['0', '16'],
          ['10000000', '27'],
          ['800000', '23'],
        ],
        'reserve at 0x800000, 2 others\n',
      ],
      ['cuts the only one', [['4000000', '26']], 'reserve at 0x4000000, 3 others\n'],
      ['aligns its part', [['103000', '25']], 'reserve at 0x800000, 13 others\n'],
      [
        'leaves device memory alone',
        [
          ['fe000000', '22d'],
          ['1000000', '25'],
        ],
        'reserve at 0x1000000, 2 others\n',
      ],
      [
        'says so if there is no room',
        [
          ['101000', '23'],
          ['8000000', '20'],
        ],
        'no room\n',
      ],
      ['says so if there is no memory', [], 'no room\n'],
    ])('%s', (_, generics, expected) => {
      expect(divide(generics)).toBe(expected);
    });
  },
);
