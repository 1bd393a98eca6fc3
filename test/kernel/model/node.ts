/** NODE (section 6): copying, moving, restricting and removing capabilities. */
import type { Outcome } from '../operation-outcomes.ts';
import type { Call, End, Operation } from './capability-call.ts';
import type { Capability } from './kernel-state.ts';
import { indexIn } from './lookup.ts';
import { COPY, has, type Node, READ, type Slot, WRITE } from './model.ts';
import { emptySlot, revoke } from './revocation.ts';
import { addCopy, moveTo, nodePlace } from './slots.ts';

type NodeCall = Call<Extract<Capability, { type: 'NODE' }>>;

export const NODE_OPERATIONS: readonly Operation<NodeCall['capability']>[] = [
  { number: 1, name: 'copy', needs: READ | WRITE, missing: 'illegal_operation', perform: copy },
  { number: 2, name: 'move', needs: READ | WRITE, missing: 'illegal_operation', perform: move },
  { number: 3, name: 'mint', needs: READ | WRITE, missing: 'illegal_operation', perform: mint },
  { number: 4, name: 'demote', needs: WRITE, missing: 'illegal_operation', perform: demote },
  { number: 5, name: 'revoke', needs: WRITE, missing: 'illegal_operation', perform: revokeTarget },
  { number: 6, name: 'remove', needs: WRITE, missing: 'permission_denied', perform: remove },
];

const nodeOf = ({ model, capability }: NodeCall): Node => model.nodes.get(capability.object)!;

/** New rights are the whole word: bits that are no rights are more than the source has. */
const isSubset = (rights: bigint, of: number): boolean => (rights & ~BigInt(of)) === 0n;

/** MR2: index of a slot that must be free. */
function freeIndex(call: NodeCall): number | Outcome {
  const index = indexIn(nodeOf(call), call.argument(2));
  if (index === undefined) {
    return 'invalid_argument';
  }
  return nodeOf(call).slots.has(index) ? 'fatal' : index;
}

/** MR2 destination index, MR3 source descriptor. `rightsFor`: what the copy gets. */
function copyWith(call: NodeCall, rightsFor: (source: Slot) => bigint): End {
  const source = call.find(call.argument(3));
  if (source === undefined) {
    return 'invalid_argument';
  }
  const rights = rightsFor(source);
  if (!has(source, COPY) || !isSubset(rights, source.rights)) {
    return 'permission_denied';
  }
  const index = freeIndex(call);
  if (typeof index !== 'number') {
    return index;
  }
  addCopy(call.model, source, nodePlace(call.capability.object, index), Number(rights));
  return 'success';
}

function copy(call: NodeCall): End {
  return copyWith(call, (source) => BigInt(source.rights));
}

/** MR4 new rights. */
function mint(call: NodeCall): End {
  return copyWith(call, () => call.argument(4));
}

/** MR2 destination index, MR3 source descriptor, which needs no right. */
function move(call: NodeCall): End {
  const source = call.find(call.argument(3));
  if (source === undefined) {
    return 'invalid_argument';
  }
  const index = freeIndex(call);
  if (typeof index !== 'number') {
    return index;
  }
  moveTo(call.model, source, nodePlace(call.capability.object, index));
  return 'success';
}

/** MR2: index of a slot whose capability must have READ and WRITE. Rule: an empty one is DESCRIPTOR. */
function target(call: NodeCall, missingRight: Outcome): Slot | Outcome {
  const index = indexIn(nodeOf(call), call.argument(2));
  if (index === undefined) {
    return 'invalid_argument';
  }
  const slot = nodeOf(call).slots.get(index);
  if (slot === undefined) {
    return 'invalid_descriptor';
  }
  return has(slot, READ | WRITE) ? slot : missingRight;
}

/** MR4 new rights. */
function demote(call: NodeCall): End {
  const slot = target(call, 'illegal_operation');
  if (typeof slot === 'string') {
    return slot;
  }
  if (!isSubset(call.argument(4), slot.rights)) {
    return 'permission_denied';
  }
  slot.rights = Number(call.argument(4));
  return 'success';
}

function revokeTarget(call: NodeCall): End {
  const slot = target(call, 'illegal_operation');
  if (typeof slot === 'string') {
    return slot;
  }
  revoke(call.model, slot);
  return 'success';
}

function remove(call: NodeCall): End {
  const slot = target(call, 'permission_denied');
  if (typeof slot === 'string') {
    return slot;
  }
  emptySlot(call.model, slot);
  return 'success';
}
