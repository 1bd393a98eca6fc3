import { describe, expect, test } from 'vitest';
import { boot } from '../../../emulator/boot/boot.ts';
import { BootError } from '../../../emulator/boot/boot-error.ts';
import { bootLinux, isLinuxKernel } from '../../../emulator/boot/linux-boot.ts';
import { createMachine } from '../../../emulator/machine.ts';

const MEMORY = 64 * 2 ** 20;
const PREFERRED = 0x100_0000;
const SETUP_SECTORS = 3;
const PAYLOAD = (SETUP_SECTORS + 1) * 512;

interface Parts {
  readonly version?: number;
  readonly extendedFlags?: number;
  readonly preferred?: number;
  readonly alignment?: number;
  readonly relocatable?: boolean;
  readonly initSize?: number;
  readonly highestRamdisk?: number;
  readonly code?: readonly number[];
}

/** A bzImage with a header as Linux has it and `code` at its 64-bit entry point. */
function bzImage(parts: Parts = {}): Uint8Array {
  const file = new Uint8Array(PAYLOAD + 0x1000);
  const view = new DataView(file.buffer);
  file[0x1f1] = SETUP_SECTORS;
  view.setUint32(0x1f4, 0x1000 / 16, true);
  view.setUint16(0x1fe, 0xaa55, true);
  file.set([0xeb, 0x6a], 0x200); // a jump over a header of 0x6c bytes
  file.set(new TextEncoder().encode('HdrS'), 0x202);
  view.setUint16(0x206, parts.version ?? 0x20f, true);
  view.setUint32(0x22c, parts.highestRamdisk ?? 0x7fff_ffff, true);
  view.setUint32(0x230, parts.alignment ?? 0x20_0000, true);
  file[0x234] = (parts.relocatable ?? true) ? 1 : 0;
  view.setUint16(0x236, parts.extendedFlags ?? 1, true);
  view.setUint32(0x238, 100, true);
  view.setBigUint64(0x258, BigInt(parts.preferred ?? PREFERRED), true);
  view.setUint32(0x260, parts.initSize ?? 0x10_0000, true);
  file.set(parts.code ?? [0xf4], PAYLOAD + 0x200);
  return file;
}

function booted(kernel: Uint8Array, more: { initrds?: Uint8Array[]; commandLine?: string } = {}) {
  const machine = createMachine({ memoryBytes: MEMORY });
  bootLinux(machine, { kernel, kernelName: 'vmlinuz', ...more });
  const parameters = Number(machine.readRegister('rsi'));
  const bytes = (address: number, length: number) => machine.readPhysical(address, length);
  const view = (address: number, length: number) => new DataView(bytes(address, length).buffer);
  return { machine, bytes, parameters: view(parameters, 4096), view };
}

test('a kernel is recognised by its setup header', () => {
  expect(isLinuxKernel(bzImage())).toBe(true);
  expect(isLinuxKernel(bzImage().subarray(0, 0x204))).toBe(false);
  expect(isLinuxKernel(new Uint8Array(4096))).toBe(false);
});

test('stands at load address + 0x200 in long mode with the selectors of the protocol', () => {
  const { machine, bytes } = booted(bzImage({ code: [0xf4, 0xab, 0xcd] }));
  expect(machine.readRegister('rip')).toBe(BigInt(PREFERRED + 0x200));
  expect([...bytes(PREFERRED + 0x200, 3)]).toEqual([0xf4, 0xab, 0xcd]);
  expect(machine.readRegister('cs')).toBe(0x10n);
  for (const name of ['ss', 'ds', 'es']) expect(machine.readRegister(name)).toBe(0x18n);
  expect(machine.readRegister('efer') & 0x400n).toBe(0x400n);
  expect(machine.readRegister('rflags') & 0x200n).toBe(0n);
  for (const address of [0x7000n, 0x1_0000n, 0x123_4567n]) {
    expect(machine.translate(address).physicalAddress).toBe(Number(address));
  }
  // The selectors are those of the descriptor table too: an interrupt's return would load them.
  expect(machine.run(10)).toEqual({ kind: 'halted' });
});

test('boot_params has the header, the command line, the memory map and the ACPI root pointer', () => {
  const { parameters, bytes, view } = booted(bzImage(), { commandLine: 'console=ttyS0 quiet' });
  expect(parameters.getUint32(0x202, true)).toBe(0x5372_6448);
  expect(parameters.getUint8(0x210)).toBe(0xff);
  const text = new TextDecoder().decode(bytes(parameters.getUint32(0x228, true), 20));
  expect(text).toBe('console=ttyS0 quiet\0');
  const map = Array.from({ length: parameters.getUint8(0x1e8) }, (_, index) => {
    const at = 0x2d0 + 20 * index;
    const start = Number(parameters.getBigUint64(at, true));
    return [
      start,
      start + Number(parameters.getBigUint64(at + 8, true)),
      parameters.getUint32(at + 16, true),
    ];
  });
  expect(map.filter(([, , type]) => type === 1)).toEqual([
    [0, 0x9fc00, 1],
    [0x10_0000, MEMORY, 1],
  ]);
  const root = Number(parameters.getBigUint64(0x70, true));
  expect(new TextDecoder().decode(bytes(root, 8))).toBe('RSD PTR ');
  expect(map.some(([start, end, type]) => type === 2 && root >= start && root < end)).toBe(true);
  expect(view(root, 36).getUint8(15)).toBe(2);
});

test('initial file systems lie one behind the other, high in memory, each at a multiple of 4', () => {
  const initrds = [Uint8Array.of(1, 2, 3, 4, 5), new Uint8Array(0), Uint8Array.of(6, 7)];
  const { parameters, bytes } = booted(bzImage(), { initrds });
  const start = parameters.getUint32(0x218, true);
  expect(start % 4096).toBe(0);
  expect(start).toBeGreaterThan(MEMORY - 8192);
  expect(parameters.getUint32(0x21c, true)).toBe(10);
  expect([...bytes(start, 10)]).toEqual([1, 2, 3, 4, 5, 0, 0, 0, 6, 7]);
});

test('the initial file system heeds the limit of the kernel', () => {
  const { parameters } = booted(bzImage({ highestRamdisk: 0x180_0fff }), {
    initrds: [new Uint8Array(0x800)],
  });
  expect(parameters.getUint32(0x218, true)).toBe(0x180_0000);
});

test('a kernel for which its preferred address is too high is loaded low', () => {
  const { machine } = booted(bzImage({ preferred: 0x8000_0000 }));
  expect(machine.readRegister('rip')).toBe(0x20_0200n);
});

describe('what cannot be booted is refused with the cause and a remedy', () => {
  test.each([
    [
      'old',
      bzImage({ version: 0x20b }),
      {},
      /vmlinuz: .*without 64-bit entry point \(boot protocol 2\.11\).*3\.8/,
    ],
    ['32-bit', bzImage({ extendedFlags: 0 }), {}, /without 64-bit entry point/],
    ['cut in the header', bzImage().subarray(0, 0x220), {}, /vmlinuz: truncated/],
    ['cut in the payload', bzImage().subarray(0, PAYLOAD + 100), {}, /vmlinuz: truncated/],
    [
      'too large',
      bzImage({ initSize: 0x400_0000 }),
      {},
      /needs 66 MiB of memory to start, the machine has 64 MiB/,
    ],
    ['not to be moved', bzImage({ preferred: 0x800_0000, relocatable: false }), {}, /needs 129 MiB/],
    [
      'command line',
      bzImage(),
      { commandLine: 'x'.repeat(101) },
      /at most 100 bytes, this one has 101\. Shorten/,
    ],
    [
      'initrd',
      bzImage(),
      { initrds: [new Uint8Array(48 * 2 ** 20)] },
      /48 MiB does not fit .* more than 65 MiB/,
    ],
  ])('%s', (_name, kernel, more, message) => {
    expect(() => booted(kernel, more)).toThrow(BootError);
    expect(() => booted(kernel, more)).toThrow(message);
  });

  test('every truncation and every flipped header byte boots or is a BootError', () => {
    const good = bzImage();
    const attempt = (kernel: Uint8Array) => {
      if (!isLinuxKernel(kernel)) return;
      try {
        bootLinux(createMachine({ memoryBytes: 8 * 2 ** 20 }), { kernel, initrds: [Uint8Array.of(1)] });
      } catch (error) {
        expect(error).toBeInstanceOf(BootError);
      }
    };
    for (let length = 0; length < good.length; length += 97) attempt(good.subarray(0, length));
    for (let at = 0x1f0; at < 0x268; at++) {
      for (const value of [0x00, 0x7f, 0xff]) {
        const damaged = good.slice();
        damaged[at] = value;
        attempt(damaged);
      }
    }
  }, 60_000);
});

test('an initial file system with a command line is refused', () => {
  const initrds = [{ name: 'initramfs', bytes: Uint8Array.of(1), commandLine: 'quiet' }];
  const machine = createMachine({ memoryBytes: MEMORY });
  expect(() => boot(machine, { kernel: { name: 'vmlinuz', bytes: bzImage() }, initrds })).toThrow(
    /initramfs: an initial file system takes no command line \("quiet"\)/,
  );
});
