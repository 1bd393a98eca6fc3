/**
 * Everything that can be seen of an A9N kernel between two entries, as plain data: what the kernel on the host HAL reports, what
 * the reference model predicts, and what the debugger reads out of a running machine.
 *
 * Objects are named by the physical address of their memory (objects in the kernel's image have one, too); 0 is nobody. Slots are named
 * by where they are. What has no meaning at the moment is 0 or empty, so that equal states are equal data.
 */

/** A slot of a node, or one of the kernel's own. */
export interface SlotPlace {
  readonly holder: SlotHolder;
  /** The node or process; of `interrupt_binding` the IRQ. */
  readonly owner: number;
  /** In the node; otherwise 0. */
  readonly index: number;
}

/** In the order of the kernel's numbers. */
export const SLOT_HOLDERS = [
  'node',
  'process_address_space',
  'process_root_node',
  'process_ipc_buffer',
  'process_notification_port',
  'process_resolver_port',
  'interrupt_binding',
] as const;
export type SlotHolder = (typeof SLOT_HOLDERS)[number];

export interface Memory {
  readonly base: number;
  readonly sizeBits: number;
  readonly isDevice: boolean;
}

/** By type (a9n-abi, 4). `object` is 0 where memory says it all. */
export type Capability =
  | { readonly type: 'NODE'; readonly object: number; readonly radix: number }
  | ({ readonly type: 'GENERIC'; readonly watermark: number } & Memory)
  | { readonly type: 'ADDRESS_SPACE'; readonly object: number }
  | { readonly type: 'PAGE_TABLE'; readonly object: number; readonly tableDepth: number }
  | ({ readonly type: 'FRAME' } & Memory)
  | { readonly type: 'PROCESS_CONTROL_BLOCK'; readonly object: number }
  | { readonly type: 'IPC_PORT' | 'NOTIFICATION_PORT'; readonly object: number; readonly identifier: bigint }
  | { readonly type: 'INTERRUPT_REGION' }
  | { readonly type: 'INTERRUPT_PORT'; readonly irq: number }
  | { readonly type: 'IO_PORT'; readonly first: bigint; readonly last: bigint };

export interface SlotState {
  readonly place: SlotPlace;
  /** READ 1, WRITE 2, COPY 4, MODIFY 8. */
  readonly rights: number;
  readonly depth: number;
  readonly capability: Capability;
}

/** In the order of the kernel's numbers (a9n-abi, 11). */
export const PROCESS_STATES = [
  'UNUSED',
  'READY',
  'BLOCKED_SEND',
  'BLOCKED_RECEIVE',
  'BLOCKED_REPLY',
  'BLOCKED_WAIT',
  'BLOCKED_SUSPEND',
  'BLOCKED_FAULT',
] as const;
export type ProcessStateName = (typeof PROCESS_STATES)[number];

export interface ProcessState {
  readonly address: number;
  readonly state: ProcessStateName;
  readonly priority: number;
  readonly quantum: number;
  /** The 23 words of the register context, without ENTER_FROM, which says how the processor gets back. */
  readonly registers: readonly bigint[];
  /** The port in whose queue it waits. */
  readonly blockedOn: number;
  /** Who waits for its reply. */
  readonly replyTarget: number;
  /** Whose reply it waits for. */
  readonly replySource: number;
  /** While BLOCKED_SEND. */
  readonly sending:
    | { readonly isCall: boolean; readonly info: bigint; readonly identifier: bigint }
    | undefined;
  /** While BLOCKED_FAULT, or BLOCKED_REPLY after a fault. */
  readonly fault:
    | { readonly type: number; readonly detail: bigint; readonly code: bigint; readonly identifier: bigint }
    | undefined;
}

export interface IpcPortState {
  readonly address: number;
  readonly waiting: 'nobody' | 'senders' | 'receivers';
  readonly waiters: readonly number[];
}

export interface NotificationPortState {
  readonly address: number;
  readonly flags: bigint;
  readonly waiters: readonly number[];
  /** The process it is bound to. */
  readonly bound: number;
}

export interface TableState {
  readonly address: number;
  /** 4 for the root of an address space, of which only the user half counts. */
  readonly depth: number;
  readonly entries: readonly TableEntry[];
}

export interface TableEntry {
  readonly index: number;
  /** Physical address of the table or page. */
  readonly target: number;
  /** Undefined for a table. */
  readonly page: { readonly writable: boolean; readonly executable: boolean } | undefined;
}

export interface InterruptState {
  readonly irq: number;
  readonly isMasked: boolean;
}

export interface KernelState {
  /** 0 while the processor idles. */
  readonly current: number;
  /** In the order of the dependency list. */
  readonly slots: readonly SlotState[];
  /** By address, as all lists below. Objects are those that some slot holds. */
  readonly processes: readonly ProcessState[];
  /** Processes that are ready and do not run, by priority 0…31, each in its order. */
  readonly readyQueues: readonly (readonly number[])[];
  readonly ipcPorts: readonly IpcPortState[];
  readonly notificationPorts: readonly NotificationPortState[];
  readonly tables: readonly TableState[];
  /** Those for which an interrupt port exists. */
  readonly interrupts: readonly InterruptState[];
  /** Words that are not 0 of the pages that are a process's IPC buffer, by physical address. */
  readonly buffers: ReadonlyMap<number, bigint>;
}

/** What happens to the kernel. All but `write` is a kernel entry, after which the process it chose runs. */
export type KernelEvent =
  /** The current process has these message registers MR0…MR9, and executes SYSCALL. */
  | { readonly kind: 'call'; readonly callType: bigint; readonly registers: readonly bigint[] }
  /** The current process does what its hardware forbids. */
  | { readonly kind: 'fault'; readonly type: number; readonly detail: bigint; readonly code: bigint }
  | { readonly kind: 'tick' }
  | { readonly kind: 'interrupt'; readonly irq: number }
  /** A user program writes memory that it has mapped: words at a physical address. */
  | { readonly kind: 'write'; readonly address: number; readonly words: readonly bigint[] };

/** What a kernel entry did to the outside, in its order. */
export type Effect =
  | { readonly kind: 'console'; readonly character: number }
  | {
      readonly kind: 'io';
      readonly isWrite: boolean;
      readonly port: number;
      readonly width: number;
      readonly value: bigint;
    };
