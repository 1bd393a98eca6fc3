/** BT, BTS, BTR, BTC, BSF, BSR, TZCNT, LZCNT, POPCNT. */
import type { Cpu } from './cpu.ts';
import { arithmeticFlags, CF, hasEvenParity, PF, setArithmeticFlags, ZF } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { effectiveAddress, segmentAddress } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { load, loadForWrite, readRegister, readRm, store, writeRegister } from './operands.ts';
import { HIGH } from './state.ts';

const BT = 4;
const BTS = 5;
const BTR = 6;
const BTC = 7;

/** New value of a word of which one bit is tested and changed. */
const changeBit = (word: number, mask: number, operation: number): number =>
  operation === BTS ? word | mask : operation === BTR ? word & ~mask : operation === BTC ? word ^ mask : word;

/** Tests bit `bit` of an operand; writes it back unless it is BT. `address` is that of the operand in memory. */
function testBit(cpu: Cpu, i: Instruction, bit: number, address: number, addressHigh: number): void {
  const s = cpu.i32;
  const size = i.operandSize;
  const low = !i.isMemory
    ? readRegister(cpu, i.rm, size)
    : i.operation === BT
      ? load(cpu, address, addressHigh, size)
      : loadForWrite(cpu, address, addressHigh, size);
  const high = s[HIGH];
  const mask = 1 << (bit & 31);
  const upper = bit >= 32;
  const isSet = ((upper ? high : low) & mask) !== 0;
  if (i.operation !== BT) {
    const newLow = upper ? low : changeBit(low, mask, i.operation);
    const newHigh = upper ? changeBit(high, mask, i.operation) : high;
    if (i.isMemory) store(cpu, address, addressHigh, size, newLow, newHigh);
    else writeRegister(cpu, i.rm, size, newLow, newHigh);
  }
  setArithmeticFlags(s, (arithmeticFlags(s) & ~CF) | (isSet ? CF : 0));
}

const testImmediateBit: Handler = (cpu, i) => {
  const address = i.isMemory ? effectiveAddress(cpu, i) : 0;
  testBit(cpu, i, i.immediateLow & (i.operandSize * 8 - 1), address, cpu.i32[HIGH]);
};

/** A bit offset in a register is signed and reaches beyond the operand in memory. */
const testRegisterBit: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const offset = readRegister(cpu, i.reg, size);
  const offsetHigh = s[HIGH];
  const bit = offset & (size * 8 - 1);
  if (!i.isMemory) {
    testBit(cpu, i, bit, 0, 0);
    return;
  }
  const address = effectiveAddress(cpu, i);
  const addressHigh = s[HIGH];
  // Byte distance of the operand that holds the bit: offset / 8, rounded down to a multiple of the size.
  const bytes = ((offset >>> 3) | (offsetHigh << 29)) & -size;
  const low = (address + bytes) | 0;
  if (i.addressSize !== 8) {
    // The offset within the segment wraps at its size, before the segment's base is added.
    const wrapped = segmentAddress(s, i, low - s[i.segmentBase], i.segmentBase);
    testBit(cpu, i, bit, wrapped, s[HIGH]);
    return;
  }
  const high = (addressHigh + (offsetHigh >> 3) + (low >>> 0 < address >>> 0 ? 1 : 0)) | 0;
  testBit(cpu, i, bit, low, high);
};

const lowestSet = (word: number): number => 31 - Math.clz32(word & -word);

/** ZF if there is no bit; of the undefined flags, Intel's processors have PF from the index and clear the others. */
function setScanFlags(s: Int32Array, found: boolean, index: number): void {
  setArithmeticFlags(s, (found ? 0 : ZF) | (hasEvenParity(index) ? PF : 0));
}
/** With source 0 the destination keeps its value (so AMD's manual says and Intel's processors do). */
const bsf: Handler = (cpu, i) => {
  const s = cpu.i32;
  const mask = i.operandSize === 2 ? 0xffff : -1;
  const low = readRm(cpu, i) & mask;
  const high = i.operandSize === 8 ? s[HIGH] : 0;
  const found = (low | high) !== 0;
  const index = low !== 0 ? lowestSet(low) : high !== 0 ? 32 + lowestSet(high) : 0;
  setScanFlags(s, found, index);
  if (found) writeRegister(cpu, i.reg, i.operandSize, index, 0);
};
const bsr: Handler = (cpu, i) => {
  const s = cpu.i32;
  const mask = i.operandSize === 2 ? 0xffff : -1;
  const low = readRm(cpu, i) & mask;
  const high = i.operandSize === 8 ? s[HIGH] : 0;
  const found = (low | high) !== 0;
  const index = high !== 0 ? 63 - Math.clz32(high) : found ? 31 - Math.clz32(low) : 0;
  setScanFlags(s, found, index);
  if (found) writeRegister(cpu, i.reg, i.operandSize, index, 0);
};

/** The operand size if the source is 0, which CF says. The undefined flags are those of Intel's processors. */
const countZeros =
  (count: (low: number, high: number, size: number) => number): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    const size = i.operandSize;
    const low = readRm(cpu, i) & (size === 2 ? 0xffff : -1);
    const zeros = count(low, size === 8 ? s[HIGH] : 0, size);
    writeRegister(cpu, i.reg, size, zeros, 0);
    setArithmeticFlags(s, zeros === 8 * size ? CF : zeros === 0 ? ZF : 0);
  };
const tzcnt = countZeros((low, high, size) =>
  low !== 0 ? lowestSet(low) : high !== 0 ? 32 + lowestSet(high) : 8 * size,
);
const lzcnt = countZeros((low, high, size) =>
  size === 8
    ? high !== 0
      ? Math.clz32(high)
      : 32 + Math.clz32(low)
    : Math.clz32(low) - (size === 2 ? 16 : 0),
);

export function countBits(word: number): number {
  let n = word - ((word >>> 1) & 0x5555_5555);
  n = (n & 0x3333_3333) + ((n >>> 2) & 0x3333_3333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
const popcnt: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const count =
    i.operandSize === 2
      ? countBits(low & 0xffff)
      : countBits(low) + (i.operandSize === 8 ? countBits(s[HIGH]) : 0);
  writeRegister(cpu, i.reg, i.operandSize, count, 0);
  setArithmeticFlags(s, count === 0 ? ZF : 0);
};

const withOperation =
  (operation: number, handler: Handler) =>
  (i: Instruction): Handler => {
    i.operation = operation;
    return handler;
  };

const rows: Opcode[] = [];
for (let operation = BT; operation <= BTC; operation++) {
  const lockable = operation !== BT;
  rows.push(
    {
      opcode: 0x0f83 + operation * 8,
      modrm: true,
      lockable,
      handler: withOperation(operation, testRegisterBit),
    },
    {
      opcode: 0x0fba,
      extension: operation,
      immediate: 'byte',
      lockable,
      handler: withOperation(operation, testImmediateBit),
    },
  );
}

export const BIT_OPCODES: readonly Opcode[] = [
  ...rows,
  // A model without TZCNT and LZCNT ignores the prefix.
  { opcode: 0x0fbc, prefix: 0xf3, modrm: true, feature: 'bmi1', handler: always(tzcnt) },
  { opcode: 0x0fbd, prefix: 0xf3, modrm: true, feature: 'lzcnt', handler: always(lzcnt) },
  { opcode: 0x0fbc, modrm: true, handler: always(bsf) },
  { opcode: 0x0fbd, modrm: true, handler: always(bsr) },
  { opcode: 0x0fb8, prefix: 0xf3, modrm: true, feature: 'popcnt', handler: always(popcnt) },
];
