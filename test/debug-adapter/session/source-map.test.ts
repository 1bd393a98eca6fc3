import { describe, expect, it } from 'vitest';
import { createSourceMap } from '../../../debug-adapter/session/source-map.ts';

describe('source map', () => {
  it('takes the longest prefix, whole components only', () => {
    const map = createSourceMap({ '/a9n': '/home/u/a9n', '/a9n/kernel': '/src/kernel' });
    expect(map.toEditor('/a9n/userland/x.cpp')).toBe('/home/u/a9n/userland/x.cpp');
    expect(map.toEditor('/a9n/kernel/core/y.cpp')).toBe('/src/kernel/core/y.cpp');
    expect(map.toEditor('/a9nx/z.cpp')).toBe('/a9nx/z.cpp');
    expect(map.toDebugInformation('/src/kernel/core/y.cpp')[0]).toBe('/a9n/kernel/core/y.cpp');
    expect(map.toDebugInformation('/home/u/a9n/userland/x.cpp')[0]).toBe('/a9n/userland/x.cpp');
  });

  it.each([
    [
      '/a9n/',
      'C:\\work\\a9n\\',
      '/a9n/kernel/a.cpp',
      'C:\\work\\a9n\\kernel\\a.cpp',
      'c:\\Work\\a9n\\kernel\\a.cpp',
    ],
    [
      '/a9n/',
      'vscode-test-web://mount/',
      '/a9n/kernel/a.cpp',
      'vscode-test-web://mount/kernel/a.cpp',
      'vscode-test-web://mount/kernel/a.cpp',
    ],
    [
      '/a9n/',
      'a9n:/My Sources',
      '/a9n/kernel/a.cpp',
      'a9n:/My Sources/kernel/a.cpp',
      'a9n:/My Sources/kernel/a.cpp',
    ],
    [
      '/a9n',
      'memfs://host/My%20Files',
      '/a9n/b c.cpp',
      'memfs://host/My%20Files/b%20c.cpp',
      'memfs://host/My%20Files/b%20c.cpp',
    ],
    ['/a9n', 'file:///home/u', '/a9n/b.cpp', 'file:///home/u/b.cpp', '/home/u/b.cpp'],
  ])('maps %s to %s and back', (debugPrefix, editorPrefix, debugPath, editorPath, clientPath) => {
    const map = createSourceMap({ [debugPrefix]: editorPrefix });
    expect(map.toEditor(debugPath)).toBe(editorPath);
    expect(map.toDebugInformation(clientPath)).toContain(debugPath);
  });

  it('leaves other paths alone', () => {
    const map = createSourceMap({});
    expect(map.toEditor('/x/y.cpp')).toBe('/x/y.cpp');
    expect(map.toDebugInformation('/x/y.cpp')).toEqual(['/x/y.cpp']);
  });
});
