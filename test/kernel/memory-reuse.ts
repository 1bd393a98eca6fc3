import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBootedMachine } from '../../emulator/boot/create.ts';
import { modelOf } from './kernel-exits.ts';
import { readKernelState } from './machine-state.ts';
import type { Capability } from './model/kernel-state.ts';

/**
 * Runs the guest program memory-reuse, which makes all memory every kind of object in turn, and looks into the kernel in every
 * round: which memory is which kind of object is what the kernel says, not what the program believes.
 */
export interface Reuse {
  /** What the program said, without its marks. */
  readonly serial: string;
  /** Bytes of RAM in init's Generics. */
  readonly ramBytes: number;
  /** How many of them have been an object of a type. */
  readonly coveredBytes: Readonly<Record<string, number>>;
  /** Sizes of the RAM Generics whose watermark was not at their base in the end. */
  readonly notFree: readonly number[];
}

const SLICE = 5_000_000;
const LIMIT = 2_000_000_000;
const SERIAL_PORT = 0x3f8;
const MARK = '.';
/** The smallest object, an IPC port. */
const GRANULE = 32;

/** Throws with the serial log if the guest does not end by itself. `folder`: of the guest programs, built for debugging. */
export function measureMemoryReuse(folder: string, memoryBytes: number): Reuse {
  const images = {
    kernel: readFileSync(join(folder, 'kernel.elf')),
    init: readFileSync(join(folder, 'memory-reuse.elf')),
  };
  const machine = createBootedMachine({ memoryBytes }, images);
  const model = modelOf(machine, images.kernel);
  const covered = new Map<string, Uint8Array>();
  let serial = '';
  let isMarked = false;
  machine.serial.onOutput = (byte) => {
    const character = String.fromCharCode(byte);
    if (character === MARK) isMarked = true;
    else serial += character;
  };
  const state = () => readKernelState(machine, model);
  const ramGenerics = () =>
    state().slots.flatMap(({ capability, depth }) =>
      capability.type === 'GENERIC' && depth === 0 && !capability.isDevice ? [capability] : [],
    );

  const look = () => {
    for (const { capability, depth } of state().slots) {
      const [start, size] = depth === 0 ? [0, 0] : memoryOf(capability);
      if (size === 0) continue;
      const map = covered.get(capability.type) ?? new Uint8Array(memoryBytes / GRANULE);
      covered.set(capability.type, map);
      map.fill(1, start / GRANULE, (start + size) / GRANULE);
    }
  };

  machine.setWatches([{ kind: 'port', first: SERIAL_PORT, access: 'write' }]);
  while (machine.instructionCount < LIMIT) {
    const reason = machine.run(SLICE);
    if (reason.kind === 'exit' && reason.code === 0) {
      const generics = ramGenerics();
      const inGenerics = new Uint8Array(memoryBytes / GRANULE);
      for (const { base, sizeBits } of generics)
        inGenerics.fill(1, base / GRANULE, (base + 2 ** sizeBits) / GRANULE);
      const count = (map: Uint8Array) =>
        GRANULE * map.reduce((sum, is, at) => sum + (is === 1 && inGenerics[at] === 1 ? 1 : 0), 0);
      return {
        serial,
        ramBytes: count(inGenerics),
        coveredBytes: Object.fromEntries([...covered].map(([type, map]) => [type, count(map)])),
        notFree: generics
          .filter(({ base, watermark }) => watermark !== base)
          .map(({ sizeBits }) => 2 ** sizeBits),
      };
    }
    if (reason.kind !== 'budget' && reason.kind !== 'watch')
      throw new Error(`memory-reuse ended: ${JSON.stringify(reason)}; it said:\n${serial}`);
    if (!isMarked) continue;
    isMarked = false;
    while (machine.privilegeLevel === 0) machine.step();
    look();
  }
  throw new Error(`memory-reuse does not end; it said:\n${serial}`);
}

/** Physical memory that an object takes (a9n-abi, 7): start and bytes; nothing for what is made of no Generic. */
function memoryOf(capability: Capability): [start: number, size: number] {
  switch (capability.type) {
    case 'NODE':
      return [capability.object, 2 ** (capability.radix + 7)];
    case 'GENERIC':
    case 'FRAME':
      return [capability.base, capability.isDevice ? 0 : 2 ** capability.sizeBits];
    case 'ADDRESS_SPACE':
    case 'PAGE_TABLE':
      return [capability.object, 4096];
    case 'PROCESS_CONTROL_BLOCK':
      return [capability.object, 2048];
    case 'IPC_PORT':
      return [capability.object, 32];
    case 'NOTIFICATION_PORT':
      return [capability.object, 64];
    default:
      return [0, 0];
  }
}
