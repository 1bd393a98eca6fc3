import { describe, expect, it } from 'vitest';
import { buildNative, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(`POSIX server${skip === undefined ? '' : ` (${skip})`}`, () => {
  it('waits on queues, and reaches user memory, as its parts rely on', () => {
    const program = buildNative([
      'test/userland/posix-contract-check.cpp',
      'test/userland/native-heap.cpp',
      'userland/posix/wait-queue.cpp',
      'userland/posix/user-memory.cpp',
    ]);
    expect(program.run()).toBe('all passed\n');
    program.dispose();
  }, 60_000);
});
