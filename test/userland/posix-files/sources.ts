import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';

/** Sources of the POSIX server's file side, with what it runs on in a native test. */

const folder = 'userland/posix/files';

export const fileSide: readonly string[] = [
  ...readdirSync(resolve(import.meta.dirname, '../../..', folder))
    .filter((name) => name.endsWith('.cpp'))
    .sort()
    .map((name) => `${folder}/${name}`),
  'userland/posix/user-memory.cpp',
  'userland/posix/wait-queue.cpp',
  'userland/runtime/tar.cpp',
  'test/userland/native-heap.cpp',
  'test/userland/posix-files/host-process.cpp',
];
