import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { schemaFromDeclarations } from './declarations-to-schema.ts';

const declarations = resolve(
  import.meta.dirname,
  '../../../node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts',
);

describe('schema from declarations', () => {
  const definitions = schemaFromDeclarations(readFileSync(declarations, 'utf8'));

  it('has a definition for each request, response and event', () => {
    const names = Object.keys(definitions);
    expect(names.filter((name) => name.endsWith('Request')).length).toBeGreaterThan(40);
    expect(names.filter((name) => name.endsWith('Event')).length).toBeGreaterThan(14);
  });

  it('knows what is required, what is a list and which command a request has', () => {
    expect(definitions['SetVariableArguments']).toMatchObject({
      type: 'object',
      required: ['variablesReference', 'name', 'value'],
      properties: { value: { type: 'string' }, format: { $ref: '#/definitions/ValueFormat' } },
    });
    expect(definitions['NextRequest']).toMatchObject({
      allOf: [{ $ref: '#/definitions/Request' }, { properties: { command: { const: 'next' } } }],
    });
    expect(definitions['ThreadsResponse']).toMatchObject({
      allOf: [
        { $ref: '#/definitions/Response' },
        {
          properties: {
            body: { properties: { threads: { type: 'array', items: { $ref: '#/definitions/Thread' } } } },
          },
        },
      ],
    });
    expect(definitions['SteppingGranularity']).toEqual({
      anyOf: [{ const: 'statement' }, { const: 'line' }, { const: 'instruction' }],
    });
  });
});
