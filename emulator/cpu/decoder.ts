/** Bytes to instructions (Intel SDM volume 2, chapter 2). */
import type { CodeMode } from './code-mode.ts';
import { BRANCHES, CONTINUES, ENDS, type Instruction } from './instruction.ts';
import { generalProtectionHandler, undefinedOpcodeHandler } from './invalid-instruction.ts';
import type { Opcode, RegisterFile, Vex } from './opcode.ts';
import { VEX } from './opcode-table.ts';
import { CS, DS, ES, FPU_REGISTERS, FS, GS, RAX, SEGMENT_BASE, SS, segment, VECTOR, ZERO } from './state.ts';

/** The architecture's limit on the length of an instruction. */
export const MAX_LENGTH = 15;

const RSP_NUMBER = 4;
const RBP_NUMBER = 5;

export function createInstruction(): Instruction {
  return {
    execute: undefinedOpcodeHandler,
    length: 0,
    ripLow: 0,
    ripHigh: 0,
    nextLow: 0,
    nextHigh: 0,
    reg: 0,
    rm: 0,
    regNumber: 0,
    rmNumber: 0,
    vvvv: 0,
    vvvvNumber: 0,
    vectorLength: 16,
    modrm: 0,
    isMemory: false,
    operandSize: 4,
    base: ZERO,
    index: ZERO,
    scale: 0,
    displacementLow: 0,
    displacementHigh: 0,
    complexAddress: 0,
    segmentBase: ZERO,
    usesStackSegment: false,
    addressSize: 8,
    stackSize: 8,
    immediateLow: 0,
    immediateHigh: 0,
    operation: 0,
    opcode: 0,
    row: undefined,
    repeat: 0,
    lock: false,
    ends: CONTINUES,
  };
}

/** State word index (general, vector, mmx) or byte offset (byte) of a register. Without REX, byte registers 4…7 are AH…BH. */
function registerOperand(file: RegisterFile, number: number, hasRex: boolean): number {
  if (file === 'vector') return VECTOR + number * 8;
  if (file === 'mmx') return FPU_REGISTERS + (number & 7) * 4;
  if (file === 'general') return RAX + number * 2;
  return !hasRex && number >= 4 && number < 8 ? (number - 4) * 8 + 1 : number * 8;
}

const signExtend8 = (value: number): number => (value << 24) >> 24;
const signExtend16 = (value: number): number => (value << 16) >> 16;

/**
 * Decodes one instruction at `offset` of `bytes`, of which `available` may be used, for the address given.
 * Bytes that are no instruction decode to one whose execution raises the right exception (#UD, or #GP if longer
 * than 15 bytes). Returns undefined if it needs more than `available` bytes.
 */
export function decode(
  bytes: Uint8Array,
  offset: number,
  available: number,
  ripLow: number,
  ripHigh: number,
  mode: CodeMode,
): Instruction | undefined {
  const i = createInstruction();
  const isLong = mode.bits === 64;
  i.stackSize = mode.stackSize;
  i.ripLow = ripLow;
  i.ripHigh = ripHigh;
  const limit = Math.min(available, MAX_LENGTH);
  let at = 0;
  let overrun = false;
  const next = (): number => {
    if (at >= limit) {
      overrun = true;
      return 0;
    }
    return bytes[offset + at++];
  };
  const word = (): number => next() | (next() << 8);
  const doubleword = (): number => word() | (word() << 16);

  // Prefixes.
  let rex = 0;
  let operandSizePrefix = false;
  let addressSizePrefix = false;
  let byte = next();
  for (; !overrun; byte = next()) {
    if (byte === 0x66) operandSizePrefix = true;
    else if (byte === 0x67) addressSizePrefix = true;
    else if (byte === 0xf2 || byte === 0xf3) i.repeat = byte;
    else if (byte === 0xf0) i.lock = true;
    else if (byte === 0x64) i.segmentBase = segmentBase(FS);
    else if (byte === 0x65) i.segmentBase = segmentBase(GS);
    else if (byte === 0x2e || byte === 0x36 || byte === 0x3e || byte === 0x26) {
      // CS, SS, DS, ES have base 0 in 64-bit mode, where these are ignored and do not cancel FS or GS.
      if (!isLong) i.segmentBase = segmentBase(OVERRIDES[(byte >> 3) & 3]);
    } else if (isLong && (byte & 0xf0) === 0x40) {
      rex = byte;
      continue;
    } else break;
    // A REX prefix counts only directly before the opcode.
    rex = 0;
  }
  const hasRex = rex !== 0;
  i.addressSize = isLong ? (addressSizePrefix ? 4 : 8) : (mode.bits === 32) === addressSizePrefix ? 2 : 4;
  const isOverridden = i.segmentBase !== ZERO;
  if (!isLong && !isOverridden) i.segmentBase = segmentBase(DS);

  // Opcode, behind a VEX prefix or its own escape bytes.
  let opcode = byte;
  let mandatory = i.repeat !== 0 ? i.repeat : operandSizePrefix ? 0x66 : 0;
  let isVex = false;
  let vexIsLegal = true;
  // Outside of 64-bit mode C4 and C5 are LES and LDS, but for register operands, which these do not have.
  if ((byte === 0xc4 || byte === 0xc5) && (isLong || (at < limit && bytes[offset + at] >= 0xc0))) {
    isVex = true;
    // SDM volume 2, 2.3: no REX, 66, F2, F3 or LOCK in front of it.
    vexIsLegal = !hasRex && mandatory === 0 && !i.lock;
    let map = 0x0f00;
    let last = next();
    // R, X and B are stored inverted.
    rex = 0x40 | (last & 0x80 ? 0 : 4);
    if (byte === 0xc4) {
      rex |= (~last >> 5) & 3;
      map = VEX_MAPS[last & 0x1f] ?? NO_MAP;
      last = next();
      rex |= (last >> 4) & 8;
    }
    // Eight registers, and no 64-bit operands.
    if (!isLong) rex &= 0x48;
    i.vvvvNumber = (~last >> 3) & 15;
    i.vectorLength = last & 4 ? 32 : 16;
    mandatory = VEX_PREFIXES[last & 3];
    // Nothing is fetched of a map that there is not.
    opcode = VEX + (map === NO_MAP ? map : map | next());
  } else if (opcode === 0x0f) {
    byte = next();
    opcode = 0x0f00 | byte;
    if (byte === 0x38 || byte === 0x3a) opcode = (opcode << 8) | next();
  }
  i.opcode = opcode;
  const rexW = (rex & 8) !== 0;

  const known = mode.opcodes.get(opcode);
  const rows = known ?? RESERVED.get((opcode >> 8) & 0xffff);
  let row: Opcode | undefined;
  if (rows !== undefined && !overrun) {
    let modrm = 0;
    if (rows[0].modrm || rows[0].extension !== undefined) {
      modrm = next();
      i.modrm = modrm;
      i.isMemory = modrm >> 6 !== 3 && !rows[0].ignoresMode;
      i.regNumber = ((modrm >> 3) & 7) | ((rex & 4) << 1);
      i.rmNumber = (modrm & 7) | ((rex & 1) << 3);
      if (i.isMemory) {
        if (i.addressSize === 2) wordAddress(i, modrm, next, word);
        else memoryOperand(i, modrm, rex, isLong, rows[0].vectorIndex === true, next, doubleword);
        i.usesStackSegment &&= !isOverridden;
        if (i.usesStackSegment && !isLong) i.segmentBase = segmentBase(SS);
      }
    } else {
      i.rmNumber = (opcode & 7) | ((rex & 1) << 3);
    }
    row = known?.find(
      (r) =>
        (r.prefix === undefined || r.prefix === mandatory) &&
        (r.extension === undefined || r.extension === ((modrm >> 3) & 7)) &&
        (r.only === undefined || (r.only === 'memory') === i.isMemory) &&
        (r.w === undefined || r.w === (rexW && (isLong || !hasGeneralOperand(r)) ? 1 : 0)) &&
        (r.vex === undefined || fitsVex(r.vex, i)),
    );
  }

  i.row = row;
  const shape = row ?? commonShape(rows);
  if (shape !== undefined && !overrun) {
    const size = shape.size;
    // With a VEX prefix general registers have 32 or 64 bits.
    const isWord = !isVex && (mode.bits === 16) !== operandSizePrefix;
    i.operandSize =
      size === 'byte'
        ? 1
        : !isLong
          ? isWord
            ? 2
            : 4
          : size === 'near' || rexW
            ? 8
            : isWord
              ? 2
              : size === 'stack'
                ? 8
                : 4;
    const defaultFile: RegisterFile = size === 'byte' ? 'byte' : 'general';
    i.reg = registerOperand(shape.reg ?? defaultFile, i.regNumber, hasRex);
    i.rm = registerOperand(shape.rm ?? defaultFile, i.rmNumber, hasRex);
    // Elsewhere the register's highest bit is ignored, though not where there is no register.
    if (!isLong) i.vvvvNumber &= 7;
    if (shape.vex?.vvvv !== undefined) i.vvvv = registerOperand(shape.vex.vvvv, i.vvvvNumber, true);
    if (shape.immediate !== undefined) immediateOperand(i, shape, next, word, doubleword);
  }

  if (overrun && available < MAX_LENGTH) return undefined;
  i.length = at;
  i.nextLow = (ripLow + at) | 0;
  i.nextHigh = isLong ? (ripHigh + (i.nextLow >>> 0 < ripLow >>> 0 ? 1 : 0)) | 0 : 0;
  if (row?.immediate === 'relative8' || row?.immediate === 'relative32') {
    addNext(i, 'immediate');
    if (!isLong) {
      i.immediateHigh = 0;
      if (i.operandSize === 2) i.immediateLow &= 0xffff;
    }
  }
  if (i.base === RIP_RELATIVE) {
    i.base = ZERO;
    addNext(i, 'displacement');
  }
  i.complexAddress =
    i.isMemory && (i.index !== ZERO || i.segmentBase !== ZERO || i.addressSize !== 8) ? 1 : 0;

  const handler = row?.handler(i);
  if (overrun) {
    i.execute = generalProtectionHandler;
    i.ends = BRANCHES;
  } else if (
    row === undefined ||
    handler === undefined ||
    (isVex && !vexIsLegal) ||
    (i.lock && !(row.lockable && i.isMemory))
  ) {
    i.execute = undefinedOpcodeHandler;
    i.ends = BRANCHES;
  } else {
    i.execute = handler;
    i.ends = row.endsBlock === 'branch' ? BRANCHES : row.endsBlock === 'plain' ? ENDS : CONTINUES;
  }
  return i;
}

// An opcode without meaning is fetched as a whole all the same, as far as it is known what belongs to it: bytes that are
// missing raise #PF rather than #UD.

/** Opcodes 0F 38 and 0F 3A without a row. */
const RESERVED: ReadonlyMap<number, readonly Opcode[]> = new Map([
  [0x0f38, [{ opcode: 0x0f38_00, modrm: true, handler: () => undefined }]],
  [0x0f3a, [{ opcode: 0x0f3a_00, modrm: true, immediate: 'byte', handler: () => undefined }]],
]);

/** What the rows of an opcode have in common, none of which is the one. */
const commonShape = (rows: readonly Opcode[] | undefined): Opcode | undefined =>
  rows?.every(({ immediate }) => immediate === rows[0].immediate) ? rows[0] : undefined;

/** VEX.mmmmm and VEX.pp. */
const NO_MAP = 0xff00_00;
const VEX_MAPS: readonly (number | undefined)[] = [undefined, 0x0f00, 0x0f3800, 0x0f3a00];
const VEX_PREFIXES = [0, 0x66, 0xf3, 0xf2] as const;

/** The VEX prefix of `i` is as a row wants it. */
const fitsVex = (vex: Vex, i: Instruction): boolean =>
  (vex.length === undefined || vex.length === i.vectorLength * 8) &&
  (vex.vvvv !== undefined || i.vvvvNumber === 0);

const segmentBase = (which: number): number => segment(which) + SEGMENT_BASE;
/** By bits 3 and 4 of the prefix. */
const OVERRIDES = [ES, CS, SS, DS] as const;

/** Outside of 64-bit mode VEX.W does not make general registers wider: it is ignored. */
const hasGeneralOperand = (row: Opcode): boolean => row.reg === 'general' || row.rm === 'general';

/** Stands in `base` until the instruction's length is known. */
const RIP_RELATIVE = -1;

const [RBX_NUMBER, RSI_NUMBER, RDI_NUMBER] = [3, 6, 7];
/** Base and index by ModRM.rm, with a 16-bit address size. */
const WORD_ADDRESSES: readonly (readonly [base: number, index?: number])[] = [
  [RBX_NUMBER, RSI_NUMBER],
  [RBX_NUMBER, RDI_NUMBER],
  [RBP_NUMBER, RSI_NUMBER],
  [RBP_NUMBER, RDI_NUMBER],
  [RSI_NUMBER],
  [RDI_NUMBER],
  [RBP_NUMBER],
  [RBX_NUMBER],
];

function wordAddress(i: Instruction, modrm: number, next: () => number, word: () => number): void {
  const mode = modrm >> 6;
  if (mode === 0 && (modrm & 7) === 6) {
    i.displacementLow = word();
    return;
  }
  const [base, index] = WORD_ADDRESSES[modrm & 7];
  i.base = RAX + base * 2;
  if (index !== undefined) i.index = RAX + index * 2;
  i.usesStackSegment = base === RBP_NUMBER;
  if (mode === 1) i.displacementLow = signExtend8(next());
  else if (mode === 2) i.displacementLow = word();
}

function memoryOperand(
  i: Instruction,
  modrm: number,
  rex: number,
  isLong: boolean,
  vectorIndex: boolean,
  next: () => number,
  doubleword: () => number,
): void {
  const mode = modrm >> 6;
  let base = modrm & 7;
  let hasBase = true;
  if (base === 4) {
    const sib = next();
    base = sib & 7;
    const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
    if (vectorIndex) i.index = VECTOR + index * 8;
    else if (index !== RSP_NUMBER) i.index = RAX + index * 2;
    i.scale = sib >> 6;
    if (base === 5 && mode === 0) hasBase = false;
  } else if (base === 5 && mode === 0) {
    i.displacementLow = doubleword();
    i.displacementHigh = i.displacementLow >> 31;
    if (isLong) i.base = RIP_RELATIVE;
    return;
  }
  if (hasBase) {
    const number = base | ((rex & 1) << 3);
    i.base = RAX + number * 2;
    i.usesStackSegment = number === RSP_NUMBER || number === RBP_NUMBER;
  }
  if (mode === 1) i.displacementLow = signExtend8(next());
  else if (mode === 2 || !hasBase) i.displacementLow = doubleword();
  i.displacementHigh = i.displacementLow >> 31;
}

function immediateOperand(
  i: Instruction,
  row: Opcode,
  next: () => number,
  word: () => number,
  doubleword: () => number,
): void {
  switch (row.immediate) {
    case 'byte':
    case 'relative8':
      i.immediateLow = signExtend8(next());
      break;
    case 'word':
      i.immediateLow = signExtend16(word());
      break;
    case 'relative32':
    case 'z':
      i.immediateLow = i.operandSize === 2 ? signExtend16(word()) : doubleword();
      break;
    case 'full':
      if (i.operandSize === 8) {
        i.immediateLow = doubleword();
        i.immediateHigh = doubleword();
        return;
      }
      i.immediateLow = i.operandSize === 2 ? signExtend16(word()) : doubleword();
      break;
    case 'address':
      i.displacementLow = i.addressSize === 2 ? word() : doubleword();
      i.displacementHigh = i.addressSize === 8 ? doubleword() : 0;
      i.isMemory = true;
      return;
    case 'enter':
      i.immediateLow = word();
      i.immediateHigh = next();
      return;
    case 'far':
      i.immediateLow = i.operandSize === 2 ? word() : doubleword();
      i.immediateHigh = word();
      return;
    default:
  }
  i.immediateHigh = i.immediateLow >> 31;
}

/** Adds the address behind the instruction to a relative operand. */
function addNext(i: Instruction, operand: 'immediate' | 'displacement'): void {
  if (operand === 'immediate') {
    const low = (i.immediateLow + i.nextLow) | 0;
    i.immediateHigh = (i.immediateHigh + i.nextHigh + (low >>> 0 < i.nextLow >>> 0 ? 1 : 0)) | 0;
    i.immediateLow = low;
  } else {
    const low = (i.displacementLow + i.nextLow) | 0;
    i.displacementHigh = (i.displacementHigh + i.nextHigh + (low >>> 0 < i.nextLow >>> 0 ? 1 : 0)) | 0;
    i.displacementLow = low;
  }
}
