import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/**
 * Runs a TypeScript program in a process of its own and returns what it prints: the emulator is several times faster as a bundle
 * than under vitest. Throws if it fails, with what it wrote on standard error, or takes longer than `timeout` milliseconds.
 */
export async function runBundled(source: string, args: readonly string[], timeout: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-program-'));
  try {
    const program = join(folder, 'program.mjs');
    await build({ entryPoints: [source], outfile: program, bundle: true, platform: 'node', format: 'esm' });
    const run = promisify(execFile)(process.execPath, [program, ...args], { timeout, maxBuffer: 2 ** 24 });
    return (await run).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
