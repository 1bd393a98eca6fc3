import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildElf } from '../emulator/boot/elf-builder.ts';
import { findGuest } from '../system/guest-images.ts';
import { buildHostProgram, sanitized } from './host/build.ts';
import { findConformance, runOnEmulator } from './kernel-images.ts';
import {
  buildRunInit,
  FAILED,
  findMissingFeature,
  HALTED,
  type NativeSettings,
  reasonNotToRun,
  runInit,
  runInitProgram,
} from './native/run-init.ts';

/**
 * The kernel core on the host HAL runs real processes as Linux code, under sanitizers: init images, byte for byte those of
 * the emulator, with equal output. kernel/README.md lists what cannot be equal.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const LIMIT = 400_000_000;
// Programs start slowly on a busy host.
vi.setConfig({ testTimeout: 120_000 });

const skip = reasonNotToRun();
const program = skip === undefined ? await buildRunInit() : '';
const reason = skip ?? findMissingFeature(program);
if (reason !== undefined) console.log(`skipped: init images as Linux programs: ${reason}`);

const guarded = reason === undefined ? reasonNotToRun(sanitized) : reason;
if (guarded !== reason) console.log(`skipped: conformance under AddressSanitizer: ${guarded}`);

const withoutReturns = (serial: string) => serial.replaceAll('\r', '');

const guest = findConformance();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'a9n-native-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Image of these instructions, with a stack that ends at STACK_END. */
const START = 0x1_0000;
const STACK_END = 0x1_5000;
function initOf(code: readonly number[], at = START): string {
  const path = join(folder, 'init.elf');
  const bytes = Uint8Array.from(code);
  const segments = [{ virtualAddress: at, bytes, memorySize: START + 0x7000 - at }];
  const symbols = { __init_info_start: START + 0x5008, __init_ipc_buffer_start: START + 0x6000 };
  writeFileSync(path, buildElf({ entry: at, segments, symbols }));
  return path;
}

const bytesOf = (value: bigint, count: number) =>
  Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const moveToRax = (value: bigint) => [0x48, 0xb8, ...bytesOf(value, 8)];
const moveToRsp = (value: bigint) => [0x48, 0xbc, ...bytesOf(value, 8)];
const withStack = moveToRsp(BigInt(STACK_END));
const readAtRax = [0x48, 0x8b, 0x00];
const pushRax = 0x50;
const systemCall = [0x0f, 0x05];
const setFlag = (bit: number) => [
  ...withStack,
  0x9c,
  0x48,
  0x81,
  0x0c,
  0x24,
  ...bytesOf(1n << BigInt(bit), 4),
  0x9d,
];

const NOTHING = 0x3000_0000n;

/** Each ends with a fault that no resolver gets, so the kernel's log tells what it was. */
const faults: readonly [string, readonly number[]][] = [
  ['a read where nothing is', [...moveToRax(NOTHING), ...readAtRax]],
  ['a write where nothing is', [...moveToRax(NOTHING), 0x48, 0x89, 0x00]],
  ['a jump to where nothing is', [...moveToRax(NOTHING), 0xff, 0xe0]],
  ['a read of the last user page', [...moveToRax(0x7fff_ffff_f000n), ...readAtRax]],
  ['a read of kernel memory', [...moveToRax(0xffff_ffff_8010_0000n), ...readAtRax]],
  ['a write to kernel memory', [...moveToRax(0xffff_ffff_8010_0000n), 0x48, 0x89, 0x00]],
  ['a jump to kernel memory', [...moveToRax(0xffff_ffff_8010_0000n), 0xff, 0xe0]],
  ['a read of unmapped kernel memory', [...moveToRax(0xffff_9000_0000_0000n), ...readAtRax]],
  ['a read at an address that is not canonical', [...moveToRax(1n << 63n), ...readAtRax]],
  ['a push at an address that is not canonical', [...moveToRsp(1n << 63n), pushRax]],
  ['a push to address 0', [...moveToRsp(0n), pushRax]],
  ['UD2', [0x0f, 0x0b]],
  ['an opcode that is none in 64-bit mode', [0x06]],
  ['division by zero', [0x31, 0xc9, 0xf7, 0xf1]],
  ['a quotient that is too large', [0xb8, 0, 0, 0, 0x80, 0x99, 0x83, 0xc9, 0xff, 0xf7, 0xf9]],
  ['HLT', [0xf4]],
  ['CLI', [0xfa]],
  ['IN', [0xec]],
  ['OUT', [0xee]],
  ['RDMSR', [0x0f, 0x32]],
  ['MOV from CR0', [0x0f, 0x20, 0xc0]],
  ['LGDT', [0x0f, 0x01, 0x15, 0, 0, 0, 0]],
  ['SWAPGS', [0x0f, 0x01, 0xf8]],
  ['INT3', [0xcc]],
  ['INT 3', [0xcd, 3]],
  ['INT 4', [0xcd, 4]],
  ['INT 1', [0xcd, 1]],
  ['INT1', [0xf1]],
  ['INT 13', [0xcd, 13]],
  ['INT 0x20', [0xcd, 0x20]],
  ['INT 0x80', [0xcd, 0x80]],
  ['INT 0xFF', [0xcd, 0xff]],
  ['a single step', [...setFlag(8), 0x90]],
  // fldcw with the zero-divide exception unmasked; fldz; fld1; fdiv; fwait
  [
    'an x87 exception',
    [...withStack, 0x68, ...bytesOf(0x37bn, 4), 0xd9, 0x2c, 0x24, 0xd9, 0xee, 0xd9, 0xe8, 0xd8, 0xf1, 0x9b],
  ],
  // ldmxcsr 0; cvtsi2ss xmm1, eax; xorps xmm0, xmm0; divss xmm1, xmm0
  [
    'an SSE exception',
    [
      ...withStack,
      0x6a,
      0,
      0x0f,
      0xae,
      0x14,
      0x24,
      ...moveToRax(1n),
      0xf3,
      0x0f,
      0x2a,
      0xc8,
      0x0f,
      0x57,
      0xc0,
      0xf3,
      0x0f,
      0x5e,
      0xc8,
    ],
  ],
  [
    'a return to the kernel code selector',
    [...withStack, 0x6a, 0x08, ...moveToRax(BigInt(START)), pushRax, 0x48, 0xcb],
  ],
  ['a selector beyond the GDT', [...moveToRax(0x1238n), 0x8e, 0xd8]],
  ['kernel call 0', [...moveToRax(0n), ...systemCall]],
  ['the exit call of Linux', [...moveToRax(60n), ...systemCall]],
  ['a call number of 64 bits', [...moveToRax(0x1234_5678_9abc_def0n), ...systemCall]],
  ['a call number with the bit of the x32 ABI', [...moveToRax(0x4000_0001n), ...systemCall]],
  ...[-4n, -512n, -513n, -514n, -516n].map((number): [string, number[]] => [
    `kernel call ${number}`,
    [...moveToRax(number), ...systemCall],
  ]),
];

interface Difference {
  readonly name: string;
  readonly code: readonly number[];
  readonly onEmulator: RegExp;
  readonly here: RegExp;
}

const generalProtectionAt = (offset: number) =>
  new RegExp(`: architecture at 0x0+${(START + offset).toString(16)}, detail 0x0+d00000000,`);
const undefinedAtStart = /: invalid instruction at 0x0+10000,/;

const left64BitMode = /^user mode: a process left 64-bit mode /;

/** What Linux or the processor decides without us. The README gives the reasons. */
const differences: readonly Difference[] = [
  {
    name: 'address 0',
    code: [...moveToRax(0x10n), ...readAtRax, 0xf4],
    onEmulator: generalProtectionAt(13),
    here: /^user mode: a process uses address 0x10, but Linux maps nothing below 0x[0-9a-f]+ \(vm\.mmap_min_addr\)\n$/,
  },
  {
    name: 'SYSENTER',
    code: [0x0f, 0x34],
    onEmulator: generalProtectionAt(0),
    here: left64BitMode,
  },
  {
    // push 0x23; push the address of `nop; hlt`; retfq
    name: 'a return to the 32-bit code selector of Linux',
    code: [...withStack, 0x6a, 0x23, ...moveToRax(BigInt(START + 25)), pushRax, 0x48, 0xcb, 0x90, 0x90, 0xf4],
    onEmulator: /: architecture at 0x0+10017, detail 0x0+d00000020,/,
    here: left64BitMode,
  },
  {
    name: 'misaligned data with RFLAGS.AC',
    code: [...setFlag(18), 0x8b, 0x44, 0x24, 0xf1, 0xf4],
    onEmulator: generalProtectionAt(24),
    here: /: architecture at 0x0+10014, detail 0x0+1100000000,/,
  },
  {
    name: 'SGDT',
    code: [...withStack, 0x0f, 0x01, 0x04, 0x24, 0xf4],
    onEmulator: generalProtectionAt(10),
    here: generalProtectionAt(14),
  },
  {
    name: 'WRFSBASE',
    code: [0xf3, 0x48, 0x0f, 0xae, 0xd0, 0xf4],
    onEmulator: undefinedAtStart,
    here: generalProtectionAt(5),
  },
];

/** Types a line once KOITO's client has ended, and the end of input once the line has come back twice. */
function typist(): (soFar: string) => string | undefined {
  const line = 'hello\n';
  let typed = 0;
  return (soFar) => {
    const isTime = typed === 0 ? /memory-tour exited.*\n/.test(soFar) : soFar.split(line).length === 3;
    if (typed === 2 || !isTime) return undefined;
    typed++;
    return typed === 1 ? line : '\x04';
  };
}

describe.skipIf(reason !== undefined)('on the host HAL', () => {
  const run = (init: string, settings?: NativeSettings) => runInit(program, init, settings);

  test.skipIf(guarded !== undefined)(
    'the conformance program is clean under AddressSanitizer, too',
    async () => {
      const guardedProgram = await buildHostProgram({ ...runInitProgram, toolchain: sanitized });
      const { serial, errors, status } = await runInit(guardedProgram, guest.init);
      expect(serial).toContain('conformance: all passed\n');
      expect({ errors, status }).toEqual({ errors: '', status: 0 });
    },
  );

  test('the conformance program prints the same as on the emulator', async () => {
    const { serial, errors, status } = await run(guest.init);
    expect(serial).toBe(withoutReturns(runOnEmulator(guest, LIMIT).serial));
    expect(serial).toContain('conformance: all passed\n');
    expect({ errors, status }).toEqual({ errors: '', status: 0 });
    expect(await run(guest.init, { interrupt: true }), 'with calls interrupted').toEqual({
      serial,
      errors,
      status,
    });
  });

  test('KOITO prints the same as on the emulator, answers what is typed, and ends', async () => {
    const koito = findGuest(ROOT);
    const expected = runOnEmulator(koito, LIMIT, (machine) => {
      const { onOutput } = machine.serial;
      const reply = typist();
      let soFar = '';
      machine.serial.onOutput = (byte) => {
        onOutput?.(byte);
        soFar += String.fromCharCode(byte);
        machine.serial.send(new TextEncoder().encode(reply(soFar) ?? ''));
      };
    });
    const { serial, errors, status } = await run(koito.init, { reply: typist() });
    expect(serial).toBe(withoutReturns(expected.serial));
    expect(serial).toContain('koito: shutting down with code 0\n');
    expect({ errors, status }).toEqual({ errors: '', status: 0 });
  });

  test.each(faults)('%s is the same fault as on the emulator', async (_name, code) => {
    const init = initOf(code);
    const { serial, errors, status } = await run(init);
    expect(serial).toBe(withoutReturns(runOnEmulator({ ...guest, init }, LIMIT).serial));
    expect({ errors, status }).toEqual({ errors: '', status: HALTED });
  });

  test.each(differences)('$name is not as on the emulator', async ({ code, onEmulator, here }) => {
    const init = initOf(code);
    expect(runOnEmulator({ ...guest, init }, LIMIT).serial).toMatch(onEmulator);
    const { serial, errors, status } = await run(init);
    expect(status === FAILED ? errors : serial).toMatch(here);
  });

  test.skipIf(guarded !== undefined)('a fault of the kernel is reported where it happens', async () => {
    const path = 'kernel/core/frame.cpp';
    const source = readFileSync(join(ROOT, path), 'utf8');
    const broken = source.replace('return success;', '*reinterpret_cast<volatile word*>(8) = 1;\n$&');
    expect(broken).not.toBe(source);
    const replaced = new Map([[path, broken]]);
    const bad = await buildHostProgram({ ...runInitProgram, toolchain: sanitized, replaced });
    const { serial, errors, status } = await runInit(bad, guest.init);
    expect(serial).not.toContain('conformance: ');
    expect(errors).toMatch(/^user mode: signal 11 in the kernel itself, at 0x/);
    expect(errors).toMatch(/AddressSanitizer: SEGV [\s\S]* get_address[\s\S]*frame\.cpp/);
    expect(status).toBe(1);
  });

  test('a file that is no init image', async () => {
    const path = join(folder, 'text');
    writeFileSync(path, 'no init image\n'.repeat(20));
    expect(await run(path)).toEqual({
      serial: '',
      errors: `user mode: ${path}: not an ELF file\n`,
      status: FAILED,
    });
  });
});
