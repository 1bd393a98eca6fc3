/** The model of a kernel that names its objects as one row of `a9n-names.ts` says. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols, Type } from '../symbols/symbol-api.ts';
import type { KernelNames } from './a9n-names.ts';
import type { CapabilityContent, KernelModel, KernelProcess, NodeContent } from './kernel-model.ts';
import {
  enumeratorNames,
  fieldReader,
  findField,
  LayoutError,
  plainType,
  readFieldOf,
  readUnsigned,
  requiredFieldReader,
} from './object-layout.ts';

/** More slots than that are a damaged list. */
const MOST_SLOTS = 1 << 20;
const LARGEST_RADIX = 20;
const POINTER = 8;

/** Throws LayoutError if the kernel's debug information has no such names. */
export function createA9nModel(machine: Machine, symbols: ProgramSymbols, names: KernelNames): KernelModel {
  const currentProcessPointer = placeInGlobal(symbols, names.currentProcess);
  const dependencyList = globalAddress(symbols, names.dependencyList);
  const slots = slotReader(machine, symbols, names);
  const readProcess = processReader(machine, symbols, names, slots);
  const nodes = nodeReader(machine, symbols, names, slots);
  let known: { readonly instructionCount: number; readonly processes: readonly KernelProcess[] } | undefined;

  const currentProcess = () => nonZero(readUnsigned(machine, currentProcessPointer, POINTER));

  const findProcesses = (): KernelProcess[] => {
    const addresses = new Set<bigint>();
    let slot = nonZero(readUnsigned(machine, dependencyList, POINTER));
    for (let count = 0; slot !== undefined && count < MOST_SLOTS; count++) {
      const { process, next } = slots.glance(slot);
      if (process !== undefined) addresses.add(process);
      slot = next;
    }
    const current = currentProcess();
    if (current !== undefined) addresses.add(current);
    return [...addresses].flatMap((address) => {
      const process = readProcess(address);
      return process?.addressSpaceRoot === undefined ? [] : [process];
    });
  };

  const enteredContext = placeInGlobal(symbols, names.enteredContext);
  const contextOffset = BigInt(
    requiredField(requiredType(symbols, names.process), names.processFields.context).offset,
  );

  return {
    currentProcess,
    enteredProcess() {
      const context = nonZero(readUnsigned(machine, enteredContext, POINTER));
      return context === undefined ? undefined : context - contextOffset;
    },
    processes() {
      const { instructionCount } = machine;
      if (known?.instructionCount !== instructionCount)
        known = { instructionCount, processes: findProcesses() };
      return known.processes;
    },
    process: readProcess,
    ...nodes,
  };
}

interface SlotReader {
  readonly size: number;
  /** What finding the processes needs of a slot: there may be thousands. `next`: the dependency list's. */
  glance(slot: bigint): { readonly process: bigint | undefined; readonly next: bigint | undefined };
  /** A slot's bytes hold a capability. */
  isUsed(bytes: Uint8Array): boolean;
  /** Undefined if the slot is empty or unreadable. */
  read(slot: bigint): CapabilityContent | undefined;
}

function slotReader(machine: Machine, symbols: ProgramSymbols, names: KernelNames): SlotReader {
  const type = requiredType(symbols, names.slot);
  const fields = names.slotFields;
  const required = (path: string) => requiredFieldReader(machine, type, path);
  const optional = (path: string) => fieldReader(machine, type, path);
  const kind = required(fields.type);
  const rights = required(fields.rights);
  const component = required(fields.component);
  const nextField = requiredField(type, fields.next);
  const kindField = requiredField(type, fields.type);
  const componentField = requiredField(type, fields.component);
  const depth = optional(fields.depth);
  const memoryOf = {
    GENERIC: memoryReader(
      optional,
      fields.genericBase,
      fields.genericSizeBits,
      fields.genericIsDevice,
      fields.genericWatermark,
    ),
    FRAME: memoryReader(optional, fields.frameBase, fields.frameSizeBits, fields.frameIsDevice, undefined),
    ADDRESS_SPACE: memoryReader(optional, fields.addressSpaceBase, undefined, undefined, undefined),
    PAGE_TABLE: memoryReader(optional, fields.pageTableBase, undefined, undefined, undefined),
  };
  const tableDepth = optional(fields.pageTableDepth);
  const identifier = optional(fields.portIdentifier);
  const firstPort = optional(fields.ioPortFirst);
  const lastPort = optional(fields.ioPortLast);
  const irqOf = interruptNumbers(symbols, names);
  const typeNames = enumeratorNames(findField(type, fields.type)?.type);
  const typeName = (slot: bigint): string => {
    const value = kind(slot);
    return value === undefined ? 'NONE' : (typeNames.get(value) ?? `type ${value}`);
  };
  return {
    size: type.size,
    glance(slot) {
      const bytes = machine.readVirtual(slot, type.size);
      const isProcess = typeNames.get(readFieldOf(bytes, kindField)) === 'PROCESS_CONTROL_BLOCK';
      return {
        process: isProcess ? nonZero(readFieldOf(bytes, componentField)) : undefined,
        next: nonZero(readFieldOf(bytes, nextField)),
      };
    },
    isUsed: (bytes) => typeNames.get(readFieldOf(bytes, kindField)) !== 'NONE',
    read(slot) {
      const name = typeName(slot);
      if (name === 'NONE') return undefined;
      const content: CapabilityContent = {
        address: slot,
        type: name,
        rights: Number(rights(slot) ?? 0n),
        depth: depth(slot),
        component: nonZero(component(slot)),
      };
      switch (name) {
        case 'GENERIC':
        case 'FRAME':
        case 'ADDRESS_SPACE':
          return { ...content, ...memoryOf[name](slot) };
        case 'PAGE_TABLE':
          return { ...content, ...memoryOf[name](slot), tableDepth: Number(tableDepth(slot) ?? 0n) };
        case 'IPC_PORT':
        case 'NOTIFICATION_PORT':
          return { ...content, identifier: identifier(slot) ?? 0n };
        case 'INTERRUPT_PORT': {
          const irq = irqOf(component(slot));
          return irq === undefined ? content : { ...content, irq };
        }
        case 'IO_PORT':
          return { ...content, ioPorts: { first: firstPort(slot) ?? 0n, last: lastPort(slot) ?? 0n } };
        default:
          return content;
      }
    },
  };
}

/** From an interrupt port's address to its IRQ. */
function interruptNumbers(
  symbols: ProgramSymbols,
  names: KernelNames,
): (port: bigint | undefined) => number | undefined {
  const ports = symbols.globalNamed(names.interruptPorts);
  const type = ports === undefined ? undefined : plainType(ports.type);
  if (type?.kind !== 'array' || type.element.size < 1) return () => undefined;
  const first = globalAddress(symbols, names.interruptPorts);
  const size = BigInt(type.element.size);
  const count = type.count ?? 0;
  return (port) => {
    const index = port === undefined ? -1 : Number((port - first) / size);
    return index >= 0 && index < count ? index : undefined;
  };
}

function memoryReader(
  field: (path: string) => (address: bigint) => bigint | undefined,
  basePath: string,
  sizePath: string | undefined,
  devicePath: string | undefined,
  watermarkPath: string | undefined,
): (slot: bigint) => Pick<CapabilityContent, 'memory'> {
  const base = field(basePath);
  const sizeBits = sizePath === undefined ? undefined : field(sizePath);
  const isDevice = devicePath === undefined ? undefined : field(devicePath);
  const watermark = watermarkPath === undefined ? undefined : field(watermarkPath);
  return (slot) => {
    const start = base(slot);
    if (start === undefined) return {};
    const size = sizeBits?.(slot);
    return {
      memory: {
        base: start,
        sizeBits: size === undefined ? undefined : Number(size),
        isDevice: isDevice?.(slot) === 1n,
        watermark: watermark?.(slot),
      },
    };
  };
}

function processReader(machine: Machine, symbols: ProgramSymbols, names: KernelNames, slots: SlotReader) {
  const type = requiredType(symbols, names.process);
  const fields = names.processFields;
  const state = requiredFieldReader(machine, type, fields.state);
  const stateNames = enumeratorNames(findField(type, fields.state)?.type);
  const priority = fieldReader(machine, type, fields.priority);
  const blockedOn = fields.blockedOn.map((path) => fieldReader(machine, type, path));
  const addressSpace = requiredField(type, fields.addressSpace).offset;
  const rootNode = requiredField(type, fields.rootNode).offset;
  const context = requiredField(type, fields.context);
  const contextType = plainType(context.type);
  const registers = (contextType.kind === 'structure' ? contextType.members : [])
    .filter((member) => plainType(member.type).size === POINTER && plainType(member.type).kind === 'base')
    .map(({ name, offset }) => ({ name, offset: BigInt(context.offset + offset) }));
  if (registers.length === 0)
    throw new LayoutError(`its type ${names.process} has no registers in "${fields.context}"`);

  return (address: bigint): KernelProcess | undefined => {
    const stateValue = state(address);
    if (stateValue === undefined) return undefined;
    const space = slots.read(address + BigInt(addressSpace));
    const root = slots.read(address + BigInt(rootNode));
    const priorityValue = priority(address);
    return {
      address,
      state: stateNames.get(stateValue) ?? `state ${stateValue}`,
      priority: priorityValue === undefined ? undefined : Number(priorityValue),
      addressSpaceRoot: space?.memory === undefined ? undefined : Number(space.memory.base),
      rootNode: root?.component,
      blockedOn: blockedOn.map((read) => nonZero(read(address))).find((port) => port !== undefined),
      savedRegisters: new Map(
        registers.map(
          ({ name, offset }) => [name, readUnsigned(machine, address + offset, POINTER) ?? 0n] as const,
        ),
      ),
    };
  };
}

function nodeReader(machine: Machine, symbols: ProgramSymbols, names: KernelNames, slots: SlotReader) {
  const type = requiredType(symbols, names.node);
  const radixOf = requiredFieldReader(machine, type, names.nodeFields.radix);
  const firstSlot = BigInt(requiredField(type, names.nodeFields.slots).offset);
  const nodeRadix = (address: bigint): number | undefined => {
    const radix = radixOf(address);
    return radix === undefined || radix > BigInt(LARGEST_RADIX) ? undefined : Number(radix);
  };
  const node = (address: bigint): NodeContent | undefined => {
    const radix = nodeRadix(address);
    if (radix === undefined) return undefined;
    const start = address + firstSlot;
    const bytes = machine.readVirtual(start, slots.size * 2 ** radix);
    const used: { index: number; content: CapabilityContent }[] = [];
    for (let index = 0; (index + 1) * slots.size <= bytes.length; index++) {
      if (!slots.isUsed(bytes.subarray(index * slots.size, (index + 1) * slots.size))) continue;
      const content = slots.read(start + BigInt(index * slots.size));
      if (content !== undefined) used.push({ index, content });
    }
    return { radix, slots: used };
  };
  return { nodeRadix, node };
}

function requiredType(symbols: ProgramSymbols, name: string): Type {
  const type = symbols.typeNamed(name);
  if (type !== undefined) return plainType(type);
  throw new LayoutError(`it has no type ${name}`);
}

function requiredField(type: Type, path: string) {
  const field = findField(type, path);
  if (field !== undefined) return field;
  throw new LayoutError(`its type ${type.name ?? 'without name'} has no member "${path}"`);
}

/** Address of a variable or of a part of one: `variable`, `variable.field`, `variable[3].field.inner`. */
export function placeInGlobal(symbols: ProgramSymbols, path: string): bigint {
  const [, name, index, field] = /^([^.[]+)(?:\[(\d+)\])?(?:\.(.+))?$/.exec(path) ?? [];
  const start = globalAddress(symbols, name);
  const variable = symbols.globalNamed(name);
  let type = variable === undefined ? undefined : plainType(variable.type);
  let offset = 0;
  if (index !== undefined) {
    if (type?.kind !== 'array') throw new LayoutError(`its variable ${name} is no array`);
    type = plainType(type.element);
    offset = Number(index) * type.size;
  }
  if (type === undefined || field === undefined) return start + BigInt(offset);
  return start + BigInt(offset + requiredField(type, field).offset);
}

function globalAddress(symbols: ProgramSymbols, name: string): bigint {
  const variable = symbols.globalNamed(name);
  const storage = variable?.locate({
    pc: 0n,
    pcIsExact: true,
    readRegister: () => undefined,
    readMemory: () => undefined,
  }).storage;
  if (storage?.kind === 'memory') return storage.address;
  throw new LayoutError(`it has no variable ${name}`);
}

function nonZero(value: bigint | undefined): bigint | undefined {
  return value === 0n ? undefined : value;
}
