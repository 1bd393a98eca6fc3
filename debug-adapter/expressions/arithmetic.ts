/** Operators on numbers, with C's conversions (C++20 [expr.arith.conv]). */
import type { Type } from '../symbols/symbol-api.ts';
import { isSigned, type Scalar } from '../values/scalar.ts';
import {
  type BaseType,
  BOOL,
  DOUBLE,
  FLOAT,
  INT,
  INT128,
  LONG,
  UNSIGNED_INT,
  UNSIGNED_INT128,
  UNSIGNED_LONG,
} from './builtin-types.ts';
import type { BinaryOperator } from './syntax.ts';

export interface TypedNumber {
  readonly type: BaseType;
  readonly scalar: Scalar;
}

/** The type a number has in arithmetic: at least int. */
export function promoted(type: Type): BaseType {
  if (type.kind === 'base' && type.encoding === 'float') return type.size === 4 ? FLOAT : DOUBLE;
  if (type.size < 4) return INT;
  const signed = isSigned(type);
  if (type.size === 4) return signed ? INT : UNSIGNED_INT;
  if (type.size === 16) return signed ? INT128 : UNSIGNED_INT128;
  return signed ? LONG : UNSIGNED_LONG;
}

function commonType(left: BaseType, right: BaseType): BaseType {
  if (left.encoding === 'float' || right.encoding === 'float')
    return left === FLOAT && right === FLOAT ? FLOAT : DOUBLE;
  if (left.size !== right.size) return left.size > right.size ? left : right;
  return isSigned(left) ? right : left;
}

export function integer(type: BaseType, value: bigint): TypedNumber {
  const width = type.size * 8;
  const wrapped = isSigned(type) ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
  return { type, scalar: { kind: 'integer', value: wrapped } };
}

export function truth(value: boolean): TypedNumber {
  return { type: BOOL, scalar: { kind: 'integer', value: value ? 1n : 0n } };
}

function float(type: BaseType, value: number): TypedNumber {
  return { type, scalar: { kind: 'float', value: type === FLOAT ? Math.fround(value) : value } };
}

/** Operands are promoted already. `message` of what cannot be computed, as text. */
export function binaryNumbers(
  operator: BinaryOperator,
  left: TypedNumber,
  right: TypedNumber,
): TypedNumber | { readonly message: string } {
  if (operator === '<<' || operator === '>>') return shift(operator, left, right);
  const type = commonType(left.type, right.type);
  if (type.encoding === 'float')
    return floatOperation(operator, type, Number(left.scalar.value), Number(right.scalar.value));
  const convert = ({ scalar }: TypedNumber): bigint => {
    const { scalar: converted } = integer(type, BigInt(scalar.value));
    return BigInt(converted.value);
  };
  const a = convert(left);
  const b = convert(right);
  switch (operator) {
    case '+':
      return integer(type, a + b);
    case '-':
      return integer(type, a - b);
    case '*':
      return integer(type, a * b);
    case '/':
      return b === 0n ? { message: 'division by zero' } : integer(type, a / b);
    case '%':
      return b === 0n ? { message: 'division by zero' } : integer(type, a % b);
    case '&':
      return integer(type, a & b);
    case '|':
      return integer(type, a | b);
    case '^':
      return integer(type, a ^ b);
    default:
      return comparison(operator, a, b);
  }
}

function comparison<T extends number | bigint>(
  operator: BinaryOperator,
  a: T,
  b: T,
): TypedNumber | { readonly message: string } {
  switch (operator) {
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    case '<':
      return truth(a < b);
    case '>':
      return truth(a > b);
    case '<=':
      return truth(a <= b);
    case '>=':
      return truth(a >= b);
    default:
      return { message: `'${operator}' needs integers` };
  }
}

function floatOperation(
  operator: BinaryOperator,
  type: BaseType,
  a: number,
  b: number,
): TypedNumber | { readonly message: string } {
  switch (operator) {
    case '+':
      return float(type, a + b);
    case '-':
      return float(type, a - b);
    case '*':
      return float(type, a * b);
    case '/':
      return float(type, a / b);
    default:
      return comparison(operator, a, b);
  }
}

function shift(
  operator: '<<' | '>>',
  left: TypedNumber,
  right: TypedNumber,
): TypedNumber | { readonly message: string } {
  if (left.scalar.kind === 'float' || right.scalar.kind === 'float')
    return { message: `'${operator}' needs integers` };
  const count = right.scalar.value;
  if (count < 0n || count >= BigInt(left.type.size * 8))
    return { message: `a shift by ${count} is undefined for ${left.type.name}` };
  return integer(left.type, operator === '<<' ? left.scalar.value << count : left.scalar.value >> count);
}

export function negate({ type, scalar }: TypedNumber): TypedNumber {
  return scalar.kind === 'float' ? float(type, -scalar.value) : integer(type, -scalar.value);
}
