/**
 * The boot archive of a KOITO image. It is the last segment of the ELF file: one page that begins with the archive's size, then the
 * archive. Nothing lies behind it in memory, so it can be replaced by a larger one; symbols and debug information stay as they are.
 */

const PAGE = 4096;
/** The kernel takes init images up to 128 MiB. */
const MAX_PAGES = 32_768;
const SECTION = '.archive';
const END_SYMBOL = 'koito_archive_end';

/** The file is no image with a boot archive, or the archive does not fit. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}

/** The archive of an image. Throws ImageError. */
export function archiveOf(image: Uint8Array): Uint8Array {
  const view = viewOf(image);
  const { offset, fileSize } = view.segment(view.archiveSegment());
  const size = Number(new DataView(image.buffer, image.byteOffset + offset, 8).getBigUint64(0, true));
  if (PAGE + size > fileSize) throw new ImageError('its boot archive is larger than the segment it is in');
  return image.subarray(offset + PAGE, offset + PAGE + size);
}

/** The image with another archive. Throws ImageError. */
export function withArchive(image: Uint8Array, archive: Uint8Array): Uint8Array {
  const before = viewOf(image);
  const index = before.archiveSegment();
  const { address, offset: oldOffset, fileSize: oldSize } = before.segment(index);
  const segmentSize = PAGE + archive.length;
  const pages = Math.ceil((address + segmentSize) / PAGE);
  if (pages > MAX_PAGES) {
    throw new ImageError(
      `the image would be ${Math.ceil(pages / 256)} MiB large, the kernel takes 128 MiB. Leave files out of the archive.`,
    );
  }
  // What only the old archive needs at the end of the file goes.
  const kept = oldOffset + oldSize >= image.length - PAGE ? image.subarray(0, oldOffset) : image;
  const offset = Math.ceil(kept.length / PAGE) * PAGE;
  const result = new Uint8Array(offset + segmentSize);
  result.set(kept);
  result.set(archive, offset + PAGE);
  const after = viewOf(result);
  after.data.setBigUint64(offset, BigInt(archive.length), true);
  after.setSegment(index, offset, segmentSize);
  after.setSection(SECTION, offset, segmentSize);
  after.setSymbol(END_SYMBOL, address + segmentSize);
  return result;
}

/** Fields of ELF files of class 64 (System V gABI, chapters 4 and 5). */
function viewOf(file: Uint8Array) {
  const data = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isElf = file.length >= 64 && data.getUint32(0) === 0x7f45_4c46 && file[4] === 2 && file[5] === 1;
  if (!isElf) throw new ImageError('it is no 64-bit ELF file');
  const word = (at: number) => {
    if (at + 8 > file.length) throw new ImageError('it is truncated');
    return Number(data.getBigUint64(at, true));
  };
  const setWord = (at: number, value: number) => data.setBigUint64(at, BigInt(value), true);
  const programHeader = (index: number) => word(32) + index * data.getUint16(54, true);
  const programCount = data.getUint16(56, true);
  const sectionHeader = (index: number) => word(40) + index * data.getUint16(58, true);
  const sectionCount = data.getUint16(60, true);

  const text = (at: number) => {
    let end = at;
    while (end < file.length && file[end] !== 0) end++;
    return new TextDecoder('latin1').decode(file.subarray(at, end));
  };
  const section = (index: number) => {
    const at = sectionHeader(index);
    if (at + 64 > file.length) throw new ImageError('it is truncated');
    return {
      at,
      name: data.getUint32(at, true),
      type: data.getUint32(at + 4, true),
      offset: word(at + 24),
      size: word(at + 32),
      link: data.getUint32(at + 40, true),
    };
  };
  const sections = () => {
    const names = section(data.getUint16(62, true)).offset;
    return Array.from({ length: sectionCount }, (_, index) => {
      const found = section(index);
      return { ...found, name: text(names + found.name) };
    });
  };
  const segment = (index: number) => {
    const at = programHeader(index);
    return {
      type: data.getUint32(at, true),
      offset: word(at + 8),
      address: word(at + 16),
      fileSize: word(at + 32),
      memorySize: word(at + 40),
    };
  };

  return {
    data,
    segment,
    /** Index of the segment that holds the archive section. */
    archiveSegment(): number {
      const archive = sections().find(({ name }) => name === SECTION);
      const segments = Array.from({ length: programCount }, (_, index) => segment(index));
      const index = segments.findIndex(
        ({ type, offset }) => type === 1 && archive !== undefined && offset === archive.offset,
      );
      const found = segments[index];
      if (found === undefined || found.fileSize < PAGE) {
        throw new ImageError(`it has no boot archive (section ${SECTION}). Give a koito.elf of this build.`);
      }
      if (segments.some(({ type, address }) => type === 1 && address > found.address)) {
        throw new ImageError('its boot archive is not its last segment');
      }
      return index;
    },
    setSegment(index: number, offset: number, size: number) {
      const at = programHeader(index);
      setWord(at + 8, offset);
      setWord(at + 32, size);
      setWord(at + 40, size);
    },
    setSection(name: string, offset: number, size: number) {
      const found = sections().find((each) => each.name === name);
      if (found === undefined) return;
      setWord(found.at + 24, offset);
      setWord(found.at + 32, size);
    },
    setSymbol(name: string, value: number) {
      const all = sections();
      const symbols = all.find(({ type }) => type === 2);
      if (symbols === undefined) return;
      const names = all[symbols.link].offset;
      for (let at = symbols.offset; at + 24 <= symbols.offset + symbols.size; at += 24) {
        if (text(names + data.getUint32(at, true)) === name) setWord(at + 8, value);
      }
    },
  };
}
