import type {
  CapabilitySlot,
  CapabilitySlotsArguments,
  CapabilitySlotsResponse,
} from '../../debug-adapter/custom-requests.ts';
import { readCapabilitySpaces } from './shared-spaces.ts';
import { type CustomRequest, type TreeNode, tooltipTable } from './tree-node.ts';

/** Codicon for each capability type of the ABI. */
const icons: Readonly<Record<string, string>> = {
  NONE: 'circle-slash',
  DEBUG: 'debug-console',
  NODE: 'type-hierarchy',
  GENERIC: 'package',
  ADDRESS_SPACE: 'list-tree',
  PAGE_TABLE: 'table',
  FRAME: 'file-binary',
  PROCESS_CONTROL_BLOCK: 'server-process',
  IPC_PORT: 'mail',
  NOTIFICATION_PORT: 'bell',
  INTERRUPT_REGION: 'broadcast',
  INTERRUPT_PORT: 'zap',
  IO_PORT: 'plug',
  VIRTUAL_CPU: 'vm',
  VIRTUAL_ADDRESS_SPACE: 'vm-outline',
  VIRTUAL_PAGE_TABLE: 'table',
};

/** A row of the Capability Spaces tree. */
export interface CapabilityNode extends TreeNode<CapabilityNode> {}

/** One row per process: its root node, expanded on demand. */
export async function capabilitySpaceRows(request: CustomRequest): Promise<CapabilityNode[]> {
  const spaces = await readCapabilitySpaces(request);
  return spaces.map((space) => {
    const slots = 2 ** space.radix;
    const used = `${space.usedSlots} of ${slots} slots used`;
    const row: CapabilityNode = {
      id: `capability-space:${space.nodeReference}`,
      parent: undefined,
      label: space.process,
      description: used,
      tooltip: tooltipTable(space.process, [{ name: 'Root node', value: `radix ${space.radix}, ${used}` }]),
      accessibleLabel: `Capability space of ${space.process}, ${used}`,
      icon: 'server-process',
      children: (send) => slotRows(row, space.nodeReference, send),
    };
    return row;
  });
}

async function slotRows(
  parent: CapabilityNode,
  nodeReference: string,
  request: CustomRequest,
): Promise<CapabilityNode[]> {
  const args: CapabilitySlotsArguments = { nodeReference };
  const { slots } = await request<CapabilitySlotsResponse>('a9n/capabilitySlots', args);
  return slots.map((slot) => slotRow(parent, slot));
}

function slotRow(parent: CapabilityNode, slot: CapabilitySlot): CapabilityNode {
  const { nodeReference } = slot;
  const rights = rightsText(slot.rights);
  const row: CapabilityNode = {
    // A slot that came to hold another type is another thing, and does not stay expanded.
    id: `${parent.id}/${slot.index}:${slot.type}`,
    parent,
    label: `${slot.index} ${slot.type}`,
    description: `${slot.object} · ${rights}`,
    tooltip: tooltipTable(`Slot ${slot.index}: ${slot.type}`, [
      { name: 'Object', value: slot.object },
      { name: 'Rights', value: rights },
      { name: 'Descriptor', value: slot.descriptor },
      ...slot.properties,
    ]),
    accessibleLabel: `Slot ${slot.index}, ${slot.type}, ${slot.object}, ${rights}`,
    icon: icons[slot.type] ?? 'key',
    object: slot.object,
    descriptor: slot.descriptor,
    ...(slot.memoryReference === undefined ? {} : { memoryReference: slot.memoryReference }),
    ...(nodeReference === undefined
      ? {}
      : { children: (send: CustomRequest) => slotRows(row, nodeReference, send) }),
  };
  return row;
}

const allRights = 4;

function rightsText(rights: readonly string[]): string {
  if (rights.length === allRights) return 'all rights';
  return rights.length === 0 ? 'no rights' : rights.join(' ').toLowerCase();
}
