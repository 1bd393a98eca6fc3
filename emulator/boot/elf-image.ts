/**
 * Reads an executable ELF64 file for x86-64 as far as a boot loader needs it: loadable segments, entry point and
 * symbols by name (System V gABI, chapters 4 and 5).
 */
export interface ElfSegment {
  readonly virtualAddress: number;
  readonly physicalAddress: number;
  /** The bytes the file holds; the segment goes on with zeros up to `memorySize`. */
  readonly bytes: Uint8Array;
  readonly memorySize: number;
}

export interface ElfImage {
  /** What messages call the file. */
  readonly name: string;
  readonly entry: number;
  /** Loadable segments with a size, in file order. */
  readonly segments: readonly ElfSegment[];
  /** Value of a defined symbol of the symbol table, undefined if there is none. */
  findSymbol(name: string): number | undefined;
}

/** An image that cannot be booted. The message names the file, the cause and the remedy. */
export class BootError extends Error {
  override readonly name = 'BootError';
}

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const SECTION_HEADER_SIZE = 64;
const SYMBOL_SIZE = 24;
const ET_EXEC = 2;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const SHT_SYMTAB = 2;

const MACHINE_NAMES: Record<number, string> = { 3: 'x86 (32-bit)', 40: 'ARM', 183: 'AArch64', 243: 'RISC-V' };

/** Reads `file`; `name` is used in messages. Throws BootError. */
export function readElfImage(name: string, file: Uint8Array): ElfImage {
  checkIdentification(name, file);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER_SIZE) throw truncated(name, HEADER_SIZE, file.length);

  const machine = view.getUint16(18, true);
  if (machine !== EM_X86_64) {
    const found = MACHINE_NAMES[machine] ?? `machine ${machine}`;
    throw new BootError(`${name}: built for ${found}, not for x86-64. Build it with an x86_64 compiler.`);
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC) {
    throw new BootError(
      `${name}: not a fixed-address executable (ELF type ${type}). Link it with -static -no-pie; object files and shared libraries cannot be booted.`,
    );
  }

  const reader: Reader = { name, file, view };
  const segments = readSegments(reader);
  if (segments.length === 0) {
    throw new BootError(
      `${name}: has no loadable segment. Check the linker script: nothing would be in memory.`,
    );
  }
  return {
    name,
    entry: readAddress(reader, 24),
    segments,
    findSymbol: (symbol) => findSymbol(reader, symbol),
  };
}

interface Reader {
  readonly name: string;
  readonly file: Uint8Array;
  readonly view: DataView;
}

function checkIdentification(name: string, file: Uint8Array): void {
  if (file.length < 4 || file[0] !== 0x7f || file[1] !== 0x45 || file[2] !== 0x4c || file[3] !== 0x46) {
    const what = file.length === 0 ? 'is empty' : 'does not begin with the ELF signature';
    throw new BootError(`${name}: not an ELF file: it ${what}. Give the linked ELF executable.`);
  }
  if (file.length < 16) throw truncated(name, HEADER_SIZE, file.length);
  if (file[4] !== 2) {
    throw new BootError(`${name}: a 32-bit ELF file. A9N runs 64-bit programs: compile without -m32.`);
  }
  if (file[5] !== 1) {
    throw new BootError(`${name}: a big-endian ELF file. x86-64 is little-endian: use an x86_64 compiler.`);
  }
}

function truncated(name: string, needed: number, length: number): BootError {
  return new BootError(
    `${name}: truncated: its headers speak of ${needed} bytes, the file has ${length}. Build or copy it again.`,
  );
}

/** A 64-bit value as a number. What exceeds 2^53 is rounded: still far outside of any memory. */
function readAddress({ view }: Reader, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function requireBytes({ name, file }: Reader, start: number, length: number): void {
  if (start + length > file.length) throw truncated(name, start + length, file.length);
}

function readSegments(reader: Reader): ElfSegment[] {
  const { name, file, view } = reader;
  const table = readAddress(reader, 32);
  const entrySize = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  if (count > 0 && entrySize < PROGRAM_HEADER_SIZE) {
    throw new BootError(`${name}: damaged: program headers of ${entrySize} bytes. Build it again.`);
  }
  requireBytes(reader, table, count * entrySize);
  const segments: ElfSegment[] = [];
  for (let i = 0; i < count; i++) {
    const header = table + i * entrySize;
    const fileSize = readAddress(reader, header + 32);
    const memorySize = readAddress(reader, header + 40);
    if (view.getUint32(header, true) !== PT_LOAD || memorySize === 0) continue;
    const offset = readAddress(reader, header + 8);
    requireBytes(reader, offset, fileSize);
    if (fileSize > memorySize) {
      throw new BootError(
        `${name}: damaged: segment ${i} is larger in the file than in memory. Build it again.`,
      );
    }
    segments.push({
      virtualAddress: readAddress(reader, header + 16),
      physicalAddress: readAddress(reader, header + 24),
      bytes: file.subarray(offset, offset + fileSize),
      memorySize,
    });
  }
  return segments;
}

function findSymbol(reader: Reader, wanted: string): number | undefined {
  const { view, file } = reader;
  const table = readAddress(reader, 40);
  const count = table === 0 ? 0 : view.getUint16(60, true);
  requireBytes(reader, table, count * SECTION_HEADER_SIZE);
  const name = new TextEncoder().encode(`${wanted}\0`);
  for (let i = 0; i < count; i++) {
    const section = table + i * SECTION_HEADER_SIZE;
    const link = view.getUint32(section + 40, true);
    if (view.getUint32(section + 4, true) !== SHT_SYMTAB || link >= count) continue;
    const start = readAddress(reader, section + 24);
    const size = readAddress(reader, section + 32);
    const strings = readAddress(reader, table + link * SECTION_HEADER_SIZE + 24);
    requireBytes(reader, start, size);
    for (let symbol = start; symbol + SYMBOL_SIZE <= start + size; symbol += SYMBOL_SIZE) {
      const isDefined = view.getUint16(symbol + 6, true) !== 0;
      const text = strings + view.getUint32(symbol, true);
      if (isDefined && name.every((byte, index) => file[text + index] === byte)) {
        return readAddress(reader, symbol + 8);
      }
    }
  }
  return undefined;
}
