import type { Machine } from '../machine-api.ts';
import { BootError, inMebibytes, truncated } from './boot-error.ts';
import { isElf, readElfImage } from './elf-image.ts';
import {
  addressRanges,
  FIRMWARE_PLACES,
  HIGH_MEMORY_START,
  LOW_MEMORY_END,
  placeFirmware,
} from './firmware.ts';
import { type Place, requireFree } from './places.ts';
import { writeProtectedModeEntry } from './protected-mode-entry.ts';

/**
 * Multiboot 1 (Multiboot Specification 0.6.96): an ELF file, or a file whose header says itself where it goes, with
 * modules, command line and memory map; the CPU in 32-bit protected mode without paging, EAX = magic number and
 * EBX = address of the information structure.
 */
export interface MultibootImages {
  readonly kernel: Uint8Array;
  /** Loaded at page boundaries behind the kernel; each has its name and command line as its string. */
  readonly modules?: readonly MultibootModule[];
  readonly commandLine?: string | undefined;
  /** What messages call the kernel. */
  readonly kernelName?: string;
}

export interface MultibootModule {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly commandLine?: string | undefined;
}

const PAGE = 4096;
const HEADER_MAGIC = 0x1bad_b002;
const HEADER_SIZE = 12;
const ADDRESS_FIELDS_END = 32;
/** The header lies in the first 8 KiB, at a multiple of 4. */
const SEARCHED_BYTES = 8192;
const BOOTED_MAGIC = 0x2bad_b002;

/** What a kernel may demand: aligned modules, memory information (both always given), a video mode. */
const KNOWN_DEMANDS = 0b111;
const DEMANDS = 0xffff;
const HAS_ADDRESS_FIELDS = 1 << 16;

/**
 * Low memory this loader uses, high enough for kernels that lie there too: information structure, and behind it what that
 * points to; descriptor table and stack.
 */
const INFORMATION = 0x7_0000;
const INFORMATION_SIZE = 116;
const INFORMATION_END = 0x7_f000;
const ENTRY_STATE = INFORMATION_END;
const STACK_TOP = 0x8_0000;
const TAKEN: readonly Place[] = [
  { start: ENTRY_STATE, end: STACK_TOP, what: 'descriptor table and stack' },
  { start: INFORMATION, end: INFORMATION_END, what: "loader's information" },
  ...FIRMWARE_PLACES,
];

/** Which parts of the information structure are there: memory, command line, modules, memory map, loader's name. */
const INFORMATION_FLAGS = (1 << 0) | (1 << 2) | (1 << 3) | (1 << 6) | (1 << 9);
const LOADER_NAME = 'A9N';

interface Header {
  readonly offset: number;
  readonly flags: number;
}

interface Part {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly memorySize: number;
}

/** True if the file has a multiboot header. */
export const isMultibootKernel = (file: Uint8Array): boolean => findHeader(file) !== undefined;

/** Loads the images into a freshly created machine and sets its CPU. Throws BootError for unusable images. */
export function bootMultiboot(machine: Machine, images: MultibootImages): void {
  const name = images.kernelName ?? 'kernel';
  const header = findHeader(images.kernel);
  if (header === undefined) throw new BootError(`${name}: has no multiboot header. Link one into its start.`);
  const unknown = header.flags & DEMANDS & ~KNOWN_DEMANDS;
  if (unknown !== 0) {
    throw new BootError(
      `${name}: its multiboot header demands what this loader does not know (flags 0x${unknown.toString(16)}). Clear these bits, or boot it another way.`,
    );
  }
  const { entry, parts } =
    (header.flags & HAS_ADDRESS_FIELDS) !== 0
      ? readByHeader(name, images.kernel, header)
      : readElf(name, images.kernel);
  const kernelEnd = loadParts(machine, name, parts);
  const modules = loadModules(machine, kernelEnd, images.modules ?? []);
  placeFirmware(machine);
  writeInformation(machine, textOf(name, images.commandLine), modules);
  writeProtectedModeEntry(machine, ENTRY_STATE, {
    entry,
    eax: BOOTED_MAGIC,
    ebx: INFORMATION,
    stackTop: STACK_TOP,
  });
}

function findHeader(file: Uint8Array): Header | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = Math.min(file.length, SEARCHED_BYTES) - HEADER_SIZE;
  for (let offset = 0; offset <= end; offset += 4) {
    if (view.getUint32(offset, true) !== HEADER_MAGIC) continue;
    const flags = view.getUint32(offset + 4, true);
    if (((HEADER_MAGIC + flags + view.getUint32(offset + 8, true)) | 0) === 0) return { offset, flags };
  }
  return undefined;
}

/** The header's own address fields ("a.out kludge"): the file from some offset on goes to one address. */
function readByHeader(name: string, file: Uint8Array, { offset }: Header): { entry: number; parts: Part[] } {
  if (file.length < offset + ADDRESS_FIELDS_END)
    throw truncated(name, offset + ADDRESS_FIELDS_END, file.length);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const field = (index: number) => view.getUint32(offset + HEADER_SIZE + 4 * index, true);
  const [headerAddress, loadAddress, loadEnd, bssEnd, entry] = [0, 1, 2, 3, 4].map(field);
  const start = offset - (headerAddress - loadAddress);
  const size = loadEnd === 0 ? file.length - start : loadEnd - loadAddress;
  if (start < 0 || headerAddress < loadAddress || size <= 0) {
    throw new BootError(
      `${name}: the address fields of its multiboot header contradict each other. Check the symbols they are made of.`,
    );
  }
  if (start + size > file.length) throw truncated(name, start + size, file.length);
  const memorySize = Math.max(size, bssEnd === 0 ? 0 : bssEnd - loadAddress);
  return { entry, parts: [{ address: loadAddress, bytes: file.subarray(start, start + size), memorySize }] };
}

function readElf(name: string, file: Uint8Array): { entry: number; parts: Part[] } {
  if (!isElf(file)) {
    throw new BootError(
      `${name}: is no ELF file, and its multiboot header has no address fields. Link it as ELF, or set bit 16 of the flags and fill in the addresses.`,
    );
  }
  const elf = readElfImage(name, file, 'any');
  const parts = elf.segments.map(({ physicalAddress, bytes, memorySize }) => ({
    address: physicalAddress,
    bytes,
    memorySize,
  }));
  // An entry point that is a virtual address lies as far into its segment.
  const home = elf.segments.find(
    ({ virtualAddress, memorySize }) =>
      elf.entry >= virtualAddress && elf.entry < virtualAddress + memorySize,
  );
  const entry = home === undefined ? elf.entry : elf.entry - home.virtualAddress + home.physicalAddress;
  return { entry, parts };
}

/** Returns where the kernel ends. */
function loadParts(machine: Machine, name: string, parts: readonly Part[]): number {
  for (const { address, bytes, memorySize } of parts) {
    const range = { start: address, end: address + memorySize };
    requireFree(`${name}: a segment at physical`, range, machine.memoryBytes, TAKEN);
    machine.writePhysical(address, bytes);
  }
  // Modules lie above 1 MiB even if the kernel does not.
  return Math.max(HIGH_MEMORY_START, ...parts.map(({ address, memorySize }) => address + memorySize));
}

interface LoadedModule {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function loadModules(machine: Machine, from: number, modules: readonly MultibootModule[]): LoadedModule[] {
  let position = from;
  return modules.map(({ name, bytes, commandLine }) => {
    const start = Math.ceil(position / PAGE) * PAGE;
    position = start + bytes.length;
    if (position > machine.memoryBytes) {
      throw new BootError(
        `${name}: this module does not fit into memory behind the kernel. Give the machine more than ${inMebibytes(position)}.`,
      );
    }
    machine.writePhysical(start, bytes);
    return { text: textOf(name, commandLine), start, end: position };
  });
}

function writeInformation(machine: Machine, commandLine: string, modules: readonly LoadedModule[]): void {
  let free = INFORMATION + INFORMATION_SIZE;
  const put = (bytes: Uint8Array): number => {
    const at = Math.ceil(free / 8) * 8;
    free = at + bytes.length;
    if (free > INFORMATION_END) {
      throw new BootError(
        `The command line and the names of the modules are longer than the ${INFORMATION_END - INFORMATION} bytes there are for them. Shorten them.`,
      );
    }
    machine.writePhysical(at, bytes);
    return at;
  };
  const putText = (text: string) => put(new TextEncoder().encode(`${text}\0`));

  const ranges = addressRanges(machine.memoryBytes);
  const memoryMap = put(
    // The size of an entry does not count itself.
    words(ranges.flatMap(({ start, end, type }) => [20, start, 0, end - start, 0, type])),
  );
  const moduleList = put(words(modules.flatMap(({ text, start, end }) => [start, end, putText(text), 0])));
  const kibibytes = (bytes: number) => Math.floor(bytes / 1024);
  const fields: [offset: number, value: number][] = [
    [0, INFORMATION_FLAGS],
    [4, kibibytes(LOW_MEMORY_END)],
    [8, kibibytes(machine.memoryBytes - HIGH_MEMORY_START)],
    [16, putText(commandLine)],
    [20, modules.length],
    [24, moduleList],
    [44, ranges.length * 24],
    [48, memoryMap],
    [64, putText(LOADER_NAME)],
  ];
  const information = new DataView(new ArrayBuffer(INFORMATION_SIZE));
  for (const [offset, value] of fields) information.setUint32(offset, value, true);
  machine.writePhysical(INFORMATION, new Uint8Array(information.buffer));
}

/** What kernel and modules are told: file name, then command line. */
const textOf = (path: string, commandLine = ''): string => `${fileName(path)} ${commandLine}`.trimEnd();

/** Where the files lie is nothing to the guest. */
const fileName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

const words = (values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
