/** ELF-64 little-endian x86-64 (System V gABI, chapters 4 and 5). */
import { ByteReader, cstringAt } from './byte-reader.ts';
import type { ElfFile, ElfSection, ElfSegment, ElfSymbol } from './symbol-api.ts';
import { SymbolError } from './symbol-error.ts';

const ET: ReadonlyMap<number, ElfFile['type']> = new Map([
  [1, 'relocatable'],
  [2, 'executable'],
  [3, 'shared'],
  [4, 'core'],
]);
const EM_X86_64 = 62;
const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, '32-bit x86'],
  [8, 'MIPS'],
  [20, 'PowerPC'],
  [21, '64-bit PowerPC'],
  [22, 's390'],
  [40, '32-bit Arm'],
  [183, 'AArch64'],
  [243, 'RISC-V'],
  [247, 'BPF'],
  [258, 'LoongArch'],
]);

export const PT_LOAD = 1;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHF_COMPRESSED = 0x800;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;
const SHN_UNDEF = 0;
const SHN_ABS = 0xfff1;
const SHN_XINDEX = 0xffff;
const PN_XNUM = 0xffff;

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const SECTION_HEADER_SIZE = 64;
const SYMBOL_SIZE = 24;

/** Reads headers and tables; section contents and symbols are views. `name` is for messages. Throws SymbolError. */
export function parseElf(bytes: Uint8Array, name: string): ElfFile {
  if (bytes.length === 0) throw new SymbolError(`${name} is empty. Build it again.`);
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new SymbolError(
      `${name} is not an ELF file: it does not start with 7F 45 4C 46. Name an x86-64 ELF executable.`,
    );
  }
  try {
    return parseTables(bytes, name);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new SymbolError(`${name} is a damaged ELF file: ${error.message}. Build or copy it again.`);
    }
    throw error;
  }
}

function parseTables(bytes: Uint8Array, name: string): ElfFile {
  const truncated = (what: string, end: number): SymbolError =>
    new SymbolError(
      `${name} is truncated: ${what} reaches to byte ${end}, but the file ends at byte ${bytes.length}. Build or copy it again.`,
    );
  if (bytes.length < HEADER_SIZE) throw truncated('the ELF header', HEADER_SIZE);
  if (bytes[4] !== 2)
    throw new SymbolError(`${name} is a 32-bit ELF file. The machine runs 64-bit code: compile with -m64.`);
  if (bytes[5] !== 1)
    throw new SymbolError(`${name} is a big-endian ELF file. The machine is little-endian x86-64.`);
  const header = new ByteReader(bytes, 16);
  const type = header.u16();
  const machine = header.u16();
  if (machine !== EM_X86_64) {
    const what = MACHINES.get(machine) ?? `machine number ${machine}`;
    throw new SymbolError(
      `${name} is an ELF file for ${what}. The machine runs x86-64: use a compiler for that.`,
    );
  }
  const knownType = ET.get(type);
  if (knownType === undefined)
    throw new SymbolError(`${name} has the unknown ELF type ${type}. Name an executable.`);
  header.skip(4);
  const entry = header.u64();
  const programHeaders = header.u64AsNumber();
  const sectionHeaders = header.u64AsNumber();
  header.skip(6);
  const programHeaderSize = header.u16();
  let programHeaderCount = header.u16();
  const sectionHeaderSize = header.u16();
  let sectionCount = header.u16();
  let nameSection = header.u16();

  if (sectionHeaders !== 0) {
    if (sectionHeaderSize < SECTION_HEADER_SIZE)
      throw new RangeError(`section headers of ${sectionHeaderSize} bytes`);
    const firstEnd = sectionHeaders + SECTION_HEADER_SIZE;
    if (firstEnd > bytes.length) throw truncated('the section header table', firstEnd);
    // Counts that do not fit their fields are in section 0.
    const zero = new ByteReader(bytes, sectionHeaders);
    zero.skip(32);
    const extendedCount = zero.u64AsNumber();
    const link = zero.u32();
    const info = zero.u32();
    if (sectionCount === 0) sectionCount = extendedCount;
    if (nameSection === SHN_XINDEX) nameSection = link;
    if (programHeaderCount === PN_XNUM) programHeaderCount = info;
    const end = sectionHeaders + sectionCount * sectionHeaderSize;
    if (end > bytes.length) throw truncated('the section header table', end);
  } else {
    sectionCount = 0;
  }
  if (programHeaderCount > 0) {
    if (programHeaderSize < PROGRAM_HEADER_SIZE)
      throw new RangeError(`program headers of ${programHeaderSize} bytes`);
    const end = programHeaders + programHeaderCount * programHeaderSize;
    if (end > bytes.length) throw truncated('the program header table', end);
  }

  const segments: ElfSegment[] = [];
  for (let i = 0; i < programHeaderCount; i++) {
    const reader = new ByteReader(bytes, programHeaders + i * programHeaderSize);
    const segmentType = reader.u32();
    const flags = reader.u32();
    const offset = reader.u64AsNumber();
    const virtualAddress = reader.u64();
    const physicalAddress = reader.u64();
    const fileSize = reader.u64AsNumber();
    const memorySize = reader.u64();
    if (fileSize > 0 && offset + fileSize > bytes.length)
      throw truncated(`program segment ${i}`, offset + fileSize);
    segments.push({
      type: segmentType,
      virtualAddress,
      physicalAddress,
      bytes: fileSize > 0 ? bytes.subarray(offset, offset + fileSize) : new Uint8Array(),
      memorySize,
      executable: (flags & 1) !== 0,
      writable: (flags & 2) !== 0,
      readable: (flags & 4) !== 0,
    });
  }

  const sections: ElfSection[] = [];
  const links: number[] = [];
  const nameOffsets: number[] = [];
  for (let i = 0; i < sectionCount; i++) {
    const reader = new ByteReader(bytes, sectionHeaders + i * sectionHeaderSize);
    nameOffsets.push(reader.u32());
    const sectionType = reader.u32();
    const flags = Number(reader.u64() & 0xffff_ffffn);
    const address = reader.u64();
    const offset = reader.u64AsNumber();
    const size = reader.u64AsNumber();
    links.push(reader.u32());
    const inFile = sectionType !== SHT_NOBITS && i !== 0 && size > 0;
    if (inFile && offset + size > bytes.length) throw truncated(`section ${i}`, offset + size);
    const contents = inFile ? bytes.subarray(offset, offset + size) : new Uint8Array();
    sections.push({ name: '', type: sectionType, flags, address, size, bytes: contents });
  }
  const names = sections[nameSection]?.bytes ?? new Uint8Array();
  const named = sections.map((section, i) => ({
    ...section,
    name: nameOffsets[i] < names.length ? cstringAt(names, nameOffsets[i]) : '',
  }));

  let symbols: readonly ElfSymbol[] | undefined;
  return {
    name,
    type: knownType,
    entry,
    segments,
    sections: named,
    get symbols() {
      symbols ??= readSymbols(named, links);
      return symbols;
    },
  };
}

/** Defined, named symbols of .symtab. A damaged entry is left out. */
function readSymbols(sections: readonly ElfSection[], links: readonly number[]): readonly ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  for (const [i, table] of sections.entries()) {
    if (table.type !== SHT_SYMTAB) continue;
    const names = sections[links[i]]?.bytes ?? new Uint8Array();
    const reader = new ByteReader(table.bytes);
    while (reader.position + SYMBOL_SIZE <= reader.end) {
      const nameOffset = reader.u32();
      const info = reader.u8();
      reader.skip(1);
      const section = reader.u16();
      const address = reader.u64();
      const size = Number(reader.u64());
      const type = info & 15;
      if (section === SHN_UNDEF || section === SHN_ABS || type > 2) continue;
      if (nameOffset === 0 || nameOffset >= names.length || names.indexOf(0, nameOffset) < 0) continue;
      symbols.push({
        name: cstringAt(names, nameOffset),
        address,
        size,
        kind: type === 2 ? 'function' : type === 1 ? 'object' : 'other',
        binding: info >> 4 === 0 ? 'local' : info >> 4 === 2 ? 'weak' : 'global',
      });
    }
  }
  return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

/** Contents of a section by name; empty if it is absent. `compressed` sections cannot be read here. */
export function sectionBytes(
  elf: ElfFile,
  name: string,
): { readonly bytes: Uint8Array; readonly address: bigint; readonly compressed: boolean } {
  const section = elf.sections.find((candidate) => candidate.name === name);
  if (section === undefined) return { bytes: new Uint8Array(), address: 0n, compressed: false };
  if (section.flags & SHF_COMPRESSED)
    return { bytes: new Uint8Array(), address: section.address, compressed: true };
  return { bytes: section.bytes, address: section.address, compressed: false };
}

/** Loadable segments that the program cannot write: what memory must hold if this program is there. */
export function readOnlySegments(
  elf: ElfFile,
): ReadonlyArray<{ address: bigint; bytes: Uint8Array; executable: boolean }> {
  return elf.segments
    .filter((segment) => segment.type === PT_LOAD && !segment.writable && segment.bytes.length > 0)
    .map(({ virtualAddress, bytes, executable }) => ({ address: virtualAddress, bytes, executable }));
}
