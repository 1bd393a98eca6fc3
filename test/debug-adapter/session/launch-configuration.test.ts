import { describe, expect, it } from 'vitest';
import { checkLaunchConfiguration } from '../../../debug-adapter/session/launch-configuration.ts';

const minimal = { kernel: 'kernel.elf', init: 'koito.elf' };

describe('launch configuration', () => {
  it.each([
    [undefined, 256],
    ['64M', 64],
    ['64 MiB', 64],
    ['1g', 1024],
    [16 * 1024 * 1024, 16],
  ])('memory %s is %d MiB', (memory, mebibytes) => {
    const configuration = memory === undefined ? minimal : { ...minimal, memory };
    expect(checkLaunchConfiguration(configuration).memoryBytes).toBe(mebibytes * 1024 * 1024);
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 'boot it', /must be an object/],
    ['no kernel', { init: 'x' }, /"kernel" is missing/],
    ['kernel a number', { ...minimal, kernel: 5 }, /"kernel" must be text, but it is 5/],
    ['empty init', { ...minimal, init: ' ' }, /"init" is empty/],
    ['programs a text', { ...minimal, programs: 'a.elf' }, /"programs" must be a list/],
    [
      'a program that is no text',
      { ...minimal, programs: ['a', 3] },
      /"programs\[1\]" must be text, but it is 3/,
    ],
    [
      'memory true',
      { ...minimal, memory: true },
      /"memory" must be a number of bytes or text such as "256M"/,
    ],
    ['memory nonsense', { ...minimal, memory: 'much' }, /"memory" is "much"\. Use a multiple of 2 MiB/],
    ['memory too small', { ...minimal, memory: '1M' }, /from 4M to 3G/],
    ['memory too large', { ...minimal, memory: '8G' }, /from 4M to 3G/],
    ['memory odd', { ...minimal, memory: 5_000_001 }, /multiple of 2 MiB/],
    ['memory negative', { ...minimal, memory: -4 }, /multiple of 2 MiB/],
    ['stopOnEntry a text', { ...minimal, stopOnEntry: 'yes' }, /"stopOnEntry" must be true or false/],
    ['sourceMap a list', { ...minimal, sourceMap: ['/a'] }, /"sourceMap" must be an object/],
    [
      'a source path that is no text',
      { ...minimal, sourceMap: { '/a': 1 } },
      /"sourceMap\[\/a\]" must be text/,
    ],
    ['machineName a number', { ...minimal, machineName: 1 }, /"machineName" must be text/],
  ])('refuses %s and names the attribute', (_, configuration, message) => {
    expect(() => checkLaunchConfiguration(configuration)).toThrow(message);
  });

  it('takes what it does not know and null for "not given"', () => {
    expect(checkLaunchConfiguration({ ...minimal, memory: null, preLaunchTask: 'build' }).kernel).toBe(
      'kernel.elf',
    );
  });
});
