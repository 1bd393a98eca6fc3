/** Which part of the server's URL space shows which folder, and safe access to the files below. */
import { type Dirent, promises as files } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';

/** `folder` of the disk appears below `prefix` (with leading and trailing slash) of the URL space. */
export interface Mount {
  readonly prefix: string;
  readonly folder: string;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
}

export type Found =
  | { readonly kind: 'file'; readonly path: string; readonly size: number; readonly modified: number }
  | { readonly kind: 'folder'; readonly path: string; readonly modified: number };

/**
 * The file or folder that a decoded URL path names; the longest matching prefix decides. Undefined if there is
 * none, or if the path or a symbolic link in it leads out of the mounted folder.
 */
export async function find(mounts: readonly Mount[], urlPath: string): Promise<Found | undefined> {
  const asFolder = urlPath.endsWith('/') ? urlPath : `${urlPath}/`;
  const candidates = mounts.filter((m) => asFolder.startsWith(m.prefix));
  const mount = candidates.sort((a, b) => b.prefix.length - a.prefix.length)[0];
  if (!mount || urlPath.includes('\0')) return undefined;
  const root = await files.realpath(mount.folder).catch(() => undefined);
  const path = await files
    .realpath(join(mount.folder, urlPath.slice(mount.prefix.length)))
    .catch(() => undefined);
  if (root === undefined || path === undefined || !isInside(root, path)) return undefined;
  const stat = await files.stat(path);
  const modified = Math.floor(stat.mtimeMs);
  if (stat.isDirectory()) return { kind: 'folder', path, modified };
  return stat.isFile() ? { kind: 'file', path, size: stat.size, modified } : undefined;
}

export async function list(path: string): Promise<FolderEntry[]> {
  const entries = await files.readdir(path, { withFileTypes: true });
  return entries.filter((e) => e.isFile() || e.isDirectory()).map(folderEntry);
}

/** Paths, relative to it with forward slashes, of all files below a folder that `find` would find. */
export async function filesBelow(path: string): Promise<string[]> {
  const entries = await files.readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

function folderEntry(entry: Dirent): FolderEntry {
  return { name: entry.name, kind: entry.isDirectory() ? 'folder' : 'file' };
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}
