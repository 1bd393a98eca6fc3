/** All questions about one program, answered from its parts: see symbol-api.ts for what each means. */
import { entryRanges } from './address-ranges.ts';
import { isArtificialCode } from './artificial-code.ts';
import { CallFrameInformation } from './call-frame-information.ts';
import { DataObjects } from './data-objects.ts';
import { dataSymbolName } from './data-symbol-names.ts';
import { DebugInformation, type Entry, lastAtOrBefore } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { dwarfSections } from './dwarf-sections.ts';
import { PT_LOAD, readOnlySegments, SHF_ALLOC, SHF_EXECINSTR } from './elf.ts';
import { nameMatches, qualifiedName, scopeName } from './entry-names.ts';
import { Functions } from './functions.ts';
import { enclosingPrefixes, NameIndex } from './name-index.ts';
import { SourceLines } from './source-lines.ts';
import type {
  AddressRange,
  BreakpointLocation,
  ElfFile,
  ElfSymbol,
  EnumeratorReference,
  FunctionSymbol,
  ProgramSymbols,
  ScopeReference,
  SourceFrame,
  SourceLocation,
  Variable,
} from './symbol-api.ts';
import { Types } from './types.ts';
import { canonicalFrameAddress, unwindFrame } from './unwind.ts';
import { Variables } from './variables.ts';

/** Reads the unit headers; everything else waits until it is asked for. */
export function loadProgramSymbols(elf: ElfFile): ProgramSymbols {
  const warnings: string[] = [];
  if (elf.type !== 'executable') {
    warnings.push(
      `${elf.name} is not linked to fixed addresses, so that its symbols may not match. Link with -static -no-pie.`,
    );
  }
  const isCode = codeTest(elf);
  const sections = dwarfSections(elf, warnings);
  const information = new DebugInformation(sections, warnings);
  const lines = new SourceLines(information, isCode);
  const functions = new Functions(information, lines, isCode);
  const frames = new CallFrameInformation(sections, isCode, (where, error) => information.warn(where, error));
  const names = new NameIndex(information);
  const types = new Types(information, names);
  const variables = new Variables(lines, functions, types, frames);
  const isLoaded = (address: bigint): boolean =>
    elf.segments.some(
      ({ type, virtualAddress, memorySize }) =>
        type === PT_LOAD && address >= virtualAddress && address < virtualAddress + memorySize,
    );
  const objects = new DataObjects(information, types, isLoaded);
  const symbols = once(() =>
    elf.symbols.filter((symbol) => symbol.kind !== 'other' || isCode(symbol.address)),
  );
  const assembly = once(() => assemblyFunctions(symbols(), functions, isCode));

  const functionAt = (pc: bigint): FunctionSymbol | undefined =>
    functions.functionAt(pc)?.symbol ?? containing(assembly(), pc);

  /** An ELF symbol's name as C++ has it. */
  const nameOf = (symbol: ElfSymbol): string => {
    const known = functions.functionAt(symbol.address)?.symbol;
    if (known?.entry === symbol.address) return known.name;
    // The compiler's names for parts of a function: `_ZN4ulmm3runEv.cold`.
    const part = /^_Z.*?(\.[\w.]+)$/.exec(symbol.name);
    if (known !== undefined && part !== null) return known.name + part[1];
    const object = objects.at(symbol.address);
    return object?.address === symbol.address ? object.name : dataSymbolName(symbol.name);
  };

  const afterPrologue = (symbol: FunctionSymbol): bigint => {
    const unit = functions.unitAt(symbol.entry);
    return unit === undefined ? symbol.entry : lines.afterPrologue(unit, symbol.ranges[0]);
  };

  const lineAt: ProgramSymbols['lineAt'] = (pc) => {
    const unit = functions.unitAt(pc);
    return unit && lines.lineAt(unit, pc);
  };

  const locationAt = (pc: bigint): SourceLocation | undefined => {
    const line = lineAt(pc);
    return line && line.line > 0 ? { path: line.path, line: line.line, column: line.column } : undefined;
  };

  const breakpointAt = (address: bigint, location: SourceLocation): BreakpointLocation => {
    const innermost = functions.placesAt(address).at(-1);
    return {
      address,
      location,
      functionName: (innermost && qualifiedName(innermost)) ?? functionAt(address)?.name,
    };
  };

  const breakpointLocations: ProgramSymbols['breakpointLocations'] = (path, line, column = 0) => {
    let best = Number.POSITIVE_INFINITY;
    for (const row of lines.statements(path, line, Number.POSITIVE_INFINITY)) best = Math.min(best, row.line);
    if (best === Number.POSITIVE_INFINITY) return [];
    let rows = [...lines.statements(path, best, best)];
    const inColumn = rows.filter((row) => row.column >= column).sort((a, b) => a.column - b.column);
    if (column > 0 && best === line && inColumn.length > 0)
      rows = rows.filter((row) => row.column === inColumn[0].column);
    // The first address in each function and in each place where it was inlined.
    const firsts = new Map<Entry | undefined, bigint>();
    for (const { address, ofArtificialCode } of rows) {
      const chain = ofArtificialCode ? functions.chainAt(address) : functions.placesAt(address);
      const instance = chain.at(-1);
      const first = firsts.get(instance);
      if (first === undefined || address < first) firsts.set(instance, address);
    }
    const found: BreakpointLocation[] = [];
    for (const [instance, address] of firsts) {
      const owner = functions.functionAt(address);
      // On a function's opening line: where its arguments can be read.
      if (owner !== undefined && owner.entry === instance && owner.symbol.entry === address) {
        const body = afterPrologue(owner.symbol);
        const location = locationAt(body);
        found.push(breakpointAt(body, location?.path === path ? location : { path, line: best, column: 0 }));
      } else {
        const row = rows.find((candidate) => candidate.address === address);
        found.push(breakpointAt(address, { path, line: best, column: row?.column ?? 0 }));
      }
    }
    return uniqueByAddress(found);
  };

  const scopeEntry = (scope: ScopeReference): Entry | undefined => information.entryAt(scope.entryOffset);

  /** The prefixes under which a name seen from `scope` may be known, innermost first. */
  const prefixes = (scope: ScopeReference | undefined): readonly string[] => {
    const entry = scope && scopeEntry(scope);
    if (entry === undefined) return [''];
    return [...enclosingPrefixes(scopeName(entry)), ...importedNamespaces(entry)];
  };

  const lookUp = <T>(
    name: string,
    scope: ScopeReference | undefined,
    find: (qualified: string) => T | undefined,
  ): T | undefined => {
    const plain = name.startsWith('::') ? name.slice(2) : name;
    if (plain !== name) return find(plain);
    for (const prefix of prefixes(scope)) {
      const found = find(prefix + plain) ?? find(`${prefix}(anonymous namespace)::${plain}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return {
    name: elf.name,
    elf,
    hasDebugInformation: information.units.length > 0,
    warnings,
    readOnlySegments: readOnlySegments(elf),
    contains: isLoaded,

    sourceFiles: () => lines.sourceFiles(),
    lineAt,
    linesAt: (pc) => {
      const unit = functions.unitAt(pc);
      return unit === undefined ? [] : lines.linesAt(unit, pc);
    },
    breakpointLocations,
    statementsBetween: (path, firstLine, lastLine) => {
      const unique = new Map<string, SourceLocation>();
      for (const { line, column } of lines.statements(path, firstLine, lastLine)) {
        unique.set(`${line}:${column}`, { path, line, column });
      }
      return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
    },
    lineRange: (pc) => {
      const unit = functions.unitAt(pc);
      const range = unit && lines.lineRange(unit, pc);
      const owner = functionAt(pc)?.ranges.find(({ start, end }) => pc >= start && pc < end);
      return range && owner ? intersect(range, owner) : range;
    },
    isStatementStart: (pc) => {
      const unit = functions.unitAt(pc);
      return unit !== undefined && lines.isStatementStart(unit, pc);
    },

    functionAt,
    functionsNamed: (name) => {
      const found = functions.named(name).map(({ symbol }) => symbol);
      return found.length > 0 ? found : assembly().filter((symbol) => symbol.name === name);
    },
    functions: () => [...functions.all().map(({ symbol }) => symbol), ...assembly()],
    typeOfFunction: (symbol) => {
      const owner = functions.functionAt(symbol.entry);
      return owner && types.of(owner.entry);
    },
    afterPrologue,
    functionBreakpoints: (name) => {
      const found: BreakpointLocation[] = [];
      const add = (address: bigint, fallback: SourceLocation | undefined): void => {
        found.push(
          breakpointAt(address, locationAt(address) ?? fallback ?? { path: '', line: 0, column: 0 }),
        );
      };
      const defined = functions.named(name);
      for (const { symbol } of defined) add(afterPrologue(symbol), symbol.declaration);
      for (const instance of functions.inlinedInstances(name)) {
        const start = entryRanges(instance)[0]?.start;
        if (start !== undefined && isCode(start)) add(start, undefined);
      }
      if (found.length === 0) {
        for (const symbol of assembly()) if (symbol.name === name) add(symbol.entry, undefined);
      }
      return uniqueByAddress(found);
    },
    symbolAt: (address) => {
      const list = symbols();
      const symbol = list[lastAtOrBefore(list, address, (candidate) => candidate.address)];
      if (symbol === undefined) return undefined;
      const offset = address - symbol.address;
      if (symbol.size > 0 ? offset >= BigInt(symbol.size) : !isCode(address)) return undefined;
      return { name: nameOf(symbol), offset, symbol };
    },
    objectAt: (address) => {
      const object = objects.at(address);
      return object && { name: object.name, type: object.type, offset: address - object.address };
    },
    symbolNamed: (name) => elf.symbols.find((symbol) => symbol.name === name),

    framesAt: (lookupPc) => {
      const owner = functions.functionAt(lookupPc);
      if (owner === undefined)
        return assemblyFrame(containing(assembly(), lookupPc), lookupPc, locationAt(lookupPc));
      const result: SourceFrame[] = [];
      let location = locationAt(lookupPc);
      for (const entry of [...functions.chainAt(lookupPc)].reverse()) {
        const inlined = entry.tag === TAG.inlined_subroutine;
        if (!isArtificialCode(entry)) {
          result.push({
            functionName: qualifiedName(entry) ?? owner.symbol.name,
            function: owner.symbol,
            inlined,
            location,
            ranges: inlined ? entryRanges(entry) : owner.symbol.ranges,
            scope: { lookupPc, unitOffset: entry.unit.offset, entryOffset: entry.offset },
          });
        }
        if (inlined) {
          location = lines.location(
            entry.unit,
            entry.number(AT.call_file),
            entry.number(AT.call_line),
            entry.number(AT.call_column),
          );
        }
      }
      return result;
    },
    unwind: (frame) => unwindFrame(frames, frame),
    canonicalFrameAddress: (frame) => canonicalFrameAddress(frames, frame),

    variablesIn: (scope) => {
      const entry = scopeEntry(scope);
      return entry === undefined ? [] : variables.inScope(entry, scope.lookupPc);
    },
    globalNamed: (name, scope): Variable | undefined => {
      const unit = scope && information.unitAt(scope.unitOffset);
      const exact = lookUp(name, scope, (qualified) => {
        const found = names.variablesNamed(qualified);
        return found.find((entry) => entry.unit === unit) ?? found[0];
      });
      const entry = exact ?? objects.named(name.replace(/^::/, ''))?.entry;
      return entry && variables.global(entry);
    },
    globalsEndingWith: (name) =>
      [...names.variables()]
        .filter((entry) => nameMatches(qualifiedName(entry) ?? '', name))
        .map((entry) => variables.global(entry)),
    globals: (scope) => {
      const found: Variable[] = [];
      for (const entry of names.variables()) {
        if (scope === undefined || entry.unit.offset === scope.unitOffset)
          found.push(variables.global(entry));
      }
      return found;
    },
    typeNamed: (name, scope) => lookUp(name, scope, (qualified) => types.named(qualified)),
    enumeratorNamed: (name, scope): EnumeratorReference | undefined =>
      lookUp(name, scope, (qualified) => {
        const entry = names.enumeratorNamed(qualified);
        return entry?.parent && { type: types.of(entry.parent), value: entry.bigint(AT.const_value) ?? 0n };
      }),
  };
}

/** Tells addresses of code from those that discarded functions were left with. */
function codeTest(elf: ElfFile): (address: bigint) => boolean {
  const executable = SHF_ALLOC | SHF_EXECINSTR;
  const ranges: AddressRange[] = elf.sections
    .filter(({ flags, size }) => (flags & executable) === executable && size > 0)
    .map(({ address, size }) => ({ start: address, end: address + BigInt(size) }));
  if (ranges.length === 0) {
    for (const segment of elf.segments) {
      if (segment.type !== PT_LOAD || !segment.executable) continue;
      ranges.push({ start: segment.virtualAddress, end: segment.virtualAddress + segment.memorySize });
    }
  }
  return (address) => ranges.some(({ start, end }) => address >= start && address < end);
}

/** ELF function symbols that the debug information does not cover: assembler without directives. */
function assemblyFunctions(
  symbols: readonly ElfSymbol[],
  functions: Functions,
  isCode: (address: bigint) => boolean,
): readonly FunctionSymbol[] {
  const found: FunctionSymbol[] = [];
  const code = symbols.filter(({ address, kind }) => kind !== 'object' && isCode(address));
  // Where there is no size, a function ends where the next symbol begins.
  const nextAddress: bigint[] = [];
  for (let i = code.length - 1, next: bigint | undefined; i >= 0; i--) {
    if (i + 1 < code.length && code[i + 1].address > code[i].address) next = code[i + 1].address;
    nextAddress[i] = next ?? code[i].address + 1n;
  }
  for (const [i, symbol] of code.entries()) {
    const { address, size, name } = symbol;
    // Only functions, and labels that other files may call.
    if (symbol.kind !== 'function' && symbol.binding === 'local') continue;
    if (functions.functionAt(address) !== undefined) continue;
    const end = size > 0 ? address + BigInt(size) : nextAddress[i];
    if (found[found.length - 1]?.entry === address) continue;
    found.push({
      name,
      linkageName: name,
      ranges: [{ start: address, end }],
      entry: address,
      declaration: undefined,
      hasDebugInformation: false,
    });
  }
  return found;
}

function containing(list: readonly FunctionSymbol[], pc: bigint): FunctionSymbol | undefined {
  const symbol = list[lastAtOrBefore(list, pc, (candidate) => candidate.entry)];
  return symbol !== undefined && pc < symbol.ranges[0].end ? symbol : undefined;
}

function assemblyFrame(
  symbol: FunctionSymbol | undefined,
  lookupPc: bigint,
  location: SourceLocation | undefined,
): readonly SourceFrame[] {
  if (symbol === undefined) return [];
  const scope: ScopeReference = { lookupPc, unitOffset: -1, entryOffset: -1 };
  return [
    { functionName: symbol.name, function: symbol, inlined: false, location, ranges: symbol.ranges, scope },
  ];
}

/** `using namespace` in the function, its namespaces and its file. */
function importedNamespaces(entry: Entry): readonly string[] {
  const found: string[] = [];
  for (let scope: Entry | undefined = entry; scope !== undefined; scope = scope.parent) {
    for (const child of scope.children) {
      if (child.tag !== TAG.imported_module) continue;
      const namespace = child.reference(AT.import);
      const name = namespace && qualifiedName(namespace);
      if (name !== undefined) found.push(`${name}::`);
    }
  }
  return found;
}

function intersect(a: AddressRange, b: AddressRange): AddressRange {
  return { start: latest(a.start, b.start), end: -latest(-a.end, -b.end) };
}

function latest(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function uniqueByAddress(locations: readonly BreakpointLocation[]): readonly BreakpointLocation[] {
  const unique = new Map(locations.map((location) => [location.address, location]));
  return [...unique.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
}

function once<T>(read: () => T): () => T {
  let result: { value: T } | undefined;
  return () => {
    result ??= { value: read() };
    return result.value;
  };
}
