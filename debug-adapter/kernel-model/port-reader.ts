/** Reads what processes wait in: ready queues, IPC ports, notification ports; and interrupt ports. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols, Type } from '../symbols/symbol-api.ts';
import type { KernelNames } from './a9n-names.ts';
import type { InterruptPortContent, KernelModel } from './kernel-model.ts';
import {
  enumeratorNames,
  fieldReader,
  findField,
  findVariable,
  nonZero,
  plainType,
  readUnsigned,
} from './object-layout.ts';
import type { SlotReader } from './slot-reader.ts';

/** A queue with more processes than that is a damaged list. */
const MOST_WAITERS = 1 << 16;

export type PortReader = Pick<KernelModel, 'readyQueues' | 'ipcPort' | 'notificationPort' | 'interruptPorts'>;

export function portReader(
  machine: Machine,
  symbols: ProgramSymbols,
  names: KernelNames,
  slots: SlotReader,
): PortReader {
  const waitersOf = queueReader(machine, symbols, names);
  return {
    readyQueues: readyQueueReader(symbols, names, waitersOf),
    ipcPort: ipcPortReader(machine, symbols, names, waitersOf),
    notificationPort: notificationPortReader(machine, symbols, names, waitersOf),
    interruptPorts: interruptPortReader(machine, symbols, names, slots),
  };
}

/** From the address of a queue to the processes in it. */
type WaitersOf = (queue: bigint) => bigint[];

function queueReader(machine: Machine, symbols: ProgramSymbols, names: KernelNames): WaitersOf {
  const first = fieldReader(machine, typeOf(symbols, names.processQueue), names.queueFields.first);
  const next = fieldReader(machine, typeOf(symbols, names.process), names.processFields.queueNext);
  return (queue) => {
    const waiters: bigint[] = [];
    let process = nonZero(first(queue));
    while (process !== undefined && waiters.length < MOST_WAITERS) {
      waiters.push(process);
      process = nonZero(next(process));
    }
    return waiters;
  };
}

function readyQueueReader(
  symbols: ProgramSymbols,
  names: KernelNames,
  waitersOf: WaitersOf,
): KernelModel['readyQueues'] {
  const queues = findVariable(symbols, names.readyQueues);
  if (queues?.type.kind !== 'array') return () => [];
  const { address, type } = queues;
  const size = type.element.size;
  const count = type.count ?? 0;
  return () => Array.from({ length: count }, (_, index) => waitersOf(address + BigInt(index * size)));
}

function ipcPortReader(
  machine: Machine,
  symbols: ProgramSymbols,
  names: KernelNames,
  waitersOf: WaitersOf,
): KernelModel['ipcPort'] {
  const type = typeOf(symbols, names.ipcPort);
  const fields = names.ipcPortFields;
  const state = fieldReader(machine, type, fields.state);
  const place = type === undefined ? undefined : findField(type, fields.state);
  const stateNames = enumeratorNames(place?.type);
  const waiters = offsetOf(type, fields.waiters);
  return (address) => {
    const value = state(address);
    if (value === undefined || waiters === undefined) return undefined;
    const name = stateNames.get(value);
    const waiting = name === 'HAS_SENDERS' ? 'senders' : name === 'HAS_RECEIVERS' ? 'receivers' : 'nobody';
    return { waiting, waiters: waitersOf(address + waiters) };
  };
}

function notificationPortReader(
  machine: Machine,
  symbols: ProgramSymbols,
  names: KernelNames,
  waitersOf: WaitersOf,
): KernelModel['notificationPort'] {
  const type = typeOf(symbols, names.notificationPort);
  const fields = names.notificationPortFields;
  const flagsOf = fieldReader(machine, type, fields.flags);
  const bound = fieldReader(machine, type, fields.boundProcess);
  const waiters = offsetOf(type, fields.waiters);
  return (address) => {
    const flags = flagsOf(address);
    if (flags === undefined || waiters === undefined) return undefined;
    return { flags, waiters: waitersOf(address + waiters), bound: nonZero(bound(address)) };
  };
}

function interruptPortReader(
  machine: Machine,
  symbols: ProgramSymbols,
  names: KernelNames,
  slots: SlotReader,
): KernelModel['interruptPorts'] {
  const ports = findVariable(symbols, names.interruptPorts);
  if (ports?.type.kind !== 'array') return () => [];
  const { address: first, type } = ports;
  const element = plainType(type.element);
  const reserved = findField(element, names.interruptPortFields.isReserved);
  const binding = offsetOf(element, names.interruptPortFields.binding);
  if (reserved === undefined || binding === undefined) return () => [];
  const count = type.count ?? 0;
  return () => {
    const found: InterruptPortContent[] = [];
    for (let irq = 0; irq < count; irq++) {
      const address = first + BigInt(irq * element.size);
      if (readUnsigned(machine, address + BigInt(reserved.offset), plainType(reserved.type).size) !== 1n)
        continue;
      found.push({ address, irq, binding: slots.read(address + binding) });
    }
    return found;
  };
}

function typeOf(symbols: ProgramSymbols, name: string): Type | undefined {
  const type = symbols.typeNamed(name);
  return type === undefined ? undefined : plainType(type);
}

function offsetOf(type: Type | undefined, path: string): bigint | undefined {
  const place = type === undefined ? undefined : findField(type, path);
  return place === undefined ? undefined : BigInt(place.offset);
}
