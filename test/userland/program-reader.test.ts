import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildNative, type NativeProgram, reasonToSkip } from './native.ts';

/** One plain file of a tar archive, with a right checksum unless `change` spoils the header. */
function tarMember(name: string, contents: string, change?: (header: Buffer) => void): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000755\0', 100);
  header.write(`${contents.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('ustar  \0', 257);
  header.write('0', 156);
  change?.(header);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padded = Buffer.alloc(Math.ceil(contents.length / 512) * 512);
  padded.write(contents);
  return Buffer.concat([header, padded]);
}

const tarEnd = Buffer.alloc(1024);

interface Segment {
  readonly address: bigint;
  readonly memorySize: bigint;
  readonly contents: string;
  readonly flags: number;
  /** Differs from the contents' length in files that lie. */
  readonly fileSize?: bigint;
}

const text: Segment = { address: 0x40_0000n, memorySize: 8n, contents: 'machine.', flags: 5 };
const data: Segment = { address: 0x40_1000n, memorySize: 0x2000n, contents: 'data', flags: 6 };

function elfFile(segments: readonly Segment[], change?: (file: Buffer) => void): Buffer {
  const headerSize = 64 + 56 * segments.length;
  const headers = Buffer.alloc(headerSize);
  headers.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  headers.writeUInt16LE(2, 16);
  headers.writeUInt16LE(62, 18);
  headers.writeBigUInt64LE(0x40_0000n, 24);
  headers.writeBigUInt64LE(64n, 32);
  headers.writeUInt16LE(56, 54);
  headers.writeUInt16LE(segments.length, 56);
  let offset = headerSize;
  segments.forEach((segment, index) => {
    const at = 64 + 56 * index;
    headers.writeUInt32LE(1, at);
    headers.writeUInt32LE(segment.flags, at + 4);
    headers.writeBigUInt64LE(BigInt(offset), at + 8);
    headers.writeBigUInt64LE(segment.address, at + 16);
    headers.writeBigUInt64LE(segment.fileSize ?? BigInt(segment.contents.length), at + 32);
    headers.writeBigUInt64LE(segment.memorySize, at + 40);
    offset += segment.contents.length;
  });
  const file = Buffer.concat([headers, ...segments.map((segment) => Buffer.from(segment.contents))]);
  change?.(file);
  return file;
}

const skip = reasonToSkip();

describe.skipIf(skip !== undefined)(
  `KOITO's program readers${skip === undefined ? '' : ` (${skip})`}`,
  () => {
    let program: NativeProgram;
    beforeAll(() => {
      program = buildNative([
        'test/userland/program-reader-check.cpp',
        'userland/koito/archive.cpp',
        'userland/runtime/tar.cpp',
        'userland/koito/elf.cpp',
      ]);
    }, 60_000);
    afterAll(() => program?.dispose());

    function stored(bytes: Buffer): string {
      const path = join(program.directory, 'input');
      writeFileSync(path, bytes);
      return path;
    }
    const list = (bytes: Buffer) => program.run('list', stored(bytes)).trim().split('\n');
    const readElf = (bytes: Buffer) => program.run('elf', stored(bytes)).trim().split('\n');

    const archive = Buffer.concat([tarMember('first', 'x'.repeat(700)), tarMember('second', ''), tarEnd]);

    describe('tar archive', () => {
      it('lists plain files', () => {
        expect(list(archive)).toEqual(['first 700', 'second 0', 'end']);
      });

      it('passes over directories and extension records', () => {
        const directory = tarMember('folder/', '', (header) => header.write('5', 156));
        expect(list(Buffer.concat([directory, archive]))).toEqual(['first 700', 'second 0', 'end']);
      });

      it('accepts a name that fills its field', () => {
        expect(list(Buffer.concat([tarMember('n'.repeat(100), 'a'), tarEnd]))).toEqual([
          `${'n'.repeat(100)} 1`,
          'end',
        ]);
      });

      it.each<[string, Buffer]>([
        ['a size beyond the end', tarMember('a', '', (header) => header.write('77777777777\0', 124))],
        ['a size that is no number', tarMember('a', '', (header) => header.write('00000000x00\0', 124))],
        ['a size in binary', tarMember('a', '', (header) => header.fill(0xff, 124, 136))],
        ['no size', tarMember('a', '', (header) => header.fill(0, 124, 136))],
        ['a wrong checksum', Buffer.from(tarMember('a', '')).fill('b', 0, 1)],
        ['half a header', tarMember('a', '').subarray(0, 300)],
        ['text', Buffer.from('this is no archive '.repeat(40))],
      ])('refuses %s', (_, bytes) => {
        expect(list(bytes)).toEqual(['malformed']);
      });

      it('is empty if the file is', () => {
        expect(list(Buffer.alloc(0))).toEqual(['end']);
      });

      it('reads no byte beyond the end, wherever the archive is cut', () => {
        expect(program.run('truncate', 'archive', stored(archive))).toBe(`${archive.length} prefixes read\n`);
      });

      it('survives random changes', () => {
        expect(program.run('mutate', 'archive', stored(archive), '1')).toBe('mutations read\n');
      });
    });

    describe('ELF program', () => {
      it('yields its load segments', () => {
        expect(readElf(elfFile([text, data]))).toEqual(['no error', '400000 8 8 -x', '401000 2000 4 w-']);
      });

      it.each<[string, Buffer, string]>([
        ['an empty file', Buffer.alloc(0), 'the file is truncated'],
        ['no ELF', Buffer.alloc(64), 'not a 64-bit little-endian ELF file'],
        ['32 bits', elfFile([text], (file) => file.writeUInt8(1, 4)), 'not a 64-bit little-endian ELF file'],
        [
          'AArch64',
          elfFile([text], (file) => file.writeUInt16LE(183, 18)),
          'built for another machine than x86_64',
        ],
        [
          'position-independent code',
          elfFile([text], (file) => file.writeUInt16LE(3, 16)),
          'not an executable with fixed addresses (link it with -no-pie)',
        ],
        ['no segments', elfFile([]), 'no load segments'],
        ['nine segments', elfFile(Array.from({ length: 9 }, (_, i) => at(i))), 'too many load segments'],
        ['contents beyond the file', elfFile([text]).subarray(0, -1), 'the file is truncated'],
        [
          'headers beyond the file',
          elfFile([text], (file) => file.writeUInt16LE(2, 56)),
          'the file is truncated',
        ],
        [
          'headers at the end of the number range',
          elfFile([text], (file) => file.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 32)),
          'the file is truncated',
        ],
        [
          'more in the file than in memory',
          elfFile([{ ...text, memorySize: 4n }]),
          'a segment lies outside the program area',
        ],
        ['a segment at 0', elfFile([{ ...text, address: 0n }]), 'a segment lies outside the program area'],
        [
          'a segment in the kernel half',
          elfFile([{ ...text, address: 0xffff_8000_0000_0000n }]),
          'a segment lies outside the program area',
        ],
        [
          'a size that wraps around',
          elfFile([{ ...text, memorySize: 0xffff_ffff_ffff_ffffn }]),
          'a segment lies outside the program area',
        ],
        [
          'two segments on one page',
          elfFile([text, { ...data, address: 0x40_0800n }]),
          'segments share a page or are not in ascending order',
        ],
        [
          'an entry point in data',
          elfFile([text, data], (file) => file.writeBigUInt64LE(0x40_1000n, 24)),
          'the entry point lies in no executable segment',
        ],
      ])('refuses %s', (_, bytes, reason) => {
        expect(readElf(bytes)).toEqual([reason]);
      });

      it('reads no byte beyond the end, wherever the file is cut', () => {
        const file = elfFile([text, data]);
        expect(program.run('truncate', 'elf', stored(file))).toBe(`${file.length} prefixes read\n`);
      });

      it('survives random changes', () => {
        expect(program.run('mutate', 'elf', stored(elfFile([text, data])), '1')).toBe('mutations read\n');
      });
    });
  },
);

/** A one-page segment, the index-th of many. */
function at(index: number): Segment {
  return { ...text, address: text.address + BigInt(index) * 0x1000n };
}
