/** Reads fields of kernel objects by the names and offsets that the kernel's debug information gives them. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { Type } from '../symbols/symbol-api.ts';

export type ReadField = (address: bigint) => bigint | undefined;

/** Thrown while a model is made, if a kernel does not name things as expected. */
export class LayoutError extends Error {}

/** The type without typedefs, const and the like. */
export function plainType(type: Type): Type {
  return type.kind === 'typedef' || type.kind === 'qualified' ? plainType(type.target) : type;
}

export interface FieldPlace {
  readonly offset: number;
  readonly type: Type;
  readonly bits: { readonly offset: number; readonly size: number } | undefined;
}

/** A field by its path (`data.generic.base`), undefined if there is none. Members of anonymous unions count as the outer one's. */
export function findField(structure: Type, path: string): FieldPlace | undefined {
  let place: FieldPlace = { offset: 0, type: structure, bits: undefined };
  for (const name of path.split('.')) {
    const inner = findMember(place.type, name);
    if (inner === undefined) return undefined;
    place = { ...inner, offset: place.offset + inner.offset };
  }
  return place;
}

function findMember(structure: Type, name: string): FieldPlace | undefined {
  const plain = plainType(structure);
  if (plain.kind !== 'structure') return undefined;
  for (const member of plain.members) {
    if (member.name === name) return { offset: member.offset, type: member.type, bits: member.bits };
    const inner = member.name === '' ? findMember(member.type, name) : undefined;
    if (inner !== undefined) return { ...inner, offset: member.offset + inner.offset };
  }
  for (const base of plain.baseClasses) {
    const inner = base.offset === undefined ? undefined : findMember(base.type, name);
    if (inner !== undefined && base.offset !== undefined)
      return { ...inner, offset: base.offset + inner.offset };
  }
  return undefined;
}

/** A reader of a field of at most 8 bytes; one that reads nothing if the structure has no such field. */
export function fieldReader(machine: Machine, structure: Type | undefined, path: string): ReadField {
  const place = structure === undefined ? undefined : findField(structure, path);
  if (place === undefined) return () => undefined;
  const size = plainType(place.type).size;
  if (size < 1 || size > 8) return () => undefined;
  return (address) => {
    const value = readUnsigned(machine, address + BigInt(place.offset), size);
    if (value === undefined || place.bits === undefined) return value;
    return (value >> BigInt(place.bits.offset)) & ((1n << BigInt(place.bits.size)) - 1n);
  };
}

/** Reads the field out of a copy of the whole structure; 0 beyond its end. */
export function readFieldOf(structure: Uint8Array, field: FieldPlace): bigint {
  const size = plainType(field.type).size;
  return littleEndian(structure.subarray(field.offset, field.offset + size));
}

/** The same for a field that every kernel of this row has. Throws LayoutError. */
export function requiredFieldReader(machine: Machine, structure: Type, path: string): ReadField {
  if (findField(structure, path) === undefined) {
    throw new LayoutError(`its type ${structure.name ?? 'without name'} has no member "${path}"`);
  }
  return fieldReader(machine, structure, path);
}

/** Kernel memory is mapped in every address space, so the active one serves. */
export function readUnsigned(machine: Machine, address: bigint, size: number): bigint | undefined {
  const bytes = machine.readVirtual(BigInt.asUintN(64, address), size);
  return bytes.length < size ? undefined : littleEndian(bytes);
}

function littleEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 8) return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index]);
  return value;
}

/** Names of an enumeration's values without its scope, in capitals as the ABI writes them. */
export function enumeratorNames(type: Type | undefined): ReadonlyMap<bigint, string> {
  const plain = type === undefined ? undefined : plainType(type);
  if (plain?.kind !== 'enumeration') return new Map();
  return new Map(
    plain.enumerators.map(
      ({ name, value }) => [value, (name.split('::').pop() ?? name).toUpperCase()] as const,
    ),
  );
}
