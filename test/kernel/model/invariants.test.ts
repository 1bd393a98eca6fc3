/** Each invariant holds in a state that a kernel was in, and finds the damage that is done to it. */
import { expect, test } from 'vitest';
import { INVARIANTS, rightsThatGrew, violationsOf } from './invariants.ts';
import type { KernelState, ProcessState, SlotHolder, SlotState, TableEntry } from './kernel-state.ts';
import { call, fault, info, interrupt, NOTIFICATION, PORT, root, SPACE } from './scenario.ts';
import { smallMachine } from './small-machine.ts';
import { stage } from './stage.ts';
import { createModel, stateOf } from './state.ts';
import { step } from './step.ts';

/** Data that may be damaged. */
type Mutable<T> =
  T extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : T extends object
      ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
      : T;

/** Somebody waits in every kind of queue, owes or awaits a reply, is bound; pages and tables are mapped. */
function livelyState(): KernelState {
  const model = createModel(smallMachine());
  const events = [
    ...stage(stateOf(model)),
    call(root(2), SPACE.map, root(32), 0x40_0000),
    call(root(2), SPACE.map, root(33), 0x40_0000),
    call(root(2), SPACE.map, root(34), 0x40_0000),
    call(root(2), SPACE.map, root(23), 0x40_0000, 7),
    call(root(26), PORT.receive, info()), // init, so that the first process runs …
    call(root(26), PORT.call, info()), // … and calls init, which runs
    call(root(28), NOTIFICATION.wait), // so that the second process runs
    call(root(29), NOTIFICATION.wait),
    fault(3), // the last process, with nobody at its resolver port
    interrupt(0), // wakes init, which still owes a reply
  ];
  for (const event of events) {
    step(model, event);
  }
  return stateOf(model);
}

const lively = livelyState();

test('the state that is damaged below is a lively one', () => {
  expect(lively.processes.map(({ state }) => state).sort()).toEqual([
    'BLOCKED_FAULT',
    'BLOCKED_REPLY',
    'BLOCKED_WAIT',
    'READY',
  ]);
  expect(lively.tables.some(({ entries }) => entries.some(({ page }) => page !== undefined))).toBe(true);
});

test('no invariant finds anything in it', () => {
  expect(violationsOf(lively)).toEqual([]);
});

// ---- Damage --------------------------------------------------------------------------------------------------------

type State = Mutable<KernelState>;

const copyOfLively = (): State => structuredClone(lively) as State;

/** A slot of init's root node. */
const slotIn = (state: State, index: number): Mutable<SlotState> => {
  const root = state.slots.find(({ place }) => place.holder === 'process_root_node')!.capability;
  return state.slots.find(
    ({ place }) =>
      'object' in root && place.holder === 'node' && place.owner === root.object && place.index === index,
  )!;
};

const heldBy = (state: State, holder: SlotHolder): Mutable<SlotState> =>
  state.slots.find(({ place }) => place.holder === holder)!;

const processIn = (state: State, wanted: ProcessState['state']): Mutable<ProcessState> =>
  state.processes.find((process) => process.state === wanted)!;

const portWithWaiters = <T extends { waiters: unknown[] }>(ports: T[]): T =>
  ports.find(({ waiters }) => waiters.length > 0)!;

const pageEntry = (state: State): Mutable<TableEntry> =>
  state.tables.flatMap(({ entries }) => entries).find(({ page }) => page !== undefined)!;

const tableEntry = (state: State): Mutable<TableEntry> =>
  state.tables.flatMap(({ entries }) => entries).find(({ page }) => page === undefined)!;

const [GENERIC, NODE, SPACE_COPY, IPC_PORT, NOTIFICATION_PORT] = [10, 30, 2, 26, 28];
const NOWHERE = 0xdead_0000;

/** By the name of the invariant: what is done to the state, and what is then found. */
const DAMAGE: Readonly<
  Record<string, readonly (readonly [damage: (state: State) => void, found: string])[]>
> = {
  'each slot is in one place, and the place exists': [
    [
      (state) => Object.assign(slotIn(state, IPC_PORT).place, { index: NOTIFICATION_PORT }),
      'two capabilities are in slot 28',
    ],
    [
      (state) => Object.assign(slotIn(state, IPC_PORT).place, { index: 256 }),
      'slot 256 of node 0x100000, which does not exist',
    ],
    [
      (state) => Object.assign(heldBy(state, 'interrupt_binding').place, { owner: 9 }),
      'which does not exist',
    ],
    [
      (state) => Object.assign(heldBy(state, 'process_resolver_port').place, { owner: 9 }),
      'which does not exist',
    ],
  ],
  'derivation: depths grow by at most one': [
    [(state) => Object.assign(slotIn(state, IPC_PORT), { depth: 7 }), 'has depth 7 after'],
    [(state) => Object.assign(state.slots[0], { depth: 1 }), 'has depth 1 after -1'],
  ],
  'derivation: copies of an object are neighbours': [
    [
      (state) =>
        state.slots.unshift(...state.slots.splice(state.slots.indexOf(slotIn(state, SPACE_COPY)), 1)),
      'stands apart from another capability to ADDRESS_SPACE',
    ],
  ],
  'derivation: children lie inside their parents, below the watermark': [
    [
      (state) => Object.assign(slotIn(state, IPC_PORT).capability, { object: NOWHERE }),
      'is not inside GENERIC in slot 10',
    ],
    [
      (state) => Object.assign(slotIn(state, GENERIC).capability, { watermark: 0 }),
      'the watermark of GENERIC in slot 10',
    ],
    [
      (state) => Object.assign(slotIn(state, 36), { capability: { type: 'INTERRUPT_REGION' } }),
      'is not inside INTERRUPT_REGION',
    ],
    [
      (state) => {
        const io = slotIn(state, 9);
        const child = { ...io, depth: 1, capability: { type: 'IO_PORT' as const, first: 5n, last: 9n } };
        Object.assign(io.capability, { last: 8n });
        state.slots.splice(1, 0, child);
      },
      'is not inside IO_PORT in slot 9',
    ],
  ],
  'no two objects overlap': [
    [
      (state) =>
        Object.assign(slotIn(state, NOTIFICATION_PORT + 1).capability, slotIn(state, IPC_PORT).capability, {
          type: 'NOTIFICATION_PORT',
        }),
      'IPC_PORT in slot 26 of node 0x100000 begins inside NOTIFICATION_PORT',
    ],
    [(state) => Object.assign(slotIn(state, NODE).capability, { radix: 9 }), 'begins inside NODE in slot 30'],
    [(state) => Object.assign(slotIn(state, 1).capability, { object: 0x10_0040 }), 'begins inside NODE'],
  ],
  'rights are no more than the type and the place allow': [
    [
      (state) => Object.assign(slotIn(state, GENERIC), { rights: 7 }),
      'GENERIC in slot 10 of node 0x100000 has rights 7',
    ],
    [(state) => Object.assign(slotIn(state, NODE), { rights: 16 }), 'has rights 16'],
    [(state) => Object.assign(heldBy(state, 'process_ipc_buffer'), { rights: 1 }), 'has only rights 1'],
    [
      (state) => Object.assign(heldBy(state, 'process_notification_port'), { rights: 2 }),
      'has only rights 2',
    ],
    [
      (state) => Object.assign(heldBy(state, 'process_ipc_buffer').capability, { isDevice: true }),
      'is device memory',
    ],
  ],
  'tables refer to frames and tables that a capability is to': [
    [
      (state) => Object.assign(pageEntry(state), { target: NOWHERE }),
      'refers to FRAME 0xdead0000, 12 bits, which nobody has',
    ],
    [
      (state) => Object.assign(tableEntry(state), { target: NOWHERE }),
      'refers to PAGE_TABLE 0xdead0000 of depth',
    ],
    [
      (state) => Object.assign(tableEntry(state), { page: { writable: true, executable: true } }),
      'refers to FRAME',
    ],
  ],
  'objects are those that capabilities are to': [
    [(state) => state.processes.pop(), 'there is no process'],
    [
      (state) => Object.assign(state.ipcPorts[0], { address: NOWHERE }),
      'there is IPC port 0xdead0000 without a capability',
    ],
    [(state) => state.notificationPorts.pop(), 'there is no notification port'],
    [(state) => state.tables.pop(), 'there is no table'],
    [
      (state) => state.interrupts.push({ irq: 9, isMasked: true }),
      'there is interrupt port 9 without a capability',
    ],
  ],
  'run queues hold exactly the ready processes that do not run': [
    [(state) => state.readyQueues[31].push(state.current), '(READY) is in 1 run queues'],
    [(state) => Object.assign(state, { current: 0 }), '(READY) is in 0 run queues'],
    [(state) => state.readyQueues[3].push(NOWHERE), '0xdead0000 is queued or current, but no process'],
    [
      (state) => Object.assign(state, { current: processIn(state, 'BLOCKED_WAIT').address }),
      '(BLOCKED_WAIT) runs',
    ],
    [
      (state) => {
        state.readyQueues[30].push(state.current);
        Object.assign(state, { current: 0 });
      },
      'has priority 31, but is in queue 30',
    ],
    [
      (state) => {
        const { address } = processIn(state, 'READY');
        Object.assign(state, {
          slots: state.slots.filter(
            ({ place }) => place.owner !== address || place.holder !== 'process_address_space',
          ),
        });
      },
      '(READY) has no address space',
    ],
  ],
  'reply links are mutual': [
    [
      (state) => Object.assign(processIn(state, 'BLOCKED_REPLY'), { replySource: 0 }),
      'who does not wait for it',
    ],
    [(state) => Object.assign(processIn(state, 'READY'), { replyTarget: 0 }), 'who knows nothing of it'],
    [
      (state) => Object.assign(processIn(state, 'BLOCKED_REPLY'), { state: 'BLOCKED_SUSPEND' }),
      '(BLOCKED_SUSPEND) waits for the reply',
    ],
  ],
  'port queues match process states': [
    [
      (state) => Object.assign(processIn(state, 'BLOCKED_WAIT'), { blockedOn: NOWHERE }),
      '(BLOCKED_WAIT) is in the queue of port',
    ],
    [
      (state) => Object.assign(processIn(state, 'BLOCKED_FAULT'), { state: 'BLOCKED_RECEIVE' }),
      '(BLOCKED_RECEIVE) is in the queue',
    ],
    [
      (state) => Object.assign(portWithWaiters(state.ipcPorts), { waiters: [] }),
      'has 0 waiters that are senders',
    ],
    [(state) => portWithWaiters(state.notificationPorts).waiters.push(NOWHERE), '0xdead0000 is in the queue'],
    [(state) => portWithWaiters(state.notificationPorts).waiters.pop(), '(BLOCKED_WAIT) is in 0 port queues'],
  ],
  'sends and faults are those of processes that wait': [
    [
      (state) => Object.assign(processIn(state, 'BLOCKED_FAULT'), { fault: undefined }),
      '(BLOCKED_FAULT) has no fault',
    ],
    [
      (state) => Object.assign(processIn(state, 'READY'), { fault: processIn(state, 'BLOCKED_FAULT').fault }),
      '(READY) has a fault',
    ],
    [
      (state) =>
        Object.assign(processIn(state, 'READY'), { sending: { isCall: true, info: 0n, identifier: 0n } }),
      '(READY) has something to send',
    ],
    [
      (state) => Object.assign(processIn(state, 'BLOCKED_FAULT'), { state: 'BLOCKED_SEND' }),
      'has nothing to send',
    ],
  ],
  'no notification is pending while somebody waits for it': [
    [(state) => Object.assign(portWithWaiters(state.notificationPorts), { flags: 4n }), 'has flags 0x4'],
    [
      (state) => {
        const port = state.notificationPorts.find(({ bound }) => bound !== 0)!;
        Object.assign(port, { flags: 8n, waiters: [] });
        Object.assign(state.processes.find(({ address }) => address === port.bound)!, {
          state: 'BLOCKED_RECEIVE',
        });
      },
      'has flags 0x8',
    ],
  ],
  'bound notification ports are mutual': [
    [
      (state) => Object.assign(state.notificationPorts[0], { bound: state.current }),
      'which has another or none',
    ],
    [(state) => Object.assign(state.notificationPorts[1], { bound: 0 }), 'which is not bound to it'],
  ],
  'interrupts are masked while unbound': [
    [
      (state) =>
        Object.assign(state, {
          slots: state.slots.filter(({ place }) => place.holder !== 'interrupt_binding'),
        }),
      'interrupt 1 is unmasked and unbound',
    ],
  ],
  'buffer words lie in IPC buffers': [
    [(state) => state.buffers.set(NOWHERE, 1n), 'the word at 0xdead0000 is in none'],
  ],
};

test('there is damage to every invariant', () => {
  expect(Object.keys(DAMAGE)).toEqual(INVARIANTS.map(({ name }) => name));
});

test.each(INVARIANTS)('$name', ({ name, violations }) => {
  for (const [damage, found] of DAMAGE[name]) {
    const state = copyOfLively();
    damage(state);
    expect(violations(state).join('\n')).toContain(found);
  }
});

test('rights never grow: what is made has parents, what is moved or copied had its rights', () => {
  const grown = (damage: (state: State) => void): string => {
    const state = copyOfLively();
    damage(state);
    return rightsThatGrew(lively, state).join('\n');
  };
  expect(grown(() => {})).toBe('');
  expect(grown((state) => Object.assign(slotIn(state, IPC_PORT), { rights: 1 }))).toBe('');
  expect(grown((state) => Object.assign(slotIn(state, GENERIC), { rights: 7 }))).toContain(
    'has rights 7, which nobody had',
  );
  expect(grown((state) => Object.assign(slotIn(state, IPC_PORT).capability, { object: NOWHERE }))).toContain(
    'IPC_PORT 0xdead0000',
  );
  const range = { type: 'IO_PORT' as const, first: 5n, last: 9n };
  const mint = (rights: number, depth: number) => (state: State) =>
    state.slots.unshift({ ...slotIn(state, 9), rights, depth, capability: range });
  expect(grown(mint(15, 1))).toBe('');
  expect(grown(mint(15, 0))).toContain('IO_PORT 0x5 to 0x9');
});
