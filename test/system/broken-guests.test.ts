import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bundleCommand, type Command, type Outcome } from '../cli/a9n-process.ts';
import { buildElf } from '../emulator/boot/elf-builder.ts';
import { undefinedOpcode } from '../emulator/boot/tiny-guest.ts';
import { findGuest } from './guest-images.ts';
import { findQemu, QEMU_MISSING, runOnQemu } from './qemu.ts';

/** `a9n run` with the real kernel and what cannot work on it: a message that names the cause, and an end. */

// Processes start slowly on a busy host.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const guest = findGuest(resolve(import.meta.dirname, '../..'));
const folder = mkdtempSync(join(tmpdir(), 'a9n-broken-'));
let command: Command;
beforeAll(async () => {
  command = await bundleCommand();
});
afterAll(() => {
  command?.remove();
  rmSync(folder, { recursive: true });
});

const boot = (init: string, ...more: string[]): Promise<Outcome> =>
  command.run(['run', '--kernel', guest.kernel, '--init', init, ...more]);

/** An init image of these instructions. */
function initOf(name: string, code: readonly number[], symbols: Readonly<Record<string, number>>): string {
  const path = join(folder, name);
  const segments = [{ virtualAddress: 0x1000, bytes: Uint8Array.from(code), memorySize: 0x6000 }];
  writeFileSync(path, buildElf({ entry: 0x1000, segments, symbols }));
  return path;
}

const INIT_SYMBOLS = { __init_info_start: 0x5008, __init_ipc_buffer_start: 0x6000 };

describe('an init image', () => {
  test('that faults at once: what and where, and that nothing can run any more', async () => {
    const init = initOf('faults.elf', undefinedOpcode, INIT_SYMBOLS);
    const { code, output, errors } = await boot(init);
    expect(output).toMatch(
      /^A9N: process suspended by a fault without resolver: invalid instruction at 0x0+1000,.*\nA9N: no process can ever run again: .*\nA9N: halted\n$/m,
    );
    expect(errors).toMatch(/^a9n: halted for good at 0xffffffff8.*: HLT with interrupts off/);
    expect(code).toBe(123);
  });

  test('that jumps to an address where nothing is', async () => {
    // mov eax, 0x12345678; jmp rax
    const init = initOf('jumps.elf', [0xb8, 0x78, 0x56, 0x34, 0x12, 0xff, 0xe0], INIT_SYMBOLS);
    const { code, output } = await boot(init);
    expect(output).toMatch(/fault without resolver: instruction fetch at 0x0+12345678, detail 0x0+12345678/);
    expect(code).toBe(123);
  });

  test('without the symbol __init_info_start: what is missing and why', async () => {
    const { code, output, errors } = await boot(
      initOf('stripped.elf', undefinedOpcode, { __init_ipc_buffer_start: 0x6000 }),
    );
    expect(errors).toMatch(/stripped\.elf: has no symbol __init_info_start.*keep its symbol table\.\n$/);
    expect(output).toBe('');
    expect(code).toBe(120);
  });

  test('in the place of the kernel', async () => {
    const { code, errors } = await command.run(['run', '--kernel', guest.init, '--init', guest.init]);
    expect(errors).toMatch(/^a9n: .*koito\.elf: a segment at .* begins below 1 MiB.*\n$/);
    expect(code).toBe(120);
  });
});

describe('too little memory', () => {
  const TOO_SMALL_FOR_KOITO = /^koito: not enough memory: .*; give the machine 32 MiB or more\r?$/m;

  test.each(['2M', '4M'])('--memory %s: the images do not fit', async (memory) => {
    const { code, output, errors } = await boot(guest.init, '--memory', memory);
    expect(errors).toMatch(/^a9n: .*[Gg]ive the machine more/);
    expect(output).toBe('');
    expect(code).toBe(120);
  });

  test.each(['8M', '16M'])('--memory %s: KOITO says so and ends', async (memory) => {
    const { code, output, errors } = await boot(guest.init, '--memory', memory);
    expect(output).toMatch(TOO_SMALL_FOR_KOITO);
    expect(errors).toBe('');
    expect(code).toBe(1);
  });

  test('--memory 32M, as the message advises, is enough', async () => {
    const { code, output } = await boot(guest.init, '--memory', '32M');
    expect(output).toContain('koito: memory-tour exited with code 0');
    expect(code).toBe(0);
  });

  test.skipIf(findQemu() === undefined)(`16 MiB on ${findQemu() ?? QEMU_MISSING}`, async () => {
    const { serial, exitCode } = await runOnQemu(guest, { memoryMegabytes: 16 });
    expect(serial).toMatch(TOO_SMALL_FOR_KOITO);
    expect(exitCode).toBe(1);
  });
});
