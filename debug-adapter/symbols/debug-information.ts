/**
 * .debug_info (DWARF 4 section 7.5, DWARF 5 section 7.5): units and their trees of entries. Unit headers are read at
 * once, a unit's tree when something in it is wanted, an attribute when it is asked for.
 */
import { type Abbreviation, type AbbreviationTable, readAbbreviations } from './abbreviations.ts';
import { type AttributeValue, readForm, skipForm } from './attribute-forms.ts';
import { ByteReader } from './byte-reader.ts';
import { AT, TAG } from './dwarf-constants.ts';
import type { DwarfSections } from './dwarf-sections.ts';

const UT_type = 0x02;
const UT_skeleton = 0x04;
const UT_split_compile = 0x05;
const UT_split_type = 0x06;
/** No compiler nests this deep; a damaged file may. */
const MAXIMUM_DEPTH = 500;

export interface Unit {
  readonly information: DebugInformation;
  /** Of the header, in .debug_info. */
  readonly offset: number;
  readonly firstEntry: number;
  readonly end: number;
  readonly version: number;
  readonly addressSize: number;
  readonly abbreviationsOffset: number;
  /** Of a type unit. */
  readonly signature: bigint | undefined;
  readonly typeOffset: number;

  // From the root entry; zero until it was read.
  strOffsetsBase: number;
  addrBase: number;
  rnglistsBase: number;
  loclistsBase: number;
  lowPc: bigint;

  root: Entry | undefined;
  /** All entries in file order, once the tree was read. */
  entries: readonly Entry[] | undefined;
}

/** A debugging information entry. */
export class Entry {
  readonly unit: Unit;
  readonly offset: number;
  readonly abbreviation: Abbreviation;
  readonly attributesStart: number;
  readonly parent: Entry | undefined;
  children: Entry[] = NO_CHILDREN;

  constructor(
    unit: Unit,
    offset: number,
    abbreviation: Abbreviation,
    attributesStart: number,
    parent: Entry | undefined,
  ) {
    this.unit = unit;
    this.offset = offset;
    this.abbreviation = abbreviation;
    this.attributesStart = attributesStart;
    this.parent = parent;
  }

  get tag(): number {
    return this.abbreviation.tag;
  }

  has(attribute: number): boolean {
    return this.abbreviation.attributes.some((specification) => specification.attribute === attribute);
  }

  form(attribute: number): number | undefined {
    return this.abbreviation.attributes.find((specification) => specification.attribute === attribute)?.form;
  }

  /** Undefined if absent, or damaged, which leaves a warning. */
  get(attribute: number): AttributeValue | undefined {
    if (!this.has(attribute)) return undefined;
    try {
      return this.#read(attribute);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.unit.information.warn(`entry at 0x${this.offset.toString(16)}`, error);
      return undefined;
    }
  }

  #read(attribute: number): AttributeValue | undefined {
    const reader = new ByteReader(this.unit.information.sections.info, this.attributesStart, this.unit.end);
    for (const specification of this.abbreviation.attributes) {
      if (specification.attribute === attribute) {
        return readForm(reader, specification.form, specification.implicit, this.unit);
      }
      skipForm(reader, specification.form, this.unit);
    }
    return undefined;
  }

  string(attribute: number): string | undefined {
    const value = this.get(attribute);
    return typeof value === 'string' ? value : undefined;
  }

  /** A constant, offset or flag. */
  number(attribute: number): number | undefined {
    const value = this.get(attribute);
    return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined;
  }

  bigint(attribute: number): bigint | undefined {
    const value = this.get(attribute);
    return typeof value === 'bigint' ? value : typeof value === 'number' ? BigInt(value) : undefined;
  }

  flag(attribute: number): boolean {
    return this.number(attribute) === 1;
  }

  /** A block or location expression. */
  block(attribute: number): Uint8Array | undefined {
    const value = this.get(attribute);
    return value instanceof Uint8Array ? value : undefined;
  }

  reference(attribute: number): Entry | undefined {
    const value = this.get(attribute);
    if (typeof value === 'bigint') return this.unit.information.typeUnitEntry(value);
    return typeof value === 'number' ? this.unit.information.entryAt(value) : undefined;
  }

  /** Follows the references from a concrete entry to the declarations it completes, itself first. */
  *withOrigins(): Generator<Entry> {
    let entry: Entry | undefined = this;
    for (let i = 0; i < 8 && entry !== undefined; i++) {
      yield entry;
      entry =
        entry.reference(AT.abstract_origin) ??
        entry.reference(AT.specification) ??
        entry.reference(AT.extension);
    }
  }

  /** The first value of an attribute on the entry or its origins. */
  inherited<T>(read: (entry: Entry) => T | undefined): T | undefined {
    for (const entry of this.withOrigins()) {
      const value = read(entry);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  get name(): string | undefined {
    return this.inherited((entry) => entry.string(AT.name));
  }

  get type(): Entry | undefined {
    return this.inherited((entry) => entry.reference(AT.type));
  }
}

const NO_CHILDREN: Entry[] = [];

export class DebugInformation {
  readonly sections: DwarfSections;
  readonly units: readonly Unit[];
  readonly warnings: string[];
  readonly #abbreviations = new Map<number, AbbreviationTable>();
  #typeUnits: Map<bigint, Unit> | undefined;

  constructor(sections: DwarfSections, warnings: string[]) {
    this.sections = sections;
    this.warnings = warnings;
    this.units = this.#readUnitHeaders();
  }

  #readUnitHeaders(): readonly Unit[] {
    const units: Unit[] = [];
    const reader = new ByteReader(this.sections.info);
    while (!reader.atEnd) {
      const offset = reader.position;
      try {
        const length = reader.u32();
        if (length >= 0xffff_fff0)
          throw new RangeError('64-bit DWARF, which this debugger does not read; compile with -gdwarf32');
        const end = reader.position + length;
        if (end > reader.end) throw new RangeError('the unit reaches beyond .debug_info');
        const unit = this.#readUnitHeader(reader, offset, end);
        if (unit !== undefined) units.push(unit);
        reader.position = end;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.warn(`unit header at 0x${offset.toString(16)} of .debug_info`, error);
        break;
      }
    }
    return units;
  }

  #readUnitHeader(reader: ByteReader, offset: number, end: number): Unit | undefined {
    const version = reader.u16();
    if (version < 2 || version > 5) {
      this.warnings.push(
        `A unit has DWARF version ${version}; this debugger reads 2 to 5. Compile with -gdwarf-5.`,
      );
      return undefined;
    }
    const unitType = version >= 5 ? reader.u8() : 0;
    let addressSize = 0;
    if (version >= 5) addressSize = reader.u8();
    const abbreviationsOffset = reader.u32();
    if (version < 5) addressSize = reader.u8();
    if (addressSize !== 8) throw new RangeError(`addresses of ${addressSize} bytes`);
    let signature: bigint | undefined;
    let typeOffset = 0;
    if (unitType === UT_type || unitType === UT_split_type) {
      signature = reader.u64();
      typeOffset = reader.u32();
    } else if (unitType === UT_skeleton || unitType === UT_split_compile) {
      reader.skip(8);
    }
    return {
      information: this,
      offset,
      firstEntry: reader.position,
      end,
      version,
      addressSize,
      abbreviationsOffset,
      signature,
      typeOffset,
      strOffsetsBase: 8,
      addrBase: 8,
      rnglistsBase: 0,
      loclistsBase: 0,
      lowPc: 0n,
      root: undefined,
      entries: undefined,
    };
  }

  /** Notes damage once; the rest of the program stays usable. */
  warn(where: string, error: RangeError): void {
    const text = `Damaged debug information, ${where}: ${error.message}.`;
    if (this.warnings.length < 100 && !this.warnings.includes(text)) this.warnings.push(text);
  }

  #abbreviationsOf(unit: Unit): AbbreviationTable {
    let table = this.#abbreviations.get(unit.abbreviationsOffset);
    if (table === undefined) {
      table = readAbbreviations(this.sections.abbrev, unit.abbreviationsOffset);
      this.#abbreviations.set(unit.abbreviationsOffset, table);
    }
    return table;
  }

  /** The unit's root without its tree; undefined if it is damaged. */
  root(unit: Unit): Entry | undefined {
    if (unit.root !== undefined) return unit.root;
    try {
      const reader = new ByteReader(this.sections.info, unit.firstEntry, unit.end);
      const abbreviation = this.#abbreviationsOf(unit).get(reader.uleb());
      if (abbreviation === undefined) throw new RangeError('unknown abbreviation');
      const root = new Entry(unit, unit.firstEntry, abbreviation, reader.position, undefined);
      unit.strOffsetsBase = root.number(AT.str_offsets_base) ?? unit.strOffsetsBase;
      unit.addrBase = root.number(AT.addr_base) ?? unit.addrBase;
      unit.rnglistsBase = root.number(AT.rnglists_base) ?? unit.rnglistsBase;
      unit.loclistsBase = root.number(AT.loclists_base) ?? unit.loclistsBase;
      unit.lowPc = root.bigint(AT.low_pc) ?? 0n;
      unit.root = root;
      if (root.tag === TAG.skeleton_unit || root.has(AT.dwo_name) || root.has(AT.GNU_dwo_name)) {
        const dwo = root.string(AT.dwo_name) ?? root.string(AT.GNU_dwo_name) ?? 'a .dwo file';
        this.warnings.push(`The debug information of a unit is in ${dwo}. Compile without -gsplit-dwarf.`);
      }
      return root;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.warn(`unit at 0x${unit.offset.toString(16)}`, error);
      return undefined;
    }
  }

  /** All entries of a unit in file order; as far as they can be read. */
  entries(unit: Unit): readonly Entry[] {
    if (unit.entries !== undefined) return unit.entries;
    const entries: Entry[] = [];
    unit.entries = entries;
    const root = this.root(unit);
    if (root === undefined) return entries;
    try {
      this.#readTree(unit, root, entries);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.warn(`entries of the unit at 0x${unit.offset.toString(16)}`, error);
    }
    return entries;
  }

  #readTree(unit: Unit, root: Entry, entries: Entry[]): void {
    const table = this.#abbreviationsOf(unit);
    const reader = new ByteReader(this.sections.info, unit.firstEntry, unit.end);
    let parent: Entry | undefined;
    let depth = 0;
    while (!reader.atEnd) {
      const offset = reader.position;
      const code = reader.uleb();
      if (code === 0) {
        if (parent === undefined) return;
        parent = parent.parent;
        if (--depth === 0) return;
        continue;
      }
      const abbreviation = table.get(code);
      if (abbreviation === undefined) throw new RangeError(`unknown abbreviation ${code}`);
      const entry: Entry =
        offset === root.offset ? root : new Entry(unit, offset, abbreviation, reader.position, parent);
      for (const specification of abbreviation.attributes) skipForm(reader, specification.form, unit);
      entries.push(entry);
      if (parent !== undefined) {
        if (parent.children === NO_CHILDREN) parent.children = [entry];
        else parent.children.push(entry);
      }
      if (abbreviation.hasChildren) {
        if (++depth > MAXIMUM_DEPTH) throw new RangeError('entries nest too deep');
        parent = entry;
      } else if (parent === undefined) return;
    }
  }

  unitAt(offset: number): Unit | undefined {
    const index = lastAtOrBefore(this.units, offset, (unit) => unit.offset);
    const unit = this.units[index];
    return unit !== undefined && offset < unit.end ? unit : undefined;
  }

  entryAt(offset: number): Entry | undefined {
    const unit = this.unitAt(offset);
    if (unit === undefined) return undefined;
    const entries = this.entries(unit);
    const entry = entries[lastAtOrBefore(entries, offset, (candidate) => candidate.offset)];
    return entry?.offset === offset ? entry : undefined;
  }

  /** The type that a type unit of this signature defines. */
  typeUnitEntry(signature: bigint): Entry | undefined {
    if (this.#typeUnits === undefined) {
      this.#typeUnits = new Map();
      for (const unit of this.units)
        if (unit.signature !== undefined) this.#typeUnits.set(unit.signature, unit);
    }
    const unit = this.#typeUnits.get(signature);
    return unit && this.entryAt(unit.offset + unit.typeOffset);
  }
}

/** Index of the last element whose key is at or before `key`, in a list sorted by it; -1 if none. */
export function lastAtOrBefore<T, K extends number | bigint>(
  list: readonly T[],
  key: K,
  keyOf: (element: T) => K,
): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(list[middle]) <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
