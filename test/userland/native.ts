import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Guest code compiled for the host with sanitizers, so that its logic runs at native speed and mistakes show. */

const root = resolve(import.meta.dirname, '../..');
const compiler = process.env['CXX'] ?? 'g++';

const headers = [
  'userland/include',
  'userland/ulmm/include',
  'userland/runtime/include',
  'userland/koito/include',
  'userland/drivers/console/include',
  'userland/drivers/timer/include',
  'userland/drivers/rtc/include',
  'userland/drivers/shared/include',
  'userland',
  'kernel/abi',
];

/** Undefined if native programs can be built here, else why not. */
export function reasonToSkip(): string | undefined {
  if (process.arch !== 'x64') return `the kernel-call headers need an x86_64 host, this is ${process.arch}`;
  const probe = spawnSync(
    compiler,
    ['-x', 'c++', '-std=c++20', '-fsanitize=address,undefined', '-', '-o', '/dev/null'],
    {
      input: 'int main() {}',
      encoding: 'utf8',
    },
  );
  if (probe.error !== undefined)
    return `no C++ compiler: ${compiler} cannot be run (install g++ 12 or set CXX)`;
  if (probe.status !== 0)
    return `${compiler} cannot build with sanitizers: ${probe.stderr.trim().split('\n').at(-1)}`;
  return undefined;
}

export interface NativeProgram {
  /** Runs it; returns what it printed. Throws with its output if it fails, sanitizer reports included. */
  run(...args: readonly string[]): string;
  readonly directory: string;
  dispose(): void;
}

/** Compiles sources, given by their paths from the repository's root; `overrides` are header folders to search first. */
export function buildNative(sources: readonly string[], overrides: readonly string[] = []): NativeProgram {
  const directory = mkdtempSync(join(tmpdir(), 'a9n-userland-'));
  const program = join(directory, 'program');
  execFileSync(compiler, [
    ...['-std=c++20', '-g', '-O1', '-Wall', '-Wextra', '-Werror', '-fno-exceptions', '-fno-rtti'],
    ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
    ...[...overrides, ...headers].map((folder) => `-I${join(root, folder)}`),
    ...sources.map((source) => join(root, source)),
    ...['-o', program],
  ]);
  return {
    directory,
    run(...args) {
      const result = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 });
      if (result.status !== 0) {
        throw new Error(
          `${args.join(' ')}: status ${result.status ?? result.signal}\n${result.stdout}${result.stderr}`,
        );
      }
      return result.stdout;
    },
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
