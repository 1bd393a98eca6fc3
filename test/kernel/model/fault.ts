/** Faults (section 19): sent to the resolver port like a CALL, whose reply resumes. */
import { leaveIpcPort, linkForReply, waitAt, waitingReceiver } from './ipc-port.ts';
import { has, type Model, type Process, READ, WRITE } from './model.ts';
import { endCall, hasMessageRegisters, setMessageRegister, suspendProcess } from './process.ts';
import { CONTEXT, CONTEXT_WORDS } from './registers.ts';
import * as scheduler from './scheduler.ts';

export const FAULT = {
  MEMORY: 1,
  MEMORY_INSTRUCTION_FETCH: 2,
  INVALID_INSTRUCTION: 3,
  INVALID_ARITHMETIC: 4,
  INVALID_KERNEL_CALL: 5,
  FATAL: 6,
  ARCHITECTURE: 7,
} as const;

/** Type, program counter, call number and the context. */
export const KERNEL_CALL_FAULT_LENGTH = 3 + CONTEXT_WORDS;

const SOURCE_FAULT = 1n;

/** The current process faulted. The resolver slot needs READ and WRITE; without one, or after a FATAL fault, it is suspended. */
export function raiseFault(model: Model, process: Process, type: number, detail: bigint, code: bigint): void {
  const resolver = process.own.process_resolver_port;
  const isUsable = resolver !== undefined && has(resolver, READ | WRITE) && type !== FAULT.FATAL;
  if (!isUsable || resolver.capability.type !== 'IPC_PORT') {
    process.fault = { type, detail, code, identifier: 0n };
    log(model, describe(process, type, detail, code));
    suspendProcess(model, process);
    return;
  }
  process.fault = { type, detail, code, identifier: resolver.capability.identifier };
  const port = model.ipcPorts.get(resolver.capability.object)!;
  const receiver = waitingReceiver(port);
  if (receiver === undefined) {
    process.state = 'BLOCKED_FAULT';
    waitAt(port, process, 'senders');
    return;
  }
  leaveIpcPort(model, receiver);
  deliverFault(model, process, receiver);
  linkForReply(process, receiver);
  scheduler.switchDirectly(model, receiver);
}

/** Fault type 5 comes with the whole context if the receiver has registers for it, otherwise without. */
export function deliverFault(model: Model, faulter: Process, receiver: Process): void {
  const { type, detail, code, identifier } = faulter.fault!;
  const isMemory = type === FAULT.MEMORY || type === FAULT.MEMORY_INSTRUCTION_FETCH;
  const hasContext =
    type === FAULT.INVALID_KERNEL_CALL && hasMessageRegisters(receiver, 4 + KERNEL_CALL_FAULT_LENGTH);
  const payload = [BigInt(type), faulter.registers[CONTEXT.RIP], detail];
  if (isMemory) {
    payload.push(code);
  }
  if (hasContext) {
    payload.push(...faulter.registers);
  }
  endCall(model, receiver, 'success');
  setMessageRegister(model, receiver, 1, 0n);
  setMessageRegister(model, receiver, 2, (SOURCE_FAULT << 13n) | (BigInt(payload.length) << 1n));
  setMessageRegister(model, receiver, 3, identifier);
  payload.forEach((word, i) => {
    setMessageRegister(model, receiver, 4 + i, word);
  });
  model.ended.push({ operation: `fault.${NAMES[type].replaceAll(' ', '_')}`, outcome: 'success' });
}

// ---- The log line ------------------------------------------------------------------------------------------------

const NAMES: Readonly<Record<number, string>> = {
  1: 'memory',
  2: 'memory instruction fetch',
  3: 'invalid instruction',
  4: 'invalid arithmetic',
  5: 'invalid kernel call',
  6: 'fatal',
  7: 'architecture',
};

function describe(process: Process, type: number, detail: bigint, code: bigint): string {
  const name =
    type === FAULT.MEMORY_INSTRUCTION_FETCH ? 'instruction fetch' : (NAMES[type] ?? 'architecture');
  const [pc, detailText, codeText] = [process.registers[CONTEXT.RIP], detail, code].map(
    (word) => `0x${word.toString(16).padStart(16, '0')}`,
  );
  return `A9N: process suspended by a fault without resolver: ${name} at ${pc}, detail ${detailText}, code ${codeText}\n`;
}

/** The kernel's own words on its console. */
export function log(model: Model, text: string): void {
  for (const character of text) {
    model.effects.push({ kind: 'console', character: character.charCodeAt(0) });
  }
}
