import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** C programs built twice for this host: over its own C library, and over KOITO's in its Linux form. */

const root = resolve(import.meta.dirname, '../../..');
const wrapper = join(root, 'build/gcc-debug/sdk/bin/koito-cc');

/** Undefined if programs can be compared here, else why not. */
export function reasonToSkip(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `Linux programs for x86-64 do not run on ${process.platform} ${process.arch}`;
  if (spawnSync('gcc', ['--version']).error !== undefined) return 'no gcc';
  if (!existsSync(wrapper)) return 'the library is not built: npm run build';
  return undefined;
}

export interface Twins {
  /** What the program prints over the host's library and over ours; it must end with 0. */
  run(...args: readonly string[]): { host: string; ours: string };
  dispose(): void;
}

/** `source`: a file of this folder. */
export function buildTwice(source: string): Twins {
  const directory = mkdtempSync(join(tmpdir(), 'a9n-libc-'));
  const file = join(import.meta.dirname, source);
  const host = join(directory, 'host');
  const ours = join(directory, 'ours');
  execFileSync('gcc', ['-w', '-O1', '-D_GNU_SOURCE', file, '-o', host, '-lm']);
  execFileSync(wrapper, ['--linux', '-w', '-O1', '-D_GNU_SOURCE', file, '-o', ours, '-lm']);
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, args, { encoding: 'latin1', maxBuffer: 1 << 28, timeout: 120_000 });
  return {
    run: (...args) => ({ host: run(host, args), ours: run(ours, args) }),
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The first line in which two outputs differ, for a message one can read. */
export function firstDifference(outputs: { host: string; ours: string }): string | undefined {
  if (outputs.host === outputs.ours) return undefined;
  const host = outputs.host.split('\n');
  const ours = outputs.ours.split('\n');
  const line = host.findIndex((text, index) => text !== ours[index]);
  return `line ${line + 1}\nhost: ${host[line]}\nours: ${ours[line]}`;
}
