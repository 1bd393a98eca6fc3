/** Operations that compilers emit too rarely for the fixture to show them all (DWARF 5 §2.5, §2.6). */
import { describe, expect, it } from 'vitest';
import { DebugInformation } from '../../../debug-adapter/symbols/debug-information.ts';
import type { DwarfSections } from '../../../debug-adapter/symbols/dwarf-sections.ts';
import { evaluateLocation, evaluateToNumber } from '../../../debug-adapter/symbols/location-expression.ts';
import type { FrameContext } from '../../../debug-adapter/symbols/symbol-api.ts';

const frame: FrameContext = {
  pc: 0x1000n,
  pcIsExact: true,
  readRegister: (register) =>
    register < 17 ? BigInt(register) * 0x100n : register === 17 ? 0x4004_0000_0000_0000n : undefined,
  readMemory: (address, length) =>
    address >= 0x9000n
      ? undefined
      : Uint8Array.from({ length }, (_, i) => Number((address + BigInt(i)) & 0xffn)),
};

/** A unit of base types: at 12 double, at 15 int, at 18 unsigned char, at 21 float (offsets in the unit). */
function baseTypes(): DebugInformation {
  const none = new Uint8Array();
  // 1: compile unit with children; 2: base type of byte_size data1, encoding data1.
  const abbrev = Uint8Array.of(1, 0x11, 1, 0, 0, 2, 0x24, 0, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0, 0);
  const entries = [1, 2, 8, 4, 2, 4, 5, 2, 1, 8, 2, 4, 4, 0];
  const info = Uint8Array.of(entries.length + 7, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, ...entries);
  const sections: DwarfSections = {
    ...{ info, abbrev, str: none, lineStr: none, strOffsets: none, addr: none, ranges: none, rnglists: none },
    ...{ loc: none, loclists: none, line: none, frame: none, ehFrame: none, ehFrameAddress: 0n },
  };
  return new DebugInformation(sections, []);
}

const context = {
  frame,
  unit: baseTypes().units[0],
  frameBase: () => 0x5000n,
  canonicalFrameAddress: () => 0x6000n,
};
const number = (...block: number[]): bigint => evaluateToNumber(Uint8Array.from(block), context);
const signed = (...block: number[]): bigint => BigInt.asIntN(64, number(...block));
const place = (...block: number[]): unknown => evaluateLocation(Uint8Array.from(block), context);

describe('numbers', () => {
  it.each([
    ['const1u', [0x08, 200], 200n],
    ['const1s', [0x09, 200], -56n],
    ['const2s', [0x0b, 0xfe, 0xff], -2n],
    ['const4u', [0x0c, 1, 2, 3, 4], 0x04030201n],
    ['const4s', [0x0d, 0xff, 0xff, 0xff, 0xff], -1n],
    ['const8u', [0x0e, 1, 0, 0, 0, 0, 0, 0, 0x40], 0x4000000000000001n],
    ['constu', [0x10, 0xe5, 0x8e, 0x26], 624485n],
    ['consts', [0x11, 0x9b, 0xf1, 0x59], -624485n],
    ['lit31', [0x4f], 31n],
    ['breg5 -1', [0x75, 0x7f], 0x4ffn],
    ['bregx 12 4', [0x92, 12, 4], 0xc04n],
    ['fbreg -16', [0x91, 0x70], 0x4ff0n],
    ['call_frame_cfa', [0x9c], 0x6000n],
    ['dup plus', [0x35, 0x12, 0x22], 10n],
    ['over minus', [0x35, 0x32, 0x14, 0x1c], -3n],
    ['pick 2', [0x31, 0x32, 0x33, 0x15, 2], 1n],
    ['swap', [0x31, 0x35, 0x16, 0x1c], 4n],
    ['rot: the top becomes third', [0x31, 0x32, 0x33, 0x17], 2n],
    ['drop', [0x31, 0x32, 0x13], 1n],
    ['div is signed', [0x09, 0xf9, 0x32, 0x1b], -3n],
    ['mod is unsigned', [0x09, 0xff, 0x3a, 0x1d], 5n],
    ['neg abs', [0x37, 0x1f, 0x19], 7n],
    ['not', [0x30, 0x20], -1n],
    ['and or xor', [0x3c, 0x3a, 0x1a, 0x31, 0x21, 0x3f, 0x27], 6n],
    ['shl shr', [0x31, 0x34, 0x24, 0x32, 0x25], 4n],
    ['shr is logical', [0x09, 0xff, 0x08, 60, 0x25], 15n],
    ['shra is arithmetic', [0x09, 0xf0, 0x32, 0x26], -4n],
    ['plus_uconst', [0x31, 0x23, 0x80, 0x01], 129n],
    ['lt is signed', [0x09, 0xff, 0x31, 0x2d], 1n],
    ['ne', [0x31, 0x31, 0x2e], 0n],
    ['bra taken', [0x31, 0x31, 0x28, 1, 0, 0x35, 0x96], 1n],
    ['bra not taken', [0x31, 0x30, 0x28, 1, 0, 0x35], 5n],
    ['skip', [0x31, 0x2f, 1, 0, 0x35], 1n],
    ['deref', [0x08, 0x10, 0x06], 0x1716151413121110n],
    ['deref_size 2', [0x08, 0x10, 0x94, 2], 0x1110n],
    ['deref_type 1 unsigned char, convert generic', [0x08, 0xf0, 0xa6, 1, 18, 0xa8, 0], 0xf0n],
    ['regval_type xmm0 double, convert int', [0xa5, 17, 12, 0xa8, 15], 2n],
    ['2.5 + 2.5 as double, convert int', [0xa5, 17, 12, 0x12, 0x22, 0xa8, 15], 5n],
    ['-1 to double and back', [0x09, 0xff, 0xa8, 15, 0xa8, 12, 0xa8, 15, 0xa8, 0], -1n],
    ['const_type of 4 bytes int, wraps', [0xa4, 15, 4, 0xff, 0xff, 0xff, 0x7f, 0x12, 0x22, 0xa8, 0], -2n],
    ['reinterpret float as generic', [0x33, 0xa8, 21, 0xa9, 0], 0x40400000n],
  ] as const)('%s', (_name, block, expected) => {
    expect(expected < 0n ? signed(...block) : number(...block)).toBe(expected);
  });
});

describe('places', () => {
  it('memory, registers and values', () => {
    expect(place(0x91, 0x10)).toEqual({ kind: 'memory', address: 0x5010n });
    expect(place(0x53)).toEqual({ kind: 'register', register: 3, offset: 0 });
    expect(place(0x90, 20)).toEqual({ kind: 'register', register: 20, offset: 0 });
    expect(place(0x35, 0x9f)).toEqual({ kind: 'bytes', bytes: Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0) });
    expect(place(0x9e, 2, 7, 8)).toEqual({ kind: 'bytes', bytes: Uint8Array.of(7, 8) });
  });

  it('pieces, some of them gone', () => {
    expect(place(0x53, 0x93, 4, 0x93, 4, 0x30, 0x9f, 0x9d, 3, 1)).toEqual({
      kind: 'pieces',
      pieces: [
        { storage: { kind: 'register', register: 3, offset: 0 }, bitSize: 32, bitOffset: 0 },
        { storage: { kind: 'unavailable', reason: 'optimized out' }, bitSize: 32, bitOffset: 0 },
        { storage: { kind: 'bytes', bytes: new Uint8Array(8) }, bitSize: 3, bitOffset: 1 },
      ],
    });
  });

  it.each([
    ['nothing', [], 'optimized out'],
    ['implicit pointer', [0xa0, 1, 0, 0, 0, 0], /optimized out/],
    ['entry value without a caller', [0xa3, 1, 0x55, 0x9f], 'optimized out'],
    ['an unknown register', [0x92, 40, 0], 'not saved in this frame'],
    ['unmapped memory', [0x0a, 0, 0xa0, 0x06], 'cannot read 0xa000'],
    ['an unknown operation', [0x02], /damaged location: unknown operation 0x2/],
    ['an empty stack', [0x22], /damaged location: empty stack/],
    ['an endless loop', [0x2f, 0xfd, 0xff], /does not end/],
    ['a jump out', [0x2f, 0xff, 0x7f], /jump out/],
    ['division by zero', [0x31, 0x30, 0x1b], /division by zero/],
  ] as const)('%s is unavailable', (_name, block, reason) => {
    expect(place(...block)).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(reason) });
  });
});
