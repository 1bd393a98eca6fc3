/**
 * .debug_frame (DWARF 5 §6.4) and .eh_frame (LSB Core, "Exception Frames"): where the caller's registers are, for every
 * instruction of the program.
 */
import { ByteReader } from './byte-reader.ts';
import { lastAtOrBefore } from './debug-information.ts';
import type { DwarfSections } from './dwarf-sections.ts';

/** How to find the caller's value of one register. Expressions of the last two kinds start with the CFA on the stack. */
export type RegisterRule =
  | { readonly kind: 'undefined' | 'same-value' }
  /** Saved at CFA + offset. */
  | { readonly kind: 'offset'; readonly offset: number }
  /** Is CFA + offset. */
  | { readonly kind: 'value-offset'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'expression' | 'value-expression'; readonly block: Uint8Array };

export type CfaRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly block: Uint8Array };

/** One row of the table: the rules that hold at an instruction. */
export interface FrameRow {
  readonly cfa: CfaRule | undefined;
  /** Registers without a rule are absent. */
  readonly registers: ReadonlyMap<number, RegisterRule>;
  readonly returnAddressRegister: number;
  /** The function is an interrupt or system-call entry: the caller was stopped between two instructions. */
  readonly signalFrame: boolean;
}

interface CommonInformation {
  readonly codeAlignment: number;
  readonly dataAlignment: number;
  readonly returnAddressRegister: number;
  readonly signalFrame: boolean;
  readonly pointerEncoding: number;
  readonly hasAugmentationData: boolean;
  readonly instructions: ByteRange;
}

interface FrameDescription {
  readonly start: bigint;
  readonly end: bigint;
  readonly section: Uint8Array;
  readonly common: CommonInformation;
  readonly instructions: ByteRange;
}

interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const MAXIMUM_REMEMBERED = 64;

export class CallFrameInformation {
  readonly #sections: DwarfSections;
  readonly #isCode: (address: bigint) => boolean;
  readonly #warn: (where: string, error: RangeError) => void;
  #descriptions: readonly FrameDescription[] | undefined;

  constructor(
    sections: DwarfSections,
    isCode: (address: bigint) => boolean,
    warn: (where: string, error: RangeError) => void,
  ) {
    this.#sections = sections;
    this.#isCode = isCode;
    this.#warn = warn;
  }

  /** The rules at an address, `undefined` if no frame description covers it. */
  rowAt(address: bigint): FrameRow | undefined {
    this.#descriptions ??= this.#readAll();
    const list = this.#descriptions;
    const description = list[lastAtOrBefore(list, address, (candidate) => candidate.start)];
    if (description === undefined || address >= description.end) return undefined;
    try {
      return runInstructions(description, address);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#warn(`frame description for 0x${description.start.toString(16)}`, error);
      return undefined;
    }
  }

  #readAll(): readonly FrameDescription[] {
    const { frame, ehFrame, ehFrameAddress } = this.#sections;
    const all: FrameDescription[] = [];
    for (const [section, isEh] of [
      [frame, false],
      [ehFrame, true],
    ] as const) {
      try {
        readDescriptions(section, isEh, ehFrameAddress, all);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#warn(isEh ? '.eh_frame' : '.debug_frame', error);
      }
    }
    const live = all.filter(
      (description) => description.end > description.start && this.#isCode(description.start),
    );
    return live.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  }
}

function readDescriptions(
  section: Uint8Array,
  isEh: boolean,
  sectionAddress: bigint,
  all: FrameDescription[],
): void {
  const commons = new Map<number, CommonInformation | undefined>();
  const reader = new ByteReader(section);
  while (!reader.atEnd) {
    const offset = reader.position;
    const length = reader.u32();
    // A terminator; in a linked .eh_frame there may be more after it.
    if (length === 0) continue;
    if (length >= 0xffff_fff0) throw new RangeError('64-bit DWARF');
    const idPosition = reader.position;
    const end = idPosition + length;
    if (end > section.length)
      throw new RangeError(`the entry at 0x${offset.toString(16)} reaches beyond the section`);
    const id = reader.u32();
    const isCommon = isEh ? id === 0 : id === 0xffff_ffff;
    if (!isCommon) {
      const commonOffset = isEh ? idPosition - id : id;
      if (!commons.has(commonOffset)) commons.set(commonOffset, readCommon(section, commonOffset, isEh));
      const common = commons.get(commonOffset);
      const entry = new ByteReader(section, reader.position, end);
      if (common !== undefined) all.push(readDescription(entry, common, section, isEh, sectionAddress));
    }
    reader.position = end;
  }
}

/** Undefined for an augmentation this reader does not know, whose rules could mislead. */
function readCommon(section: Uint8Array, offset: number, isEh: boolean): CommonInformation | undefined {
  const header = new ByteReader(section, offset);
  const length = header.u32();
  const reader = new ByteReader(section, header.position, header.position + length);
  const id = reader.u32();
  if (id !== (isEh ? 0 : 0xffff_ffff))
    throw new RangeError(`no common information at 0x${offset.toString(16)}`);
  const version = reader.u8();
  const augmentation = reader.cstring();
  if (augmentation !== '' && !augmentation.startsWith('z')) return undefined;
  if (version >= 4) reader.skip(2); // address and segment selector size
  const codeAlignment = reader.uleb();
  const dataAlignment = reader.sleb();
  const returnAddressRegister = version === 1 ? reader.u8() : reader.uleb();
  let pointerEncoding = 0;
  let signalFrame = false;
  if (augmentation.startsWith('z')) {
    const dataLength = reader.uleb();
    const next = reader.position + dataLength;
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') pointerEncoding = reader.u8();
      else if (letter === 'S') signalFrame = true;
      else if (letter === 'L') reader.skip(1);
      else if (letter === 'P') skipPointer(reader, reader.u8());
      else break;
    }
    reader.position = next;
  }
  return {
    codeAlignment,
    dataAlignment,
    returnAddressRegister,
    signalFrame,
    pointerEncoding,
    hasAugmentationData: augmentation.startsWith('z'),
    instructions: { start: reader.position, end: reader.end },
  };
}

function readDescription(
  reader: ByteReader,
  common: CommonInformation,
  section: Uint8Array,
  isEh: boolean,
  sectionAddress: bigint,
): FrameDescription {
  let start: bigint;
  let size: bigint;
  if (isEh) {
    const position = reader.position;
    start = readPointer(reader, common.pointerEncoding & 0x0f);
    if ((common.pointerEncoding & 0x70) === 0x10) start += sectionAddress + BigInt(position);
    start = BigInt.asUintN(64, start);
    size = BigInt.asUintN(64, readPointer(reader, common.pointerEncoding & 0x07));
    if (common.hasAugmentationData) reader.skip(reader.uleb());
  } else {
    start = reader.u64();
    size = reader.u64();
  }
  return {
    start,
    end: start + size,
    section,
    common,
    instructions: { start: reader.position, end: reader.end },
  };
}

/** DW_EH_PE_* formats. */
function readPointer(reader: ByteReader, format: number): bigint {
  switch (format) {
    case 0x00: // absptr
    case 0x04: // udata8
      return reader.u64();
    case 0x01: // uleb128
      return reader.ulebBig();
    case 0x02: // udata2
      return BigInt(reader.u16());
    case 0x03: // udata4
      return BigInt(reader.u32());
    case 0x09: // sleb128
      return reader.slebBig();
    case 0x0a: // sdata2
      return BigInt.asIntN(16, BigInt(reader.u16()));
    case 0x0b: // sdata4
      return BigInt(reader.s32());
    case 0x0c: // sdata8
      return reader.s64();
    default:
      throw new RangeError(`unknown pointer encoding 0x${format.toString(16)}`);
  }
}

function skipPointer(reader: ByteReader, encoding: number): void {
  if (encoding !== 0xff) readPointer(reader, encoding & 0x0f);
}

interface MutableRow {
  cfa: CfaRule | undefined;
  registers: Map<number, RegisterRule>;
}

/** Runs the instructions of the common part and of the description up to the row that covers `address`. */
function runInstructions(description: FrameDescription, address: bigint): FrameRow {
  const { common, section } = description;
  const row: MutableRow = { cfa: undefined, registers: new Map() };
  execute(
    new ByteReader(section, common.instructions.start, common.instructions.end),
    description,
    row,
    undefined,
    address,
  );
  const initial = new Map(row.registers);
  execute(
    new ByteReader(section, description.instructions.start, description.instructions.end),
    description,
    row,
    initial,
    address,
  );
  return { ...row, returnAddressRegister: common.returnAddressRegister, signalFrame: common.signalFrame };
}

/** DW_CFA_* (DWARF 5 §6.4.2). `initial` holds the rules to restore; undefined while the common part itself runs. */
function execute(
  reader: ByteReader,
  { common, start }: FrameDescription,
  row: MutableRow,
  initial: ReadonlyMap<number, RegisterRule> | undefined,
  address: bigint,
): void {
  const remembered: MutableRow[] = [];
  const { codeAlignment, dataAlignment } = common;
  let location = start;
  const restore = (register: number): void => {
    const rule = initial?.get(register);
    if (rule === undefined) row.registers.delete(register);
    else row.registers.set(register, rule);
  };
  const cfaRegister = (): { register: number; offset: number } => {
    if (row.cfa?.kind !== 'register') throw new RangeError('CFA is no register');
    return row.cfa;
  };
  const setOffset = (register: number, offset: number): void => {
    row.registers.set(register, { kind: 'offset', offset: offset * dataAlignment });
  };
  while (!reader.atEnd) {
    const opcode = reader.u8();
    const operand = opcode & 0x3f;
    let advance: number | undefined;
    switch (opcode & 0xc0) {
      case 0x40:
        advance = operand;
        break;
      case 0x80:
        setOffset(operand, reader.uleb());
        break;
      case 0xc0:
        restore(operand);
        break;
      default:
        switch (opcode) {
          case 0x00: // nop
            break;
          case 0x01: // set_loc
            location = reader.u64();
            if (location > address) return;
            break;
          case 0x02:
            advance = reader.u8();
            break;
          case 0x03:
            advance = reader.u16();
            break;
          case 0x04:
            advance = reader.u32();
            break;
          case 0x05: // offset_extended
            setOffset(reader.uleb(), reader.uleb());
            break;
          case 0x06: // restore_extended
            restore(reader.uleb());
            break;
          case 0x07:
            row.registers.set(reader.uleb(), { kind: 'undefined' });
            break;
          case 0x08:
            row.registers.set(reader.uleb(), { kind: 'same-value' });
            break;
          case 0x09:
            row.registers.set(reader.uleb(), { kind: 'register', register: reader.uleb() });
            break;
          case 0x0a: // remember_state
            if (remembered.length >= MAXIMUM_REMEMBERED) throw new RangeError('too many remembered states');
            remembered.push({ cfa: row.cfa, registers: new Map(row.registers) });
            break;
          case 0x0b: {
            // restore_state
            const state = remembered.pop();
            if (state === undefined) throw new RangeError('no remembered state');
            row.cfa = state.cfa;
            row.registers = state.registers;
            break;
          }
          case 0x0c: // def_cfa
            row.cfa = { kind: 'register', register: reader.uleb(), offset: reader.uleb() };
            break;
          case 0x0d: // def_cfa_register
            row.cfa = { kind: 'register', register: reader.uleb(), offset: cfaRegister().offset };
            break;
          case 0x0e: // def_cfa_offset
            row.cfa = { kind: 'register', register: cfaRegister().register, offset: reader.uleb() };
            break;
          case 0x0f: // def_cfa_expression
            row.cfa = { kind: 'expression', block: reader.block(reader.uleb()) };
            break;
          case 0x10:
            row.registers.set(reader.uleb(), { kind: 'expression', block: reader.block(reader.uleb()) });
            break;
          case 0x11: // offset_extended_sf
            setOffset(reader.uleb(), reader.sleb());
            break;
          case 0x12: // def_cfa_sf
            row.cfa = { kind: 'register', register: reader.uleb(), offset: reader.sleb() * dataAlignment };
            break;
          case 0x13: // def_cfa_offset_sf
            row.cfa = {
              kind: 'register',
              register: cfaRegister().register,
              offset: reader.sleb() * dataAlignment,
            };
            break;
          case 0x14: // val_offset
            row.registers.set(reader.uleb(), { kind: 'value-offset', offset: reader.uleb() * dataAlignment });
            break;
          case 0x15: // val_offset_sf
            row.registers.set(reader.uleb(), { kind: 'value-offset', offset: reader.sleb() * dataAlignment });
            break;
          case 0x16:
            row.registers.set(reader.uleb(), {
              kind: 'value-expression',
              block: reader.block(reader.uleb()),
            });
            break;
          case 0x2e: // GNU_args_size
            reader.skipLeb();
            break;
          default:
            throw new RangeError(`unknown call frame instruction 0x${opcode.toString(16)}`);
        }
    }
    if (advance !== undefined) {
      location += BigInt(advance * codeAlignment);
      if (location > address) return;
    }
  }
}
