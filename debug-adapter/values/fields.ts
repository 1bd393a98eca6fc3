/** The fields of a structure as a person names them: those of anonymous members belong to the outer one. */
import type { BaseClass, Member, StaticMember, Type } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';

type Structure = Extract<Type, { kind: 'structure' }>;

const MAXIMUM_DEPTH = 20;

/** Members with offsets from the outer structure; base classes' members are not among them. */
export function fieldsOf(type: Structure, depth = 0): readonly Member[] {
  const fields: Member[] = [];
  for (const member of type.members) {
    const inner = member.name === '' ? strip(member.type) : undefined;
    if (inner?.kind === 'structure' && depth < MAXIMUM_DEPTH) {
      for (const field of fieldsOf(inner, depth + 1))
        fields.push({ ...field, offset: member.offset + field.offset });
    } else if (member.name !== '') {
      fields.push(member);
    }
  }
  return fields;
}

/** A field by name, its own or a base class's, nearest first. */
export function findField(type: Structure, name: string, depth = 0): Member | undefined {
  const own = fieldsOf(type).find((field) => field.name === name);
  if (own !== undefined || depth > MAXIMUM_DEPTH) return own;
  for (const base of type.baseClasses) {
    const structure = strip(base.type);
    if (structure.kind !== 'structure' || base.offset === undefined) continue;
    const found = findField(structure, name, depth + 1);
    if (found !== undefined) return { ...found, offset: base.offset + found.offset };
  }
  return undefined;
}

export function findStaticMember(
  type: Structure,
  name: string,
  depth = 0,
): { readonly owner: Structure; readonly member: StaticMember } | undefined {
  const member = type.staticMembers.find((candidate) => candidate.name === name);
  if (member !== undefined) return { owner: type, member };
  if (depth > MAXIMUM_DEPTH) return undefined;
  for (const base of type.baseClasses) {
    const structure = strip(base.type);
    const found = structure.kind === 'structure' ? findStaticMember(structure, name, depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a base class lies within a derived one; undefined if it is none, or only the running program knows. */
export function baseOffset(derived: Type, base: Type, depth = 0): number | undefined {
  const from = strip(derived);
  const to = strip(base);
  if (from.kind !== 'structure' || to.kind !== 'structure' || depth > MAXIMUM_DEPTH) return undefined;
  if (from === to || (from.name !== undefined && from.name === to.name)) return 0;
  for (const candidate of from.baseClasses) {
    const inner = baseOffset(candidate.type, to, depth + 1);
    if (inner !== undefined && candidate.offset !== undefined) return candidate.offset + inner;
  }
  return undefined;
}

export function baseName(base: BaseClass): string {
  const type = strip(base.type);
  return type.kind === 'structure' ? (type.name ?? 'base') : 'base';
}
