import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseElf } from '../../debug-adapter/symbols/elf.ts';
import type { Machine } from '../../emulator/machine-api.ts';
import { findGuest } from '../system/guest-images.ts';
import { type GuestRun, runOnEmulator } from './kernel-images.ts';

/** With the fast path of IPC and without it the kernel does the same, in the debug build, where a variable says so. */

const KERNEL_BASE = 0xffff_ffff_8000_0000n;
const LIMIT = 200_000_000;

const guest = findGuest(resolve(import.meta.dirname, '../..'));
const flag = parseElf(readFileSync(guest.kernel), guest.kernel).symbols.find(({ name }) =>
  name.includes('is_fast_path_enabled'),
);

function run(init: string, isEnabled: boolean): GuestRun & { readonly instructions: number } {
  if (flag === undefined)
    throw new Error(`${guest.kernel} has no fast path to switch off: is it a release build?`);
  const address = Number(flag.address - KERNEL_BASE);
  let booted: Machine | undefined;
  const result = runOnEmulator({ ...guest, init }, LIMIT, (machine) => {
    machine.writePhysical(address, Uint8Array.of(isEnabled ? 1 : 0));
    booted = machine;
  });
  return { ...result, instructions: booted?.instructionCount ?? 0 };
}

test('the conformance program prints the same with the fast path and without', { timeout: 120_000 }, () => {
  const init = join(dirname(guest.kernel), 'conformance.elf');
  const fast = run(init, true);
  const slow = run(init, false);
  expect(fast.reason).toEqual({ kind: 'exit', code: 0 });
  expect({ serial: slow.serial, reason: slow.reason }).toEqual({ serial: fast.serial, reason: fast.reason });
  // Or the variable is not that of the fast path.
  expect(slow.instructions).toBeGreaterThan(fast.instructions);
});
