/**
 * Shifts and rotates. A count of 0 (after masking) changes neither operand nor flags. Flags that the manuals
 * leave undefined follow Intel's processors: OF as if the first step had been the only one, AF cleared by shifts. A rotate of a
 * register by a constant other than 1 leaves OF as it was.
 */
import type { Cpu } from './cpu.ts';
import { AF, auxiliary, CF, carry, OF, overflow, RESULT, setResultFlags } from './flags.ts';
import type { Handler, Instruction } from './instruction.ts';
import type { Opcode } from './opcode.ts';
import { readRegister, readRmForWrite, signExtend8, signExtend16, writeRm } from './operands.ts';
import { FLAG_KIND, FLAGS, HIGH, RCX } from './state.ts';

const ROL = 0;
const ROR = 1;
const RCL = 2;
const RCR = 3;
const SHL = 4;
const SHR = 5;
const SAL = 6;
const SAR = 7;

const signExtend = (value: number, bits: number): number =>
  bits === 32 ? value | 0 : bits === 16 ? signExtend16(value) : signExtend8(value);

// 64 bits. Each returns the low half and leaves the high half in HIGH; count is 1…63.

function shl64(s: Int32Array, low: number, high: number, count: number): number {
  if (count >= 32) {
    s[HIGH] = low << (count - 32);
    return 0;
  }
  s[HIGH] = (high << count) | (low >>> (32 - count));
  return low << count;
}
function shr64(s: Int32Array, low: number, high: number, count: number): number {
  if (count >= 32) {
    s[HIGH] = 0;
    return (high >>> (count - 32)) | 0;
  }
  s[HIGH] = high >>> count;
  return (low >>> count) | (high << (32 - count));
}
function sar64(s: Int32Array, low: number, high: number, count: number): number {
  if (count >= 32) {
    s[HIGH] = high >> 31;
    return high >> (count - 32);
  }
  s[HIGH] = high >> count;
  return (low >>> count) | (high << (32 - count));
}
function rol64(s: Int32Array, low: number, high: number, count: number): number {
  const a = count < 32 ? low : high;
  const b = count < 32 ? high : low;
  const by = count & 31;
  if (by === 0) {
    s[HIGH] = b;
    return a;
  }
  s[HIGH] = (b << by) | (a >>> (32 - by));
  return (a << by) | (b >>> (32 - by));
}
const bit64 = (low: number, high: number, bit: number): number =>
  ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) as number;

/** In place of OF or 0: OF stays as it was. */
const UNCHANGED = -1;

/** CF and OF of a rotate; the other flags stay, as far as they are lazy they stay so. */
function setRotateFlags(s: Int32Array, carryOut: boolean, overflows: number): void {
  if (s[FLAG_KIND] > RESULT) {
    const kept = (auxiliary(s) ? AF : 0) | (overflows === UNCHANGED && overflow(s) ? OF : 0);
    s[FLAGS] = (s[FLAGS] & ~(CF | AF | OF)) | kept;
    s[FLAG_KIND] = RESULT;
  }
  const cleared = overflows === UNCHANGED ? ~CF : ~(CF | OF);
  s[FLAGS] = (s[FLAGS] & cleared) | (carryOut ? CF : 0) | (overflows === UNCHANGED ? 0 : overflows);
}

/** OF by the highest bit of a word. */
const overflowIf = (word: number): number => (word < 0 ? OF : 0);

/** Shifts or rotates 64 bits by 1…63, a constant or not, and sets the flags. Returns the low half, high half in HIGH. */
function shift64(
  s: Int32Array,
  operation: number,
  low: number,
  high: number,
  count: number,
  constant: boolean,
): number {
  switch (operation) {
    case ROL: {
      const result = rol64(s, low, high, count);
      setRotateFlags(
        s,
        (result & 1) !== 0,
        constant && count !== 1 ? UNCHANGED : overflowIf(high ^ (high << 1)),
      );
      return result;
    }
    case ROR: {
      const result = rol64(s, low, high, 64 - count);
      setRotateFlags(s, s[HIGH] < 0, constant && count !== 1 ? UNCHANGED : overflowIf(high ^ (low << 31)));
      return result;
    }
    case RCL:
    case RCR:
      return rotateThroughCarry64(s, operation, low, high, count);
    case SHR: {
      const result = shr64(s, low, high, count);
      setResultFlags(s, result, s[HIGH], bit64(low, high, count - 1) | overflowIf(high));
      return result;
    }
    case SAR: {
      const result = sar64(s, low, high, count);
      setResultFlags(s, result, s[HIGH], bit64(low, high, count - 1));
      return result;
    }
    default: {
      const result = shl64(s, low, high, count);
      setResultFlags(s, result, s[HIGH], bit64(low, high, 64 - count) | overflowIf(high ^ (high << 1)));
      return result;
    }
  }
}

function rotateThroughCarry64(
  s: Int32Array,
  operation: number,
  low: number,
  high: number,
  count: number,
): number {
  let c = carry(s) ? 1 : 0;
  const overflows = overflowIf(operation === RCL ? high ^ (high << 1) : high ^ (c << 31));
  for (; count > 0; count--) {
    if (operation === RCL) {
      const out = high >>> 31;
      high = (high << 1) | (low >>> 31);
      low = (low << 1) | c;
      c = out;
    } else {
      const out = low & 1;
      low = (low >>> 1) | (high << 31);
      high = (high >>> 1) | (c << 31);
      c = out;
    }
  }
  setRotateFlags(s, c !== 0, overflows);
  s[HIGH] = high;
  return low;
}

/** As `shift64` for 8, 16 and 32 bits; count 1…31; value sign-extended, as is the result. */
function shiftNarrow(
  s: Int32Array,
  operation: number,
  value: number,
  count: number,
  bits: number,
  constant: boolean,
): number {
  const mask = bits === 32 ? -1 : (1 << bits) - 1;
  const unsigned = (value & mask) >>> 0;
  const top = bits - 1;
  /** The highest bit of the operand before a step to the left, xor the one behind it. */
  const leftOverflow = overflowIf(value ^ (value << (32 - top)));
  switch (operation) {
    case ROL:
    case ROR: {
      const by = (operation === ROL ? count : bits - (count % bits)) % bits;
      const result = by === 0 ? unsigned : (((unsigned << by) | (unsigned >>> (bits - by))) & mask) >>> 0;
      const out = operation === ROL ? result & 1 : result >>> top;
      const overflows = operation === ROL ? leftOverflow : overflowIf(value ^ (value << 31));
      setRotateFlags(s, out !== 0, constant && count !== 1 ? UNCHANGED : overflows);
      return signExtend(result, bits);
    }
    case RCL:
    case RCR: {
      let result = unsigned;
      let c = carry(s) ? 1 : 0;
      const steps = bits === 32 ? count : count % (bits + 1);
      const overflows = operation === RCL ? leftOverflow : overflowIf(value ^ (c << 31));
      for (let n = steps; n > 0; n--) {
        if (operation === RCL) {
          const out = (result >>> top) & 1;
          result = (((result << 1) | c) & mask) >>> 0;
          c = out;
        } else {
          const out = result & 1;
          result = ((result >>> 1) | (c << top)) >>> 0;
          c = out;
        }
      }
      setRotateFlags(s, c !== 0, steps === 0 ? UNCHANGED : overflows);
      return signExtend(result, bits);
    }
    case SHR: {
      const result = signExtend(unsigned >>> count, bits);
      const out = (unsigned >>> (count - 1)) & 1;
      setResultFlags(s, result, result >> 31, out | overflowIf(value));
      return result;
    }
    case SAR: {
      const result = value >> count;
      setResultFlags(s, result, result >> 31, (value >> (count - 1)) & 1);
      return result;
    }
    default: {
      const result = signExtend(unsigned << count, bits);
      // Beyond the operand's width the bit shifted out last is 0.
      const out = count > bits ? 0 : (unsigned >>> (bits - count)) & 1;
      setResultFlags(s, result, result >> 31, out | leftOverflow);
      return result;
    }
  }
}

function shiftRm(cpu: Cpu, i: Instruction, count: number, constant: boolean): void {
  const s = cpu.i32;
  const size = i.operandSize;
  const masked = count & (size === 8 ? 63 : 31);
  const low = readRmForWrite(cpu, i);
  if (masked === 0) {
    // Still a write: a 32-bit register loses its upper half.
    writeRm(cpu, i, low, s[HIGH]);
    return;
  }
  const result =
    size === 8
      ? shift64(s, i.operation, low, s[HIGH], masked, constant)
      : shiftNarrow(s, i.operation, low, masked, size * 8, constant);
  writeRm(cpu, i, result, s[HIGH]);
}
const shiftByOne: Handler = (cpu, i) => shiftRm(cpu, i, 1, true);
const shiftByImmediate: Handler = (cpu, i) => shiftRm(cpu, i, i.immediateLow, !i.isMemory);
const shiftByCl: Handler = (cpu, i) => shiftRm(cpu, i, cpu.u8[RCX * 4], false);

// The frequent forms: registers by a constant.

const shl32Immediate: Handler = (cpu, i) => {
  const s = cpu.i32;
  const value = s[i.rm];
  const count = i.immediateLow & 31;
  const result = value << count;
  const out = (value >>> (32 - count)) & 1;
  setResultFlags(s, result, result >> 31, out | overflowIf(value ^ (value << 1)));
  s[i.rm] = result;
  s[i.rm + 1] = 0;
};
const shr32Immediate: Handler = (cpu, i) => {
  const s = cpu.i32;
  const value = s[i.rm];
  const count = i.immediateLow & 31;
  const result = (value >>> count) | 0;
  const out = (value >>> (count - 1)) & 1;
  setResultFlags(s, result, result >> 31, out | overflowIf(value));
  s[i.rm] = result;
  s[i.rm + 1] = 0;
};
const shift64Immediate: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = shift64(s, i.operation, s[i.rm], s[i.rm + 1], i.immediateLow & 63, true);
  s[i.rm] = low;
  s[i.rm + 1] = s[HIGH];
};

// SHLD, SHRD

function doubleShift(cpu: Cpu, i: Instruction, count: number, left: boolean): void {
  const s = cpu.i32;
  const size = i.operandSize;
  let by = count & (size === 8 ? 63 : 31);
  const low = readRmForWrite(cpu, i);
  const high = s[HIGH];
  const source = readRegister(cpu, i.reg, size);
  const sourceHigh = s[HIGH];
  if (by === 0) {
    writeRm(cpu, i, low, high);
    return;
  }
  let result: number;
  let resultHigh: number;
  let out: number;
  if (size === 8) {
    const moved = left ? shl64(s, low, high, by) : shr64(s, low, high, by);
    const movedHigh = s[HIGH];
    const filled = left ? shr64(s, source, sourceHigh, 64 - by) : shl64(s, source, sourceHigh, 64 - by);
    result = moved | filled;
    resultHigh = movedHigh | s[HIGH];
    out = bit64(low, high, left ? 64 - by : by - 1);
  } else if (size === 4) {
    result = left ? (low << by) | (source >>> (32 - by)) : (low >>> by) | (source << (32 - by));
    resultHigh = result >> 31;
    out = (low >>> (left ? 32 - by : by - 1)) & 1;
  } else {
    // Counts above 16 are undefined; processors shift the 48 bits dest:source:dest (left) or the mirror image.
    const a = low & 0xffff;
    const b = source & 0xffff;
    const beyond = by > 16;
    if (beyond) by -= 16;
    const first = beyond ? b : a;
    const second = beyond ? a : b;
    const joined = left ? ((first << 16) | second) >>> 0 : ((second << 16) | first) >>> 0;
    result = signExtend16(left ? (joined << by) >>> 16 : joined >>> by);
    resultHigh = result >> 31;
    out = (first >>> (left ? 16 - by : by - 1)) & 1;
  }
  // What the first step shifts out at the top, or in.
  const top = size === 8 ? high : size === 4 ? low : low << 16;
  setResultFlags(s, result, resultHigh, out | overflowIf(top ^ (left ? top << 1 : source << 31)));
  writeRm(cpu, i, result, resultHigh);
}
const shldImmediate: Handler = (cpu, i) => doubleShift(cpu, i, i.immediateLow, true);
const shldCl: Handler = (cpu, i) => doubleShift(cpu, i, cpu.u8[RCX * 4], true);
const shrdImmediate: Handler = (cpu, i) => doubleShift(cpu, i, i.immediateLow, false);
const shrdCl: Handler = (cpu, i) => doubleShift(cpu, i, cpu.u8[RCX * 4], false);

function immediateHandler(i: Instruction): Handler {
  const count = i.immediateLow & (i.operandSize === 8 ? 63 : 31);
  if (i.isMemory || count === 0 || i.operandSize < 4) return shiftByImmediate;
  if (i.operandSize === 8) return shift64Immediate;
  if (i.operation === SHL || i.operation === SAL) return shl32Immediate;
  if (i.operation === SHR) return shr32Immediate;
  return shiftByImmediate;
}

const rows: Opcode[] = [];
for (let operation = ROL; operation <= SAR; operation++) {
  const row = (opcode: number, choose: (i: Instruction) => Handler, immediate?: 'byte'): Opcode => ({
    opcode,
    extension: operation,
    ...(opcode & 1 ? {} : { size: 'byte' as const }),
    ...(immediate ? { immediate } : {}),
    handler: (i) => {
      i.operation = operation;
      return choose(i);
    },
  });
  rows.push(
    row(0xc0, immediateHandler, 'byte'),
    row(0xc1, immediateHandler, 'byte'),
    row(0xd0, () => shiftByOne),
    row(0xd1, () => shiftByOne),
    row(0xd2, () => shiftByCl),
    row(0xd3, () => shiftByCl),
  );
}

export const SHIFT_OPCODES: readonly Opcode[] = [
  ...rows,
  { opcode: 0x0fa4, modrm: true, immediate: 'byte', handler: () => shldImmediate },
  { opcode: 0x0fa5, modrm: true, handler: () => shldCl },
  { opcode: 0x0fac, modrm: true, immediate: 'byte', handler: () => shrdImmediate },
  { opcode: 0x0fad, modrm: true, handler: () => shrdCl },
];
