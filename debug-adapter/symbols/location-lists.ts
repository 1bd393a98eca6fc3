/** .debug_loc (DWARF 4 §7.7.3) and .debug_loclists (DWARF 5 §7.7.3): locations that hold for parts of the code. */
import { indexedAddress } from './attribute-forms.ts';
import { ByteReader } from './byte-reader.ts';
import type { Entry, Unit } from './debug-information.ts';
import { FORM } from './dwarf-constants.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** The expression in a location attribute that holds at `pc`; undefined if none does. Throws RangeError on damage. */
export function expressionAt(entry: Entry, attribute: number, pc: bigint): Uint8Array | undefined {
  const value = entry.get(attribute);
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'number') return undefined;
  const { unit } = entry;
  unit.information.root(unit);
  if (unit.version < 5) return findInLoc(unit, value, pc);
  if (entry.form(attribute) !== FORM.loclistx) return findInLoclists(unit, value, pc);
  const { loclists } = unit.information.sections;
  const base = unit.loclistsBase;
  return findInLoclists(unit, base + new ByteReader(loclists, base + value * 4).u32(), pc);
}

function findInLoc(unit: Unit, offset: number, pc: bigint): Uint8Array | undefined {
  const reader = new ByteReader(unit.information.sections.loc, offset);
  let base = unit.lowPc;
  for (;;) {
    const start = reader.u64();
    const end = reader.u64();
    if (start === 0n && end === 0n) return undefined;
    if (start === ALL_ONES) {
      base = end;
      continue;
    }
    const block = reader.block(reader.u16());
    if (pc >= base + start && pc < base + end) return block;
  }
}

/** DW_LLE_* entries. */
function findInLoclists(unit: Unit, offset: number, pc: bigint): Uint8Array | undefined {
  const reader = new ByteReader(unit.information.sections.loclists, offset);
  let base = unit.lowPc;
  let fallback: Uint8Array | undefined;
  for (;;) {
    let start: bigint;
    let end: bigint;
    const kind = reader.u8();
    switch (kind) {
      case 0: // end_of_list
        return fallback;
      case 1: // base_addressx
        base = indexedAddress(unit, reader.uleb());
        continue;
      case 2: // startx_endx
        start = indexedAddress(unit, reader.uleb());
        end = indexedAddress(unit, reader.uleb());
        break;
      case 3: // startx_length
        start = indexedAddress(unit, reader.uleb());
        end = start + reader.ulebBig();
        break;
      case 4: // offset_pair
        start = base + reader.ulebBig();
        end = base + reader.ulebBig();
        break;
      case 5: // default_location
        fallback = reader.block(reader.uleb());
        continue;
      case 6: // base_address
        base = reader.u64();
        continue;
      case 7: // start_end
        start = reader.u64();
        end = reader.u64();
        break;
      case 8: // start_length
        start = reader.u64();
        end = start + reader.ulebBig();
        break;
      case 9: // GNU_view_pair: refines the next entry within one address, which a stop cannot tell apart
        reader.skipLeb();
        reader.skipLeb();
        continue;
      default:
        throw new RangeError(`unknown location list entry ${kind}`);
    }
    const block = reader.block(reader.uleb());
    if (pc >= start && pc < end) return block;
  }
}
