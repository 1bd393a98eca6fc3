import type { AddressSpacesResponse, CapabilitySpacesResponse } from '../../debug-adapter/custom-requests.ts';
import type { CustomRequest } from './tree-node.ts';

/*
 * The adapter lists spaces by process. Processes that share one (the threads of a server) come together here, in the
 * order of the first.
 */

export interface AddressSpace {
  /** Physical address of the PML4. */
  readonly root: string;
  /** Names of the processes that run in it. */
  readonly name: string;
  readonly threadIds: readonly number[];
}

export type CapabilitySpace = Omit<CapabilitySpacesResponse['spaces'][number], 'threadId'>;

export async function readAddressSpaces(request: CustomRequest): Promise<AddressSpace[]> {
  const { spaces } = await request<AddressSpacesResponse>('a9n/addressSpaces', {});
  return shared(spaces, (space) => space.root).map((sharing) => ({
    root: sharing[0].root,
    name: sharing.map((space) => space.name).join(', '),
    threadIds: sharing.flatMap(({ threadId }) => (threadId === undefined ? [] : [threadId])),
  }));
}

export async function readCapabilitySpaces(request: CustomRequest): Promise<CapabilitySpace[]> {
  const { spaces } = await request<CapabilitySpacesResponse>('a9n/capabilitySpaces', {});
  return shared(spaces, (space) => space.nodeReference).map((sharing) => ({
    nodeReference: sharing[0].nodeReference,
    radix: sharing[0].radix,
    usedSlots: sharing[0].usedSlots,
    process: sharing.map((space) => space.process).join(', '),
  }));
}

/** Items of the same key together. */
function shared<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}
