import { describe, expect, test } from 'vitest';
import {
  calculate,
  convert,
  DOUBLE,
  fromInteger,
  lastFlags,
  type Operation,
  PE,
  SINGLE,
  toInteger,
} from '../../../emulator/cpu/sse/soft-float.ts';
import { interestingDouble, interestingInteger, interestingSingle, Random } from '../native/random.ts';

/**
 * The exact arithmetic against the host's, which is IEEE 754 rounded to nearest. Rounding modes, flags and NaN
 * payloads, which the host's JavaScript does not show, are compared with real CPUs in test/emulator/native.
 */

const MXCSR = 0x1f80;
const COUNT = 3000;

const view = new DataView(new ArrayBuffer(8));
function toDouble(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
function doubleBits(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}
function toSingle(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}
function singleBits(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

const HOST: Record<Operation, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: (_a, b) => Math.sqrt(b),
  // Not Math.min: of two zeros, and of anything and a NaN, it is the second.
  min: (a, b) => [b, a][Number(a < b)],
  max: (a, b) => [b, a][Number(a > b)],
};

describe.each(Object.keys(HOST) as Operation[])('%s', (operation) => {
  test('of doubles', () => {
    const random = new Random(1);
    for (let i = 0; i < COUNT; i++) {
      const a = interestingDouble(random);
      const b = interestingDouble(random);
      const expected = HOST[operation](toDouble(a), toDouble(b));
      const result = calculate(operation, DOUBLE, a, b, MXCSR);
      if (Number.isNaN(expected)) expect(toDouble(result)).toBeNaN();
      else expect(result, `${a.toString(16)} ${b.toString(16)}`).toBe(doubleBits(expected));
    }
  });

  test('of singles: the host computes in double, which is innocuous', () => {
    const random = new Random(2);
    for (let i = 0; i < COUNT; i++) {
      const a = interestingSingle(random);
      const b = interestingSingle(random);
      const double = HOST[operation](toSingle(a), toSingle(b));
      const expected = Math.fround(double);
      const result = Number(calculate(operation, SINGLE, BigInt(a), BigInt(b), MXCSR));
      const tiny = Math.abs(expected) < 2 ** -125; // there rounding twice is not innocuous for division
      if (Number.isNaN(expected)) expect(toSingle(result)).toBeNaN();
      else if (!tiny || operation !== 'div') {
        expect(result, `${a.toString(16)} ${b.toString(16)}`).toBe(singleBits(expected));
      }
    }
  });
});

test('conversions', () => {
  const random = new Random(3);
  for (let i = 0; i < COUNT; i++) {
    const bits = interestingDouble(random);
    const value = toDouble(bits);
    const integer = interestingInteger(random);
    expect(fromInteger(DOUBLE, BigInt.asIntN(64, integer), MXCSR)).toBe(
      doubleBits(Number(BigInt.asIntN(64, integer))),
    );
    if (Number.isNaN(value)) continue;
    expect(Number(convert(DOUBLE, SINGLE, bits, MXCSR))).toBe(singleBits(value));
    const truncated = Math.trunc(value);
    const fits = truncated >= -(2 ** 31) && truncated < 2 ** 31;
    const expected = fits ? BigInt(truncated) : -(2n ** 31n);
    expect(BigInt.asIntN(32, toInteger(DOUBLE, bits, 32, true, MXCSR))).toBe(expected);
    expect((lastFlags() & PE) !== 0).toBe(fits && truncated !== value);
  }
});
