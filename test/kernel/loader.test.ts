import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findQemu, QEMU_MISSING, runOnQemu } from '../system/qemu.ts';
import { findConformance } from './kernel-images.ts';

/** The multiboot loader says what is wrong with its modules. */

const TIMEOUT = 30_000;
const qemu = findQemu();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'a9n-loader-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A header for no segment at all: 64-bit, x86_64, executable. */
function emptyElf(machine: number): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, machine, true);
  view.setUint16(54, 56, true);
  return bytes;
}

const X86_64 = 62;
const AARCH64 = 183;

describe.skipIf(qemu === undefined)(`loader on ${qemu ?? QEMU_MISSING}`, () => {
  const cases: readonly [string, () => { kernel?: string; init?: string }, string][] = [
    ['a text file as kernel', () => ({ kernel: file('text', 'no kernel\n'.repeat(20)) }), 'not an ELF file'],
    ['a short file as init', () => ({ init: file('short', 'short') }), 'too short for an ELF file'],
    [
      'a kernel for another machine',
      () => ({ kernel: file('arm', emptyElf(AARCH64)) }),
      'not a 64-bit x86_64',
    ],
    [
      'an ELF file without segments',
      () => ({ init: file('empty', emptyElf(X86_64)) }),
      'without load segments',
    ],
    [
      'a kernel as init',
      () => ({ init: findConformance().kernel }),
      'the init image has no symbol (is it stripped?): __init_info_start',
    ],
  ];

  test.each(cases)(
    '%s',
    async (_name, change, message) => {
      const paths = { ...findConformance(), ...change() };
      const isDone = (serial: string) => serial.includes('\n');
      const { serial } = await runOnQemu(paths, { isDone, timeoutMilliseconds: TIMEOUT });
      expect(serial).toMatch(/^loader: /);
      expect(serial).toContain(message);
    },
    TIMEOUT,
  );
});
