/** Functions of a program: which code belongs to which, what was inlined where, and what they are called. */
import { entryRanges } from './address-ranges.ts';
import { isArtificialCode } from './artificial-code.ts';
import { type DebugInformation, type Entry, lastAtOrBefore, type Unit } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { linkageName, nameMatches, qualifiedName } from './entry-names.ts';
import type { SourceLines } from './source-lines.ts';
import type { AddressRange, FunctionSymbol } from './symbol-api.ts';

/** A function with code in the debug information. */
export interface FunctionEntry {
  readonly entry: Entry;
  readonly symbol: FunctionSymbol;
}

interface CodeOfUnit extends AddressRange {
  readonly unit: Unit;
}

interface CodeOfFunction extends AddressRange {
  readonly owner: FunctionEntry;
}

export class Functions {
  readonly #information: DebugInformation;
  readonly #lines: SourceLines;
  readonly #isCode: (address: bigint) => boolean;
  #unitCode: readonly CodeOfUnit[] | undefined;
  readonly #functionCode = new Map<Unit, readonly CodeOfFunction[]>();
  #all: readonly FunctionEntry[] | undefined;
  /** Inlined instances by the entry of the function that was inlined. */
  #inlined: Map<Entry, Entry[]> | undefined;

  constructor(information: DebugInformation, lines: SourceLines, isCode: (address: bigint) => boolean) {
    this.#information = information;
    this.#lines = lines;
    this.#isCode = isCode;
  }

  unitAt(pc: bigint): Unit | undefined {
    this.#unitCode ??= this.#readUnitCode();
    return at(this.#unitCode, pc)?.unit;
  }

  #readUnitCode(): readonly CodeOfUnit[] {
    const code: CodeOfUnit[] = [];
    for (const unit of this.#information.units) {
      const root = this.#information.root(unit);
      if (root === undefined || root.tag !== TAG.compile_unit) continue;
      for (const range of entryRanges(root)) if (this.#isCode(range.start)) code.push({ ...range, unit });
    }
    return code.sort(byStart);
  }

  functionAt(pc: bigint): FunctionEntry | undefined {
    const unit = this.unitAt(pc);
    return unit && at(this.#codeOf(unit), pc)?.owner;
  }

  /** Every function with code and debug information. */
  all(): readonly FunctionEntry[] {
    if (this.#all === undefined) {
      const all = new Set<FunctionEntry>();
      for (const unit of this.#information.units) for (const { owner } of this.#codeOf(unit)) all.add(owner);
      this.#all = [...all];
    }
    return this.#all;
  }

  #codeOf(unit: Unit): readonly CodeOfFunction[] {
    let code = this.#functionCode.get(unit);
    if (code === undefined) {
      const found: CodeOfFunction[] = [];
      for (const entry of this.#information.entries(unit)) {
        if (entry.tag !== TAG.subprogram || !(entry.has(AT.low_pc) || entry.has(AT.ranges))) continue;
        const ranges = entryRanges(entry).filter((range) => this.#isCode(range.start));
        if (ranges.length === 0) continue;
        const owner = { entry, symbol: this.#symbol(entry, ranges) };
        for (const range of ranges) found.push({ ...range, owner });
      }
      code = found.sort(byStart);
      this.#functionCode.set(unit, code);
    }
    return code;
  }

  #symbol(entry: Entry, ranges: readonly AddressRange[]): FunctionSymbol {
    const lines = this.#lines;
    // Names and lines cost more than ranges and most are never looked at.
    let name: string | undefined;
    return {
      get name() {
        name ??=
          qualifiedName(entry) ?? linkageName(entry) ?? `function at 0x${ranges[0].start.toString(16)}`;
        return name;
      },
      get linkageName() {
        return linkageName(entry);
      },
      ranges,
      entry: ranges[0].start,
      get declaration() {
        return declarationOf(entry, lines);
      },
      hasDebugInformation: true,
    };
  }

  named(name: string): readonly FunctionEntry[] {
    return this.all().filter(
      ({ entry, symbol }) =>
        nameMatches(symbol.name, name) || (name.startsWith('_') && linkageName(entry) === name),
    );
  }

  /** Places where functions of that name were inlined. */
  inlinedInstances(name: string): readonly Entry[] {
    if (this.#inlined === undefined) {
      this.#inlined = new Map();
      for (const unit of this.#information.units) {
        for (const entry of this.#information.entries(unit)) {
          if (entry.tag !== TAG.inlined_subroutine) continue;
          const origin = entry.reference(AT.abstract_origin);
          if (origin === undefined) continue;
          const instances = this.#inlined.get(origin);
          if (instances === undefined) this.#inlined.set(origin, [entry]);
          else instances.push(entry);
        }
      }
    }
    const found: Entry[] = [];
    for (const [origin, instances] of this.#inlined) {
      const qualified = qualifiedName(origin);
      if (qualified !== undefined && nameMatches(qualified, name)) found.push(...instances);
    }
    return found;
  }

  /** The function at pc and the inlined instances within it that cover pc, outermost first; artificial ones left out. */
  placesAt(pc: bigint): readonly Entry[] {
    return this.chainAt(pc).filter((entry) => !isArtificialCode(entry));
  }

  /** The function at pc and the inlined instances within it that cover pc, outermost first. */
  chainAt(pc: bigint): readonly Entry[] {
    const outer = this.functionAt(pc)?.entry;
    if (outer === undefined) return [];
    const chain = [outer];
    for (let scope = outer; ; ) {
      const inner = inlinedChildAt(scope, pc);
      if (inner === undefined) return chain;
      chain.push(inner);
      scope = inner;
    }
  }
}

/** The inlined instance at pc directly within a scope, blocks in between included. */
function inlinedChildAt(scope: Entry, pc: bigint): Entry | undefined {
  for (const child of scope.children) {
    if (child.tag === TAG.inlined_subroutine) {
      if (covers(child, pc)) return child;
    } else if (child.tag === TAG.lexical_block) {
      // A block without ranges of its own may still hold code.
      if (!hasRanges(child) || covers(child, pc)) {
        const inner = inlinedChildAt(child, pc);
        if (inner !== undefined) return inner;
      }
    }
  }
  return undefined;
}

export function hasRanges(entry: Entry): boolean {
  return entry.has(AT.ranges) || entry.has(AT.low_pc);
}

export function covers(entry: Entry, pc: bigint): boolean {
  return entryRanges(entry).some((range) => pc >= range.start && pc < range.end);
}

export function declarationOf(entry: Entry, lines: SourceLines): ReturnType<SourceLines['location']> {
  for (const origin of entry.withOrigins()) {
    const line = origin.number(AT.decl_line);
    // A definition may repeat only the line of its declaration's file, or only the column.
    const file = entry.inherited((e) => e.number(AT.decl_file));
    if (line !== undefined)
      return lines.location(
        origin.unit,
        origin.number(AT.decl_file) ?? file,
        line,
        origin.number(AT.decl_column),
      );
  }
  return undefined;
}

function byStart(a: AddressRange, b: AddressRange): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}

function at<T extends AddressRange>(ranges: readonly T[], pc: bigint): T | undefined {
  const range = ranges[lastAtOrBefore(ranges, pc, (candidate) => candidate.start)];
  return range !== undefined && pc < range.end ? range : undefined;
}
