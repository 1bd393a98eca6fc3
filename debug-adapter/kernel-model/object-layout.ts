/** Reads fields of kernel objects by the names and offsets that the kernel's debug information gives them. */
import type { Machine } from '../../emulator/machine-api.ts';
import type { ProgramSymbols, Type } from '../symbols/symbol-api.ts';

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

/** Reads a field out of a copy of the whole structure; 0 beyond the copy's end. */
export type FieldOf = (structure: Uint8Array) => bigint;

/** Undefined if the structure has no such field of at most 8 bytes. */
export function fieldOf(structure: Type | undefined, path: string): FieldOf | undefined {
  const place = structure === undefined ? undefined : findField(structure, path);
  const size = place === undefined ? 0 : plainType(place.type).size;
  if (place === undefined || size < 1 || size > 8) return undefined;
  const { offset, bits } = place;
  const mask = bits === undefined ? 0n : (1n << BigInt(bits.size)) - 1n;
  return (bytes) => {
    const value = littleEndian(bytes.subarray(offset, offset + size));
    return bits === undefined ? value : (value >> BigInt(bits.offset)) & mask;
  };
}

/** The same for a field that every kernel of this row has. Throws LayoutError. */
export function requiredFieldOf(structure: Type, path: string): FieldOf {
  const field = fieldOf(structure, path);
  if (field === undefined) {
    throw new LayoutError(`its type ${structure.name ?? 'without name'} has no member "${path}"`);
  }
  return field;
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

export function requiredType(symbols: ProgramSymbols, name: string): Type {
  const type = symbols.typeNamed(name);
  if (type !== undefined) return plainType(type);
  throw new LayoutError(`it has no type ${name}`);
}

export function requiredField(type: Type, path: string): FieldPlace {
  const field = findField(type, path);
  if (field !== undefined) return field;
  throw new LayoutError(`its type ${type.name ?? 'without name'} has no member "${path}"`);
}

export interface VariablePlace {
  readonly address: bigint;
  readonly type: Type;
}

/** A global variable or a part of one: `variable`, `variable.field`, `variable[3].field.inner`. Throws LayoutError. */
export function requiredVariable(symbols: ProgramSymbols, path: string): VariablePlace {
  const place = findVariable(symbols, path);
  if (place === undefined) throw new LayoutError(`it has no variable ${path}`);
  return place;
}

export function findVariable(symbols: ProgramSymbols, path: string): VariablePlace | undefined {
  const [, name, index, field] = /^([^.[]+)(?:\[(\d+)\])?(?:\.(.+))?$/.exec(path) ?? [];
  const variable = name === undefined ? undefined : symbols.globalNamed(name);
  const storage = variable?.locate(NO_FRAME).storage;
  if (variable === undefined || storage?.kind !== 'memory') return undefined;
  let type = plainType(variable.type);
  let address = storage.address;
  if (index !== undefined) {
    if (type.kind !== 'array') return undefined;
    type = plainType(type.element);
    address += BigInt(Number(index) * type.size);
  }
  if (field === undefined) return { address, type };
  const member = findField(type, field);
  return member === undefined
    ? undefined
    : { address: address + BigInt(member.offset), type: plainType(member.type) };
}

const NO_FRAME = {
  pc: 0n,
  pcIsExact: true,
  readRegister: () => undefined,
  readMemory: () => undefined,
};

export function nonZero(value: bigint | undefined): bigint | undefined {
  return value === 0n ? undefined : value;
}
