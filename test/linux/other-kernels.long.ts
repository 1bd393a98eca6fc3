import { gunzipSync } from 'node:zlib';
import { describe, expect, type TestContext, test } from 'vitest';
import { type BootRequest, boot } from '../../emulator/boot/boot.ts';
import { createMachine } from '../../emulator/machine.ts';
import { fileOfPackage, findLinux } from './debian-packages.ts';
import { buildBusyboxSystem } from './shell-session.ts';

/** Kernels of other people that are not Linux, from Debian's packages; who cannot have the package skips them. */

function obtain<T>(context: TestContext, find: () => T): T {
  try {
    return find();
  } catch (error) {
    return context.skip(error instanceof Error ? error.message : String(error));
  }
}

/** Runs until `isEnough` of what has been printed, or `limit` instructions. Returns what has been printed. */
function bootUntil(
  memory: number,
  request: BootRequest,
  isEnough: (printed: string) => boolean,
  limit: number,
): string {
  const machine = createMachine({ memoryBytes: memory * 2 ** 20 });
  boot(machine, request);
  let printed = '';
  machine.serial.onOutput = (byte) => {
    printed += String.fromCharCode(byte);
  };
  let going = true;
  while (going && !isEnough(printed) && machine.instructionCount < limit) {
    going = machine.run(5_000_000).kind === 'budget';
  }
  return printed;
}

test('memtest86+ tests memory and finds no error', (context) => {
  const bytes = obtain(context, () => fileOfPackage('memtest86+', 'boot/memtest86+x64.bin'));
  const kernel = { name: 'memtest86+', bytes };
  const request = { kernel, commandLine: 'console=ttyS0,115200' };
  // With another pattern it has come through all memory once.
  const isEnough = (printed: string) => printed.includes('0xffffffffffffffff');
  const printed = bootUntil(256, request, isEnough, 2_000_000_000);
  expect(printed).toContain('A9N emulated x86-64 processor');
  expect(printed).toContain('ern: 0xffffffffffffffff');
  expect(printed).toMatch(/Errors: 0 /);
  expect(printed).not.toMatch(/Errors: +[1-9]/);
});

describe('Xen', () => {
  const xen = (context: TestContext) => ({
    name: 'xen',
    bytes: gunzipSync(
      obtain(context, () => fileOfPackage('xen-hypervisor-4.17-amd64', 'boot/xen-4.17-amd64.gz')),
    ),
  });
  const CONSOLE = 'com1=115200,8n1 console=com1 noreboot loglvl=all';

  test('alone says that it misses a kernel', (context) => {
    const request = { kernel: xen(context), commandLine: CONSOLE };
    const printed = bootUntil(256, request, () => false, 100_000_000);
    expect(printed).toContain(`(XEN) Command line: ${CONSOLE}`);
    expect(printed).toContain('dom0 kernel not specified. Check bootloader configuration');
  });

  test('begins Linux as its first domain', (context) => {
    const linux = obtain(context, findLinux);
    const request = {
      kernel: xen(context),
      commandLine: `${CONSOLE} dom0_mem=400M`,
      initrds: [
        { name: 'vmlinuz', bytes: linux.kernel, commandLine: 'console=hvc0 earlyprintk=xen' },
        { name: 'initramfs', bytes: buildBusyboxSystem(linux.busybox) },
      ],
    };
    const isEnough = (printed: string) => printed.includes('p2m virtual area');
    const printed = bootUntil(768, request, isEnough, 10_000_000_000);
    expect(printed).toContain('*** Building a PV Dom0 ***');
    expect(printed).toContain('Command line: console=hvc0 earlyprintk=xen');
    expect(printed).toMatch(/p2m virtual area at .*, size is 40000000/);
  });
});
