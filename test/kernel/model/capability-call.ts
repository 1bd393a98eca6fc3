/** Capability calls (sections 1 and 2): how operations are described, found and performed. */
import type { Outcome } from '../operation-outcomes.ts';
import { ADDRESS_SPACE_OPERATIONS, FRAME_OPERATIONS } from './address-space.ts';
import { demand, type ErrorName, Failure } from './failure.ts';
import { GENERIC_OPERATIONS } from './generic.ts';
import { INTERRUPT_PORT_OPERATIONS, INTERRUPT_REGION_OPERATIONS } from './interrupts.ts';
import { IO_PORT_OPERATIONS } from './io-port.ts';
import { IPC_PORT_OPERATIONS } from './ipc-port.ts';
import type { Capability } from './kernel-state.ts';
import { find } from './lookup.ts';
import { has, type Model, type Process, type Slot } from './model.ts';
import { NODE_OPERATIONS } from './node.ts';
import { NOTIFICATION_PORT_OPERATIONS } from './notification-port.ts';
import { endCall, getMessageRegister, setMessageRegister } from './process.ts';
import { PROCESS_OPERATIONS } from './process-control-block.ts';
import { finishRevocation } from './revocation.ts';

/** `unfinished`: MR0 and MR1 are written already, or will be when the caller's wait ends. */
export type End = 'success' | 'unfinished';

/** A call whose operation number and rights have been checked. */
export interface Call<T extends Capability = Capability> {
  readonly model: Model;
  readonly caller: Process;
  readonly slot: Slot;
  /** What `slot` held when the call was made. */
  readonly capability: T;
  argument(register: number): bigint;
  setResult(register: number, value: bigint): void;
  /** The slot an argument leads to. */
  find(descriptor: bigint): Slot | undefined;
}

export interface Operation<T extends Capability = Capability> {
  readonly number: number;
  readonly name: string;
  /** Rights that the capability called must have, and the error if it lacks one. */
  readonly needs: number;
  readonly missing: ErrorName;
  readonly perform: (call: Call<T>) => End;
}

/** Check order: lookup, operation number, rights, then what the operation itself checks. */
function perform<T extends Capability>(call: Call<T>, operations: readonly Operation<T>[]): End {
  const { caller, capability } = call;
  caller.unfinished = capability.type.toLowerCase();
  const operation = operations.find(({ number }) => BigInt(number) === call.argument(1));
  demand(operation !== undefined, 'illegal_operation');
  caller.unfinished += `.${operation.name}`;
  demand(has(call.slot, operation.needs), operation.missing);
  return operation.perform(call);
}

function performOn(call: Omit<Call, 'capability'>, capability: Capability): End {
  switch (capability.type) {
    case 'NODE':
      return perform({ ...call, capability }, NODE_OPERATIONS);
    case 'GENERIC':
      return perform({ ...call, capability }, GENERIC_OPERATIONS);
    case 'ADDRESS_SPACE':
      return perform({ ...call, capability }, ADDRESS_SPACE_OPERATIONS);
    case 'PAGE_TABLE':
      return perform({ ...call, capability }, []); // section 9
    case 'FRAME':
      return perform({ ...call, capability }, FRAME_OPERATIONS);
    case 'PROCESS_CONTROL_BLOCK':
      return perform({ ...call, capability }, PROCESS_OPERATIONS);
    case 'IPC_PORT':
      return perform({ ...call, capability }, IPC_PORT_OPERATIONS);
    case 'NOTIFICATION_PORT':
      return perform({ ...call, capability }, NOTIFICATION_PORT_OPERATIONS);
    case 'INTERRUPT_REGION':
      return perform({ ...call, capability }, INTERRUPT_REGION_OPERATIONS);
    case 'INTERRUPT_PORT':
      return perform({ ...call, capability }, INTERRUPT_PORT_OPERATIONS);
    case 'IO_PORT':
      return perform({ ...call, capability }, IO_PORT_OPERATIONS);
  }
}

function lookUpAndPerform(model: Model, caller: Process): End {
  const root = caller.own.process_root_node;
  const argument = (register: number): bigint => getMessageRegister(model, caller, register);
  const slot = find(model, root, argument(0));
  caller.unfinished = root === undefined ? 'capability_call' : 'lookup';
  demand(slot !== undefined, 'invalid_descriptor');
  model.ended.push({ operation: 'lookup', outcome: 'success' });
  const call = {
    model,
    caller,
    slot,
    argument,
    setResult: (register: number, value: bigint) => setMessageRegister(model, caller, register, value),
    find: (descriptor: bigint) => find(model, root, descriptor),
  };
  return performOn(call, slot.capability);
}

/** The current process has made a capability call. */
export function capabilityCall(model: Model, caller: Process): void {
  let end: Outcome | 'unfinished';
  try {
    end = lookUpAndPerform(model, caller);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    end = failure.error;
  }
  finishRevocation(model);
  // A process that has destroyed or revoked itself has no call that could end.
  if (end !== 'unfinished' && model.current === caller) {
    endCall(model, caller, end);
  }
}
