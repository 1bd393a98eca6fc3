/** Numbers out of and into the bits of base types, enumerations and pointers. */
import type { Type } from '../symbols/symbol-api.ts';

export type Scalar =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number };

const scratch = new DataView(new ArrayBuffer(8));

/** `type` stripped of typedefs and qualifiers; `width` in bits. Undefined if it is no scalar. */
export function decodeScalar(type: Type, bits: bigint, width: number): Scalar | undefined {
  switch (type.kind) {
    case 'base':
      if (type.encoding === 'float') {
        const value = decodeFloat(bits, type.size);
        return value === undefined ? undefined : { kind: 'float', value };
      }
      if (type.encoding === 'other') return undefined;
      return {
        kind: 'integer',
        value: isSigned(type) ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits),
      };
    case 'enumeration':
      return {
        kind: 'integer',
        value: type.signed ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits),
      };
    case 'pointer':
    case 'reference':
    case 'rvalue-reference':
    case 'member-pointer':
    case 'unspecified':
      return { kind: 'integer', value: BigInt.asUintN(width, bits) };
    default:
      return undefined;
  }
}

/** The bits that hold a number in a type; floats round, integers wrap. */
export function encodeScalar(type: Type, scalar: Scalar): bigint {
  if (type.kind === 'base' && type.encoding === 'float') {
    const number = Number(scalar.value);
    if (type.size === 4) {
      scratch.setFloat32(0, number);
      return BigInt(scratch.getUint32(0));
    }
    if (type.size === 8) {
      scratch.setFloat64(0, number);
      return scratch.getBigUint64(0);
    }
    return encodeExtended(number);
  }
  const integer =
    scalar.kind === 'integer'
      ? scalar.value
      : Number.isFinite(scalar.value)
        ? BigInt(Math.trunc(scalar.value))
        : 0n;
  if (type.kind === 'base' && type.encoding === 'boolean') return scalar.value ? 1n : 0n;
  return BigInt.asUintN(Math.max(type.size, 0) * 8, integer);
}

export function isSigned(type: Type): boolean {
  if (type.kind === 'enumeration') return type.signed;
  return type.kind === 'base' && (type.encoding === 'signed' || type.encoding === 'signed-char');
}

function decodeFloat(bits: bigint, size: number): number | undefined {
  if (size === 4) {
    scratch.setUint32(0, Number(BigInt.asUintN(32, bits)));
    return scratch.getFloat32(0);
  }
  if (size === 8) {
    scratch.setBigUint64(0, BigInt.asUintN(64, bits));
    return scratch.getFloat64(0);
  }
  return size === 16 || size === 10 ? decodeExtended(bits) : undefined;
}

/** x87 extended precision (Intel SDM vol. 1, 4.2.2), as near as a double comes. */
function decodeExtended(bits: bigint): number {
  const mantissa = BigInt.asUintN(64, bits);
  const exponent = Number((bits >> 64n) & 0x7fffn);
  const sign = (bits >> 79n) & 1n ? -1 : 1;
  if (exponent === 0x7fff)
    return (mantissa << 1n) & 0xffff_ffff_ffff_ffffn ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * Number(mantissa) * 2 ** (exponent - 16383 - 63);
}

function encodeExtended(number: number): bigint {
  const sign = number < 0 || Object.is(number, -0) ? 1n << 79n : 0n;
  const magnitude = Math.abs(number);
  if (magnitude === 0) return sign;
  if (!Number.isFinite(magnitude))
    return sign | (0x7fffn << 64n) | (Number.isNaN(magnitude) ? 3n << 62n : 1n << 63n);
  const exponent = Math.floor(Math.log2(magnitude));
  const mantissa = BigInt(magnitude / 2 ** (exponent - 52)) << 11n;
  return sign | (BigInt(exponent + 16383) << 64n) | BigInt.asUintN(64, mantissa);
}

/** The shortest text that reads back as the same number of that size. */
export function floatText(value: number, size: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0';
  if (size === 4) {
    for (let digits = 6; digits < 9; digits++) {
      const text = value.toPrecision(digits);
      if (Math.fround(Number(text)) === value) return String(Number(text));
    }
  }
  return String(value);
}
