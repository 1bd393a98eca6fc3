import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootPosix, directory, executable, link, posixImage } from '../linux-programs/posix-system.ts';
import { cases } from './cases.ts';

/** The shell and the small tools, built by koito-cc, on the POSIX server: every call goes through the IPC door. */

const root = resolve(import.meta.dirname, '../../..');
const wrapper = join(root, 'build/gcc-debug/sdk/bin/koito-cc');
const LIMIT = 8_000_000_000;
const tools = ['cat', 'wc', 'head', 'rm', 'mkdir'];

const skip = !existsSync(wrapper)
  ? 'koito-cc is not built: npm run build'
  : spawnSync('dash', ['-c', ':']).error !== undefined
    ? 'no dash to compare with (Debian package dash)'
    : undefined;

/** Those that need nothing but the shell and the tools above. */
const subjects = [
  'words and quotes',
  'parameters',
  'fields',
  'substitution',
  'arithmetic',
  'compound commands',
  'functions',
  'redirections',
];
const needs = /\b(tr|grep|sort|sed|cut|ls|sleep|touch|ln|printenv)\b|~|\/etc/;
/** A third of them, unless `SHELL_SCRIPTS` is set: each is a fork and an execve on the emulator. */
const everyOne = process.env['SHELL_SCRIPTS'] !== undefined;
const scripts = subjects
  .flatMap((subject) => (cases[subject] ?? []).filter((script) => !needs.test(script)))
  .filter((_, index) => everyOne || index % 3 === 0);

describe.skipIf(skip !== undefined)(`shell on KOITO${skip === undefined ? '' : ` (${skip})`}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'a9n-koito-shell-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const compile = (part: string) => {
    const sources = readdirSync(join(root, 'userland', part))
      .filter((name) => name.endsWith('.c'))
      .map((name) => join(root, 'userland', part, name));
    const program = join(folder, part);
    execFileSync(wrapper, ['-std=gnu17', '-O2', ...sources, '-o', program]);
    return new Uint8Array(readFileSync(program));
  };
  const system = () => [
    directory('bin'),
    directory('work'),
    directory('tmp'),
    executable('bin/sh', compile('shell')),
    executable('bin/tools', compile('tools')),
    ...tools.map((name) => link(`bin/${name}`, 'tools')),
  ];

  it(`runs ${scripts.length} scripts as dash does on Linux`, { timeout: 300_000 }, () => {
    const encode = (text: string) => new TextEncoder().encode(text);
    const files = scripts.map((script, index) => executable(`work/${index}`, encode(script)));
    const run = (shell: string, file: string) => `${shell} ${file} one 'two words' '' 2>/dev/null </dev/null`;
    const all = [...scripts.keys()].map((index) => `${run('/bin/sh', `/work/${index}`)}; echo "=$?="`);
    const start = executable('bin/start', encode(`cd /tmp\n${all.join('\n')}\n`));
    const { output } = bootPosix(
      posixImage([...system(), ...files, start], '/bin/sh /bin/start'),
      LIMIT,
    ).end();
    const ours = output
      .slice(output.indexOf('koito: starting posix\n') + 'koito: starting posix\n'.length)
      .split(/=\d+=\n/);

    for (const [index, script] of scripts.entries()) {
      writeFileSync(join(folder, String(index)), script);
      const work = mkdtempSync(join(folder, 'work-'));
      const native = spawnSync('dash', ['-c', run('dash', join(folder, String(index)))], {
        cwd: work,
        encoding: 'utf8',
      });
      expect({ script, output: ours[index] }).toEqual({ script, output: native.stdout });
    }
  });

  it('is typed at: editing, history, job control', { timeout: 180_000 }, () => {
    const session = bootPosix(posixImage(system(), '/bin/sh -i'), LIMIT);
    const prompt = '# ';
    session.waitFor(prompt);
    session.type('echo abc\x7f\x7fX$((6 * 7))\r');
    session.waitFor('\naX42\n');
    session.waitFor(prompt);
    session.type('\x1b[A\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C9\r'); // the last line again, with a 9 before its word
    session.waitFor('\n9aX42\n');
    session.waitFor(prompt);
    session.type('cat\r');
    session.rest();
    session.type('line\r');
    session.waitFor('line\nline\n');
    session.type('\x1a');
    session.waitFor('Stopped');
    session.waitFor(prompt);
    session.type('fg\r');
    session.waitFor('cat\n');
    session.rest();
    session.type('\x03');
    session.waitFor(prompt);
    session.type('echo status $?\r');
    session.waitFor('status 130\n');
    session.waitFor(prompt);
    session.type('exit 7\r');
    expect(session.end().code).toBe(7);
  });
});
