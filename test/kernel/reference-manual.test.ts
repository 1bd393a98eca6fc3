import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { OPERATION_OUTCOMES } from './operation-outcomes.ts';
import { describeCapabilities, errorsOf, renderManual } from './reference-manual.ts';

/** The manual says what the kernel's sources say, and they say what the ABI says. */

const KERNEL = resolve(import.meta.dirname, '../../kernel');
const abi = readFileSync(join(KERNEL, 'abi/a9n/abi.hpp'), 'utf8');
const core = readdirSync(join(KERNEL, 'core')).filter((name) => name.endsWith('.cpp'));
const capabilities = core
  .flatMap((name) => describeCapabilities(readFileSync(join(KERNEL, 'core', name), 'utf8'), abi))
  .sort((a, b) => (a.type < b.type ? -1 : 1));

test('kernel/docs/reference.md is up to date (npm run docs:kernel writes it)', async () => {
  await expect(renderManual(capabilities)).toMatchFileSnapshot(join(KERNEL, 'docs/reference.md'));
});

test('every operation of the public ABI header is in a table, and the other way round', () => {
  const inHeader = [...abi.matchAll(/enum class (\w+)_operation : word\s*\{([\s\S]*?)\};/g)].flatMap(
    ([, type, body]) => [...body.matchAll(/^\s*(\w+)\s*= \d+,/gm)].map(([, name]) => `${type}.${name}`),
  );
  const inTables = capabilities.flatMap(({ type, operations }) => operations.map((o) => `${type}.${o.name}`));
  expect(inTables.sort()).toEqual(inHeader.sort());
});

test.each(
  capabilities.flatMap(({ type, operations }) => operations.map((o) => [`${type}.${o.name}`, o] as const)),
)('%s: the errors in its comment are those of the table of outcomes', (name, operation) => {
  expect([...errorsOf(operation), 'success'].sort()).toEqual([...OPERATION_OUTCOMES[name]].sort());
});
