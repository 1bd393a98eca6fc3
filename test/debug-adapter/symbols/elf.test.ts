import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseElf } from '../../../debug-adapter/symbols/elf.ts';
import { loadProgramSymbols } from '../../../debug-adapter/symbols/program-symbols.ts';
import { SymbolError } from '../../../debug-adapter/symbols/symbol-error.ts';
import { build, requireTool, run, variants } from './fixture-programs.ts';

function failure(bytes: Uint8Array): string {
  try {
    parseElf(bytes, 'kernel.elf');
  } catch (error) {
    if (error instanceof SymbolError) return error.message;
    throw error;
  }
  return 'no failure';
}

describe('what is no x86-64 ELF file is refused with cause and remedy', () => {
  const header = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = new Uint8Array(64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.set([2, 0, 62, 0, 1], 16);
    change(bytes);
    return bytes;
  };

  it.each([
    ['nothing', new Uint8Array(), 'kernel.elf is empty. Build it again.'],
    ['text', new TextEncoder().encode('#!/bin/sh\n'), /is not an ELF file: .* Name an x86-64 ELF executable/],
    [
      'a short header',
      header(() => {}).subarray(0, 40),
      /truncated: the ELF header reaches to byte 64, but the file ends at byte 40/,
    ],
    ['32 bits', header((bytes) => bytes.set([1], 4)), /32-bit ELF file.*-m64/],
    ['big-endian', header((bytes) => bytes.set([2], 5)), /big-endian/],
    ['AArch64', header((bytes) => bytes.set([183], 18)), /for AArch64. The machine runs x86-64/],
    ['an unknown machine', header((bytes) => bytes.set([0xfe, 0xca], 18)), /machine number 51966/],
    ['an unknown type', header((bytes) => bytes.set([9], 16)), /unknown ELF type 9/],
    [
      'a table beyond the file',
      header((bytes) => {
        bytes.set([0xff, 0xff], 40);
        bytes.set([64], 58);
      }),
      /truncated: the section header table/,
    ],
    ['an absurd offset', header((bytes) => bytes.set([1, 0, 0, 0, 0, 0, 0, 0xff], 40)), /damaged ELF file/],
  ])('%s', (_what, bytes, message) => {
    expect(failure(bytes)).toMatch(message);
  });
});

describe.skipIf(variants.length === 0)('a linked program', () => {
  const path = variants.length > 0 ? build(variants[0]) : '';
  const bytes = path === '' ? new Uint8Array() : new Uint8Array(readFileSync(path));

  it('cut off anywhere is called truncated', () => {
    for (let length = 1; length < bytes.length; length++) {
      const message = failure(bytes.subarray(0, length));
      if (length < 4 ? !/not an ELF/.test(message) : !/truncated/.test(message)) {
        expect(`${length}: ${message}`).toBe('truncated');
      }
    }
  });

  it.skipIf(!requireTool('readelf', 'comparison of ELF tables'))(
    'has the sections, segments and symbols of readelf',
    () => {
      const elf = parseElf(bytes, path);
      const sections = [
        ...run('readelf', ['-W', '-S', path]).matchAll(
          /^ +\[ *\d+\] (\.\S+) +\S+ +([0-9a-f]{16}) [0-9a-f]+ ([0-9a-f]+)/gm,
        ),
      ];
      const named = elf.sections.filter(({ name }) => name !== '');
      expect(
        named.map(({ name, address, size }) => `${name} ${address.toString(16)} ${size.toString(16)}`),
      ).toEqual(
        sections.map(
          ([, name, address, size]) =>
            `${name} ${BigInt(`0x${address}`).toString(16)} ${BigInt(`0x${size}`).toString(16)}`,
        ),
      );
      const segments = [
        ...run('readelf', ['-W', '-l', path]).matchAll(
          /^ +LOAD +\S+ 0x([0-9a-f]+) \S+ \S+ 0x([0-9a-f]+) (...) /gm,
        ),
      ];
      expect(
        elf.segments
          .filter(({ type }) => type === 1)
          .map(
            (s) =>
              `${s.virtualAddress} ${s.memorySize} ${s.readable ? 'R' : ' '}${s.writable ? 'W' : ' '}${s.executable ? 'E' : ' '}`,
          ),
      ).toEqual(
        segments.map(
          ([, address, size, flags]) => `${BigInt(`0x${address}`)} ${BigInt(`0x${size}`)} ${flags}`,
        ),
      );
      const functions = [
        ...run('readelf', ['-W', '-s', path]).matchAll(
          /: ([0-9a-f]{16}) +(\d+) FUNC +\S+ +\S+ +\d+ (\S+)$/gm,
        ),
      ];
      const ours = new Set(
        elf.symbols.filter(({ kind }) => kind === 'function').map((s) => `${s.address} ${s.size} ${s.name}`),
      );
      expect(functions.length).toBeGreaterThan(10);
      for (const [, address, size, name] of functions)
        expect(ours).toContain(`${BigInt(`0x${address}`)} ${size} ${name}`);
    },
  );

  it('gives what memory must hold if the program is there', () => {
    const program = loadProgramSymbols(parseElf(bytes, path));
    const code = program.readOnlySegments.find(({ executable }) => executable);
    const main = program.functionsNamed('main')[0];
    expect(code).toBeDefined();
    if (code === undefined) return;
    const offset = Number(main.entry - code.address);
    const text = program.elf.sections.find(({ name }) => name === '.text');
    expect(code.bytes[offset]).toBe(text?.bytes[Number(main.entry - (text?.address ?? 0n))]);
    expect(program.contains(main.entry)).toBe(true);
    expect(program.contains(16n)).toBe(false);
  });
});
