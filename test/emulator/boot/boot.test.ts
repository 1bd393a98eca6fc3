import { describe, expect, test } from 'vitest';
import { type BootRequest, boot, recogniseKernel } from '../../../emulator/boot/boot.ts';
import { BootError } from '../../../emulator/boot/boot-error.ts';
import { createMachine } from '../../../emulator/machine.ts';
import { exit, tinyGuest } from './tiny-guest.ts';

const MEMORY = 32 * 2 ** 20;

const file = (name: string, ...bytes: number[]) => ({ name, bytes: Uint8Array.from(bytes) });
const { kernel, init } = tinyGuest({ code: exit(5) });
const a9n: BootRequest = {
  kernel: { name: 'a9n.elf', bytes: kernel },
  init: { name: 'init.elf', bytes: init },
};
const elf32 = { name: 'k32.elf', bytes: kernel.slice() };
elf32.bytes[4] = 1;

function bootAndRun(request: BootRequest) {
  const machine = createMachine({ memoryBytes: MEMORY });
  boot(machine, request);
  return { machine, stop: machine.run(1000) };
}

test('a kernel is recognised by its file', () => {
  expect(recogniseKernel({ kernel: a9n.kernel })).toBe('a9n');
  expect(recogniseKernel({ kernel: file('flat', 0xf4) })).toBe('flat');
});

test.each([2025, 2026] as const)('A9N by the ABI of %i', (a9nAbi) => {
  const { machine, stop } = bootAndRun({ ...a9n, a9nAbi });
  expect(stop).toEqual({ kind: 'exit', code: 5 });
  const view = new DataView(machine.readPhysical(Number(machine.readRegister('rdi')), 0x48).buffer);
  // The tiny init image has eight pages, 0 to 7.
  expect(Number(view.getBigUint64(0x20, true))).toBe(a9nAbi === 2025 ? 7 : 8);
  const root = Number(view.getBigUint64(0x40, true));
  expect(new TextDecoder().decode(machine.readPhysical(root, 8))).toBe('RSD PTR ');
});

describe('a flat binary', () => {
  test('is entered at its first byte in long mode, with a stack and RDI = ACPI root pointer', () => {
    // push rdi; mov rax, [rdi]; pop rbx; hlt
    const { machine, stop } = bootAndRun({
      kernel: file('flat', 0x57, 0x48, 0x8b, 0x07, 0x5b, 0xf4),
      loadAddress: 0x12_3456,
    });
    expect(stop).toEqual({ kind: 'halted' });
    expect(machine.readRegister('rip')).toBe(0x12_345cn);
    expect(machine.readRegister('rbx')).toBe(machine.readRegister('rdi'));
    const signature = machine.readRegister('rax');
    expect(Buffer.from(signature.toString(16), 'hex').reverse().toString()).toBe('RSD PTR ');
  });

  test.each([
    [0x8fff, /overlaps the page tables and stack of the entry state at 0x9000…0xd000\. Choose another/],
    [0xd_ffff, /overlaps the ACPI tables at 0xe0000…/],
    [MEMORY - 1, /flat: 0x1ffffff…0x2000001 lies outside of memory, which has 32 MiB/],
  ])('does not fit at %d', (loadAddress, message) => {
    const attempt = () => bootAndRun({ kernel: file('flat', 0x90, 0xf4), loadAddress });
    expect(attempt).toThrow(BootError);
    expect(attempt).toThrow(message);
  });
});

describe('what cannot be booted is refused with the cause and a remedy', () => {
  const rejected: [string, BootRequest, RegExp][] = [
    ['empty', { kernel: file('k') }, /k: is empty\. Give a kernel/],
    ['text', { kernel: file('k', 0x23, 0x21) }, /k: not a kernel that can be recognised.*--load-address/],
    ['gzip', { kernel: file('k.gz', 0x1f, 0x8b), commandLine: 'a' }, /k\.gz: is compressed by gzip\. Unpack/],
    ['text with an init image', { ...a9n, kernel: file('k', 0x23) }, /k: not an ELF file/],
    ['32-bit ELF', { kernel: elf32 }, /k32\.elf: a 32-bit ELF file without multiboot header/],
    [
      'A9N alone',
      { kernel: a9n.kernel },
      /a9n\.elf: .* taken for an A9N kernel, which needs an init image.*--init.*bzImage/,
    ],
    [
      'A9N with a command line',
      { ...a9n, commandLine: 'quiet' },
      /no command line \(--append\)\. Leave that out/,
    ],
    ['A9N with initrd', { ...a9n, initrds: [] }, /a9n\.elf: is an A9N kernel .* no initial file system/],
    ['A9N at an address', { ...a9n, loadAddress: 0x20_0000 }, /no load address \(--load-address\)/],
    [
      'flat with ABI',
      { kernel: file('f', 0xf4), loadAddress: 0x10_0000, a9nAbi: 2025 },
      /no generation of the A9N ABI/,
    ],
  ];
  test.each(rejected)('%s', (_name, request, message) => {
    expect(() => bootAndRun(request)).toThrow(BootError);
    expect(() => bootAndRun(request)).toThrow(message);
  });
});
