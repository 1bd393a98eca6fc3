/** Sequences after which model and kernel once differed, shrunk, and by hand made readable. The title says what is right. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reasonNotToBuild } from '../host/build.ts';
import { type ComparedKernels, playEvents, startComparedKernels } from './compare.ts';
import type { KernelEvent } from './kernel-state.ts';
import {
  CONVERT,
  call,
  descriptor,
  info,
  kernelCall,
  MAKE_PORT,
  NODE,
  PORT,
  PROCESS,
  root,
  SPACE,
  TYPE,
  write,
} from './scenario.ts';

const BUILD_TIME = 180_000;

/** Init's root slots (a9n-abi, 21) and the slots of its nodes. */
const ROOT = root(3);
const REGION = root(8);
const generic = (index: number): bigint => descriptor([8, 7], [7, index]);

const sequences: Readonly<Record<string, (kernels: ComparedKernels) => readonly KernelEvent[]>> = {
  'interrupt ports made from one of two copies of the region pass to the other copy when the first is removed':
    () => [
      call(ROOT, NODE.copy, 41, REGION),
      call(root(41), MAKE_PORT, 2, ROOT, 42),
      call(ROOT, NODE.remove, 41),
      call(ROOT, NODE.revoke, 9), // the I/O port, which stood before the copy
      call(ROOT, NODE.revoke, 8),
    ],

  'REVOKE of a page table unmaps it, whichever copy of it was mapped': () => [
    call(generic(0), CONVERT, TYPE.pageTable, 3, 1, ROOT, 27),
    call(ROOT, NODE.copy, 28, root(27)),
    call(root(2), SPACE.map, root(28), 0x80_0000_0000, 7),
    call(ROOT, NODE.revoke, 27),
  ],

  'a Generic that starts where its parent does is an object of its own: with it go its descendants': () => [
    call(generic(0), CONVERT, TYPE.generic, 14, 1, ROOT, 20),
    call(root(20), CONVERT, TYPE.generic, 13, 1, ROOT, 21),
    call(root(21), CONVERT, TYPE.ipcPort, 0, 2, ROOT, 22),
    call(ROOT, NODE.remove, 21),
  ],

  'REPLY_RECEIVE waits at the port it was called with, though its reply gives that capability away': (
    kernels,
  ) => {
    const buffers = kernels.booted.slots.find(({ place }) => place.holder === 'process_ipc_buffer')!;
    const initBuffer = buffers.capability.type === 'FRAME' ? buffers.capability.base : 0;
    const frame = initBuffer; // shared with the other process
    const CONFIGURED = 0b1_0000_0111;
    return [
      call(generic(0), CONVERT, TYPE.process, 0, 1, ROOT, 20),
      call(generic(0), CONVERT, TYPE.ipcPort, 0, 1, ROOT, 21),
      write(frame + 8 * 11, 31),
      call(root(20), 1, CONFIGURED, root(2), ROOT, root(6)),
      call(root(20), 4),
      call(root(21), PORT.receive, info()),
      call(root(21), PORT.call, info()),
      write(frame + 0xf70, root(21)),
      write(frame + 0xff0, ROOT, 30),
      call(root(21), PORT.replyReceive, info({ transfers: 1 })),
      call(root(30), PORT.send, info({ length: 1 }), 0, 42),
    ];
  },

  'REPLY_RECEIVE whose reply fills the slot that the message is to go to has not replied': (kernels) => {
    const buffers = kernels.booted.slots.find(({ place }) => place.holder === 'process_ipc_buffer')!;
    const initBuffer = buffers.capability.type === 'FRAME' ? buffers.capability.base : 0;
    const memory = kernels.booted.slots.find(
      ({ place, capability }) => capability.type === 'GENERIC' && place.index === 0,
    )!;
    const senderBuffer = memory.capability.type === 'GENERIC' ? memory.capability.base : 0;
    const CONFIGURED = 0b1_0000_0111;
    const PORT_SLOT = root(22);
    return [
      call(generic(0), CONVERT, TYPE.frame, 12, 1, ROOT, 25),
      call(generic(0), CONVERT, TYPE.process, 0, 2, ROOT, 20),
      call(generic(0), CONVERT, TYPE.ipcPort, 0, 3, ROOT, 22),
      write(initBuffer + 8 * 11, 31),
      call(root(20), PROCESS.configure, CONFIGURED, root(2), ROOT, root(6)),
      call(root(21), PROCESS.configure, CONFIGURED, root(2), ROOT, root(25)),
      call(root(20), PROCESS.resume),
      call(root(21), PROCESS.resume),
      call(PORT_SLOT, PORT.call, info()), // by init: 20 runs
      call(PORT_SLOT, PORT.receive, info()),
      kernelCall(-2), // 21 runs
      write(senderBuffer + 0xf70, root(23)),
      call(PORT_SLOT, PORT.send, info({ transfers: 1 })), // 20 runs; its buffer is init's
      write(initBuffer + 0xf70, root(24)),
      write(initBuffer + 0xff0, ROOT, 30),
      call(PORT_SLOT, PORT.replyReceive, info({ transfers: 1 })),
      call(root(24), PORT.reply, info()),
      call(PORT_SLOT, PORT.receive, info()),
    ];
  },
};

const reason = reasonNotToBuild();
let kernels: ComparedKernels;

beforeAll(async () => {
  if (reason === undefined) {
    kernels = await startComparedKernels();
  }
}, BUILD_TIME);

afterAll(() => kernels?.close());

const suffix = reason === undefined ? '' : ` (not run: ${reason})`;
test.skipIf(reason !== undefined).each(Object.entries(sequences))(`%s${suffix}`, async (_, events) => {
  expect(await kernels.findDifference(playEvents(kernels.booted, events(kernels)))).toBeUndefined();
});
