/**
 * Little-endian cursor over part of a section. Every read is bounds-checked: running past the end throws a
 * RangeError, which the callers that know the section turn into a SymbolError or a warning.
 */
const utf8 = new TextDecoder();

export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;
  readonly #view: DataView;

  /** Positions count from the start of `bytes`, also when only `start`…`end` may be read. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = Math.min(end, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, this.end);
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  u8(): number {
    return this.#view.getUint8(this.position++);
  }

  s8(): number {
    return this.#view.getInt8(this.position++);
  }

  u16(): number {
    const value = this.#view.getUint16(this.position, true);
    this.position += 2;
    return value;
  }

  u24(): number {
    return this.u8() + this.u16() * 256;
  }

  u32(): number {
    const value = this.#view.getUint32(this.position, true);
    this.position += 4;
    return value;
  }

  s32(): number {
    return this.u32() | 0;
  }

  u64(): bigint {
    const value = this.#view.getBigUint64(this.position, true);
    this.position += 8;
    return value;
  }

  s64(): bigint {
    return BigInt.asIntN(64, this.u64());
  }

  /** A 64-bit file offset or size. */
  u64AsNumber(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`offset 0x${value.toString(16)} is beyond any file`);
    }
    return Number(value);
  }

  /** `size` 1, 2, 4 or 8. */
  unsigned(size: number): bigint {
    if (size === 8) return this.u64();
    if (size === 4) return BigInt(this.u32());
    if (size === 2) return BigInt(this.u16());
    if (size === 1) return BigInt(this.u8());
    throw new RangeError(`${size}-byte integer`);
  }

  /** ULEB128 that is a count, index or offset; above 2^53 it loses precision. */
  uleb(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 128;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** SLEB128 that is an offset or factor; beyond 2^53 it loses precision. */
  sleb(): number {
    const first = this.u8();
    if (first < 0x80) return first & 0x40 ? first - 0x80 : first;
    this.position--;
    return Number(this.slebBig());
  }

  ulebBig(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 70n) value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  slebBig(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 70n) value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte & 0x40 && shift < 63n) value |= -1n << (shift + 7n);
        return BigInt.asIntN(64, value);
      }
    }
  }

  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  skip(length: number): void {
    if (!(length >= 0) || this.position + length > this.end)
      throw new RangeError('length reaches beyond the end');
    this.position += length;
  }

  /** A view, not a copy. */
  block(length: number): Uint8Array {
    const start = this.position;
    this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  cstring(): string {
    const start = this.position;
    let ascii = true;
    for (;;) {
      const byte = this.u8();
      if (byte === 0) break;
      if (byte >= 0x80) ascii = false;
    }
    const text = this.bytes.subarray(start, this.position - 1);
    return ascii && text.length < 256 ? String.fromCharCode(...text) : utf8.decode(text);
  }

  skipCstring(): void {
    while (this.u8() !== 0);
  }
}

export function cstringAt(bytes: Uint8Array, offset: number): string {
  return new ByteReader(bytes, offset).cstring();
}
