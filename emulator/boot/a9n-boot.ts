import type { Machine } from '../machine-api.ts';
import { BootError } from './boot-error.ts';
import { type ElfImage, readElfImage } from './elf-image.ts';
import { HIGH_MEMORY_START, placeFirmware } from './firmware.ts';
import { ENTRY_STATE_SIZE, writeLongModeEntry } from './long-mode-entry.ts';
import { buildMemoryMap, type MemoryRange, type MemoryType } from './memory-map.ts';

/**
 * The A9N boot protocol as a UEFI loader would carry it out: kernel and init image in memory, boot_info filled,
 * the CPU in long mode at the kernel's entry with RDI = boot_info.
 */
export interface BootImages {
  readonly kernel: Uint8Array;
  readonly init: Uint8Array;
  /** What messages call the files. */
  readonly kernelName?: string;
  readonly initName?: string;
  /** Default 2026. */
  readonly abi?: A9nAbi | undefined;
}

const PAGE = 4096;
const LARGE_PAGE = 2 * 1024 * 1024;

/** Low memory this loader uses. Page 0x6000 is where the kernel may start further processors. */
const PROCESSOR_START_PAGE = 0x6000;
const BOOT_INFO = 0x7000;
const MEMORY_MAP = 0x8000;
const MAX_MEMORY_MAP_ENTRIES = PAGE / 24;
const ENTRY_STATE = 0x9000;
const LOWEST_KERNEL_ADDRESS = HIGH_MEMORY_START;

/** Size of boot_info by the year of the ABI (ABI-2026, sections 20 and 23): the later one has more arch_info. */
const BOOT_INFO_SIZE = { 2025: 0x80, 2026: 0x440 } as const;
/** Generation of the boot protocol. Kernels of both look alike, so the user must know. */
export type A9nAbi = keyof typeof BOOT_INFO_SIZE;
const MAX_INIT_PAGES = 32768;
const INIT_INFO_SYMBOL = '__init_info_start';
const IPC_BUFFER_SYMBOL = '__init_ipc_buffer_start';

interface InitImage {
  readonly elf: ElfImage;
  readonly pageCount: number;
  readonly initInfo: number;
  readonly ipcBuffer: number;
}

/** Loads both images into a freshly created machine and sets its CPU. Throws BootError for unusable images. */
export function bootA9n(machine: Machine, images: BootImages): void {
  const kernel = readElfImage(images.kernelName ?? 'kernel', images.kernel);
  const init = readInitImage(images.initName ?? 'init image', images.init);
  const kernelRange = loadKernel(machine, kernel);
  const initRange = loadInit(machine, init, kernelRange);

  const memoryMap = buildMemoryMap(machine.memoryBytes, [
    { start: PROCESSOR_START_PAGE, end: PROCESSOR_START_PAGE + PAGE },
    { start: BOOT_INFO, end: BOOT_INFO + PAGE },
    { start: MEMORY_MAP, end: MEMORY_MAP + PAGE },
    { start: ENTRY_STATE, end: ENTRY_STATE + ENTRY_STATE_SIZE },
    kernelRange,
    initRange,
  ]);
  if (memoryMap.length > MAX_MEMORY_MAP_ENTRIES) throw new RangeError('memory map exceeds its page');
  machine.writePhysical(MEMORY_MAP, encodeMemoryMap(memoryMap));
  machine.writePhysical(
    BOOT_INFO,
    encodeBootInfo({
      memoryBytes: machine.memoryBytes,
      memoryMapCount: memoryMap.length,
      initRange,
      init,
      acpiRootPointer: placeFirmware(machine),
      abi: images.abi ?? 2026,
    }),
  );
  writeLongModeEntry(machine, ENTRY_STATE, { entry: kernel.entry, argument: BOOT_INFO });
}

function readInitImage(name: string, file: Uint8Array): InitImage {
  const elf = readElfImage(name, file);
  const end = Math.max(...elf.segments.map((segment) => segment.physicalAddress + segment.memorySize));
  const pageCount = Math.ceil(end / PAGE);
  if (pageCount > MAX_INIT_PAGES) {
    throw new BootError(
      `${name}: would be ${pageCount} pages long from address 0, the kernel takes ${MAX_INIT_PAGES}. Link the init image to start at address 0.`,
    );
  }
  if (elf.entry >= pageCount * PAGE) {
    throw new BootError(
      `${name}: its entry point lies outside of the image. Check ENTRY in the linker script.`,
    );
  }
  const initInfo = requireSymbol(elf, INIT_INFO_SYMBOL);
  const ipcBuffer = requireSymbol(elf, IPC_BUFFER_SYMBOL);
  if (ipcBuffer % PAGE !== 0) {
    throw new BootError(
      `${name}: ${IPC_BUFFER_SYMBOL} is not page-aligned. Align it to 4096 in the linker script.`,
    );
  }
  return { elf, pageCount, initInfo, ipcBuffer };
}

function requireSymbol(elf: ElfImage, symbol: string): number {
  const value = elf.findSymbol(symbol);
  if (value === undefined) {
    throw new BootError(
      `${elf.name}: has no symbol ${symbol}, so it is no A9N init image or it is stripped. Link it with an init linker script and keep its symbol table.`,
    );
  }
  return value;
}

/** Copies the kernel's segments to their physical addresses. */
function loadKernel(machine: Machine, kernel: ElfImage): MemoryRange {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const segment of kernel.segments) {
    const from = segment.physicalAddress;
    const to = from + segment.memorySize;
    const place = `${kernel.name}: a segment at physical 0x${from.toString(16)}…0x${to.toString(16)}`;
    if (from < LOWEST_KERNEL_ADDRESS) {
      throw new BootError(
        `${place} begins below 1 MiB, where the loader keeps its tables. Link the kernel with physical addresses from 0x100000.`,
      );
    }
    if (to > machine.memoryBytes) {
      throw new BootError(
        `${place} lies outside of memory, which has ${machine.memoryBytes / 2 ** 20} MiB. Give the machine more memory or link the kernel lower.`,
      );
    }
    machine.writePhysical(from, segment.bytes);
    clear(machine, from + segment.bytes.length, to);
    start = Math.min(start, from);
    end = Math.max(end, to);
  }
  if (kernel.entry < start || kernel.entry >= end) {
    throw new BootError(
      `${kernel.name}: entry point 0x${kernel.entry.toString(16)} is not a physical address inside the kernel. Use the physical address of the first instruction as ENTRY.`,
    );
  }
  return { start: Math.floor(start / PAGE) * PAGE, end: Math.ceil(end / PAGE) * PAGE };
}

/** Copies the init image to the first free 2 MiB boundary above the kernel. */
function loadInit(machine: Machine, init: InitImage, kernel: MemoryRange): MemoryRange {
  const size = init.pageCount * PAGE;
  const start = Math.ceil(kernel.end / LARGE_PAGE) * LARGE_PAGE;
  if (start + size > machine.memoryBytes) {
    const needed = Math.ceil((start + size) / 2 ** 20);
    throw new BootError(
      `${init.elf.name}: does not fit into memory behind the kernel. Give the machine more than ${needed} MiB.`,
    );
  }
  clear(machine, start, start + size);
  for (const segment of init.elf.segments) {
    machine.writePhysical(start + segment.physicalAddress, segment.bytes);
  }
  return { start, end: start + size };
}

function clear(machine: Machine, start: number, end: number): void {
  if (end > start) machine.writePhysical(start, new Uint8Array(end - start));
}

function encodeMemoryMap(map: readonly { start: number; pageCount: number; type: MemoryType }[]): Uint8Array {
  const bytes = new Uint8Array(map.length * 24);
  const view = new DataView(bytes.buffer);
  for (const [index, entry] of map.entries()) {
    view.setBigUint64(index * 24, BigInt(entry.start), true);
    view.setBigUint64(index * 24 + 8, BigInt(entry.pageCount), true);
    view.setUint32(index * 24 + 16, entry.type, true);
  }
  return bytes;
}

function encodeBootInfo(info: {
  readonly memoryBytes: number;
  readonly memoryMapCount: number;
  readonly initRange: MemoryRange;
  readonly init: InitImage;
  readonly acpiRootPointer: number;
  readonly abi: A9nAbi;
}): Uint8Array {
  const { init, abi } = info;
  const bytes = new Uint8Array(BOOT_INFO_SIZE[abi]);
  const view = new DataView(bytes.buffer);
  const set = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  set(0x00, info.memoryBytes);
  view.setUint16(0x08, info.memoryMapCount, true);
  set(0x10, MEMORY_MAP);
  set(0x18, info.initRange.start);
  // Kernels of 2025 take the number of the last page.
  set(0x20, abi === 2025 ? init.pageCount - 1 : init.pageCount);
  set(0x28, init.elf.entry);
  set(0x30, init.initInfo);
  set(0x38, init.ipcBuffer);
  set(0x40, info.acpiRootPointer);
  return bytes;
}
