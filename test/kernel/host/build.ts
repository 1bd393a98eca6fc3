import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * Builds programs that contain the kernel: its core with the host HAL, and sources beside this file. Objects are kept by a hash of all
 * they are made from, so that a program is built once, whoever asks for it.
 */

const root = resolve(import.meta.dirname, '../../..');
const cache = join(root, 'build/host-kernel');

const kernelFolders = ['kernel/core', 'kernel/hal/host'];
const headerFolders = ['kernel/abi', 'kernel/core', 'kernel/hal', 'kernel/loader', 'test/kernel/host'];
/** Additions to the host HAL that need an x86-64 processor. */
const userModeFolder = 'kernel/hal/host/user_mode';
const includes = ['kernel', 'kernel/abi', 'kernel/hal/host', 'test/kernel/host'];

export interface Toolchain {
  readonly compiler: string;
  /** For sources and for linking. */
  readonly flags: readonly string[];
}

const warnings = ['-Wall', '-Wextra', '-Werror'];
const common = ['-std=c++20', '-g', '-fno-exceptions', '-fno-rtti', ...warnings];

/** AddressSanitizer and UndefinedBehaviorSanitizer; the first report ends the program. */
export const sanitized: Toolchain = {
  compiler: process.env['CXX'] ?? 'g++',
  flags: ['-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
};

/** Without AddressSanitizer, whose shadow memory lies where programs in user mode have theirs. */
export const undefinedBehaviour: Toolchain = {
  compiler: sanitized.compiler,
  flags: ['-O1', '-fsanitize=undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
};

export interface HostProgram {
  readonly name: string;
  /** Beside the kernel's; paths from the repository's root. */
  readonly sources: readonly string[];
  /** Those of them that only look at the kernel between its entries: compiled without sanitizers, because they take most of the time. */
  readonly observers?: readonly string[];
  readonly toolchain?: Toolchain;
  /** With user mode, whose devices take the place of those of the host HAL. */
  readonly userMode?: boolean;
  /** Text to compile in place of a kernel source, by its path from the repository's root. */
  readonly replaced?: ReadonlyMap<string, string>;
}

/** Paths of sources beside this file, by their names without extension. */
export const sourcesBeside = (names: readonly string[]) =>
  names.map((name) => `test/kernel/host/${name}.cpp`);

/** Undefined if the toolchain works here, else why not. */
export function reasonNotToBuild(toolchain: Toolchain = sanitized): string | undefined {
  if (process.platform !== 'linux') return `the host HAL needs Linux, this is ${process.platform}`;
  const { compiler, flags } = toolchain;
  const source = flags.some((flag) => flag.includes('fuzzer'))
    ? 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
    : 'int main() {}';
  const args = ['-x', 'c++', '-std=c++20', ...flags, '-', '-o', '/dev/null'];
  const probe = spawnSync(compiler, args, { input: source, encoding: 'utf8' });
  if (probe.error !== undefined) return `no C++ compiler: ${compiler} cannot be run`;
  if (probe.status !== 0) {
    return `${compiler} cannot build with ${flags.join(' ')}: ${probe.stderr.trim().split('\n').at(-1)}`;
  }
  return undefined;
}

/** Path of the program. Throws with the compiler's messages if it cannot be built. */
export async function buildHostProgram(program: HostProgram): Promise<string> {
  const toolchain = program.toolchain ?? sanitized;
  mkdirSync(cache, { recursive: true });
  const context = hash([
    spawnSync(toolchain.compiler, ['--version'], { encoding: 'utf8' }).stdout,
    ...headerFolders.flatMap((folder) => filesIn(folder, '.hpp')).map(readText),
  ]);
  const kernelSources = kernelFolders
    .flatMap((folder) => filesIn(folder, '.cpp'))
    .filter((source) => !source.startsWith(userModeFolder))
    .filter((source) => program.userMode !== true || source !== 'kernel/hal/host/devices.cpp');
  const userMode =
    program.userMode === true ? ['.cpp', '.S'].flatMap((end) => filesIn(userModeFolder, end)) : [];
  const objects = await mapConcurrently([...kernelSources, ...userMode, ...program.sources], (source) => {
    const isKernel = kernelSources.includes(source);
    const flags = program.observers?.includes(source) === true ? ['-O2'] : toolchain.flags;
    const text = program.replaced?.get(source) ?? readText(source);
    return compile(source, text, isKernel ? 'a9n-kernel-image' : 'program', { ...toolchain, flags }, context);
  });

  const script = join(root, 'kernel/hal/host/image.ld');
  const path = join(cache, `${program.name}-${hash([...objects, readFileSync(script, 'utf8')])}`);
  await make(path, (output) =>
    run(toolchain.compiler, [...toolchain.flags, ...objects, `-Wl,-T,${script}`, '-o', output]),
  );
  return path;
}

/** Kernel objects lie in a folder of their own, because the linker script knows them by it. */
async function compile(source: string, text: string, folder: string, toolchain: Toolchain, context: string) {
  const directory = join(cache, hash([context, toolchain.flags.join(' '), source, text]), folder);
  const object = join(directory, `${basename(source, extname(source))}.o`);
  if (existsSync(object)) return object;
  mkdirSync(directory, { recursive: true });
  const unchanged = text === readText(source);
  const input = unchanged ? join(root, source) : join(directory, basename(source));
  if (!unchanged) writeFileSync(input, text);
  const include = [...includes.map((name) => `-I${join(root, name)}`), `-iquote${join(root, source, '..')}`];
  await make(object, (output) =>
    run(toolchain.compiler, [...common, ...toolchain.flags, ...include, '-c', input, '-o', output]),
  );
  return object;
}

/** One that takes longer was given up by a process that was ended. */
const LONGEST_STEP = 120_000;

/** Makes a file that does not exist yet; if another process is making it, waits for that. */
async function make(path: string, write: (output: string) => Promise<void>) {
  const lock = `${path}.lock`;
  while (!existsSync(path)) {
    if (!takeLock(lock)) {
      await setTimeout(50);
      continue;
    }
    const output = `${path}.new`;
    try {
      await write(output);
      renameSync(output, path);
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LONGEST_STEP) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

async function run(command: string, args: readonly string[]) {
  await promisify(execFile)(command, args, { maxBuffer: 2 ** 24 });
}

async function mapConcurrently<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      const item = items[index];
      if (item !== undefined) results[index] = await map(item);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

function filesIn(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name))
    .sort();
}

const readText = (path: string) => readFileSync(join(root, path), 'utf8');

function hash(parts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length} ${part}`);
  return sum.digest('hex').slice(0, 16);
}
