/**
 * What could happen next to a kernel in a given state: mostly something that does something, often something that fails in one way,
 * now and then garbage.
 */
import type { Choices } from './choices.ts';
import type { Capability, KernelEvent } from './kernel-state.ts';
import { find } from './lookup.ts';
import { type Model, PAGE, type Process, type Slot } from './model.ts';
import { bufferOf } from './process.ts';
import {
  CONVERT,
  call,
  fault,
  INTERRUPT,
  IO,
  info,
  interrupt,
  MAKE_PORT,
  NODE,
  NOTIFICATION,
  PORT,
  PROCESS,
  SPACE,
  TYPE,
  tick,
  write,
} from './scenario.ts';

type Type = Capability['type'];

interface Reachable {
  readonly slot: Slot;
  readonly descriptor: bigint;
}

/** A place in time: what there is to choose from. */
interface Situation {
  readonly model: Model;
  readonly choices: Choices;
  readonly caller: Process;
  /** Full slots that the caller has descriptors for. */
  readonly reachable: readonly Reachable[];
  /** Nobody else is ready, so that a call that blocks ends the show. */
  readonly isAlone: boolean;
}

/** The next event; undefined if nothing can ever happen again, or nothing but ticks. */
export function nextEvent(model: Model, choices: Choices): KernelEvent | undefined {
  const caller = model.current;
  const lines = [...model.interruptPorts.values()];
  if (caller === undefined) {
    const awake = lines.filter((line) => !line.isMasked);
    return awake.length > 0 && !model.isHalted ? interrupt(choices.pick(awake)!.irq) : undefined;
  }
  const isAlone = model.readyQueues.every((queue) => queue.length === 0);
  const situation = { model, choices, caller, reachable: reachableFrom(model, caller), isAlone };
  return choices.weighted<() => KernelEvent>(
    [76, () => capabilityCall(situation)],
    [8, () => userWrite(situation)],
    [4, () => tick],
    [3, () => interrupt(choices.pick(lines)?.irq ?? choices.below(4))],
    [isAlone ? 0.2 : 4, () => randomFault(choices)],
    [2, () => kernelCall(choices, isAlone)],
    [3, () => ({ kind: 'call', callType: 0xffff_ffff_ffff_ffffn, registers: garbage(choices, 10) })],
  )();
}

const garbage = (choices: Choices, count: number): bigint[] => Array.from({ length: count }, choices.word);

function kernelCall(choices: Choices, isAlone: boolean): KernelEvent {
  const callType = choices.weighted<bigint>(
    [4, -2n],
    [1, -3n],
    [isAlone ? 0.1 : 2, 60n],
    [isAlone ? 0 : 1, choices.word()],
  );
  return { kind: 'call', callType, registers: garbage(choices, 10) };
}

function randomFault(choices: Choices): KernelEvent {
  return fault(
    choices.weighted([4, 1], [1, 2], [1, 3], [1, 4], [1, 7], [0.2, 6]),
    choices.word(),
    choices.below(32),
  );
}

// ---- Descriptors ---------------------------------------------------------------------------------------------------

const PREFIX_BITS = 8;
const WORD_BITS = 64;

const pathTo = (base: bigint, used: number, index: number): bigint =>
  (BigInt(used - PREFIX_BITS) << 56n) |
  (base & 0x00ff_ffff_ffff_ffffn) |
  (BigInt(index) << BigInt(WORD_BITS - used));

/** Each slot once, by the shortest path. */
function reachableFrom(model: Model, process: Process): Reachable[] {
  const root = process.own.process_root_node;
  const found: Reachable[] = [];
  const seen = new Set<number>();
  const nodes = root === undefined ? [] : [{ slot: root, descriptor: 0n, used: PREFIX_BITS }];
  for (const { slot, descriptor, used } of nodes) {
    if (slot.capability.type !== 'NODE' || seen.has(slot.capability.object)) {
      continue;
    }
    seen.add(slot.capability.object);
    const deeper = used + slot.capability.radix;
    if (deeper > WORD_BITS) {
      continue;
    }
    for (const [index, inside] of model.nodes.get(slot.capability.object)!.slots) {
      found.push({
        slot: inside,
        get descriptor() {
          return pathTo(descriptor, deeper, index);
        },
      });
      if (inside.capability.type === 'NODE') {
        nodes.push({ slot: inside, descriptor: pathTo(descriptor, deeper, index), used: deeper });
      }
    }
  }
  return found;
}

/** Of any type that there is, each as likely. */
function someSlot({ choices, reachable }: Situation): Reachable | undefined {
  const type = choices.pick([...new Set(reachable.map(({ slot }) => slot.capability.type))]);
  return choices.pick(reachable.filter(({ slot }) => slot.capability.type === type));
}

const ofType = ({ reachable }: Situation, ...types: readonly Type[]): readonly Reachable[] =>
  reachable.filter(({ slot }) => types.includes(slot.capability.type));

/** Leads to a capability of one of the types, but now and then elsewhere. */
function someDescriptor(situation: Situation, ...types: readonly Type[]): bigint {
  const { choices } = situation;
  const right = choices.pick(ofType(situation, ...types))?.descriptor;
  const any = someSlot(situation)?.descriptor ?? 0n;
  return choices.weighted(
    [30, right ?? any],
    [1, any],
    [0.5, any ^ (1n << BigInt(choices.below(64)))],
    [0.5, choices.word()],
  );
}

/** Index of `count` free slots in the node a descriptor leads to, but now and then of others. */
function someFreeIndex({ model, choices, caller }: Situation, node: bigint, count = 1): bigint {
  const capability = find(model, caller.own.process_root_node, node)?.capability;
  if (capability?.type !== 'NODE') {
    return BigInt(choices.below(16));
  }
  const { slots } = model.nodes.get(capability.object)!;
  const size = 2 ** capability.radix;
  const start = choices.below(Math.min(size, 64));
  const isFree = (first: number) =>
    Array.from({ length: count }, (_, i) => first + i).every((i) => !slots.has(i));
  let free = start;
  while (free + count <= size && free < start + 64 && !isFree(free)) {
    free++;
  }
  return choices.weighted<bigint>(
    [40, BigInt(free)],
    [1, BigInt(start)],
    [1, BigInt(choices.pick([...slots.keys()]) ?? 0)],
    [1.5, BigInt(size - 1 + choices.below(3))],
    [0.5, choices.word()],
  );
}

// ---- Capability calls ----------------------------------------------------------------------------------------------

type Arguments = readonly [operation: number, ...values: readonly (number | bigint)[]];

const WEIGHTS: Readonly<Record<Type, number>> = {
  NODE: 20,
  GENERIC: 14,
  ADDRESS_SPACE: 10,
  PAGE_TABLE: 1,
  FRAME: 1,
  PROCESS_CONTROL_BLOCK: 16,
  IPC_PORT: 24,
  NOTIFICATION_PORT: 10,
  INTERRUPT_REGION: 3,
  INTERRUPT_PORT: 6,
  IO_PORT: 5,
};

function capabilityCall(situation: Situation): KernelEvent {
  const { choices } = situation;
  const types = (Object.keys(WEIGHTS) as Type[]).filter((type) => ofType(situation, type).length > 0);
  if (types.length === 0) {
    return call(choices.word(), choices.below(8));
  }
  const type = choices.weighted(...types.map((type) => [WEIGHTS[type], type] as const));
  const target = choices.pick(ofType(situation, type))!;
  const [operation, ...values] = operationOn(situation, target);
  return call(target.descriptor, choices.chance(2) ? choices.below(10) : operation, ...values);
}

function operationOn(situation: Situation, target: Reachable): Arguments {
  const { choices } = situation;
  const { capability } = target.slot;
  switch (capability.type) {
    case 'NODE':
      return nodeOperation(situation, capability.object, target.descriptor);
    case 'GENERIC':
      return conversion(situation, capability);
    case 'ADDRESS_SPACE':
      return spaceOperation(situation);
    case 'PAGE_TABLE':
      return [choices.below(4)];
    case 'FRAME':
      return [1];
    case 'PROCESS_CONTROL_BLOCK':
      return processOperation(situation, target.slot);
    case 'IPC_PORT':
      return portOperation(situation, capability.object);
    case 'NOTIFICATION_PORT':
      return notificationOperation(situation, capability.object);
    case 'INTERRUPT_REGION':
      return makePort(situation);
    case 'INTERRUPT_PORT':
      return interruptOperation(situation);
    case 'IO_PORT':
      return ioOperation(situation, capability);
  }
}

const RIGHTS = [15, 7, 3, 5, 6, 11, 1, 2, 0, 16, 31] as const;

function nodeOperation(situation: Situation, node: number, descriptor: bigint): Arguments {
  const { choices } = situation;
  const sourceSlot = someSlot(situation);
  const source = choices.chance(5) ? choices.word() : (sourceSlot?.descriptor ?? 0n);
  const rights = choices.chance(40)
    ? BigInt(choices.pick(RIGHTS)!)
    : BigInt((sourceSlot?.slot.rights ?? 15) & choices.below(16));
  const used = choices.pick(expendableIn(situation, node));
  const target = choices.chance(8) ? someFreeIndex(situation, descriptor) : BigInt(used ?? 0);
  const free = someFreeIndex(situation, descriptor);
  return choices.weighted<Arguments>(
    [6, [NODE.copy, free, source]],
    [4, [NODE.move, free, source]],
    [6, [NODE.mint, free, source, rights]],
    [1.5, [NODE.demote, target, 0, choices.chance(50) ? 15 : rights]],
    [1, [NODE.revoke, target]],
    [3, [NODE.remove, target]],
  );
}

/** Indexes of used slots, mostly without those that the caller cannot live without. */
function expendableIn({ model, choices, caller }: Situation, node: number): number[] {
  const slots = [...model.nodes.get(node)!.slots];
  const vital = [caller.address, ...Object.values(caller.own).map((slot) => objectOf(slot?.capability))];
  const isExpendable = ({ capability, depth }: Slot) =>
    !vital.includes(objectOf(capability)) && (depth > 0 || capability.type !== 'GENERIC');
  const chosen = choices.chance(3) ? slots : slots.filter(([, slot]) => isExpendable(slot));
  const type = choices.pick([...new Set(chosen.map(([, slot]) => slot.capability.type))]);
  return chosen.filter(([, slot]) => slot.capability.type === type).map(([index]) => index);
}

const objectOf = (capability: Capability | undefined): number | undefined =>
  capability !== undefined && 'object' in capability ? capability.object : undefined;

function conversion(situation: Situation, generic: Extract<Capability, { type: 'GENERIC' }>): Arguments {
  const { choices } = situation;
  const [type, bits, unitBits] = choices.weighted<readonly [number, number, number]>(
    [6, [TYPE.ipcPort, 0, 5]],
    [6, [TYPE.notificationPort, 0, 6]],
    [7, [TYPE.process, 0, 11]],
    [5, nodeKind(choices)],
    [8, frameKind(choices)],
    [4, [TYPE.addressSpace, 0, 12]],
    [7, [TYPE.pageTable, 1 + choices.below(4), 12]],
    [6, genericKind(choices)],
    [1, [choices.below(20), choices.below(64), 12]],
  );
  const rest = generic.base + 2 ** generic.sizeBits - generic.watermark;
  const count = choices.weighted<number | bigint>(
    [12, 1 + choices.below(3)],
    [2, Math.min(Math.floor(rest / 2 ** unitBits), 40)],
    [1, Math.floor(rest / 2 ** unitBits) + 1],
    [0.5, 0],
    [0.5, choices.word()],
  );
  const node = someDescriptor(situation, 'NODE');
  return [CONVERT, type, bits, count, node, someFreeIndex(situation, node, Math.min(Number(count), 40))];
}

function nodeKind(choices: Choices): [number, number, number] {
  const radix = choices.weighted(
    [4, 2],
    [4, 3],
    [3, 4],
    [2, 1],
    [1, 8],
    [0.3, 0],
    [0.3, 12],
    [0.3, 56],
    [0.3, 57],
  );
  return [TYPE.node, radix, radix + 7];
}

function frameKind(choices: Choices): [number, number, number] {
  const bits = choices.weighted([8, 12], [2, 21], [0.3, 30], [0.3, 13]);
  return [TYPE.frame, bits, bits];
}

function genericKind(choices: Choices): [number, number, number] {
  const bits = choices.weighted([4, 14], [3, 12], [3, 16], [2, 22], [0.5, 11], [0.3, 63], [0.3, 64]);
  return [TYPE.generic, bits, bits];
}

/** Few different ones, so that they meet; some at the edges. */
function someAddress(choices: Choices): bigint {
  const near =
    (BigInt(choices.below(2)) << 39n) |
    (BigInt(choices.below(2)) << 30n) |
    (BigInt(choices.below(3)) << 21n) |
    (BigInt(choices.below(3)) << 12n);
  return choices.weighted<bigint>(
    [30, near],
    [1, near + BigInt(choices.below(PAGE))],
    [1, 0x7fff_ffff_f000n - BigInt(choices.below(2) * PAGE)],
    [0.5, 0x7fff_ffff_ffffn - BigInt(choices.below(2))],
    [0.5, choices.word()],
  );
}

function spaceOperation(situation: Situation): Arguments {
  const { choices } = situation;
  const mappable = someDescriptor(
    situation,
    ...choices.weighted<Type[]>([1, ['PAGE_TABLE']], [1, ['FRAME']]),
  );
  const bits = choices.weighted<bigint>(
    [3, 12n],
    [3, 21n],
    [2, 30n],
    [1, BigInt(choices.below(70))],
    [0.3, choices.word()],
  );
  return choices.weighted<Arguments>(
    [
      10,
      [
        SPACE.map,
        mappable,
        someAddress(choices),
        choices.weighted([3, 7], [1, 0], [1, 3], [1, 5], [1, choices.below(16)]),
      ],
    ],
    [5, [SPACE.unmap, mappable, someAddress(choices)]],
    [2, [SPACE.getUnsetDepth, someAddress(choices), bits]],
    [1, [SPACE.canMap, bits]],
  );
}

const someUserAddress = (choices: Choices): bigint =>
  choices.weighted<bigint>(
    [10, 0x40_0000n + BigInt(choices.below(PAGE))],
    [0.3, 0x7fff_ffff_ffffn],
    [0.3, choices.word()],
  );

function processOperation(situation: Situation, slot: Slot): Arguments {
  const { model, choices, caller, isAlone } = situation;
  const { capability } = slot;
  const process =
    capability.type === 'PROCESS_CONTROL_BLOCK' ? model.processes.get(capability.object) : undefined;
  const isNew = process?.own.process_address_space === undefined;
  const isSelf = process === caller;
  const count = choices.weighted<number | bigint>(
    [4, choices.below(8)],
    [4, 23],
    [1, choices.below(25)],
    [0.3, choices.word()],
  );
  return choices.weighted<Arguments>(
    [isNew ? 20 : 8, [PROCESS.configure, ...configuration(situation, isNew)]],
    [2, [PROCESS.readRegister, count]],
    [2, [PROCESS.writeRegister, count, ...Array.from({ length: 7 }, () => choices.below(2 ** 31))]],
    [isNew ? 2 : 6, [PROCESS.resume]],
    [isSelf && isAlone ? 0.1 : 2, [PROCESS.suspend]],
  );
}

function configuration(situation: Situation, isNew: boolean): (number | bigint)[] {
  const { choices } = situation;
  const optional = [2, 3, 4, 5, 6, 7, 8, 9].filter(() => choices.chance(isNew ? 50 : 20));
  const needed = isNew || choices.chance(4) ? [0, ...(choices.chance(97) ? [1] : [])] : [];
  const mask = [...needed, ...optional].reduce((sum, bit) => sum | (1 << bit), 0);
  return [
    choices.chance(97) ? mask : BigInt(mask) | (choices.word() << 10n),
    someDescriptor(situation, 'ADDRESS_SPACE'),
    someDescriptor(situation, 'NODE'),
    someDescriptor(situation, 'FRAME'),
    someDescriptor(situation, 'NOTIFICATION_PORT'),
    someDescriptor(situation, 'IPC_PORT'),
    someUserAddress(choices),
    someUserAddress(choices),
  ];
}

function someInfo({ choices, isAlone, caller }: Situation): number | bigint {
  const answersKernelCall = caller.replyTarget?.fault?.type === 5;
  const length = choices.weighted(
    [10, choices.below(7)],
    [answersKernelCall ? 10 : 1, 26],
    [1, choices.below(60)],
    [0.3, 255],
  );
  const transfers = choices.weighted([12, 0], [5, 1], [3, 2], [1, choices.below(16)]);
  const block = choices.chance(isAlone ? 15 : 85);
  const plain = info({ block, length, transfers });
  return choices.weighted<number | bigint>(
    [40, plain],
    [1, BigInt(plain) | (choices.word() << 15n)],
    [1, choices.word()],
  );
}

function portOperation(situation: Situation, object: number): Arguments {
  const { model, choices, caller } = situation;
  const port = model.ipcPorts.get(object);
  const payload = Array.from({ length: 6 }, choices.word);
  const message = [someInfo(situation), 0, ...payload] as const;
  const hasSenders = port?.waiting === 'senders';
  const owes = caller.replyTarget !== undefined;
  return choices.weighted<Arguments>(
    [4, [PORT.send, ...message]],
    [hasSenders ? 12 : 5, [PORT.receive, ...message]],
    [6, [PORT.call, ...message]],
    [owes ? 10 : 1, [PORT.reply, ...message]],
    [owes ? 10 : 3, [PORT.replyReceive, ...message]],
    [2, [PORT.identify, choices.word()]],
  );
}

function notificationOperation({ model, choices, isAlone }: Situation, object: number): Arguments {
  const isPending = model.notificationPorts.get(object)?.flags !== 0n;
  return choices.weighted<Arguments>(
    [6, [NOTIFICATION.notify]],
    [isPending || !isAlone ? 4 : 0.3, [NOTIFICATION.wait]],
    [2, [NOTIFICATION.poll]],
    [3, [NOTIFICATION.identify, choices.word()]],
  );
}

const someIrq = (choices: Choices): number | bigint =>
  choices.weighted<number | bigint>([10, choices.below(5)], [1, 255], [1, 256], [0.3, choices.word()]);

function makePort(situation: Situation): Arguments {
  const node = someDescriptor(situation, 'NODE');
  return [MAKE_PORT, someIrq(situation.choices), node, someFreeIndex(situation, node)];
}

function interruptOperation(situation: Situation): Arguments {
  return situation.choices.weighted<Arguments>(
    [5, [INTERRUPT.bind, someDescriptor(situation, 'NOTIFICATION_PORT')]],
    [1, [INTERRUPT.unbind]],
    [3, [INTERRUPT.ack]],
    [1, [INTERRUPT.getIrqNumber]],
  );
}

function ioOperation(situation: Situation, range: Extract<Capability, { type: 'IO_PORT' }>): Arguments {
  const { choices } = situation;
  const width = choices.weighted([3, 1], [3, 2], [3, 4], [1, choices.below(10)]);
  const port = choices.weighted<bigint>(
    [6, range.first + BigInt(choices.below(8))],
    [3, range.last - BigInt(choices.below(8))],
    [1, 0xffffn - BigInt(choices.below(4))],
    [1, choices.word()],
  );
  const first = choices.weighted<bigint>([8, range.first + BigInt(choices.below(3))], [1, choices.word()]);
  const last = choices.weighted<bigint>(
    [4, range.last],
    [8, first + BigInt(choices.below(3))],
    [1, choices.word()],
  );
  const node = someDescriptor(situation, 'NODE');
  return choices.weighted<Arguments>(
    [2, [IO.read, BigInt.asUintN(64, port), width]],
    [2, [IO.write, BigInt.asUintN(64, port), width, choices.word()]],
    [3, [IO.mint, BigInt.asUintN(64, first), BigInt.asUintN(64, last), node, someFreeIndex(situation, node)]],
  );
}

// ---- What user programs write --------------------------------------------------------------------------------------

const TRANSFER_SOURCES = 0xf70;
const TRANSFER_DESTINATION = 0xff0;

function userWrite(situation: Situation): KernelEvent {
  const { model, choices, caller } = situation;
  const others = [...model.processes.values()].filter((process) => bufferOf(process) !== undefined);
  const writer = choices.chance(40) || bufferOf(caller) === undefined ? choices.pick(others) : caller;
  const buffer = writer === undefined ? undefined : bufferOf(writer);
  if (writer === undefined || buffer === undefined || choices.chance(10)) {
    return writeMemory(situation);
  }
  const there = { ...situation, caller: writer, reachable: reachableFrom(model, writer) };
  return choices.weighted<() => KernelEvent>(
    [4, () => write(buffer + TRANSFER_SOURCES, ...someSources(there))],
    [4, () => write(buffer + TRANSFER_DESTINATION, ...someDestination(there))],
    [
      3,
      () =>
        write(
          buffer + 8 * 10,
          someUserAddress(choices),
          choices.weighted([8, 28 + choices.below(4)], [1, 32], [1, 0]),
          choices.chance(5) ? 1 : 0,
        ),
    ],
    [2, () => write(buffer + 8 * 10, ...someContext(choices))],
    [1, () => write(buffer + 8 * choices.below(512), choices.word())],
  )();
}

function writeMemory({ model, choices }: Situation): KernelEvent {
  const frames = model.list.flatMap(({ capability }) =>
    capability.type === 'FRAME' && !capability.isDevice ? [capability.base] : [],
  );
  const base = choices.pick(frames);
  return base === undefined ? tick : write(base + 8 * choices.below(512), choices.word());
}

function someSources(situation: Situation): bigint[] {
  const { choices } = situation;
  const count = choices.weighted([4, 1], [4, 2], [1, 4]);
  return Array.from({ length: count }, () =>
    choices.chance(95) ? (someSlot(situation)?.descriptor ?? 0n) : choices.word(),
  );
}

function someDestination(situation: Situation): [bigint, bigint] {
  const node = someDescriptor(situation, 'NODE');
  return [node, someFreeIndex(situation, node, 2)];
}

/** Words 3…22 of a context: MR10… of a reply to an unknown kernel call. */
function someContext(choices: Choices): bigint[] {
  return Array.from({ length: 20 }, (_, i) =>
    choices.chance(97) ? BigInt(16 * i + choices.below(16)) : choices.word(),
  );
}
