/** A state as after boot (a9n-abi, 21), made by hand: for tests of model and invariants without a kernel. */
import type { Capability, KernelState, SlotHolder, SlotState } from './kernel-state.ts';

const ROOT = 0x10_0000;
const FRAME_NODE = 0x20_0000;
const GENERIC_NODE = 0x10_5000;
const TABLE_NODE = 0x11_0000;
const SPACE = 0x12_0000;
const IMAGE_PAGES = [0x50_0000, 0x50_1000, 0x50_2000] as const;

export const INIT = 0x10_8000;
/** The second page of the image. */
export const BUFFER = IMAGE_PAGES[1];
export const GENERIC = { base: 0x100_0000, sizeBits: 20 } as const;

/** Init runs; its image has three pages, and there is one Generic. The pages are not mapped. */
export function smallMachine(): KernelState {
  const slot = (holder: SlotHolder, owner: number, index: number, capability: Capability): SlotState => ({
    place: { holder, owner, index },
    rights: capability.type === 'GENERIC' ? 3 : 15,
    depth: 0,
    capability,
  });
  const inRoot = (index: number, capability: Capability) => slot('node', ROOT, index, capability);
  const space = { type: 'ADDRESS_SPACE', object: SPACE } as const;
  const root = { type: 'NODE', object: ROOT, radix: 8 } as const;
  const frames = IMAGE_PAGES.map((base) => ({ type: 'FRAME', base, sizeBits: 12, isDevice: false }) as const);
  const buffer = frames[1];
  return {
    current: INIT,
    slots: [
      inRoot(9, { type: 'IO_PORT', first: 0n, last: 0xffff_ffff_ffff_ffffn }),
      inRoot(8, { type: 'INTERRUPT_REGION' }),
      inRoot(7, { type: 'NODE', object: GENERIC_NODE, radix: 7 }),
      inRoot(5, { type: 'NODE', object: FRAME_NODE, radix: 15 }),
      inRoot(4, { type: 'NODE', object: TABLE_NODE, radix: 7 }),
      slot('process_root_node', INIT, 0, root),
      inRoot(3, root),
      slot('process_address_space', INIT, 0, space),
      inRoot(2, space),
      inRoot(1, { type: 'PROCESS_CONTROL_BLOCK', object: INIT }),
      slot('node', FRAME_NODE, 2, frames[2]),
      slot('process_ipc_buffer', INIT, 0, buffer),
      inRoot(6, buffer),
      slot('node', FRAME_NODE, 1, buffer),
      slot('node', FRAME_NODE, 0, frames[0]),
      slot('node', GENERIC_NODE, 0, {
        type: 'GENERIC',
        ...GENERIC,
        isDevice: false,
        watermark: GENERIC.base,
      }),
    ],
    processes: [
      {
        address: INIT,
        state: 'READY',
        priority: 31,
        quantum: 10,
        registers: new Array<bigint>(22).fill(0n),
        blockedOn: 0,
        replyTarget: 0,
        replySource: 0,
        sending: undefined,
        fault: undefined,
      },
    ],
    readyQueues: Array.from({ length: 32 }, () => []),
    ipcPorts: [],
    notificationPorts: [],
    tables: [{ address: SPACE, depth: 4, entries: [] }],
    interrupts: [],
    buffers: new Map(),
  };
}
