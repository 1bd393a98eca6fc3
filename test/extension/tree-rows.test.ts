import { describe, expect, it } from 'vitest';
import type {
  AddressSpacesResponse,
  CapabilitySlotsResponse,
  CapabilitySpacesResponse,
  PageTableArguments,
  PageTableResponse,
  PageTableRow,
} from '../../debug-adapter/custom-requests.ts';
import { capabilitySpaceRows } from '../../extension/views/capability-rows.ts';
import {
  addressSpaceRows,
  type PageTableNode,
  rowForTranslation,
} from '../../extension/views/page-table-rows.ts';
import { readAddressSpaces, readCapabilitySpaces } from '../../extension/views/shared-spaces.ts';
import { type CustomRequest, contextOf, escapeCell } from '../../extension/views/tree-node.ts';

/** An adapter that answers from a table and remembers what it was asked. */
function adapter(answers: Record<string, (args: object) => unknown>) {
  const asked: string[] = [];
  const request: CustomRequest = async (command, args) => {
    asked.push(command);
    return JSON.parse(JSON.stringify(answers[command](args)));
  };
  return { asked, request };
}

describe('Capability Spaces', () => {
  const spaces: CapabilitySpacesResponse = {
    spaces: [{ threadId: 2, process: 'ulmm', nodeReference: 'root', radix: 8, usedSlots: 2 }],
  };
  const slots: CapabilitySlotsResponse = {
    radix: 8,
    slots: [
      {
        index: 1,
        type: 'NODE',
        rights: ['READ', 'WRITE'],
        descriptor: '0x0801000000000000',
        object: 'radix 4',
        properties: [{ name: 'Radix', value: '4' }],
        nodeReference: 'inner',
        memoryReference: '0xffff800000124000',
      },
      {
        index: 3,
        type: 'FRAME',
        rights: [],
        descriptor: '0x0803',
        object: '4 KiB at 0x1000',
        properties: [],
      },
    ],
  };
  const answers = { 'a9n/capabilitySpaces': () => spaces, 'a9n/capabilitySlots': () => slots };

  it('names processes, types and objects, and loads nodes only when asked', async () => {
    const { asked, request } = adapter(answers);
    const [ulmm] = await capabilitySpaceRows(request);
    expect([ulmm.label, ulmm.description]).toEqual(['ulmm', '2 of 256 slots used']);
    expect(asked).toEqual(['a9n/capabilitySpaces']);
    const [node, frame] = (await ulmm.children?.(request)) ?? [];
    expect([node.label, node.description]).toEqual(['1 NODE', 'radix 4 · read write']);
    expect(node.tooltip).toContain('read write');
    expect(node.accessibleLabel).toBe('Slot 1, NODE, radix 4, read write');
    expect(contextOf(node)).toBe('memory address descriptor');
    expect(frame.children).toBeUndefined();
    expect(contextOf(frame)).toBe('descriptor');
    expect(frame.tooltip).toContain('no rights');
  });

  it('gives the same rows the same ids at the next stop', async () => {
    const { request } = adapter(answers);
    const ids = async () => {
      const [space] = await capabilitySpaceRows(request);
      const rows = (await space.children?.(request)) ?? [];
      const inner = (await rows[0].children?.(request)) ?? [];
      return [space, ...rows, ...inner].map((row) => row.id);
    };
    const first = await ids();
    expect(await ids()).toEqual(first);
    expect(new Set(first).size).toBe(first.length);
  });
});

describe('Page Tables', () => {
  const row = (entries: Partial<PageTableRow>): PageTableRow => ({
    firstIndex: 0,
    count: 1,
    virtualStart: '0x0',
    virtualEnd: '0x8000000000',
    physicalAddress: '0x5000',
    size: '512 GiB',
    flags: ['read', 'write'],
    kind: 'table',
    level: 4,
    ...entries,
  });
  const pages = [
    row({
      firstIndex: 1,
      count: 3,
      virtualStart: '0x1000',
      virtualEnd: '0x4000',
      kind: 'page',
      level: 1,
      size: '12 KiB',
    }),
    row({
      firstIndex: 511,
      kind: 'page',
      level: 1,
      virtualStart: '0x1ff000',
      virtualEnd: '0x200000',
      size: '4 KiB',
    }),
  ];
  const spaces: AddressSpacesResponse = { spaces: [{ threadId: 1, name: 'ulmm', root: '0x4000' }] };
  const tables: PageTableArguments[] = [];
  const { request } = adapter({
    'a9n/addressSpaces': () => spaces,
    'a9n/pageTable': (args): PageTableResponse => {
      const table = args as PageTableArguments;
      tables.push(table);
      return { rows: table.level === 1 ? pages : [row({ level: table.level })] };
    },
  });
  const below = async (node: PageTableNode) => (await node.children?.(request)) ?? [];

  it('walks PML4, PDPT, PD and PT, and asks each table with its level and base', async () => {
    let [at] = await addressSpaceRows(request);
    expect([at.label, at.description]).toEqual(['ulmm', 'PML4 at 0x4000']);
    const descriptions: string[] = [];
    for (let level = 4; level > 1; level--) {
      [at] = await below(at);
      descriptions.push(at.description);
    }
    expect(descriptions).toEqual(['PDPT at 0x5000', 'PD at 0x5000', 'PT at 0x5000']);
    const [folded] = await below(at);
    expect(folded.label).toBe('0x1000–0x3fff');
    expect(folded.description).toBe('12 KiB → 0x5000  read write');
    expect(tables.map((t) => t.level)).toEqual([4, 3, 2, 1]);
    expect(tables[3]).toEqual({ root: '0x4000', table: '0x5000', level: 1, base: '0x0' });
  });

  it('finds the row that a translation ends in, folded or not, or as far as there are entries', async () => {
    const roots = await addressSpaceRows(request);
    const path = (last: number) =>
      [0, 0, 0, last].map((index, i) => ({ level: 4 - i, index, table: '0x5000' }));
    const found = await rowForTranslation(roots, '0x4000', path(2), below);
    expect(found?.label).toBe('0x1000–0x3fff');
    expect(found?.parent?.description).toBe('PT at 0x5000');
    expect((await rowForTranslation(roots, '0x4000', path(511), below))?.tooltip).toContain('511');
    expect((await rowForTranslation(roots, '0x4000', path(9), below))?.description).toBe('PT at 0x5000');
    expect(await rowForTranslation(roots, '0x9999', path(2), below)).toBeUndefined();
  });
});

describe('shared spaces', () => {
  const { request } = adapter({
    'a9n/addressSpaces': (): AddressSpacesResponse => ({
      spaces: [
        { threadId: 1, name: 'koito', root: '0x1000' },
        { threadId: 2, name: 'ulmm', root: '0x2000' },
        { threadId: 3, name: 'koito (2)', root: '0x1000' },
        { name: 'kernel', root: '0x3000' },
      ],
    }),
    'a9n/capabilitySpaces': (): CapabilitySpacesResponse => ({
      spaces: [
        { threadId: 1, process: 'koito', nodeReference: 'n1', radix: 8, usedSlots: 3 },
        { threadId: 3, process: 'koito (2)', nodeReference: 'n1', radix: 8, usedSlots: 3 },
      ],
    }),
  });

  it('brings the processes of one space together', async () => {
    expect(await readAddressSpaces(request)).toEqual([
      { root: '0x1000', name: 'koito, koito (2)', threadIds: [1, 3] },
      { root: '0x2000', name: 'ulmm', threadIds: [2] },
      { root: '0x3000', name: 'kernel', threadIds: [] },
    ]);
    expect(await readCapabilitySpaces(request)).toEqual([
      { nodeReference: 'n1', process: 'koito, koito (2)', radix: 8, usedSlots: 3 },
    ]);
  });
});

describe('escapeCell', () => {
  it('keeps guest text from becoming Markdown', () => {
    expect(escapeCell('[x](command:y) | **b** $(zap)\nz')).toBe(
      '\\[x\\]\\(command:y\\) \\| \\*\\*b\\*\\* \\$\\(zap\\) z',
    );
  });
});
