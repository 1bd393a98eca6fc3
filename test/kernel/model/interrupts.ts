/** INTERRUPT_REGION and INTERRUPT_PORT (sections 14 and 15): who hears which interrupt line. */
import type { Call, End, Operation } from './capability-call.ts';
import { demand } from './failure.ts';
import type { Capability } from './kernel-state.ts';
import { destination, freeSlots } from './lookup.ts';
import { ALL, has, type InterruptPort, type Model, READ, WRITE } from './model.ts';
import { notify } from './notification-port.ts';
import { emptySlot } from './revocation.ts';
import { addChild, addCopy, bindingPlace, nodePlace } from './slots.ts';

type RegionCall = Call<Extract<Capability, { type: 'INTERRUPT_REGION' }>>;
type PortCall = Call<Extract<Capability, { type: 'INTERRUPT_PORT' }>>;

const missing = 'permission_denied';
export const INTERRUPT_REGION_OPERATIONS: readonly Operation<RegionCall['capability']>[] = [
  { number: 1, name: 'make_port', needs: WRITE, missing, perform: makePort },
];

export const INTERRUPT_PORT_OPERATIONS: readonly Operation<PortCall['capability']>[] = [
  { number: 1, name: 'bind', needs: WRITE, missing, perform: bind },
  { number: 2, name: 'unbind', needs: WRITE, missing, perform: unbind },
  { number: 3, name: 'ack', needs: WRITE, missing, perform: acknowledge },
  { number: 4, name: 'get_irq_number', needs: READ, missing, perform: getIrqNumber },
];

const MAXIMUM_IRQ = 255n;

const portOf = ({ model, capability }: PortCall): InterruptPort => model.interruptPorts.get(capability.irq)!;

/** MR2 IRQ, MR3 node descriptor, MR4 index. */
function makePort(call: RegionCall): End {
  const { model } = call;
  const { address, node } = destination(call, call.argument(3));
  demand(call.argument(2) <= MAXIMUM_IRQ, 'invalid_argument');
  const index = freeSlots(node, call.argument(4));
  const irq = Number(call.argument(2));
  demand(!model.interruptPorts.has(irq), 'illegal_operation');
  model.interruptPorts.set(irq, { irq, isMasked: true, binding: undefined });
  addChild(model, call.slot, nodePlace(address, index), ALL, { type: 'INTERRUPT_PORT', irq });
  return 'success';
}

/** MR2 notification port descriptor; the slot is copied with its identifier. */
function bind(call: PortCall): End {
  const source = call.find(call.argument(2));
  demand(source?.capability.type === 'NOTIFICATION_PORT', 'invalid_descriptor');
  const port = portOf(call);
  demand(port.binding === undefined, 'illegal_operation');
  addCopy(call.model, source, bindingPlace(port.irq), source.rights);
  port.isMasked = false;
  return 'success';
}

function unbind(call: PortCall): End {
  const { binding } = portOf(call);
  if (binding !== undefined) {
    emptySlot(call.model, binding); // masks
  }
  return 'success';
}

/** Unbound interrupts stay masked. */
function acknowledge(call: PortCall): End {
  const port = portOf(call);
  port.isMasked &&= port.binding === undefined;
  return 'success';
}

function getIrqNumber(call: PortCall): End {
  call.setResult(2, BigInt(call.capability.irq));
  return 'success';
}

/** The line fired, and was masked with that. Notifying needs WRITE in the binding. */
export function deliverInterrupt(model: Model, irq: number): void {
  const port = model.interruptPorts.get(irq);
  if (port === undefined) {
    return;
  }
  port.isMasked = true;
  if (port.binding?.capability.type === 'NOTIFICATION_PORT' && has(port.binding, WRITE)) {
    const { object, identifier } = port.binding.capability;
    notify(model, model.notificationPorts.get(object)!, identifier);
  }
}
