/** FRNDINT, FSCALE, FXTRACT: integer part, exponent and significand of a number (SDM volume 2). */
import { FPU_OPERAND, FPU_RESULT } from '../state.ts';
import {
  BIAS,
  DENORMAL,
  EXPONENT_WRAP,
  EXTENDED,
  EXTRA,
  HIGH,
  INFINITE,
  invalid,
  isNegative,
  keep,
  kindOf,
  LOW,
  NORMAL,
  normalise,
  propagate,
  QUIET,
  quieten,
  ROUNDING,
  roundInto,
  roundSignificand,
  set,
  setInfinity,
  setZero,
  shiftRight,
  UNSUPPORTED,
  unpack,
  work,
  ZERO,
} from './extended.ts';
import { denormal } from './extended-arithmetic.ts';
import { copy } from './stack.ts';
import { C1, DE, OE, PE, UE, ZE } from './status.ts';

/**
 * Rounds the magnitude of a finite number to an integer, into `work`. Returns PE and C1, or undefined if it has more
 * than 64 bits.
 */
export function integerOf(s: Int32Array, at: number, rounding: number): number | undefined {
  if (kindOf(s, at) === ZERO) {
    work.fill(0);
    return 0;
  }
  const exponent = unpack(s, at) - BIAS;
  if (exponent > 63) return undefined;
  shiftRight(63 - exponent);
  return roundSignificand(64, isNegative(s, at), rounding);
}

/** ST(0) rounded to an integer as rounding control says. */
export function roundToInteger(s: Int32Array, a: number, control: number): number {
  const kind = kindOf(s, a);
  if (kind === UNSUPPORTED) return invalid(s);
  if (kind >= QUIET) return quieten(s, a);
  const outcome = kind === INFINITE ? undefined : integerOf(s, a, control & ROUNDING);
  const flags = kind === DENORMAL ? DE : 0;
  if (outcome === undefined) {
    keep(s, a);
    return flags;
  }
  if ((work[HIGH] | work[LOW]) === 0) setZero(s, FPU_RESULT, isNegative(s, a));
  else {
    const shift = normalise();
    set(s, FPU_RESULT, isNegative(s, a), BIAS + 63 - shift, work[HIGH], work[LOW]);
  }
  return flags | outcome;
}

/** Beyond any exponent, wrapped or not. */
const FAR = 0x1_0000;

/** a × 2^(b truncated). */
export function scale(s: Int32Array, a: number, b: number, control: number): number {
  const kindA = kindOf(s, a);
  const kindB = kindOf(s, b);
  if (kindA >= QUIET || kindB >= QUIET) return propagate(s, a, b);
  const negative = isNegative(s, a);
  const flags = denormal(kindA, kindB);
  if (kindB === INFINITE) {
    const down = isNegative(s, b);
    if (kindA === (down ? INFINITE : ZERO)) return invalid(s);
    if (down) setZero(s, FPU_RESULT, negative);
    else setInfinity(s, FPU_RESULT, negative);
    return flags;
  }
  if (kindA === INFINITE || kindA === ZERO || kindB === ZERO) {
    keep(s, a);
    return flags;
  }
  const exponentB = unpack(s, b) - BIAS;
  const size = exponentB < 0 ? 0 : exponentB > 16 ? FAR : work[HIGH] >>> (31 - exponentB);
  const exponent = unpack(s, a) + (isNegative(s, b) ? -size : size);
  // Beyond even the exponents that unmasked exceptions wrap around.
  if ((control & OE) === 0 && exponent - EXPONENT_WRAP > EXTENDED.maximum) {
    setInfinity(s, FPU_RESULT, negative);
    return flags | OE | PE | C1;
  }
  if ((control & UE) === 0 && exponent + EXPONENT_WRAP < EXTENDED.minimum) {
    setZero(s, FPU_RESULT, negative);
    return flags | UE | PE;
  }
  return flags | roundInto(s, EXTENDED, negative, exponent, control);
}

/** The significand of a number in FPU_RESULT, its exponent in FPU_OPERAND. */
export function extract(s: Int32Array, a: number): number {
  const kind = kindOf(s, a);
  const negative = isNegative(s, a);
  if (kind >= QUIET) {
    const outcome = kind === UNSUPPORTED ? invalid(s) : quieten(s, a);
    copy(s, FPU_RESULT, FPU_OPERAND);
    return outcome;
  }
  if (kind === ZERO || kind === INFINITE) {
    keep(s, a);
    setInfinity(s, FPU_OPERAND, kind === ZERO);
    return kind === ZERO ? ZE : 0;
  }
  const exponent = unpack(s, a) - BIAS;
  set(s, FPU_RESULT, negative, BIAS, work[HIGH], work[LOW]);
  setInteger(s, FPU_OPERAND, exponent);
  return kind === NORMAL ? 0 : DE;
}

/** Makes a register a 32-bit integer. */
function setInteger(s: Int32Array, at: number, value: number): void {
  if (value === 0) {
    setZero(s, at, false);
    return;
  }
  work[EXTRA] = 0;
  work[LOW] = 0;
  work[HIGH] = Math.abs(value);
  const shift = normalise();
  set(s, at, value < 0, BIAS + 31 - shift, work[HIGH], 0);
}
