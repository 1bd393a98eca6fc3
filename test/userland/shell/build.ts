import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sdk } from '../libc.ts';

/** The shell compiled for this host with sanitizers, beside another POSIX shell to compare it with. */

const folder = resolve(import.meta.dirname, '../../../userland/shell');
const compiler = process.env['CC'] ?? 'gcc';

/** Undefined if the comparison can run here, else why not. */
export function reasonToSkip(): string | undefined {
  if (process.platform !== 'linux')
    return `it needs fork and /dev, as Linux has them; this is ${process.platform}`;
  if (spawnSync('dash', ['-c', ':']).error !== undefined)
    return 'no dash to compare with (Debian package dash)';
  const probe = spawnSync(compiler, ['-x', 'c', '-fsanitize=address,undefined', '-', '-o', '/dev/null'], {
    input: 'int main(void) {}',
  });
  if (probe.error !== undefined) return `no C compiler: ${compiler} cannot be run (install gcc or set CC)`;
  return probe.status === 0 ? undefined : `${compiler} cannot build with sanitizers`;
}

export interface Outcome {
  readonly output: string;
  readonly status: number | string;
}

export interface NativeShell {
  readonly path: string;
  /** Runs a script in an empty directory. What goes to standard error is left out: messages differ. */
  run(script: string, which?: 'ours' | 'dash'): Outcome;
  dispose(): void;
}

/** Over the host's library with sanitizers, or over KOITO's in its form for Linux. */
export function buildShell(library: 'host' | 'koito' = 'host'): NativeShell {
  const directory = mkdtempSync(join(tmpdir(), 'a9n-shell-'));
  const path = join(directory, 'sh');
  const command = library === 'host' ? compiler : join(sdk, 'bin/koito-cc');
  execFileSync(command, [
    ...['-std=gnu17', '-O1', '-g', '-Wall', '-Wextra', '-Werror'],
    ...(library === 'host' ? ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'] : ['--linux']),
    ...readdirSync(folder)
      .filter((name) => name.endsWith('.c'))
      .map((name) => join(folder, name)),
    ...['-o', path],
  ]);
  return {
    path,
    run(script, which = 'ours') {
      const work = mkdtempSync(join(directory, 'work-'));
      const result = spawnSync(
        which === 'ours' ? path : 'dash',
        ['-c', script, 'sh', 'one', 'two words', ''],
        {
          cwd: work,
          encoding: 'latin1',
          timeout: 20_000,
          input: 'first line\nsecond  line\n',
          // Leaks are no fault of a program that ends: parsed functions and the environment stay to the end.
          env: {
            PATH: process.env['PATH'],
            HOME: '/root',
            ASAN_OPTIONS: 'detect_leaks=0:exitcode=99',
            LC_ALL: 'C',
          },
        },
      );
      rmSync(work, { recursive: true, force: true });
      if (result.stderr.includes('Sanitizer') || result.stderr.includes('runtime error:')) {
        throw new Error(`${script}\n${result.stderr}`);
      }
      return { output: result.stdout, status: result.status ?? result.signal ?? 'none' };
    },
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
