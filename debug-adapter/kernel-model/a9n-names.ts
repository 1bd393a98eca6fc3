/**
 * How kernels name what the model needs: one row for each source tree. A build of the same tree with other offsets needs
 * nothing here; another tree, such as the upstream kernel, is another row.
 */
export interface KernelNames {
  readonly title: string;
  /** Global variables, or paths into them (`variable[0].field`). */
  readonly currentProcess: string;
  readonly dependencyList: string;
  /** Array of interrupt ports, by IRQ. */
  readonly interruptPorts: string;
  /** Points to the saved context of the process last in user mode. */
  readonly enteredContext: string;
  /** Types. */
  readonly slot: string;
  readonly node: string;
  readonly process: string;
  /** Members of the slot. */
  readonly slotFields: {
    readonly component: string;
    readonly type: string;
    readonly rights: string;
    readonly next: string;
    readonly depth: string;
    readonly genericBase: string;
    readonly genericSizeBits: string;
    readonly genericIsDevice: string;
    readonly genericWatermark: string;
    readonly addressSpaceBase: string;
    readonly pageTableBase: string;
    readonly pageTableDepth: string;
    readonly frameBase: string;
    readonly frameSizeBits: string;
    readonly frameIsDevice: string;
    readonly portIdentifier: string;
    readonly ioPortFirst: string;
    readonly ioPortLast: string;
  };
  readonly nodeFields: { readonly radix: string; readonly slots: string };
  /** `context` has members named after the registers. */
  readonly processFields: {
    readonly context: string;
    readonly state: string;
    readonly priority: string;
    readonly addressSpace: string;
    readonly rootNode: string;
    /** Ports whose queue the process may be in. */
    readonly blockedOn: readonly string[];
  };
}

export const A9N_2026: KernelNames = {
  title: 'A9N, ABI-2026',
  currentProcess: 'a9n::processors[0].current_process',
  dependencyList: 'a9n::capability_dependency_list',
  interruptPorts: 'a9n::interrupt_ports',
  enteredContext: 'a9n::hal::processor_states[0].entry_frame.context',
  slot: 'a9n::capability_slot',
  node: 'a9n::node',
  process: 'a9n::process_control_block',
  slotFields: {
    component: 'component',
    type: 'type',
    rights: 'rights',
    next: 'next',
    depth: 'depth',
    genericBase: 'data.generic.base',
    genericSizeBits: 'data.generic.size_bits',
    genericIsDevice: 'data.generic.is_device',
    genericWatermark: 'data.generic.watermark',
    addressSpaceBase: 'data.address_space.base',
    pageTableBase: 'data.page_table.base',
    pageTableDepth: 'data.page_table.depth',
    frameBase: 'data.frame.base',
    frameSizeBits: 'data.frame.size_bits',
    frameIsDevice: 'data.frame.is_device',
    portIdentifier: 'data.port.identifier',
    ioPortFirst: 'data.io_port.first',
    ioPortLast: 'data.io_port.last',
  },
  nodeFields: { radix: 'radix', slots: 'slots' },
  processFields: {
    context: 'context',
    state: 'state',
    priority: 'priority',
    addressSpace: 'address_space',
    rootNode: 'root_node',
    blockedOn: ['blocked_on_ipc_port', 'blocked_on_notification_port'],
  },
};

export const KERNEL_ROWS: readonly KernelNames[] = [A9N_2026];
