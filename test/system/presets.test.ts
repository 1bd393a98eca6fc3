import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { walkGuest } from '../debug-adapter/support/kernel-entry-walk.ts';
import { findGuest, guestIn } from './guest-images.ts';
import { session } from './session.ts';

/** The guest programs build with either compiler, for debugging and for speed, do the same, and can be debugged. */

const ROOT = resolve(import.meta.dirname, '../..');
const OLDEST_CLANG = 15;
/** A cold build of one preset takes some ten seconds on two cores, and the machine may be busy. */
const TIMEOUT = 180_000;

const CLANG = `clang++${process.env['A9N_CLANG_SUFFIX'] ?? ''}`;
const clangMissing = whyNoClang();
if (clangMissing !== undefined) console.log(`skipped: clang-debug, clang-release: ${clangMissing}`);

function whyNoClang(): string | undefined {
  const remedy = 'Debian, Ubuntu: apt-get install clang-19 lld-19, then set A9N_CLANG_SUFFIX=-19';
  const found = spawnSync(CLANG, ['--version'], { encoding: 'utf8' });
  if (found.status !== 0) return `${CLANG} is not installed (${remedy})`;
  const version = Number(/version (\d+)/.exec(found.stdout)?.[1]);
  return version >= OLDEST_CLANG ? undefined : `${CLANG} is version ${version}, too old (${remedy})`;
}

/** Runs a command at the root of the repository; throws with its output if it fails. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd: ROOT });
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

/** Builds a preset into build/NAME, where `npm run build -- --preset NAME` builds it too; dist stays as it is. */
async function buildGuest(preset: string): Promise<string> {
  await run('cmake', ['--preset', preset]);
  await run('cmake', ['--build', '--preset', preset, '--parallel', String(availableParallelism())]);
  return join(ROOT, 'build', preset, 'bin');
}

describe('a whole session', () => {
  let expected: ReturnType<typeof session>;
  beforeAll(() => {
    expected = session(findGuest(ROOT));
    expect(expected.reason).toEqual({ kind: 'exit', code: 0 });
  }, TIMEOUT);

  const behavesAlike = async (preset: string) => {
    const guest = guestIn(await buildGuest(preset));
    expect(session(guest)).toEqual(expected);
    // Optimized or not, by either compiler: the debugger finds user code below every instruction of the kernel.
    const { failures, addresses } = walkGuest(guest.kernel, guest.init);
    expect(failures).toEqual([]);
    expect(addresses.size).toBeGreaterThan(1_500);
  };

  test(
    'of the gcc-release build prints what that of the usual build prints',
    {
      timeout: TIMEOUT,
    },
    () => behavesAlike('gcc-release'),
  );

  describe.skipIf(clangMissing !== undefined)('with clang', () => {
    test.for(['clang-debug', 'clang-release'])(
      'of the %s build prints it, too',
      {
        timeout: TIMEOUT,
      },
      behavesAlike,
    );
  });
});
