/** Kernel entries: each does its work, then the scheduler says who goes on. */
import { capabilityCall } from './capability-call.ts';
import { FAULT, log, raiseFault } from './fault.ts';
import { deliverInterrupt } from './interrupts.ts';
import type { Effect, KernelEvent } from './kernel-state.ts';
import type { Model, Process } from './model.ts';
import { getMessageRegister, setMessageRegister, writeMemory } from './process.ts';
import { CONTEXT, ENTERED_BY_CALL, ENTERED_OTHERWISE } from './registers.ts';
import * as scheduler from './scheduler.ts';

const CAPABILITY_CALL = -1n;
const YIELD = -2n;
const DEBUG = -3n;

/**
 * What happens to the kernel, and what it does to the outside by that. Nothing happens to a halted kernel; calls and faults need a
 * process that runs, interrupts a line that is not masked.
 */
export function step(model: Model, event: KernelEvent): readonly Effect[] {
  model.effects = [];
  model.ended = [];
  if (model.isHalted || !isPossible(model, event)) {
    return [];
  }
  if (event.kind === 'write') {
    event.words.forEach((word, i) => {
      writeMemory(model, event.address + 8 * i, word);
    });
    return [];
  }
  if (model.current !== undefined) {
    model.current.registers[CONTEXT.ENTER_FROM] = event.kind === 'call' ? ENTERED_BY_CALL : ENTERED_OTHERWISE;
  }
  enter(model, event);
  scheduler.choose(model);
  haltIfNobodyCanRun(model);
  return model.effects;
}

function isPossible(model: Model, event: KernelEvent): boolean {
  switch (event.kind) {
    case 'call':
    case 'fault':
      return model.current !== undefined;
    case 'interrupt':
      return model.interruptPorts.get(event.irq)?.isMasked === false;
    default:
      return true;
  }
}

function enter(model: Model, event: Exclude<KernelEvent, { kind: 'write' }>): void {
  switch (event.kind) {
    case 'call':
      kernelCall(model, model.current!, event.callType, event.registers);
      break;
    case 'fault':
      raiseFault(model, model.current!, event.type, event.detail, event.code);
      break;
    case 'tick':
      scheduler.tick(model);
      break;
    case 'interrupt':
      deliverInterrupt(model, event.irq);
      break;
  }
}

/** SYSCALL: RAX is the call type, RCX the program counter and R11 the flags (section 1). */
function kernelCall(model: Model, caller: Process, callType: bigint, registers: readonly bigint[]): void {
  caller.registers[CONTEXT.RAX] = BigInt.asUintN(64, callType);
  registers.forEach((value, i) => {
    setMessageRegister(model, caller, i, value);
  });
  switch (BigInt.asIntN(64, callType)) {
    case CAPABILITY_CALL:
      capabilityCall(model, caller);
      break;
    case YIELD:
      scheduler.giveUp(model);
      model.ended.push({ operation: 'kernel_call.yield', outcome: 'success' });
      break;
    case DEBUG: {
      const character = Number(getMessageRegister(model, caller, 0) & 0xffn);
      model.effects.push({ kind: 'console', character });
      model.ended.push({ operation: 'kernel_call.debug', outcome: 'success' });
      break;
    }
    default:
      raiseFault(model, caller, FAULT.INVALID_KERNEL_CALL, BigInt.asUintN(64, callType), 0n);
  }
}

/** Rule: the kernel halts with a message when nobody can run and no interrupt could change that. */
function haltIfNobodyCanRun(model: Model): void {
  const isAnyBound = [...model.interruptPorts.values()].some((port) => port.binding !== undefined);
  if (model.current === undefined && !isAnyBound) {
    log(
      model,
      'A9N: no process can ever run again: all are blocked, and no interrupt is bound\nA9N: halted\n',
    );
    model.isHalted = true;
  }
}
