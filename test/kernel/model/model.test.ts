/** The model by itself says what the ABI page says in its examples. What it says beyond them is compared with the kernel elsewhere. */
import { expect, test } from 'vitest';
import type { KernelEvent, KernelState, ProcessState, SlotHolder, SlotState } from './kernel-state.ts';
import { CONVERT, call, descriptor, info, NODE, PORT, PROCESS, root, TYPE, write } from './scenario.ts';
import { createModel, stateOf } from './state.ts';
import { step } from './step.ts';

const ROOT = 0x10_0000;
const INIT = 0x10_8000;
const SPACE = 0x10_9000;
const BUFFER = 0x10_a000;
const GENERIC = 0x20_0000;
const GENERIC_BITS = 16;

/** A process with a root node of radix 8: 1 itself, 2 address space, 3 root node, 4 buffer, 5 a Generic of 64 KiB. */
function smallMachine(): KernelState {
  const slot = (
    holder: SlotHolder,
    owner: number,
    index: number,
    capability: SlotState['capability'],
    rights = 15,
  ) => ({
    place: { holder, owner, index },
    rights,
    depth: 0,
    capability,
  });
  const space = { type: 'ADDRESS_SPACE', object: SPACE } as const;
  const node = { type: 'NODE', object: ROOT, radix: 8 } as const;
  const buffer = { type: 'FRAME', base: BUFFER, sizeBits: 12, isDevice: false } as const;
  const memory = { base: GENERIC, sizeBits: GENERIC_BITS, isDevice: false, watermark: GENERIC };
  return {
    current: INIT,
    slots: [
      slot('process_address_space', INIT, 0, space),
      slot('node', ROOT, 2, space),
      slot('process_root_node', INIT, 0, node),
      slot('node', ROOT, 3, node),
      slot('process_ipc_buffer', INIT, 0, buffer),
      slot('node', ROOT, 4, buffer),
      slot('node', ROOT, 5, { type: 'GENERIC', ...memory }, 3),
      slot('node', ROOT, 1, { type: 'PROCESS_CONTROL_BLOCK', object: INIT }),
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

/** Performs events, and says how each ended for the process that was current: MR0 and MR1, then MR2…. */
function run(events: readonly KernelEvent[]): { results: string[]; state: KernelState } {
  const model = createModel(smallMachine());
  const results = events.map((event) => {
    const caller = model.current;
    step(model, event);
    return caller === undefined ? 'nobody' : messageRegisters(caller).slice(0, 3).join(' ');
  });
  return { results, state: stateOf(model) };
}

const messageRegisters = ({ registers }: Pick<ProcessState, 'registers'>): readonly bigint[] =>
  [4, 5, 3, 7, 8, 9, 11, 12, 13, 14].map((word) => registers[word]!);

const succeeds = expect.stringMatching(/^1 /);
const ILLEGAL = expect.stringMatching(/^0 0 /);
const DESCRIPTOR = expect.stringMatching(/^0 2 /);

test('a state goes through the model unchanged', () => {
  expect(stateOf(createModel(smallMachine()))).toEqual(smallMachine());
});

test('section 3: the descriptor of the example, and that descriptor 0 fails', () => {
  expect(descriptor([8, 2], [10, 3], [6, 4])).toBe(0x1802_00c4_0000_0000n);
  expect(descriptor([8, 2])).toBe(0x0802_0000_0000_0000n);
  const nested = [
    call(root(5), CONVERT, TYPE.node, 4, 1, root(3), 20),
    call(root(5), CONVERT, TYPE.ipcPort, 0, 1, descriptor([8, 20]), 3),
    call(descriptor([8, 20], [4, 3]), PORT.identify, 7),
    call(descriptor([8, 20], [4, 2]), PORT.identify, 7),
    call(0n, 0),
  ];
  expect(run(nested).results).toEqual([succeeds, succeeds, succeeds, DESCRIPTOR, DESCRIPTOR]);
});

test('section 7: an allocation that exactly fills the Generic succeeds, one byte more does not', () => {
  const fill = call(root(5), CONVERT, TYPE.generic, GENERIC_BITS, 1, root(3), 20);
  const { results, state } = run([fill, call(root(5), CONVERT, TYPE.ipcPort, 0, 1, root(3), 21)]);
  expect(results).toEqual([succeeds, ILLEGAL]);
  expect(state.slots.map((slot) => slot.capability)).toContainEqual({
    type: 'GENERIC',
    base: GENERIC,
    sizeBits: GENERIC_BITS,
    isDevice: false,
    watermark: GENERIC + 2 ** GENERIC_BITS,
  });
});

test('section 4: children follow their parent one deeper, copies keep the depth, REVOKE removes both and resets the watermark', () => {
  const make = [
    call(root(5), CONVERT, TYPE.ipcPort, 0, 2, root(3), 20),
    call(root(3), NODE.copy, 22, root(20)),
  ];
  const { slots } = run(make).state;
  const at = slots.findIndex((slot) => slot.capability.type === 'GENERIC');
  expect(slots.slice(at, at + 4).map(({ depth, place }) => [depth, place.index])).toEqual([
    [0, 5],
    [1, 21],
    [1, 22],
    [1, 20],
  ]);
  const { state } = run([...make, call(root(3), NODE.revoke, 5)]);
  expect(state.slots).toEqual(smallMachine().slots);
  expect(state.ipcPorts).toEqual([]);
});

test('section 12: CALL switches to the waiting receiver, REPLY resumes the caller with identifier 0, capabilities move', () => {
  const MASK = 0b1_0000_0011; // address space, root node, priority
  const [port, process] = [root(20), root(21)];
  const { results, state } = run([
    call(root(5), CONVERT, TYPE.ipcPort, 0, 1, root(3), 20),
    call(root(5), CONVERT, TYPE.process, 0, 1, root(3), 21),
    write(BUFFER + 8 * 11, 31),
    call(process, PROCESS.configure, MASK, root(2), root(3)),
    call(port, PORT.identify, 0x77),
    call(process, PROCESS.resume),
    call(port, PORT.receive, info()), // init waits, the new process runs
    call(port, PORT.call, info({ length: 1 }), 0, 42), // … calls, and init runs
    call(port, PORT.reply, info({ length: 1 }), 0, 43),
    call(port, PORT.receive, info()),
  ]);
  // A write has no result, so the caller's earlier one shows.
  expect(results.slice(0, 6)).toEqual(new Array(6).fill(succeeds));
  const [init, other] = state.processes;
  expect(init!.state).toBe('BLOCKED_RECEIVE');
  expect(state.current).toBe(other!.address);
  expect(messageRegisters(init!).slice(0, 5)).toEqual([port, 2n, 1n, 0n, 0n]);
  expect(messageRegisters(other!).slice(0, 5)).toEqual([1n, 3n, 3n, 0n, 43n]);
});
