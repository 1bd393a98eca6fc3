import { describe, expect, it } from 'vitest';
import { buildNative, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(`drivers${skip === undefined ? '' : ` (${skip})`}`, () => {
  it('reckon time and dates as they should, and keep alarms and bytes in order', () => {
    const program = buildNative(['test/userland/drivers-check.cpp']);
    expect(program.run()).toBe('all passed\n');
    program.dispose();
  }, 60_000);
});
