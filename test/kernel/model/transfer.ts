/** Capabilities that travel with a message (section 12, "Transfer"). */
import { demand } from './failure.ts';
import { find, indexIn } from './lookup.ts';
import { has, type Model, type Process, type Slot, WRITE } from './model.ts';
import { bufferOf, readBuffer, writeBuffer } from './process.ts';
import { moveTo, nodePlace } from './slots.ts';

/** Words of the IPC buffer (section 5). */
const SOURCE_DESCRIPTORS = 0xf70 / 8;
const DESTINATION_NODE = 0xff0 / 8;
const DESTINATION_INDEX = 0xff8 / 8;

export interface Destination {
  readonly node: number;
  readonly first: number;
}

/** What the sender offers: distinct and not empty. */
export function findSources(model: Model, sender: Process, count: number): Slot[] {
  demand(count === 0 || bufferOf(sender) !== undefined, 'illegal_operation');
  const sources: Slot[] = [];
  for (let i = 0; i < count; i++) {
    const descriptor = readBuffer(model, sender, SOURCE_DESCRIPTORS + i);
    const slot = find(model, sender.own.process_root_node, descriptor);
    demand(slot !== undefined && !sources.includes(slot), 'invalid_argument');
    sources.push(slot);
  }
  return sources;
}

/** Where the receiver wants them. Without capabilities there is nothing to check. */
export function findDestination(model: Model, receiver: Process, count: number): Destination {
  if (count === 0) {
    return { node: 0, first: 0 };
  }
  demand(bufferOf(receiver) !== undefined, 'illegal_operation');
  const slot = find(model, receiver.own.process_root_node, readBuffer(model, receiver, DESTINATION_NODE));
  demand(slot?.capability.type === 'NODE' && has(slot, WRITE), 'invalid_argument');
  const node = model.nodes.get(slot.capability.object)!;
  const first = indexIn(node, readBuffer(model, receiver, DESTINATION_INDEX), BigInt(count));
  demand(first !== undefined, 'invalid_argument');
  for (let index = first; index < first + count; index++) {
    demand(!node.slots.has(index), 'invalid_argument');
  }
  return { node: slot.capability.object, first };
}

/** Moves them all. Returns how to undo it. */
export function moveToDestination(model: Model, sources: readonly Slot[], to: Destination): () => void {
  const before = sources.map((slot) => ({ slot, place: slot.place }));
  sources.forEach((slot, i) => {
    moveTo(model, slot, nodePlace(to.node, to.first + i));
  });
  return () => {
    for (const { slot, place } of before) moveTo(model, slot, place);
  };
}

/** The descriptors that were used become 0. */
export function forgetSources(model: Model, sender: Process, sources: readonly Slot[]): void {
  sources.forEach((_, i) => {
    writeBuffer(model, sender, SOURCE_DESCRIPTORS + i, 0n);
  });
}
