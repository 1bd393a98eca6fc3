/**
 * What a debugger wants to know of a running A9N, read out of guest memory through the kernel's own debug information.
 * Nothing here changes the guest.
 */

export interface ProcessContext {
  /** By manual name: rax … r15, rip, rsp, rflags, cs, ss, fs_base, gs_base. */
  readonly registers: ReadonlyMap<string, bigint>;
}

export interface KernelProcess {
  /** Address of the process control block: the process's identity. */
  readonly address: bigint;
  /** In the ABI's words: READY, BLOCKED_RECEIVE … */
  readonly state: string;
  readonly priority: number | undefined;
  /** Physical address of its PML4; undefined without address space. */
  readonly addressSpaceRoot: number | undefined;
  /** User context as saved when the process last entered the kernel. */
  readonly savedContext: ProcessContext | undefined;
}

export interface KernelModel {
  /** Identity of the process on the CPU; undefined while there is none (boot, idle). */
  currentProcess(): bigint | undefined;
  /** Every process control block that can run or has run. */
  processes(): readonly KernelProcess[];
}
