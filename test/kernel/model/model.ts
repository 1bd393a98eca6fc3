/**
 * The reference model of A9N: what the kernel's ABI says, as plain data and functions that are meant to be read. Sections named in
 * comments are those of the ABI page; a rule that stands only here is marked "Rule".
 *
 * It is written for clarity: lists are arrays that are searched, and nothing is cached. `step.ts` is where to start.
 */
import type { Outcome } from '../operation-outcomes.ts';
import type { Capability, Effect, ProcessStateName, SlotPlace, TableEntry } from './kernel-state.ts';

/** IPC ports and notification ports. */
export type PortCapability = Extract<Capability, { identifier: bigint }>;

/** A full slot. Empty slots are nowhere. */
export interface Slot {
  place: SlotPlace;
  rights: number;
  depth: number;
  capability: Capability;
}

export interface Node {
  readonly radix: number;
  readonly slots: Map<number, Slot>;
}

/** The capabilities a process works with: copies that users cannot reach but revocation can (section 11). */
export type OwnSlot =
  | 'process_address_space'
  | 'process_root_node'
  | 'process_ipc_buffer'
  | 'process_notification_port'
  | 'process_resolver_port';

export interface Message {
  readonly isCall: boolean;
  readonly info: bigint;
  /** Of the slot that was used, fixed when the send starts (section 12). */
  readonly identifier: bigint;
}

export interface Fault {
  readonly type: number;
  readonly detail: bigint;
  readonly code: bigint;
  readonly identifier: bigint;
}

export interface Process {
  readonly address: number;
  state: ProcessStateName;
  priority: number;
  quantum: number;
  /** Section 11, words 0…22. */
  registers: bigint[];
  own: { [own in OwnSlot]?: Slot | undefined };
  /** Address of the port in whose queue it waits; 0 if it does not. */
  blockedOn: number;
  /** Reply authority: who waits for this process, and for whom this process waits. */
  replyTarget: Process | undefined;
  replySource: Process | undefined;
  sending: Message | undefined;
  fault: Fault | undefined;
  /** The operation whose result is outstanding: for statistics only. */
  unfinished: string;
}

/** Section 12: a port's queue holds senders (callers and faulters among them) or receivers, never both. */
export interface IpcPort {
  readonly address: number;
  waiting: 'nobody' | 'senders' | 'receivers';
  waiters: Process[];
}

/** Section 13. */
export interface NotificationPort {
  readonly address: number;
  flags: bigint;
  waiters: Process[];
  bound: Process | undefined;
}

/** A page table, or the root of an address space with depth 4 (section 8). */
export interface Table {
  readonly depth: number;
  readonly entries: Map<number, TableEntry>;
}

/** Exists as long as some slot holds the interrupt port (section 15). */
export interface InterruptPort {
  readonly irq: number;
  isMasked: boolean;
  binding: Slot | undefined;
}

/** What lies behind the I/O ports. */
export interface Devices {
  readByte(port: number): number;
  writeByte(port: number, value: number): void;
}

export interface Model {
  /** The dependency list (section 4): every full slot. */
  readonly list: Slot[];
  /** Objects by the address of their memory. */
  readonly nodes: Map<number, Node>;
  readonly processes: Map<number, Process>;
  readonly ipcPorts: Map<number, IpcPort>;
  readonly notificationPorts: Map<number, NotificationPort>;
  readonly tables: Map<number, Table>;
  readonly interruptPorts: Map<number, InterruptPort>;
  /** Who runs; it is in no queue. Undefined: the processor idles. */
  current: Process | undefined;
  readonly readyQueues: Process[][];
  /** 512 words each, by address; a page that is not here is zero. */
  readonly pages: Map<number, BigUint64Array>;
  /** Nodes whose slots are about to be emptied; the last is next. */
  readonly condemned: { readonly node: number; readonly spared: Slot | undefined }[];
  /** Nobody can ever run again; nothing happens any more. */
  isHalted: boolean;
  /** What the present kernel entry did to the outside. */
  effects: Effect[];
  /** Operations that ended in the present entry, for statistics. */
  ended: { readonly operation: string; readonly outcome: Outcome }[];
  readonly devices: Devices;
}

// ---- Rights (section 4) and sizes ----------------------------------------------------------------------------

export const READ = 1;
export const WRITE = 2;
export const COPY = 4;
export const MODIFY = 8;
export const ALL = 15;

export const has = (slot: Slot, rights: number): boolean => (slot.rights & rights) === rights;

export const PAGE = 4096;
export const ROOT_DEPTH = 4;
export const FULL_QUANTUM = 10;
export const PRIORITIES = 32;

/** User addresses are below this (section 1). */
export const isUserAddress = (address: bigint): boolean => address < 0x7fff_ffff_ffffn;
