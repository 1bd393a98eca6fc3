import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** C programs compiled twice for Linux: with KOITO's library and with the host's own. */

const root = resolve(import.meta.dirname, '../..');
export const sdk = join(root, 'dist/sdk');
const wrapper = join(sdk, 'bin/koito-cc');

/** Undefined if such programs can be built and run here, else why not. */
export function reasonToSkipLibc(): string | undefined {
  if (process.arch !== 'x64' || process.platform !== 'linux')
    return 'programs for Linux on x86_64 do not run here';
  if (spawnSync('gcc', ['--version']).error) return 'no C compiler: gcc cannot be run (install gcc)';
  return undefined;
}

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

export interface TwoPrograms {
  /** With KOITO's library. */
  ours(input?: string, ...args: string[]): Outcome;
  /** With the host's. */
  host(input?: string, ...args: string[]): Outcome;
  dispose(): void;
}

/** Compiles one source text with both libraries. */
export function buildTwice(source: string, ...options: string[]): TwoPrograms {
  if (!existsSync(wrapper)) throw new Error(`${wrapper} is missing: run npm run build first.`);
  const directory = mkdtempSync(join(tmpdir(), 'koito-libc-'));
  const file = join(directory, 'program.c');
  writeFileSync(file, source);
  const flags = ['-std=gnu17', '-O1', '-w', '-fno-builtin', '-frounding-math', ...options, file];
  execFileSync(wrapper, ['--linux', ...flags, '-o', join(directory, 'ours')]);
  execFileSync('gcc', ['-D_GNU_SOURCE', ...flags, '-o', join(directory, 'host'), '-lm', '-pthread']);
  const run = (program: string, input = '', args: readonly string[] = []): Outcome => {
    const result = spawnSync(join(directory, program), args, {
      argv0: 'program',
      cwd: directory,
      input,
      encoding: 'latin1',
      timeout: 60_000,
      maxBuffer: 1 << 28,
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C.UTF-8', HOME: '/' },
    });
    return { status: result.status, out: result.stdout, error: result.stderr };
  };
  return {
    ours: (input, ...args) => run('ours', input, args),
    host: (input, ...args) => run('host', input, args),
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
