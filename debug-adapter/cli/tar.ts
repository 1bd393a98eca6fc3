/**
 * Tar archives as bytes (POSIX.1-2017, utility pax, "ustar Interchange Format", with the extensions of GNU and pax as far as
 * names need them). Written archives say nothing of who made them when, so that equal contents are equal bytes.
 */

const BLOCK = 512;
const NAME_BYTES = 100;

/** A member of an archive as it stands there: extension headers, header and contents, padded. */
export interface TarRecord {
  /** Without leading "./" and trailing "/". */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface TarFile {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
  /** Permission bits. */
  readonly mode: number;
  /** A file's bytes, or the target of a symbolic link in UTF-8. */
  readonly contents: Uint8Array;
}

/** The archive is none, or damaged. */
export class TarError extends Error {
  override readonly name = 'TarError';
}

/** Splits an archive. Throws TarError. */
export function readTar(archive: Uint8Array): TarRecord[] {
  const records: TarRecord[] = [];
  let start = 0;
  let at = 0;
  let longName: string | undefined;
  while (at + BLOCK <= archive.length && archive.subarray(at, at + BLOCK).some((byte) => byte !== 0)) {
    const header = archive.subarray(at, at + BLOCK);
    if (octal(header, 148, 8) !== checksum(header)) {
      throw new TarError(`no tar header at byte ${at}: the checksum is wrong`);
    }
    const size = octal(header, 124, 12);
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (at + BLOCK + size > archive.length) {
      throw new TarError(`the archive ends within ${text(header, 0, NAME_BYTES)}`);
    }
    const contents = archive.subarray(at + BLOCK, at + BLOCK + size);
    const type = String.fromCharCode(header[156]);
    at = end;
    if (type === 'L') longName = text(contents, 0, contents.length);
    else if (type === 'x') longName = paxPath(contents) ?? longName;
    if (type === 'L' || type === 'K' || type === 'x') continue; // they belong to the header that follows
    if (type !== 'g') {
      const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : '';
      const name = longName ?? (prefix === '' ? '' : `${prefix}/`) + text(header, 0, NAME_BYTES);
      records.push({ name: plainName(name), bytes: archive.subarray(start, Math.min(end, archive.length)) });
    }
    longName = undefined;
    start = end;
  }
  return records;
}

/** One member. */
export function tarRecord(file: TarFile): TarRecord {
  const name = file.kind === 'directory' ? `${file.name}/` : file.name;
  const isLink = file.kind === 'link';
  const target = isLink ? file.contents : new Uint8Array();
  const parts: Uint8Array[] = [];
  const nameBytes = new TextEncoder().encode(name);
  if (nameBytes.length > NAME_BYTES) parts.push(...gnuLong('L', nameBytes));
  if (target.length > NAME_BYTES) parts.push(...gnuLong('K', target));
  const type = { file: '0', directory: '5', link: '2' }[file.kind];
  const contents = file.kind === 'file' ? file.contents : new Uint8Array();
  parts.push(header(nameBytes, type, file.mode, contents.length, target), contents, padding(contents.length));
  return { name: plainName(name), bytes: concatenate(parts) };
}

/** An archive of these members. Where a name occurs twice, the later one is taken, in the place of the earlier. */
export function joinTar(records: readonly TarRecord[]): Uint8Array {
  const byName = new Map<string, TarRecord>();
  for (const record of records) byName.set(record.name, record);
  const members = [...byName.values()].flatMap(({ bytes }) => [bytes, padding(bytes.length)]);
  return concatenate([...members, new Uint8Array(2 * BLOCK)]);
}

function gnuLong(type: 'L' | 'K', value: Uint8Array): Uint8Array[] {
  const size = value.length + 1;
  const name = new TextEncoder().encode('././@LongLink');
  return [header(name, type, 0, size, new Uint8Array()), value, new Uint8Array(1), padding(size)];
}

function header(name: Uint8Array, type: string, mode: number, size: number, target: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (value: string, offset: number) => block.set(new TextEncoder().encode(value), offset);
  const number = (value: number, offset: number, digits: number) =>
    put(value.toString(8).padStart(digits, '0'), offset);
  block.set(name.subarray(0, NAME_BYTES), 0);
  number(mode & 0o7777, 100, 7);
  number(0, 108, 7);
  number(0, 116, 7);
  number(size, 124, 11);
  number(0, 136, 11);
  put(type, 156);
  block.set(target.subarray(0, NAME_BYTES), 157);
  put('ustar\0', 257);
  put('00', 263);
  number(checksum(block), 148, 6);
  put('\0 ', 154);
  return block;
}

/** Sum of the header's bytes, its own field counted as blanks. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i];
  return sum;
}

function octal(block: Uint8Array, offset: number, length: number): number {
  const digits = text(block, offset, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new TarError(`"${digits}" is no octal number in a tar header`);
  return Number.parseInt(digits, 8);
}

function text(block: Uint8Array, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Records of a pax header are "LENGTH KEY=VALUE\n". */
function paxPath(contents: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=(.*)\n/.exec(new TextDecoder().decode(contents))?.[1];
}

const plainName = (name: string) => name.replace(/^(?:\.?\/+)+/, '').replace(/\/+$/, '');

const padding = (size: number) => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
