import { describe, expect, test } from 'vitest';
import type { Machine } from '../../emulator/machine-api.ts';
import { findConformance, runOnEmulator } from './kernel-images.ts';

/** The kernel checks boot_info (ABI section 20) and halts with a message that names the bad field. */

const LIMIT = 20_000_000;

function write64(machine: Machine, address: number, value: bigint) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  machine.writePhysical(address, bytes);
}

function read64(machine: Machine, address: number): bigint {
  const bytes = machine.readPhysical(address, 8);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
}

const bootInfo = (machine: Machine) => Number(machine.readRegister('rdi'));
const memoryMap = (machine: Machine) => Number(read64(machine, bootInfo(machine) + MEMORY_MAP));

const MEMORY_MAP = 0x10;
const LOADED_ADDRESS = 0x18;
const IMAGE_SIZE = 0x20;
const ENTRY_POINT = 0x28;
const INIT_INFO = 0x30;
const IPC_BUFFER = 0x38;
const ARCH_INFO = 0x40;

/** Sets a field of boot_info. */
const field = (offset: number, value: bigint) => (machine: Machine) =>
  write64(machine, bootInfo(machine) + offset, value);

/** Sets a word of the second entry of the memory map. */
const mapEntry = (offset: number, value: bigint) => (machine: Machine) =>
  write64(machine, memoryMap(machine) + 24 + offset, value);

/** Makes the entry that contains the kernel, which lies from 0x100000 on, free memory. */
function kernelIsFree(machine: Machine) {
  const count = Number(read64(machine, bootInfo(machine) + 8) & 0xffffn);
  for (let i = 0; i < count; i++) {
    const entry = memoryMap(machine) + 24 * i;
    const start = read64(machine, entry);
    const end = start + 4096n * read64(machine, entry + 8);
    if (start <= 0x10_0000n && end > 0x10_0000n) write64(machine, entry + 16, 0n);
  }
}

/** Moves the memory map into the init image. */
function mapInTheImage(machine: Machine) {
  const image = read64(machine, bootInfo(machine) + LOADED_ADDRESS);
  const count = Number(read64(machine, bootInfo(machine) + 8) & 0xffffn);
  machine.writePhysical(Number(image), machine.readPhysical(memoryMap(machine), 24 * count).slice());
  field(MEMORY_MAP, image)(machine);
}

const cases: readonly [string, (machine: Machine) => void, string][] = [
  ['address 0', (machine) => machine.writeRegister('rdi', 0n), 'address:'],
  [
    'an unaligned address',
    (machine) => machine.writeRegister('rdi', machine.readRegister('rdi') + 4n),
    'address:',
  ],
  ['no memory map entries', field(0x08, 0n), 'memory_map_count:'],
  ['no memory map', field(MEMORY_MAP, 0n), 'memory_map:'],
  ['an unaligned memory map', field(MEMORY_MAP, 0x8004n), 'memory_map:'],
  ['an entry that does not start on a page', mapEntry(0, 0x1234n), 'memory_map:'],
  ['an entry beyond the address space', mapEntry(8, 1n << 52n), 'memory_map:'],
  ['an entry of an unknown type', mapEntry(16, 3n), 'memory_map:'],
  ['entries that overlap', mapEntry(0, 0n), 'memory_map:'],
  [
    'an entry that contains the kernel',
    kernelIsFree,
    'memory_map: an entry that is not reserved contains the kernel',
  ],
  [
    'a memory map in the init image',
    mapInTheImage,
    'init loaded_address: the image overlaps the kernel, boot_info',
  ],
  ['an init image at address 0', field(LOADED_ADDRESS, 0n), 'init loaded_address:'],
  ['an init image that is not on a page', field(LOADED_ADDRESS, 0x50_0800n), 'init loaded_address:'],
  ['an init image in free memory', field(LOADED_ADDRESS, 0x400_0000n), 'init loaded_address:'],
  ['an empty init image', field(IMAGE_SIZE, 0n), 'init_image_size:'],
  ['an init image of more than 128 MiB', field(IMAGE_SIZE, 32769n), 'init_image_size:'],
  ['an entry point outside of the image', field(ENTRY_POINT, 0x4000_0000n), 'init entry_point_address:'],
  ['init_info outside of the image', field(INIT_INFO, 0x4000_0000n), 'init_info_address:'],
  ['an unaligned init_info', field(INIT_INFO, 0x1004n), 'init_info_address:'],
  ['an IPC buffer outside of the image', field(IPC_BUFFER, 0x4000_0000n), 'init_ipc_buffer_address:'],
  ['an IPC buffer that is not a page', field(IPC_BUFFER, 0x1008n), 'init_ipc_buffer_address:'],
  ['no ACPI root pointer', field(ARCH_INFO, 0n), 'arch_info[0]:'],
];

/** Reserves what is free up to the large page behind the kernel, which ends below 8 MiB. */
function nothingIsFreeBesideTheKernel(machine: Machine) {
  const count = Number(read64(machine, bootInfo(machine) + 8) & 0xffffn);
  for (let i = 0; i < count; i++) {
    const entry = memoryMap(machine) + 24 * i;
    if (read64(machine, entry) < 0x80_0000n) write64(machine, entry + 16, 2n);
  }
}

test('the kernel needs no free memory beside it', () => {
  const { serial } = runOnEmulator(findConformance(), LIMIT, nothingIsFreeBesideTheKernel);
  expect(serial).toContain('A9N: starting init\n');
});

describe('boot_info is checked', () => {
  test.each(cases)('%s', (_name, change, message) => {
    const { serial, reason } = runOnEmulator(findConformance(), LIMIT, change);
    expect(serial).toContain(`A9N: bad boot_info, ${message}`);
    expect(serial).toContain('A9N: halted\n');
    expect(reason.kind).toBe('halted');
  });

  test('an ACPI root pointer that is none', () => {
    const { serial, reason } = runOnEmulator(findConformance(), LIMIT, field(ARCH_INFO, 0x1000n));
    expect(serial).toContain('A9N: ACPI: no RSDP at boot_info.arch_info[0]\n');
    expect(reason.kind).toBe('halted');
  });
});
