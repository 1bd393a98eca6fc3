import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(`ULMM's buddy allocator${skip === undefined ? '' : ` (${skip})`}`, () => {
  let program: NativeProgram;
  beforeAll(() => {
    program = buildNative(['test/userland/buddy-allocator-check.cpp', 'userland/ulmm/buddy-allocator.cpp']);
  }, 60_000);
  afterAll(() => program?.dispose());

  it.each([1, 2, 3])('keeps its invariants over random requests and is whole again (seed %i)', (seed) => {
    expect(program.run(String(seed), '1500', '0')).toMatch(/^whole again: order 26/);
  });

  it.each([4, 5])('survives kernel calls that fail (seed %i)', (seed) => {
    expect(program.run(String(seed), '1500', '20')).toMatch(/^whole again: order 26, [1-9]/);
  });
});
