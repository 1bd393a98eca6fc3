/** GENERIC (section 7): turning memory into kernel objects. */
import type { Call, End, Operation } from './capability-call.ts';
import { demand } from './failure.ts';
import type { Capability } from './kernel-state.ts';
import { destination, freeSlots } from './lookup.ts';
import { ALL, type Model, PAGE, READ, ROOT_DEPTH, WRITE } from './model.ts';
import { newProcess } from './process.ts';
import { addChild, nodePlace } from './slots.ts';

type GenericCall = Call<Extract<Capability, { type: 'GENERIC' }>>;

export const GENERIC_OPERATIONS: readonly Operation<GenericCall['capability']>[] = [
  { number: 0, name: 'convert', needs: WRITE, missing: 'permission_denied', perform: convert },
];

/** What can be made: type numbers of section 4, and how many bits of memory one takes by its specific bits. */
const KINDS: Readonly<
  Record<number, { type: Capability['type']; unitBits: (bits: bigint) => number | undefined }>
> = {
  // Rule: a node of more than 2^56 slots could not be indexed.
  2: { type: 'NODE', unitBits: (bits) => (bits >= 1n && bits <= 56n ? Number(bits) + 7 : undefined) },
  // Rule: a Generic of less than a page would leave the next base unaligned.
  3: { type: 'GENERIC', unitBits: (bits) => (bits >= 12n && bits <= 63n ? Number(bits) : undefined) },
  4: { type: 'ADDRESS_SPACE', unitBits: () => 12 },
  5: { type: 'PAGE_TABLE', unitBits: (bits) => (bits >= 1n && bits <= 3n ? 12 : undefined) },
  6: { type: 'FRAME', unitBits: (bits) => ([12n, 21n, 30n].includes(bits) ? Number(bits) : undefined) },
  7: { type: 'PROCESS_CONTROL_BLOCK', unitBits: () => 11 },
  8: { type: 'IPC_PORT', unitBits: () => 5 },
  9: { type: 'NOTIFICATION_PORT', unitBits: () => 6 },
};

/** MR2 type, MR3 specific bits, MR4 count, MR5 node descriptor, MR6 first index. All or nothing. */
function convert(call: GenericCall): End {
  const { model, capability: generic } = call;
  const { address: nodeAddress, node } = destination(call, call.argument(5));

  const kind = KINDS[Number(call.argument(2))];
  const bits = call.argument(3);
  const unitBits = kind?.unitBits(bits);
  demand(kind !== undefined && unitBits !== undefined, 'invalid_argument');
  const count = call.argument(4);
  demand(count > 0n, 'invalid_argument');
  demand(!generic.isDevice || kind.type === 'FRAME' || kind.type === 'GENERIC', 'invalid_argument');
  const first = freeSlots(node, call.argument(6), count);

  const unit = 1n << BigInt(unitBits);
  const start = ((BigInt(generic.watermark) + unit - 1n) / unit) * unit;
  const end = start + count * unit;
  demand(end <= BigInt(generic.base) + (1n << BigInt(generic.sizeBits)), 'illegal_operation');

  call.slot.capability = { ...generic, watermark: Number(end) };
  for (let i = 0; i < Number(count); i++) {
    const address = Number(start) + i * Number(unit);
    if (!generic.isDevice && kind.type !== 'GENERIC') {
      clearMemory(model, address, Number(unit));
    }
    const made = makeObject(model, kind.type, address, Number(bits), generic.isDevice);
    const rights = kind.type === 'GENERIC' ? READ | WRITE : ALL;
    addChild(model, call.slot, nodePlace(nodeAddress, first + i), rights, made);
  }
  return 'success';
}

function makeObject(
  model: Model,
  type: Capability['type'],
  address: number,
  bits: number,
  isDevice: boolean,
): Capability {
  const object = address;
  switch (type) {
    case 'NODE':
      model.nodes.set(object, { radix: bits, slots: new Map() });
      return { type, object, radix: bits };
    case 'GENERIC':
      return { type, base: address, sizeBits: bits, isDevice, watermark: address };
    case 'FRAME':
      return { type, base: address, sizeBits: bits, isDevice };
    case 'ADDRESS_SPACE':
      model.tables.set(object, { depth: ROOT_DEPTH, entries: new Map() });
      return { type, object };
    case 'PAGE_TABLE':
      model.tables.set(object, { depth: bits, entries: new Map() });
      return { type, object, tableDepth: bits };
    case 'PROCESS_CONTROL_BLOCK':
      model.processes.set(object, newProcess(object));
      return { type, object };
    case 'IPC_PORT':
      model.ipcPorts.set(object, { address, waiting: 'nobody', waiters: [] });
      return { type, object, identifier: 0n };
    case 'NOTIFICATION_PORT':
      model.notificationPorts.set(object, { address, flags: 0n, waiters: [], bound: undefined });
      return { type, object, identifier: 0n };
    default:
      throw new Error(`no ${type} can be made of a Generic`);
  }
}

/** Nothing of the memory's former life is ever seen. */
function clearMemory(model: Model, start: number, size: number): void {
  for (const [address, words] of model.pages) {
    if (address < start + size && address + PAGE > start) {
      const from = Math.max(start - address, 0) / 8;
      words.fill(0n, from, Math.min(start + size - address, PAGE) / 8);
    }
  }
}
