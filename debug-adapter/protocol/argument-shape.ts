/**
 * Checks of data from outside (request arguments, launch configuration). A shape is a function that returns the
 * value with its type, or throws a `ShapeError` that names the attribute and what it should be.
 */
export type Shape<T> = (value: unknown, path: string) => T;

export class ShapeError extends Error {}

export type Shaped<S> = S extends Shape<infer T> ? T : never;

export const text: Shape<string> = (value, path) => {
  if (typeof value === 'string') return value;
  throw mismatch(path, 'text', value);
};

export const integer: Shape<number> = (value, path) => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw mismatch(path, 'an integer', value);
};

export const flag: Shape<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw mismatch(path, 'true or false', value);
};

export function listOf<T>(element: Shape<T>): Shape<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(path, 'a list', value);
    return value.map((item: unknown, index) => element(item, `${path}[${index}]`));
  };
}

export function mapOf<T>(element: Shape<T>): Shape<Record<string, T>> {
  return (value, path) => {
    if (!isRecord(value)) throw mismatch(path, 'an object', value);
    const entries = Object.entries(value).map(
      ([key, item]) => [key, element(item, `${path}[${key}]`)] as const,
    );
    return Object.fromEntries(entries);
  };
}

export function either<A, B>(first: Shape<A>, second: Shape<B>, expected: string): Shape<A | B> {
  return (value, path) => {
    for (const shape of [first, second]) {
      try {
        return shape(value, path);
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
      }
    }
    throw mismatch(path, expected, value);
  };
}

type Fields = Record<string, Shape<unknown>>;
type Values<F extends Fields> = { [K in keyof F]: Shaped<F[K]> };

/** An object with all of `required` and any of `optional`; other properties are dropped. */
export function object<R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<Values<R> & Partial<Values<O>>> {
  return (value, path) => {
    // DAP allows a request without `arguments` where nothing is required.
    if (value === undefined && Object.keys(required).length === 0) value = {};
    if (!isRecord(value)) throw mismatch(path, 'an object', value);
    const result: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(required)) {
      if (value[name] === undefined) throw new ShapeError(`"${member(path, name)}" is missing`);
      result[name] = shape(value[name], member(path, name));
    }
    for (const [name, shape] of Object.entries(optional ?? {})) {
      // Several clients send null for "not given".
      if (value[name] !== undefined && value[name] !== null)
        result[name] = shape(value[name], member(path, name));
    }
    return result as Values<R> & Partial<Values<O>>;
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function mismatch(path: string, expected: string, value: unknown): ShapeError {
  const found = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value);
  const shown = found.length > 60 ? `${found.slice(0, 57)}...` : found;
  return new ShapeError(`${path === '' ? 'this' : `"${path}"`} must be ${expected}, but it is ${shown}`);
}
