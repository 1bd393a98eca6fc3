/** What other folders import of the emulator. */
export { type BootImages, bootA9n } from './boot/a9n-boot.ts';
export { createBootedMachine, DEFAULT_MEMORY_BYTES } from './boot/create.ts';
export { createMachine } from './machine.ts';
export * from './machine-api.ts';
