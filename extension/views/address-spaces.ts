import type { AddressSpacesResponse } from '../../debug-adapter/custom-requests.ts';
import type { CustomRequest } from './tree-node.ts';

/** One address space; several processes may share it. */
export interface AddressSpace {
  /** Physical address of the PML4. */
  readonly root: string;
  /** Names of the processes that run in it. */
  readonly name: string;
  readonly threadIds: readonly number[];
}

export async function readAddressSpaces(request: CustomRequest): Promise<AddressSpace[]> {
  const { spaces } = await request<AddressSpacesResponse>('a9n/addressSpaces', {});
  return mergeByRoot(spaces);
}

/** The adapter lists spaces by process; here the processes of one space come together, in the order of the first. */
export function mergeByRoot(spaces: AddressSpacesResponse['spaces']): AddressSpace[] {
  const byRoot = new Map<string, AddressSpace>();
  for (const { root, name, threadId } of spaces) {
    const known = byRoot.get(root);
    const threadIds = [...(known?.threadIds ?? []), ...(threadId === undefined ? [] : [threadId])];
    byRoot.set(root, { root, name: known ? `${known.name}, ${name}` : name, threadIds });
  }
  return [...byRoot.values()];
}
