import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The small tools compiled for this host with sanitizers, to be compared with the host's own. */

const folder = resolve(import.meta.dirname, '../../../userland/tools');
const compiler = process.env['CC'] ?? 'gcc';

/** Undefined if the comparison can run here, else why not. */
export function reasonToSkip(): string | undefined {
  if (process.platform !== 'linux') return `it compares with the tools of Linux; this is ${process.platform}`;
  if (!spawnSync('sort', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU coreutils'))
    return 'no GNU tools to compare with';
  if (spawnSync('dash', ['-c', ':']).error !== undefined)
    return 'no dash to run the scripts (Debian package dash)';
  const probe = spawnSync(compiler, ['-x', 'c', '-fsanitize=address,undefined', '-', '-o', '/dev/null'], {
    input: 'int main(void) {}',
  });
  if (probe.error !== undefined) return `no C compiler: ${compiler} cannot be run (install gcc or set CC)`;
  return probe.status === 0 ? undefined : `${compiler} cannot build with sanitizers`;
}

export interface Outcome {
  readonly script: string;
  readonly output: string;
  readonly status: string;
}

export interface NativeTools {
  readonly names: readonly string[];
  /** Runs each script in a directory of its own. What goes to standard error is left out: messages differ. */
  run(scripts: readonly string[], which: 'ours' | 'host'): Outcome[];
  dispose(): void;
}

export function buildTools(): NativeTools {
  const directory = mkdtempSync(join(tmpdir(), 'a9n-tools-'));
  const program = join(directory, 'tools');
  const objects = join(directory, 'objects');
  mkdirSync(objects);
  const sources = readdirSync(folder).filter((name) => name.endsWith('.c'));
  const half = Math.ceil(sources.length / 2);
  // Two compilers at a time halve the time on two processors.
  const compile = (names: readonly string[]) =>
    `${compiler} -std=gnu17 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all -c ${names
      .map((name) => `'${join(folder, name)}'`)
      .join(' ')}`;
  execFileSync(
    'dash',
    [
      '-c',
      `(${compile(sources.slice(0, half))}) & first=$!; ${compile(sources.slice(half))} && wait $first &&
       ${compiler} -fsanitize=address,undefined *.o -o ../tools`,
    ],
    { cwd: objects, encoding: 'utf8' },
  );
  const names = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
  const links = join(directory, 'bin');
  mkdirSync(links);
  for (const name of names) symlinkSync(program, join(links, name));

  return {
    names,
    run(scripts, which) {
      const place = mkdtempSync(join(directory, 'run-'));
      // The same names on both sides, so that a path in the output does not differ.
      const work = join(directory, 'work');
      mkdirSync(work);
      scripts.forEach((script, i) => {
        mkdirSync(join(work, String(i)));
        writeFileSync(join(place, `${i}.sh`), script, 'latin1');
      });
      const host = process.env['PATH'] ?? '/usr/bin:/bin';
      spawnSync(
        'dash',
        [
          '-c',
          `i=0; while [ $i -lt ${scripts.length} ]; do cd '${work}'/$i
           dash '${place}'/$i.sh </dev/null >'${place}'/$i.output 2>'${place}'/$i.errors; echo $? >'${place}'/$i.status
           i=$((i+1)); done`,
        ],
        {
          timeout: 120_000,
          env: {
            PATH: which === 'ours' ? `${links}:${host}` : host,
            HOME: '/root',
            TZ: 'UTC0',
            LC_ALL: 'C',
            ASAN_OPTIONS: 'detect_leaks=0:exitcode=99',
          },
        },
      );
      const read = (name: string) => readFileSync(join(place, name), 'latin1');
      const outcomes = scripts.map((script, i) => {
        const errors = read(`${i}.errors`);
        if (errors.includes('Sanitizer') || errors.includes('runtime error:'))
          throw new Error(`${script}\n${errors}`);
        return { script, output: read(`${i}.output`), status: read(`${i}.status`).trim() };
      });
      execFileSync('chmod', ['-R', 'u+rwx', work]);
      rmSync(work, { recursive: true, force: true });
      rmSync(place, { recursive: true, force: true });
      return outcomes;
    },
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
