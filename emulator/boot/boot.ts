import type { Machine } from '../machine-api.ts';
import { type A9nAbi, bootA9n } from './a9n-boot.ts';
import { BootError } from './boot-error.ts';
import { is32BitElf, isElf } from './elf-image.ts';
import { bootFlatBinary } from './flat-binary.ts';
import { bootLinux, isLinuxKernel } from './linux-boot.ts';
import { bootMultiboot, isMultibootKernel } from './multiboot.ts';

/** A file and what messages call it. */
export interface BootFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A multiboot module may have a command line of its own. */
export interface BootModule extends BootFile {
  readonly commandLine?: string | undefined;
}

/** What is to be booted. Which of the rest may be there depends on what the kernel is. */
export interface BootRequest {
  readonly kernel: BootFile;
  /** A9N's init image. */
  readonly init?: BootFile | undefined;
  /** Generation of A9N's boot protocol, if not the newest. */
  readonly a9nAbi?: A9nAbi | undefined;
  /** Linux: archives of the initial file system; multiboot: modules. */
  readonly initrds?: readonly BootModule[] | undefined;
  readonly commandLine?: string | undefined;
  /** Physical address at which a file without header is to lie. */
  readonly loadAddress?: number | undefined;
}

export type KernelFormat = 'a9n' | 'multiboot' | 'linux' | 'flat';

/** What may come with a kernel. */
type Part = Exclude<keyof BootRequest, 'kernel'>;

interface Loader {
  /** What messages call such a kernel. */
  readonly name: string;
  readonly takes: readonly Part[];
  load(machine: Machine, request: BootRequest): void;
}

const PARTS: readonly { readonly part: Part; readonly name: string }[] = [
  { part: 'init', name: 'init image (--init)' },
  { part: 'a9nAbi', name: 'generation of the A9N ABI (--a9n-abi)' },
  { part: 'initrds', name: 'initial file system or module (--initrd)' },
  { part: 'commandLine', name: 'command line (--append)' },
  { part: 'loadAddress', name: 'load address (--load-address)' },
];

const LOADERS: Record<KernelFormat, Loader> = {
  a9n: {
    name: 'an A9N kernel (a 64-bit ELF file)',
    takes: ['init', 'a9nAbi'],
    load(machine, { kernel, init, a9nAbi }) {
      if (init === undefined) {
        throw new BootError(
          `${kernel.name}: a 64-bit ELF file is taken for an A9N kernel, which needs an init image. Give one with --init; of Linux, give the bzImage.`,
        );
      }
      const names = { kernelName: kernel.name, initName: init.name };
      bootA9n(machine, { ...names, kernel: kernel.bytes, init: init.bytes, abi: a9nAbi });
    },
  },
  multiboot: {
    name: 'a multiboot kernel',
    takes: ['initrds', 'commandLine'],
    load(machine, { kernel, initrds, commandLine }) {
      bootMultiboot(machine, {
        kernelName: kernel.name,
        kernel: kernel.bytes,
        modules: initrds ?? [],
        commandLine,
      });
    },
  },
  linux: {
    name: 'a Linux kernel (a bzImage)',
    takes: ['initrds', 'commandLine'],
    load(machine, { kernel, initrds = [], commandLine }) {
      const told = initrds.find((initrd) => initrd.commandLine !== undefined);
      if (told !== undefined) {
        throw new BootError(
          `${told.name}: an initial file system takes no command line ("${told.commandLine}"). Give that to the kernel with --append.`,
        );
      }
      bootLinux(machine, {
        kernelName: kernel.name,
        kernel: kernel.bytes,
        initrds: initrds.map(({ bytes }) => bytes),
        commandLine,
      });
    },
  },
  flat: {
    name: 'a flat binary (a file without a header that any loader knows)',
    takes: ['loadAddress'],
    load(machine, { kernel, loadAddress }) {
      if (loadAddress === undefined) throw unrecognised(kernel);
      bootFlatBinary(machine, kernel.name, kernel.bytes, loadAddress);
    },
  },
};

function unrecognised({ name, bytes }: BootFile): BootError {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return new BootError(
    isGzip
      ? `${name}: is compressed by gzip. Unpack it first: gunzip -c ${name} > kernel`
      : `${name}: not a kernel that can be recognised: no ELF file, no multiboot header, no Linux bzImage. If it is a flat binary of 64-bit code, say where it goes with --load-address; unpack it first if it is compressed.`,
  );
}

/**
 * What a kernel is, by the file itself; whoever gives an init image means A9N. Throws BootError for files that no
 * loader takes.
 */
export function recogniseKernel({ kernel, init }: Pick<BootRequest, 'kernel' | 'init'>): KernelFormat {
  const { name, bytes } = kernel;
  if (isLinuxKernel(bytes)) return 'linux';
  if (init !== undefined) return 'a9n';
  if (isMultibootKernel(bytes)) return 'multiboot';
  if (bytes.length === 0) throw new BootError(`${name}: is empty. Give a kernel.`);
  if (is32BitElf(bytes)) {
    throw new BootError(
      `${name}: a 32-bit ELF file without multiboot header, so nothing says how to enter it. Link a multiboot header into its first 8 KiB, or compile without -m32.`,
    );
  }
  return isElf(bytes) ? 'a9n' : 'flat';
}

/**
 * Loads a kernel and all that comes with it into a freshly created machine, which then stands before the kernel's first
 * instruction. Throws BootError if that is not possible.
 */
export function boot(machine: Machine, request: BootRequest): void {
  const { kernel } = request;
  const format = recogniseKernel(request);
  if (format === 'flat' && request.loadAddress === undefined) throw unrecognised(kernel);
  const loader = LOADERS[format];
  for (const { part, name } of PARTS) {
    if (request[part] === undefined || loader.takes.includes(part)) continue;
    throw new BootError(`${kernel.name}: is ${loader.name}, for which there is no ${name}. Leave that out.`);
  }
  loader.load(machine, request);
}
