/** What other folders import of the emulator. */

export * from './bare-machine.ts';
export { type BootImages, bootA9n } from './boot/a9n-boot.ts';
export { type BootFile, type BootModule, type BootRequest, boot, recogniseKernel } from './boot/boot.ts';
export { BootError } from './boot/boot-error.ts';
export { createBootedMachine, DEFAULT_MEMORY_BYTES } from './boot/create.ts';
export * from './history/snapshot-file.ts';
export { createMachine } from './machine.ts';
export * from './machine-api.ts';
export * from './profile.ts';
