/**
 * BMI1 and BMI2: ANDN, BEXTR, BLSI, BLSMSK, BLSR, BZHI, PDEP, PEXT, RORX, SARX, SHLX, SHRX (MULX is in
 * multiply-divide.ts, TZCNT in bits.ts). All are VEX-encoded and have operands of 32 or 64 bits. Flags that the manuals
 * leave undefined are as Intel's processors leave them.
 */
import { countBits } from './bits.ts';
import type { Cpu } from './cpu.ts';
import type { Feature } from './features.ts';
import { CF, SF, setArithmeticFlags, ZF } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { readRm, writeRegister } from './operands.ts';
import { HIGH } from './state.ts';

/** The high half of a result whose low half a function has returned. */
let resultHigh = 0;

/** ZF and SF from a result of the operand size. */
function setFlags(s: Int32Array, i: Instruction, low: number, high: number, others: number): void {
  const wide = i.operandSize === 8;
  const isZero = low === 0 && (!wide || high === 0);
  const isNegative = (wide ? high : low) < 0;
  setArithmeticFlags(s, (isZero ? ZF : 0) | (isNegative ? SF : 0) | others);
}

const andn: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i) & ~s[i.vvvv];
  const high = s[HIGH] & ~s[i.vvvv + 1];
  writeRegister(cpu, i.reg, i.operandSize, low, high);
  setFlags(s, i, low, high, 0);
};

/** x − 1 of 64 bits: returns the low half. */
function minusOne(low: number, high: number): number {
  resultHigh = low === 0 ? (high - 1) | 0 : high;
  return (low - 1) | 0;
}

/** One of BLSR, BLSMSK, BLSI. `carryIfZero`: CF says that the source is 0, otherwise that it is not. */
const lowestBit =
  (combine: (x: number, xMinusOne: number) => number, carryIfZero: boolean): Handler =>
  (cpu, i) => {
    const s = cpu.i32;
    const low = readRm(cpu, i);
    const high = i.operandSize === 8 ? s[HIGH] : 0;
    const resultLow = combine(low, minusOne(low, high));
    const upper = i.operandSize === 8 ? combine(high, resultHigh) : 0;
    writeRegister(cpu, i.vvvv, i.operandSize, resultLow, upper);
    setFlags(s, i, resultLow, upper, ((low | high) === 0) === carryIfZero ? CF : 0);
  };

const blsr = lowestBit((x, below) => x & below, true);
const blsmsk = lowestBit((x, below) => x ^ below, true);
const blsi = lowestBit((x, below) => x & ~below, false);

/** Bits `count` and above cleared; `count` of 64 or more leaves all. */
function lowBits(low: number, high: number, count: number): number {
  resultHigh = count >= 64 ? high : count > 32 ? high & ~(-1 << (count - 32)) : 0;
  return count >= 32 ? low : low & ~(-1 << count);
}

/** A shift by a count that is below the width. */
type Shift = (low: number, high: number, count: number) => number;

const shiftLeft: Shift = (low, high, count) => {
  if (count >= 32) {
    resultHigh = low << (count - 32);
    return 0;
  }
  resultHigh = count === 0 ? high : (high << count) | (low >>> (32 - count));
  return low << count;
};

const shiftRight: Shift = (low, high, count) => {
  if (count >= 32) {
    resultHigh = 0;
    return (high >>> (count - 32)) | 0;
  }
  resultHigh = (high >>> count) | 0;
  return count === 0 ? low : (low >>> count) | (high << (32 - count));
};

const bextr: Handler = (cpu, i) => {
  const s = cpu.i32;
  const control = s[i.vvvv];
  const size = i.operandSize;
  const start = control & 255;
  let low = readRm(cpu, i);
  let high = size === 8 ? s[HIGH] : 0;
  if (start >= 8 * size) low = high = 0;
  else {
    low = shiftRight(low, high, start);
    high = resultHigh;
  }
  low = lowBits(low, high, (control >> 8) & 255);
  high = resultHigh;
  writeRegister(cpu, i.reg, size, low, high);
  setArithmeticFlags(s, (low | high) === 0 ? ZF : 0);
};

const bzhi: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const count = s[i.vvvv] & 255;
  const source = readRm(cpu, i);
  const low = lowBits(source, size === 8 ? s[HIGH] : 0, count);
  const high = resultHigh;
  writeRegister(cpu, i.reg, size, low, high);
  setFlags(s, i, low, high, count >= 8 * size ? CF : 0);
};

/** Places the low bits of `bits` at the set bits of a mask. */
function deposit(bits: number, mask: number): number {
  let word = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    if ((bits & 1) !== 0) word |= rest & -rest;
    bits >>>= 1;
  }
  return word;
}

const pdep: Handler = (cpu, i) => {
  const s = cpu.i32;
  const mask = readRm(cpu, i);
  const maskHigh = i.operandSize === 8 ? s[HIGH] : 0;
  const low = s[i.vvvv];
  const upper = shiftRight(low, s[i.vvvv + 1], countBits(mask));
  writeRegister(cpu, i.reg, i.operandSize, deposit(low, mask), deposit(upper, maskHigh));
};

/** Gathers the bits of a word at the set bits of a mask. */
function gather(word: number, mask: number): number {
  let bits = 0;
  let at = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) {
    if ((word & rest & -rest) !== 0) bits |= 1 << at;
    at++;
  }
  return bits;
}

const pext: Handler = (cpu, i) => {
  const s = cpu.i32;
  const mask = readRm(cpu, i);
  const maskHigh = i.operandSize === 8 ? s[HIGH] : 0;
  const low = gather(s[i.vvvv], mask);
  const upper = shiftLeft(gather(s[i.vvvv + 1], maskHigh), 0, countBits(mask));
  writeRegister(cpu, i.reg, i.operandSize, low | upper, resultHigh);
};

const shiftRightSigned: Shift = (low, high, count) => {
  if (count >= 32) {
    resultHigh = high >> 31;
    return high >> (count - 32);
  }
  resultHigh = high >> count;
  return count === 0 ? low : (low >>> count) | (high << (32 - count));
};

const rotateRight: Shift = (low, high, count) => {
  const first = count < 32 ? low : high;
  const second = count < 32 ? high : low;
  const by = count & 31;
  resultHigh = by === 0 ? second : (second >>> by) | (first << (32 - by));
  return by === 0 ? first : (first >>> by) | (second << (32 - by));
};

function shifted(cpu: Cpu, i: Instruction, count: number, shift: Shift, shift32: Shift): void {
  const low = readRm(cpu, i);
  if (i.operandSize === 8) {
    const resultLow = shift(low, cpu.i32[HIGH], count & 63);
    writeRegister(cpu, i.reg, 8, resultLow, resultHigh);
  } else writeRegister(cpu, i.reg, 4, shift32(low, 0, count & 31), 0);
}

const byRegister = (shift: Shift, shift32: Shift) =>
  always((cpu, i) => shifted(cpu, i, cpu.i32[i.vvvv], shift, shift32));

const sarx = byRegister(shiftRightSigned, (low, _high, count) => low >> count);
const shlx = byRegister(shiftLeft, (low, _high, count) => low << count);
const shrx = byRegister(shiftRight, (low, _high, count) => low >>> count);
const rorx = always((cpu: Cpu, i: Instruction): void =>
  shifted(cpu, i, i.immediateLow, rotateRight, (low, _high, count) =>
    count === 0 ? low : (low >>> count) | (low << (32 - count)),
  ),
);

const row = (
  feature: Feature,
  opcode: number,
  prefix: 0 | 0x66 | 0xf3 | 0xf2,
  handler: Opcode['handler'],
  rest: Partial<Opcode> = {},
): Opcode => ({
  opcode,
  prefix,
  vex: { length: 128, vvvv: 'general' },
  modrm: true,
  feature,
  handler,
  ...rest,
});

export const BIT_MANIPULATION_OPCODES: readonly Opcode[] = [
  row('bmi1', 0x0f38f2, 0, always(andn)),
  row('bmi1', 0x0f38f3, 0, always(blsr), { extension: 1 }),
  row('bmi1', 0x0f38f3, 0, always(blsmsk), { extension: 2 }),
  row('bmi1', 0x0f38f3, 0, always(blsi), { extension: 3 }),
  row('bmi1', 0x0f38f7, 0, always(bextr)),
  row('bmi2', 0x0f38f5, 0, always(bzhi)),
  row('bmi2', 0x0f38f5, 0xf2, always(pdep)),
  row('bmi2', 0x0f38f5, 0xf3, always(pext)),
  row('bmi2', 0x0f38f7, 0x66, shlx),
  row('bmi2', 0x0f38f7, 0xf2, shrx),
  row('bmi2', 0x0f38f7, 0xf3, sarx),
  row('bmi2', 0x0f3af0, 0xf2, rorx, { vex: { length: 128 }, immediate: 'byte' }),
];
