/**
 * Slots and derivation (section 4). The dependency list is one list; the descendants of a slot are those that follow it, up to the
 * first whose depth is not greater.
 */
import type { Capability, SlotPlace } from './kernel-state.ts';
import type { Model, OwnSlot, Slot } from './model.ts';

// ---- Where a slot lies -------------------------------------------------------------------------------------------

function setSlotAt(model: Model, place: SlotPlace, slot: Slot | undefined): void {
  if (place.holder === 'node') {
    const slots = model.nodes.get(place.owner)?.slots;
    slot === undefined ? slots?.delete(place.index) : slots?.set(place.index, slot);
  } else if (place.holder === 'interrupt_binding') {
    model.interruptPorts.get(place.owner)!.binding = slot;
  } else {
    model.processes.get(place.owner)!.own[place.holder] = slot;
  }
}

export const nodePlace = (node: number, index: number): SlotPlace => ({ holder: 'node', owner: node, index });

export const ownPlace = (process: number, holder: OwnSlot): SlotPlace => ({
  holder,
  owner: process,
  index: 0,
});

/** Of a slot that is about to be emptied and has lost its place to another. */
export const NOWHERE = nodePlace(0, 0);

export const bindingPlace = (irq: number): SlotPlace => ({
  holder: 'interrupt_binding',
  owner: irq,
  index: 0,
});

// ---- Filling and moving ------------------------------------------------------------------------------------------

function insert(model: Model, position: number, slot: Slot): void {
  model.list.splice(position, 0, slot);
  setSlotAt(model, slot.place, slot);
}

/** CONVERT, MINT of an I/O port, MAKE_PORT: directly after the parent, one deeper. */
export function addChild(
  model: Model,
  parent: Slot,
  place: SlotPlace,
  rights: number,
  capability: Capability,
): void {
  const slot = { place, rights, depth: parent.depth + 1, capability };
  insert(model, model.list.indexOf(parent) + 1, slot);
}

/**
 * COPY, MINT, what a process works with, IRQ bindings. Rule: directly before the source, so that it adopts none of the source's
 * descendants; copies of an object are thus neighbours, but for the descendants of those that have some.
 */
export function addCopy(model: Model, source: Slot, place: SlotPlace, rights: number): void {
  const slot = { place, rights, depth: source.depth, capability: source.capability };
  insert(model, model.list.indexOf(source), slot);
}

/** MOVE and transfer: position, rights and data stay. */
export function moveTo(model: Model, slot: Slot, place: SlotPlace): void {
  setSlotAt(model, slot.place, undefined);
  slot.place = place;
  setSlotAt(model, place, slot);
}

// ---- Looking around ----------------------------------------------------------------------------------------------

export function descendantsOf(model: Model, slot: Slot): Slot[] {
  const first = model.list.indexOf(slot) + 1;
  let end = first;
  while (end < model.list.length && model.list[end].depth > slot.depth) {
    end++;
  }
  return model.list.slice(first, end);
}

/** What a capability is to: its type with component, physical base or range. */
function isSameObject(a: Capability, b: Capability): boolean {
  switch (a.type) {
    case 'GENERIC':
    case 'FRAME':
      return b.type === a.type && b.base === a.base;
    case 'INTERRUPT_REGION':
      return b.type === a.type;
    case 'INTERRUPT_PORT':
      return b.type === a.type && b.irq === a.irq;
    case 'IO_PORT':
      // Rule: equal ranges under one parent are one object, however they came about.
      return b.type === a.type && b.first === a.first && b.last === a.last;
    default:
      return b.type === a.type && b.object === a.object;
  }
}

/**
 * A neighbour of the same depth with a capability to the same object; undefined if `slot` is the object's last.
 * Rule: the one before it, if there is one. A Generic and the first part made of it share their base, but never their depth.
 */
export function findCopy(model: Model, slot: Slot): Slot | undefined {
  const isSibling = (other: Slot | undefined): other is Slot =>
    other !== undefined && other.depth === slot.depth && isSameObject(other.capability, slot.capability);
  const at = model.list.indexOf(slot);
  let before = at - 1;
  while (before >= 0 && model.list[before].depth > slot.depth) {
    before--;
  }
  let after = at + 1;
  while (after < model.list.length && model.list[after].depth > slot.depth) {
    after++;
  }
  return [model.list[before], model.list[after]].find(isSibling);
}

/**
 * Takes a slot off the list and empties it. Rule: the descendants of one of several copies pass to a copy, as the object lives on: a
 * copy that follows takes over the position in the list.
 */
export function unlink(model: Model, slot: Slot): void {
  const copy = findCopy(model, slot);
  const at = model.list.indexOf(slot);
  if (copy !== undefined && model.list.indexOf(copy) > at) {
    model.list.splice(model.list.indexOf(copy), 1);
    model.list.splice(at, 1, copy);
  } else {
    model.list.splice(at, 1);
  }
  setSlotAt(model, slot.place, undefined);
}
