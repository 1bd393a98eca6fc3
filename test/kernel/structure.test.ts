import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Rules of the kernel's source that no compiler checks. */

const KERNEL = resolve(import.meta.dirname, '../../kernel');
/** Lines of C++ and assembly, the whole of kernel/ together. */
const MAXIMUM_LINES = 10_000;

function sourceFiles(folder: string): string[] {
  return readdirSync(join(KERNEL, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:cpp|hpp|S|h)$/.test(name))
    .map((name) => join(folder, name));
}

function includesOf(file: string): string[] {
  return [...readFileSync(join(KERNEL, file), 'utf8').matchAll(/^#include\s+["<]([^">]+)[">]/gm)].map(
    (m) => m[1],
  );
}

/** A header of the folder itself, named without a folder, or one of the interface or the public ABI. */
const isAllowedInCore = (include: string) =>
  /^(?:[\w-]+\.hpp|hal\/interface\/[\w-]+\.hpp|a9n\/[\w-]+\.hpp)$/.test(include);

test('core includes only itself, the HAL interface and the public ABI', () => {
  const bad = sourceFiles('core').flatMap((file) =>
    includesOf(file)
      .filter((include) => !isAllowedInCore(include))
      .map((include) => `${file}: ${include}`),
  );
  expect(bad).toEqual([]);
});

test('core contains no instruction of a processor', () => {
  const bad = sourceFiles('core').filter((file) => {
    const text = readFileSync(join(KERNEL, file), 'utf8').replaceAll(/\/\/.*$/gm, '');
    return file.endsWith('.S') || /\basm\b|__x86_64__|\b(?:rdi|rsp|cr3)\b/.test(text);
  });
  expect(bad).toEqual([]);
});

test('the public ABI header needs nothing but the fixed-width types', () => {
  const includes = sourceFiles('abi').flatMap(includesOf);
  expect(includes.filter((include) => !['stddef.h', 'stdint.h'].includes(include))).toEqual([]);
});

test('the kernel allocates nothing dynamically', () => {
  const bad = ['core', 'hal'].flatMap(sourceFiles).filter((file) => {
    const text = readFileSync(join(KERNEL, file), 'utf8').replaceAll(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
    return /\bnew\b|\bdelete\b|\bmalloc\b/.test(text);
  });
  expect(bad).toEqual([]);
});

test(`the kernel stays below ${MAXIMUM_LINES} lines`, () => {
  const lines = ['abi', 'core', 'hal', 'loader'].flatMap(sourceFiles).map((file) => {
    const text = readFileSync(join(KERNEL, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
    return text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
  });
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(MAXIMUM_LINES);
});
