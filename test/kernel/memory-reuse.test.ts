import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { findGuest } from '../system/guest-images.ts';
import { runBundled } from './bundled-program.ts';
import type { Reuse } from './memory-reuse.ts';

/** Memory is the user's: the kernel keeps nothing of it, and what revoke returns is really free. */

const ROOT = resolve(import.meta.dirname, '../..');
const TIMEOUT = 120_000;
/** The kernel's image takes 3 MiB of them. */
const MEMORY = 6 * 2 ** 20;

const TYPES = [
  'NODE',
  'GENERIC',
  'ADDRESS_SPACE',
  'PAGE_TABLE',
  'FRAME',
  'PROCESS_CONTROL_BLOCK',
  'IPC_PORT',
  'NOTIFICATION_PORT',
];

test("every byte of init's Generics has been every kind of object, and is free in the end", {
  timeout: TIMEOUT,
}, async () => {
  const folder = dirname(findGuest(ROOT).kernel);
  const main = join(ROOT, 'test/kernel/memory-reuse-main.ts');
  const reuse: Reuse = JSON.parse(await runBundled(main, [folder, String(MEMORY)], TIMEOUT));
  expect(reuse.serial).toContain('memory-reuse: done');
  expect(reuse.ramBytes).toBeGreaterThan(2 * 2 ** 20);
  for (const type of TYPES) expect([type, reuse.coveredBytes[type]]).toEqual([type, reuse.ramBytes]);
  expect(reuse.notFree).toEqual([]);
});
