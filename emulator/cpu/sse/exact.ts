/** Floating-point operations over lanes by way of `soft-float.ts`, with exceptions collected over all lanes. */
import type { Cpu } from '../cpu.ts';
import { INVALID_OPCODE, raise, SIMD_FAULT } from '../fault.ts';
import { CR4, CR4_OSXMMEXCPT, MXCSR } from '../state.ts';
import {
  calculate,
  DE,
  DOUBLE,
  type Format,
  IE,
  lastFlags,
  MASKS,
  type Operation,
  SINGLE,
  ZE,
} from './soft-float.ts';

/** These are found before an operation is carried out, in all lanes, and stop it if unmasked. */
const BEFORE = IE | DE | ZE;

/** Exceptions of the first half of a vector wait for those of the second. */
let collecting = false;
let collected = 0;

/** From here on `raiseFlags` only collects, until `raiseCollected`. */
export function collectFlags(): void {
  collecting = true;
  collected = 0;
}

export function raiseCollected(cpu: Cpu): void {
  collecting = false;
  if (collected !== 0) raiseFlags(cpu, collected);
}

/** Adds exception flags to MXCSR and raises #XM (#UD without OSXMMEXCPT) if one of them is not masked. */
export function raiseFlags(cpu: Cpu, flags: number): void {
  if (collecting) {
    collected |= flags;
    return;
  }
  const s = cpu.i32;
  const unmasked = ~(s[MXCSR] >> 7);
  if ((flags & BEFORE & unmasked) !== 0) flags &= BEFORE;
  s[MXCSR] |= flags;
  if ((flags & unmasked) !== 0) raise(cpu, (s[CR4] & CR4_OSXMMEXCPT) !== 0 ? SIMD_FAULT : INVALID_OPCODE);
}

export const allMasked = (cpu: Cpu): boolean => (cpu.i32[MXCSR] & MASKS) === MASKS;

export function readLane(cpu: Cpu, format: Format, word: number): bigint {
  const low = BigInt(cpu.i32[word] >>> 0);
  return format === SINGLE ? low : low | (BigInt(cpu.i32[word + 1] >>> 0) << 32n);
}

export function writeLane(cpu: Cpu, format: Format, word: number, bits: bigint): void {
  cpu.i32[word] = Number(BigInt.asIntN(32, bits));
  if (format === DOUBLE) cpu.i32[word + 1] = Number(BigInt.asIntN(32, bits >> 32n));
}

/** Computes all lanes, raises what is to be raised, and only then writes the results. */
export function lanes(
  cpu: Cpu,
  operation: Operation | ((lane: number) => Operation),
  format: Format,
  count: number,
  destination: number,
  source: number,
): void {
  const words = format === SINGLE ? 1 : 2;
  const results: bigint[] = [];
  let flags = 0;
  for (let lane = 0; lane < count; lane++) {
    const a = readLane(cpu, format, destination + lane * words);
    const b = readLane(cpu, format, source + lane * words);
    const which = typeof operation === 'string' ? operation : operation(lane);
    results.push(calculate(which, format, a, b, cpu.i32[MXCSR]));
    flags |= lastFlags();
  }
  raiseFlags(cpu, flags);
  for (let lane = 0; lane < count; lane++) writeLane(cpu, format, destination + lane * words, results[lane]);
}
