import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { BootImages } from '../../emulator/boot/a9n-boot.ts';

/** The a9n command as users get it: one bundle in a folder of its own. */
export interface Command {
  /** Folder for files of the test. */
  readonly folder: string;
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
  /** Runs to the end with this standard input. */
  run(args: readonly string[], input?: string | Uint8Array): Promise<Outcome>;
  /** Writes both images and returns the arguments that name them. */
  images(guest: BootImages): string[];
  remove(): void;
}

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export async function bundleCommand(): Promise<Command> {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-cli-'));
  const root = resolve(import.meta.dirname, '../..');
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  const bundle = join(folder, 'dist/cli/a9n.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['debug-adapter/cli/a9n.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
    // The debugger is loaded by `a9n dap` only, and is tested with the adapter.
    external: ['../node/stdio-server.ts'],
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '9.8.7' }));

  const start = (args: readonly string[]) => spawn(process.execPath, [bundle, ...args]);
  return {
    folder,
    start,
    async run(args, input = '') {
      const child = start(args);
      const result = collect(child);
      child.stdin.end(input);
      return result;
    },
    images({ kernel, init }) {
      const paths = { kernel: join(folder, 'kernel.elf'), init: join(folder, 'init.elf') };
      writeFileSync(paths.kernel, kernel);
      writeFileSync(paths.init, init);
      return ['--kernel', paths.kernel, '--init', paths.init];
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Settles when the process has ended. */
export function collect(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (bytes) => output.push(bytes));
  child.stderr.on('data', (bytes) => errors.push(bytes));
  // A command that ends early may leave input unread.
  child.stdin.on('error', () => {});
  return new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('close', (code) =>
      settle({ code, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() }),
    );
  });
}
