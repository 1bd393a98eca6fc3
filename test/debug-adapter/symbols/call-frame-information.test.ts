import { describe, expect, it } from 'vitest';
import { build, requireTool, run, variants } from './fixture-programs.ts';
import { compareFrameRows } from './frame-rows.ts';

describe.skipIf(!requireTool('readelf', 'comparison of call frame information'))(
  'agrees with readelf',
  () => {
    it.each(variants)('on the fixture, $label', (variant) => {
      expect(compareFrameRows(build(variant))).toBeGreaterThan(30);
    });

    it('on the C library, whose assembler uses nearly every instruction', () => {
      const library = /=> (\S*libc\.so\.6)/.exec(run('ldd', [process.execPath]))?.[1];
      if (library === undefined) throw new Error('the C library was not found with ldd');
      expect(compareFrameRows(library)).toBeGreaterThan(10_000);
    }, 60_000);
  },
);
