/** NOTIFICATION_PORT (section 13): flags set without blocking. */
import type { Call, End, Operation } from './capability-call.ts';
import { deliverNotification, leaveIpcPort } from './ipc-port.ts';
import {
  MODIFY,
  type Model,
  type NotificationPort,
  type PortCapability,
  type Process,
  READ,
  WRITE,
} from './model.ts';
import { endCall, endWait, setMessageRegister } from './process.ts';
import { emptySlot } from './revocation.ts';
import * as scheduler from './scheduler.ts';

type PortCall = Call<PortCapability>;

const missing = 'permission_denied';
export const NOTIFICATION_PORT_OPERATIONS: readonly Operation<PortCapability>[] = [
  { number: 1, name: 'notify', needs: WRITE, missing, perform: notifyBySlot },
  { number: 2, name: 'wait', needs: READ, missing, perform: wait },
  { number: 3, name: 'poll', needs: READ, missing, perform: poll },
  { number: 4, name: 'identify', needs: MODIFY, missing, perform: identify },
];

const portOf = ({ model, capability }: PortCall): NotificationPort =>
  model.notificationPorts.get(capability.object)!;

function takeFlags(port: NotificationPort): bigint {
  const { flags } = port;
  port.flags = 0n;
  return flags;
}

/** Flags pending at the port bound to the process; they are taken. */
export function bindingFlags(model: Model, process: Process): bigint {
  const bound = process.own.process_notification_port?.capability;
  return bound?.type === 'NOTIFICATION_PORT' ? takeFlags(model.notificationPorts.get(bound.object)!) : 0n;
}

/** All flags go to one receiver: the bound process if it waits in a receive, else the oldest waiter. Identifier 0 sets nothing. */
export function notify(model: Model, port: NotificationPort, flags: bigint): void {
  port.flags |= flags;
  if (port.flags === 0n) {
    return;
  }
  const waiter = port.waiters[0];
  if (port.bound?.state === 'BLOCKED_RECEIVE') {
    leaveIpcPort(model, port.bound);
    deliverNotification(model, port.bound, takeFlags(port));
    scheduler.makeReady(model, port.bound);
  } else if (waiter !== undefined) {
    leaveNotificationPort(model, waiter);
    setMessageRegister(model, waiter, 2, takeFlags(port));
    endCall(model, waiter, 'success');
    scheduler.makeReady(model, waiter);
  }
}

export function leaveNotificationPort(model: Model, process: Process): void {
  const port = model.notificationPorts.get(process.blockedOn);
  if (port !== undefined) {
    port.waiters = port.waiters.filter((waiter) => waiter !== process);
    process.blockedOn = 0;
  }
}

/** Destroyed or revoked: waiters end, flags and binding go. */
export function resetNotificationPort(model: Model, port: NotificationPort): void {
  port.flags = 0n;
  for (const waiter of [...port.waiters]) {
    leaveNotificationPort(model, waiter);
    endWait(model, waiter, 'invalid_descriptor');
  }
  const binding = port.bound?.own.process_notification_port;
  if (binding !== undefined) {
    emptySlot(model, binding);
  }
}

function notifyBySlot(call: PortCall): End {
  notify(call.model, portOf(call), call.capability.identifier);
  return 'success';
}

function wait(call: PortCall): End {
  const port = portOf(call);
  if (port.flags !== 0n) {
    call.setResult(2, takeFlags(port));
    return 'success';
  }
  call.caller.state = 'BLOCKED_WAIT';
  call.caller.blockedOn = port.address;
  port.waiters.push(call.caller);
  return 'unfinished';
}

function poll(call: PortCall): End {
  call.setResult(2, takeFlags(portOf(call)));
  return 'success';
}

function identify(call: PortCall): End {
  call.slot.capability = { ...call.capability, identifier: call.argument(2) };
  return 'success';
}
