/** NODE (section 6): copying, moving, restricting and removing capabilities. */
import type { Call, End, Operation } from './capability-call.ts';
import { demand, type ErrorName } from './failure.ts';
import type { Capability, SlotPlace } from './kernel-state.ts';
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
function freePlace(call: NodeCall): SlotPlace {
  const index = indexIn(nodeOf(call), call.argument(2));
  demand(index !== undefined, 'invalid_argument');
  demand(!nodeOf(call).slots.has(index), 'fatal');
  return nodePlace(call.capability.object, index);
}

/** MR3 source descriptor. */
function source(call: NodeCall): Slot {
  const slot = call.find(call.argument(3));
  demand(slot !== undefined, 'invalid_argument');
  return slot;
}

function copyWith(call: NodeCall, rights: bigint): End {
  const from = source(call);
  demand(has(from, COPY) && isSubset(rights, from.rights), 'permission_denied');
  addCopy(call.model, from, freePlace(call), Number(rights));
  return 'success';
}

function copy(call: NodeCall): End {
  return copyWith(call, BigInt(source(call).rights));
}

/** MR4 new rights. */
function mint(call: NodeCall): End {
  return copyWith(call, call.argument(4));
}

/** The source needs no right. */
function move(call: NodeCall): End {
  moveTo(call.model, source(call), freePlace(call));
  return 'success';
}

/** MR2: index of a slot whose capability must have READ and WRITE. Rule: an empty one is DESCRIPTOR. */
function target(call: NodeCall, missing: ErrorName): Slot {
  const index = indexIn(nodeOf(call), call.argument(2));
  demand(index !== undefined, 'invalid_argument');
  const slot = nodeOf(call).slots.get(index);
  demand(slot !== undefined, 'invalid_descriptor');
  demand(has(slot, READ | WRITE), missing);
  return slot;
}

/** MR4 new rights. */
function demote(call: NodeCall): End {
  const slot = target(call, 'illegal_operation');
  demand(isSubset(call.argument(4), slot.rights), 'permission_denied');
  slot.rights = Number(call.argument(4));
  return 'success';
}

function revokeTarget(call: NodeCall): End {
  revoke(call.model, target(call, 'illegal_operation'));
  return 'success';
}

function remove(call: NodeCall): End {
  emptySlot(call.model, target(call, 'permission_denied'));
  return 'success';
}
