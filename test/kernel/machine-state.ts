/** The state of a kernel in a running machine, read through the debugger's kernel model. */
import type {
  CapabilityContent,
  KernelModel,
  KernelProcess,
  PlacedCapability,
} from '../../debug-adapter/kernel-model/kernel-model.ts';
import { pageTableEntries } from '../../debug-adapter/kernel-model/page-table.ts';
import type { Machine } from '../../emulator/machine-api.ts';
import {
  type Capability,
  type IpcPortState,
  type KernelState,
  type NotificationPortState,
  PROCESS_STATES,
  type ProcessState,
  SLOT_HOLDERS,
  type SlotState,
  type TableState,
} from './model/kernel-state.ts';

const ROOT_DEPTH = 4;
const ROOT_USER_ENTRIES = 256;
const PAGE = 4096;
/** ABI section 11, without ENTER_FROM. */
const REGISTERS = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rdi', 'rsi', 'rbp', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
  ...['rip', 'cs', 'rflags', 'rsp', 'ss', 'gs_base', 'fs_base'],
];

/**
 * The machine stands at a kernel exit, or anywhere in user code: not in the kernel, where nothing need hold. `isMasked` knows the
 * interrupt lines, which are in a device. Throws an Error that says what is wrong if the kernel's objects do not lead to a state at all.
 */
export function readKernelState(
  machine: Machine,
  model: KernelModel,
  isMasked: (irq: number) => boolean = () => true,
): KernelState {
  const translated = new Map<bigint, number>();
  const physical = (address: bigint | undefined): number => {
    if (address === undefined) return 0;
    const found = translated.get(address) ?? physicalAddress(machine, address);
    translated.set(address, found);
    return found;
  };
  const capabilities = model.capabilities();
  const current = model.currentProcess();
  const objects = (type: string) => [
    ...new Set(
      capabilities.flatMap((c) => (c.type === type && c.component !== undefined ? [c.component] : [])),
    ),
  ];
  const processes = objects('PROCESS_CONTROL_BLOCK').map((address) => {
    const process = model.process(address);
    if (process === undefined) throw new Error(`no process can be read at 0x${address.toString(16)}`);
    return process;
  });

  return {
    current: physical(current),
    slots: capabilities.map((content) => slotState(content, physical)),
    processes: byAddress(
      processes.map((process) => processState(machine, process, process.address === current, physical)),
    ),
    readyQueues: model.readyQueues().map((queue) => queue.map(physical)),
    ipcPorts: byAddress(
      objects('IPC_PORT').map((address): IpcPortState => {
        const port = known(model.ipcPort(address), 'IPC port', address);
        return { address: physical(address), waiting: port.waiting, waiters: port.waiters.map(physical) };
      }),
    ),
    notificationPorts: byAddress(
      objects('NOTIFICATION_PORT').map((address): NotificationPortState => {
        const { flags, waiters, bound } = known(
          model.notificationPort(address),
          'notification port',
          address,
        );
        return { address: physical(address), flags, waiters: waiters.map(physical), bound: physical(bound) };
      }),
    ),
    tables: byAddress(tableStates(machine, capabilities)),
    interrupts: model.interruptPorts().map(({ irq }) => ({ irq, isMasked: isMasked(irq) })),
    buffers: bufferWords(machine, processes),
  };
}

function physicalAddress(machine: Machine, address: bigint): number {
  const { physicalAddress } = machine.translate(address);
  if (physicalAddress === undefined)
    throw new Error(`kernel address 0x${address.toString(16)} is not mapped`);
  return physicalAddress;
}

function known<T>(value: T | undefined, what: string, address: bigint): T {
  if (value === undefined) throw new Error(`no ${what} can be read at 0x${address.toString(16)}`);
  return value;
}

function byAddress<T extends { readonly address: number }>(objects: readonly T[]): T[] {
  return [...objects].sort((a, b) => a.address - b.address);
}

type ToPhysical = (address: bigint | undefined) => number;

function slotState(content: PlacedCapability, physical: ToPhysical): SlotState {
  const holder = SLOT_HOLDERS.find((name) => name === content.place.holder.toLowerCase());
  const { owner, index } = content.place;
  if (holder === undefined || owner === undefined) {
    throw new Error(`nothing holds the slot at 0x${content.address.toString(16)} (${content.place.holder})`);
  }
  return {
    place:
      holder === 'interrupt_binding'
        ? { holder, owner: index, index: 0 }
        : { holder, owner: physical(owner), index },
    rights: content.rights,
    depth: Number(content.depth ?? 0n),
    capability: capability(content, physical),
  };
}

function capability(content: CapabilityContent, physical: ToPhysical): Capability {
  const object = physical(content.component);
  switch (content.type) {
    case 'NODE':
      return { type: 'NODE', object, radix: content.radix ?? 0 };
    case 'GENERIC':
      return { type: 'GENERIC', ...memory(content), watermark: Number(content.memory?.watermark ?? 0n) };
    case 'FRAME':
      return { type: 'FRAME', ...memory(content) };
    case 'PAGE_TABLE':
      return { type: 'PAGE_TABLE', object, tableDepth: content.tableDepth ?? 0 };
    case 'IPC_PORT':
    case 'NOTIFICATION_PORT':
      return { type: content.type, object, identifier: content.identifier ?? 0n };
    case 'INTERRUPT_PORT':
      return { type: 'INTERRUPT_PORT', irq: content.irq ?? -1 };
    case 'IO_PORT':
      return { type: 'IO_PORT', first: content.ioPorts?.first ?? 0n, last: content.ioPorts?.last ?? 0n };
    case 'ADDRESS_SPACE':
    case 'PROCESS_CONTROL_BLOCK':
      return { type: content.type, object };
    case 'INTERRUPT_REGION':
      return { type: 'INTERRUPT_REGION' };
    default:
      throw new Error(`the slot at 0x${content.address.toString(16)} has ${content.type}`);
  }
}

function memory({ memory: place }: CapabilityContent) {
  return {
    base: Number(place?.base ?? 0n),
    sizeBits: place?.sizeBits ?? 0,
    isDevice: place?.isDevice ?? false,
  };
}

function processState(
  machine: Machine,
  process: KernelProcess,
  isCurrent: boolean,
  physical: ToPhysical,
): ProcessState {
  const state = PROCESS_STATES.find((name) => name === process.state);
  if (state === undefined) throw new Error(`a process has ${process.state}`);
  return {
    address: physical(process.address),
    state,
    priority: process.priority ?? 0,
    quantum: process.quantum ?? 0,
    // The bases of the process that runs are in the processor only.
    registers: REGISTERS.map((name) =>
      isCurrent && name.endsWith('_base')
        ? machine.readRegister(name)
        : (process.savedRegisters?.get(name) ?? 0n),
    ),
    blockedOn: physical(process.blockedOn),
    replyTarget: physical(process.replyTarget),
    replySource: physical(process.replySource),
    sending: process.sending,
    fault: process.fault,
  };
}

function tableStates(machine: Machine, capabilities: readonly CapabilityContent[]): TableState[] {
  const depths = new Map<number, number>();
  for (const { type, memory: place, tableDepth } of capabilities) {
    if (place === undefined) continue;
    if (type === 'ADDRESS_SPACE') depths.set(Number(place.base), ROOT_DEPTH);
    if (type === 'PAGE_TABLE') depths.set(Number(place.base), tableDepth ?? 0);
  }
  return [...depths].map(([address, depth]) => ({
    address,
    depth,
    entries: pageTableEntries(machine, address, depth)
      .filter(({ index }) => depth < ROOT_DEPTH || index < ROOT_USER_ENTRIES)
      .map(({ index, kind, physicalAddress, flags }) => ({
        index,
        target: Number(physicalAddress),
        page:
          kind === 'table'
            ? undefined
            : { writable: flags.includes('write'), executable: flags.includes('execute') },
      })),
  }));
}

function bufferWords(machine: Machine, processes: readonly KernelProcess[]): Map<number, bigint> {
  const words = new Map<number, bigint>();
  for (const base of new Set(
    processes.flatMap((p) => (p.ipcBuffer === undefined ? [] : [Number(p.ipcBuffer)])),
  )) {
    const bytes = machine.readPhysical(base, PAGE);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
      const word = view.getBigUint64(offset, true);
      if (word !== 0n) words.set(base + offset, word);
    }
  }
  return words;
}
