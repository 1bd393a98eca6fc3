/**
 * What is always true of an A9N kernel between two entries, whatever user programs did: functions over a state, which say in words
 * what is not. They know nothing of where the state comes from.
 */
import type { Capability, KernelState, ProcessState, SlotPlace, SlotState } from './kernel-state.ts';

export interface Invariant {
  /** What holds. */
  readonly name: string;
  /** Where it does not, one violation a line. */
  readonly violations: (state: KernelState) => string[];
}

export const INVARIANTS: readonly Invariant[] = [
  { name: 'each slot is in one place, and the place exists', violations: placeViolations },
  { name: 'derivation: depths grow by at most one', violations: depthViolations },
  { name: 'derivation: copies of an object are neighbours', violations: copyViolations },
  { name: 'derivation: children lie inside their parents, below the watermark', violations: childViolations },
  { name: 'no two objects overlap', violations: overlapViolations },
  { name: 'rights are no more than the type and the place allow', violations: rightsViolations },
  { name: 'tables refer to frames and tables that a capability is to', violations: mappingViolations },
  { name: 'objects are those that capabilities are to', violations: objectViolations },
  { name: 'run queues hold exactly the ready processes that do not run', violations: runQueueViolations },
  { name: 'reply links are mutual', violations: replyViolations },
  { name: 'port queues match process states', violations: queueViolations },
  { name: 'sends and faults are those of processes that wait', violations: pendingViolations },
  { name: 'no notification is pending while somebody waits for it', violations: flagViolations },
  { name: 'bound notification ports are mutual', violations: bindingViolations },
  { name: 'interrupts are masked while unbound', violations: interruptViolations },
  { name: 'buffer words lie in IPC buffers', violations: bufferViolations },
];

/** All violations of all invariants. */
export function violationsOf(state: KernelState): string[] {
  return INVARIANTS.flatMap(({ name, violations }) =>
    violations(state).map((violation) => `${name}: ${violation}`),
  );
}

// ---- Words ---------------------------------------------------------------------------------------------------------

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

function nameOf({ place, capability }: SlotState): string {
  return `${capability.type} in ${nameOfPlace(place)}`;
}

function nameOfPlace({ holder, owner, index }: SlotPlace): string {
  return holder === 'node' ? `slot ${index} of node ${hex(owner)}` : `${holder} of ${hex(owner)}`;
}

const nameOfProcess = ({ address, state }: ProcessState): string => `process ${hex(address)} (${state})`;

// ---- Slots and derivation ------------------------------------------------------------------------------------------

const ALL_RIGHTS = 15;
const READ = 1;
const READ_WRITE = 3;

/** What a capability is to, as a text: equal for copies. */
export function objectOf(capability: Capability): string {
  switch (capability.type) {
    case 'GENERIC':
    case 'FRAME':
      return `${capability.type} ${hex(capability.base)}, ${capability.sizeBits} bits`;
    case 'INTERRUPT_REGION':
      return capability.type;
    case 'INTERRUPT_PORT':
      return `${capability.type} ${capability.irq}`;
    case 'IO_PORT':
      return `${capability.type} ${hex(capability.first)} to ${hex(capability.last)}`;
    default:
      return `${capability.type} ${hex(capability.object)}`;
  }
}

function placeViolations({ slots, processes, interrupts }: KernelState): string[] {
  const radixOf = new Map<number, number>();
  for (const { capability } of slots) {
    if (capability.type === 'NODE') {
      radixOf.set(capability.object, capability.radix);
    }
  }
  const owners = new Set(processes.map(({ address }) => address));
  const irqs = new Set(interrupts.map(({ irq }) => irq));
  const exists = ({ holder, owner, index }: SlotPlace): boolean => {
    if (holder === 'node') {
      return index < 2 ** (radixOf.get(owner) ?? Number.NEGATIVE_INFINITY);
    }
    return holder === 'interrupt_binding' ? irqs.has(owner) : owners.has(owner);
  };
  const seen = new Set<string>();
  return slots.flatMap((slot) => {
    const name = nameOfPlace(slot.place);
    const isSecond = seen.has(name);
    seen.add(name);
    return [
      ...(isSecond ? [`two capabilities are in ${name}`] : []),
      ...(exists(slot.place) ? [] : [`${nameOf(slot)}, which does not exist`]),
    ];
  });
}

function depthViolations({ slots }: KernelState): string[] {
  return slots.flatMap((slot, i) => {
    const highest = i === 0 ? 0 : slots[i - 1].depth + 1;
    return slot.depth > highest ? [`${nameOf(slot)} has depth ${slot.depth} after ${highest - 1}`] : [];
  });
}

/**
 * Index of each slot's parent; −1 if it derives from nothing. While a revocation is under way, parents go before their
 * children, which then count as those of the next one above.
 */
function parentsOf(slots: readonly SlotState[]): number[] {
  const ancestors: number[] = [];
  return slots.map(({ depth }, i) => {
    while (ancestors.length > 0 && slots[ancestors[ancestors.length - 1]].depth >= depth) ancestors.pop();
    const parent = ancestors.at(-1) ?? -1;
    ancestors.push(i);
    return parent;
  });
}

function copyViolations({ slots }: KernelState): string[] {
  const parents = parentsOf(slots);
  /** Of each parent, the object of the child that came last, and all objects that came before it. */
  const last = new Map<number, string>();
  const finished = new Set<string>();
  return slots.flatMap((slot, i) => {
    const family = parents[i];
    const object = objectOf(slot.capability);
    const before = last.get(family);
    if (before !== undefined && before !== object) {
      finished.add(`${family} ${before}`);
    }
    last.set(family, object);
    // Equal ranges of I/O ports need not be copies.
    const isApart = finished.has(`${family} ${object}`) && slot.capability.type !== 'IO_PORT';
    return isApart ? [`${nameOf(slot)} stands apart from another capability to ${object}`] : [];
  });
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Memory of an object; sizes as CONVERT takes them, or at least what there must be if the kernel's image has it. */
function memoryOf({ capability, depth }: SlotState): Range | undefined {
  const range = (start: number, size: number): Range => ({ start, end: start + size });
  const isInImage = depth === 0;
  switch (capability.type) {
    case 'NODE':
      return range(
        capability.object,
        isInImage ? 64 + 64 * 2 ** capability.radix : 2 ** (capability.radix + 7),
      );
    case 'GENERIC':
    case 'FRAME':
      return range(capability.base, 2 ** capability.sizeBits);
    case 'ADDRESS_SPACE':
    case 'PAGE_TABLE':
      return range(capability.object, 4096);
    case 'PROCESS_CONTROL_BLOCK':
      return range(capability.object, isInImage ? 23 * 8 + 5 * 64 : 2048);
    case 'IPC_PORT':
      return range(capability.object, 32);
    case 'NOTIFICATION_PORT':
      return range(capability.object, 64);
    default:
      return undefined;
  }
}

function isInside(child: SlotState, { capability: parent }: SlotState): boolean {
  switch (parent.type) {
    case 'GENERIC': {
      const memory = memoryOf(child);
      return memory !== undefined && memory.start >= parent.base && memory.end <= parent.watermark;
    }
    case 'IO_PORT': {
      const { capability } = child;
      return (
        capability.type === 'IO_PORT' && capability.first >= parent.first && capability.last <= parent.last
      );
    }
    case 'INTERRUPT_REGION':
      return child.capability.type === 'INTERRUPT_PORT';
    default:
      return false;
  }
}

function childViolations({ slots }: KernelState): string[] {
  const parents = parentsOf(slots);
  const outside = slots.flatMap((slot, i) => {
    const parent = slots[parents[i]];
    return parent === undefined || isInside(slot, parent)
      ? []
      : [`${nameOf(slot)} is not inside ${nameOf(parent)}`];
  });
  const beyond = slots.flatMap((slot) => {
    const { capability } = slot;
    const isBeyond =
      capability.type === 'GENERIC' &&
      (capability.watermark < capability.base ||
        capability.watermark > capability.base + 2 ** capability.sizeBits);
    return isBeyond ? [`the watermark of ${nameOf(slot)} is outside of it`] : [];
  });
  return [...outside, ...beyond];
}

/** Siblings only: children are inside their parents, which is an invariant of its own. */
function overlapViolations({ slots }: KernelState): string[] {
  const families = new Map<number, Map<string, { slot: SlotState; memory: Range }>>();
  const parents = parentsOf(slots);
  slots.forEach((slot, i) => {
    const memory = memoryOf(slot);
    if (memory !== undefined) {
      const family = families.get(parents[i]) ?? new Map();
      families.set(parents[i], family);
      family.set(objectOf(slot.capability), { slot, memory });
    }
  });
  return [...families.values()].flatMap((family) => {
    const sorted = [...family.values()].sort((a, b) => a.memory.start - b.memory.start);
    return sorted.flatMap(({ slot, memory }, i) => {
      const before = sorted[i - 1];
      return before !== undefined && before.memory.end > memory.start
        ? [`${nameOf(slot)} begins inside ${nameOf(before.slot)}`]
        : [];
    });
  });
}

/** DEMOTE may leave any subset, so that of a state no more can be said; of a step, see rightsThatGrew. */
function rightsViolations({ slots }: KernelState): string[] {
  return slots.flatMap((slot) => {
    const { place, rights, capability } = slot;
    const highest = capability.type === 'GENERIC' ? READ_WRITE : ALL_RIGHTS;
    const needed =
      place.holder === 'process_ipc_buffer'
        ? READ_WRITE
        : place.holder === 'process_notification_port'
          ? READ
          : 0;
    const isDevice =
      place.holder === 'process_ipc_buffer' && capability.type === 'FRAME' && capability.isDevice;
    return [
      ...((rights & ~highest) !== 0 ? [`${nameOf(slot)} has rights ${rights}`] : []),
      ...((rights & needed) !== needed ? [`${nameOf(slot)} has only rights ${rights}`] : []),
      ...(isDevice ? [`${nameOf(slot)} is device memory`] : []),
    ];
  });
}

// ---- Memory --------------------------------------------------------------------------------------------------------

/** Size of the pages that a table of this depth has entries for. */
const PAGE_BITS: Readonly<Record<number, number>> = { 1: 12, 2: 21, 3: 30 };

function mappingViolations({ slots, tables }: KernelState): string[] {
  const owned = new Set(
    slots.map(({ capability }) =>
      capability.type === 'PAGE_TABLE'
        ? `${objectOf(capability)} of depth ${capability.tableDepth}`
        : objectOf(capability),
    ),
  );
  return tables.flatMap(({ address, depth, entries }) =>
    entries.flatMap(({ index, target, page }) => {
      const meant =
        page === undefined
          ? `PAGE_TABLE ${hex(target)} of depth ${depth - 1}`
          : `FRAME ${hex(target)}, ${PAGE_BITS[depth]} bits`;
      return owned.has(meant)
        ? []
        : [`entry ${index} of table ${hex(address)} refers to ${meant}, which nobody has`];
    }),
  );
}

function objectViolations(state: KernelState): string[] {
  const { slots, processes, ipcPorts, notificationPorts, tables, interrupts } = state;
  const held = (...types: readonly Capability['type'][]): Set<string> =>
    new Set(
      slots.flatMap(({ capability }) => {
        if (!types.includes(capability.type)) {
          return [];
        }
        if (capability.type === 'INTERRUPT_PORT') {
          return [`${capability.irq}`];
        }
        return 'object' in capability ? [hex(capability.object)] : [];
      }),
    );
  const compare = (what: string, reported: readonly string[], owned: Set<string>): string[] => [
    ...reported
      .filter((name) => !owned.has(name))
      .map((name) => `there is ${what} ${name} without a capability`),
    ...[...owned].filter((name) => !reported.includes(name)).map((name) => `there is no ${what} ${name}`),
  ];
  const addresses = (objects: readonly { address: number }[]) => objects.map(({ address }) => hex(address));
  return [
    ...compare('process', addresses(processes), held('PROCESS_CONTROL_BLOCK')),
    ...compare('IPC port', addresses(ipcPorts), held('IPC_PORT')),
    ...compare('notification port', addresses(notificationPorts), held('NOTIFICATION_PORT')),
    ...compare('table', addresses(tables), held('ADDRESS_SPACE', 'PAGE_TABLE')),
    ...compare(
      'interrupt port',
      interrupts.map(({ irq }) => `${irq}`),
      held('INTERRUPT_PORT'),
    ),
  ];
}

function bufferViolations({ slots, buffers }: KernelState): string[] {
  const pages = new Set(
    slots.flatMap(({ place, capability }) =>
      place.holder === 'process_ipc_buffer' && capability.type === 'FRAME' ? [capability.base] : [],
    ),
  );
  return [...buffers.keys()]
    .filter((address) => !pages.has(address - (address % 4096)))
    .map((address) => `the word at ${hex(address)} is in none`);
}

// ---- Processes -----------------------------------------------------------------------------------------------------

function runQueueViolations({ current, processes, readyQueues, slots }: KernelState): string[] {
  const spaces = new Set(
    slots.filter(({ place }) => place.holder === 'process_address_space').map(({ place }) => place.owner),
  );
  const queued = readyQueues.flatMap((queue, priority) => queue.map((address) => ({ address, priority })));
  const known = new Set(processes.map(({ address }) => address));
  const strangers = [...queued.map(({ address }) => address), current].filter(
    (address) => address !== 0 && !known.has(address),
  );
  return [
    ...strangers.map((address) => `${hex(address)} is queued or current, but no process`),
    ...processes.flatMap((process) => {
      const places = queued.filter(({ address }) => address === process.address);
      const isRunning = process.address === current;
      const expected = process.state === 'READY' && !isRunning ? 1 : 0;
      return [
        ...(places.length !== expected
          ? [`${nameOfProcess(process)} is in ${places.length} run queues`]
          : []),
        ...(isRunning && process.state !== 'READY' ? [`${nameOfProcess(process)} runs`] : []),
        ...(process.state === 'READY' && !spaces.has(process.address)
          ? [`${nameOfProcess(process)} has no address space`]
          : []),
        ...places
          .filter(({ priority }) => priority !== process.priority)
          .map(
            ({ priority }) =>
              `${nameOfProcess(process)} has priority ${process.priority}, but is in queue ${priority}`,
          ),
      ];
    }),
  ];
}

function replyViolations({ processes }: KernelState): string[] {
  const at = new Map(processes.map((process) => [process.address, process]));
  return processes.flatMap((process) => {
    const { address, state, replyTarget, replySource } = process;
    const name = nameOfProcess(process);
    return [
      ...(replyTarget !== 0 && at.get(replyTarget)?.replySource !== address
        ? [`${name} owes ${hex(replyTarget)} a reply, who does not wait for it`]
        : []),
      ...(replySource !== 0 && at.get(replySource)?.replyTarget !== address
        ? [`${name} waits for ${hex(replySource)}, who knows nothing of it`]
        : []),
      ...((state === 'BLOCKED_REPLY') !== (replySource !== 0)
        ? [`${name} waits for the reply of ${hex(replySource)}`]
        : []),
    ];
  });
}

const WAITING_STATES: Readonly<Record<'nobody' | 'senders' | 'receivers', readonly string[]>> = {
  nobody: [],
  senders: ['BLOCKED_SEND', 'BLOCKED_FAULT'],
  receivers: ['BLOCKED_RECEIVE'],
};

function queueViolations({ processes, ipcPorts, notificationPorts }: KernelState): string[] {
  const at = new Map(processes.map((process) => [process.address, process]));
  const queues = [
    ...ipcPorts.map(({ address, waiting, waiters }) => ({
      address,
      waiters,
      states: WAITING_STATES[waiting],
    })),
    ...notificationPorts.map(({ address, waiters }) => ({ address, waiters, states: ['BLOCKED_WAIT'] })),
  ];
  const counts = new Map<number, number>();
  const wrong = queues.flatMap(({ address: port, waiters, states }) =>
    waiters.flatMap((address) => {
      counts.set(address, (counts.get(address) ?? 0) + 1);
      const waiter = at.get(address);
      return waiter !== undefined && waiter.blockedOn === port && states.includes(waiter.state)
        ? []
        : [
            `${waiter === undefined ? hex(address) : nameOfProcess(waiter)} is in the queue of port ${hex(port)}`,
          ];
    }),
  );
  const nobody = ipcPorts
    .filter(({ waiting, waiters }) => (waiting === 'nobody') !== (waiters.length === 0))
    .map(
      ({ address, waiting, waiters }) =>
        `port ${hex(address)} has ${waiters.length} waiters that are ${waiting}`,
    );
  const lost = processes.flatMap((process) => {
    const isWaiting = ['BLOCKED_SEND', 'BLOCKED_FAULT', 'BLOCKED_RECEIVE', 'BLOCKED_WAIT'].includes(
      process.state,
    );
    const count = counts.get(process.address) ?? 0;
    return count === (isWaiting ? 1 : 0) && isWaiting === (process.blockedOn !== 0)
      ? []
      : [`${nameOfProcess(process)} is in ${count} port queues, blocked on ${hex(process.blockedOn)}`];
  });
  return [...wrong, ...nobody, ...lost];
}

function pendingViolations({ processes }: KernelState): string[] {
  return processes.flatMap((process) => {
    const { state, sending, fault } = process;
    const mayHaveFault = state === 'BLOCKED_FAULT' || state === 'BLOCKED_REPLY';
    return [
      ...((sending !== undefined) !== (state === 'BLOCKED_SEND')
        ? [`${nameOfProcess(process)} has ${sending === undefined ? 'nothing' : 'something'} to send`]
        : []),
      ...((fault === undefined ? state === 'BLOCKED_FAULT' : !mayHaveFault)
        ? [`${nameOfProcess(process)} has ${fault === undefined ? 'no' : 'a'} fault`]
        : []),
    ];
  });
}

function flagViolations({ processes, notificationPorts }: KernelState): string[] {
  const receiving = new Set(
    processes.filter(({ state }) => state === 'BLOCKED_RECEIVE').map(({ address }) => address),
  );
  return notificationPorts
    .filter(({ flags, waiters, bound }) => flags !== 0n && (waiters.length > 0 || receiving.has(bound)))
    .map(({ address, flags }) => `port ${hex(address)} has flags ${hex(flags)}`);
}

function bindingViolations({ slots, notificationPorts }: KernelState): string[] {
  const bindings = new Map(
    slots.flatMap(({ place, capability }) =>
      place.holder === 'process_notification_port' && 'object' in capability
        ? [[place.owner, capability.object] as const]
        : [],
    ),
  );
  return [
    ...notificationPorts
      .filter(({ address, bound }) => bound !== 0 && bindings.get(bound) !== address)
      .map(
        ({ address, bound }) => `port ${hex(address)} is bound to ${hex(bound)}, which has another or none`,
      ),
    ...[...bindings]
      .filter(
        ([process, object]) => notificationPorts.find(({ address }) => address === object)?.bound !== process,
      )
      .map(
        ([process, object]) => `process ${hex(process)} has port ${hex(object)}, which is not bound to it`,
      ),
  ];
}

function interruptViolations({ slots, interrupts }: KernelState): string[] {
  const bound = new Set(
    slots.filter(({ place }) => place.holder === 'interrupt_binding').map(({ place }) => place.owner),
  );
  return interrupts
    .filter(({ irq, isMasked }) => !isMasked && !bound.has(irq))
    .map(({ irq }) => `interrupt ${irq} is unmasked and unbound`);
}

// ---- Steps ---------------------------------------------------------------------------------------------------------

/**
 * Rights never grow: after an event, each capability has at most the rights of one that was there before to the same object, or the
 * object is new and was made of what was there: of memory of a Generic, of a range of I/O ports with these rights, of an interrupt region.
 */
export function rightsThatGrew(before: KernelState, after: KernelState): string[] {
  const rightsOf = new Map<string, number[]>();
  for (const { capability, rights } of before.slots) {
    const object = objectOf(capability);
    rightsOf.set(object, [...(rightsOf.get(object) ?? []), rights]);
  }
  const isAllowed = (slot: SlotState): boolean => {
    const { capability, rights } = slot;
    const known = rightsOf.get(objectOf(capability));
    if (known?.some((had) => (rights & ~had) === 0)) {
      return true;
    }
    return before.slots.some(({ capability: source, rights: had, depth }) => {
      switch (source.type) {
        case 'IO_PORT':
          return (
            (rights & ~had) === 0 && isInside(slot, { ...slot, capability: source }) && depth < slot.depth
          );
        case 'INTERRUPT_REGION':
          return known === undefined && capability.type === 'INTERRUPT_PORT';
        case 'GENERIC': {
          const memory = memoryOf(slot);
          const end = source.base + 2 ** source.sizeBits;
          return (
            known === undefined &&
            memory !== undefined &&
            memory.start >= source.watermark &&
            memory.end <= end
          );
        }
        default:
          return false;
      }
    });
  };
  return after.slots
    .filter((slot) => !isAllowed(slot))
    .map(
      (slot) => `${nameOf(slot)} has rights ${slot.rights}, which nobody had to ${objectOf(slot.capability)}`,
    );
}
