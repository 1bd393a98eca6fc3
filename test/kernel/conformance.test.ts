import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findQemu, QEMU_MISSING, runOnQemu } from '../system/qemu.ts';
import { findConformance, type GuestRun, runOnEmulator } from './kernel-images.ts';
import { OPERATION_OUTCOMES } from './operation-outcomes.ts';
import { type Check, checksIn, renderOutcomeTable } from './outcome-table.ts';

/** Every kernel operation with its outcomes, performed by the guest program userland/apps/conformance. */

const LIMIT = 400_000_000;
const TIMEOUT = 60_000;
const DOCUMENTS = resolve(import.meta.dirname, '../../kernel/docs');

let run: GuestRun;
let checks: Check[];
beforeAll(() => {
  run = runOnEmulator(findConformance(), LIMIT);
  checks = checksIn(run.serial);
}, TIMEOUT);

describe('conformance on the emulator', () => {
  test('nothing fails', () => {
    expect(run.serial.split('\n').filter((line) => line.includes('FAIL'))).toEqual([]);
    expect(run.serial).toContain('conformance: all passed\n');
    expect(run.reason).toEqual({ kind: 'exit', code: 0 });
  });

  test.each(Object.entries(OPERATION_OUTCOMES))('%s ends with %j', (operation, outcomes) => {
    const seen = new Set(checks.filter((check) => check.operation === operation).map((c) => c.outcome));
    expect([...seen].sort()).toEqual([...outcomes].sort());
  });

  test('the table knows every operation that was checked', () => {
    const unknown = checks.filter(({ operation }) => !(operation in OPERATION_OUTCOMES));
    expect(unknown).toEqual([]);
  });

  test('kernel/docs/operation-outcomes.md is up to date (npm run docs:kernel writes it)', async () => {
    await expect(renderOutcomeTable(checks)).toMatchFileSnapshot(join(DOCUMENTS, 'operation-outcomes.md'));
  });
});

const qemu = findQemu();
describe.skipIf(qemu === undefined)(`conformance on ${qemu ?? QEMU_MISSING}`, () => {
  test(
    'prints the same as on the emulator',
    async () => {
      const outcome = await runOnQemu(findConformance(), { timeoutMilliseconds: TIMEOUT });
      expect(outcome.serial.replaceAll('\r', '')).toBe(run.serial.replaceAll('\r', ''));
      expect(outcome.exitCode).toBe(0);
    },
    TIMEOUT,
  );
});
