/** What lies at an address, in words: `ulmm::run+12`, `main::memory_server.clients[2]`. */
import { abbreviateTemplateArguments } from '../symbols/entry-names.ts';
import type { Type } from '../symbols/symbol-api.ts';
import { strip } from '../symbols/types.ts';
import { fieldsOf } from './fields.ts';
import type { ValueContext } from './value-api.ts';

/** Structures nest less deep; a damaged file may put one into itself. */
const MAXIMUM_DEPTH = 20;
/** Template arguments in characters: longer ones hide the rest of the value. */
const LONGEST_ARGUMENTS = 20;

/**
 * The function or object at an address. Of an object and its first parts, which begin at the same address, the one of type
 * `target` is named, else the whole.
 */
export function addressLabel(address: bigint, context: ValueContext, target?: Type): string | undefined {
  for (const program of context.programs) {
    if (!program.contains(address)) continue;
    const object = program.objectAt(address);
    if (object !== undefined) return partLabel(object.name, object.type, Number(object.offset), target);
    const found = program.symbolAt(address);
    if (found === undefined || found.symbol.name === '') continue;
    const name = abbreviateTemplateArguments(found.name, LONGEST_ARGUMENTS);
    return found.offset === 0n ? name : `${name}+${found.offset}`;
  }
  return undefined;
}

function partLabel(name: string, whole: Type, offset: number, target: Type | undefined): string {
  let text = abbreviateTemplateArguments(name, LONGEST_ARGUMENTS);
  let label: string | undefined;
  let rest = offset;
  let type = strip(whole);
  for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
    if (rest === 0) {
      label ??= text;
      if (target !== undefined && isSameType(type, strip(target))) return text;
    }
    const part = partAt(type, rest);
    if (part === undefined) break;
    text += part.path;
    rest -= part.offset;
    type = strip(part.type);
  }
  return label ?? `${text}+${rest}`;
}

/** The member, base class or element that holds the byte at an offset. */
function partAt(type: Type, offset: number): { path: string; type: Type; offset: number } | undefined {
  const covers = (start: number | undefined, part: Type): boolean =>
    start !== undefined && offset >= start && offset < start + part.size;
  if (type.kind === 'structure') {
    const field = fieldsOf(type).find((each) => each.bits === undefined && covers(each.offset, each.type));
    if (field !== undefined) return { path: `.${field.name}`, type: field.type, offset: field.offset };
    const base = type.baseClasses.find((each) => covers(each.offset, each.type));
    return base && { path: '', type: base.type, offset: base.offset ?? 0 };
  }
  if (type.kind !== 'array' || type.element.size <= 0) return undefined;
  const index = Math.floor(offset / type.element.size);
  return { path: `[${index}]`, type: type.element, offset: index * type.element.size };
}

function isSameType(a: Type, b: Type): boolean {
  return a === b || (a.kind === b.kind && a.name !== undefined && a.name === b.name);
}
