import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BootImages } from '../../emulator/boot/a9n-boot.ts';

/** The guest programs that `npm run build` leaves in dist/guest. */
export interface GuestPaths {
  readonly kernel: string;
  readonly init: string;
  /** Multiboot program that carries out the boot protocol on QEMU. */
  readonly loader: string;
}

/**
 * Images in a folder: that named by A9N_GUEST, as build/clang-release/bin, or else dist/guest under the root of the
 * repository. Throws if they are not built.
 */
export function findGuest(root: string): GuestPaths {
  return guestIn(process.env['A9N_GUEST'] ?? join(root, 'dist/guest'));
}

/** Images in one folder. Throws if they are not there. */
export function guestIn(folder: string): GuestPaths {
  const path = (name: string) => join(folder, name);
  const paths = { kernel: path('kernel.elf'), init: path('koito.elf'), loader: path('loader.elf') };
  for (const file of Object.values(paths)) {
    if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build first.`);
  }
  return paths;
}

export function readGuest(paths: GuestPaths): BootImages {
  return {
    kernel: readFileSync(paths.kernel),
    init: readFileSync(paths.init),
    kernelName: paths.kernel,
    initName: paths.init,
  };
}
