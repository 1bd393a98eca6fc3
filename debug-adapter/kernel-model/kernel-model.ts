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
  /** Physical address of its PML4; undefined without address space. */
  readonly addressSpaceRoot: number | undefined;
  /** Address of its root node; undefined without one. */
  readonly rootNode: bigint | undefined;
  /** The port in whose queue it waits. */
  readonly blockedOn: bigint | undefined;
  /** User registers as saved when the process last entered the kernel, by manual name. */
  readonly savedRegisters: ReadonlyMap<string, bigint> | undefined;
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
  /** PAGE_TABLE: 3 PDPT, 2 PD, 1 PT. */
  readonly tableDepth?: number;
  readonly identifier?: bigint;
  readonly irq?: number;
  readonly ioPorts?: { readonly first: bigint; readonly last: bigint };
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
  /** Undefined if no node can be read there. */
  node(address: bigint): NodeContent | undefined;
}
