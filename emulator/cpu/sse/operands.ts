/** What all SSE instructions share: availability, operands, rows of the opcode table. */
import type { Cpu } from '../cpu.ts';
import { DEVICE_NOT_AVAILABLE, GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from '../fault.ts';
import type { Feature } from '../features.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, load8, load16, load32, load64, load128 } from '../memory-access.ts';
import { byForm, type Opcode } from '../opcode.ts';
import { CR0, CR0_EM, CR0_TS, CR4, CR4_OSFXSR, HIGH, OPERAND } from '../state.ts';

/** Raises an exception unless an extension is enabled. Handlers that SSE and AVX share take theirs. */
export type Guard = (cpu: Cpu) => void;

/** Raises #UD or #NM unless the system software has enabled SSE (SDM volume 3, 2.5 and 14.1). */
export function requireSse(cpu: Cpu): void {
  const s = cpu.i32;
  if ((s[CR0] & CR0_EM) !== 0 || (s[CR4] & CR4_OSFXSR) === 0) raise(cpu, INVALID_OPCODE);
  if ((s[CR0] & CR0_TS) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
}

/** Address of a 16-byte operand that must be aligned: low half, high half in HIGH. */
export function alignedAddress(cpu: Cpu, i: Instruction): number {
  const low = effectiveAddress(cpu, i);
  if ((low & 15) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  return low;
}

// Memory operands are brought to OPERAND, so that operations see a register in either case.

export function fetch8(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  cpu.i32[OPERAND] = load8(cpu, low, cpu.i32[HIGH]);
}

export function fetch16(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  cpu.i32[OPERAND] = load16(cpu, low, cpu.i32[HIGH]);
}

export function fetch32(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  cpu.i32[OPERAND] = load32(cpu, low, cpu.i32[HIGH]);
}

export function fetch64(cpu: Cpu, i: Instruction): void {
  const s = cpu.i32;
  const low = effectiveAddress(cpu, i);
  s[OPERAND] = load64(cpu, low, s[HIGH]);
  s[OPERAND + 1] = s[HIGH];
}

export function fetchAligned(cpu: Cpu, i: Instruction): void {
  const low = alignedAddress(cpu, i);
  load128(cpu, low, cpu.i32[HIGH], OPERAND);
}

export function fetch128(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  load128(cpu, low, cpu.i32[HIGH], OPERAND);
}

/** What an instruction does to two vectors, given as word indexes; they may be the same. `immediate` is a byte. */
export type VectorOperation = (cpu: Cpu, destination: number, source: number, immediate: number) => void;

export type Prefix = 0 | 0x66 | 0xf3 | 0xf2;

/** The source operand and what is done with it. */
export interface Meaning {
  /** Bytes of it that are read from memory; 16 must be aligned, but for VEX forms. */
  readonly bytes: 16 | 8 | 4 | 2 | 1;
  readonly operation: VectorOperation;
  /** Left out: there are none. */
  readonly vex?: VexForms;
}

/**
 * How the VEX forms follow from the operation.
 * `three`: VEX.vvvv is the first operand, and also gives what the operation leaves of the destination.
 * `two`: the destination is only written. `flags`: there is none, the first operand is in ModRM.reg.
 * `widening`: like `two`, and the source has fewer bytes than the result. `narrowing`: the result is half as long as
 * the source. `count`: like `three`, but all lanes have the same source of 16 bytes.
 */
export interface VexForms {
  readonly operands: 'three' | 'two' | 'flags' | 'widening' | 'narrowing' | 'count';
  /** VEX.L: 128 bits only, 256 bits with the feature named as well, or not looked at. */
  readonly length: 128 | 'avx' | 'avx2' | 'ignored';
  /** The upper half of 256 bits takes the immediate from this bit on. */
  readonly upperImmediate?: number;
}

/** Vector instructions are named without the escape byte: 0xNN, 0x38NN, 0x3aNN. */
export const withMap = (opcode: number): number => (opcode > 0xff ? 0x0f_0000 : 0x0f00) | opcode;

/** An instruction as data; `legacyRow` (below) and `vexRows` (vex.ts) make rows of the opcode table of it. */
export interface VectorInstruction extends Meaning {
  /** Without the escape byte, as `withMap` takes it. */
  readonly opcode: number;
  readonly prefix: Prefix;
  readonly feature?: Feature;
  readonly immediate?: 'byte';
  /** VEX.W of the VEX forms. Left out: both. */
  readonly w?: 0 | 1;
}

// Write `row(0x3800, 0x66, packed(pshufb), { feature: 'ssse3' })`: the VEX.128 and VEX.256 forms (of AVX2, of AVX for
// `packedFloat`) come for free. `two(…)`, `widening(…)` … say so if the destination is not the first operand too.

const meaning =
  (bytes: Meaning['bytes'], length: VexForms['length'], operands: VexForms['operands'] = 'three') =>
  (operation: VectorOperation): Meaning => ({ bytes, operation, vex: { operands, length } });

/** `xmm, xmm/m128` of integers. */
export const packed = meaning(16, 'avx2');
/** `xmm, xmm/m128` that AVX has with 256 bits too. */
export const packedFloat = meaning(16, 'avx');
/** `xmm, xmm/m128` that is never longer than 128 bits. */
export const packed128 = meaning(16, 128);
/** `xmm, xmm/m64` and `xmm, xmm/m32`. */
export const scalarDouble = meaning(8, 'ignored');
export const scalarSingle = meaning(4, 'ignored');
/** Packed shifts by the low quadword of `xmm/m128`. */
export const byCount = meaning(16, 'avx2', 'count');
/** Packed doubles to half as many bytes. */
export const narrowing = meaning(16, 'avx', 'narrowing');
/** From so many bytes to sixteen. */
export const widening = (
  bytes: 8 | 4 | 2,
  operation: VectorOperation,
  length: 'avx' | 'avx2' = 'avx2',
): Meaning => meaning(bytes, length, 'widening')(operation);

const withOperands =
  (operands: VexForms['operands']) =>
  (of: Meaning): Meaning => ({ ...of, ...(of.vex && { vex: { ...of.vex, operands } }) });
/** The destination is not an operand, only written. */
export const two = withOperands('two');
/** The result is in the flags. */
export const toFlags = withOperands('flags');
/** The immediate has bits for each half: those of the upper half of 256 bits begin at this one. */
export const immediatePerHalf = (upperImmediate: number, of: Meaning): Meaning => ({
  ...of,
  ...(of.vex && { vex: { ...of.vex, upperImmediate } }),
});
/** The VEX form, if there is one, is written by itself. */
export const legacyOnly = ({ bytes, operation }: Meaning): Meaning => ({ bytes, operation });

const FETCH = { 16: fetchAligned, 8: fetch64, 4: fetch32, 2: fetch16, 1: fetch8 } as const;

/** Handlers of the legacy form. */
export function legacyForm({ bytes, operation }: Meaning): (i: Instruction) => Handler | undefined {
  const fetch = FETCH[bytes];
  return byForm(
    (cpu, i) => {
      requireSse(cpu);
      operation(cpu, i.reg, i.rm, i.immediateLow & 255);
    },
    (cpu, i) => {
      requireSse(cpu);
      fetch(cpu, i);
      operation(cpu, i.reg, OPERAND, i.immediateLow & 255);
    },
  );
}

export function legacyRow({ opcode, prefix, feature, immediate, ...of }: VectorInstruction): Opcode {
  const rest = { ...(feature && { feature }), ...(immediate && { immediate }) };
  const registers = { modrm: true, reg: 'vector', rm: 'vector' } as const;
  return { opcode: withMap(opcode), prefix, ...registers, handler: legacyForm(of), ...rest };
}

/**
 * An instruction of the opcode 0F xx, 0F 38 xx (0x38xx) or 0F 3A xx (0x3axx), with vector registers in both places of
 * ModRM. With a handler instead of a meaning it is a row of its own; `rest` then says what differs.
 */
export function row(
  opcode: number,
  prefix: Prefix,
  what: Meaning,
  rest?: Pick<VectorInstruction, 'feature' | 'immediate' | 'w'>,
): VectorInstruction;
export function row(opcode: number, prefix: Prefix, what: Opcode['handler'], rest?: Partial<Opcode>): Opcode;
export function row(
  opcode: number,
  prefix: Prefix,
  what: Meaning | Opcode['handler'],
  rest: Partial<Opcode> = {},
): VectorInstruction | Opcode {
  if (typeof what === 'function')
    return {
      opcode: withMap(opcode),
      prefix,
      modrm: true,
      reg: 'vector',
      rm: 'vector',
      handler: what,
      ...rest,
    };
  const { feature, immediate, w } = rest;
  return {
    opcode,
    prefix,
    ...what,
    ...(feature && { feature }),
    ...(immediate === 'byte' && { immediate }),
    ...(w !== undefined && { w }),
  };
}

export const isInstruction = (one: VectorInstruction | Opcode): one is VectorInstruction =>
  'operation' in one;
