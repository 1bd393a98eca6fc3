import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { runLinuxProgram } from './linux-process.ts';

/** The same executable on the real CPU and on the machine. */

vi.setConfig({ testTimeout: 120_000 });

const isReal = process.platform === 'linux' && process.arch === 'x64';

/** True if a compiler is there and can link statically (some distributions package the static C library apart). */
function linksStatically(compiler: string): boolean {
  const flags = ['-static', '-x', 'c', '-o', '/dev/null', '-'];
  return spawnSync(compiler, flags, { input: 'int main(void) { return 0; }' }).status === 0;
}
const compilers = isReal ? ['gcc', 'clang'].filter(linksStatically) : [];
const cases = ['everyday', 'long-double'].flatMap((name) =>
  compilers.flatMap((compiler) => ['-O0', '-Os', '-O2'].map((level) => ({ name, compiler, level }))),
);
if (cases.length === 0) {
  console.log(
    'skipped: programs compared with the real CPU: needs x86-64 Linux and gcc or clang with a static C library',
  );
}

/** The C library otherwise picks functions for extensions that the machine does not have, with other roundings. */
const TUNABLES = 'glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F,-SSE4_1,-SSE4_2,-SSSE3,-BMI2,-ERMS,-FSRM';

describe.skipIf(cases.length === 0)('an ordinary program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-program-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(cases)('$name compiled by $compiler $level prints the same', ({ name, compiler, level }) => {
    const program = join(folder, `${name}-${compiler}${level}`);
    const source = join(import.meta.dirname, `${name}.c`);
    const flags = [level, '-march=x86-64', '-static', '-no-pie', '-ffp-contract=off'];
    const compiled = spawnSync(compiler, [...flags, '-o', program, source, '-lm'], { encoding: 'utf8' });
    expect(compiled.status, compiled.stderr).toBe(0);

    const real = spawnSync(program, ['argument'], { encoding: 'utf8', env: { GLIBC_TUNABLES: TUNABLES } });
    const ours = runLinuxProgram(readFileSync(program), [program, 'argument']);
    expect(ours.output).toBe(real.stdout);
    expect(ours.exitCode).toBe(real.status);
    expect(ours.output.split('\n').length).toBeGreaterThan(15);
  });
});
