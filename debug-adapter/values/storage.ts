/** The bytes of a value, wherever they are: memory, registers, a constant, or pieces of these. */
import { NOT_SAVED } from '../symbols/location-expression.ts';
import { registerSize } from '../symbols/register-numbers.ts';
import type { FrameContext, Storage, Value } from '../symbols/symbol-api.ts';

export type ReadResult =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** Larger objects are read in parts, through their members and elements. */
const MAXIMUM_SIZE = 1 << 24;
/** No type that is one number is larger; a damaged file may say so. */
const MAXIMUM_SCALAR_SIZE = 32;

function unavailable(reason: string): ReadResult {
  return { kind: 'unavailable', reason };
}

/** `size` bytes from the start of the storage. */
export function readStorage(storage: Storage, size: number, frame: FrameContext): ReadResult {
  if (size < 0) return unavailable('incomplete type');
  if (size > MAXIMUM_SIZE) return unavailable(`${size} bytes are too many`);
  switch (storage.kind) {
    case 'unavailable':
      return storage;
    case 'bytes': {
      const bytes = new Uint8Array(size);
      bytes.set(storage.bytes.subarray(0, size));
      return { kind: 'bytes', bytes };
    }
    case 'memory': {
      if (size === 0) return { kind: 'bytes', bytes: new Uint8Array() };
      const bytes = frame.readMemory(storage.address, size);
      return bytes === undefined
        ? unavailable(`cannot read 0x${storage.address.toString(16)}`)
        : { kind: 'bytes', bytes };
    }
    case 'register': {
      const value = frame.readRegister(storage.register);
      if (value === undefined) return unavailable(NOT_SAVED);
      const all = toLittleEndian(value, Math.max(registerSize(storage.register), storage.offset + size));
      return { kind: 'bytes', bytes: all.subarray(storage.offset, storage.offset + size) };
    }
    case 'pieces':
      return readPieces(storage.pieces, size, frame);
  }
}

type Pieces = Extract<Storage, { kind: 'pieces' }>['pieces'];

function readPieces(pieces: Pieces, size: number, frame: FrameContext): ReadResult {
  let value = 0n;
  let position = 0;
  for (const { storage, bitSize, bitOffset } of pieces) {
    if (position >= size * 8) break;
    const part = readStorage(storage, (bitOffset + bitSize + 7) >> 3, frame);
    if (part.kind === 'unavailable') return part;
    const bits = BigInt.asUintN(bitSize, fromLittleEndian(part.bytes) >> BigInt(bitOffset));
    value |= bits << BigInt(position);
    position += bitSize;
  }
  // What the pieces do not describe, the compiler removed.
  if (position < size * 8) return unavailable('optimized out');
  return { kind: 'bytes', bytes: toLittleEndian(value, size) };
}

/** The part of a storage that a member or element occupies. */
export function partOf(storage: Storage, offset: number, size: number): Storage {
  switch (storage.kind) {
    case 'unavailable':
      return storage;
    case 'memory':
      return { kind: 'memory', address: BigInt.asUintN(64, storage.address + BigInt(offset)) };
    case 'register':
      return { kind: 'register', register: storage.register, offset: storage.offset + offset };
    case 'bytes':
      return { kind: 'bytes', bytes: storage.bytes.subarray(offset, size < 0 ? undefined : offset + size) };
    case 'pieces':
      return partOfPieces(storage.pieces, offset * 8, Math.max(size, 0) * 8);
  }
}

function partOfPieces(pieces: Pieces, start: number, length: number): Storage {
  const end = start + length;
  const parts: Array<Pieces[number]> = [];
  let position = 0;
  for (const piece of pieces) {
    const first = Math.max(start, position);
    const last = Math.min(end, position + piece.bitSize);
    if (first < last) {
      const skipped = first - position + piece.bitOffset;
      // Whole bytes of memory or a register remain what they are, so that they can be written and pointed to.
      if (first === start && last === end && skipped % 8 === 0)
        return partOf(piece.storage, skipped / 8, length / 8);
      parts.push({ storage: piece.storage, bitSize: last - first, bitOffset: skipped });
    }
    position += piece.bitSize;
  }
  return parts.length > 0
    ? { kind: 'pieces', pieces: parts }
    : { kind: 'unavailable', reason: 'optimized out' };
}

/** The raw bits of a value no larger than `size` bytes, a bit-field's own bits only. */
export function readBits(
  value: Value,
  size: number,
  frame: FrameContext,
): bigint | { readonly reason: string } {
  const { bits } = value;
  const length = bits === undefined ? size : (bits.offset + bits.size + 7) >> 3;
  if (length > MAXIMUM_SCALAR_SIZE) return { reason: `a number of ${length} bytes` };
  const result = readStorage(value.storage, length, frame);
  if (result.kind === 'unavailable') return result;
  const all = fromLittleEndian(result.bytes);
  return bits === undefined ? all : BigInt.asUintN(bits.size, all >> BigInt(bits.offset));
}

export function toLittleEndian(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return bytes;
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}
