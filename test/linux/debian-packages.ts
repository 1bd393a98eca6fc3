import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The programs of others that are booted: Debian's kernel and its static busybox, unmodified. */
export interface LinuxFiles {
  /** File name with the version. */
  readonly name: string;
  readonly kernel: Uint8Array;
  readonly busybox: Uint8Array;
}

/** What is downloaded stays here, outside of the repository. */
const FOLDER = resolve(import.meta.dirname, '../../test-output/linux');

/**
 * Reads them from the files that LINUX_KERNEL and BUSYBOX name, else from packages that apt-get downloads, once. Throws an
 * error that says what to do where there is neither.
 */
export function findLinux(): LinuxFiles {
  const { LINUX_KERNEL, BUSYBOX } = process.env;
  if (LINUX_KERNEL !== undefined && BUSYBOX !== undefined) {
    return { name: LINUX_KERNEL, kernel: readFileSync(LINUX_KERNEL), busybox: readFileSync(BUSYBOX) };
  }
  const tree = join(FOLDER, 'tree');
  if (!existsSync(join(tree, 'bin/busybox'))) download(tree);
  const name = readdirSync(join(tree, 'boot')).find((file) => file.startsWith('vmlinuz-'));
  if (name === undefined)
    throw new Error(`There is no kernel in ${tree}. Remove that folder to download it again.`);
  return {
    name,
    kernel: readFileSync(join(tree, 'boot', name)),
    busybox: readFileSync(join(tree, 'bin/busybox')),
  };
}

function download(tree: string): void {
  mkdirSync(FOLDER, { recursive: true });
  // The package linux-image-amd64 is empty and depends on the kernel of the day.
  const depends = run('apt-cache', ['depends', 'linux-image-amd64']);
  const kernel = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (kernel === undefined) throw new Error('apt does not know linux-image-amd64: run apt-get update first.');
  run('apt-get', ['download', kernel, 'busybox-static']);
  mkdirSync(tree, { recursive: true });
  // Of the kernel's package only the kernel: its modules are many.
  const extract = 'dpkg-deb --fsys-tarfile "$1"_*.deb | tar --extract --wildcards --directory "$2" "$3"';
  run('sh', ['-c', extract, 'sh', kernel, tree, './boot/vmlinuz-*']);
  run('sh', ['-c', extract, 'sh', 'busybox-static', tree, './bin/busybox']);
}

/** A file of a package, which is downloaded once. Throws an error that says why there is none. */
export function fileOfPackage(name: string, path: string): Uint8Array {
  const tree = join(FOLDER, name);
  if (!existsSync(join(tree, path))) {
    mkdirSync(tree, { recursive: true });
    run('apt-get', ['download', name]);
    run('sh', ['-c', 'dpkg-deb --extract "$1"_*.deb "$1"', 'sh', name]);
  }
  return readFileSync(join(tree, path));
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: FOLDER, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(
    `${program} ${args.join(' ')} failed (${error?.message ?? stderr.trim()}). Without Debian's apt, name the files ` +
      'yourself: LINUX_KERNEL=vmlinuz BUSYBOX=busybox npm run test:linux',
  );
}
