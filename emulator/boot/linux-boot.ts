import type { Machine } from '../machine-api.ts';
import { BootError, inMebibytes, truncated } from './boot-error.ts';
import { addressRanges, placeFirmware } from './firmware.ts';
import { writeLongModeEntry } from './long-mode-entry.ts';

/**
 * The 64-bit Linux boot protocol (Linux, Documentation/arch/x86/boot.rst and zero-page.rst): the protected-mode part of
 * a bzImage in memory, boot_params filled, the CPU in long mode at load address + 0x200 with RSI = boot_params.
 */
export interface LinuxImages {
  readonly kernel: Uint8Array;
  /** Archives of the initial file system, loaded one behind the other. */
  readonly initrds?: readonly Uint8Array[];
  readonly commandLine?: string | undefined;
  /** What messages call the kernel. */
  readonly kernelName?: string;
}

const PAGE = 4096;
const BOOT_PARAMETERS = 0x7000;
const ENTRY_STATE = 0x9000;
const COMMAND_LINE = 0x1_0000;
/** The kernel has 64 KiB of low memory for its command line here; none accepts so much. */
const LONGEST_COMMAND_LINE = 0xffff;
const LOWEST_LOAD_ADDRESS = 0x10_0000;
const ENTRY_OFFSET = 0x200;
/** __BOOT_CS of the protocol; __BOOT_DS is the next. */
const CODE_SELECTOR = 0x10;

/** Offsets in the file, and for those in the header also in boot_params. */
const enum Field {
  AcpiRootPointer = 0x070,
  MemoryMapCount = 0x1e8,
  SetupSectors = 0x1f1,
  SystemSize = 0x1f4,
  BootFlag = 0x1fe,
  HeaderLength = 0x201,
  Signature = 0x202,
  Version = 0x206,
  LoaderType = 0x210,
  LoadFlags = 0x211,
  RamdiskAddress = 0x218,
  RamdiskSize = 0x21c,
  CommandLine = 0x228,
  HighestRamdiskAddress = 0x22c,
  Alignment = 0x230,
  Relocatable = 0x234,
  CommandLineSize = 0x238,
  ExtendedLoadFlags = 0x236,
  PreferredAddress = 0x258,
  InitSize = 0x260,
  HeaderEnd = 0x268,
  MemoryMap = 0x2d0,
}

/** Protocol 2.12 (Linux 3.8) is the first with the 64-bit entry point. */
const FIRST_VERSION = 0x20c;
const SIGNATURE = 0x5372_6448; // "HdrS"
const ENTRY_64_BIT = 1;
/** "No identifier assigned" to this loader. */
const LOADER_TYPE = 0xff;
const MEMORY_MAP_ENTRY = 20;

interface BzImage {
  readonly name: string;
  readonly file: Uint8Array;
  /** The part of the file that is loaded. */
  readonly payload: Uint8Array;
  readonly preferredAddress: number;
  /** Undefined if the kernel runs at its preferred address only. */
  readonly alignment: number | undefined;
  /** Bytes from the load address that the kernel needs before it knows about memory. */
  readonly initSize: number;
  readonly highestRamdiskAddress: number;
  readonly commandLineSize: number;
}

/** True if the file has the setup header of a Linux kernel. */
export function isLinuxKernel(file: Uint8Array): boolean {
  if (file.length < Field.Version) return false;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return (
    view.getUint16(Field.BootFlag, true) === 0xaa55 && view.getUint32(Field.Signature, true) === SIGNATURE
  );
}

/** Loads the images into a freshly created machine and sets its CPU. Throws BootError for unusable images. */
export function bootLinux(machine: Machine, images: LinuxImages): void {
  const kernel = readBzImage(images.kernelName ?? 'kernel', images.kernel);
  const commandLine = new TextEncoder().encode(`${images.commandLine ?? ''}\0`);
  const longest = Math.min(kernel.commandLineSize, LONGEST_COMMAND_LINE);
  if (commandLine.length - 1 > longest) {
    throw new BootError(
      `${kernel.name}: takes a command line of at most ${longest} bytes, this one has ${commandLine.length - 1}. Shorten it.`,
    );
  }
  const loadAddress = chooseLoadAddress(kernel, machine.memoryBytes);
  const initrds = (images.initrds ?? []).filter((initrd) => initrd.length > 0);
  const ramdisk = placeInitrds(machine, kernel, loadAddress, initrds);
  machine.writePhysical(loadAddress, kernel.payload);
  machine.writePhysical(COMMAND_LINE, commandLine);
  machine.writePhysical(
    BOOT_PARAMETERS,
    encodeBootParameters(kernel, machine.memoryBytes, ramdisk, placeFirmware(machine)),
  );
  writeLongModeEntry(machine, ENTRY_STATE, {
    entry: loadAddress + ENTRY_OFFSET,
    registers: { rsi: BigInt(BOOT_PARAMETERS) },
    codeSelector: CODE_SELECTOR,
  });
}

function readBzImage(name: string, file: Uint8Array): BzImage {
  if (file.length < Field.HeaderEnd) throw truncated(name, Field.HeaderEnd, file.length);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint16(Field.Version, true);
  const has64BitEntry =
    version >= FIRST_VERSION && (view.getUint16(Field.ExtendedLoadFlags, true) & ENTRY_64_BIT) !== 0;
  if (!has64BitEntry) {
    const spoken = `${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;
    throw new BootError(
      `${name}: a Linux kernel without 64-bit entry point (boot protocol ${spoken}). Give an x86-64 bzImage of Linux 3.8 or newer.`,
    );
  }
  const start = ((view.getUint8(Field.SetupSectors) || 4) + 1) * 512;
  const end = start + view.getUint32(Field.SystemSize, true) * 16;
  // The size is in units of 16 bytes; the file may end within the last.
  if (file.length <= end - 16) throw truncated(name, end, file.length);
  const isRelocatable = view.getUint8(Field.Relocatable) !== 0;
  return {
    name,
    file,
    payload: file.subarray(start, end),
    preferredAddress: address64(view, Field.PreferredAddress),
    alignment: isRelocatable ? view.getUint32(Field.Alignment, true) : undefined,
    initSize: Math.max(view.getUint32(Field.InitSize, true), end - start),
    highestRamdiskAddress: view.getUint32(Field.HighestRamdiskAddress, true),
    commandLineSize: view.getUint32(Field.CommandLineSize, true),
  };
}

/** The preferred address if the kernel fits there, else the lowest possible one. */
function chooseLoadAddress(kernel: BzImage, memoryBytes: number): number {
  const { name, preferredAddress, alignment, initSize } = kernel;
  const fits = (address: number) => address >= LOWEST_LOAD_ADDRESS && address + initSize <= memoryBytes;
  if (fits(preferredAddress)) return preferredAddress;
  const lowest =
    alignment === undefined
      ? preferredAddress
      : Math.ceil(LOWEST_LOAD_ADDRESS / Math.max(alignment, PAGE)) * Math.max(alignment, PAGE);
  if (fits(lowest)) return lowest;
  throw new BootError(
    `${name}: needs ${inMebibytes(lowest + initSize)} of memory to start, the machine has ${inMebibytes(memoryBytes)}. Give it more, and some for what the kernel will run.`,
  );
}

/** Puts the archives as high as the kernel allows. Returns where, undefined without archives. */
function placeInitrds(
  machine: Machine,
  kernel: BzImage,
  loadAddress: number,
  initrds: readonly Uint8Array[],
): { start: number; size: number } | undefined {
  if (initrds.length === 0) return undefined;
  // Each archive begins at a multiple of 4, as its records do.
  const aligned = (bytes: number) => Math.ceil(bytes / 4) * 4;
  const size = initrds.reduce((sum, initrd) => aligned(sum) + initrd.length, 0);
  const limit = Math.min(machine.memoryBytes, kernel.highestRamdiskAddress + 1);
  const start = Math.floor((limit - size) / PAGE) * PAGE;
  const kernelEnd = loadAddress + kernel.initSize;
  if (start < kernelEnd) {
    throw new BootError(
      `The initial file system of ${inMebibytes(size)} does not fit into memory behind ${kernel.name}, which ends at ${inMebibytes(kernelEnd)}. Give the machine more than ${inMebibytes(kernelEnd + size)}.`,
    );
  }
  let position = start;
  for (const initrd of initrds) {
    position = aligned(position);
    machine.writePhysical(position, initrd);
    position += initrd.length;
  }
  return { start, size };
}

function encodeBootParameters(
  kernel: BzImage,
  memoryBytes: number,
  ramdisk: { start: number; size: number } | undefined,
  acpiRootPointer: number,
): Uint8Array {
  const bytes = new Uint8Array(PAGE);
  const view = new DataView(bytes.buffer);
  const headerEnd = Math.min(Field.Signature + kernel.file[Field.HeaderLength], Field.MemoryMap);
  bytes.set(kernel.file.subarray(Field.SetupSectors, headerEnd), Field.SetupSectors);
  bytes[Field.LoaderType] = LOADER_TYPE;
  view.setUint32(Field.CommandLine, COMMAND_LINE, true);
  view.setUint32(Field.RamdiskAddress, ramdisk?.start ?? 0, true);
  view.setUint32(Field.RamdiskSize, ramdisk?.size ?? 0, true);
  view.setBigUint64(Field.AcpiRootPointer, BigInt(acpiRootPointer), true);
  const ranges = addressRanges(memoryBytes);
  bytes[Field.MemoryMapCount] = ranges.length;
  for (const [index, { start, end, type }] of ranges.entries()) {
    const at = Field.MemoryMap + index * MEMORY_MAP_ENTRY;
    view.setBigUint64(at, BigInt(start), true);
    view.setBigUint64(at + 8, BigInt(end - start), true);
    view.setUint32(at + 16, type, true);
  }
  return bytes;
}

/** A 64-bit value as a number. What exceeds 2^53 is rounded: still far outside of any memory. */
function address64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
