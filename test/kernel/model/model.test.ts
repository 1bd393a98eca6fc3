/** The model by itself says what the ABI page says in its examples. What it says beyond them is compared with the kernel elsewhere. */
import { expect, test } from 'vitest';
import type { KernelEvent, KernelState, ProcessState } from './kernel-state.ts';
import { CONVERT, call, descriptor, info, NODE, PORT, PROCESS, root, TYPE, write } from './scenario.ts';
import { BUFFER, GENERIC, smallMachine } from './small-machine.ts';
import { createModel, stateOf } from './state.ts';
import { step } from './step.ts';

/** Init's Generic. */
const MEMORY = descriptor([8, 7], [7, 0]);

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
  [4, 5, 3, 7, 8, 9, 11, 12, 13, 14].map((word) => registers[word]);

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
    call(MEMORY, CONVERT, TYPE.node, 4, 1, root(3), 20),
    call(MEMORY, CONVERT, TYPE.ipcPort, 0, 1, descriptor([8, 20]), 3),
    call(descriptor([8, 20], [4, 3]), PORT.identify, 7),
    call(descriptor([8, 20], [4, 2]), PORT.identify, 7),
    call(0n, 0),
  ];
  expect(run(nested).results).toEqual([succeeds, succeeds, succeeds, DESCRIPTOR, DESCRIPTOR]);
});

test('section 7: an allocation that exactly fills the Generic succeeds, one byte more does not', () => {
  const fill = call(MEMORY, CONVERT, TYPE.generic, GENERIC.sizeBits, 1, root(3), 20);
  const { results, state } = run([fill, call(MEMORY, CONVERT, TYPE.ipcPort, 0, 1, root(3), 21)]);
  expect(results).toEqual([succeeds, ILLEGAL]);
  expect(state.slots.map((slot) => slot.capability)).toContainEqual({
    type: 'GENERIC',
    ...GENERIC,
    isDevice: false,
    watermark: GENERIC.base + 2 ** GENERIC.sizeBits,
  });
});

test('section 4: children follow their parent one deeper, copies keep the depth, REVOKE removes both and resets the watermark', () => {
  const make = [
    call(MEMORY, CONVERT, TYPE.ipcPort, 0, 2, root(3), 20),
    call(root(3), NODE.copy, 22, root(20)),
  ];
  const { slots } = run(make).state;
  const at = slots.findIndex((slot) => slot.capability.type === 'GENERIC');
  expect(slots.slice(at, at + 4).map(({ depth, place }) => [depth, place.index])).toEqual([
    [0, 0],
    [1, 21],
    [1, 22],
    [1, 20],
  ]);
  const { state } = run([...make, call(root(7), NODE.revoke, 0)]);
  expect(state.slots).toEqual(smallMachine().slots);
  expect(state.ipcPorts).toEqual([]);
});

test('section 12: CALL switches to the waiting receiver, REPLY resumes the caller with identifier 0, capabilities move', () => {
  const MASK = 0b1_0000_0011; // address space, root node, priority
  const [port, process] = [root(20), root(21)];
  const { results, state } = run([
    call(MEMORY, CONVERT, TYPE.ipcPort, 0, 1, root(3), 20),
    call(MEMORY, CONVERT, TYPE.process, 0, 1, root(3), 21),
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
