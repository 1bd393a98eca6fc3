/** .debug_abbrev (DWARF 5 section 7.5.3): the shapes that debugging information entries come in. */
import { ByteReader } from './byte-reader.ts';
import { FORM } from './dwarf-constants.ts';

export interface AttributeSpecification {
  readonly attribute: number;
  readonly form: number;
  /** Value of DW_FORM_implicit_const. */
  readonly implicit: bigint;
}

export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly AttributeSpecification[];
}

export type AbbreviationTable = ReadonlyMap<number, Abbreviation>;

/** The table that starts at `offset`. Throws RangeError if it runs out of the section. */
export function readAbbreviations(section: Uint8Array, offset: number): AbbreviationTable {
  const reader = new ByteReader(section, offset);
  const table = new Map<number, Abbreviation>();
  for (;;) {
    const code = reader.uleb();
    if (code === 0) return table;
    const tag = reader.uleb();
    const hasChildren = reader.u8() !== 0;
    const attributes: AttributeSpecification[] = [];
    for (;;) {
      const attribute = reader.uleb();
      const form = reader.uleb();
      const implicit = form === FORM.implicit_const ? reader.slebBig() : 0n;
      if (attribute === 0 && form === 0) break;
      attributes.push({ attribute, form, implicit });
    }
    table.set(code, { tag, hasChildren, attributes });
  }
}
