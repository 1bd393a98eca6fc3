/** The model of a kernel that names its objects as one row of `a9n-names.ts` says. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols } from '../symbols/symbol-api.ts';
import type { KernelNames } from './a9n-names.ts';
import type {
  CapabilityContent,
  KernelModel,
  KernelProcess,
  NodeContent,
  PlacedCapability,
} from './kernel-model.ts';
import {
  findVariable,
  nonZero,
  readUnsigned,
  requiredField,
  requiredFieldReader,
  requiredType,
  requiredVariable,
} from './object-layout.ts';
import { portReader } from './port-reader.ts';
import { processReader } from './process-reader.ts';
import { type NodeRange, placeFinder } from './slot-places.ts';
import { type SlotReader, slotReader } from './slot-reader.ts';

/** More slots than that are a damaged list. */
const MOST_SLOTS = 1 << 20;
const LARGEST_RADIX = 20;
const POINTER = 8;

/** Throws LayoutError if the kernel's debug information has no such names. */
export function createA9nModel(machine: Machine, symbols: ProgramSymbols, names: KernelNames): KernelModel {
  const currentProcessPointer = requiredVariable(symbols, names.currentProcess).address;
  const dependencyList = requiredVariable(symbols, names.dependencyList).address;
  const slots = slotReader(machine, symbols, names);
  const processes = processReader(machine, symbols, names, slots);
  const nodes = nodeReader(machine, symbols, names, slots);
  const placeOf = placeFinder(symbols, names, slots.size);
  let known: { readonly instructionCount: number; readonly processes: readonly KernelProcess[] } | undefined;

  const currentProcess = () => nonZero(readUnsigned(machine, currentProcessPointer, POINTER));

  /** The slots of the dependency list, and their bytes. */
  const linkedSlots = (): { readonly slot: bigint; readonly bytes: Uint8Array }[] => {
    const found: { slot: bigint; bytes: Uint8Array }[] = [];
    let slot = nonZero(readUnsigned(machine, dependencyList, POINTER));
    while (slot !== undefined && found.length < MOST_SLOTS) {
      const bytes = slots.copy(slot);
      if (bytes === undefined) break;
      found.push({ slot, bytes });
      slot = slots.nextOf(bytes);
    }
    return found;
  };

  const findProcesses = (): KernelProcess[] => {
    const addresses = new Set<bigint>();
    for (const { bytes } of linkedSlots()) {
      const process = slots.typeOf(bytes) === 'PROCESS_CONTROL_BLOCK' ? slots.componentOf(bytes) : undefined;
      if (process !== undefined) addresses.add(process);
    }
    const current = currentProcess();
    if (current !== undefined) addresses.add(current);
    return [...addresses].flatMap((address) => {
      const process = processes.read(address);
      return process?.addressSpaceRoot === undefined ? [] : [process];
    });
  };

  const enteredContext = requiredVariable(symbols, names.enteredContext).address;

  const unfinishedWork = findVariable(symbols, names.unfinishedWork);

  return {
    currentProcess,
    isRevocationUnfinished: () =>
      unfinishedWork !== undefined &&
      nonZero(readUnsigned(machine, unfinishedWork.address, unfinishedWork.type.size)) !== undefined,
    enteredProcess() {
      const context = nonZero(readUnsigned(machine, enteredContext, POINTER));
      return context === undefined ? undefined : context - processes.contextOffset;
    },
    processes() {
      const { instructionCount } = machine;
      if (known?.instructionCount !== instructionCount)
        known = { instructionCount, processes: findProcesses() };
      return known.processes;
    },
    process: processes.read,
    nodeRadix: nodes.radix,
    node: nodes.read,
    capabilities() {
      const linked = linkedSlots();
      const ranges = nodes.rangesOf(
        linked.flatMap(({ bytes }) => (slots.typeOf(bytes) === 'NODE' ? [slots.componentOf(bytes)] : [])),
      );
      return linked.flatMap(({ slot, bytes }): PlacedCapability[] => {
        const content = slots.decode(slot, bytes);
        if (content === undefined) return [];
        const place = placeOf(slot, slots.holderOf(bytes), ranges);
        const radix =
          content.type === 'NODE' && content.component !== undefined
            ? nodes.radix(content.component)
            : undefined;
        return [radix === undefined ? { ...content, place } : { ...content, place, radix }];
      });
    },
    ...portReader(machine, symbols, names, slots),
  };
}

function nodeReader(machine: Machine, symbols: ProgramSymbols, names: KernelNames, slots: SlotReader) {
  const type = requiredType(symbols, names.node);
  const radixOf = requiredFieldReader(machine, type, names.nodeFields.radix);
  const firstSlot = BigInt(requiredField(type, names.nodeFields.slots).offset);
  const radix = (address: bigint): number | undefined => {
    const value = radixOf(address);
    return value === undefined || value > BigInt(LARGEST_RADIX) ? undefined : Number(value);
  };
  return {
    radix,
    read(address: bigint): NodeContent | undefined {
      const bits = radix(address);
      if (bits === undefined) return undefined;
      const start = address + firstSlot;
      const bytes = machine.readVirtual(start, slots.size * 2 ** bits);
      const used: { index: number; content: CapabilityContent }[] = [];
      for (let index = 0; (index + 1) * slots.size <= bytes.length; index++) {
        const content = slots.decode(
          start + BigInt(index * slots.size),
          bytes.subarray(index * slots.size, (index + 1) * slots.size),
        );
        if (content !== undefined) used.push({ index, content });
      }
      return { radix: bits, slots: used };
    },
    /** Sorted by address, each node once. */
    rangesOf(addresses: readonly (bigint | undefined)[]): NodeRange[] {
      return [...new Set(addresses)]
        .flatMap((node) => {
          const bits = node === undefined ? undefined : radix(node);
          return node === undefined || bits === undefined
            ? []
            : [{ node, firstSlot: node + firstSlot, slotCount: 2 ** bits }];
        })
        .sort((a, b) => (a.firstSlot < b.firstSlot ? -1 : 1));
    },
  };
}
