import { describe, expect, it } from 'vitest';
import { buildNative, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(`runtime for servers${skip === undefined ? '' : ` (${skip})`}`, () => {
  it.each<[string, string[]]>([
    [
      'the heap keeps blocks aligned and apart, refuses when memory is out, and is whole again in the end',
      ['test/userland/heap-check.cpp', 'userland/runtime/heap.cpp'],
    ],
    [
      'vector, string, hash map, list and reference do what the standard ones do, also where memory runs out',
      ['test/userland/containers-check.cpp', 'test/userland/native-heap.cpp'],
    ],
  ])('%s', { timeout: 60_000 }, (_, sources) => {
    const program = buildNative(sources);
    try {
      expect(program.run()).toBe('ok\n');
    } finally {
      program.dispose();
    }
  });
});
