import { describe, expect, test } from 'vitest';
import { BootError } from '../../../emulator/boot/boot-error.ts';
import { readElfImage } from '../../../emulator/boot/elf-image.ts';
import { buildElf } from './elf-builder.ts';

const good = buildElf({
  entry: 0x100000,
  segments: [
    { virtualAddress: 0x100000, bytes: Uint8Array.of(0xf4, 1, 2) },
    { virtualAddress: 0xffff8000, physicalAddress: 0x200000, bytes: Uint8Array.of(9), memorySize: 0x3000 },
  ],
  symbols: { first: 0x1234, second: 2 ** 33 },
});

function changed(at: number, ...bytes: number[]): Uint8Array {
  const file = good.slice();
  file.set(bytes, at);
  return file;
}

test('reads segments, entry and symbols', () => {
  const image = readElfImage('k.elf', good);
  expect(image.entry).toBe(0x100000);
  expect(image.segments).toEqual([
    { virtualAddress: 0x100000, physicalAddress: 0x100000, bytes: Uint8Array.of(0xf4, 1, 2), memorySize: 3 },
    { virtualAddress: 0xffff8000, physicalAddress: 0x200000, bytes: Uint8Array.of(9), memorySize: 0x3000 },
  ]);
  expect(image.findSymbol('first')).toBe(0x1234);
  expect(image.findSymbol('second')).toBe(2 ** 33);
  expect(image.findSymbol('sec')).toBeUndefined();
});

test('reads a file that is a part of a larger buffer', () => {
  const larger = new Uint8Array(good.length + 100);
  larger.set(good, 50);
  expect(readElfImage('k.elf', larger.subarray(50, 50 + good.length)).findSymbol('first')).toBe(0x1234);
});

describe('bad files are refused with their name, the cause and a remedy', () => {
  test.each([
    ['empty', new Uint8Array(0), /k\.elf: not an ELF file: it is empty\. Give/],
    ['text', new TextEncoder().encode('#!/bin/sh\n'), /k\.elf: not an ELF file: it does not begin .* Give/],
    ['32-bit', changed(4, 1), /k\.elf: a 32-bit ELF file.*-m32/],
    ['big-endian', changed(5, 2), /k\.elf: a big-endian ELF file/],
    ['AArch64', changed(18, 183), /k\.elf: built for AArch64, not for x86-64\. Build/],
    ['unknown machine', changed(18, 99), /machine 99/],
    ['shared object', changed(16, 3), /not a fixed-address executable.*-no-pie/],
    ['signature only', good.slice(0, 4), /k\.elf: truncated: its headers speak of 64 bytes, the file has 4/],
    ['header cut', good.slice(0, 40), /truncated/],
    ['program headers cut', good.slice(0, 100), /truncated/],
    ['contents cut', good.slice(0, 64 + 112 + 2), /truncated/],
    ['no program headers', changed(56, 0, 0), /no loadable segment/],
    ['small program headers', changed(54, 8), /damaged/],
    ['far program headers', changed(32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), /truncated/],
    ['file size above memory size', changed(64 + 40, 1), /damaged: segment 0/],
  ])('%s', (_name, file, message) => {
    expect(() => readElfImage('k.elf', file)).toThrow(BootError);
    expect(() => readElfImage('k.elf', file)).toThrow(message);
  });

  test('every truncation and every flipped byte gives an image or a BootError', () => {
    const attempt = (file: Uint8Array) => {
      try {
        readElfImage('k.elf', file).findSymbol('second');
      } catch (error) {
        expect(error).toBeInstanceOf(BootError);
      }
    };
    for (let length = 0; length < good.length; length++) attempt(good.subarray(0, length));
    for (let at = 0; at < good.length; at++) {
      for (const value of [0x00, 0x7f, 0xff]) attempt(changed(at, value));
    }
  });
});
