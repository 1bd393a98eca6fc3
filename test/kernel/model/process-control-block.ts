/** PROCESS_CONTROL_BLOCK (section 11): what a process works with, its registers, starting and stopping it. */
import type { Outcome } from '../operation-outcomes.ts';
import type { Call, End, Operation } from './capability-call.ts';
import type { Capability } from './kernel-state.ts';
import {
  FULL_QUANTUM,
  has,
  isUserAddress,
  type Model,
  type OwnSlot,
  PRIORITIES,
  type Process,
  READ,
  type Slot,
  WRITE,
} from './model.ts';
import { notify } from './notification-port.ts';
import { getMessageRegister, hasMessageRegisters, setMessageRegister, suspendProcess } from './process.ts';
import { areRegistersValid, CONTEXT, CONTEXT_WORDS, writeRegisters } from './registers.ts';
import { emptySlot } from './revocation.ts';
import * as scheduler from './scheduler.ts';
import { addCopy, NOWHERE, ownPlace } from './slots.ts';

type ProcessCall = Call<Extract<Capability, { type: 'PROCESS_CONTROL_BLOCK' }>>;

const missing = 'permission_denied';
export const PROCESS_OPERATIONS: readonly Operation<ProcessCall['capability']>[] = [
  { number: 1, name: 'configure', needs: WRITE, missing, perform: configure },
  { number: 2, name: 'read_register', needs: READ, missing, perform: readRegister },
  { number: 3, name: 'write_register', needs: WRITE, missing, perform: writeRegister },
  { number: 4, name: 'resume', needs: WRITE, missing, perform: resume },
  { number: 5, name: 'suspend', needs: WRITE, missing, perform: suspend },
];

const processOf = ({ model, capability }: ProcessCall): Process => model.processes.get(capability.object)!;

// ---- CONFIGURE ---------------------------------------------------------------------------------------------------

/** Bit n of the mask in MR2 asks for the value in MR(3 + n). */
const FIELD = {
  instructionPointer: 5,
  stackPointer: 6,
  threadLocalBase: 7,
  priority: 8,
  affinity: 9,
} as const;

const CAPABILITY_FIELDS: readonly { bit: number; own: OwnSlot; type: Capability['type']; needs: number }[] = [
  { bit: 0, own: 'process_address_space', type: 'ADDRESS_SPACE', needs: 0 },
  { bit: 1, own: 'process_root_node', type: 'NODE', needs: 0 },
  { bit: 2, own: 'process_ipc_buffer', type: 'FRAME', needs: READ | WRITE },
  { bit: 3, own: 'process_notification_port', type: 'NOTIFICATION_PORT', needs: READ },
  { bit: 4, own: 'process_resolver_port', type: 'IPC_PORT', needs: 0 },
];

const isAsked = (call: ProcessCall, bit: number): boolean => ((call.argument(2) >> BigInt(bit)) & 1n) !== 0n;

const wordOf = ({ model, caller }: ProcessCall, bit: number): bigint =>
  getMessageRegister(model, caller, 3 + bit);

type Sources = Partial<Record<OwnSlot, Slot>>;

/** All checks precede all changes. Rule: message registers first, capabilities in the order of their bits, values, then state. */
function decodeConfiguration(call: ProcessCall): Sources | Outcome {
  const highest = [FIELD.affinity, FIELD.priority, FIELD.threadLocalBase].find((bit) => isAsked(call, bit));
  if (highest !== undefined && !hasMessageRegisters(call.caller, 3 + highest + 1)) {
    return 'fatal';
  }
  const sources: Sources = {};
  for (const { bit, own, type, needs } of CAPABILITY_FIELDS.filter((field) => isAsked(call, field.bit))) {
    const source = call.find(wordOf(call, bit));
    if (source?.capability.type !== type) {
      return 'invalid_descriptor';
    }
    if (!has(source, needs)) {
      return 'permission_denied';
    }
    if (source.capability.type === 'FRAME' && source.capability.isDevice) {
      return 'invalid_descriptor';
    }
    sources[own] = source;
  }
  const { instructionPointer, stackPointer, threadLocalBase, priority, affinity } = FIELD;
  for (const bit of [instructionPointer, stackPointer, threadLocalBase]) {
    if (isAsked(call, bit) && !isUserAddress(wordOf(call, bit))) {
      return 'illegal_operation';
    }
  }
  if (isAsked(call, priority) && wordOf(call, priority) >= BigInt(PRIORITIES)) {
    return 'invalid_argument';
  }
  // One core: an affinity cannot change.
  if (isAsked(call, affinity) && wordOf(call, affinity) !== 0n) {
    return 'invalid_argument';
  }
  const port = sources.process_notification_port?.capability;
  if (port?.type === 'NOTIFICATION_PORT') {
    const { bound } = call.model.notificationPorts.get(port.object)!;
    if (bound !== undefined && bound !== processOf(call)) {
      return 'fatal';
    }
  }
  return sources;
}

/** Capabilities are copied with the source's rights. Rule: values change first, for the caller may configure itself. */
function configure(call: ProcessCall): End {
  const sources = decodeConfiguration(call);
  if (typeof sources === 'string') {
    return sources;
  }
  const { model } = call;
  const process = processOf(call);
  const registers = [
    [FIELD.instructionPointer, CONTEXT.RIP],
    [FIELD.stackPointer, CONTEXT.RSP],
    [FIELD.threadLocalBase, CONTEXT.GS_BASE],
  ] as const;
  for (const [bit, register] of registers) {
    if (isAsked(call, bit)) {
      process.registers[register] = wordOf(call, bit);
    }
  }
  if (isAsked(call, FIELD.priority)) {
    scheduler.setPriority(model, process, Number(wordOf(call, FIELD.priority)));
  }
  if (sources.process_notification_port !== undefined) {
    bindNotificationPort(model, process, sources.process_notification_port);
  }
  for (const { own } of CAPABILITY_FIELDS) {
    const source = sources[own];
    if (source !== undefined && own !== 'process_notification_port') {
      replace(model, process, own, source);
    }
  }
  return 'success';
}

/** The old capability goes last, for the new may be to the same object; losing it in this way suspends nobody. */
function replace(model: Model, process: Process, own: OwnSlot, source: Slot): void {
  const old = process.own[own];
  addCopy(model, source, ownPlace(process.address, own), source.rights);
  if (old !== undefined) {
    old.place = NOWHERE;
    emptySlot(model, old);
  }
}

/** Replaces the old binding. What is pending is handed over if the process waits in a receive already. */
function bindNotificationPort(model: Model, process: Process, source: Slot): void {
  const old = process.own.process_notification_port;
  if (old !== undefined) {
    emptySlot(model, old);
  }
  addCopy(model, source, ownPlace(process.address, 'process_notification_port'), source.rights);
  if (source.capability.type === 'NOTIFICATION_PORT') {
    const port = model.notificationPorts.get(source.capability.object)!;
    port.bound = process;
    notify(model, port, 0n);
  }
}

// ---- Registers ---------------------------------------------------------------------------------------------------

/** MR2 count. */
function decodeCount(call: ProcessCall): number | Outcome {
  const count = call.argument(2);
  if (count > BigInt(CONTEXT_WORDS)) {
    return 'invalid_argument';
  }
  return hasMessageRegisters(call.caller, 3 + Number(count)) ? Number(count) : 'fatal';
}

/** The state before the call, for the caller's own registers, too. */
function readRegister(call: ProcessCall): End {
  const count = decodeCount(call);
  if (typeof count === 'string') {
    return count;
  }
  processOf(call)
    .registers.slice(0, count)
    .forEach((word, i) => {
      setMessageRegister(call.model, call.caller, 3 + i, word);
    });
  return 'success';
}

function writeRegister(call: ProcessCall): End {
  const count = decodeCount(call);
  if (typeof count === 'string') {
    return count;
  }
  const values = Array.from({ length: count }, (_, i) => getMessageRegister(call.model, call.caller, 3 + i));
  if (!areRegistersValid(values)) {
    return 'invalid_argument';
  }
  writeRegisters(processOf(call), values);
  return 'success';
}

// ---- RESUME and SUSPEND ------------------------------------------------------------------------------------------

/** Already ready or running: success, no effect. */
function resume(call: ProcessCall): End {
  const process = processOf(call);
  if (process.state === 'READY') {
    return 'success';
  }
  const isStopped = process.state === 'UNUSED' || process.state === 'BLOCKED_SUSPEND';
  if (!isStopped || process.own.process_address_space === undefined) {
    return 'illegal_operation';
  }
  process.quantum = FULL_QUANTUM;
  scheduler.makeReady(call.model, process);
  return 'success';
}

/** Of oneself, too: the call ends with success, and the process does not go on until RESUME. */
function suspend(call: ProcessCall): End {
  suspendProcess(call.model, processOf(call));
  return 'success';
}
