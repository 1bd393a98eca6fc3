/** What goes when capabilities go: emptying slots, revoking, destroying objects (section 4, the table of what "destroy" means). */
import { endWaiters } from './ipc-port.ts';
import type { Capability } from './kernel-state.ts';
import { type Model, PAGE, type Slot } from './model.ts';
import { resetNotificationPort } from './notification-port.ts';
import { resetProcess, suspendProcess } from './process.ts';
import { descendantsOf, findCopy, unlink } from './slots.ts';

/** Empties a slot: REMOVE, and whatever loses a capability. With the last one the object is destroyed, its descendants first. */
export function emptySlot(model: Model, slot: Slot): void {
  if (findCopy(model, slot) === undefined) {
    removeDescendants(model, slot);
  }
  discard(model, slot);
}

/** REVOKE: removes all descendants whatever their rights, then resets the object. The slot stays. */
export function revoke(model: Model, slot: Slot): void {
  removeDescendants(model, slot);
  if (slot.capability.type === 'GENERIC') {
    slot.capability = { ...slot.capability, watermark: slot.capability.base };
  }
  resetObject(model, slot.capability, slot);
}

/**
 * Empties the nodes that were destroyed or revoked on the way. Rule: a node after all slots of the one before, the last that was
 * found first. Rule: the slot that was revoked stays, unless the node that it lies in is destroyed.
 */
export function finishRevocation(model: Model): void {
  for (let next = model.condemned.pop(); next !== undefined; next = model.condemned.pop()) {
    const { slots } = model.nodes.get(next.node)!;
    for (const index of [...slots.keys()].sort((a, b) => a - b)) {
      const slot = slots.get(index);
      if (slot !== undefined && slot !== next.spared) {
        emptySlot(model, slot);
      }
    }
  }
}

/** All descendants, in the order of the list, each without regard to its own, which follow it. */
function removeDescendants(model: Model, slot: Slot): void {
  for (let all = descendantsOf(model, slot); all.length > 0; all = descendantsOf(model, slot)) {
    discard(model, all[0]);
  }
}

function discard(model: Model, slot: Slot): void {
  const isLast = findCopy(model, slot) === undefined;
  const { capability } = slot;
  leaveHolder(model, slot);
  unlink(model, slot);
  if (isLast) {
    resetObject(model, capability, undefined);
    destroyObject(model, capability);
  }
}

/** A process that loses its address space is suspended, an unbound interrupt masked, a notification port unbound. */
function leaveHolder(model: Model, { place, capability }: Slot): void {
  if (place.holder === 'process_address_space') {
    suspendProcess(model, model.processes.get(place.owner)!);
  } else if (place.holder === 'interrupt_binding') {
    model.interruptPorts.get(place.owner)!.isMasked = true;
  } else if (place.holder === 'process_notification_port' && capability.type === 'NOTIFICATION_PORT') {
    model.notificationPorts.get(capability.object)!.bound = undefined;
  }
}

/** What destroying and revoking have in common. */
function resetObject(model: Model, capability: Capability, spared: Slot | undefined): void {
  switch (capability.type) {
    case 'NODE':
      condemn(model, capability.object, spared);
      break;
    case 'ADDRESS_SPACE':
      model.tables.get(capability.object)!.entries.clear();
      break;
    case 'PAGE_TABLE':
      forgetMemory(model, capability.object, PAGE);
      break;
    case 'FRAME':
      forgetMemory(model, capability.base, 2 ** capability.sizeBits);
      break;
    case 'PROCESS_CONTROL_BLOCK':
      resetProcess(model, model.processes.get(capability.object)!);
      break;
    case 'IPC_PORT':
      endWaiters(model, model.ipcPorts.get(capability.object)!);
      break;
    case 'NOTIFICATION_PORT':
      resetNotificationPort(model, model.notificationPorts.get(capability.object)!);
      break;
    case 'INTERRUPT_PORT': {
      const { binding } = model.interruptPorts.get(capability.irq)!;
      if (binding !== undefined) {
        emptySlot(model, binding);
      }
      break;
    }
  }
}

/** Nodes stay until their slots are empty; nobody finds them any more. */
function destroyObject(model: Model, capability: Capability): void {
  switch (capability.type) {
    case 'ADDRESS_SPACE':
    case 'PAGE_TABLE':
      model.tables.delete(capability.object);
      break;
    case 'PROCESS_CONTROL_BLOCK':
      model.processes.delete(capability.object);
      break;
    case 'IPC_PORT':
      model.ipcPorts.delete(capability.object);
      break;
    case 'NOTIFICATION_PORT':
      model.notificationPorts.delete(capability.object);
      break;
    case 'INTERRUPT_PORT':
      model.interruptPorts.delete(capability.irq);
      break;
  }
}

function condemn(model: Model, node: number, spared: Slot | undefined): void {
  const known = model.condemned.findIndex((other) => other.node === node);
  if (known >= 0) {
    model.condemned[known] = { node, spared };
  } else {
    model.condemned.push({ node, spared });
  }
}

/** No table refers to this memory any more. */
function forgetMemory(model: Model, base: number, size: number): void {
  for (const { entries } of model.tables.values()) {
    for (const [index, { target }] of entries) {
      if (target >= base && target < base + size) {
        entries.delete(index);
      }
    }
  }
}
