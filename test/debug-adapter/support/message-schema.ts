/**
 * Checks DAP messages against the official JSON schema if it lies beside the checkout (`../shared/dap`), else against one
 * derived from `@vscode/debugprotocol`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { type JsonSchema, schemaFromDeclarations } from './declarations-to-schema.ts';

const root = resolve(import.meta.dirname, '../../..');
const officialPath = resolve(root, '../shared/dap/debugAdapterProtocol.json');

export const schemaSource = existsSync(officialPath)
  ? 'the official schema (../shared/dap/debugAdapterProtocol.json)'
  : 'a schema derived from @vscode/debugprotocol only: the official one is not beside this checkout';

const definitions = loadDefinitions();
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema({ $id: 'dap', definitions });
const validators = new Map<string, ValidateFunction | undefined>();

function loadDefinitions(): Record<string, JsonSchema> {
  if (existsSync(officialPath)) {
    const schema: { definitions: Record<string, JsonSchema> } = JSON.parse(
      readFileSync(officialPath, 'utf8'),
    );
    return schema.definitions;
  }
  const declarations = resolve(root, 'node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts');
  return schemaFromDeclarations(readFileSync(declarations, 'utf8'));
}

function validator(definition: string): ValidateFunction | undefined {
  if (!validators.has(definition)) {
    const known = definitions[definition] !== undefined;
    validators.set(definition, known ? ajv.compile({ $ref: `dap#/definitions/${definition}` }) : undefined);
  }
  return validators.get(definition);
}

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

interface AnyMessage {
  readonly type?: unknown;
  readonly command?: unknown;
  readonly event?: unknown;
  readonly success?: unknown;
}

/** What is wrong with a message; empty if nothing. Custom requests and events (`a9n/…`) are checked as such. */
export function schemaViolations(message: AnyMessage): string[] {
  const definition = definitionFor(message);
  const validate = validator(definition);
  if (validate === undefined) return [`there is no ${definition} in DAP`];
  if (validate(message)) return [];
  return (validate.errors ?? []).map(
    (error) =>
      `${definition}${error.instancePath} ${error.message ?? ''} in ${JSON.stringify(message).slice(0, 300)}`,
  );
}

function definitionFor({ type, command, event, success }: AnyMessage): string {
  const name = String(type === 'event' ? event : command);
  const custom = name.startsWith('a9n/');
  if (type === 'event') return custom ? 'Event' : `${capitalised(name)}Event`;
  if (type === 'request') return custom ? 'Request' : `${capitalised(name)}Request`;
  if (success === false) return 'ErrorResponse';
  return custom ? 'Response' : `${capitalised(name)}Response`;
}
