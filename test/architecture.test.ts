import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The arrows of the design only point down; these tests keep them so. */

const root = resolve(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

interface Import {
  readonly file: string;
  readonly specifier: string;
  /** `import type`, which leaves no trace in the bundle. */
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const pattern = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [
    ...[...text.matchAll(pattern)].map((m) => ({ file, specifier: m[2], typeOnly: m[1] !== undefined })),
    ...[...text.matchAll(dynamic)].map((m) => ({ file, specifier: m[1], typeOnly: false })),
  ];
}

/** Top-level folder that a relative import reaches, undefined for packages. */
function folderOf(entry: Import): string | undefined {
  if (!entry.specifier.startsWith('.')) return undefined;
  const target = resolve(root, dirname(entry.file), entry.specifier);
  return relative(root, target).split(sep)[0];
}

const show = (entry: Import) => `${entry.file} imports ${entry.specifier}`;

describe('architecture', () => {
  it('the emulator imports nothing from the other parts', () => {
    const bad = sources('emulator')
      .flatMap(importsOf)
      .filter((i) => (folderOf(i) ?? 'emulator') !== 'emulator');
    expect(bad.map(show)).toEqual([]);
  });

  it('the debug adapter imports only itself and the emulator', () => {
    const allowed = ['debug-adapter', 'emulator'];
    const bad = sources('debug-adapter')
      .flatMap(importsOf)
      .filter((i) => !allowed.includes(folderOf(i) ?? 'emulator'));
    expect(bad.map(show)).toEqual([]);
  });

  it('the extension takes only message types from the debug adapter', () => {
    const bad = sources('extension')
      .flatMap(importsOf)
      .filter((i) => {
        const folder = folderOf(i) ?? 'extension';
        return folder !== 'extension' && !(folder === 'debug-adapter' && i.typeOnly);
      });
    expect(bad.map(show)).toEqual([]);
  });

  it('emulator and debug adapter use Node only in their Node entries', () => {
    const entry = /^debug-adapter\/(node|cli)\//;
    const bad = ['emulator', 'debug-adapter']
      .flatMap(sources)
      .filter((file) => !entry.test(file))
      .flatMap(importsOf)
      .filter((i) => i.specifier.startsWith('node:') || i.specifier === 'vscode');
    expect(bad.map(show)).toEqual([]);
  });

  it('the top level holds only what the design names and what tools demand', () => {
    const allowed = new Set([
      ...['extension', 'debug-adapter', 'emulator', 'kernel', 'userland', 'test'],
      ...['.ci', '.vscode', '.git', '.gitignore', '.vscodeignore', 'LICENSE', 'README.md'],
      ...['package.json', 'package-lock.json', 'tsconfig.json', 'biome.json', 'build.mjs'],
      ...['CMakeLists.txt', 'CMakePresets.json', 'vitest.config.ts', '.clang-format'],
      // Produced by builds and tests, never committed.
      ...['node_modules', 'dist', 'build', 'test-output'],
    ]);
    const extra = readdirSync(root).filter((name) => !allowed.has(name) && !name.endsWith('.vsix'));
    expect(extra).toEqual([]);
  });
});
