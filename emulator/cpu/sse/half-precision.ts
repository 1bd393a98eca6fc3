/** F16C: between singles and half-precision numbers of 16 bits, in integers (Intel SDM volume 1, 14.4). */
import type { Handler } from '../instruction.ts';
import { effectiveAddress, store64, store128 } from '../memory-access.ts';
import type { Opcode } from '../opcode.ts';
import { HIGH, MXCSR, VECTOR_RESULT } from '../state.ts';
import { raiseFlags } from './exact.ts';
import { row, type VectorOperation, widening } from './operands.ts';
import { DAZ, DE, IE, OE, PE, UE } from './soft-float.ts';
import { requireAvx, vexRow, vexRows } from './vex.ts';

/** Exceptions met since it was cleared. */
let raised = 0;

/** The bits of a single from those of a half: always exact; DAZ does not matter. */
function widen(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) {
    if (fraction === 0) return sign | 0x7f80_0000;
    if ((fraction & 0x200) === 0) raised |= IE;
    return sign | 0x7fc0_0000 | (fraction << 13);
  }
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // A denormal is fraction · 2⁻²⁴; its highest bit becomes the hidden one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

// Rounding modes, as MXCSR and the immediate have them.
const NEAREST = 0;
const DOWN = 1;
const UP = 2;

/** value >> shift, rounded (1 ≤ shift ≤ 25). */
function shiftRounded(value: number, shift: number, negative: boolean, mode: number): number {
  const kept = value >>> shift;
  const lost = value & ((1 << shift) - 1);
  if (lost === 0) return kept;
  const half = 1 << (shift - 1);
  const away =
    mode === NEAREST ? lost > half || (lost === half && (kept & 1) !== 0) : mode === (negative ? DOWN : UP);
  return kept + (away ? 1 : 0);
}

/** The bits of a half from those of a single. FTZ does not matter. */
function narrow(single: number, mode: number, mxcsr: number): number {
  const negative = single < 0;
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fff_ffff;
  if (magnitude >= 0x7f80_0000) {
    if (magnitude === 0x7f80_0000) return sign | 0x7c00;
    if ((magnitude & 0x0040_0000) === 0) raised |= IE;
    return sign | 0x7e00 | ((magnitude >> 13) & 0x3ff);
  }
  if (magnitude === 0) return sign;
  if (magnitude < 0x0080_0000) {
    if ((mxcsr & DAZ) !== 0) return sign;
    raised |= DE;
  }
  const biased = Math.max(magnitude >> 23, 1) - 112;
  const significand = magnitude < 0x0080_0000 ? magnitude : (magnitude & 0x007f_ffff) | 0x0080_0000;
  // Rounded as if exponents had no end: 11 bits, of which the highest is hidden.
  const rounded = shiftRounded(significand, 13, negative, mode);
  const inexact = (rounded << 13) >>> 0 !== significand;
  // A carry into the exponent, from 0x7ff to 0x800, is right as it is.
  if (biased + (rounded >> 11) > 0) {
    if (inexact) raised |= PE;
    const result = ((biased - 1) << 10) + rounded;
    if (result < 0x7c00) return sign | result;
    raised |= (mxcsr & (OE << 7)) !== 0 ? OE | PE : OE;
    const toInfinity = mode === NEAREST || mode === (negative ? DOWN : UP);
    return sign | (toInfinity ? 0x7c00 : 0x7bff);
  }
  // Too small for a normal number.
  const shift = Math.min(14 - biased, 25);
  const denormal = shiftRounded(significand, shift, negative, mode);
  const lost = (significand & ((1 << shift) - 1)) !== 0;
  if (lost) raised |= UE | PE;
  else if ((mxcsr & (UE << 7)) === 0) raised |= UE;
  return sign | denormal;
}

const toSingles: VectorOperation = (cpu, destination, source) => {
  raised = 0;
  const s = cpu.i32;
  const [low, high] = [s[source], s[source + 1]];
  s[destination] = widen(low & 0xffff);
  s[destination + 1] = widen(low >>> 16);
  s[destination + 2] = widen(high & 0xffff);
  s[destination + 3] = widen(high >>> 16);
  if (raised !== 0) raiseFlags(cpu, raised);
};

/** VCVTPS2PH: to ModRM.rm; the immediate has a rounding mode, or says that MXCSR's is to be used. */
const toHalves: Handler = (cpu, i) => {
  requireAvx(cpu);
  const s = cpu.i32;
  const mxcsr = s[MXCSR];
  const mode = (i.immediateLow & 4) !== 0 ? (mxcsr >> 13) & 3 : i.immediateLow & 3;
  const isLong = i.vectorLength === 32;
  raised = 0;
  for (let word = 0; word < (isLong ? 4 : 2); word++) {
    const low = narrow(s[i.reg + 2 * word], mode, mxcsr);
    s[VECTOR_RESULT + word] = low | (narrow(s[i.reg + 2 * word + 1], mode, mxcsr) << 16);
  }
  if (raised !== 0) raiseFlags(cpu, raised);
  if (!i.isMemory) {
    for (let word = 0; word < 8; word++)
      s[i.rm + word] = word < (isLong ? 4 : 2) ? s[VECTOR_RESULT + word] : 0;
    return;
  }
  const address = effectiveAddress(cpu, i);
  if (isLong) store128(cpu, address, s[HIGH], VECTOR_RESULT);
  else store64(cpu, address, s[HIGH], s[VECTOR_RESULT], s[VECTOR_RESULT + 1]);
};

const TO_HALVES = { w: 0, immediate: 'byte', feature: 'f16c' } as const;

export const HALF_PRECISION_OPCODES: readonly Opcode[] = [
  ...vexRows(row(0x3813, 0x66, widening(8, toSingles, 'avx'), { w: 0 }), 'f16c'),
  vexRow(0x3a1d, 0x66, {}, toHalves, TO_HALVES),
];
