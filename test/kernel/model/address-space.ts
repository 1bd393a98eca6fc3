/** ADDRESS_SPACE and FRAME (sections 8 and 10): entering page tables and frames. */
import type { Outcome } from '../operation-outcomes.ts';
import type { Call, End, Operation } from './capability-call.ts';
import type { Capability, TableEntry } from './kernel-state.ts';
import { has, isUserAddress, type Model, READ, ROOT_DEPTH, type Slot, WRITE } from './model.ts';

type SpaceCall = Call<Extract<Capability, { type: 'ADDRESS_SPACE' }>>;
type FrameCall = Call<Extract<Capability, { type: 'FRAME' }>>;

export const ADDRESS_SPACE_OPERATIONS: readonly Operation<SpaceCall['capability']>[] = [
  { number: 1, name: 'map', needs: WRITE, missing: 'permission_denied', perform: map },
  { number: 2, name: 'unmap', needs: WRITE, missing: 'permission_denied', perform: unmap },
  { number: 3, name: 'get_unset_depth', needs: READ, missing: 'permission_denied', perform: getUnsetDepth },
  {
    number: 4,
    name: 'can_map_frame_size_bits',
    needs: READ,
    missing: 'permission_denied',
    perform: canMapFrameSizeBits,
  },
];

export const FRAME_OPERATIONS: readonly Operation<FrameCall['capability']>[] = [
  { number: 1, name: 'get_address', needs: READ, missing: 'permission_denied', perform: getAddress },
];

// ---- Page tables -------------------------------------------------------------------------------------------------

/** The last page below 2^47 is never mapped (section 1). */
const MAPPABLE_END = 0x7fff_ffff_f000n;

/** Depth of the table with entries for pages of 2^sizeBits bytes. */
const PAGE_DEPTHS: Readonly<Record<number, number>> = { 12: 1, 21: 2, 30: 3 };

const indexAt = (address: bigint, depth: number): number =>
  Number((address >> BigInt(12 + 9 * (depth - 1))) & 511n);

interface EntryPlace {
  readonly entries: Map<number, TableEntry>;
  readonly index: number;
}

/** Where the entry for `address` in a table of `depth` is; DESCRIPTOR if a table is missing, ILLEGAL below a large page. */
function findEntry(model: Model, root: number, address: bigint, depth: number): EntryPlace | Outcome {
  let table = root;
  for (let at = ROOT_DEPTH; at > depth; at--) {
    const entry = model.tables.get(table)!.entries.get(indexAt(address, at));
    if (entry === undefined) {
      return 'invalid_descriptor';
    }
    if (entry.page !== undefined) {
      return 'illegal_operation';
    }
    table = entry.target;
  }
  return { entries: model.tables.get(table)!.entries, index: indexAt(address, depth) };
}

// ---- MAP and UNMAP -----------------------------------------------------------------------------------------------

interface Mappable {
  readonly slot: Slot;
  readonly target: number;
  readonly isFrame: boolean;
  /** Of the table that it is entered in. */
  readonly depth: number;
  /** Its coverage, for frames the address must be aligned to it. */
  readonly sizeBits: number;
}

/** MR2: descriptor of a page table or frame. */
function decodeMappable(call: SpaceCall): Mappable | undefined {
  const slot = call.find(call.argument(2));
  if (slot?.capability.type === 'FRAME') {
    const { base, sizeBits } = slot.capability;
    return { slot, target: base, isFrame: true, depth: PAGE_DEPTHS[sizeBits]!, sizeBits };
  }
  if (slot?.capability.type === 'PAGE_TABLE') {
    const { object, tableDepth } = slot.capability;
    return { slot, target: object, isFrame: false, depth: tableDepth + 1, sizeBits: 0 };
  }
  return undefined;
}

function isSuitable({ isFrame, sizeBits }: Mappable, address: bigint): boolean {
  const size = 1n << BigInt(sizeBits);
  return isFrame ? address % size === 0n && address + size <= MAPPABLE_END : isUserAddress(address);
}

const ATTRIBUTE_WRITE = 2n;
const ATTRIBUTE_EXECUTE = 4n;
const ATTRIBUTES = 7n;

/** Attributes of a frame; Rule: 0 asks for everything the frame allows. */
function decodePermissions(slot: Slot, attributes: bigint): TableEntry['page'] | Outcome {
  const asked = attributes & ATTRIBUTES;
  const given = asked === 0n ? ATTRIBUTES : asked;
  const isWritable = has(slot, WRITE);
  if (!has(slot, READ) || (!isWritable && (asked & ATTRIBUTE_WRITE) !== 0n)) {
    return 'permission_denied';
  }
  return {
    writable: isWritable && (given & ATTRIBUTE_WRITE) !== 0n,
    executable: (given & ATTRIBUTE_EXECUTE) !== 0n,
  };
}

/** MR3 address, MR4 attributes, which page tables ignore. */
function map(call: SpaceCall): End {
  const mappable = decodeMappable(call);
  if (mappable === undefined) {
    return 'invalid_descriptor';
  }
  const page = mappable.isFrame ? decodePermissions(mappable.slot, call.argument(4)) : undefined;
  if (typeof page === 'string') {
    return page;
  }
  const address = call.argument(3);
  if (!isSuitable(mappable, address)) {
    return 'invalid_argument';
  }
  const found = findEntry(call.model, call.capability.object, address, mappable.depth);
  if (typeof found === 'string') {
    return found;
  }
  if (found.entries.has(found.index)) {
    return 'illegal_operation';
  }
  found.entries.set(found.index, { index: found.index, target: mappable.target, page });
  return 'success';
}

/** The descriptor gives only type and level: what is entered there goes, whoever's it is. */
function unmap(call: SpaceCall): End {
  const mappable = decodeMappable(call);
  if (mappable === undefined) {
    return 'invalid_descriptor';
  }
  const address = call.argument(3);
  if (!isSuitable(mappable, address)) {
    return 'invalid_argument';
  }
  const found = findEntry(call.model, call.capability.object, address, mappable.depth);
  if (typeof found === 'string') {
    return found;
  }
  const entry = found.entries.get(found.index);
  if (entry === undefined) {
    return mappable.isFrame ? 'illegal_operation' : 'success';
  }
  // Rule: a table where a page was meant, or the other way round, stays.
  if ((entry.page !== undefined) !== mappable.isFrame) {
    return 'illegal_operation';
  }
  found.entries.delete(found.index);
  return 'success';
}

// ---- Questions ---------------------------------------------------------------------------------------------------

/** MR2 address, MR3 leaf size bits → MR2. Rule: below a large page no table is missing. */
function getUnsetDepth(call: SpaceCall): End {
  const leafDepth = PAGE_DEPTHS[Number(call.argument(3))];
  if (!isUserAddress(call.argument(2)) || leafDepth === undefined) {
    return 'invalid_argument';
  }
  call.setResult(2, BigInt(firstMissing(call.model, call.capability.object, call.argument(2), leafDepth)));
  return 'success';
}

function firstMissing(model: Model, root: number, address: bigint, leafDepth: number): number {
  for (let depth = ROOT_DEPTH - 1; depth >= leafDepth; depth--) {
    if (findEntry(model, root, address, depth) === 'invalid_descriptor') {
      return depth;
    }
  }
  return 0;
}

/** MR2 size bits. The model's processor has pages of all three sizes. */
function canMapFrameSizeBits(call: SpaceCall): End {
  return PAGE_DEPTHS[Number(call.argument(2))] === undefined ? 'invalid_descriptor' : 'success';
}

function getAddress(call: FrameCall): End {
  call.setResult(2, BigInt(call.capability.base));
  return 'success';
}
