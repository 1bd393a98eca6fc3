import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { CpuModel } from '../../../emulator/machine-api.ts';
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

/** Without what a CPU of x86-64-v1 does not have: the C library picks functions by it, with other roundings. */
const V1_TUNABLES =
  'glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F,-SSE4_1,-SSE4_2,-SSSE3,-BMI2,-ERMS,-FSRM';
const hasV3 = isReal && /^flags.* avx2 .*/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
if (!hasV3) console.log('skipped: programs for x86-64-v3: this CPU is not one, or there is no Linux');

describe.skipIf(cases.length === 0)('an ordinary program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-program-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function compare(name: string, compiler: string, flags: readonly string[], cpu: CpuModel): void {
    const program = join(folder, `${name}-${compiler}${flags.join('')}`);
    const source = join(import.meta.dirname, `${name}.c`);
    const common = [`-march=${cpu === 'x86-64-v1' ? 'x86-64' : cpu}`, '-static', '-no-pie'];
    const compiled = spawnSync(compiler, [...flags, ...common, '-o', program, source, '-lm'], {
      encoding: 'utf8',
    });
    expect(compiled.status, compiled.stderr).toBe(0);

    const env = cpu === 'x86-64-v1' ? { GLIBC_TUNABLES: V1_TUNABLES } : {};
    const real = spawnSync(program, ['argument'], { encoding: 'utf8', env });
    const ours = runLinuxProgram(readFileSync(program), [program, 'argument'], cpu);
    expect(ours.output).toBe(real.stdout);
    expect(ours.exitCode).toBe(real.status);
    expect(ours.output.split('\n').length).toBeGreaterThan(15);
  }

  test.each(cases)('$name compiled by $compiler $level prints the same', ({ name, compiler, level }) => {
    compare(name, compiler, [level, '-ffp-contract=off'], 'x86-64-v1');
  });

  describe.skipIf(!hasV3)('of x86-64-v3', () => {
    test.each(compilers)('compiled by %s prints the same', (compiler) => {
      compare('everyday', compiler, ['-O2'], 'x86-64-v3');
    });
    test.each(compilers)('of vector instructions, compiled by %s, prints the same', (compiler) => {
      compare('vectors', compiler, ['-O3', '-ffast-math'], 'x86-64-v3');
    });
  });
});
