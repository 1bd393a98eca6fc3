import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bootMultiboot } from '../../../emulator/boot/multiboot.ts';
import { createMachine } from '../../../emulator/index.ts';
import { COMPILER_MISSING, compileKernel, hasCompiler } from '../../system/compile-kernel.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from '../../system/qemu.ts';
import { watchSerial } from '../../system/serial-watch.ts';

/** One program goes through the modes of the processor on both machines and prints what it meets. */

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const missing = findQemu() === undefined ? QEMU_MISSING : hasCompiler() ? undefined : COMPILER_MISSING;
if (missing !== undefined) console.log(`skipped: modes compared with QEMU: ${missing}`);

describe.skipIf(missing !== undefined)('real, protected, compatibility and 64-bit mode', () => {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-modes-'));
  const kernel = join(folder, 'probe.elf');
  beforeAll(() => {
    const source = join(import.meta.dirname, 'mode-probe.c');
    expect(compileKernel(source, kernel, ['-m32', '-mgeneral-regs-only'])).toBeUndefined();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('leave what they leave on QEMU', async () => {
    const machine = createMachine({ memoryBytes: 64 * 2 ** 20 });
    bootMultiboot(machine, { kernel: readFileSync(kernel) });
    const serial = watchSerial(machine);
    let reason = machine.run(1_000_000);
    for (let slice = 0; reason.kind === 'budget' && slice < 20; slice++) reason = machine.run(1_000_000);
    const paths = { loader: kernel, kernel, init: kernel };
    const theirs = await runOnQemu(paths, { cpu: 'max,vendor=GenuineIntel', memoryMegabytes: 64 });
    expect(serial.text.split('\n')).toEqual(theirs.serial.split('\n'));
    expect(reason).toEqual({ kind: 'exit', code: 0 });
    expect(theirs.exitCode).toBe(0);
    expect(serial.text.split('\n').length).toBeGreaterThan(200);
  });
});
