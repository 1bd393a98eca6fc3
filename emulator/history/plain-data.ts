/** Plain data (objects, arrays, numbers, strings, bigints, typed arrays, undefined) as JSON text and back, exactly. */

const TAG = '$';
const TYPED = { Uint8Array, Uint16Array, Uint32Array, Int32Array, Float64Array } as const;
type TypedName = keyof typeof TYPED;

const tagged = (kind: string, value: unknown): object => ({ [TAG]: kind, value });

function pack(value: unknown): unknown {
  if (value === undefined) return tagged('undefined', 0);
  if (typeof value === 'bigint') return tagged('bigint', value.toString());
  if (typeof value === 'number' && !Number.isFinite(value)) return tagged('number', String(value));
  if (value instanceof Uint8Array) return tagged('bytes', toHex(value));
  if (ArrayBuffer.isView(value)) {
    const name = value.constructor.name;
    if (!isTypedName(name)) throw new TypeError(`${name} is not plain data.`);
    return tagged(name, Array.from(value as Uint32Array)); // Whichever it is, its elements are numbers.
  }
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, pack(part)]));
  }
  return value;
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null) return value;
  const fields = new Map(Object.entries(value));
  const kind = fields.get(TAG);
  const content = fields.get('value');
  if (kind === undefined) return Object.fromEntries([...fields].map(([key, part]) => [key, unpack(part)]));
  if (kind === 'undefined') return undefined;
  if (kind === 'bigint' && typeof content === 'string') return BigInt(content);
  if (kind === 'number') return Number(content);
  if (kind === 'bytes' && typeof content === 'string') return fromHex(content);
  if (typeof kind === 'string' && isTypedName(kind) && Array.isArray(content)) {
    return TYPED[kind].from(content.map(Number));
  }
  throw new TypeError(`There is no data of kind '${String(kind)}'.`);
}

const isTypedName = (name: string): name is TypedName => name in TYPED;

function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, n) =>
    Number.parseInt(text.slice(2 * n, 2 * n + 2), 16),
  );
}

export const toJson = (value: unknown): string => JSON.stringify(pack(value));

/** Throws TypeError or SyntaxError for text that is not of `toJson`. */
export const fromJson = (text: string): unknown => unpack(JSON.parse(text));
