import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busyboxStatic, readProgram } from './linux-programs/busybox-static.ts';
import { bootPosix, directory, executable, link, posixImage } from './linux-programs/posix-system.ts';

/** Linux executables as they are, on the POSIX server: what they print is what they print on Linux. */

const sources = join(import.meta.dirname, 'linux-programs');
const LIMIT = 6_000_000_000;

const busybox = busyboxStatic();
const path = 'path' in busybox ? busybox.path : '';
const noBusybox = 'missing' in busybox ? ` (${busybox.missing})` : '';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'a9n-posix-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const common = () => [
  directory('bin'),
  directory('work'),
  executable('bin/busybox', readProgram(path)),
  link('bin/sh', 'busybox'),
];

/** What a script prints between two marks, on the POSIX server. */
function outputOf(files: Parameters<typeof posixImage>[0], commands: string): string {
  const script = `cd /work\necho "== begin"\n${commands}\necho "== end $?"\n`;
  const start = executable('bin/start', new TextEncoder().encode(script));
  const { output } = bootPosix(posixImage([...common(), ...files, start], '/bin/sh /bin/start'), LIMIT).end();
  return /== begin\n([\s\S]*)== end \d+\n/.exec(output)?.[1] ?? `no marks in:\n${output}`;
}

describe.skipIf(noBusybox !== '')(`Debian's busybox${noBusybox}`, () => {
  it('runs as first program', () => {
    const { output, code } = bootPosix(posixImage(common(), '/bin/busybox echo hello'), LIMIT).end();
    expect(output).toContain('\nhello\n');
    expect(code).toBe(0);
  }, 120_000);

  it('passes its exit code on', () => {
    expect(bootPosix(posixImage(common(), '/bin/busybox expr 1 - 1'), LIMIT).end().code).toBe(1);
  }, 120_000);

  it(`a script of it prints the same as on Linux`, () => {
    const script = join(sources, 'busybox.sh');
    const native = spawnSync(path, ['sh', '-c', `exec "${path}" sh "${script}" 2>&1`], {
      cwd: folder,
      env: { ...process.env, BUSYBOX: path },
      encoding: 'utf8',
    });
    const output = outputOf(
      [executable('bin/script', new Uint8Array(readFileSync(script)))],
      'BUSYBOX=/bin/busybox sh /bin/script 2>&1',
    );
    expect(output).toBe(native.stdout);
  }, 600_000);

  it(`its interactive shell edits lines and controls jobs`, () => {
    const prompt = '/ # ';
    const session = bootPosix(posixImage(common(), '/bin/sh'), LIMIT);
    session.waitFor(prompt);
    session.type('echo abc\x7f\x7fX$((6 * 7))\r');
    expect(session.waitFor(prompt)).toContain('\naX42\n');
    session.type('cat\r');
    session.waitFor('cat\n');
    session.rest();
    session.type('line\r');
    session.waitFor('line\nline\n');
    session.type('\x1a'); // Ctrl-Z
    session.waitFor(prompt);
    session.type('jobs\r');
    expect(session.waitFor(prompt)).toContain('Stopped');
    session.type('fg\r');
    session.waitFor('cat\n');
    session.rest();
    session.type('\x04');
    session.waitFor(prompt);
    session.type('sleep 1000\r');
    session.waitFor('sleep 1000\n');
    session.rest();
    session.type('\x03'); // Ctrl-C
    session.waitFor(prompt);
    session.type('echo status $?\r');
    session.waitFor('status 130\n');
    session.waitFor(prompt);
    session.type('exit 7\r');
    expect(session.end().code).toBe(7);
  }, 600_000);
});

const compiler = spawnSync('gcc', ['-x', 'c', '-static', '-pthread', '-', '-o', '/dev/null'], {
  input: 'int main(void) { return 0; }',
});
const noCompiler = compiler.status === 0 ? '' : ' (gcc cannot link a static program)';

describe.skipIf(noBusybox + noCompiler !== '')(`a static glibc program${noBusybox}${noCompiler}`, () => {
  it('has threads, signals, faults, mappings and children as on Linux', () => {
    const program = join(folder, 'kernel-interface');
    const source = join(sources, 'kernel-interface.c');
    execFileSync('gcc', ['-O1', '-static', '-pthread', '-w', source, '-o', program]);
    const native = execFileSync(program, { cwd: folder, encoding: 'utf8' });
    expect(outputOf([executable('bin/program', readProgram(program))], '/bin/program')).toBe(native);
  }, 600_000);
});
