/** Types and variables of a program by qualified name. Built on first use from the top levels of all units. */
import type { DebugInformation, Entry } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { qualifiedName, withoutTemplateArguments } from './entry-names.ts';

const SCOPES: ReadonlySet<number> = new Set([
  TAG.compile_unit,
  TAG.partial_unit,
  TAG.type_unit,
  TAG.namespace,
  TAG.module,
  TAG.structure_type,
  TAG.class_type,
  TAG.union_type,
]);

const NAMED_TYPES: ReadonlySet<number> = new Set([
  TAG.structure_type,
  TAG.class_type,
  TAG.union_type,
  TAG.enumeration_type,
  TAG.typedef,
  TAG.template_alias,
  TAG.base_type,
  TAG.unspecified_type,
]);

export class NameIndex {
  readonly #information: DebugInformation;
  #types: Map<string, Entry> | undefined;
  #variables: Map<string, Entry[]> | undefined;
  #enumerators: Map<string, Entry> | undefined;

  constructor(information: DebugInformation) {
    this.#information = information;
  }

  /** A definition if there is one, else a declaration. */
  typeNamed(name: string): Entry | undefined {
    return this.#build().types.get(name);
  }

  /** Definitions: several if static variables in different units share the name. */
  variablesNamed(name: string): readonly Entry[] {
    return this.#build().variables.get(name) ?? [];
  }

  enumeratorNamed(name: string): Entry | undefined {
    return this.#build().enumerators.get(name);
  }

  variables(): Iterable<Entry> {
    return [...this.#build().variables.values()].flat();
  }

  #build(): { types: Map<string, Entry>; variables: Map<string, Entry[]>; enumerators: Map<string, Entry> } {
    if (this.#types !== undefined && this.#variables !== undefined && this.#enumerators !== undefined) {
      return { types: this.#types, variables: this.#variables, enumerators: this.#enumerators };
    }
    this.#types = new Map();
    this.#variables = new Map();
    this.#enumerators = new Map();
    for (const unit of this.#information.units) {
      const root = this.#information.entries(unit)[0];
      if (root === undefined) continue;
      try {
        this.#walk(root);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#information.warn(`names of the unit at 0x${unit.offset.toString(16)}`, error);
      }
    }
    return { types: this.#types, variables: this.#variables, enumerators: this.#enumerators };
  }

  #walk(scope: Entry): void {
    for (const entry of scope.children) {
      if (NAMED_TYPES.has(entry.tag)) this.#addType(entry);
      else if (entry.tag === TAG.variable || entry.tag === TAG.member) this.#addVariable(entry);
      if (entry.tag === TAG.enumeration_type) this.#addEnumerators(entry);
      if (SCOPES.has(entry.tag)) this.#walk(entry);
    }
  }

  #addType(entry: Entry): void {
    const types = this.#types;
    const name = qualifiedName(entry);
    if (name === undefined || types === undefined) return;
    const present = types.get(name);
    if (present === undefined || (present.flag(AT.declaration) && !entry.flag(AT.declaration)))
      types.set(name, entry);
  }

  #addVariable(entry: Entry): void {
    // A declaration counts only if it carries a constant (static constexpr member); other members are no variables.
    if (!entry.has(AT.location) && entry.inherited((e) => e.get(AT.const_value)) === undefined) return;
    const name = qualifiedName(entry);
    if (name === undefined) return;
    const present = this.#variables?.get(name);
    if (present === undefined) this.#variables?.set(name, [entry]);
    else present.push(entry);
  }

  #addEnumerators(enumeration: Entry): void {
    const scoped = enumeration.flag(AT.enum_class);
    const outer = qualifiedName(enumeration);
    for (const enumerator of enumeration.children) {
      if (enumerator.tag !== TAG.enumerator) continue;
      const name = enumerator.string(AT.name);
      if (name === undefined) continue;
      if (outer !== undefined) this.#enumerators?.set(`${outer}::${name}`, enumerator);
      if (scoped) continue;
      const scope = outer?.includes('::') ? `${outer.slice(0, outer.lastIndexOf('::'))}::` : '';
      this.#enumerators?.set(scope + name, enumerator);
    }
  }
}

/** `a::b<…>::c` and the scopes around it, innermost first, as prefixes: `a::b<…>::c::`, `a::b<…>::`, `a::`, ``. */
export function enclosingPrefixes(scope: string): string[] {
  const prefixes: string[] = [];
  for (let rest = scope; rest !== ''; rest = parentScope(rest)) {
    prefixes.push(`${rest}::`);
    const plain = withoutTemplateArguments(rest);
    if (plain !== rest) prefixes.push(`${plain}::`);
  }
  prefixes.push('');
  return prefixes;
}

function parentScope(name: string): string {
  let depth = 0;
  for (let i = name.length - 1; i > 0; i--) {
    if (name[i] === '>') depth++;
    else if (name[i] === '<') depth--;
    else if (depth === 0 && name[i] === ':' && name[i - 1] === ':') return name.slice(0, i - 1);
  }
  return '';
}
