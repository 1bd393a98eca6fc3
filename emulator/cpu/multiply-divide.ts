/** MUL, MULX, IMUL, DIV, IDIV. Undefined flags follow Intel's processors: after a multiplication SF and PF are those of the
 * low half, ZF and AF are 0 (checked against hardware by the tests); divisions leave flags alone. */
import type { Cpu } from './cpu.ts';
import { DIVIDE_ERROR, raise } from './fault.ts';
import { CF, OF, PF, parity, SF, setArithmeticFlags } from './flags.ts';
import type { Handler } from './instruction.ts';
import { always, type Opcode } from './opcode.ts';
import { readRegister, readRm, signExtend16, writeRegister } from './operands.ts';
import { FLAG_KIND, FLAG_RESULT, HIGH, RAX, RDX } from './state.ts';

/** Scratch for the 128-bit product: words 0…3. */
export const product = new Int32Array(4);

/** Unsigned 32 × 32 → 64: returns the low half, high half in HIGH. */
function multiply32(s: Int32Array, a: number, b: number): number {
  const low = Math.imul(a, b);
  // The rounded product is within 2^11 of the true one; without its low word the high word is exact after rounding.
  s[HIGH] = Math.floor(((a >>> 0) * (b >>> 0) - (low >>> 0)) / 0x1_0000_0000 + 0.5) | 0;
  return low;
}

/** Unsigned 64 × 64 → 128, into `product`. */
export function multiply64(s: Int32Array, aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const w0 = multiply32(s, aLow, bLow);
  const h0 = s[HIGH];
  const l1 = multiply32(s, aHigh, bLow);
  const h1 = s[HIGH];
  const l2 = multiply32(s, aLow, bHigh);
  const h2 = s[HIGH];
  const l3 = multiply32(s, aHigh, bHigh);
  const h3 = s[HIGH];
  const middle = (h0 >>> 0) + (l1 >>> 0) + (l2 >>> 0);
  const upper = (h1 >>> 0) + (h2 >>> 0) + (l3 >>> 0) + Math.floor(middle / 0x1_0000_0000);
  product[0] = w0;
  product[1] = middle | 0;
  product[2] = upper | 0;
  product[3] = (h3 + Math.floor(upper / 0x1_0000_0000)) | 0;
}

/** Signed 64 × 64 → 128, into `product`. Returns whether the product needs more than 64 bits. */
function multiplySigned64(s: Int32Array, aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  multiply64(s, aLow, aHigh, bLow, bHigh);
  if (aHigh < 0) subtractFromUpper(bLow, bHigh);
  if (bHigh < 0) subtractFromUpper(aLow, aHigh);
  const sign = product[1] >> 31;
  return product[2] !== sign || product[3] !== sign;
}
function subtractFromUpper(low: number, high: number): void {
  const borrow = product[2] >>> 0 < low >>> 0 ? 1 : 0;
  product[2] -= low;
  product[3] -= high + borrow;
}

function setProductFlags(s: Int32Array, low: number, signWord: number, overflows: boolean): void {
  s[FLAG_RESULT] = low;
  s[FLAG_KIND] = 1;
  setArithmeticFlags(s, (parity(s) ? PF : 0) | (signWord < 0 ? SF : 0) | (overflows ? CF | OF : 0));
}

const mul: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  switch (i.operandSize) {
    case 8:
      multiply64(s, low, high, s[RAX], s[RAX + 1]);
      s[RAX] = product[0];
      s[RAX + 1] = product[1];
      s[RDX] = product[2];
      s[RDX + 1] = product[3];
      setProductFlags(s, product[0], product[1], (product[2] | product[3]) !== 0);
      return;
    case 4: {
      const result = multiply32(s, low, s[RAX]);
      const upper = s[HIGH];
      writeRegister(cpu, RAX, 4, result, 0);
      writeRegister(cpu, RDX, 4, upper, 0);
      setProductFlags(s, result, result, upper !== 0);
      return;
    }
    case 2: {
      const result = (low & 0xffff) * cpu.u16[RAX * 2];
      cpu.u16[RAX * 2] = result;
      cpu.u16[RDX * 2] = result >>> 16;
      setProductFlags(s, result, result << 16, result >>> 16 !== 0);
      return;
    }
    default: {
      const result = (low & 0xff) * cpu.u8[RAX * 4];
      cpu.u16[RAX * 2] = result;
      setProductFlags(s, result, result << 24, result >>> 8 !== 0);
    }
  }
};

/** Unsigned, without flags: the high half to ModRM.reg, the low half to VEX.vvvv. */
const mulx: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  if (i.operandSize === 8) {
    multiply64(s, low, high, s[RDX], s[RDX + 1]);
    writeRegister(cpu, i.vvvv, 8, product[0], product[1]);
    writeRegister(cpu, i.reg, 8, product[2], product[3]);
  } else {
    const result = multiply32(s, low, s[RDX]);
    const upper = s[HIGH];
    writeRegister(cpu, i.vvvv, 4, result, 0);
    writeRegister(cpu, i.reg, 4, upper, 0);
  }
};

/** Signed product of two values of `size` bytes, low part in `product[0]`, `product[1]`; flags set. */
function signedProduct(
  s: Int32Array,
  size: number,
  aLow: number,
  aHigh: number,
  bLow: number,
  bHigh: number,
): void {
  if (size === 8) {
    const overflows = multiplySigned64(s, aLow, aHigh, bLow, bHigh);
    setProductFlags(s, product[0], product[1], overflows);
  } else if (size === 4) {
    const low = multiply32(s, aLow, bLow);
    let upper = s[HIGH];
    if (aLow < 0) upper = (upper - bLow) | 0;
    if (bLow < 0) upper = (upper - aLow) | 0;
    product[0] = low;
    product[1] = upper;
    setProductFlags(s, low, low, upper !== low >> 31);
  } else {
    const result = Math.imul(aLow, bLow);
    const cut = 32 - 8 * size;
    product[0] = result;
    product[1] = result >> 31;
    setProductFlags(s, result, result << cut, (result << cut) >> cut !== result);
  }
}

/** IMUL with one operand: the double-width product. */
const imulAccumulator: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  const accumulator = readRegister(cpu, RAX, size);
  signedProduct(s, size, accumulator, s[HIGH], low, high);
  if (size === 8) {
    s[RAX] = product[0];
    s[RAX + 1] = product[1];
    s[RDX] = product[2];
    s[RDX + 1] = product[3];
  } else if (size === 4) {
    writeRegister(cpu, RAX, 4, product[0], 0);
    writeRegister(cpu, RDX, 4, product[1], 0);
  } else {
    cpu.u16[RAX * 2] = product[0];
    if (size === 2) cpu.u16[RDX * 2] = product[0] >> 16;
  }
};
const imulRegister: Handler = (cpu, i) => {
  const s = cpu.i32;
  const size = i.operandSize;
  const low = readRm(cpu, i);
  const high = s[HIGH];
  const destination = readRegister(cpu, i.reg, size);
  signedProduct(s, size, destination, s[HIGH], low, high);
  writeRegister(cpu, i.reg, size, product[0], product[1]);
};
const imulImmediate: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  signedProduct(s, i.operandSize, low, s[HIGH], i.immediateLow, i.immediateHigh);
  writeRegister(cpu, i.reg, i.operandSize, product[0], product[1]);
};

// Division

const unsigned64 = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
/** Above this, a double does not hold every integer. */
const EXACT_HIGH = 0x20_0000;

function writeQuotient64(s: Int32Array, quotient: bigint, remainder: bigint): void {
  s[RAX] = Number(BigInt.asIntN(32, quotient));
  s[RAX + 1] = Number(BigInt.asIntN(32, quotient >> 32n));
  s[RDX] = Number(BigInt.asIntN(32, remainder));
  s[RDX + 1] = Number(BigInt.asIntN(32, remainder >> 32n));
}

function divide64(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  if ((low | high) === 0) raise(cpu, DIVIDE_ERROR);
  // Nearly always the dividend fits a double exactly.
  if ((s[RDX] | s[RDX + 1]) === 0 && s[RAX + 1] >>> 0 < EXACT_HIGH && high >>> 0 < EXACT_HIGH) {
    const dividend = s[RAX + 1] * 0x1_0000_0000 + (s[RAX] >>> 0);
    const divisor = high * 0x1_0000_0000 + (low >>> 0);
    const quotient = Math.floor(dividend / divisor);
    const remainder = dividend - quotient * divisor;
    s[RAX] = quotient | 0;
    s[RAX + 1] = (quotient / 0x1_0000_0000) | 0;
    s[RDX] = remainder | 0;
    s[RDX + 1] = (remainder / 0x1_0000_0000) | 0;
    return;
  }
  const divisor = unsigned64(low, high);
  const dividend = (unsigned64(s[RDX], s[RDX + 1]) << 64n) | unsigned64(s[RAX], s[RAX + 1]);
  const quotient = dividend / divisor;
  if (quotient >> 64n !== 0n) raise(cpu, DIVIDE_ERROR);
  writeQuotient64(s, quotient, dividend % divisor);
}

const div: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const size = i.operandSize;
  if (size === 8) {
    divide64(cpu, low, s[HIGH]);
  } else if (size === 4) {
    const divisor = low >>> 0;
    // The quotient fits exactly if the upper half is below the divisor.
    if (s[RDX] >>> 0 >= divisor) raise(cpu, DIVIDE_ERROR);
    if (s[RDX] >>> 0 < EXACT_HIGH) {
      const dividend = (s[RDX] >>> 0) * 0x1_0000_0000 + (s[RAX] >>> 0);
      const quotient = Math.floor(dividend / divisor);
      writeRegister(cpu, RDX, 4, (dividend - quotient * divisor) | 0, 0);
      writeRegister(cpu, RAX, 4, quotient | 0, 0);
    } else {
      const dividend = unsigned64(s[RAX], s[RDX]);
      writeRegister(cpu, RDX, 4, Number(dividend % BigInt(divisor)) | 0, 0);
      writeRegister(cpu, RAX, 4, Number(dividend / BigInt(divisor)) | 0, 0);
    }
  } else if (size === 2) {
    const divisor = low & 0xffff;
    const dividend = ((cpu.u16[RDX * 2] << 16) | cpu.u16[RAX * 2]) >>> 0;
    if (divisor === 0 || Math.floor(dividend / divisor) > 0xffff) raise(cpu, DIVIDE_ERROR);
    cpu.u16[RAX * 2] = Math.floor(dividend / divisor);
    cpu.u16[RDX * 2] = dividend % divisor;
  } else {
    const divisor = low & 0xff;
    const dividend = cpu.u16[RAX * 2];
    if (divisor === 0 || Math.floor(dividend / divisor) > 0xff) raise(cpu, DIVIDE_ERROR);
    cpu.u8[RAX * 4] = Math.floor(dividend / divisor);
    cpu.u8[RAX * 4 + 1] = dividend % divisor;
  }
};

function divideSigned64(cpu: Cpu, low: number, high: number): void {
  const s = cpu.i32;
  if ((low | high) === 0) raise(cpu, DIVIDE_ERROR);
  const sign = s[RAX + 1] >> 31;
  // Quotient and remainder of small non-negative numbers are those of the unsigned division.
  if (sign === 0 && (s[RDX] | s[RDX + 1]) === 0 && high >= 0) {
    divide64(cpu, low, high);
    return;
  }
  const divisor = BigInt.asIntN(64, unsigned64(low, high));
  const dividend =
    (BigInt.asIntN(64, unsigned64(s[RDX], s[RDX + 1])) << 64n) | unsigned64(s[RAX], s[RAX + 1]);
  const quotient = dividend / divisor;
  if (quotient !== BigInt.asIntN(64, quotient)) raise(cpu, DIVIDE_ERROR);
  writeQuotient64(s, quotient, dividend % divisor);
}

const idiv: Handler = (cpu, i) => {
  const s = cpu.i32;
  const low = readRm(cpu, i);
  const size = i.operandSize;
  if (size === 8) {
    divideSigned64(cpu, low, s[HIGH]);
    return;
  }
  if (low === 0) raise(cpu, DIVIDE_ERROR);
  if (size === 4) {
    const exact = s[RDX] >= -EXACT_HIGH && s[RDX] < EXACT_HIGH;
    if (exact) {
      const dividend = s[RDX] * 0x1_0000_0000 + (s[RAX] >>> 0);
      const quotient = Math.trunc(dividend / low);
      if (quotient > 0x7fff_ffff || quotient < -0x8000_0000) raise(cpu, DIVIDE_ERROR);
      writeRegister(cpu, RAX, 4, quotient, 0);
      writeRegister(cpu, RDX, 4, dividend - quotient * low, 0);
    } else {
      const dividend = BigInt.asIntN(64, unsigned64(s[RAX], s[RDX]));
      const quotient = dividend / BigInt(low);
      if (quotient !== BigInt.asIntN(32, quotient)) raise(cpu, DIVIDE_ERROR);
      writeRegister(cpu, RAX, 4, Number(quotient), 0);
      writeRegister(cpu, RDX, 4, Number(dividend % BigInt(low)), 0);
    }
  } else if (size === 2) {
    const dividend = (cpu.u16[RDX * 2] << 16) | cpu.u16[RAX * 2];
    const quotient = Math.trunc(dividend / low);
    if (quotient > 0x7fff || quotient < -0x8000) raise(cpu, DIVIDE_ERROR);
    cpu.u16[RAX * 2] = quotient;
    cpu.u16[RDX * 2] = dividend % low;
  } else {
    const dividend = signExtend16(cpu.u16[RAX * 2]);
    const quotient = Math.trunc(dividend / low);
    if (quotient > 0x7f || quotient < -0x80) raise(cpu, DIVIDE_ERROR);
    cpu.u8[RAX * 4] = quotient;
    cpu.u8[RAX * 4 + 1] = dividend % low;
  }
};

const bothSizes = (extension: number, handler: Handler): Opcode[] => [
  { opcode: 0xf6, extension, size: 'byte', handler: always(handler) },
  { opcode: 0xf7, extension, handler: always(handler) },
];

export const MULTIPLY_DIVIDE_OPCODES: readonly Opcode[] = [
  ...bothSizes(4, mul),
  ...bothSizes(5, imulAccumulator),
  ...bothSizes(6, div),
  ...bothSizes(7, idiv),
  {
    opcode: 0x0f38f6,
    prefix: 0xf2,
    vex: { length: 128, vvvv: 'general' },
    modrm: true,
    feature: 'bmi2',
    handler: always(mulx),
  },
  { opcode: 0x0faf, modrm: true, handler: always(imulRegister) },
  { opcode: 0x69, modrm: true, immediate: 'z', handler: always(imulImmediate) },
  { opcode: 0x6b, modrm: true, immediate: 'byte', handler: always(imulImmediate) },
];
