import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reasonToSkipLibc } from '../libc.ts';
import { buildShell, type NativeShell, reasonToSkip } from './build.ts';
import { cases } from './cases.ts';
import { randomScript } from './scripts.ts';

/** The shell against dash: same output, same status. `SHELL_SCRIPTS=N` compares that many random scripts, from `SHELL_SEED` on. */

const skip = reasonToSkip();
const randomCount = Number(process.env['SHELL_SCRIPTS'] ?? 150);
const firstSeed = Number(process.env['SHELL_SEED'] ?? 1);

describe.skipIf(skip !== undefined)(`shell${skip === undefined ? '' : ` (${skip})`}`, () => {
  let shell: NativeShell;
  beforeAll(() => {
    shell = buildShell();
  }, 120_000);
  afterAll(() => shell?.dispose());

  for (const [subject, scripts] of Object.entries(cases)) {
    it(`${subject}: as dash`, { timeout: 120_000 }, () => {
      for (const script of scripts)
        expect.soft({ script, ...shell.run(script) }).toEqual({ script, ...shell.run(script, 'dash') });
    });
  }

  it('takes one digit without braces, where dash takes all', () => {
    expect(shell.run(`set -- a b; echo $10 $21 \${1}0`).output).toBe('a0 b1 a0\n');
  });

  it(`random scripts: as dash`, { timeout: 60_000 + randomCount * 1000 }, () => {
    for (let seed = firstSeed; seed < firstSeed + randomCount; ++seed) {
      const script = randomScript(seed);
      expect
        .soft({ seed, script, ...shell.run(script) })
        .toEqual({ seed, script, ...shell.run(script, 'dash') });
    }
  });
});

const skipLibrary = skip ?? reasonToSkipLibc();

describe.skipIf(skipLibrary !== undefined)(
  `shell over KOITO's library${skipLibrary === undefined ? '' : ` (${skipLibrary})`}`,
  () => {
    let shell: NativeShell;
    beforeAll(() => {
      shell = buildShell('koito');
    }, 120_000);
    afterAll(() => shell?.dispose());

    for (const [subject, scripts] of Object.entries(cases)) {
      it(`${subject}: as dash`, { timeout: 120_000 }, () => {
        for (const script of scripts)
          expect.soft({ script, ...shell.run(script) }).toEqual({ script, ...shell.run(script, 'dash') });
      });
    }
  },
);
