/** The x87 status and control words, and what exceptions do to them (SDM volume 1, 8.1.3 to 8.1.5 and 8.5). */
import { FPU_CONTROL, FPU_STATUS } from '../state.ts';

/** Status word. Exception flags: invalid, denormal, zero divide, overflow, underflow, precision. */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
export const EXCEPTIONS = 0x3f;
/** Stack fault: comes with IE. */
export const SF = 0x40;
/** An unmasked exception is pending; the old "busy" bit follows it. */
export const PENDING = 0x8080;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
/** Which of R0…R7 is ST(0). */
export const TOP = 0x3800;
/** The bits of the control word that exist; bit 6 is always 1. */
export const normaliseControl = (value: number): number => (value & 0x1f3f) | 0x40;

/** Sets the status word; whether an exception is pending follows from flags and masks. */
export function setStatus(s: Int32Array, value: number): void {
  const pending = value & ~s[FPU_CONTROL] & EXCEPTIONS;
  s[FPU_STATUS] = (value & 0x7f7f) | (pending !== 0 ? PENDING : 0);
}

/** Exceptions found before anything is computed: unmasked, they keep an instruction from having any other effect. */
const EARLY = IE | DE | ZE;

/** An unmasked exception keeps an operation from having any effect but flags. */
export const isBlocked = (s: Int32Array, outcome: number): boolean =>
  (outcome & ~s[FPU_CONTROL] & EARLY) !== 0;

/**
 * Enters the outcome of an operation, flags and C1 (for "rounded up", or "overflow" of the stack), into the status word.
 * Returns false if an unmasked exception keeps the operation from having any other effect.
 */
export function accept(s: Int32Array, outcome: number): boolean {
  const unmasked = outcome & ~s[FPU_CONTROL] & EXCEPTIONS;
  if (unmasked === 0) {
    s[FPU_STATUS] = (s[FPU_STATUS] & ~C1) | outcome;
    return true;
  }
  const early = isBlocked(s, outcome);
  const kept = early ? outcome & (EARLY | SF | ((outcome & SF) !== 0 ? C1 : 0)) : outcome;
  s[FPU_STATUS] = (s[FPU_STATUS] & ~C1) | kept | PENDING;
  return !early;
}

/** Outcome of reading an empty register, and of pushing onto one that is not. */
export const STACK_UNDERFLOW = IE | SF;
export const STACK_OVERFLOW = IE | SF | C1;
