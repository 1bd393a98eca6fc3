/** IPC_PORT (section 12): send, receive, call, reply. */
import type { Call, End, Operation } from './capability-call.ts';
import { demand, Failure } from './failure.ts';
import { deliverFault, FAULT, KERNEL_CALL_FAULT_LENGTH } from './fault.ts';
import {
  type IpcPort,
  MODIFY,
  type Model,
  type PortCapability,
  type Process,
  READ,
  type Slot,
  WRITE,
} from './model.ts';
import { bindingFlags } from './notification-port.ts';
import {
  dropReplyTarget,
  endCall,
  endWait,
  getMessageRegister,
  hasMessageRegisters,
  setMessageRegister,
} from './process.ts';
import { areRegistersValid, CONTEXT_WORDS, writeRegisters } from './registers.ts';
import * as scheduler from './scheduler.ts';
import {
  type Destination,
  findDestination,
  findSources,
  forgetSources,
  moveToDestination,
} from './transfer.ts';

type PortCall = Call<PortCapability>;

const missing = 'permission_denied';
export const IPC_PORT_OPERATIONS: readonly Operation<PortCapability>[] = [
  { number: 1, name: 'send', needs: WRITE, missing, perform: (call) => sendOrCall(call, false) },
  { number: 2, name: 'receive', needs: READ, missing, perform: receive },
  { number: 3, name: 'call', needs: WRITE, missing, perform: (call) => sendOrCall(call, true) },
  { number: 4, name: 'reply', needs: 0, missing, perform: reply },
  { number: 5, name: 'reply_receive', needs: READ, missing, perform: replyReceive },
  { number: 6, name: 'identify', needs: MODIFY, missing, perform: identify },
];

// ---- message_info ------------------------------------------------------------------------------------------------

/** MR0…MR3 of a message are result, error, info and identifier. */
const PAYLOAD = 4;
const INFO_BITS = 0x1fffn;
const isBlocking = (info: bigint): boolean => (info & 1n) !== 0n;
const lengthOf = (info: bigint): number => Number((info >> 1n) & 0xffn);
const transferCountOf = (info: bigint): number => Number((info >> 9n) & 0xfn);
const sourceOf = (info: bigint): bigint => (info >> 13n) & 3n;
const SOURCE_NOTIFICATION = 2n;

/** MR2. Users cannot forge a source; bits 15–63 are delivered as 0. */
function decodeInfo(call: PortCall): bigint {
  const info = call.argument(2);
  demand(sourceOf(info) === 0n, 'invalid_argument');
  return info & INFO_BITS;
}

// ---- What both ends must have ------------------------------------------------------------------------------------

const hasPayload = (process: Process, info: bigint): boolean =>
  hasMessageRegisters(process, PAYLOAD + lengthOf(info));

function checkSender(model: Model, sender: Process, info: bigint): Slot[] {
  demand(hasPayload(sender, info), 'fatal');
  return findSources(model, sender, transferCountOf(info));
}

function checkReceiver(model: Model, receiver: Process, info: bigint): Destination {
  demand(hasPayload(receiver, info), 'fatal');
  return findDestination(model, receiver, transferCountOf(info));
}

// ---- Queues ------------------------------------------------------------------------------------------------------

export function waitAt(port: IpcPort, process: Process, as: 'senders' | 'receivers'): void {
  port.waiting = as;
  port.waiters.push(process);
  process.blockedOn = port.address;
}

/** Takes a process out of the queue of the IPC port it waits at, if it does. */
export function leaveIpcPort(model: Model, process: Process): void {
  const port = model.ipcPorts.get(process.blockedOn);
  if (port !== undefined) {
    port.waiters = port.waiters.filter((waiter) => waiter !== process);
    port.waiting = port.waiters.length > 0 ? port.waiting : 'nobody';
    process.blockedOn = 0;
  }
}

/** The port was destroyed or revoked. */
export function endWaiters(model: Model, port: IpcPort): void {
  for (const waiter of [...port.waiters]) {
    leaveIpcPort(model, waiter);
    endWait(model, waiter, 'invalid_descriptor');
  }
}

export function waitingReceiver(port: IpcPort): Process | undefined {
  return port.waiting === 'receivers' ? port.waiters[0] : undefined;
}

/** `caller` waits for a reply of `server`. */
export function linkForReply(caller: Process, server: Process): void {
  caller.state = 'BLOCKED_REPLY';
  caller.sending = undefined;
  caller.replySource = server;
  server.replyTarget = caller;
}

// ---- Delivery ----------------------------------------------------------------------------------------------------

interface Delivery {
  readonly info: bigint;
  readonly identifier: bigint;
  readonly sources: readonly Slot[];
  readonly destination: Destination;
}

function deliver(model: Model, sender: Process, receiver: Process, message: Delivery): void {
  moveToDestination(model, message.sources, message.destination);
  deliverMoved(model, sender, receiver, message);
}

/** The capabilities have been moved. */
function deliverMoved(model: Model, sender: Process, receiver: Process, message: Delivery): void {
  for (let i = PAYLOAD; i < PAYLOAD + lengthOf(message.info); i++) {
    setMessageRegister(model, receiver, i, getMessageRegister(model, sender, i));
  }
  forgetSources(model, sender, message.sources);
  setMessageRegister(model, receiver, 2, message.info);
  setMessageRegister(model, receiver, 3, message.identifier);
  endCall(model, receiver, 'success');
}

/** "Bound notification": MR2 source 2 and length 0, MR3 the flags. The process is in no queue. */
export function deliverNotification(model: Model, process: Process, flags: bigint): void {
  setMessageRegister(model, process, 2, SOURCE_NOTIFICATION << 13n);
  setMessageRegister(model, process, 3, flags);
  endCall(model, process, 'success');
}

// ---- SEND and CALL -----------------------------------------------------------------------------------------------

function sendOrCall(call: PortCall, isCall: boolean): End {
  const { model, caller, capability } = call;
  const { identifier } = capability;
  const info = decodeInfo(call);
  const sources = checkSender(model, caller, info);
  const port = model.ipcPorts.get(capability.object)!;
  const receiver = waitingReceiver(port);
  if (receiver !== undefined) {
    const destination = checkReceiver(model, receiver, info);
    leaveIpcPort(model, receiver);
    deliver(model, caller, receiver, { info, identifier, sources, destination });
    if (!isCall) {
      scheduler.makeReady(model, receiver);
      return 'success';
    }
    linkForReply(caller, receiver);
    scheduler.switchDirectly(model, receiver);
    return 'unfinished';
  }

  if (!isBlocking(info)) {
    return 'success';
  }
  const flags = isCall ? bindingFlags(model, caller) : 0n;
  if (flags !== 0n) {
    deliverNotification(model, caller, flags);
    return 'unfinished';
  }
  caller.state = 'BLOCKED_SEND';
  caller.sending = { isCall, info, identifier };
  waitAt(port, caller, 'senders');
  return 'unfinished';
}

// ---- RECEIVE -----------------------------------------------------------------------------------------------------

interface Expected {
  readonly sender: Process;
  /** Undefined for a fault. */
  readonly message: Delivery | undefined;
}

/** Queued senders whose own data has gone bad end with the error, and the next is tried. */
function firstGoodSender(model: Model, port: IpcPort): { sender: Process; sources: Slot[] } | undefined {
  while (port.waiting === 'senders') {
    const sender = port.waiters[0];
    try {
      return {
        sender,
        sources: sender.sending === undefined ? [] : checkSender(model, sender, sender.sending.info),
      };
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      leaveIpcPort(model, sender);
      endWait(model, sender, failure.error);
    }
  }
  return undefined;
}

/** The message of the first queued sender. What is wrong with the receiver is its own error, and the sender stays queued. */
function findMessage(model: Model, port: IpcPort, receiver: Process): Expected | undefined {
  const first = firstGoodSender(model, port);
  if (first?.sender.sending === undefined) {
    return first && { sender: first.sender, message: undefined };
  }
  const { sender, sources } = first;
  const { info, identifier } = first.sender.sending;
  const destination = checkReceiver(model, receiver, info);
  return { sender, message: { info, identifier, sources, destination } };
}

/** A queued CALL becomes BLOCKED_REPLY on receipt; a plain SEND never creates a reply authority. */
function take(model: Model, receiver: Process, { sender, message }: Expected): void {
  leaveIpcPort(model, sender);
  if (message === undefined) {
    deliverFault(model, sender, receiver);
    linkForReply(sender, receiver);
    return;
  }
  const isCall = sender.sending?.isCall;
  deliver(model, sender, receiver, message);
  if (isCall) {
    linkForReply(sender, receiver);
    return;
  }
  sender.sending = undefined;
  endCall(model, sender, 'success');
  scheduler.makeReady(model, sender);
}

/** Takes what was found, or a pending bound notification, or waits. */
function takeOrWait(
  model: Model,
  receiver: Process,
  port: IpcPort,
  info: bigint,
  found: Expected | undefined,
): End {
  if (found !== undefined) {
    take(model, receiver, found);
    return 'unfinished';
  }
  const flags = bindingFlags(model, receiver);
  if (flags !== 0n) {
    deliverNotification(model, receiver, flags);
    return 'unfinished';
  }
  if (!isBlocking(info)) {
    return 'success';
  }
  receiver.state = 'BLOCKED_RECEIVE';
  waitAt(port, receiver, 'receivers');
  return 'unfinished';
}

/** Drops a held reply authority, unless the call fails. */
function receive(call: PortCall): End {
  const { model, caller } = call;
  const info = decodeInfo(call);
  const port = model.ipcPorts.get(call.capability.object)!;
  const found = findMessage(model, port, caller);
  dropReplyTarget(model, caller);
  return takeOrWait(model, caller, port, info, found);
}

// ---- REPLY -------------------------------------------------------------------------------------------------------

interface PlannedReply {
  readonly caller: Process;
  readonly message: Delivery;
  /** Registers for the faulter of an unknown kernel call. */
  readonly context: readonly bigint[] | undefined;
}

/** A reply to a fault writes no register, except after an unknown kernel call with all 26 words (section 19). */
function planContext(model: Model, replier: Process, caller: Process, info: bigint): bigint[] | undefined {
  if (caller.fault?.type !== FAULT.INVALID_KERNEL_CALL || lengthOf(info) < KERNEL_CALL_FAULT_LENGTH) {
    return undefined;
  }
  const context = Array.from({ length: CONTEXT_WORDS }, (_, word) =>
    getMessageRegister(model, replier, 7 + word),
  );
  demand(areRegistersValid(context), 'invalid_argument');
  return context;
}

/** To the remembered caller; undefined without one: there is nothing to check or do then. */
function planReply(model: Model, replier: Process, info: bigint): PlannedReply | undefined {
  const caller = replier.replyTarget;
  if (caller === undefined) {
    return undefined;
  }
  const sources = checkSender(model, replier, info);
  const destination =
    caller.fault === undefined
      ? checkReceiver(model, caller, info)
      : findDestination(model, caller, transferCountOf(info));
  const context = planContext(model, replier, caller, info);
  return { caller, message: { info, identifier: 0n, sources, destination }, context };
}

/** The caller becomes ready; the replier goes on. The capabilities have been moved. */
function carryOutMovedReply(model: Model, replier: Process, plan: PlannedReply | undefined): void {
  if (plan === undefined) {
    return;
  }
  const { caller, message, context } = plan;
  replier.replyTarget = undefined;
  caller.replySource = undefined;
  if (caller.fault === undefined) {
    deliverMoved(model, replier, caller, message);
  } else {
    caller.fault = undefined;
    forgetSources(model, replier, message.sources);
    if (context !== undefined) {
      writeRegisters(caller, context);
    }
  }
  scheduler.makeReady(model, caller);
}

/** Returns how to undo it. */
const moveReply = (model: Model, plan: PlannedReply | undefined): (() => void) =>
  plan === undefined ? () => {} : moveToDestination(model, plan.message.sources, plan.message.destination);

function reply(call: PortCall): End {
  const { model, caller } = call;
  const plan = planReply(model, caller, decodeInfo(call));
  moveReply(model, plan);
  carryOutMovedReply(model, caller, plan);
  return 'success';
}

/**
 * REPLY, then receive, atomically. Rule: the receive finds the slots as they are with the reply's capabilities moved; if it cannot
 * work then, these move back, and queued senders that it has passed over have ended.
 */
function replyReceive(call: PortCall): End {
  const { model, caller } = call;
  const info = decodeInfo(call);
  const plan = planReply(model, caller, info);
  const port = model.ipcPorts.get(call.capability.object)!;
  const moveBack = moveReply(model, plan);
  let found: Expected | undefined;
  try {
    found = findMessage(model, port, caller);
  } catch (failure) {
    moveBack();
    throw failure;
  }
  carryOutMovedReply(model, caller, plan);
  return takeOrWait(model, caller, port, info, found);
}

// ---- IDENTIFY ----------------------------------------------------------------------------------------------------

/** Of this slot only: copies keep theirs. */
function identify(call: PortCall): End {
  call.slot.capability = { ...call.capability, identifier: call.argument(2) };
  return 'success';
}
