import { describe, expect, test } from 'vitest';
import type { Machine } from '../../emulator/machine-api.ts';
import {
  BOOT_INFO,
  field,
  MemoryType,
  PAGE,
  readField,
  readMap,
  write64,
  writeMap,
} from './boot-handover.ts';
import { findConformance, runOnEmulator } from './kernel-images.ts';

/** The kernel checks boot_info (ABI section 20) and halts with a message that names the bad field. */

const LIMIT = 20_000_000;

/** Sets a word of the second entry of the memory map. */
const mapEntry = (offset: number, value: bigint) => (machine: Machine) =>
  write64(machine, Number(readField(machine, BOOT_INFO.memoryMap)) + 24 + offset, value);

/** Makes the entry that contains the kernel, which lies from 0x100000 on, free memory. */
function kernelIsFree(machine: Machine) {
  const contains = (address: bigint, start: bigint, pages: bigint) =>
    start <= address && start + PAGE * pages > address;
  writeMap(
    machine,
    readMap(machine).map((entry) =>
      contains(0x10_0000n, entry.start, entry.pages) ? { ...entry, type: MemoryType.free } : entry,
    ),
  );
}

/** Moves the memory map into the init image. */
function mapInTheImage(machine: Machine) {
  const map = readMap(machine);
  field(BOOT_INFO.memoryMap, readField(machine, BOOT_INFO.loadedAddress))(machine);
  writeMap(machine, map);
}

const cases: readonly [string, (machine: Machine) => void, string][] = [
  ['address 0', (machine) => machine.writeRegister('rdi', 0n), 'address:'],
  [
    'an unaligned address',
    (machine) => machine.writeRegister('rdi', machine.readRegister('rdi') + 4n),
    'address:',
  ],
  ['no memory map entries', field(BOOT_INFO.memoryMapCount, 0n), 'memory_map_count:'],
  ['no memory map', field(BOOT_INFO.memoryMap, 0n), 'memory_map:'],
  ['an unaligned memory map', field(BOOT_INFO.memoryMap, 0x8004n), 'memory_map:'],
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
  ['an init image at address 0', field(BOOT_INFO.loadedAddress, 0n), 'init loaded_address:'],
  ['an init image that is not on a page', field(BOOT_INFO.loadedAddress, 0x50_0800n), 'init loaded_address:'],
  ['an init image in free memory', field(BOOT_INFO.loadedAddress, 0x400_0000n), 'init loaded_address:'],
  ['an empty init image', field(BOOT_INFO.imageSize, 0n), 'init_image_size:'],
  ['an init image of more than 128 MiB', field(BOOT_INFO.imageSize, 32769n), 'init_image_size:'],
  [
    'an entry point outside of the image',
    field(BOOT_INFO.entryPoint, 0x4000_0000n),
    'init entry_point_address:',
  ],
  ['init_info outside of the image', field(BOOT_INFO.initInfo, 0x4000_0000n), 'init_info_address:'],
  ['an unaligned init_info', field(BOOT_INFO.initInfo, 0x1004n), 'init_info_address:'],
  [
    'an IPC buffer outside of the image',
    field(BOOT_INFO.ipcBuffer, 0x4000_0000n),
    'init_ipc_buffer_address:',
  ],
  ['an IPC buffer that is not a page', field(BOOT_INFO.ipcBuffer, 0x1008n), 'init_ipc_buffer_address:'],
  ['no ACPI root pointer', field(BOOT_INFO.archInfo, 0n), 'arch_info[0]:'],
];

/** Reserves what is free up to the large page behind the kernel, which ends below 8 MiB. */
const nothingIsFreeBesideTheKernel = (machine: Machine) =>
  writeMap(
    machine,
    readMap(machine).map((entry) =>
      entry.start < 0x80_0000n ? { ...entry, type: MemoryType.reserved } : entry,
    ),
  );

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
    const { serial, reason } = runOnEmulator(findConformance(), LIMIT, field(BOOT_INFO.archInfo, 0x1000n));
    expect(serial).toContain('A9N: ACPI: no RSDP at boot_info.arch_info[0]\n');
    expect(reason.kind).toBe('halted');
  });
});
