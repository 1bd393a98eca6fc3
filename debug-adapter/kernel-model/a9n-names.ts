/**
 * How kernels name what the model needs: one row for each source tree. A build of the same tree with other offsets needs
 * nothing here; another tree, such as the upstream kernel, is another row.
 */
export interface KernelNames {
  readonly title: string;
  /** Global variables, or paths into them (`variable[0].field`). */
  readonly currentProcess: string;
  /** Array of queues, by priority. */
  readonly readyQueues: string;
  readonly dependencyList: string;
  /** Array of interrupt ports, by IRQ. */
  readonly interruptPorts: string;
  /** Whether a long revocation is under way. */
  readonly unfinishedWork: string;
  /** Points to the saved context of the process last in user mode. */
  readonly enteredContext: string;
  /** Types. */
  readonly slot: string;
  readonly node: string;
  readonly process: string;
  readonly ipcPort: string;
  readonly notificationPort: string;
  readonly interruptPort: string;
  readonly processQueue: string;
  /** Members of the slot. */
  readonly slotFields: {
    readonly component: string;
    readonly type: string;
    readonly rights: string;
    /** Enumeration that says where the slot is. */
    readonly holder: string;
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
    readonly quantum: string;
    readonly addressSpace: string;
    readonly rootNode: string;
    readonly ipcBuffer: string;
    readonly notificationPort: string;
    readonly resolverPort: string;
    readonly queueNext: string;
    /** Ports whose queue the process may be in. */
    readonly blockedOn: readonly string[];
    readonly replyTarget: string;
    readonly replySource: string;
    readonly isCalling: string;
    readonly pendingMessage: string;
    readonly pendingIdentifier: string;
    readonly hasFault: string;
    readonly faultType: string;
    readonly faultDetail: string;
    readonly faultCode: string;
  };
  readonly queueFields: { readonly first: string };
  readonly ipcPortFields: { readonly state: string; readonly waiters: string };
  readonly notificationPortFields: {
    readonly flags: string;
    readonly waiters: string;
    readonly boundProcess: string;
  };
  readonly interruptPortFields: { readonly isReserved: string; readonly binding: string };
  /** Enumerators of `slotFields.holder` in capitals, and the member of the process whose slot they mean. */
  readonly processHolders: Readonly<Record<string, string>>;
}

export const A9N_2026: KernelNames = {
  title: 'A9N, ABI-2026',
  currentProcess: 'a9n::processors[0].current_process',
  readyQueues: 'a9n::processors[0].ready_queues',
  dependencyList: 'a9n::capability_dependency_list',
  interruptPorts: 'a9n::interrupt_ports',
  unfinishedWork: 'a9n::(anonymous namespace)::is_unfinished',
  enteredContext: 'a9n::hal::processor_states[0].entry_frame.context',
  slot: 'a9n::capability_slot',
  node: 'a9n::node',
  process: 'a9n::process_control_block',
  ipcPort: 'a9n::ipc_port',
  notificationPort: 'a9n::notification_port',
  interruptPort: 'a9n::interrupt_port',
  processQueue: 'a9n::process_queue',
  slotFields: {
    component: 'component',
    type: 'type',
    rights: 'rights',
    holder: 'holder',
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
    quantum: 'quantum',
    addressSpace: 'address_space',
    rootNode: 'root_node',
    ipcBuffer: 'ipc_buffer',
    notificationPort: 'bound_notification_port',
    resolverPort: 'resolver_port',
    queueNext: 'queue_next',
    blockedOn: ['blocked_on_ipc_port', 'blocked_on_notification_port'],
    replyTarget: 'reply_target',
    replySource: 'reply_source',
    isCalling: 'is_calling',
    pendingMessage: 'pending_message.value',
    pendingIdentifier: 'pending_identifier',
    hasFault: 'has_fault',
    faultType: 'fault.type',
    faultDetail: 'fault.detail',
    faultCode: 'fault.code',
  },
  queueFields: { first: 'first' },
  ipcPortFields: { state: 'state', waiters: 'waiters' },
  notificationPortFields: { flags: 'pending_flags', waiters: 'waiters', boundProcess: 'bound_process' },
  interruptPortFields: { isReserved: 'is_reserved', binding: 'binding' },
  processHolders: {
    PROCESS_ADDRESS_SPACE: 'address_space',
    PROCESS_ROOT_NODE: 'root_node',
    PROCESS_IPC_BUFFER: 'ipc_buffer',
    PROCESS_NOTIFICATION_PORT: 'bound_notification_port',
    PROCESS_RESOLVER_PORT: 'resolver_port',
  },
};

export const KERNEL_ROWS: readonly KernelNames[] = [A9N_2026];
