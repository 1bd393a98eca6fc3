/** Processes: message registers (section 1), results of kernel calls (section 2), suspension and reset (sections 4 and 11). */
import type { Outcome } from '../operation-outcomes.ts';
import { leaveIpcPort } from './ipc-port.ts';
import { FULL_QUANTUM, type Model, type OwnSlot, PAGE, type Process } from './model.ts';
import { leaveNotificationPort } from './notification-port.ts';
import { newRegisters } from './registers.ts';
import { emptySlot } from './revocation.ts';
import * as scheduler from './scheduler.ts';

// ---- Message registers -------------------------------------------------------------------------------------------

/** MR0…MR9 are RDI RSI RDX R8 R9 R10 R12 R13 R14 R15. */
const MESSAGE_REGISTERS = [4, 5, 3, 7, 8, 9, 11, 12, 13, 14] as const;
const IN_REGISTERS = MESSAGE_REGISTERS.length;
const MESSAGE_REGISTER_COUNT = 494;

/** Address of the IPC buffer (section 5): the first page of the frame. */
export function bufferOf(process: Process): number | undefined {
  const frame = process.own.process_ipc_buffer?.capability;
  return frame?.type === 'FRAME' ? frame.base : undefined;
}

/** Whether message registers 0…count−1 exist for the process. */
export function hasMessageRegisters(process: Process, count: number): boolean {
  return count <= IN_REGISTERS || (count <= MESSAGE_REGISTER_COUNT && bufferOf(process) !== undefined);
}

export function getMessageRegister(model: Model, process: Process, index: number): bigint {
  return index < IN_REGISTERS
    ? process.registers[MESSAGE_REGISTERS[index]!]!
    : readBuffer(model, process, index);
}

export function setMessageRegister(model: Model, process: Process, index: number, value: bigint): void {
  if (index < IN_REGISTERS) {
    process.registers[MESSAGE_REGISTERS[index]!] = value;
  } else {
    writeBuffer(model, process, index, value);
  }
}

/** Word of the IPC buffer; there is one. */
export function readBuffer(model: Model, process: Process, word: number): bigint {
  return model.pages.get(bufferOf(process)!)?.[word] ?? 0n;
}

export function writeBuffer(model: Model, process: Process, word: number, value: bigint): void {
  writeMemory(model, bufferOf(process)! + 8 * word, value);
}

export function writeMemory(model: Model, address: number, value: bigint): void {
  const base = address - (address % PAGE);
  const page = model.pages.get(base) ?? new BigUint64Array(PAGE / 8);
  model.pages.set(base, page);
  page[(address - base) / 8] = value;
}

// ---- Results -----------------------------------------------------------------------------------------------------

const ERRORS: Readonly<Record<Exclude<Outcome, 'success'>, bigint>> = {
  illegal_operation: 0n,
  permission_denied: 1n,
  invalid_descriptor: 2n,
  invalid_argument: 4n,
  fatal: 5n,
};

/** Success: MR0 = 1, MR1 stays. Failure: MR0 = 0, MR1 = error. */
export function setResult(model: Model, process: Process, outcome: Outcome): void {
  setMessageRegister(model, process, 0, outcome === 'success' ? 1n : 0n);
  if (outcome !== 'success') {
    setMessageRegister(model, process, 1, ERRORS[outcome]);
  }
}

/** The blocking call of a process that waits no more has ended. */
export function endCall(model: Model, process: Process, outcome: Outcome): void {
  setResult(model, process, outcome);
  model.ended.push({ operation: process.unfinished, outcome });
}

/** Ends the wait of a process that is in no queue any more. Rule: a faulter is suspended instead (section 12: "a dropped faulter"). */
export function endWait(model: Model, process: Process, outcome: Outcome): void {
  process.sending = undefined;
  if (process.fault !== undefined) {
    process.fault = undefined;
    process.state = 'BLOCKED_SUSPEND';
    return;
  }
  endCall(model, process, outcome);
  scheduler.makeReady(model, process);
}

// ---- Life --------------------------------------------------------------------------------------------------------

/** Forgets who waits for a reply of `process` (section 12): their call ends. */
export function dropReplyTarget(model: Model, process: Process): void {
  const caller = process.replyTarget;
  if (caller !== undefined) {
    process.replyTarget = undefined;
    caller.replySource = undefined;
    endWait(model, caller, 'illegal_operation');
  }
}

/** SUSPEND. Rule: an unfinished call of its own ends at once, with ILLEGAL, and who waits for its reply is dropped. */
export function suspendProcess(model: Model, process: Process): void {
  const isCalling = !['READY', 'UNUSED', 'BLOCKED_SUSPEND'].includes(process.state);
  if (process.state === 'READY') {
    scheduler.remove(model, process);
  }
  leaveIpcPort(model, process);
  leaveNotificationPort(model, process);
  if (process.replySource !== undefined) {
    process.replySource.replyTarget = undefined;
    process.replySource = undefined;
  }
  dropReplyTarget(model, process);
  if (isCalling && process.fault === undefined) {
    endCall(model, process, 'illegal_operation');
  }
  process.sending = undefined;
  process.fault = undefined;
  process.state = 'BLOCKED_SUSPEND';
}

const OWN_SLOTS: readonly OwnSlot[] = [
  'process_address_space',
  'process_root_node',
  'process_ipc_buffer',
  'process_notification_port',
  'process_resolver_port',
];

/** Destroyed or revoked: as a new process, but suspended. */
export function resetProcess(model: Model, process: Process): void {
  suspendProcess(model, process);
  for (const own of OWN_SLOTS) {
    const slot = process.own[own];
    if (slot !== undefined) {
      emptySlot(model, slot);
    }
  }
  Object.assign(process, newProcess(process.address), { state: 'BLOCKED_SUSPEND' });
  if (model.current === process) {
    model.current = undefined;
  }
}

export function newProcess(address: number): Process {
  return {
    address,
    state: 'UNUSED',
    priority: 0,
    quantum: FULL_QUANTUM,
    registers: newRegisters(),
    own: {},
    blockedOn: 0,
    replyTarget: undefined,
    replySource: undefined,
    sending: undefined,
    fault: undefined,
    unfinished: '',
  };
}
