import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import { tinyInit } from '../emulator/boot/tiny-guest.ts';
import { COMPILER_MISSING, compileKernel, hasCompiler } from './compile-kernel.ts';
import { findGuest, type GuestPaths, readGuest } from './guest-images.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from './qemu.ts';
import { watchSerial } from './serial-watch.ts';

/** One program asks the devices of both machines the same questions. */

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const missing = findQemu() === undefined ? QEMU_MISSING : hasCompiler() ? undefined : COMPILER_MISSING;
if (missing !== undefined) console.log(`skipped: devices compared with QEMU: ${missing}`);

describe.skipIf(missing !== undefined)('the devices', () => {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-probe-'));
  let guest: GuestPaths;
  beforeAll(() => {
    const kernel = join(folder, 'probe.elf');
    const init = join(folder, 'init.elf');
    const source = join(import.meta.dirname, 'device-probe.c');
    expect(compileKernel(source, kernel, ['-mgeneral-regs-only'])).toBeUndefined();
    writeFileSync(init, tinyInit());
    guest = { ...findGuest(resolve(import.meta.dirname, '../..')), kernel, init };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('answer as those of QEMU', async () => {
    const machine = createBootedMachine({ memoryBytes: 64 * 2 ** 20 }, readGuest(guest));
    const serial = watchSerial(machine);
    const reason = machine.runTo(10_000_000_000);
    expect(reason, serial.text).toEqual({ kind: 'exit', code: 0 });
    expect(serial.text.split('\n').length).toBeGreaterThan(60);

    const theirs = await runOnQemu(guest, { memoryMegabytes: 64 });
    expect(theirs.exitCode).toBe(0);
    expect(serial.text).toBe(theirs.serial);
  });
});
