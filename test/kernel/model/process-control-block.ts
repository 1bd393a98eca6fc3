/** PROCESS_CONTROL_BLOCK (section 11): what a process works with, its registers, starting and stopping it. */
import type { Call, End, Operation } from './capability-call.ts';
import { demand } from './failure.ts';
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
import { hasMessageRegisters, suspendProcess } from './process.ts';
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

const wordOf = (call: ProcessCall, bit: number): bigint => call.argument(3 + bit);

type Sources = Partial<Record<OwnSlot, Slot>>;

/** All checks precede all changes. Rule: message registers first, capabilities in the order of their bits, values, then state. */
function decodeConfiguration(call: ProcessCall): Sources {
  const highest =
    [FIELD.affinity, FIELD.priority, FIELD.threadLocalBase].find((bit) => isAsked(call, bit)) ?? 0;
  demand(hasMessageRegisters(call.caller, 3 + highest + 1), 'fatal');
  const sources: Sources = {};
  for (const { bit, own, type, needs } of CAPABILITY_FIELDS.filter((field) => isAsked(call, field.bit))) {
    const source = call.find(wordOf(call, bit));
    demand(source?.capability.type === type, 'invalid_descriptor');
    demand(has(source, needs), 'permission_denied');
    demand(source.capability.type !== 'FRAME' || !source.capability.isDevice, 'invalid_descriptor');
    sources[own] = source;
  }
  const { instructionPointer, stackPointer, threadLocalBase, priority, affinity } = FIELD;
  for (const bit of [instructionPointer, stackPointer, threadLocalBase]) {
    demand(!isAsked(call, bit) || isUserAddress(wordOf(call, bit)), 'illegal_operation');
  }
  demand(!isAsked(call, priority) || wordOf(call, priority) < BigInt(PRIORITIES), 'invalid_argument');
  // One core: an affinity cannot change.
  demand(!isAsked(call, affinity) || wordOf(call, affinity) === 0n, 'invalid_argument');
  const port = sources.process_notification_port?.capability;
  if (port?.type === 'NOTIFICATION_PORT') {
    const { bound } = call.model.notificationPorts.get(port.object)!;
    demand(bound === undefined || bound === processOf(call), 'fatal');
  }
  return sources;
}

/** Capabilities are copied with the source's rights. Rule: values change first, for the caller may configure itself. */
function configure(call: ProcessCall): End {
  const sources = decodeConfiguration(call);
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
function decodeCount(call: ProcessCall): number {
  const count = call.argument(2);
  demand(count <= BigInt(CONTEXT_WORDS), 'invalid_argument');
  demand(hasMessageRegisters(call.caller, 3 + Number(count)), 'fatal');
  return Number(count);
}

/** The state before the call, for the caller's own registers, too. */
function readRegister(call: ProcessCall): End {
  const words = processOf(call).registers.slice(0, decodeCount(call));
  words.forEach((word, i) => {
    call.setResult(3 + i, word);
  });
  return 'success';
}

function writeRegister(call: ProcessCall): End {
  const values = Array.from({ length: decodeCount(call) }, (_, i) => call.argument(3 + i));
  demand(areRegistersValid(values), 'invalid_argument');
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
  demand(process.state === 'UNUSED' || process.state === 'BLOCKED_SUSPEND', 'illegal_operation');
  demand(process.own.process_address_space !== undefined, 'illegal_operation');
  process.quantum = FULL_QUANTUM;
  scheduler.makeReady(call.model, process);
  return 'success';
}

/** Of oneself, too: the call ends with success, and the process does not go on until RESUME. */
function suspend(call: ProcessCall): End {
  suspendProcess(call.model, processOf(call));
  return 'success';
}
