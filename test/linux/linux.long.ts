import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { boot } from '../../emulator/boot/boot.ts';
import { createMachine } from '../../emulator/machine.ts';
import type { StopReason } from '../../emulator/machine-api.ts';
import { findQemu, QEMU_MISSING } from '../system/qemu.ts';
import { findLinux, type LinuxFiles } from './debian-packages.ts';
import {
  ABOUT_THIS_MACHINE,
  buildBusyboxSystem,
  COMMAND_LINE,
  createTypist,
  POWER_OFF,
  SAME_EVERYWHERE,
} from './shell-session.ts';

/** Debian's own kernel boots to a shell, runs commands and switches off: a machine that nobody here wrote a kernel for. */

const MEMORY = 256 * 2 ** 20;
const COMMANDS = [...SAME_EVERYWHERE, ...ABOUT_THIS_MACHINE, POWER_OFF];
/** Many times what it takes: a guest that hangs is found out. */
const LIMIT = 40_000_000_000;

interface Run {
  readonly stop: StopReason;
  readonly instructionCount: number;
  readonly digest: string;
  readonly printed: string;
  /** What each command printed. */
  readonly outputs: readonly string[];
}

async function runOnEmulator({ name, kernel, busybox }: LinuxFiles, slice: number): Promise<Run> {
  const machine = createMachine({ memoryBytes: MEMORY });
  boot(machine, {
    kernel: { name, bytes: kernel },
    initrds: [{ name: 'initramfs', bytes: buildBusyboxSystem(busybox) }],
    commandLine: COMMAND_LINE,
  });
  const typist = createTypist(COMMANDS, (text) => machine.serial.send(new TextEncoder().encode(text)));
  machine.serial.onOutput = (byte) => typist.take(String.fromCharCode(byte));
  let stop: StopReason;
  do {
    stop = machine.runTo(machine.instructionCount + slice);
    await nextTurn(); // the test runner wants to show what has been printed
  } while (stop.kind === 'budget' && machine.instructionCount < LIMIT);
  const { printed } = typist;
  return {
    stop,
    instructionCount: machine.instructionCount,
    digest: machine.digest(),
    printed,
    outputs: typist.outputs(),
  };
}

/** The kernel writes to the console whenever it likes, also amid what a command prints. */
const withoutKernelLog = (output: string | undefined): string | undefined =>
  output?.replace(/^\[ *\d+\.\d{6}\] .*\n/gm, '');

/** What the commands print under QEMU. */
async function runOnQemu({ kernel, busybox }: LinuxFiles): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'a9n-linux-'));
  const [kernelPath, initrdPath] = [join(folder, 'vmlinuz'), join(folder, 'initramfs')];
  writeFileSync(kernelPath, kernel);
  writeFileSync(initrdPath, buildBusyboxSystem(busybox));
  const child = spawn('qemu-system-x86_64', [
    ...['-accel', 'tcg', '-m', String(MEMORY / 2 ** 20), '-no-reboot', '-display', 'none'],
    ...['-monitor', 'none', '-serial', 'stdio', '-kernel', kernelPath, '-initrd', initrdPath],
    ...['-append', COMMAND_LINE],
  ]);
  const typist = createTypist(COMMANDS, (text) => child.stdin.write(text));
  child.stdout.setEncoding('latin1').on('data', (text: string) => typist.take(text));
  const timer = setTimeout(() => child.kill('SIGKILL'), 10 * 60_000);
  const status = await new Promise((settle) => child.on('close', settle));
  clearTimeout(timer);
  rmSync(folder, { recursive: true });
  expect(status, typist.printed).toBe(0);
  return typist.outputs();
}

describe("Debian's Linux", () => {
  let files: LinuxFiles;
  let first: Run;
  beforeAll(async () => {
    files = findLinux();
    console.log(`booting ${files.name}`);
    const started = performance.now();
    first = await runOnEmulator(files, 20_000_000);
    const seconds = (performance.now() - started) / 1000;
    console.log(`${first.instructionCount} instructions in ${seconds.toFixed(0)} s\n${first.printed}`);
  }, 30 * 60_000);

  test('boots to a shell, runs every command and switches off', () => {
    expect(first.stop).toEqual({ kind: 'power-off' });
    expect(first.outputs.length).toBe(COMMANDS.length);
    expect(first.printed).toContain('reboot: Power down');
  });

  test('finds itself on this machine, with nothing to complain about', () => {
    const [model, interrupts, complaints, date, clock] = first.outputs.slice(SAME_EVERYWHERE.length);
    expect(model).toContain('A9N emulated x86-64 processor');
    expect(interrupts).toMatch(/^\s*4:\s+[1-9]\d* .*ttyS0$/m);
    expect(interrupts).toMatch(/^LOC:\s+[1-9]\d* /m);
    expect(interrupts).toMatch(/^(NMI|ERR|SPU):\s+0 /m);
    expect(complaints).toBe('0\n');
    expect(date).toBe('2026-01-01\n');
    expect(clock).toMatch(/^rtc_cmos/);
  });

  test('does the same a second time, in other slices', async () => {
    const { stop, instructionCount, digest, printed } = await runOnEmulator(files, 7_654_321);
    expect(printed).toBe(first.printed);
    expect({ stop, instructionCount, digest }).toEqual({
      stop: first.stop,
      instructionCount: first.instructionCount,
      digest: first.digest,
    });
  });

  const qemu = findQemu();
  if (qemu === undefined) console.log(`skipped: commands compared with QEMU: ${QEMU_MISSING}`);
  test.skipIf(qemu === undefined)('prints for each command what it prints under QEMU', async () => {
    const theirs = await runOnQemu(files);
    for (const [index, command] of SAME_EVERYWHERE.entries()) {
      expect(withoutKernelLog(first.outputs[index]), command).toBe(withoutKernelLog(theirs[index]));
    }
  });
});
