/** Elements of the DWARF expression stack (DWARF 5 §2.5.1) and the arithmetic on them. */

/** The generic type is 8 bytes, unsigned but for the operations that the standard calls signed. */
export interface StackType {
  readonly size: number;
  readonly kind: 'generic' | 'signed' | 'unsigned' | 'float';
}

export interface StackValue {
  /** Raw bits, `type.size` bytes of them. */
  readonly bits: bigint;
  readonly type: StackType;
}

export const GENERIC: StackType = { size: 8, kind: 'generic' };

export function generic(bits: bigint): StackValue {
  return { bits: BigInt.asUintN(64, bits), type: GENERIC };
}

const scratch = new DataView(new ArrayBuffer(8));

function toFloat(value: StackValue): number {
  if (value.type.size === 4) {
    scratch.setUint32(0, Number(value.bits & 0xffff_ffffn));
    return scratch.getFloat32(0);
  }
  if (value.type.size !== 8) throw new RangeError(`floating point of ${value.type.size} bytes`);
  scratch.setBigUint64(0, BigInt.asUintN(64, value.bits));
  return scratch.getFloat64(0);
}

function fromFloat(number: number, type: StackType): StackValue {
  if (type.size === 4) {
    scratch.setFloat32(0, number);
    return { bits: BigInt(scratch.getUint32(0)), type };
  }
  scratch.setFloat64(0, number);
  return { bits: scratch.getBigUint64(0), type };
}

function toInteger(value: StackValue, signed = value.type.kind === 'signed'): bigint {
  const width = value.type.size * 8;
  return signed ? BigInt.asIntN(width, value.bits) : BigInt.asUintN(width, value.bits);
}

function fromInteger(integer: bigint, type: StackType): StackValue {
  return { bits: BigInt.asUintN(type.size * 8, integer), type };
}

/** DW_OP_convert: keeps the number, not the bits. */
export function convert(value: StackValue, type: StackType): StackValue {
  if (value.type.kind === 'float') {
    const number = toFloat(value);
    if (type.kind === 'float') return fromFloat(number, type);
    return fromInteger(Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n, type);
  }
  const integer = toInteger(value);
  return type.kind === 'float' ? fromFloat(Number(integer), type) : fromInteger(integer, type);
}

/** DW_OP_reinterpret: keeps the bits. */
export function reinterpret(value: StackValue, type: StackType): StackValue {
  return { bits: BigInt.asUintN(type.size * 8, value.bits), type };
}

type Comparison = 'eq' | 'ne' | 'ge' | 'gt' | 'le' | 'lt';
type Arithmetic = 'plus' | 'minus' | 'mul' | 'div' | 'mod' | 'and' | 'or' | 'xor' | 'shl' | 'shr' | 'shra';
export type BinaryOperator = Arithmetic | Comparison;

/** Division by zero throws RangeError. The result of a comparison is generic. */
export function binary(operator: BinaryOperator, left: StackValue, right: StackValue): StackValue {
  const { type } = left;
  const signed = type.kind !== 'unsigned';
  const numbers = (value: StackValue) => (type.kind === 'float' ? toFloat(value) : toInteger(value, signed));
  if (isComparison(operator)) return generic(compare(operator, numbers(left), numbers(right)) ? 1n : 0n);
  if (type.kind === 'float') return floatBinary(operator, toFloat(left), toFloat(right), type);
  const a = toInteger(left, signed);
  const b = toInteger(right, signed);
  const width = BigInt(type.size * 8);
  const count = toInteger(right, false);
  switch (operator) {
    case 'plus':
      return fromInteger(a + b, type);
    case 'minus':
      return fromInteger(a - b, type);
    case 'mul':
      return fromInteger(a * b, type);
    case 'div':
      if (b === 0n) throw new RangeError('division by zero');
      return fromInteger(a / b, type);
    case 'mod': {
      // Unsigned for the generic type.
      const [x, y] = type.kind === 'signed' ? [a, b] : [toInteger(left, false), toInteger(right, false)];
      if (y === 0n) throw new RangeError('division by zero');
      return fromInteger(x % y, type);
    }
    case 'and':
      return fromInteger(a & b, type);
    case 'or':
      return fromInteger(a | b, type);
    case 'xor':
      return fromInteger(a ^ b, type);
    case 'shl':
      return fromInteger(count >= width ? 0n : a << count, type);
    case 'shr':
      return fromInteger(count >= width ? 0n : toInteger(left, false) >> count, type);
    case 'shra':
      return fromInteger(toInteger(left, true) >> (count >= width ? width : count), type);
  }
}

function isComparison(operator: BinaryOperator): operator is Comparison {
  return ['eq', 'ne', 'ge', 'gt', 'le', 'lt'].includes(operator);
}

/** Both are of one type. */
function compare(operator: Comparison, a: bigint | number, b: bigint | number): boolean {
  switch (operator) {
    case 'eq':
      return a === b;
    case 'ne':
      return a !== b;
    case 'ge':
      return a >= b;
    case 'gt':
      return a > b;
    case 'le':
      return a <= b;
    case 'lt':
      return a < b;
  }
}

function floatBinary(operator: Arithmetic, a: number, b: number, type: StackType): StackValue {
  switch (operator) {
    case 'plus':
      return fromFloat(a + b, type);
    case 'minus':
      return fromFloat(a - b, type);
    case 'mul':
      return fromFloat(a * b, type);
    case 'div':
      return fromFloat(a / b, type);
    default:
      throw new RangeError(`${operator} of floating-point numbers`);
  }
}

export function unary(operator: 'abs' | 'neg' | 'not', value: StackValue): StackValue {
  const { type } = value;
  if (type.kind === 'float') {
    const number = toFloat(value);
    return fromFloat(operator === 'abs' ? Math.abs(number) : -number, type);
  }
  const integer = toInteger(value, type.kind !== 'unsigned');
  if (operator === 'not') return fromInteger(~integer, type);
  return fromInteger(operator === 'neg' || integer < 0n ? -integer : integer, type);
}
