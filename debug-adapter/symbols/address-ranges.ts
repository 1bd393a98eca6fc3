/** The code that an entry covers: DW_AT_low_pc/high_pc, .debug_ranges (DWARF 4 §2.17.3), .debug_rnglists (DWARF 5 §7.25). */
import { indexedAddress } from './attribute-forms.ts';
import { ByteReader } from './byte-reader.ts';
import type { Entry, Unit } from './debug-information.ts';
import { AT, FORM } from './dwarf-constants.ts';
import type { AddressRange } from './symbol-api.ts';

const NO_RANGES: readonly AddressRange[] = [];
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** In file order, empty ones left out. A damaged list gives a warning and no ranges. */
export function entryRanges(entry: Entry): readonly AddressRange[] {
  try {
    if (entry.has(AT.ranges)) return rangeList(entry);
    const start = entry.bigint(AT.low_pc);
    const high = entry.bigint(AT.high_pc);
    if (start === undefined || high === undefined) return NO_RANGES;
    const form = entry.form(AT.high_pc) ?? 0;
    const absolute =
      form === FORM.addr || form === FORM.addrx || (form >= FORM.addrx1 && form <= FORM.addrx4);
    const end = absolute ? high : start + high;
    return end > start ? [{ start, end }] : NO_RANGES;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    entry.unit.information.warn(`ranges of the entry at 0x${entry.offset.toString(16)}`, error);
    return NO_RANGES;
  }
}

function rangeList(entry: Entry): readonly AddressRange[] {
  const { unit } = entry;
  // The unit's low_pc is the default base; reading the root sets it.
  unit.information.root(unit);
  const offset = entry.number(AT.ranges) ?? 0;
  if (unit.version < 5) return readRanges(unit, offset);
  const { rnglists } = unit.information.sections;
  if (entry.form(AT.ranges) !== FORM.rnglistx) return readRangeList(unit, offset);
  const base = unit.rnglistsBase;
  return readRangeList(unit, base + new ByteReader(rnglists, base + offset * 4).u32());
}

function readRanges(unit: Unit, offset: number): readonly AddressRange[] {
  const reader = new ByteReader(unit.information.sections.ranges, offset);
  const ranges: AddressRange[] = [];
  let base = unit.lowPc;
  for (;;) {
    const start = reader.u64();
    const end = reader.u64();
    if (start === 0n && end === 0n) return ranges;
    if (start === ALL_ONES) base = end;
    else if (end > start) ranges.push({ start: base + start, end: base + end });
  }
}

/** DW_RLE_* entries. */
function readRangeList(unit: Unit, offset: number): readonly AddressRange[] {
  const reader = new ByteReader(unit.information.sections.rnglists, offset);
  const ranges: AddressRange[] = [];
  const add = (start: bigint, end: bigint): void => {
    if (end > start) ranges.push({ start, end });
  };
  let base = unit.lowPc;
  for (;;) {
    const kind = reader.u8();
    switch (kind) {
      case 0: // end_of_list
        return ranges;
      case 1: // base_addressx
        base = indexedAddress(unit, reader.uleb());
        break;
      case 2: // startx_endx
        add(indexedAddress(unit, reader.uleb()), indexedAddress(unit, reader.uleb()));
        break;
      case 3: {
        // startx_length
        const start = indexedAddress(unit, reader.uleb());
        add(start, start + reader.ulebBig());
        break;
      }
      case 4: // offset_pair
        add(base + reader.ulebBig(), base + reader.ulebBig());
        break;
      case 5: // base_address
        base = reader.u64();
        break;
      case 6: // start_end
        add(reader.u64(), reader.u64());
        break;
      case 7: {
        // start_length
        const start = reader.u64();
        add(start, start + reader.ulebBig());
        break;
      }
      default:
        throw new RangeError(`unknown range list entry ${kind}`);
    }
  }
}
