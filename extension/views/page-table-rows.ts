import type {
  PageTableArguments,
  PageTableResponse,
  PageTableRow,
  TranslateAddressResponse,
} from '../../debug-adapter/custom-requests.ts';
import { readAddressSpaces } from './shared-spaces.ts';
import { type CustomRequest, type TreeNode, tooltipTable } from './tree-node.ts';

/** The manual's names of the tables, by level. */
const tableNames = ['page', 'PT', 'PD', 'PDPT', 'PML4'];

/** A row of the Page Tables tree; it knows which entries of which table it stands for. */
export interface PageTableNode extends TreeNode<PageTableNode> {
  readonly root: string;
  readonly entries?: PageTableRow;
}

/** One row per address space. */
export async function addressSpaceRows(request: CustomRequest): Promise<PageTableNode[]> {
  const spaces = await readAddressSpaces(request);
  return spaces.map(({ name, root }) => {
    const row: PageTableNode = {
      id: `address-space:${root}`,
      parent: undefined,
      root,
      label: name,
      description: `PML4 at ${root}`,
      tooltip: tooltipTable(name, [{ name: 'PML4', value: `physical address ${root}` }]),
      accessibleLabel: `Address space of ${name}, PML4 at ${root}`,
      icon: 'list-tree',
      address: root,
      children: (send) => entryRows(row, { root, level: 4, base: '0x0' }, send),
    };
    return row;
  });
}

async function entryRows(
  parent: PageTableNode,
  table: PageTableArguments,
  request: CustomRequest,
): Promise<PageTableNode[]> {
  const { rows } = await request<PageTableResponse>('a9n/pageTable', table);
  return rows.map((entries) => entryRow(parent, entries));
}

function entryRow(parent: PageTableNode, entries: PageTableRow): PageTableNode {
  const { firstIndex, count, level, virtualStart, virtualEnd, physicalAddress, size } = entries;
  const indices = count === 1 ? `[${firstIndex}]` : `[${firstIndex}–${firstIndex + count - 1}]`;
  const isTable = entries.kind === 'table';
  const target = isTable ? tableNames[level - 1] : 'page';
  const flags = entries.flags.join(' ');
  const range = `${virtualStart}–${lastAddress(virtualEnd)}`;
  const row: PageTableNode = {
    id: `${parent.id}/${firstIndex}:${entries.kind}`,
    parent,
    root: parent.root,
    entries,
    label: isTable ? `${indices} ${range}` : range,
    description: isTable ? `${target} at ${physicalAddress}` : `${size} → ${physicalAddress}  ${flags}`,
    tooltip: tooltipTable(`${tableNames[level]} ${indices}`, [
      { name: 'Virtual', value: range },
      { name: isTable ? target : 'Physical', value: physicalAddress },
      { name: 'Size', value: size },
      { name: 'Flags', value: flags },
    ]),
    accessibleLabel: isTable
      ? `${tableNames[level]} entry ${indices}, ${target} for ${range}`
      : `${size} of pages at ${range}, physical address ${physicalAddress}, ${flags}`,
    icon: isTable ? 'table' : 'file',
    address: virtualStart,
    ...(isTable
      ? {
          children: (send: CustomRequest) =>
            entryRows(
              row,
              { root: parent.root, table: physicalAddress, level: level - 1, base: virtualStart },
              send,
            ),
        }
      : {}),
  };
  return row;
}

/** The table's rows end before `virtualEnd`; people read a range with its last address. */
function lastAddress(virtualEnd: string): string {
  return `0x${(BigInt(virtualEnd) - 1n).toString(16)}`;
}

/** The child of a row that stands for the entry of the given index, undefined if that entry is not present. */
export function rowForIndex(rows: readonly PageTableNode[], index: number): PageTableNode | undefined {
  return rows.find(
    ({ entries }) =>
      entries !== undefined && index >= entries.firstIndex && index < entries.firstIndex + entries.count,
  );
}

/**
 * The deepest row on the way of a translation. `childrenOf` returns the rows that the view shows, so that the row
 * found is one that it can reveal.
 */
export async function rowForTranslation(
  roots: readonly PageTableNode[],
  root: string,
  path: TranslateAddressResponse['path'],
  childrenOf: (row: PageTableNode) => Promise<readonly PageTableNode[]>,
): Promise<PageTableNode | undefined> {
  let row = roots.find((candidate) => candidate.root === root);
  for (const { index } of path) {
    const next = row && rowForIndex(await childrenOf(row), index);
    if (!next) break;
    row = next;
  }
  return row;
}
