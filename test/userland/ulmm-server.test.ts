import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(`ULMM server${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  beforeAll(() => {
    program = buildNative(
      [
        'test/userland/ulmm-server-check.cpp',
        'test/userland/kernel-model.cpp',
        'userland/ulmm/server.cpp',
        'userland/ulmm/buddy-allocator.cpp',
        'userland/ulmm/block-node.cpp',
        'userland/ulmm/frame-slots.cpp',
      ],
      ['test/userland/kernel-model'],
    );
  }, 60_000);
  afterAll(() => program?.dispose());

  it('gives each reply code of the protocol for the reason it is meant for', () => {
    expect(program.run('replies')).toBe('replies as documented\n');
  });

  it.each([1, 2, 3])('keeps clients apart, and is empty when all have left (seed %i)', (seed) => {
    expect(program.run('random', String(seed), '2000', '0')).toMatch(/^\d+ of 2000 requests granted/);
  });

  it.each([4, 5])('leaks nothing when the kernel refuses (seed %i)', (seed) => {
    expect(program.run('random', String(seed), '2000', '15')).toMatch(/^\d+ of 2000 requests granted/);
  });
});
