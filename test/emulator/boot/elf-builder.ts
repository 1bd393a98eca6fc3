/** Builds small ELF64 executables for tests. */
export interface ElfParts {
  readonly entry: number;
  readonly segments: readonly {
    readonly virtualAddress: number;
    readonly physicalAddress?: number;
    readonly bytes: Uint8Array;
    readonly memorySize?: number;
  }[];
  readonly symbols?: Readonly<Record<string, number>>;
}

const HEADER = 64;
const PROGRAM_HEADER = 56;
const SECTION_HEADER = 64;
const SYMBOL = 24;

/** Tables of words lie on word boundaries. */
const align = (offset: number) => Math.ceil(offset / 8) * 8;

export function buildElf({ entry, segments, symbols = {} }: ElfParts): Uint8Array {
  const names = Object.keys(symbols);
  const strings = new TextEncoder().encode(`\0${names.map((name) => `${name}\0`).join('')}`);
  const contents = HEADER + segments.length * PROGRAM_HEADER;
  const symbolTable = align(contents + segments.reduce((sum, segment) => sum + segment.bytes.length, 0));
  const stringTable = symbolTable + (names.length + 1) * SYMBOL;
  const sections = align(stringTable + strings.length);
  const file = new Uint8Array(sections + 3 * SECTION_HEADER);
  const view = new DataView(file.buffer);
  const word = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);

  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  word(24, entry);
  word(32, HEADER);
  word(40, sections);
  view.setUint16(52, HEADER, true);
  view.setUint16(54, PROGRAM_HEADER, true);
  view.setUint16(56, segments.length, true);
  view.setUint16(58, SECTION_HEADER, true);
  view.setUint16(60, 3, true);

  let position = contents;
  for (const [index, segment] of segments.entries()) {
    const header = HEADER + index * PROGRAM_HEADER;
    view.setUint32(header, 1, true);
    view.setUint32(header + 4, 7, true);
    word(header + 8, position);
    word(header + 16, segment.virtualAddress);
    word(header + 24, segment.physicalAddress ?? segment.virtualAddress);
    word(header + 32, segment.bytes.length);
    word(header + 40, segment.memorySize ?? segment.bytes.length);
    word(header + 48, 1);
    file.set(segment.bytes, position);
    position += segment.bytes.length;
  }

  let text = 1;
  for (const [index, name] of names.entries()) {
    const symbol = symbolTable + (index + 1) * SYMBOL;
    view.setUint32(symbol, text, true);
    view.setUint16(symbol + 6, 0xfff1, true);
    word(symbol + 8, symbols[name]);
    text += name.length + 1;
  }
  file.set(strings, stringTable);

  const section = (index: number, type: number, start: number, size: number, link: number) => {
    const header = sections + index * SECTION_HEADER;
    view.setUint32(header + 4, type, true);
    word(header + 24, start);
    word(header + 32, size);
    view.setUint32(header + 40, link, true);
    word(header + 56, type === 2 ? SYMBOL : 0);
  };
  section(1, 2, symbolTable, (names.length + 1) * SYMBOL, 2);
  section(2, 3, stringTable, strings.length, 0);
  return file;
}
