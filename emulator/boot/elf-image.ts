import { BootError, truncated } from './boot-error.ts';

/**
 * Reads an executable ELF file for x86 as far as a boot loader needs it: loadable segments, entry point and
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

/** Where the fields lie in the two classes of ELF files. */
interface Layout {
  readonly wordSize: 4 | 8;
  readonly header: Fields<'size' | 'entry' | 'programHeaders' | 'sectionHeaders'>;
  readonly counts: Fields<'programHeaderSize' | 'programHeaders' | 'sectionHeaders'>;
  readonly program: Fields<
    'size' | 'offset' | 'virtualAddress' | 'physicalAddress' | 'fileSize' | 'memorySize'
  >;
  readonly section: Fields<'size' | 'offset' | 'contentSize' | 'link'>;
  readonly symbol: Fields<'size' | 'section' | 'value'>;
}
type Fields<Names extends string> = Readonly<Record<Names, number>>;

const ELF64: Layout = {
  wordSize: 8,
  header: { size: 64, entry: 24, programHeaders: 32, sectionHeaders: 40 },
  counts: { programHeaderSize: 54, programHeaders: 56, sectionHeaders: 60 },
  program: { size: 56, offset: 8, virtualAddress: 16, physicalAddress: 24, fileSize: 32, memorySize: 40 },
  section: { size: 64, offset: 24, contentSize: 32, link: 40 },
  symbol: { size: 24, section: 6, value: 8 },
};
const ELF32: Layout = {
  wordSize: 4,
  header: { size: 52, entry: 24, programHeaders: 28, sectionHeaders: 32 },
  counts: { programHeaderSize: 42, programHeaders: 44, sectionHeaders: 48 },
  program: { size: 32, offset: 4, virtualAddress: 8, physicalAddress: 12, fileSize: 16, memorySize: 20 },
  section: { size: 40, offset: 16, contentSize: 20, link: 24 },
  symbol: { size: 16, section: 14, value: 4 },
};

const ET_EXEC = 2;
const EM_386 = 3;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const SHT_SYMTAB = 2;

const MACHINE_NAMES: Record<number, string> = {
  [EM_386]: 'x86 (32-bit)',
  40: 'ARM',
  183: 'AArch64',
  243: 'RISC-V',
};

/** True if the file begins as ELF files do. */
export function isElf(file: Uint8Array): boolean {
  return file.length >= 4 && file[0] === 0x7f && file[1] === 0x45 && file[2] === 0x4c && file[3] === 0x46;
}

/** True for an ELF file of the 32-bit class. */
export const is32BitElf = (file: Uint8Array): boolean => isElf(file) && file[4] === 1;

/** Reads `file` of the 64-bit class, or of either; `name` is used in messages. Throws BootError. */
export function readElfImage(name: string, file: Uint8Array, classes: '64-bit' | 'any' = '64-bit'): ElfImage {
  checkIdentification(name, file, classes);
  const layout = is32BitElf(file) ? ELF32 : ELF64;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < layout.header.size) throw truncated(name, layout.header.size, file.length);

  const machine = view.getUint16(18, true);
  if (machine !== (layout === ELF64 ? EM_X86_64 : EM_386)) {
    const found = MACHINE_NAMES[machine] ?? `machine ${machine}`;
    throw new BootError(`${name}: built for ${found}, not for x86-64. Build it with an x86_64 compiler.`);
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC) {
    throw new BootError(
      `${name}: not a fixed-address executable (ELF type ${type}). Link it with -static -no-pie; object files and shared libraries cannot be booted.`,
    );
  }

  const reader: Reader = { name, file, view, layout };
  const segments = readSegments(reader);
  if (segments.length === 0) {
    throw new BootError(
      `${name}: has no loadable segment. Check the linker script: nothing would be in memory.`,
    );
  }
  return {
    name,
    entry: readAddress(reader, layout.header.entry),
    segments,
    findSymbol: (symbol) => findSymbol(reader, symbol),
  };
}

interface Reader {
  readonly name: string;
  readonly file: Uint8Array;
  readonly view: DataView;
  readonly layout: Layout;
}

function checkIdentification(name: string, file: Uint8Array, classes: '64-bit' | 'any'): void {
  if (!isElf(file)) {
    const what = file.length === 0 ? 'is empty' : 'does not begin with the ELF signature';
    throw new BootError(`${name}: not an ELF file: it ${what}. Give the linked ELF executable.`);
  }
  if (file.length < 16) throw truncated(name, ELF64.header.size, file.length);
  if (file[4] !== 2 && (classes === '64-bit' || file[4] !== 1)) {
    throw new BootError(`${name}: a 32-bit ELF file. A9N runs 64-bit programs: compile without -m32.`);
  }
  if (file[5] !== 1) {
    throw new BootError(`${name}: a big-endian ELF file. x86-64 is little-endian: use an x86_64 compiler.`);
  }
}

/** An address, offset or size of the file's class. What exceeds 2^53 is rounded: still far outside of any memory. */
function readAddress({ view, layout }: Reader, at: number): number {
  const low = view.getUint32(at, true);
  return layout.wordSize === 4 ? low : low + view.getUint32(at + 4, true) * 2 ** 32;
}

function requireBytes({ name, file }: Reader, start: number, length: number): void {
  if (start + length > file.length) throw truncated(name, start + length, file.length);
}

function readSegments(reader: Reader): ElfSegment[] {
  const { name, file, view, layout } = reader;
  const { program } = layout;
  const table = readAddress(reader, layout.header.programHeaders);
  const entrySize = view.getUint16(layout.counts.programHeaderSize, true);
  const count = view.getUint16(layout.counts.programHeaders, true);
  if (count > 0 && entrySize < program.size) {
    throw new BootError(`${name}: damaged: program headers of ${entrySize} bytes. Build it again.`);
  }
  requireBytes(reader, table, count * entrySize);
  const segments: ElfSegment[] = [];
  for (let i = 0; i < count; i++) {
    const header = table + i * entrySize;
    const fileSize = readAddress(reader, header + program.fileSize);
    const memorySize = readAddress(reader, header + program.memorySize);
    if (view.getUint32(header, true) !== PT_LOAD || memorySize === 0) continue;
    const offset = readAddress(reader, header + program.offset);
    requireBytes(reader, offset, fileSize);
    if (fileSize > memorySize) {
      throw new BootError(
        `${name}: damaged: segment ${i} is larger in the file than in memory. Build it again.`,
      );
    }
    segments.push({
      virtualAddress: readAddress(reader, header + program.virtualAddress),
      physicalAddress: readAddress(reader, header + program.physicalAddress),
      bytes: file.subarray(offset, offset + fileSize),
      memorySize,
    });
  }
  return segments;
}

function findSymbol(reader: Reader, wanted: string): number | undefined {
  const { view, file, layout } = reader;
  const table = readAddress(reader, layout.header.sectionHeaders);
  const count = table === 0 ? 0 : view.getUint16(layout.counts.sectionHeaders, true);
  requireBytes(reader, table, count * layout.section.size);
  const name = new TextEncoder().encode(`${wanted}\0`);
  for (let i = 0; i < count; i++) {
    const section = table + i * layout.section.size;
    const link = view.getUint32(section + layout.section.link, true);
    if (view.getUint32(section + 4, true) !== SHT_SYMTAB || link >= count) continue;
    const start = readAddress(reader, section + layout.section.offset);
    const size = readAddress(reader, section + layout.section.contentSize);
    const strings = readAddress(reader, table + link * layout.section.size + layout.section.offset);
    requireBytes(reader, start, size);
    for (let symbol = start; symbol + layout.symbol.size <= start + size; symbol += layout.symbol.size) {
      const isDefined = view.getUint16(symbol + layout.symbol.section, true) !== 0;
      const text = strings + view.getUint32(symbol, true);
      if (isDefined && name.every((byte, index) => file[text + index] === byte)) {
        return readAddress(reader, symbol + layout.symbol.value);
      }
    }
  }
  return undefined;
}
