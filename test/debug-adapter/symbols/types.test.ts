import { describe, expect, it } from 'vitest';
import { build, requireTool, variants } from './fixture-programs.ts';
import { compareTypes } from './type-layouts.ts';

describe.skipIf(!requireTool('gdb', 'comparison of types with gdb'))('types agree with gdb', () => {
  it.each(variants)('$label', (variant) => {
    expect(compareTypes(build(variant))).toBeGreaterThan(9);
  });
});
