import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Builds the guest programs by a preset of CMakePresets.json into build/NAME, where `npm run build -- --preset NAME` builds
 * them too; dist stays as it is. Returns the folder of the ELF files. Throws with the compiler's output if it fails. No two
 * at once in one folder: they would write the same files.
 */
export async function buildPreset(root: string, preset: string, part?: BuildPart): Promise<string> {
  const binaries = join(resolve(root), 'build', part?.folder ?? preset);
  await run('cmake', ['--preset', preset, '-B', binaries], resolve(root));
  const targets = part === undefined ? [] : ['--target', ...part.targets];
  const parallel = String(availableParallelism());
  await run('cmake', ['--build', binaries, '--parallel', parallel, ...targets], resolve(root));
  return join(binaries, 'bin');
}

/** Some programs of a preset in a folder of their own below build/, so that nobody else writes there. */
export interface BuildPart {
  readonly folder: string;
  readonly targets: readonly string[];
}

async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(command, args, { cwd });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const code = await new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('close', settle);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
}
