/**
 * Names of data symbols as C++ writes them (Itanium C++ ABI, 5.1 "External names"). Functions have their names in the
 * debug information; a variable inside of a function, or one of a stripped unit, has only its symbol.
 */

/** `main::memory_server` for `_ZZ4mainE13memory_server`. What is not a plain name stays as it is. */
export function dataSymbolName(symbol: string): string {
  const [, guard, mangled] = /^_Z(GV)?(.+)$/.exec(symbol) ?? [];
  const parsed = mangled === undefined ? undefined : parseEntity(mangled);
  if (parsed === undefined || parsed.rest !== '') return symbol;
  return guard === undefined ? parsed.name : `guard of ${parsed.name}`;
}

interface Parsed {
  readonly name: string;
  readonly rest: string;
}

/** `Z` function `E` entity, `N` names `E`, or one name. */
function parseEntity(text: string): Parsed | undefined {
  if (text.startsWith('Z')) {
    const owner = parseEntity(text.slice(1));
    // A function's parameters follow its name; C++ tells them apart, a person seldom needs to.
    const parameters = owner && /^(?:[RPOK]*(?:[a-z]|N(?:\d+\w+?)+E))*E/.exec(owner.rest);
    const entity = parameters && parseEntity(owner.rest.slice(parameters[0].length));
    if (!entity) return undefined;
    // A discriminator numbers variables of the same name.
    return { name: `${owner.name}::${entity.name}`, rest: entity.rest.replace(/^_\d$|^__\d+_$/, '') };
  }
  if (!text.startsWith('N')) return parseName(text);
  const names: string[] = [];
  let rest = text.slice(1).replace(/^[rVK]*[RO]?/, '');
  while (!rest.startsWith('E')) {
    const part = parseName(rest);
    if (part === undefined) return undefined;
    names.push(part.name);
    rest = part.rest;
  }
  return { name: names.join('::'), rest: rest.slice(1) };
}

/** A length and as many characters. `L` before it says that the name is seen in its unit only. */
function parseName(text: string): Parsed | undefined {
  const [prefix, digits] = /^L?([1-9]\d*)/.exec(text) ?? [];
  if (prefix === undefined) return undefined;
  const end = prefix.length + Number(digits);
  if (end > text.length) return undefined;
  const name = text.slice(prefix.length, end);
  return { name: name === '_GLOBAL__N_1' ? '(anonymous namespace)' : name, rest: text.slice(end) };
}
