import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTools, type NativeTools, reasonToSkip } from './build.ts';
import { cases } from './cases.ts';
import { randomScript } from './scripts.ts';

/** The small tools against the host's: same output, same status, same files left. `TOOLS_SCRIPTS=N` compares that many random commands, from `TOOLS_SEED` on. */

const skip = reasonToSkip();
const randomCount = Number(process.env['TOOLS_SCRIPTS'] ?? 100);
const firstSeed = Number(process.env['TOOLS_SEED'] ?? 1);

describe.skipIf(skip !== undefined)(`tools${skip === undefined ? '' : ` (${skip})`}`, () => {
  let tools: NativeTools;
  beforeAll(() => {
    tools = buildTools();
  }, 240_000);
  afterAll(() => tools?.dispose());

  for (const [subject, scripts] of Object.entries(cases)) {
    it(`${subject}: as the host's`, { timeout: 240_000 }, () => {
      const ours = tools.run(scripts, 'ours');
      const host = tools.run(scripts, 'host');
      for (let i = 0; i < scripts.length; ++i) expect.soft(ours[i]).toEqual(host[i]);
    });
  }

  it("random commands: as the host's", { timeout: 60_000 + randomCount * 1000 }, () => {
    const scripts = Array.from({ length: randomCount }, (_, i) => randomScript(firstSeed + i));
    const ours = tools.run(scripts, 'ours');
    const host = tools.run(scripts, 'host');
    for (let i = 0; i < scripts.length; ++i) expect.soft(ours[i]).toEqual(host[i]);
  });

  it('messages name the tool, the file and the cause', { timeout: 60_000 }, () => {
    const [absent, directory, unknown] = tools.run(
      ['cat nothing 2>&1', 'mkdir d; cp d e 2>&1', 'readlink 2>&1'],
      'ours',
    );
    expect(absent?.output).toBe('cat: nothing: No such file or directory\n');
    expect(directory?.output).toBe('cp: d: is a directory, and there is no -r\n');
    expect(unknown?.output).toBe('readlink: a name is wanted\n');
  });
});
