import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBootedMachine } from '../../../emulator/boot/create.ts';
import { COMPILER_MISSING, compileKernel, hasCompiler } from '../../system/compile-kernel.ts';
import { findGuest, type GuestPaths, readGuest } from '../../system/guest-images.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from '../../system/qemu.ts';
import { watchSerial } from '../../system/serial-watch.ts';
import { tinyInit } from '../boot/tiny-guest.ts';

/** One program raises exceptions on both machines and prints what they leave. */

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const missing = findQemu() === undefined ? QEMU_MISSING : hasCompiler() ? undefined : COMPILER_MISSING;
if (missing !== undefined) console.log(`skipped: exceptions compared with QEMU: ${missing}`);

describe.skipIf(missing !== undefined)('exceptions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-exceptions-'));
  let guest: GuestPaths;
  beforeAll(() => {
    const kernel = join(folder, 'probe.elf');
    const init = join(folder, 'init.elf');
    const source = join(import.meta.dirname, 'exception-probe.c');
    expect(compileKernel(source, kernel, ['-mgeneral-regs-only'])).toBeUndefined();
    writeFileSync(init, tinyInit());
    guest = { ...findGuest(resolve(import.meta.dirname, '../../..')), kernel, init };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('leave what they leave on QEMU', async () => {
    const machine = createBootedMachine({ memoryBytes: 64 * 2 ** 20 }, readGuest(guest));
    const serial = watchSerial(machine);
    let reason = machine.run(1_000_000);
    for (let slice = 0; reason.kind === 'budget' && slice < 20; slice++) reason = machine.run(1_000_000);
    const theirs = await runOnQemu(guest, { cpu: 'max,vendor=GenuineIntel' });
    expect(serial.text.split('\n')).toEqual(theirs.serial.split('\n'));
    expect(reason).toEqual({ kind: 'exit', code: 0 });
    expect(theirs.exitCode).toBe(0);
    expect(serial.text.split('\n').length).toBeGreaterThan(100);
  });
});
