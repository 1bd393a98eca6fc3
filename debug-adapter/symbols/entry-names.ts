/** Qualified names of entries, as C++ writes them. */
import type { Entry } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';

const ANONYMOUS_NAMESPACE = '(anonymous namespace)';
const ABBREVIATED = '<…>';
/** Functions within functions; a damaged file may put one into itself. */
const MAXIMUM_DEPTH = 20;

/** Undefined for entries without a name. Enclosing functions do not count; inline namespaces do. */
export function qualifiedName(entry: Entry, depth = 0): string | undefined {
  const name = entry.name;
  if (name === undefined) return undefined;
  const scope = scopeName(entry, depth);
  return scope === '' ? name : `${scope}::${name}`;
}

/** As `qualifiedName`; a static variable of a function is named after it: `main::memory_server`. */
export function nameWithFunction(entry: Entry): string | undefined {
  let declaration = entry;
  for (const origin of entry.withOrigins()) declaration = origin;
  let outer = declaration.parent;
  while (outer?.tag === TAG.lexical_block || outer?.tag === TAG.inlined_subroutine) outer = outer.parent;
  const owner = outer?.tag === TAG.subprogram ? qualifiedName(outer) : undefined;
  return owner === undefined || entry.name === undefined ? qualifiedName(entry) : `${owner}::${entry.name}`;
}

/** The namespaces and classes around an entry: `a::b`, empty at the top. */
export function scopeName(entry: Entry, depth = 0): string {
  if (depth > MAXIMUM_DEPTH) return '';
  // A definition outside of its class stands at the top level; its declaration knows the class.
  let declaration = entry;
  for (const origin of entry.withOrigins()) declaration = origin;
  const parts: string[] = [];
  for (let outer = declaration.parent; outer !== undefined; outer = outer.parent) {
    switch (outer.tag) {
      case TAG.namespace:
      case TAG.module:
        parts.push(outer.name ?? ANONYMOUS_NAMESPACE);
        break;
      case TAG.structure_type:
      case TAG.class_type:
      case TAG.union_type:
      case TAG.enumeration_type: {
        const name = outer.name;
        if (name !== undefined) parts.push(name);
        else if (declaration.name === 'operator()') parts.push('<lambda>');
        break;
      }
      case TAG.subprogram: {
        // A class local to a function, a lambda: named after the function.
        const name = qualifiedName(outer, depth + 1);
        if (name !== undefined && declaration.tag !== TAG.variable) parts.push(name);
        return parts.reverse().join('::');
      }
    }
  }
  return parts.reverse().join('::');
}

export function linkageName(entry: Entry): string | undefined {
  return entry.inherited((origin) => origin.string(AT.linkage_name) ?? origin.string(AT.MIPS_linkage_name));
}

/** `name` equals `wanted` or ends with `::wanted`. Template arguments and anonymous namespaces may be left out. */
export function nameMatches(name: string, wanted: string): boolean {
  if (endsWithName(name, wanted)) return true;
  // A name copied from a view.
  if (wanted.includes(ABBREVIATED))
    return nameMatches(withoutTemplateArguments(name), withoutTemplateArguments(wanted));
  if (name.includes(ANONYMOUS_NAMESPACE) && !wanted.includes(ANONYMOUS_NAMESPACE)) {
    return nameMatches(name.replaceAll(`${ANONYMOUS_NAMESPACE}::`, ''), wanted);
  }
  return name.includes('<') && !wanted.includes('<') && endsWithName(withoutTemplateArguments(name), wanted);
}

function endsWithName(name: string, wanted: string): boolean {
  return name === wanted || (name.endsWith(wanted) && name.endsWith(`::${wanted}`));
}

export function withoutTemplateArguments(name: string): string {
  return replaceTemplateArguments(name, () => '');
}

/** Template arguments longer than `longest` as `<…>`: a row of a view has room for one name. */
export function abbreviateTemplateArguments(name: string, longest: number): string {
  return replaceTemplateArguments(name, (list) => (list.length > longest ? ABBREVIATED : list));
}

/** `replacement` gets each outermost list of arguments with its brackets. */
function replaceTemplateArguments(name: string, replacement: (list: string) => string): string {
  let depth = 0;
  let start = 0;
  let result = '';
  for (let i = 0; i < name.length; i++) {
    const character = name[i];
    // `operator<`, `operator<<=`, `operator->` … are names, not brackets.
    if (depth === 0 && (character === '<' || character === '>') && /operator[<>=-]*$/.test(result)) {
      result += character;
    } else if (character === '<') {
      if (depth++ === 0) start = i;
    } else if (character === '>') {
      if (--depth === 0) result += replacement(name.slice(start, i + 1));
    } else if (depth === 0) result += character;
  }
  return result;
}
