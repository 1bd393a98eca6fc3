import { spawnSync } from 'node:child_process';

/** GNU C compiler for x86-64, as the build of the guest programs finds it. */
const COMPILER = `${process.env['A9N_GCC_PREFIX'] ?? ''}gcc`;

/** Compiles a kernel from one freestanding C file, linked at 4 MiB. Returns why it could not, undefined if it could. */
export function compileKernel(
  source: string,
  output: string,
  extra: readonly string[] = [],
): string | undefined {
  const options = [
    ...['-O2', '-march=x86-64', '-mno-red-zone', '-ffreestanding', '-fno-pic', '-fno-stack-protector'],
    ...['-fcf-protection=none', '-static', '-nostdlib', '-no-pie', '-Wall', '-Werror', ...extra],
    '-Wl,-Ttext-segment=0x400000,--build-id=none,-z,max-page-size=4096',
  ];
  const result = spawnSync(COMPILER, [...options, '-o', output, source], { encoding: 'utf8' });
  if (result.error !== undefined) return `${COMPILER} cannot be run (${result.error.message})`;
  return result.status === 0 ? undefined : `${COMPILER} failed: ${result.stderr.trim()}`;
}

/** True if there is a compiler for `compileKernel`. */
export function hasCompiler(): boolean {
  const result = spawnSync(COMPILER, ['-dumpmachine'], { encoding: 'utf8' });
  return result.status === 0 && result.stdout.startsWith('x86_64');
}

export const COMPILER_MISSING = `${COMPILER} for x86_64 is missing (Debian, Ubuntu: apt-get install gcc)`;
