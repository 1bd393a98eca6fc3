import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { measureKernel } from '../benchmark/kernel.ts';
import { measureMemory } from '../benchmark/memory.ts';
import { walkGuest } from '../debug-adapter/support/kernel-entry-walk.ts';
import { buildPreset } from './build-preset.ts';
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

describe('a whole session', () => {
  let expected: ReturnType<typeof session>;
  beforeAll(() => {
    expected = session(findGuest(ROOT));
    expect(expected.reason).toEqual({ kind: 'exit', code: 0 });
  }, TIMEOUT);

  const behavesAlike = async (preset: string) => {
    const guest = guestIn(await buildPreset(ROOT, preset));
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

/** Instructions that an operation stays below. */
const LIMITS: Readonly<Record<string, number>> = {
  'call + reply_receive between address spaces, 4 words': 500,
  'call + reply_receive within an address space, 4 words': 400,
  'failing call: unknown operation': 100,
  'failing call: invalid descriptor': 100,
  'failing call: missing right': 100,
};

describe('the kernel keeps its limits of size and speed', () => {
  const keepsLimits = async (preset: string) => {
    const { boot, textBytes, operations } = measureKernel(ROOT, await buildPreset(ROOT, preset));
    expect(boot).toBeLessThan(1_000_000);
    expect(textBytes).toBeLessThanOrEqual(64 * 2 ** 10);
    const costs = new Map(operations.map(({ name, most }) => [name, most]));
    for (const [name, limit] of Object.entries(LIMITS)) expect(costs.get(name), name).toBeLessThan(limit);
  };
  test('built by gcc-release', { timeout: TIMEOUT }, () => keepsLimits('gcc-release'));
  test.skipIf(clangMissing !== undefined)('built by clang-release', { timeout: TIMEOUT }, () =>
    keepsLimits('clang-release'),
  );
});

test('a page fault that ULMM resolves takes less than 6,000 instructions, with everything', {
  timeout: TIMEOUT,
}, async () => {
  const { faults, operations } = measureMemory(await buildPreset(ROOT, 'gcc-release'));
  expect(faults.median).toBeLessThan(6_000);
  const costs = new Map(operations.map(({ name, instructions }) => [name, instructions]));
  expect(costs.get('resolve_fault: a shared page is written and copied')).toBeLessThan(6_000);
  // Once cloned, what was not written since costs next to nothing to clone again.
  expect(costs.get('clone_space, 1 MiB, nothing written since')).toBeLessThan(40_000);
});
