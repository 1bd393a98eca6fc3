/**
 * What a debugger wants to know of a running A9N, read out of guest memory through the kernel's own debug information.
 * Nothing here changes the guest. Addresses of kernel objects are kernel virtual addresses.
 */

export interface KernelProcess {
  /** Address of the process control block: the process's identity. */
  readonly address: bigint;
  /** In the ABI's words: READY, BLOCKED_RECEIVE … */
  readonly state: string;
  readonly priority: number | undefined;
  /** Timer ticks left. */
  readonly quantum: number | undefined;
  /** Physical address of its PML4; undefined without address space. */
  readonly addressSpaceRoot: number | undefined;
  /** Address of its root node; undefined without one. */
  readonly rootNode: bigint | undefined;
  /** Physical address of its IPC buffer; undefined without one. */
  readonly ipcBuffer: bigint | undefined;
  /** The port in whose queue it waits. */
  readonly blockedOn: bigint | undefined;
  /** The process that waits for its reply, and the one whose reply it waits for. */
  readonly replyTarget: bigint | undefined;
  readonly replySource: bigint | undefined;
  /** The message that waits to be received; only while BLOCKED_SEND. */
  readonly sending: PendingMessage | undefined;
  /** The fault that waits to be resolved. */
  readonly fault: PendingFault | undefined;
  /** User registers as saved when the process last entered the kernel, by manual name. */
  readonly savedRegisters: ReadonlyMap<string, bigint> | undefined;
}

export interface PendingMessage {
  /** It will wait for a reply. */
  readonly isCall: boolean;
  /** message_info as the ABI has it. */
  readonly info: bigint;
  readonly identifier: bigint;
}

export interface PendingFault {
  /** The ABI's fault number. */
  readonly type: number;
  readonly detail: bigint;
  readonly code: bigint;
  /** Of the resolver capability. */
  readonly identifier: bigint;
}

/** A used capability slot. What is undefined does not belong to its type. */
export interface CapabilityContent {
  readonly address: bigint;
  /** In the ABI's words: NODE, GENERIC … */
  readonly type: string;
  readonly rights: number;
  readonly depth: bigint | undefined;
  /** Kernel object; undefined for plain memory. */
  readonly component: bigint | undefined;
  readonly memory?: {
    /** Physical. */
    readonly base: bigint;
    readonly sizeBits: number | undefined;
    readonly isDevice: boolean;
    /** GENERIC: everything from here on is free. */
    readonly watermark: bigint | undefined;
  };
  /** NODE: it has 2^radix slots. */
  readonly radix?: number;
  /** PAGE_TABLE: 3 PDPT, 2 PD, 1 PT. */
  readonly tableDepth?: number;
  readonly identifier?: bigint;
  readonly irq?: number;
  readonly ioPorts?: { readonly first: bigint; readonly last: bigint };
}

/** Where a slot is: in a node, or one of the kernel's own. */
export interface SlotPlace {
  /** In the kernel's words: NODE, PROCESS_ROOT_NODE, INTERRUPT_BINDING … */
  readonly holder: string;
  /** The node, process or interrupt port; undefined if none of those that are known has the slot. */
  readonly owner: bigint | undefined;
  /** In a node: index. Of an interrupt port: IRQ. */
  readonly index: number;
}

export interface PlacedCapability extends CapabilityContent {
  readonly place: SlotPlace;
}

export interface IpcPortContent {
  readonly waiting: 'nobody' | 'senders' | 'receivers';
  /** Processes, the first first. */
  readonly waiters: readonly bigint[];
}

export interface NotificationPortContent {
  readonly flags: bigint;
  readonly waiters: readonly bigint[];
  /** The process it is bound to. */
  readonly bound: bigint | undefined;
}

export interface InterruptPortContent {
  readonly address: bigint;
  readonly irq: number;
  /** Whom it notifies. */
  readonly binding: CapabilityContent | undefined;
}

export interface NodeContent {
  readonly radix: number;
  readonly slots: ReadonlyArray<{ readonly index: number; readonly content: CapabilityContent }>;
}

export interface KernelModel {
  /** Identity of the process on the CPU; undefined while there is none (boot, idle). */
  currentProcess(): bigint | undefined;
  /**
   * The process that was last in user mode: kernel code runs for it until the kernel leaves to the process it has chosen.
   * Means nothing while the kernel boots or idles.
   */
  enteredProcess(): bigint | undefined;
  /** Every process control block that has an address space. */
  processes(): readonly KernelProcess[];
  process(address: bigint): KernelProcess | undefined;
  /** 2^radix slots; undefined if no node can be read there. */
  nodeRadix(address: bigint): number | undefined;
  /**
   * Whether the kernel has left a long revocation for later: tables may still refer to what has no capability any more, and whose memory
   * is not free yet.
   */
  isRevocationUnfinished(): boolean;
  /** All capabilities, in the order of the dependency list: descendants follow their ancestor with greater depth. */
  capabilities(): readonly PlacedCapability[];
  /** Processes that are ready and do not run, by priority; empty if the kernel's queues are not known. */
  readyQueues(): readonly (readonly bigint[])[];
  /** Undefined if it cannot be read. */
  ipcPort(address: bigint): IpcPortContent | undefined;
  notificationPort(address: bigint): NotificationPortContent | undefined;
  /** Lines for which an interrupt port capability exists. */
  interruptPorts(): readonly InterruptPortContent[];
  /** Undefined if no node can be read there. */
  node(address: bigint): NodeContent | undefined;
}
