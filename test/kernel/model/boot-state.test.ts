/** What the kernel on the host HAL reports after boot is what the ABI says of the init process (a9n-abi, 21). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reasonNotToBuild } from '../host/build.ts';
import { defaultMachine, type HostKernel, startHostKernel } from '../host/host-kernel.ts';
import { violationsOf } from './invariants.ts';
import type { Capability, SlotHolder, SlotState } from './kernel-state.ts';

const BUILD_TIME = 180_000;
const ALL = 15;
const READ_WRITE = 3;
const PAGE = 4096;
/** Of the driver's boot image. */
const IMAGE = 0x1_0000;
const BUFFER_PAGE = 1;

const reason = reasonNotToBuild();
const suffix = reason === undefined ? '' : ` (not run: ${reason})`;
let kernel: HostKernel;

beforeAll(async () => {
  if (reason === undefined) {
    kernel = await startHostKernel();
  }
}, BUILD_TIME);

afterAll(() => kernel?.close());

const objectOf = (slot: SlotState | undefined): number =>
  slot !== undefined && 'object' in slot.capability ? slot.capability.object : 0;

test.skipIf(reason !== undefined)(`init's capabilities${suffix}`, () => {
  const { slots, current } = kernel.booted;
  const held = (holder: SlotHolder) =>
    slots.find(({ place }) => place.holder === holder && place.owner === current);
  const inNode = (node: number) =>
    Object.fromEntries(
      slots.flatMap(({ place, capability }) =>
        place.holder === 'node' && place.owner === node ? [[place.index, capability]] : [],
      ),
    );
  const root = inNode(objectOf(held('process_root_node')));
  const node = (index: number): number => ('object' in root[index] ? root[index].object : 0);
  const frame = (page: number): Capability => ({
    type: 'FRAME',
    base: IMAGE + PAGE * page,
    sizeBits: 12,
    isDevice: false,
  });

  expect(root).toEqual({
    1: { type: 'PROCESS_CONTROL_BLOCK', object: current },
    2: held('process_address_space')?.capability,
    3: { ...held('process_root_node')?.capability, type: 'NODE', radix: 8 },
    4: { type: 'NODE', object: node(4), radix: 7 },
    5: { type: 'NODE', object: node(5), radix: 15 },
    6: frame(BUFFER_PAGE),
    7: { type: 'NODE', object: node(7), radix: 7 },
    8: { type: 'INTERRUPT_REGION' },
    9: { type: 'IO_PORT', first: 0n, last: 0xffff_ffff_ffff_ffffn },
  });
  expect(held('process_ipc_buffer')?.capability).toEqual(frame(BUFFER_PAGE));
  expect(held('process_notification_port')).toBeUndefined();
  expect(held('process_resolver_port')).toBeUndefined();

  const pages = Array.from({ length: defaultMachine.imagePages }, (_, page) => page);
  expect(inNode(node(5))).toEqual(Object.fromEntries(pages.map((page) => [page, frame(page)])));
  expect(Object.values(inNode(node(4)))).toEqual(
    [3, 2, 1].map((tableDepth) => ({ type: 'PAGE_TABLE', object: expect.any(Number), tableDepth })),
  );

  // Each range is cut into the largest powers of two from its start, at most eight.
  const { memorySize, devices } = defaultMachine;
  const free = {
    start: IMAGE + PAGE * pages.length,
    size: memorySize - IMAGE - PAGE * pages.length,
    isDevice: false,
  };
  const ranges = [
    free,
    ...devices.map(({ start, pageCount }) => ({ start, size: PAGE * pageCount, isDevice: true })),
  ];
  const generics = ranges.flatMap(({ start, size, isDevice }) => {
    const pieces: Capability[] = [];
    for (let at = start; at < start + size && pieces.length < 8; ) {
      const sizeBits = Math.floor(Math.log2(start + size - at));
      pieces.push({ type: 'GENERIC', base: at, sizeBits, isDevice, watermark: at });
      at += 2 ** sizeBits;
    }
    return pieces;
  });
  expect(Object.values(inNode(node(7)))).toEqual(generics);

  for (const { capability, rights, depth } of slots) {
    expect({ rights, depth }).toEqual({ rights: capability.type === 'GENERIC' ? READ_WRITE : ALL, depth: 0 });
  }
});

test.skipIf(reason !== undefined)(`init runs alone, with its image mapped from address 0${suffix}`, () => {
  const { current, processes, readyQueues, tables, slots, ...others } = kernel.booted;
  const registers = new Array<bigint>(22).fill(0n);
  [registers[16], registers[17], registers[19]] = [0x2bn, 0x202n, 0x23n]; // CS, RFLAGS, SS; RIP is the entry point, 0
  expect(processes).toEqual([
    {
      address: current,
      state: 'READY',
      priority: 31,
      quantum: 10,
      registers,
      blockedOn: 0,
      replyTarget: 0,
      replySource: 0,
      sending: undefined,
      fault: undefined,
    },
  ]);
  expect(readyQueues.flat()).toEqual([]);
  expect(others).toEqual({ ipcPorts: [], notificationPorts: [], interrupts: [], buffers: new Map() });

  let table = objectOf(slots.find(({ place }) => place.holder === 'process_address_space'));
  for (const depth of [4, 3, 2]) {
    const { entries } = tables.find(({ address }) => address === table)!;
    expect(entries).toEqual([{ index: 0, target: expect.any(Number), page: undefined }]);
    expect(tables.find(({ address }) => address === entries[0].target)?.depth).toBe(depth - 1);
    table = entries[0].target;
  }
  const { entries } = tables.find(({ address }) => address === table)!;
  const page = { writable: true, executable: true };
  expect(entries).toEqual(
    Array.from({ length: defaultMachine.imagePages }, (_, index) => ({
      index,
      target: IMAGE + PAGE * index,
      page,
    })),
  );
});

test.skipIf(reason !== undefined)(`all invariants hold${suffix}`, () => {
  expect(violationsOf(kernel.booted)).toEqual([]);
});
