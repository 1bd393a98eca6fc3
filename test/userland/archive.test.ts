import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import { findGuest } from '../system/guest-images.ts';

/** The archive in KOITO's image is a tar archive by the book, and says nothing of who built it when. */

const BLOCK = 512;
const HEADER_FIELDS = { mode: 100, owner: 108, group: 116, size: 124, time: 136, checksum: 148, type: 156 };
const MAGIC = 257;
const NAMES_OF_OWNER_AND_GROUP = 265;

function archive(): Buffer {
  const { init } = findGuest(resolve(import.meta.dirname, '../..'));
  const elf = parseElf(readFileSync(init), init);
  const address = (name: string) => elf.symbols.find((symbol) => symbol.name === name)!.address;
  const [start, end] = ['koito_archive_start', 'koito_archive_end'].map(address);
  const segment = elf.segments.find(
    ({ virtualAddress, bytes }) => virtualAddress <= start && end <= virtualAddress + BigInt(bytes.length),
  )!;
  return Buffer.from(
    segment.bytes.slice(Number(start - segment.virtualAddress), Number(end - segment.virtualAddress)),
  );
}

it('has reproducible headers with right checksums, and ends as an archive must', () => {
  const bytes = archive();
  const names: string[] = [];
  let at = 0;
  while (bytes[at] !== 0) {
    const header = bytes.subarray(at, at + BLOCK);
    const text = (offset: number, length: number) =>
      header.toString('latin1', offset, offset + length).replace(/[\0 ]+$/, '');
    names.push(text(0, 100));
    const { mode, owner, group, size, time, checksum, type } = HEADER_FIELDS;
    expect([text(mode, 8), text(owner, 8), text(group, 8)]).toEqual(['0000644', '0000000', '0000000']);
    expect(text(time, 12)).toBe('00000000000');
    expect(text(type, 1)).toBe('0');
    expect(header.toString('latin1', MAGIC, MAGIC + 8)).toBe('ustar\x0000');
    expect(header.subarray(NAMES_OF_OWNER_AND_GROUP).every((byte) => byte === 0)).toBe(true);

    const blanked = Buffer.from(header).fill(' ', checksum, checksum + 8);
    expect(text(checksum, 8)).toBe(
      blanked
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0'),
    );
    const contents = at + BLOCK;
    const start = names.at(-1) === 'etc/koito.manifest' ? '# Wh' : '\x7fELF';
    expect(bytes.toString('latin1', contents, contents + 4)).toBe(start);
    at = contents + Math.ceil(Number.parseInt(text(size, 12), 8) / BLOCK) * BLOCK;
  }
  expect(names).toEqual(['etc/koito.manifest', 'ulmm', 'console', 'posix', 'echo', 'memory-tour']);
  expect(bytes.subarray(at).equals(Buffer.alloc(2 * BLOCK))).toBe(true);
});
