/**
 * RCPPS, RCPSS, RSQRTPS, RSQRTSS. The architecture asks for a relative error below 1.5 × 2⁻¹² and leaves the rest
 * to the CPU; these are the values of Intel's: the function at the middle of one of 2048 intervals of the
 * significand (RSQRT: of 1024 for odd and for even exponents), rounded to 13 fraction bits. No exceptions.
 */
import type { Cpu } from '../cpu.ts';
import { packedFloat, row, scalarSingle, two, type VectorOperation } from './operands.ts';

const SIGN = 0x8000_0000 | 0;
const INFINITY = 0x7f80_0000;
const QUIET = 0x0040_0000;
const INDEFINITE = 0xffc0_0000 | 0;

/** The bits of value × 2^exponent for ½ ≤ value < 1, rounded to 13 fraction bits; too small a result is zero. */
function assemble(sign: number, value: number, exponent: number): number {
  const biased = exponent + 126;
  if (biased <= 0) return sign;
  const rounded = Math.floor(value * 8192 + 0.5);
  return sign | ((biased << 23) + ((rounded - 4096) << 11));
}

function reciprocal(bits: number): number {
  const sign = bits & SIGN;
  const magnitude = bits & ~SIGN;
  if (magnitude > INFINITY) return bits | QUIET;
  if (magnitude === INFINITY) return sign;
  const biased = magnitude >> 23;
  if (biased === 0) return sign | INFINITY; // denormals too
  const middle = 1 + (((magnitude >> 12) & 0x7ff) + 0.5) / 2048;
  return assemble(sign, 1 / middle, 127 - biased);
}

function reciprocalRoot(bits: number): number {
  const sign = bits & SIGN;
  const magnitude = bits & ~SIGN;
  if (magnitude > INFINITY) return bits | QUIET;
  const biased = magnitude >> 23;
  if (biased === 0) return sign | INFINITY;
  if (sign !== 0) return INDEFINITE;
  if (magnitude === INFINITY) return 0;
  const middle = 1 + (((magnitude >> 13) & 0x3ff) + 0.5) / 1024;
  const odd = (biased - 127) & 1;
  return assemble(0, 1 / Math.sqrt(odd !== 0 ? 2 * middle : middle), -(biased - 127 - odd) / 2);
}

const lanes =
  (count: number, approximate: (bits: number) => number): VectorOperation =>
  (cpu: Cpu, destination, source) => {
    for (let lane = 0; lane < count; lane++)
      cpu.i32[destination + lane] = approximate(cpu.i32[source + lane]);
  };

export const SSE_APPROXIMATE_OPCODES = [
  row(0x52, 0, two(packedFloat(lanes(4, reciprocalRoot)))),
  row(0x52, 0xf3, scalarSingle(lanes(1, reciprocalRoot))),
  row(0x53, 0, two(packedFloat(lanes(4, reciprocal)))),
  row(0x53, 0xf3, scalarSingle(lanes(1, reciprocal))),
];
