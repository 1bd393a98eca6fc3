import {
  type Capability,
  type IpcPortState,
  type KernelState,
  type NotificationPortState,
  PROCESS_STATES,
  type ProcessState,
  SLOT_HOLDERS,
  type SlotState,
  type TableEntry,
  type TableState,
} from '../model/kernel-state.ts';

/**
 * A KernelState as words of 64 bits, the same that state-words.cpp makes of the kernel: what is compared and hashed. Lists begin with
 * their lengths; numbers of types, states and holders are those of the kernel. Words are kept as pairs of 32 bits, low half first.
 */

const capabilityTypes: readonly (Capability['type'] | '')[] = [
  '',
  '',
  'NODE',
  'GENERIC',
  'ADDRESS_SPACE',
  'PAGE_TABLE',
  'FRAME',
  'PROCESS_CONTROL_BLOCK',
  'IPC_PORT',
  'NOTIFICATION_PORT',
  'INTERRUPT_REGION',
  'INTERRUPT_PORT',
  'IO_PORT',
];

const waiting: readonly IpcPortState['waiting'][] = ['nobody', 'senders', 'receivers'];

const REGISTERS = 22;
const PAGE = 1;
const WRITABLE = 2;
const EXECUTABLE = 4;

export function encodeState(state: KernelState): Uint32Array {
  const words = createWriter();
  words.put(state.current);
  words.list(state.slots, (slot) => putSlot(words, slot));
  words.list(state.processes, (process) => putProcess(words, process));

  const occupied = state.readyQueues.flatMap((queue, priority) =>
    queue.length > 0 ? [{ queue, priority }] : [],
  );
  words.list(occupied, ({ queue, priority }) => {
    words.put(priority);
    words.list(queue, words.put);
  });
  words.list(state.ipcPorts, (port) => {
    words.put(port.address);
    words.put(waiting.indexOf(port.waiting));
    words.list(port.waiters, words.put);
  });
  words.list(state.notificationPorts, (port) => {
    words.put(port.address);
    words.put(port.flags);
    words.put(port.bound);
    words.list(port.waiters, words.put);
  });
  words.list(state.tables, (table) => putTable(words, table));
  words.list(state.interrupts, ({ irq, isMasked }) => {
    words.put(irq);
    words.put(Number(isMasked));
  });
  const buffers = [...state.buffers].sort(([a], [b]) => a - b);
  words.list(buffers, ([address, value]) => {
    words.put(address);
    words.put(value);
  });
  return words.finish();
}

/** Throws if the words are not those of a state. */
export function decodeState(words: Uint32Array): KernelState {
  const reader = createReader(words);
  const current = reader.number();
  const slots = reader.list(() => takeSlot(reader));
  const processes = reader.list(() => takeProcess(reader));
  const readyQueues: number[][] = Array.from({ length: 32 }, () => []);
  reader.list(() => {
    const priority = reader.number();
    readyQueues[priority] = reader.list(reader.number);
  });
  const ipcPorts = reader.list(
    (): IpcPortState => ({
      address: reader.number(),
      waiting: reader.oneOf(waiting),
      waiters: reader.list(reader.number),
    }),
  );
  const notificationPorts = reader.list(
    (): NotificationPortState => ({
      address: reader.number(),
      flags: reader.word(),
      bound: reader.number(),
      waiters: reader.list(reader.number),
    }),
  );
  const tables = reader.list(() => takeTable(reader));
  const interrupts = reader.list(() => ({ irq: reader.number(), isMasked: reader.flag() }));
  const buffers = new Map(reader.list((): [number, bigint] => [reader.number(), reader.word()]));
  reader.finish();
  return {
    current,
    slots,
    processes,
    readyQueues,
    ipcPorts,
    notificationPorts,
    tables,
    interrupts,
    buffers,
  };
}

/** 64 bits; the same function as hash_words in state-words.cpp. */
export function hashWords(words: Uint32Array): bigint {
  let low = 0;
  let high = 0;
  for (let i = 0; i < words.length; i += 2) {
    const valueLow = words[i];
    const valueHigh = words[i + 1];
    low = Math.imul(low ^ valueLow ^ Math.imul(valueHigh, 0x9e3779b1), 0xcc9e2d51);
    low ^= low >>> 15;
    high = Math.imul(high ^ valueHigh ^ Math.imul(valueLow, 0x85ebca77), 0x1b873593);
    high ^= high >>> 13;
  }
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export const hashState = (state: KernelState): bigint => hashWords(encodeState(state));

// ---- Parts of a state, each put and taken ---------------------------------------------------------------------------

function putSlot(words: WordWriter, { place, rights, depth, capability }: SlotState) {
  const holder = SLOT_HOLDERS.indexOf(place.holder);
  words.putHalves(capabilityTypes.indexOf(capability.type) | (rights << 8) | (holder << 16), depth);
  words.put(place.owner);
  words.put(place.index);
  switch (capability.type) {
    case 'NODE':
      words.put(capability.object);
      words.put(capability.radix);
      break;
    case 'GENERIC':
    case 'FRAME':
      words.put(capability.base);
      words.put(capability.sizeBits);
      words.put(Number(capability.isDevice));
      if (capability.type === 'GENERIC') words.put(capability.watermark);
      break;
    case 'ADDRESS_SPACE':
    case 'PROCESS_CONTROL_BLOCK':
      words.put(capability.object);
      break;
    case 'PAGE_TABLE':
      words.put(capability.object);
      words.put(capability.tableDepth);
      break;
    case 'IPC_PORT':
    case 'NOTIFICATION_PORT':
      words.put(capability.object);
      words.put(capability.identifier);
      break;
    case 'INTERRUPT_REGION':
      break;
    case 'INTERRUPT_PORT':
      words.put(capability.irq);
      break;
    case 'IO_PORT':
      words.put(capability.first);
      words.put(capability.last);
      break;
  }
}

function takeSlot(reader: WordReader): SlotState {
  const [low, depth] = reader.halves();
  const type = capabilityTypes[low & 0xff];
  const holder = SLOT_HOLDERS[(low >>> 16) & 0xff];
  if (type === undefined || type === '' || holder === undefined) throw new Error('not a slot of the kernel');
  const place = { holder, owner: reader.number(), index: reader.number() };
  return { place, rights: (low >>> 8) & 0xff, depth, capability: takeCapability(reader, type) };
}

function takeCapability(reader: WordReader, type: Capability['type']): Capability {
  switch (type) {
    case 'NODE':
      return { type, object: reader.number(), radix: reader.number() };
    case 'GENERIC':
      return { type, ...takeMemory(reader), watermark: reader.number() };
    case 'FRAME':
      return { type, ...takeMemory(reader) };
    case 'ADDRESS_SPACE':
    case 'PROCESS_CONTROL_BLOCK':
      return { type, object: reader.number() };
    case 'PAGE_TABLE':
      return { type, object: reader.number(), tableDepth: reader.number() };
    case 'IPC_PORT':
    case 'NOTIFICATION_PORT':
      return { type, object: reader.number(), identifier: reader.word() };
    case 'INTERRUPT_REGION':
      return { type };
    case 'INTERRUPT_PORT':
      return { type, irq: reader.number() };
    case 'IO_PORT':
      return { type, first: reader.word(), last: reader.word() };
  }
}

const takeMemory = (reader: WordReader) => ({
  base: reader.number(),
  sizeBits: reader.number(),
  isDevice: reader.flag(),
});

function putProcess(words: WordWriter, process: ProcessState) {
  words.put(process.address);
  words.put(PROCESS_STATES.indexOf(process.state));
  words.put(process.priority);
  words.put(process.quantum);
  for (let i = 0; i < REGISTERS; i++) words.put(process.registers[i]);
  words.put(process.blockedOn);
  words.put(process.replyTarget);
  words.put(process.replySource);
  const { sending, fault } = process;
  words.put(Number(sending !== undefined));
  words.put(Number(fault !== undefined));
  if (sending !== undefined) {
    words.put(Number(sending.isCall));
    words.put(sending.info);
    words.put(sending.identifier);
  }
  if (fault !== undefined) {
    words.put(fault.type);
    words.put(fault.detail);
    words.put(fault.code);
    words.put(fault.identifier);
  }
}

function takeProcess(reader: WordReader): ProcessState {
  const fixed = {
    address: reader.number(),
    state: reader.oneOf(PROCESS_STATES),
    priority: reader.number(),
    quantum: reader.number(),
    registers: Array.from({ length: REGISTERS }, reader.word),
    blockedOn: reader.number(),
    replyTarget: reader.number(),
    replySource: reader.number(),
  };
  const isSending = reader.flag();
  const hasFault = reader.flag();
  const sending = isSending
    ? { isCall: reader.flag(), info: reader.word(), identifier: reader.word() }
    : undefined;
  const fault = hasFault
    ? { type: reader.number(), detail: reader.word(), code: reader.word(), identifier: reader.word() }
    : undefined;
  return { ...fixed, sending, fault };
}

function putTable(words: WordWriter, table: TableState) {
  words.put(table.address);
  words.put(table.depth);
  words.list(table.entries, ({ index, target, page }) => {
    const flags =
      page === undefined ? 0 : PAGE | (page.writable ? WRITABLE : 0) | (page.executable ? EXECUTABLE : 0);
    words.put(index | (flags << 16));
    words.put(target);
  });
}

function takeTable(reader: WordReader): TableState {
  const address = reader.number();
  const depth = reader.number();
  const entries = reader.list((): TableEntry => {
    const word = reader.number();
    const flags = word >>> 16;
    const page = { writable: (flags & WRITABLE) !== 0, executable: (flags & EXECUTABLE) !== 0 };
    return {
      index: word & 0xffff,
      target: reader.number(),
      page: (flags & PAGE) !== 0 ? page : undefined,
    };
  });
  return { address, depth, entries };
}

// ---- Words --------------------------------------------------------------------------------------------------------------

type WordWriter = ReturnType<typeof createWriter>;
type WordReader = ReturnType<typeof createReader>;

export function createWriter() {
  let halves = new Uint32Array(4096);
  let length = 0;
  const putHalves = (low: number, high: number) => {
    if (length === halves.length) {
      const larger = new Uint32Array(2 * length);
      larger.set(halves);
      halves = larger;
    }
    halves[length++] = low;
    halves[length++] = high;
  };
  /** Numbers are not negative. */
  const put = (value: number | bigint) => {
    if (typeof value === 'number') putHalves(value >>> 0, Math.floor(value / 2 ** 32));
    else putHalves(Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn));
  };
  const list = <T>(items: readonly T[], putItem: (item: T) => void) => {
    put(items.length);
    for (const item of items) putItem(item);
  };
  return { putHalves, put, list, finish: () => halves.slice(0, length) };
}

export function createReader(halves: Uint32Array) {
  let at = 0;
  const takeHalves = (): [number, number] => {
    if (at + 2 > halves.length) throw new Error('the words end early');
    at += 2;
    return [halves[at - 2], halves[at - 1]];
  };
  const word = () => {
    const [low, high] = takeHalves();
    return (BigInt(high) << 32n) | BigInt(low);
  };
  const number = () => {
    const [low, high] = takeHalves();
    if (high >= 2 ** 21) throw new Error(`0x${high.toString(16)}'…: a number of more than 53 bits`);
    return high * 2 ** 32 + low;
  };
  const oneOf = <T>(names: readonly T[]): T => {
    const index = number();
    const name = names[index];
    if (name === undefined) throw new Error(`${index} is none of ${names.join(', ')}`);
    return name;
  };
  const list = <T>(take: () => T): T[] => {
    const items: T[] = [];
    const length = number();
    for (let i = 0; i < length; i++) items.push(take());
    return items;
  };
  /** The next `count` words as they are. */
  const part = (count: number) => {
    if (at + 2 * count > halves.length) throw new Error('the words end early');
    at += 2 * count;
    return halves.subarray(at - 2 * count, at);
  };
  const finish = () => {
    if (at !== halves.length) throw new Error(`${(halves.length - at) / 2} words too many`);
  };
  return { halves: takeHalves, word, number, flag: () => number() !== 0, oneOf, list, part, finish };
}
