import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { find, list, type Mount } from '../../extension/serve/mounts.ts';

let base: string;
let mounts: Mount[];

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'a9n-mounts-'));
  await mkdir(join(base, 'shown/inner'), { recursive: true });
  await writeFile(join(base, 'shown/inner/file.txt'), 'four');
  await writeFile(join(base, 'secret.txt'), 'secret');
  await symlink(join(base, 'secret.txt'), join(base, 'shown/link.txt'));
  mounts = [
    { prefix: '/a/', folder: join(base, 'shown') },
    { prefix: '/a/inner/deep/', folder: join(base, 'shown') },
  ];
});
afterAll(() => rm(base, { recursive: true }));

describe('find', () => {
  it('finds files and folders below a mount, the longest prefix first', async () => {
    expect(await find(mounts, '/a/inner/file.txt')).toMatchObject({ kind: 'file', size: 4 });
    expect(await find(mounts, '/a')).toMatchObject({ kind: 'folder' });
    expect(await find(mounts, '/a/inner/deep/inner/file.txt')).toMatchObject({ kind: 'file' });
    expect(await find(mounts, '/a/missing')).toBeUndefined();
    expect(await find(mounts, '/ab/inner')).toBeUndefined();
  });

  it('never leaves the folder, by dots or by links', async () => {
    for (const path of [
      '/a/../secret.txt',
      '/a/inner/../../secret.txt',
      '/a/link.txt',
      '/a/..',
      '/a/inner/file.txt\0',
    ]) {
      expect(await find(mounts, path), path).toBeUndefined();
    }
  });

  it('lists files and folders', async () => {
    expect(await list(join(base, 'shown'))).toEqual([{ name: 'inner', kind: 'folder' }]);
  });
});
