import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's busybox-static as it comes: fetched with apt, kept in the folder for temporary files, never committed. */

const kept = join(tmpdir(), 'a9n-debian-packages', 'busybox-static');
const file = join(kept, 'bin', 'busybox');

/** Path of the program, or why it cannot be had. */
export function busyboxStatic(): { path: string } | { missing: string } {
  if (spawnSync(file, ['true']).status === 0) return { path: file };
  mkdirSync(join(kept, '..'), { recursive: true });
  const work = mkdtempSync(`${kept}-`);
  const download = spawnSync('apt-get', ['download', 'busybox-static'], { cwd: work, encoding: 'utf8' });
  const archive = readdirSync(work).find((name) => name.endsWith('.deb'));
  if (archive === undefined) {
    const cause = download.error?.message ?? download.stderr.trim().split('\n').at(-1);
    return { missing: `apt-get download busybox-static fails (${cause}); apt-get update may help` };
  }
  execFileSync('dpkg-deb', ['--extract', archive, '.'], { cwd: work });
  try {
    renameSync(work, kept);
  } catch {
    // Another test was faster.
  }
  return spawnSync(file, ['true']).status === 0
    ? { path: file }
    : { missing: 'busybox-static does not run on this host' };
}

export const readProgram = (path: string) => new Uint8Array(readFileSync(path));
