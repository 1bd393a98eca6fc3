/** Reads process control blocks. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols } from '../symbols/symbol-api.ts';
import type { KernelNames } from './a9n-names.ts';
import type { KernelProcess } from './kernel-model.ts';
import {
  enumeratorNames,
  fieldOf,
  findField,
  LayoutError,
  nonZero,
  plainType,
  requiredField,
  requiredFieldOf,
  requiredType,
} from './object-layout.ts';
import type { SlotReader } from './slot-reader.ts';

const WORD = 8;

export interface ProcessReader {
  /** From a process control block to its saved registers. */
  readonly contextOffset: bigint;
  /** Undefined if there is nothing to read. */
  read(address: bigint): KernelProcess | undefined;
}

export function processReader(
  machine: Machine,
  symbols: ProgramSymbols,
  names: KernelNames,
  slots: SlotReader,
): ProcessReader {
  const type = requiredType(symbols, names.process);
  const fields = names.processFields;
  const optional = (path: string) => fieldOf(type, path);
  const state = requiredFieldOf(type, fields.state);
  const stateNames = enumeratorNames(findField(type, fields.state)?.type);
  const priority = optional(fields.priority);
  const quantum = optional(fields.quantum);
  const blockedOn = fields.blockedOn.map(optional);
  const replyTarget = optional(fields.replyTarget);
  const replySource = optional(fields.replySource);
  const isCalling = optional(fields.isCalling);
  const pendingMessage = optional(fields.pendingMessage);
  const pendingIdentifier = optional(fields.pendingIdentifier);
  const hasFault = optional(fields.hasFault);
  const faultType = optional(fields.faultType);
  const faultDetail = optional(fields.faultDetail);
  const faultCode = optional(fields.faultCode);
  const addressSpace = requiredField(type, fields.addressSpace).offset;
  const rootNode = requiredField(type, fields.rootNode).offset;
  const ipcBuffer = findField(type, fields.ipcBuffer)?.offset;
  const context = requiredField(type, fields.context);
  const contextType = plainType(context.type);
  const registers = (contextType.kind === 'structure' ? contextType.members : [])
    .filter((member) => plainType(member.type).size === WORD && plainType(member.type).kind === 'base')
    .map(({ name, offset }) => ({ name, offset: context.offset + offset }));
  if (registers.length === 0)
    throw new LayoutError(`its type ${names.process} has no registers in "${fields.context}"`);

  return {
    contextOffset: BigInt(context.offset),
    read(address) {
      const bytes = machine.readVirtual(BigInt.asUintN(64, address), type.size);
      if (bytes.length < type.size) return undefined;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const slotAt = (offset: number) =>
        slots.decode(address + BigInt(offset), bytes.subarray(offset, offset + slots.size));
      const space = slotAt(addressSpace);
      const root = slotAt(rootNode);
      const buffer = ipcBuffer === undefined ? undefined : slotAt(ipcBuffer);
      const stateValue = state(bytes);
      const stateName = stateNames.get(stateValue) ?? `state ${stateValue}`;
      const identifier = pendingIdentifier?.(bytes) ?? 0n;
      return {
        address,
        state: stateName,
        priority: priority === undefined ? undefined : Number(priority(bytes)),
        quantum: quantum === undefined ? undefined : Number(quantum(bytes)),
        addressSpaceRoot: space?.memory === undefined ? undefined : Number(space.memory.base),
        rootNode: root?.component,
        ipcBuffer: buffer?.memory?.base,
        blockedOn: blockedOn.map((field) => nonZero(field?.(bytes))).find((port) => port !== undefined),
        replyTarget: nonZero(replyTarget?.(bytes)),
        replySource: nonZero(replySource?.(bytes)),
        sending:
          stateName === 'BLOCKED_SEND' && pendingMessage !== undefined
            ? { isCall: isCalling?.(bytes) === 1n, info: pendingMessage(bytes), identifier }
            : undefined,
        fault:
          hasFault?.(bytes) === 1n
            ? {
                type: Number(faultType?.(bytes) ?? 0n),
                detail: faultDetail?.(bytes) ?? 0n,
                code: faultCode?.(bytes) ?? 0n,
                identifier,
              }
            : undefined,
        savedRegisters: new Map(
          registers.map(({ name, offset }) => [name, view.getBigUint64(offset, true)] as const),
        ),
      };
    },
  };
}
