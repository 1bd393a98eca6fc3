/** The model from and to what can be seen of a kernel between two entries. */
import type {
  IpcPortState,
  KernelState,
  NotificationPortState,
  ProcessState,
  TableState,
} from './kernel-state.ts';
import type { Devices, IpcPort, Model, NotificationPort, Process, Table } from './model.ts';
import { bufferOf, newProcess, writeMemory } from './process.ts';
import { CONTEXT, ENTERED_OTHERWISE } from './registers.ts';

/** A model in this state. Memory that is no IPC buffer is taken to be zero, and nobody to have entered the kernel by a call. */
export function createModel(state: KernelState, devices: Devices = rememberingPorts()): Model {
  const model: Model = {
    list: [],
    nodes: new Map(),
    processes: new Map(),
    ipcPorts: new Map(),
    notificationPorts: new Map(),
    tables: new Map(),
    interruptPorts: new Map(),
    current: undefined,
    readyQueues: [],
    pages: new Map(),
    condemned: [],
    isHalted: false,
    effects: [],
    ended: [],
    devices,
  };
  createObjects(model, state);
  for (const { place, rights, depth, capability } of state.slots) {
    const slot = { place, rights, depth, capability };
    model.list.push(slot);
    if (place.holder === 'node') {
      model.nodes.get(place.owner)!.slots.set(place.index, slot);
    } else if (place.holder === 'interrupt_binding') {
      model.interruptPorts.get(place.owner)!.binding = slot;
    } else {
      model.processes.get(place.owner)!.own[place.holder] = slot;
    }
  }
  const processAt = (address: number): Process => model.processes.get(address)!;
  for (const known of state.processes) {
    const { address, registers, replyTarget, replySource, ...rest } = known;
    Object.assign(processAt(address), {
      ...rest,
      registers: [...registers.slice(0, CONTEXT.ENTER_FROM), ENTERED_OTHERWISE],
      replyTarget: model.processes.get(replyTarget),
      replySource: model.processes.get(replySource),
    });
  }
  model.current = model.processes.get(state.current);
  model.readyQueues.push(...state.readyQueues.map((queue) => queue.map(processAt)));
  for (const { address, waiting, waiters } of state.ipcPorts) {
    model.ipcPorts.set(address, { address, waiting, waiters: waiters.map(processAt) });
  }
  for (const { address, flags, waiters, bound } of state.notificationPorts) {
    const port = { address, flags, waiters: waiters.map(processAt), bound: model.processes.get(bound) };
    model.notificationPorts.set(address, port);
  }
  for (const { address, depth, entries } of state.tables) {
    model.tables.set(address, { depth, entries: new Map(entries.map((entry) => [entry.index, entry])) });
  }
  for (const { irq, isMasked } of state.interrupts) {
    model.interruptPorts.get(irq)!.isMasked = isMasked;
  }
  for (const [address, word] of state.buffers) {
    writeMemory(model, address, word);
  }
  return model;
}

/** The devices of the host HAL: a byte of a port reads as written last, before that as its number's bytes, combined by exclusive or. */
export function rememberingPorts(): Devices {
  const written = new Map<number, number>();
  return {
    readByte: (port) => written.get(port) ?? (port ^ (port >> 8)) & 0xff,
    writeByte: (port, value) => written.set(port, value),
  };
}

function createObjects(model: Model, state: KernelState): void {
  for (const { capability } of state.slots) {
    if (capability.type === 'NODE' && !model.nodes.has(capability.object)) {
      model.nodes.set(capability.object, { radix: capability.radix, slots: new Map() });
    } else if (capability.type === 'PROCESS_CONTROL_BLOCK' && !model.processes.has(capability.object)) {
      model.processes.set(capability.object, newProcess(capability.object));
    } else if (capability.type === 'INTERRUPT_PORT') {
      model.interruptPorts.set(capability.irq, { irq: capability.irq, isMasked: true, binding: undefined });
    }
  }
}

const byAddress = (a: { readonly address: number }, b: { readonly address: number }): number =>
  a.address - b.address;

/** What can be seen: new data, which later steps do not change. */
export function stateOf(model: Model): KernelState {
  const { processes, ipcPorts, notificationPorts, tables, interruptPorts } = model;
  return {
    current: model.current?.address ?? 0,
    slots: model.list.map((slot) => ({ ...slot })),
    processes: [...processes.values()].map(processState).sort(byAddress),
    readyQueues: model.readyQueues.map(addresses),
    ipcPorts: [...ipcPorts.values()].map(ipcPortState).sort(byAddress),
    notificationPorts: [...notificationPorts.values()].map(notificationPortState).sort(byAddress),
    tables: [...tables].map(([address, table]) => tableState(address, table)).sort(byAddress),
    interrupts: [...interruptPorts.values()]
      .map(({ irq, isMasked }) => ({ irq, isMasked }))
      .sort((a, b) => a.irq - b.irq),
    buffers: buffers(model),
  };
}

const addresses = (processes: readonly Process[]): number[] => processes.map(({ address }) => address);

function processState(process: Process): ProcessState {
  const { address, state, priority, quantum, registers, blockedOn, replyTarget, replySource } = process;
  return {
    address,
    state,
    priority,
    quantum,
    registers: registers.slice(0, CONTEXT.ENTER_FROM),
    blockedOn,
    replyTarget: replyTarget?.address ?? 0,
    replySource: replySource?.address ?? 0,
    sending: process.sending,
    fault: process.fault,
  };
}

function ipcPortState({ address, waiting, waiters }: IpcPort): IpcPortState {
  return { address, waiting, waiters: addresses(waiters) };
}

function notificationPortState({ address, flags, waiters, bound }: NotificationPort): NotificationPortState {
  return { address, flags, waiters: addresses(waiters), bound: bound?.address ?? 0 };
}

function tableState(address: number, { depth, entries }: Table): TableState {
  return { address, depth, entries: [...entries.values()].sort((a, b) => a.index - b.index) };
}

function buffers(model: Model): Map<number, bigint> {
  const pages = [...model.processes.values()].map(bufferOf).filter((page) => page !== undefined);
  const words = new Map<number, bigint>();
  for (const page of new Set(pages.sort((a, b) => a - b))) {
    const content = model.pages.get(page);
    if (content === undefined) {
      continue;
    }
    // Most words are 0, and numbers are cheaper than bigints.
    const halves = new Uint32Array(content.buffer);
    for (let i = 0; i < content.length; i++) {
      if ((halves[2 * i] | halves[2 * i + 1]) !== 0) {
        words.set(page + 8 * i, content[i]);
      }
    }
  }
  return words;
}
