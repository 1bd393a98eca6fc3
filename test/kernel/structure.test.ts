import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { countLines, sourceFiles } from './source-lines.ts';

/** Rules of the kernel's source that no compiler checks. */

const KERNEL = resolve(import.meta.dirname, '../../kernel');
/** Lines of C++ and assembly, the whole of kernel/ together. */
const MAXIMUM_LINES = 10_000;

function filesOf(folder: string): string[] {
  return sourceFiles(join(KERNEL, folder)).map((name) => join(folder, name));
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
  const bad = filesOf('core').flatMap((file) =>
    includesOf(file)
      .filter((include) => !isAllowedInCore(include))
      .map((include) => `${file}: ${include}`),
  );
  expect(bad).toEqual([]);
});

test('a HAL includes nothing of core but its console', () => {
  const bad = filesOf('hal').flatMap((file) =>
    includesOf(file)
      .filter((include) => include.startsWith('core/') && include !== 'core/console.hpp')
      .map((include) => `${file}: ${include}`),
  );
  expect(bad).toEqual([]);
});

test('the host HAL needs nothing of the real machine, so that it stays a second one', () => {
  const isAllowed = /^(?:hal\/interface\/[\w-]+\.hpp|[\w-]+\.hpp|a9n\/abi\.hpp|(?:sys\/)?[a-z_]+(?:\.h)?)$/;
  const bad = filesOf('hal/host')
    .filter((file) => !file.startsWith('hal/host/user_mode/'))
    .flatMap((file) =>
      includesOf(file)
        .filter((include) => !isAllowed.test(include))
        .map((include) => `${file}: ${include}`),
    );
  expect(bad).toEqual([]);
});

test('core contains no instruction of a processor', () => {
  const bad = filesOf('core').filter((file) => {
    const text = readFileSync(join(KERNEL, file), 'utf8').replaceAll(/\/\/.*$/gm, '');
    return file.endsWith('.S') || /\basm\b|__x86_64__|\b(?:rdi|rsp|cr3)\b/.test(text);
  });
  expect(bad).toEqual([]);
});

test('the public ABI header needs nothing but the fixed-width types', () => {
  const includes = filesOf('abi').flatMap(includesOf);
  expect(includes.filter((include) => !['stddef.h', 'stdint.h'].includes(include))).toEqual([]);
});

test('the kernel allocates nothing dynamically', () => {
  const bad = ['core', 'hal'].flatMap(filesOf).filter((file) => {
    const text = readFileSync(join(KERNEL, file), 'utf8').replaceAll(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
    return /\bnew\b|\bdelete\b|\bmalloc\b/.test(text);
  });
  expect(bad).toEqual([]);
});

test(`the kernel stays below ${MAXIMUM_LINES} lines`, () => {
  expect(countLines(KERNEL)).toBeLessThanOrEqual(MAXIMUM_LINES);
});
