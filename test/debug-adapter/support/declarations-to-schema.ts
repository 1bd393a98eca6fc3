/**
 * JSON schema definitions from the declarations of `@vscode/debugprotocol`, for clones that do not have the official schema
 * at hand. The declarations are generated from that schema, so they are regular: interfaces, literal unions, arrays.
 */

export type JsonSchema = { [key: string]: unknown };

/** One definition for each interface or type alias. `command` and `event` are fixed by the comments `// command: 'next';`. */
export function schemaFromDeclarations(declarations: string): Record<string, JsonSchema> {
  const plain = declarations
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/ (command|event|type): ('[^']*';)/g, '$1: $2')
    .replace(/\/\/.*$/gm, '');
  const tokens = plain.match(/'[^']*'|[A-Za-z_$][\w$]*|[{}[\]():;|?=<>,]/g) ?? [];
  return new DeclarationParser(tokens).definitions();
}

class DeclarationParser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  definitions(): Record<string, JsonSchema> {
    const definitions: Record<string, JsonSchema> = {};
    while (this.#at < this.#tokens.length) {
      const token = this.#next();
      if (token === 'interface') {
        const name = this.#next();
        const base = this.#accept('extends') ? this.#next() : undefined;
        const own = this.#members();
        definitions[name] = base === undefined ? own : { allOf: [reference(base), own] };
      } else if (token === 'type' && this.#tokens[this.#at + 1] === '=') {
        const name = this.#next();
        this.#expect('=');
        definitions[name] = this.#union();
        this.#expect(';');
      }
    }
    return definitions;
  }

  #members(): JsonSchema {
    this.#expect('{');
    const properties: Record<string, JsonSchema> = {};
    const required: string[] = [];
    let additional: JsonSchema | undefined;
    while (!this.#accept('}')) {
      if (this.#accept('[')) {
        while (this.#next() !== ']');
        this.#expect(':');
        additional = this.#union();
      } else {
        const name = this.#next().replaceAll("'", '');
        const optional = this.#accept('?');
        this.#expect(':');
        properties[name] = this.#union();
        if (!optional) required.push(name);
      }
      this.#accept(';');
    }
    return {
      type: 'object',
      properties,
      ...(required.length > 0 ? { required } : {}),
      ...(additional === undefined ? {} : { additionalProperties: additional }),
    };
  }

  #union(): JsonSchema {
    const alternatives = [this.#postfix()];
    while (this.#accept('|')) alternatives.push(this.#postfix());
    return alternatives.length === 1 ? alternatives[0] : { anyOf: alternatives };
  }

  #postfix(): JsonSchema {
    let schema = this.#primary();
    while (this.#accept('[')) {
      this.#expect(']');
      schema = { type: 'array', items: schema };
    }
    return schema;
  }

  #primary(): JsonSchema {
    if (this.#peek() === '{') return this.#members();
    if (this.#accept('(')) {
      const inner = this.#union();
      this.#expect(')');
      return inner;
    }
    const token = this.#next();
    if (token.startsWith("'")) return { const: token.slice(1, -1) };
    if (token === 'any') return {};
    return ['string', 'number', 'boolean', 'null', 'object'].includes(token)
      ? { type: token }
      : reference(token);
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Error('the declarations end too early');
    return token;
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    const found = this.#next();
    if (found !== token) throw new Error(`expected ${token} but found ${found} in the declarations`);
  }
}

function reference(name: string): JsonSchema {
  return { $ref: `#/definitions/${name}` };
}
