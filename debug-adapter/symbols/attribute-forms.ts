/** How attribute values are encoded (DWARF 5 section 7.5.6). */
import { ByteReader, cstringAt } from './byte-reader.ts';
import type { Unit } from './debug-information.ts';
import { FORM } from './dwarf-constants.ts';

/** Numbers and bigints are constants, flags, offsets and references (absolute in .debug_info); bigint where 64 bits may be in use. */
export type AttributeValue = number | bigint | string | Uint8Array;

/** Moves the reader past a value. */
export function skipForm(reader: ByteReader, form: number, unit: Unit): void {
  reader.skip(remainingSize(reader, form, unit));
}

/** Bytes of a value; of those that carry their length, the bytes after it. */
function remainingSize(reader: ByteReader, form: number, unit: Unit): number {
  switch (form) {
    case FORM.flag_present:
    case FORM.implicit_const:
      return 0;
    case FORM.data1:
    case FORM.flag:
    case FORM.ref1:
    case FORM.strx1:
    case FORM.addrx1:
      return 1;
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return 2;
    case FORM.strx3:
    case FORM.addrx3:
      return 3;
    case FORM.data4:
    case FORM.ref4:
    case FORM.strx4:
    case FORM.addrx4:
    case FORM.strp:
    case FORM.line_strp:
    case FORM.sec_offset:
    case FORM.ref_sup4:
    case FORM.strp_sup:
      return 4;
    case FORM.ref_addr:
      return unit.version === 2 ? unit.addressSize : 4;
    case FORM.data8:
    case FORM.ref8:
    case FORM.ref_sig8:
    case FORM.ref_sup8:
      return 8;
    case FORM.data16:
      return 16;
    case FORM.addr:
      return unit.addressSize;
    case FORM.sdata:
    case FORM.udata:
    case FORM.ref_udata:
    case FORM.strx:
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
      reader.skipLeb();
      return 0;
    case FORM.string:
      reader.skipCstring();
      return 0;
    case FORM.exprloc:
    case FORM.block:
      return reader.uleb();
    case FORM.block1:
      return reader.u8();
    case FORM.block2:
      return reader.u16();
    case FORM.block4:
      return reader.u32();
    case FORM.indirect:
      return remainingSize(reader, reader.uleb(), unit);
    default:
      throw new RangeError(`unknown attribute form 0x${form.toString(16)}`);
  }
}

export function readForm(reader: ByteReader, form: number, implicit: bigint, unit: Unit): AttributeValue {
  const { sections } = unit.information;
  switch (form) {
    case FORM.flag_present:
      return 1;
    case FORM.implicit_const:
      return implicit;
    case FORM.data1:
    case FORM.flag:
      return reader.u8();
    case FORM.data2:
      return reader.u16();
    case FORM.data4:
    case FORM.sec_offset:
    case FORM.ref_addr:
      return reader.u32();
    case FORM.data8:
    case FORM.ref_sig8:
      return reader.u64();
    case FORM.udata:
      return reader.ulebBig();
    case FORM.sdata:
      return reader.slebBig();
    case FORM.loclistx:
    case FORM.rnglistx:
      return reader.uleb();
    case FORM.ref1:
      return unit.offset + reader.u8();
    case FORM.ref2:
      return unit.offset + reader.u16();
    case FORM.ref4:
      return unit.offset + reader.u32();
    case FORM.ref8:
      return unit.offset + reader.u64AsNumber();
    case FORM.ref_udata:
      return unit.offset + reader.uleb();
    case FORM.addr:
      return reader.unsigned(unit.addressSize);
    case FORM.addrx:
      return indexedAddress(unit, reader.uleb());
    case FORM.addrx1:
      return indexedAddress(unit, reader.u8());
    case FORM.addrx2:
      return indexedAddress(unit, reader.u16());
    case FORM.addrx3:
      return indexedAddress(unit, reader.u24());
    case FORM.addrx4:
      return indexedAddress(unit, reader.u32());
    case FORM.string:
      return reader.cstring();
    case FORM.strp:
      return cstringAt(sections.str, reader.u32());
    case FORM.line_strp:
      return cstringAt(sections.lineStr, reader.u32());
    case FORM.strx:
      return indexedString(unit, reader.uleb());
    case FORM.strx1:
      return indexedString(unit, reader.u8());
    case FORM.strx2:
      return indexedString(unit, reader.u16());
    case FORM.strx3:
      return indexedString(unit, reader.u24());
    case FORM.strx4:
      return indexedString(unit, reader.u32());
    case FORM.exprloc:
    case FORM.block:
      return reader.block(reader.uleb());
    case FORM.block1:
      return reader.block(reader.u8());
    case FORM.block2:
      return reader.block(reader.u16());
    case FORM.block4:
      return reader.block(reader.u32());
    case FORM.data16:
      return reader.block(16);
    case FORM.indirect:
      return readForm(reader, reader.uleb(), implicit, unit);
    default:
      throw new RangeError(`unknown attribute form 0x${form.toString(16)}`);
  }
}

/** Entry of .debug_addr (DWARF 5 section 7.27). */
export function indexedAddress(unit: Unit, index: number): bigint {
  return new ByteReader(unit.information.sections.addr, unit.addrBase + index * unit.addressSize).u64();
}

/** Entry of .debug_str_offsets (section 7.26). */
function indexedString(unit: Unit, index: number): string {
  const { strOffsets, str } = unit.information.sections;
  return cstringAt(str, new ByteReader(strOffsets, unit.strOffsetsBase + index * 4).u32());
}
