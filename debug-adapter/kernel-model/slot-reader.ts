/** Reads capability slots. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols } from '../symbols/symbol-api.ts';
import type { KernelNames } from './a9n-names.ts';
import type { CapabilityContent } from './kernel-model.ts';
import {
  enumeratorNames,
  type FieldOf,
  fieldOf,
  findField,
  findVariable,
  nonZero,
  requiredFieldOf,
  requiredType,
} from './object-layout.ts';

export interface SlotReader {
  readonly size: number;
  /** The bytes of a slot; undefined if they cannot be read. */
  copy(slot: bigint): Uint8Array | undefined;
  /** In the ABI's words; NONE for an empty slot. */
  typeOf(bytes: Uint8Array): string;
  componentOf(bytes: Uint8Array): bigint | undefined;
  /** The next slot of the dependency list. */
  nextOf(bytes: Uint8Array): bigint | undefined;
  /** In the kernel's words; empty if the kernel does not say. */
  holderOf(bytes: Uint8Array): string;
  /** Undefined if the slot is empty. `bytes` is a copy of it. */
  decode(slot: bigint, bytes: Uint8Array): CapabilityContent | undefined;
  /** Undefined if the slot is empty or cannot be read. */
  read(slot: bigint): CapabilityContent | undefined;
}

export function slotReader(machine: Machine, symbols: ProgramSymbols, names: KernelNames): SlotReader {
  const type = requiredType(symbols, names.slot);
  const fields = names.slotFields;
  const kind = requiredFieldOf(type, fields.type);
  const rights = requiredFieldOf(type, fields.rights);
  const component = requiredFieldOf(type, fields.component);
  const next = requiredFieldOf(type, fields.next);
  const depth = fieldOf(type, fields.depth);
  const holder = fieldOf(type, fields.holder);
  const holderNames = enumeratorNames(findField(type, fields.holder)?.type);
  const typeNames = enumeratorNames(findField(type, fields.type)?.type);
  const memoryOf = {
    GENERIC: memoryReader({
      base: fieldOf(type, fields.genericBase),
      sizeBits: fieldOf(type, fields.genericSizeBits),
      isDevice: fieldOf(type, fields.genericIsDevice),
      watermark: fieldOf(type, fields.genericWatermark),
    }),
    FRAME: memoryReader({
      base: fieldOf(type, fields.frameBase),
      sizeBits: fieldOf(type, fields.frameSizeBits),
      isDevice: fieldOf(type, fields.frameIsDevice),
    }),
    ADDRESS_SPACE: memoryReader({ base: fieldOf(type, fields.addressSpaceBase) }),
    PAGE_TABLE: memoryReader({ base: fieldOf(type, fields.pageTableBase) }),
  };
  const tableDepth = fieldOf(type, fields.pageTableDepth);
  const identifier = fieldOf(type, fields.portIdentifier);
  const firstPort = fieldOf(type, fields.ioPortFirst);
  const lastPort = fieldOf(type, fields.ioPortLast);
  const irqOf = interruptNumbers(symbols, names);

  const typeOf = (bytes: Uint8Array): string => {
    const value = kind(bytes);
    return typeNames.get(value) ?? `type ${value}`;
  };
  const copy = (slot: bigint): Uint8Array | undefined => {
    const bytes = machine.readVirtual(BigInt.asUintN(64, slot), type.size);
    return bytes.length < type.size ? undefined : bytes;
  };
  const decode = (slot: bigint, bytes: Uint8Array): CapabilityContent | undefined => {
    const name = typeOf(bytes);
    if (name === 'NONE') return undefined;
    const content: CapabilityContent = {
      address: slot,
      type: name,
      rights: Number(rights(bytes)),
      depth: depth?.(bytes),
      component: nonZero(component(bytes)),
    };
    switch (name) {
      case 'GENERIC':
      case 'FRAME':
      case 'ADDRESS_SPACE':
        return { ...content, ...memoryOf[name](bytes) };
      case 'PAGE_TABLE':
        return { ...content, ...memoryOf[name](bytes), tableDepth: Number(tableDepth?.(bytes) ?? 0n) };
      case 'IPC_PORT':
      case 'NOTIFICATION_PORT':
        return { ...content, identifier: identifier?.(bytes) ?? 0n };
      case 'INTERRUPT_PORT': {
        const irq = irqOf(content.component);
        return irq === undefined ? content : { ...content, irq };
      }
      case 'IO_PORT':
        return { ...content, ioPorts: { first: firstPort?.(bytes) ?? 0n, last: lastPort?.(bytes) ?? 0n } };
      default:
        return content;
    }
  };
  return {
    size: type.size,
    copy,
    typeOf,
    componentOf: (bytes) => nonZero(component(bytes)),
    nextOf: (bytes) => nonZero(next(bytes)),
    holderOf: (bytes) => (holder === undefined ? '' : (holderNames.get(holder(bytes)) ?? '')),
    decode,
    read(slot) {
      const bytes = copy(slot);
      return bytes === undefined ? undefined : decode(slot, bytes);
    },
  };
}

function memoryReader(fields: {
  base: FieldOf | undefined;
  sizeBits?: FieldOf | undefined;
  isDevice?: FieldOf | undefined;
  watermark?: FieldOf | undefined;
}): (slot: Uint8Array) => Pick<CapabilityContent, 'memory'> {
  const { base, sizeBits, isDevice, watermark } = fields;
  if (base === undefined) return () => ({});
  return (slot) => ({
    memory: {
      base: base(slot),
      sizeBits: sizeBits === undefined ? undefined : Number(sizeBits(slot)),
      isDevice: isDevice?.(slot) === 1n,
      watermark: watermark?.(slot),
    },
  });
}

/** From an interrupt port's address to its IRQ. */
function interruptNumbers(
  symbols: ProgramSymbols,
  names: KernelNames,
): (port: bigint | undefined) => number | undefined {
  const ports = findVariable(symbols, names.interruptPorts);
  if (ports?.type.kind !== 'array' || ports.type.element.size < 1) return () => undefined;
  const size = BigInt(ports.type.element.size);
  const count = ports.type.count ?? 0;
  return (port) => {
    const index = port === undefined ? -1 : Number((port - ports.address) / size);
    return index >= 0 && index < count ? index : undefined;
  };
}
