/**
 * ACPI Machine Language, as much of it as describes a board (ACPI 6.5, chapter 20, and resource descriptors of 6.4): each
 * function yields the bytes of one term.
 */
type Bytes = readonly number[];

const NAME_OP = 0x08;
const SCOPE_OP = 0x10;
const BUFFER_OP = 0x11;
const PACKAGE_OP = 0x12;
const DEVICE_OP = [0x5b, 0x82];
const BYTE_PREFIX = 0x0a;
const WORD_PREFIX = 0x0b;
const DWORD_PREFIX = 0x0c;
const STRING_PREFIX = 0x0d;

export const integer = (value: number): Bytes => {
  if (value < 2) return [value];
  if (value < 0x100) return [BYTE_PREFIX, value];
  if (value < 0x1_0000) return [WORD_PREFIX, ...littleEndian(value, 2)];
  return [DWORD_PREFIX, ...littleEndian(value, 4)];
};

export const text = (value: string): Bytes => [STRING_PREFIX, ...ascii(value), 0];

/** Name (name, value). A leading backslash makes it one of the root. */
export const named = (name: string, value: Bytes): Bytes => [NAME_OP, ...nameString(name), ...value];

export const packageOf = (elements: readonly Bytes[]): Bytes => [
  PACKAGE_OP,
  ...withLength([elements.length, ...elements.flat()]),
];

export const scope = (name: string, terms: readonly Bytes[]): Bytes => [
  SCOPE_OP,
  ...withLength([...nameString(name), ...terms.flat()]),
];

export const device = (name: string, terms: readonly Bytes[]): Bytes => [
  ...DEVICE_OP,
  ...withLength([...nameString(name), ...terms.flat()]),
];

/** A Plug and Play identifier such as PNP0501, compressed (ACPI 6.5, 19.3.4): three letters of 5 bits, four digits. */
export function eisaId(id: string): Bytes {
  const [a, b, c] = ascii(id).map((code) => code - 0x40);
  const letters = (a << 10) | (b << 5) | c;
  const digits = Number.parseInt(id.slice(3), 16);
  return [DWORD_PREFIX, letters >> 8, letters & 0xff, digits >> 8, digits & 0xff];
}

/** A buffer of resource descriptors with its end tag. */
export function resources(descriptors: readonly Bytes[]): Bytes {
  // A checksum of 0 means: none.
  const bytes = [...descriptors.flat(), 0x79, 0];
  return [BUFFER_OP, ...withLength([...integer(bytes.length), ...bytes])];
}

/** Ports `first`… at exactly this place, all 16 address lines decoded. */
export const ports = (first: number, count: number): Bytes => [
  0x47,
  1,
  ...littleEndian(first, 2),
  ...littleEndian(first, 2),
  1,
  count,
];

/** One ISA interrupt line, edge-triggered and active high. */
export const interruptLine = (irq: number): Bytes => [0x22, ...littleEndian(1 << irq, 2)];

/** Puts the length of a package before it; the length counts its own bytes. */
function withLength(bytes: Bytes): Bytes {
  const length = bytes.length;
  if (length + 1 < 0x40) return [length + 1, ...bytes];
  if (length + 2 < 0x1000) return [0x40 | ((length + 2) & 15), (length + 2) >> 4, ...bytes];
  return [0x80 | ((length + 3) & 15), ...littleEndian((length + 3) >> 4, 2), ...bytes];
}

/** A name of up to four characters, padded with underscores as AML wants it. */
function nameString(name: string): Bytes {
  const atRoot = name.startsWith('\\');
  const segment = (atRoot ? name.slice(1) : name).padEnd(4, '_');
  return [...(atRoot ? ascii('\\') : []), ...ascii(segment)];
}

const ascii = (value: string): number[] => Array.from(value, (character) => character.charCodeAt(0));

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, index) => (value >>> (8 * index)) & 0xff);
