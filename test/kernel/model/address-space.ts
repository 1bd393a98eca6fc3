/** ADDRESS_SPACE and FRAME (sections 8 and 10): entering page tables and frames. */
import type { Call, End, Operation } from './capability-call.ts';
import { demand } from './failure.ts';
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
function findEntry(model: Model, root: number, address: bigint, depth: number): EntryPlace {
  let table = root;
  for (let at = ROOT_DEPTH; at > depth; at--) {
    const entry = model.tables.get(table)!.entries.get(indexAt(address, at));
    demand(entry !== undefined, 'invalid_descriptor');
    demand(entry.page === undefined, 'illegal_operation');
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
function decodeMappable(call: SpaceCall): Mappable {
  const slot = call.find(call.argument(2));
  if (slot?.capability.type === 'FRAME') {
    const { base, sizeBits } = slot.capability;
    return { slot, target: base, isFrame: true, depth: PAGE_DEPTHS[sizeBits], sizeBits };
  }
  demand(slot?.capability.type === 'PAGE_TABLE', 'invalid_descriptor');
  const { object, tableDepth } = slot.capability;
  return { slot, target: object, isFrame: false, depth: tableDepth + 1, sizeBits: 0 };
}

function isSuitable({ isFrame, sizeBits }: Mappable, address: bigint): boolean {
  const size = 1n << BigInt(sizeBits);
  return isFrame ? address % size === 0n && address + size <= MAPPABLE_END : isUserAddress(address);
}

const ATTRIBUTE_WRITE = 2n;
const ATTRIBUTE_EXECUTE = 4n;
const ATTRIBUTES = 7n;

/** Attributes of a frame; Rule: 0 asks for everything the frame allows. */
function decodePermissions(slot: Slot, attributes: bigint): TableEntry['page'] {
  const asked = attributes & ATTRIBUTES;
  const given = asked === 0n ? ATTRIBUTES : asked;
  const isWritable = has(slot, WRITE);
  demand(has(slot, READ) && (isWritable || (asked & ATTRIBUTE_WRITE) === 0n), 'permission_denied');
  return {
    writable: isWritable && (given & ATTRIBUTE_WRITE) !== 0n,
    executable: (given & ATTRIBUTE_EXECUTE) !== 0n,
  };
}

/** MR3 address, MR4 attributes, which page tables ignore. */
function map(call: SpaceCall): End {
  const mappable = decodeMappable(call);
  const page = mappable.isFrame ? decodePermissions(mappable.slot, call.argument(4)) : undefined;
  demand(isSuitable(mappable, call.argument(3)), 'invalid_argument');
  const { entries, index } = findEntry(call.model, call.capability.object, call.argument(3), mappable.depth);
  demand(!entries.has(index), 'illegal_operation');
  entries.set(index, { index, target: mappable.target, page });
  return 'success';
}

/** The descriptor gives only type and level: what is entered there goes, whoever's it is. */
function unmap(call: SpaceCall): End {
  const mappable = decodeMappable(call);
  demand(isSuitable(mappable, call.argument(3)), 'invalid_argument');
  const { entries, index } = findEntry(call.model, call.capability.object, call.argument(3), mappable.depth);
  const entry = entries.get(index);
  demand(entry !== undefined || !mappable.isFrame, 'illegal_operation');
  // Rule: a table where a page was meant, or the other way round, stays.
  demand(entry === undefined || (entry.page !== undefined) === mappable.isFrame, 'illegal_operation');
  entries.delete(index);
  return 'success';
}

// ---- Questions ---------------------------------------------------------------------------------------------------

/** MR2 address, MR3 leaf size bits → MR2: depth of the first table missing from the root. Rule: below a large page none is. */
function getUnsetDepth(call: SpaceCall): End {
  const leafDepth = PAGE_DEPTHS[Number(call.argument(3))];
  const address = call.argument(2);
  demand(isUserAddress(address) && leafDepth !== undefined, 'invalid_argument');
  let table: number | undefined = call.capability.object;
  let depth = ROOT_DEPTH;
  while (table !== undefined && depth > leafDepth) {
    const entry: TableEntry | undefined = call.model.tables
      .get(table)!
      .entries.get(indexAt(address, depth--));
    if (entry === undefined) {
      call.setResult(2, BigInt(depth));
      return 'success';
    }
    table = entry.page === undefined ? entry.target : undefined;
  }
  call.setResult(2, 0n);
  return 'success';
}

/** MR2 size bits. The model's processor has pages of all three sizes. */
function canMapFrameSizeBits(call: SpaceCall): End {
  demand(PAGE_DEPTHS[Number(call.argument(2))] !== undefined, 'invalid_descriptor');
  return 'success';
}

function getAddress(call: FrameCall): End {
  call.setResult(2, BigInt(call.capability.base));
  return 'success';
}
