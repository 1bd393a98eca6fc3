/**
 * Builds the fixture program with the compilers at hand, in every combination of DWARF version and optimization, and
 * runs the tools that the reader is compared with. What is missing is printed, not silently passed over.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { loadProgramSymbols } from '../../../debug-adapter/symbols/program-symbols.ts';
import type { ProgramSymbols } from '../../../debug-adapter/symbols/symbol-api.ts';

export const fixtures = fileURLToPath(new URL('./fixtures', import.meta.url));

/** Debug information names the sources with this prefix, as that of the guest does. */
export const SOURCE_PREFIX = '/a9n/fixtures';

export interface Variant {
  readonly compiler: 'gcc' | 'clang';
  readonly dwarf: 4 | 5;
  readonly optimization: 'O0' | 'Og' | 'O2';
  readonly label: string;
}

export function hasTool(tool: string): boolean {
  return spawnSync(tool, ['--version']).status === 0;
}

/** Prints why tests are skipped if a tool is missing. */
export function requireTool(tool: string, purpose: string): boolean {
  const present = hasTool(tool);
  if (!present) console.warn(`${tool} is not installed: skipping ${purpose}`);
  return present;
}

export const variants: readonly Variant[] = (['gcc', 'clang'] as const)
  .filter((compiler) => requireTool(compiler, `programs compiled by ${compiler}`))
  .flatMap((compiler) =>
    ([4, 5] as const).flatMap((dwarf) =>
      (['O0', 'Og', 'O2'] as const).map((optimization) => ({
        compiler,
        dwarf,
        optimization,
        label: `${compiler} -gdwarf-${dwarf} -${optimization}`,
      })),
    ),
  );

const directory = mkdtempSync(join(tmpdir(), 'a9n-symbols-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const built = new Set<string>();

/** Path of the linked program, which is built once for each test file. */
export function build(variant: Variant): string {
  const { compiler, dwarf, optimization } = variant;
  const output = join(directory, `shapes-${compiler}-${dwarf}-${optimization}`);
  if (built.has(output)) return output;
  built.add(output);
  const options = [
    `-gdwarf-${dwarf}`,
    `-${optimization}`,
    '-fomit-frame-pointer',
    '-ffunction-sections',
    '-fasynchronous-unwind-tables',
    `-ffile-prefix-map=${fixtures}=${SOURCE_PREFIX}`,
  ];
  execFileSync(compiler, [...options, '-c', join(fixtures, 'fold.c'), '-o', `${output}.o`]);
  const cpp = [
    ...options,
    '-std=c++20',
    '-fno-exceptions',
    '-fno-rtti',
    '-no-pie',
    '-fno-pie',
    '-Wl,--gc-sections',
  ];
  execFileSync(compiler === 'gcc' ? 'g++' : 'clang++', [
    ...cpp,
    join(fixtures, 'shapes.cpp'),
    `${output}.o`,
    '-o',
    output,
  ]);
  return output;
}

export function load(path: string): ProgramSymbols {
  return loadProgramSymbols(parseElf(new Uint8Array(readFileSync(path)), path));
}

/** What the tool prints. readelf warns by its exit status too, so that only silence counts as failure. */
export function run(tool: string, args: readonly string[], input = ''): string {
  const { stdout, stderr, error } = spawnSync(tool, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error !== undefined) throw error;
  if (stdout === '') throw new Error(`${tool} printed nothing: ${stderr}`);
  return stdout;
}
