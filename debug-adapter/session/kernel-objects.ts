/** Custom requests about capability spaces. */
import type {
  CapabilitySlot,
  CapabilitySlotsResponse,
  CapabilitySpacesResponse,
} from '../custom-requests.ts';
import type { CapabilityContent } from '../kernel-model/kernel-model.ts';
import { sizeText } from '../kernel-model/page-table.ts';
import { object, text } from '../protocol/argument-shape.ts';
import { RequestError } from '../protocol/protocol-server.ts';
import { hexadecimal, physicalReference } from '../target/memory-reference.ts';
import type { Target } from '../target/target.ts';
import type { Session } from './session.ts';

/** Descriptor bits before the root node's index: the depth byte. */
const DEPTH_BITS = 8;

/** A node with the way that leads to it, which the descriptors of its slots begin with. */
interface NodeReference {
  readonly address: bigint;
  /** Descriptor bits used on the way, depth byte included. */
  readonly usedBits: number;
  /** The indexes on the way, in their place in the descriptor. */
  readonly prefix: bigint;
}

export function registerKernelObjects(session: Session): void {
  const { server } = session;
  server.onRequest('a9n/capabilitySpaces', object({}), () =>
    capabilitySpaces(session.requireLaunched().target),
  );
  server.onRequest('a9n/capabilitySlots', object({ nodeReference: text }), ({ nodeReference }) =>
    capabilitySlots(session.requireLaunched().target, parseNodeReference(nodeReference)),
  );
}

function capabilitySpaces(target: Target): CapabilitySpacesResponse {
  const spaces = target.threads().flatMap(({ id, name, details }) => {
    const node = details?.rootNode === undefined ? undefined : target.model.node(details.rootNode);
    if (details?.rootNode === undefined || node === undefined) return [];
    const reference = { address: details.rootNode, usedBits: DEPTH_BITS, prefix: 0n };
    return [
      {
        threadId: id,
        process: name,
        nodeReference: nodeReferenceText(reference),
        radix: node.radix,
        usedSlots: node.slots.length,
      },
    ];
  });
  return { spaces };
}

function capabilitySlots(target: Target, reference: NodeReference): CapabilitySlotsResponse {
  const node = target.model.node(reference.address);
  if (node === undefined) {
    throw new RequestError(`There is no capability node at ${hexadecimal(reference.address)} any more.`);
  }
  const usedBits = reference.usedBits + node.radix;
  const slots = node.slots.map(({ index, content }): CapabilitySlot => {
    // Deeper than 64 bits no descriptor reaches.
    const reachable = usedBits <= 64;
    const prefix = reachable ? reference.prefix | (BigInt(index) << BigInt(64 - usedBits)) : reference.prefix;
    const descriptor = reachable
      ? hexadecimal((BigInt(usedBits - DEPTH_BITS) << 56n) | prefix)
      : 'out of reach';
    const {
      object: described,
      properties,
      memoryReference,
    } = describeObject(target, content, reference.address);
    const slot: CapabilitySlot = {
      index,
      type: content.type,
      rights: rightsText(content.rights),
      descriptor,
      object: described,
      properties: [...properties, { name: 'Slot address', value: hexadecimal(content.address) }],
      ...(memoryReference === undefined ? {} : { memoryReference }),
    };
    if (content.type !== 'NODE' || content.component === undefined) return slot;
    return { ...slot, nodeReference: nodeReferenceText({ address: content.component, usedBits, prefix }) };
  });
  return { radix: node.radix, slots };
}

// ---------------------------------------------------------------------------------------- references

function nodeReferenceText({ address, usedBits, prefix }: NodeReference): string {
  return `${address.toString(16)}:${usedBits}:${prefix.toString(16)}`;
}

function parseNodeReference(reference: string): NodeReference {
  const match = /^([0-9a-f]{1,16}):(\d{1,4}):([0-9a-f]{1,16})$/.exec(reference);
  if (match === null) {
    throw new RequestError(
      `"${reference}" is no node reference. Use one from "a9n/capabilitySpaces" or "a9n/capabilitySlots".`,
    );
  }
  return { address: BigInt(`0x${match[1]}`), usedBits: Number(match[2]), prefix: BigInt(`0x${match[3]}`) };
}

// -------------------------------------------------------------------------------------- descriptions

interface ObjectDescription {
  readonly object: string;
  readonly properties: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  readonly memoryReference: string | undefined;
}

function rightsText(rights: number): string[] {
  return ['READ', 'WRITE', 'COPY', 'MODIFY'].filter((_, bit) => (rights & (1 << bit)) !== 0);
}

/** `holder`: the node in which the slot lies. */
function describeObject(target: Target, content: CapabilityContent, holder: bigint): ObjectDescription {
  const { component, memory } = content;
  const at = component === undefined ? '' : ` at ${hexadecimal(component)}`;
  const kernelObject = (
    title: string,
    ...properties: { name: string; value: string }[]
  ): ObjectDescription => ({
    object: title + at,
    properties,
    memoryReference: component === undefined ? undefined : hexadecimal(component),
  });
  switch (content.type) {
    case 'NODE': {
      const radix = component === undefined ? undefined : target.model.nodeRadix(component);
      if (radix === undefined) return kernelObject('node');
      const owners = target.threads().filter(({ details }) => details?.rootNode === component);
      const title =
        component === holder
          ? 'this node'
          : owners.length > 0
            ? `root node of ${owners.map(({ name }) => name).join(', ')}`
            : `node of radix ${radix}`;
      return kernelObject(
        title,
        { name: 'Radix', value: String(radix) },
        { name: 'Slots', value: String(2 ** radix) },
      );
    }
    case 'PROCESS_CONTROL_BLOCK':
      return component === undefined ? kernelObject('process') : describeProcess(target, component);
    case 'IPC_PORT':
    case 'NOTIFICATION_PORT': {
      const identifier = hexadecimal(content.identifier ?? 0n);
      const waiting = waitingAt(target, component);
      return kernelObject(
        `identifier ${identifier}`,
        { name: 'Identifier', value: identifier },
        ...(waiting.length > 0 ? [{ name: 'Waiting', value: waiting.join(', ') }] : []),
      );
    }
    case 'IO_PORT': {
      const { first, last } = content.ioPorts ?? { first: 0n, last: 0n };
      const range =
        last >= 0xffffn && first === 0n
          ? 'all I/O ports'
          : `I/O ports ${hexadecimal(first)}–${hexadecimal(last)}`;
      return { object: range, properties: [], memoryReference: undefined };
    }
    case 'INTERRUPT_REGION':
      return kernelObject('all interrupts');
    case 'INTERRUPT_PORT':
      return kernelObject(
        content.irq === undefined ? 'interrupt port' : `interrupt port of IRQ ${content.irq}`,
      );
    default:
      return memory === undefined
        ? kernelObject(content.type.toLowerCase())
        : describeMemory(target, content, memory);
  }
}

function describeProcess(target: Target, address: bigint): ObjectDescription {
  const thread = target.threads().find((each) => each.process === address);
  const process = thread?.details ?? target.model.process(address);
  return {
    object: `${thread?.name ?? 'process'} at ${hexadecimal(address)}`,
    properties: [
      { name: 'State', value: process?.state ?? 'unknown' },
      ...(process?.priority === undefined ? [] : [{ name: 'Priority', value: String(process.priority) }]),
    ],
    memoryReference: hexadecimal(address),
  };
}

function waitingAt(target: Target, port: bigint | undefined): string[] {
  if (port === undefined) return [];
  return target
    .threads()
    .filter(({ details }) => details?.blockedOn === port)
    .map(({ name, details }) => `${name} (${details?.state ?? ''})`);
}

const TABLE_NAMES: Readonly<Record<number, string>> = { 3: 'PDPT', 2: 'PD', 1: 'PT' };

function describeMemory(
  target: Target,
  { type, tableDepth }: CapabilityContent,
  { base, sizeBits, isDevice, watermark }: NonNullable<CapabilityContent['memory']>,
): ObjectDescription {
  const size = sizeBits === undefined ? undefined : 1n << BigInt(sizeBits);
  const properties = [{ name: 'Physical address', value: hexadecimal(base) }];
  if (size !== undefined) properties.push({ name: 'Size', value: sizeText(size) });
  const memoryReference = isDevice ? undefined : physicalReference(base);
  const device = isDevice ? 'device memory, ' : '';
  const sized = size === undefined ? '' : `${sizeText(size)} `;
  switch (type) {
    case 'GENERIC': {
      const used = watermark === undefined || size === undefined ? undefined : watermark - base;
      if (used === undefined || size === undefined) break;
      const percent = Number((used * 100n) / size);
      properties.push({ name: 'Used', value: `${sizeText(used)} (${percent} %)` });
      properties.push({ name: 'Free from', value: hexadecimal(base + used) });
      return {
        object: `${device}${sized}at physical ${hexadecimal(base)}, ${percent} % used`,
        properties,
        memoryReference,
      };
    }
    case 'ADDRESS_SPACE': {
      const owners = target.threads().filter(({ details }) => details?.addressSpaceRoot === Number(base));
      const of = owners.length === 0 ? '' : `of ${owners.map(({ name }) => name).join(', ')}, `;
      return { object: `${of}PML4 at physical ${hexadecimal(base)}`, properties, memoryReference };
    }
    case 'PAGE_TABLE':
      return {
        object: `${TABLE_NAMES[tableDepth ?? 0] ?? 'page table'} at physical ${hexadecimal(base)}`,
        properties,
        memoryReference,
      };
    default:
      break;
  }
  return { object: `${device}${sized}at physical ${hexadecimal(base)}`, properties, memoryReference };
}
