import { describe, expect, it } from 'vitest';
import { buildNative, reasonToSkip } from './native.ts';

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(`drivers${skip === undefined ? '' : ` (${skip})`}`, () => {
  it('reckon time and dates as they should, and keep alarms and bytes in order', () => {
    const program = buildNative(['test/userland/drivers-check.cpp']);
    expect(program.run()).toBe('all passed\n');
    program.dispose();
  }, 60_000);

  it('pass every byte on, both ways, however slow the device and whoever attaches what', () => {
    const program = buildNative(
      ['test/userland/console-driver-check.cpp', 'userland/drivers/console/serial-port.cpp'],
      ['test/userland/kernel-model'],
    );
    expect(program.run()).toBe('all passed\n');
    program.dispose();
  }, 60_000);
});
