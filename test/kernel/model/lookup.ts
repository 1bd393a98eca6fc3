/** Descriptors: paths through nodes (section 3). */
import type { Call } from './capability-call.ts';
import { demand, type ErrorName } from './failure.ts';
import { has, type Model, type Node, type Slot, WRITE } from './model.ts';

const PREFIX_BITS = 8;
const WORD_BITS = 64;

/** The full slot that `descriptor` leads to from a root node slot; undefined if there is none. */
export function find(model: Model, root: Slot | undefined, descriptor: bigint): Slot | undefined {
  const depth = Number(descriptor >> 56n) + PREFIX_BITS;
  let at = root;
  let used = PREFIX_BITS;
  while (at?.capability.type === 'NODE') {
    const { radix, object } = at.capability;
    used += radix;
    if (used > depth || used > WORD_BITS) {
      return undefined;
    }
    const index = Number(BigInt.asUintN(radix, descriptor >> BigInt(WORD_BITS - used)));
    at = model.nodes.get(object)!.slots.get(index);
    if (used === depth) {
      return at;
    }
  }
  return undefined;
}

/** An index argument as a number, if the node has such a slot and `count` from there on. */
export function indexIn(node: Node, first: bigint, count = 1n): number | undefined {
  return first + count <= 1n << BigInt(node.radix) ? Number(first) : undefined;
}

/** A node that an argument leads to, with WRITE. */
export function destination(
  call: Call,
  descriptor: bigint,
  wrongNode: ErrorName = 'invalid_descriptor',
): { address: number; node: Node } {
  const slot = call.find(descriptor);
  demand(slot?.capability.type === 'NODE', wrongNode);
  demand(has(slot, WRITE), 'permission_denied');
  const { object } = slot.capability;
  return { address: object, node: call.model.nodes.get(object)! };
}

/** Index of the first of `count` slots of a node that must exist and be free. */
export function freeSlots(node: Node, first: bigint, count = 1n): number {
  const index = indexIn(node, first, count);
  demand(index !== undefined, 'invalid_argument');
  const isUsed = [...node.slots.keys()].some((used) => used >= index && used < index + Number(count));
  demand(!isUsed, 'invalid_argument');
  return index;
}
