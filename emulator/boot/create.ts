import { createMachine } from '../machine.ts';
import type { Machine, MachineOptions } from '../machine-api.ts';
import { type BootImages, bootA9n } from './a9n-boot.ts';

/** What a machine has unless the user says otherwise. */
export const DEFAULT_MEMORY_BYTES = 256 * 2 ** 20;

/**
 * Creates a machine with an A9N kernel and an init image loaded, standing before the kernel's first instruction.
 * Throws BootError if the images cannot be booted, RangeError if the memory size is not possible.
 */
export function createBootedMachine(options: MachineOptions, images: BootImages): Machine {
  const machine = createMachine(options);
  bootA9n(machine, images);
  return machine;
}
