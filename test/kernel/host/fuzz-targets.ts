import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  buildHostProgram,
  type HostProgram,
  reasonNotToBuild,
  sourcesBeside,
  type Toolchain,
} from './build.ts';

/** The kernel under libFuzzer, and what it found under the ordinary compiler. */

const root = resolve(import.meta.dirname, '../../..');

const shared = ['boot-image', 'inventory', 'invariants'];
const observers = ['inventory', 'invariants', 'memory-guard', 'state-words'];

/** What each target is made of, beside `fuzz-NAME.cpp`. */
const parts = {
  'kernel-calls': [...shared, 'events', 'event-generator', 'memory-guard', 'state-words'],
  'boot-info': shared,
  descriptors: ['memory-guard'],
} as const;

export type FuzzTarget = keyof typeof parts;

export const fuzzTargets: readonly FuzzTarget[] = ['kernel-calls', 'boot-info', 'descriptors'];

/** Inputs that once broke the kernel, or the target itself. */
export const findingsFolder = (target: FuzzTarget) => join(import.meta.dirname, 'findings', target);

/** Inputs that together reach all that longer runs have reached: as JSON, because they are many and small. */
const seedsFile = (target: FuzzTarget) => join(import.meta.dirname, 'seeds', `${target}.json`);

function unpackSeeds(target: FuzzTarget, folder: string) {
  const seeds: unknown = JSON.parse(readFileSync(seedsFile(target), 'utf8'));
  if (!Array.isArray(seeds)) throw new Error(`${seedsFile(target)}: not a list`);
  mkdirSync(folder, { recursive: true });
  for (const [i, seed] of seeds.entries()) {
    writeFileSync(join(folder, `seed-${i}`), Buffer.from(String(seed), 'base64'));
  }
}

/** Replaces the seeds by the fewest of them and of the inputs in `corpus` that reach as much. */
export async function writeSeeds(target: FuzzTarget, toolchain: Toolchain, corpus: string): Promise<void> {
  const program = await buildHostProgram(programOf(target, [], toolchain));
  await withFolder(async (folder) => {
    const [merged, former] = [join(folder, 'merged'), join(folder, 'former')];
    mkdirSync(merged);
    unpackSeeds(target, former);
    const { code, output } = await run(program, ['-merge=1', '-use_counters=0', merged, former, corpus], 600);
    if (code !== 0) throw new Error(`${target}: ${output}`);
    const seeds = readdirSync(merged)
      .map((name) => readFileSync(join(merged, name)).toString('base64'))
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    writeFileSync(seedsFile(target), `${JSON.stringify(seeds, null, 2)}\n`);
  });
}

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-fuzz-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function findingsOf(target: FuzzTarget): string[] {
  const folder = findingsFolder(target);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

const clangs = ['clang++', 'clang++-19'];

const fuzzing = (compiler: string): Toolchain => ({
  compiler,
  flags: [
    '-O1',
    '-fsanitize=fuzzer,address,undefined',
    '-fno-sanitize-recover=all',
    '-fno-omit-frame-pointer',
  ],
});

/** A clang with libFuzzer, or why there is none. */
export function findFuzzingToolchain(): Toolchain | string {
  const toolchains = clangs.map(fuzzing);
  const works = toolchains.find((toolchain) => reasonNotToBuild(toolchain) === undefined);
  return works ?? `no clang with libFuzzer: ${reasonNotToBuild(toolchains[toolchains.length - 1])}`;
}

function programOf(
  target: FuzzTarget,
  more: readonly string[],
  toolchain: Toolchain | undefined,
): HostProgram {
  const names: string[] = [`fuzz-${target}`, ...parts[target], ...more];
  return {
    name: `${toolchain === undefined ? 'replay' : 'fuzz'}-${target}`,
    sources: sourcesBeside(names),
    observers: sourcesBeside(observers.filter((name) => names.includes(name))),
    ...(toolchain === undefined ? {} : { toolchain }),
  };
}

/** Runs the target on what was found and on the seeds, built with the ordinary compiler. Throws with the report of the first that fails. */
export async function replay(target: FuzzTarget, replaced?: HostProgram['replaced']): Promise<void> {
  const ordinary = programOf(target, ['replay-main'], undefined);
  const program = await buildHostProgram(replaced === undefined ? ordinary : { ...ordinary, replaced });
  await withFolder(async (folder) => {
    unpackSeeds(target, folder);
    const seeds = readdirSync(folder).map((name) => join(folder, name));
    const { code, output } = await run(program, [...findingsOf(target), ...seeds], 120);
    if (code !== 0) throw new Error(`${target}: ${output}`);
  });
}

export interface FuzzResult {
  readonly runs: number;
  /** The new file in `findingsFolder`, and what broke; undefined if nothing was found. */
  readonly finding: { readonly path: string; readonly report: string } | undefined;
}

/** `corpus` is a folder that is read and added to; without it, all begins with the seeds. */
export async function fuzz(
  target: FuzzTarget,
  toolchain: Toolchain,
  seconds: number,
  corpus: string | undefined,
): Promise<FuzzResult> {
  const program = await buildHostProgram(programOf(target, [], toolchain));
  return withFolder(async (folder) => {
    const [artifacts, seeds] = [join(folder, 'artifacts'), join(folder, 'seeds')];
    unpackSeeds(target, seeds);
    mkdirSync(artifacts);
    if (corpus !== undefined) mkdirSync(corpus, { recursive: true });
    const options = [
      `-max_total_time=${seconds}`,
      `-artifact_prefix=${artifacts}/`,
      '-max_len=600',
      '-timeout=30',
      '-print_final_stats=1',
    ];
    // The first folder is written to.
    const folders = [corpus ?? seeds, seeds, findingsFolder(target)].filter((each) => existsSync(each));
    const { code, output } = await run(program, [...options, ...new Set(folders)], seconds + 60);
    const runs = Number(/number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? 0);
    const found = readdirSync(artifacts).find((name) => /^(?:crash|timeout|oom|leak)-/.test(name));
    if (found === undefined && code !== 0) throw new Error(`${target}: ${output}`);
    if (found === undefined) return { runs, finding: undefined };
    mkdirSync(findingsFolder(target), { recursive: true });
    const path = join(findingsFolder(target), found.slice(0, found.indexOf('-') + 13));
    copyFileSync(join(artifacts, found), path);
    return { runs, finding: { path, report: output } };
  });
}

/** Its output is what it printed at last on standard error. */
function run(program: string, args: readonly string[], seconds: number) {
  return new Promise<{ readonly code: number; readonly output: string }>((done) => {
    const options = { cwd: root, timeout: 1000 * seconds, maxBuffer: 2 ** 28 };
    execFile(program, args, options, (error, _output, errors) => {
      const code = error === null ? 0 : 1;
      done({ code, output: errors.slice(-6000) });
    });
  });
}
