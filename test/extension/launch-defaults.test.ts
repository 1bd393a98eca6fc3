import { describe, expect, it } from 'vitest';
import { type Bundled, programsAmong, withDefaults } from '../../extension/launch/launch-defaults.ts';

const bundled: Bundled = {
  kernel: '/ext/dist/guest/kernel.elf',
  init: '/ext/dist/guest/koito.elf',
  programs: ['/ext/dist/guest/ulmm.elf'],
  sources: '/work',
};

describe('withDefaults', () => {
  it('completes an empty configuration', () => {
    expect(withDefaults({ type: 'a9n', name: 'Boot KOITO' }, bundled)).toEqual({
      type: 'a9n',
      name: 'Boot KOITO',
      kernel: bundled.kernel,
      init: bundled.init,
      programs: bundled.programs,
      sourceMap: { '/a9n': '/work' },
      machineName: 'Boot KOITO',
    });
  });

  it('leaves alone what is given, and offers its programs to no other init server', () => {
    const own = {
      name: 'Mine',
      kernel: '/k.elf',
      init: '/i.elf',
      sourceMap: {},
      machineName: 'box',
      memory: '1G',
    };
    expect(withDefaults(own, bundled)).toEqual({ ...own, programs: [] });
    expect(withDefaults({ name: 'Mine', kernel: '/k.elf' }, bundled).programs).toEqual(bundled.programs);
  });
});

describe('programsAmong', () => {
  it('leaves out kernel, init server and what does not run in the system', () => {
    const images = ['conformance.elf', 'console.elf', 'kernel.elf', 'koito.elf', 'loader.elf', 'ulmm.elf'];
    expect(programsAmong(images)).toEqual(['console.elf', 'ulmm.elf']);
  });
});
