/** C and C++ tokens, as far as expressions need them. */
import { ExpressionError } from './expression-api.ts';

export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly position: number }
  /** `$rax` without the dollar sign. */
  | { readonly kind: 'register'; readonly text: string; readonly position: number }
  | {
      readonly kind: 'integer';
      readonly value: bigint;
      readonly unsigned: boolean;
      /** `l` or `ll` suffix. */
      readonly long: boolean;
      readonly decimal: boolean;
      readonly text: string;
      readonly position: number;
    }
  | { readonly kind: 'float'; readonly value: number; readonly text: string; readonly position: number }
  | { readonly kind: 'character'; readonly value: bigint; readonly text: string; readonly position: number }
  | { readonly kind: 'operator'; readonly text: string; readonly position: number }
  | { readonly kind: 'end'; readonly text: ''; readonly position: number };

/** Longest first. */
const OPERATORS = [
  ...['<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '->', '::'],
  ...[
    '+',
    '-',
    '*',
    '/',
    '%',
    '&',
    '|',
    '^',
    '~',
    '!',
    '<',
    '>',
    '(',
    ')',
    '[',
    ']',
    '.',
    ',',
    '?',
    ':',
    '@',
    '=',
  ],
];

const ANONYMOUS_NAMESPACE = '(anonymous namespace)';
const ESCAPES: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  0: 0,
  a: 7,
  b: 8,
  e: 27,
  f: 12,
  v: 11,
};

/** The last token is `end`. Throws ExpressionError. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const rest = text.slice(position);
    const space = /^\s+/.exec(rest);
    if (space !== null) {
      position += space[0].length;
      continue;
    }
    const token = readToken(rest, position);
    tokens.push(token);
    position += token.kind === 'register' ? token.text.length + 1 : token.text.length;
  }
  tokens.push({ kind: 'end', text: '', position });
  return tokens;
}

function readToken(rest: string, position: number): Token {
  if (rest.startsWith(ANONYMOUS_NAMESPACE)) return { kind: 'name', text: ANONYMOUS_NAMESPACE, position };
  const name = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/.exec(rest);
  if (name !== null) return { kind: 'name', text: name[0], position };
  const register = /^\$(\w+)/.exec(rest);
  if (register !== null) return { kind: 'register', text: register[1], position };
  if (/^(\d|\.\d)/.test(rest)) return readNumber(rest, position);
  if (rest.startsWith("'")) return readCharacter(rest, position);
  if (rest.startsWith('"'))
    throw new ExpressionError(
      'string literals are not supported: the guest has no memory for them',
      position,
    );
  const operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
  if (operator === undefined)
    throw new ExpressionError(
      `unexpected character '${String.fromCodePoint(rest.codePointAt(0) ?? 0)}'`,
      position,
    );
  return { kind: 'operator', text: operator, position };
}

function readNumber(rest: string, position: number): Token {
  // Digits, letters of suffixes and hexadecimal, separators, exponents.
  const text = /^(?:0[xX][\da-fA-F']*\w*|(?:[\d'.]|[eE][+-]?(?=\d)|\w)+)/.exec(rest)?.[0] ?? rest[0];
  const plain = text.replaceAll("'", '');
  const integer = /^(0[xX][\da-fA-F]+|0[bB][01]+|\d+)([uUlLzZ]*)$/.exec(plain);
  if (integer !== null) {
    const digits = integer[1];
    const suffix = integer[2].toLowerCase();
    const octal = /^0\d+$/.test(digits);
    if (octal && /[89]/.test(digits)) throw new ExpressionError(`'${text}' is no octal number`, position);
    const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
    if (value >= 1n << 64n) throw new ExpressionError(`'${text}' does not fit 64 bits`, position);
    const decimal = /^[1-9]/.test(digits);
    return {
      kind: 'integer',
      value,
      unsigned: suffix.includes('u'),
      long: /[lz]/.test(suffix),
      decimal,
      text,
      position,
    };
  }
  const float = /^(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)[fFlL]?$/.exec(plain);
  if (float !== null) return { kind: 'float', value: Number(float[1]), text, position };
  throw new ExpressionError(`'${text}' is no number`, position);
}

function readCharacter(rest: string, position: number): Token {
  const match = /^'(?:\\x([\da-fA-F]+)|\\([0-7]{1,3})|\\(.)|([^'\\]))'/u.exec(rest);
  if (match === null) throw new ExpressionError("a character literal is written like 'a' or '\\n'", position);
  const [text, hexadecimal, octal, escaped, plain] = match;
  let value: number;
  if (hexadecimal !== undefined) value = Number.parseInt(hexadecimal, 16);
  else if (octal !== undefined) value = Number.parseInt(octal, 8);
  else if (escaped !== undefined) value = ESCAPES[escaped] ?? escaped.charCodeAt(0);
  else value = plain.codePointAt(0) ?? 0;
  return { kind: 'character', value: BigInt(value), text, position };
}
