/** Values as one line of text. */

import type { Type, Value } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';
import { addressLabel } from './address-label.ts';
import { baseName, fieldsOf } from './fields.ts';
import { decodeScalar, floatText } from './scalar.ts';
import { partOf, readBits, readStorage } from './storage.ts';
import { typeText } from './type-text.ts';
import type { FormatOptions, ValueContext } from './value-api.ts';

/** A summary is for one line of a view; whoever wants more expands it. */
const MAXIMUM_DEPTH = 3;
const MAXIMUM_ELEMENTS = 16;
const MAXIMUM_FIELDS = 16;
const MAXIMUM_STRING = 200;

/** Never throws: what cannot be shown is said in angle brackets. */
export function formatValue(value: Value, context: ValueContext, options: FormatOptions = {}): string {
  return format(value, context, options, 0);
}

function format(value: Value, context: ValueContext, options: FormatOptions, depth: number): string {
  if (value.storage.kind === 'unavailable') return bracket(value.storage.reason);
  const type = strip(value.type);
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'structure':
      return structureText(value, type, context, options, depth);
    case 'array':
      return arrayText(value, type, context, options, depth);
    case 'function':
      return functionText(value, type, context);
    case 'reference':
    case 'rvalue-reference': {
      const target = referenceTarget(value, type.target, context);
      return 'reason' in target ? bracket(target.reason) : format(target, context, options, depth);
    }
    default:
      return scalarText(value, type, context, options, depth);
  }
}

function bracket(reason: string): string {
  return `<${reason}>`;
}

/** What a reference refers to, as a value of its own. */
export function referenceTarget(
  value: Value,
  target: Type,
  context: ValueContext,
): Value | { readonly reason: string } {
  const bits = readBits(value, 8, context.frame);
  return typeof bits === 'bigint' ? { type: target, storage: { kind: 'memory', address: bits } } : bits;
}

function scalarText(
  value: Value,
  type: Type,
  context: ValueContext,
  options: FormatOptions,
  depth: number,
): string {
  const size = Math.max(type.size, 0);
  const bits = readBits(value, size, context.frame);
  if (typeof bits !== 'bigint') return bracket(bits.reason);
  const width = value.bits?.size ?? size * 8;
  const scalar = decodeScalar(type, bits, width);
  if (scalar === undefined) return `0x${bits.toString(16).padStart(size * 2, '0')}`;
  if (scalar.kind === 'float') return floatText(scalar.value, size);
  const hexadecimal = `0x${BigInt.asUintN(width, scalar.value).toString(16)}`;
  const number = options.hexadecimal ? hexadecimal : scalar.value.toString();
  switch (type.kind) {
    case 'pointer':
      return pointerText(scalar.value, type.target, context, depth);
    case 'enumeration':
      return enumerationText(type, scalar.value) ?? number;
    case 'member-pointer':
      return hexadecimal;
    case 'unspecified':
      return scalar.value === 0n && type.name.includes('nullptr') ? 'nullptr' : hexadecimal;
    case 'base':
      if (type.encoding === 'boolean' && scalar.value <= 1n && !options.hexadecimal)
        return scalar.value ? 'true' : 'false';
      return number + (value.bits === undefined ? characterSuffix(type, scalar.value) : '');
    default:
      return number;
  }
}

function characterSuffix(type: Extract<Type, { kind: 'base' }>, value: bigint): string {
  const character = characterText(type, value);
  return character === undefined ? '' : ` '${character}'`;
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0, '\\0'],
  [7, '\\a'],
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [11, '\\v'],
  [12, '\\f'],
  [13, '\\r'],
  [27, '\\e'],
  [34, '\\"'],
  [92, '\\\\'],
]);

/** Undefined for what is hardly meant as a character: `uint8_t` is a small number unless it could be read as text. */
function characterText(type: Extract<Type, { kind: 'base' }>, value: bigint): string | undefined {
  switch (type.encoding) {
    case 'signed-char':
    case 'unsigned-char': {
      const byte = Number(BigInt.asUintN(8, value));
      if (type.name === 'char')
        return (byte < 127 ? escapedCharacter(byte) : undefined) ?? hexadecimalEscape(byte);
      return value >= 32n && value < 127n ? escapedCharacter(byte) : undefined;
    }
    case 'utf':
      return escapedCharacter(Number(value));
    default:
      return undefined;
  }
}

function hexadecimalEscape(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

/** Undefined for what is no character of Unicode or cannot be seen. */
function escapedCharacter(number: number): string | undefined {
  if (number === 34) return '"';
  if (number === 39) return "\\'";
  const escaped = ESCAPES.get(number);
  if (escaped !== undefined) return escaped;
  if (
    number < 32 ||
    (number >= 127 && number < 160) ||
    number > 0x10ffff ||
    (number >= 0xd800 && number < 0xe000)
  )
    return undefined;
  return String.fromCodePoint(number);
}

/** Text in quotes, up to the terminator. */
function stringText(bytes: Uint8Array, cut: boolean): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  let result = '';
  for (const character of new TextDecoder().decode(text)) {
    const code = character.codePointAt(0) ?? 0;
    result += ESCAPES.get(code) ?? (code < 32 || code === 127 ? hexadecimalEscape(code) : character);
  }
  return `"${result}"${end < 0 && cut ? '…' : ''}`;
}

export function isCharacter(type: Type): boolean {
  const stripped = strip(type);
  return (
    stripped.kind === 'base' &&
    stripped.size === 1 &&
    (stripped.name === 'char' || stripped.encoding === 'utf')
  );
}

function pointerText(address: bigint, target: Type, context: ValueContext, depth: number): string {
  const text = `0x${address.toString(16)}`;
  if (address === 0n) return text;
  if (isCharacter(target)) {
    const characters = readString(address, context);
    return characters === undefined ? text : `${text} ${characters}`;
  }
  const symbol = depth < MAXIMUM_DEPTH ? addressLabel(address, context, target) : undefined;
  return symbol === undefined ? text : `${text} <${symbol}>`;
}

/** Reads as far as memory goes, page by page. */
function readString(address: bigint, context: ValueContext): string | undefined {
  const parts: number[] = [];
  for (let at = address; parts.length < MAXIMUM_STRING; ) {
    const untilPageEnd = 4096 - Number(at & 4095n);
    const chunk = context.frame.readMemory(at, Math.min(untilPageEnd, MAXIMUM_STRING - parts.length));
    if (chunk === undefined) break;
    const end = chunk.indexOf(0);
    parts.push(...(end < 0 ? chunk : chunk.subarray(0, end + 1)));
    if (end >= 0) break;
    at += BigInt(chunk.length);
  }
  return parts.length === 0 ? undefined : stringText(Uint8Array.from(parts), true);
}

/** The enumerator's name, or flags that make up the value; undefined if neither fits. */
export function enumerationText(
  type: Extract<Type, { kind: 'enumeration' }>,
  value: bigint,
): string | undefined {
  const shortName = type.name?.split('::').pop();
  const named = (name: string): string =>
    type.scoped && shortName !== undefined ? `${shortName}::${name}` : name;
  const exact = type.enumerators.find((enumerator) => enumerator.value === value);
  if (exact !== undefined) return named(exact.name);
  const flags = singleBits(type.enumerators);
  if (value <= 0n || flags.length === 0) return undefined;
  const names: string[] = [];
  let rest = value;
  for (const flag of flags) {
    if (rest & flag.value) {
      names.push(named(flag.name));
      rest &= ~flag.value;
    }
  }
  if (names.length === 0) return undefined;
  return [...names, ...(rest === 0n ? [] : [`0x${rest.toString(16)}`])].join(' | ');
}

/** The one-bit enumerators if the enumeration is a set of flags, not a list of numbers. */
function singleBits(
  enumerators: ReadonlyArray<{ name: string; value: bigint }>,
): ReadonlyArray<{ name: string; value: bigint }> {
  const flags = enumerators.filter(({ value }) => value > 0n && (value & (value - 1n)) === 0n);
  const all = flags.reduce((bits, { value }) => bits | value, 0n);
  const others = enumerators.filter(
    ({ value }) => value !== 0n && !flags.some((flag) => flag.value === value),
  );
  const isSet = others.every(({ value }) => value === all);
  const startsAtZero = enumerators.some(({ value }) => value === 0n);
  return isSet && (flags.length > 2 || (flags.length === 2 && !startsAtZero && others.length === 0))
    ? flags
    : [];
}

function functionText(value: Value, type: Type, context: ValueContext): string {
  if (value.storage.kind !== 'memory') return typeText(type);
  const symbol = addressLabel(value.storage.address, context);
  return `0x${value.storage.address.toString(16)}${symbol === undefined ? '' : ` <${symbol}>`}`;
}

function structureText(
  value: Value,
  type: Extract<Type, { kind: 'structure' }>,
  context: ValueContext,
  options: FormatOptions,
  depth: number,
): string {
  if (type.incomplete) return '<incomplete type>';
  if (depth >= MAXIMUM_DEPTH) return '{…}';
  if (
    value.storage.kind === 'memory' &&
    type.size > 0 &&
    context.frame.readMemory(value.storage.address, 1) === undefined
  ) {
    return bracket(`cannot read 0x${value.storage.address.toString(16)}`);
  }
  const parts: string[] = [];
  for (const base of type.baseClasses) {
    if (base.offset === undefined || base.type.size === 0) continue;
    const part = { type: base.type, storage: partOf(value.storage, base.offset, base.type.size) };
    parts.push(`<${baseName(base)}>=${format(part, context, options, depth + 1)}`);
  }
  const fields = fieldsOf(type);
  for (const field of fields.slice(0, MAXIMUM_FIELDS)) {
    parts.push(`${field.name}=${format(memberValue(value, field), context, options, depth + 1)}`);
  }
  if (fields.length > MAXIMUM_FIELDS) parts.push('…');
  return `{${parts.join(', ')}}`;
}

/** A member as a value of its own. */
export function memberValue(
  value: Value,
  member: { type: Type; offset: number; bits?: { offset: number; size: number } },
): Value {
  const { bits, type, offset } = member;
  const size = bits === undefined ? type.size : (bits.offset + bits.size + 7) >> 3;
  const storage = partOf(value.storage, offset, size);
  return bits === undefined ? { type, storage } : { type, storage, bits };
}

/** An element of an array as a value of its own. */
export function elementValue(value: Value, element: Type, index: number): Value {
  const size = Math.max(element.size, 0);
  return { type: element, storage: partOf(value.storage, index * size, size) };
}

function arrayText(
  value: Value,
  type: Extract<Type, { kind: 'array' }>,
  context: ValueContext,
  options: FormatOptions,
  depth: number,
): string {
  const count = type.count ?? 0;
  if (isCharacter(type.element) && count > 0) {
    const length = Math.min(count, MAXIMUM_STRING);
    const result = readStorage(value.storage, length, context.frame);
    return result.kind === 'bytes' ? stringText(result.bytes, length < count) : bracket(result.reason);
  }
  if (depth >= MAXIMUM_DEPTH) return '{…}';
  const parts: string[] = [];
  for (let i = 0; i < Math.min(count, MAXIMUM_ELEMENTS); i++) {
    parts.push(format(elementValue(value, type.element, i), context, options, depth + 1));
    // One unreadable element says enough.
    if (i === 0 && parts[0].startsWith('<cannot read')) return parts[0];
  }
  if (count > MAXIMUM_ELEMENTS) parts.push('…');
  return `{${parts.join(', ')}}`;
}
