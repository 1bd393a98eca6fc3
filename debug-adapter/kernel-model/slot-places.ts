/** Finds out where slots are: in which node, process or interrupt port. */
import type { ProgramSymbols } from '../symbols/symbol-api.ts';
import type { KernelNames } from './a9n-names.ts';
import type { SlotPlace } from './kernel-model.ts';
import { findField, findVariable, plainType, requiredType } from './object-layout.ts';

/** Memory that holds slots of one node. */
export interface NodeRange {
  readonly node: bigint;
  readonly firstSlot: bigint;
  readonly slotCount: number;
}

export type PlaceOf = (slot: bigint, holder: string, nodes: readonly NodeRange[]) => SlotPlace;

/** `nodes` are sorted by address. */
export function placeFinder(symbols: ProgramSymbols, names: KernelNames, slotSize: number): PlaceOf {
  const process = requiredType(symbols, names.process);
  const offsets = new Map(
    Object.entries(names.processHolders).flatMap(([holder, path]) => {
      const field = findField(process, path);
      return field === undefined ? [] : [[holder, BigInt(field.offset)] as const];
    }),
  );
  const ports = findVariable(symbols, names.interruptPorts);
  const port = ports?.type.kind === 'array' ? plainType(ports.type.element) : undefined;
  const lines = ports?.type.kind === 'array' ? (ports.type.count ?? 0) : 0;

  return (slot, holder, nodes) => {
    const inProcess = offsets.get(holder);
    if (inProcess !== undefined) return { holder, owner: slot - inProcess, index: 0 };
    const inNode = findNode(nodes, slot);
    if (inNode !== undefined) {
      const index = Number(slot - inNode.firstSlot) / slotSize;
      return { holder, owner: inNode.node, index };
    }
    if (ports !== undefined && port !== undefined && port.size > 0 && slot >= ports.address) {
      const irq = Number(slot - ports.address) / port.size;
      if (irq < lines) {
        const index = Math.floor(irq);
        return { holder, owner: ports.address + BigInt(index * port.size), index };
      }
    }
    return { holder, owner: undefined, index: 0 };
  };

  function findNode(nodes: readonly NodeRange[], slot: bigint): NodeRange | undefined {
    let low = 0;
    let high = nodes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (nodes[middle].firstSlot <= slot) low = middle + 1;
      else high = middle;
    }
    const candidate = low === 0 ? undefined : nodes[low - 1];
    return candidate !== undefined && slot < candidate.firstSlot + BigInt(candidate.slotCount * slotSize)
      ? candidate
      : undefined;
  }
}
