/** Syntax trees of expressions, and the parser (C++20 [expr], without calls, assignment and strings). */
import { ExpressionError } from './expression-api.ts';
import { type Token, tokenize } from './tokens.ts';

export type UnaryOperator = '*' | '&' | '-' | '+' | '~' | '!';
export type BinaryOperator =
  | ('+' | '-' | '*' | '/' | '%' | '<<' | '>>' | '&' | '|' | '^' | '@')
  | ('==' | '!=' | '<' | '>' | '<=' | '>=' | '&&' | '||');

/** A type as written: `unsigned long *[4]` is name `unsigned long`, declarators `*`, `[4]`. */
export interface TypeName {
  readonly name: string;
  readonly declarators: ReadonlyArray<'*' | '&' | number>;
  readonly position: number;
}

export type Expression = { readonly position: number } & (
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'register'; readonly name: string }
  | { readonly kind: 'literal'; readonly token: Token }
  | { readonly kind: 'boolean'; readonly value: boolean | 'null' }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'conditional';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | { readonly kind: 'member'; readonly object: Expression; readonly name: string; readonly arrow: boolean }
  | { readonly kind: 'index'; readonly object: Expression; readonly index: Expression }
  | {
      readonly kind: 'cast';
      readonly type: TypeName;
      readonly operand: Expression;
      readonly reinterpret: boolean;
    }
  | { readonly kind: 'sizeof'; readonly operand: Expression | TypeName }
);

/** What only the program's symbols can tell the parser. */
export interface NameTest {
  /** A type, and no variable that hides it. */
  isType(name: string): boolean;
  /** `name`, which ends in template arguments, is known: as a type, a variable or a scope. */
  isTemplate(name: string): boolean;
}

const BASE_WORDS: ReadonlySet<string> = new Set([
  'unsigned',
  'signed',
  'long',
  'short',
  'int',
  'char',
  'bool',
  'float',
  'double',
  'void',
  '__int128',
]);
const TAG_WORDS: ReadonlySet<string> = new Set(['struct', 'class', 'union', 'enum', 'typename']);
const QUALIFIERS: ReadonlySet<string> = new Set(['const', 'volatile', 'restrict', '__restrict']);
const CAST_WORDS: ReadonlySet<string> = new Set([
  'static_cast',
  'reinterpret_cast',
  'const_cast',
  'dynamic_cast',
]);

/** Binary operators from the loosest to the tightest. */
const PRECEDENCE: ReadonlyArray<readonly BinaryOperator[]> = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
  ['@'],
];

const MAXIMUM_DEPTH = 200;

/** Throws ExpressionError. */
export function parseExpression(text: string, names: NameTest): Expression {
  return new Parser(text, names).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #names: NameTest;
  #next = 0;
  #depth = 0;

  constructor(text: string, names: NameTest) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#names = names;
  }

  parse(): Expression {
    if (this.#atEnd()) throw new ExpressionError('the expression is empty', 0);
    const expression = this.#conditional();
    if (this.#is('='))
      throw new ExpressionError(
        'assignments are not supported here: set the value in the variables view',
        this.#token.position,
      );
    if (this.#is('('))
      throw new ExpressionError(
        'calls are not supported: nothing in the guest may change',
        this.#token.position,
      );
    if (!this.#atEnd()) throw this.#unexpected();
    return expression;
  }

  get #token(): Token {
    return this.#tokens[this.#next];
  }

  #atEnd(): boolean {
    return this.#token.kind === 'end';
  }

  #is(operator: string): boolean {
    return this.#token.kind === 'operator' && this.#token.text === operator;
  }

  #isWord(words: ReadonlySet<string>): boolean {
    return this.#token.kind === 'name' && words.has(this.#token.text);
  }

  #accept(operator: string): boolean {
    if (!this.#is(operator)) return false;
    this.#next++;
    return true;
  }

  #expect(operator: string): void {
    if (this.#accept(operator)) return;
    const found = this.#token.kind === 'end' ? 'the end' : `'${this.#token.text}'`;
    throw new ExpressionError(`expected '${operator}' instead of ${found}`, this.#token.position);
  }

  #unexpected(): ExpressionError {
    const token = this.#token;
    if (token.kind === 'end') return new ExpressionError('the expression ends too early', token.position);
    return new ExpressionError(`unexpected '${token.text}'`, token.position);
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAXIMUM_DEPTH)
      throw new ExpressionError('the expression nests too deep', this.#token.position);
    const result = parse();
    this.#depth--;
    return result;
  }

  #conditional(): Expression {
    return this.#nested(() => {
      const condition = this.#binary(0);
      const { position } = this.#token;
      if (!this.#accept('?')) return condition;
      const yes = this.#conditional();
      this.#expect(':');
      return { kind: 'conditional', condition, yes, no: this.#conditional(), position };
    });
  }

  #binary(level: number): Expression {
    if (level === PRECEDENCE.length) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = PRECEDENCE[level].find((candidate) => this.#is(candidate));
      if (operator === undefined) return left;
      const { position } = this.#token;
      this.#next++;
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1), position };
    }
  }

  #unary(): Expression {
    return this.#nested(() => {
      const { position } = this.#token;
      for (const operator of ['*', '&', '-', '+', '~', '!'] as const) {
        if (this.#accept(operator)) return { kind: 'unary', operator, operand: this.#unary(), position };
      }
      if (this.#token.kind === 'name' && this.#token.text === 'sizeof') return this.#sizeof();
      if (this.#is('(')) {
        const type = this.#typeInBrackets('(', ')');
        if (type !== undefined)
          return { kind: 'cast', type, operand: this.#unary(), reinterpret: false, position };
      }
      return this.#postfix(this.#primary());
    });
  }

  #sizeof(): Expression {
    const { position } = this.#token;
    this.#next++;
    const type = this.#is('(') ? this.#typeInBrackets('(', ')') : undefined;
    return { kind: 'sizeof', operand: type ?? this.#unary(), position };
  }

  #postfix(expression: Expression): Expression {
    for (;;) {
      const { position } = this.#token;
      if (this.#accept('[')) {
        const index = this.#conditional();
        this.#expect(']');
        expression = { kind: 'index', object: expression, index, position };
      } else if (this.#is('.') || this.#is('->')) {
        const arrow = this.#is('->');
        this.#next++;
        const name = this.#token;
        if (name.kind !== 'name')
          throw new ExpressionError(`expected a member's name after '${arrow ? '->' : '.'}'`, name.position);
        this.#next++;
        expression = {
          kind: 'member',
          object: expression,
          name: this.#memberName(name.text),
          arrow,
          position: name.position,
        };
      } else return expression;
    }
  }

  #primary(): Expression {
    const token = this.#token;
    const { position } = token;
    switch (token.kind) {
      case 'integer':
      case 'float':
      case 'character':
        this.#next++;
        return { kind: 'literal', token, position };
      case 'register':
        this.#next++;
        return { kind: 'register', name: token.text, position };
      case 'name':
        if (token.text === 'true' || token.text === 'false' || token.text === 'nullptr') {
          this.#next++;
          return {
            kind: 'boolean',
            value: token.text === 'nullptr' ? 'null' : token.text === 'true',
            position,
          };
        }
        if (CAST_WORDS.has(token.text)) return this.#namedCast(token.text === 'reinterpret_cast');
        return { kind: 'name', name: this.#qualifiedName(), position };
      case 'operator':
        if (token.text === '::') return { kind: 'name', name: this.#qualifiedName(), position };
        if (this.#accept('(')) {
          const inner = this.#conditional();
          this.#expect(')');
          return inner;
        }
    }
    throw this.#unexpected();
  }

  #namedCast(reinterpret: boolean): Expression {
    const { position } = this.#token;
    this.#next++;
    const type = this.#typeInBrackets('<', '>');
    if (type === undefined)
      throw new ExpressionError('expected a type in angle brackets', this.#token.position);
    this.#expect('(');
    const operand = this.#conditional();
    this.#expect(')');
    return { kind: 'cast', type, operand, reinterpret, position };
  }

  /** `a::b<c, 4>::d`, as the debug information spells it. */
  #qualifiedName(): string {
    let name = this.#accept('::') ? '::' : '';
    for (;;) {
      const token = this.#token;
      if (token.kind !== 'name') throw this.#unexpected();
      this.#next++;
      name += token.text + this.#templateArguments(name + token.text);
      if (!this.#is('::')) return name;
      this.#next++;
      name += '::';
      if (this.#accept('~')) name += '~';
    }
  }

  /** Template arguments if brackets follow that make a known name; else empty, and `<` is an operator. */
  #templateArguments(name: string): string {
    if (!this.#is('<')) return '';
    let depth = 0;
    for (let i = this.#next; this.#tokens[i].kind !== 'end'; i++) {
      const { text } = this.#tokens[i];
      if (text === '<') depth++;
      else if (text === '>') depth--;
      else if (text === '>>') depth -= 2;
      if (depth > 0) continue;
      const end = this.#tokens[i];
      const written = this.#text.slice(this.#token.position, end.position + end.text.length);
      const normal = written
        .replaceAll(/\s*,\s*/g, ', ')
        .replaceAll(/\s+>/g, '>')
        .replaceAll(/\s+/g, ' ');
      if (depth < 0 || !this.#names.isTemplate(name + normal)) return '';
      this.#next = i + 1;
      return normal;
    }
    return '';
  }

  /** A type between brackets, or nothing, with no token consumed. */
  #typeInBrackets(open: '(' | '<', close: ')' | '>'): TypeName | undefined {
    const start = this.#next;
    if (!this.#accept(open)) return undefined;
    const type = this.#typeName();
    if (type !== undefined && this.#accept(close)) return type;
    this.#next = start;
    this.#rejectUnknownType(open, close);
    return undefined;
  }

  /** `(name *)` can only be meant as a cast: says so, rather than that the expression ends too early. */
  #rejectUnknownType(open: string, close: string): void {
    const pattern = new RegExp(`^\\${open}\\s*([\\w:]+)\\s*\\*+\\s*\\${close}`);
    const match = pattern.exec(this.#text.slice(this.#token.position));
    if (match === null) return;
    throw new ExpressionError(
      `no type '${match[1]}' in this program`,
      this.#token.position + match[0].indexOf(match[1]),
    );
  }

  /** gcc calls the pointer to the virtual table `_vptr.class`, dot included. */
  #memberName(first: string): string {
    const [dot, rest] = [this.#token, this.#tokens[this.#next + 1]];
    if (first !== '_vptr' || dot.text !== '.' || rest.kind !== 'name') return first;
    this.#next += 2;
    return `${first}.${rest.text}`;
  }

  #typeName(): TypeName | undefined {
    const { position } = this.#token;
    this.#skipQualifiers();
    const tagged = this.#isWord(TAG_WORDS);
    if (tagged) this.#next++;
    const words: string[] = [];
    while (this.#isWord(BASE_WORDS)) {
      words.push(this.#token.text);
      this.#next++;
      this.#skipQualifiers();
    }
    let name: string;
    if (words.length > 0) name = normalBaseName(words);
    else {
      if (this.#token.kind !== 'name' && !this.#is('::')) return undefined;
      name = this.#qualifiedName();
      if (!tagged && !this.#names.isType(name)) return undefined;
    }
    const declarators: Array<'*' | '&' | number> = [];
    for (;;) {
      this.#skipQualifiers();
      if (this.#accept('*')) declarators.push('*');
      else if (this.#accept('&') || this.#accept('&&')) declarators.push('&');
      else if (this.#accept('[')) {
        const count = this.#token;
        if (count.kind !== 'integer')
          throw new ExpressionError('expected the number of elements', count.position);
        this.#next++;
        declarators.push(Number(count.value));
        this.#expect(']');
      } else return { name, declarators, position };
    }
  }

  #skipQualifiers(): void {
    while (this.#isWord(QUALIFIERS)) this.#next++;
  }
}

/** `long unsigned int` and `unsigned long` are one type. */
function normalBaseName(words: readonly string[]): string {
  const count = (word: string): number => words.filter((candidate) => candidate === word).length;
  const unsigned = count('unsigned') > 0 ? 'unsigned ' : '';
  for (const word of ['char', 'short', '__int128']) {
    if (count(word) > 0) return (word === 'char' && count('signed') > 0 ? 'signed ' : unsigned) + word;
  }
  for (const word of ['bool', 'float', 'void']) if (count(word) > 0) return word;
  if (count('double') > 0) return count('long') > 0 ? 'long double' : 'double';
  if (count('long') > 0) return unsigned + (count('long') > 1 ? 'long long' : 'long');
  return `${unsigned}int`;
}
