/**
 * VEX forms (Intel SDM volume 2, 2.3): of the instructions that are data (`VectorInstruction`) and, with `vexRow`, of
 * all others. The destination is written as a whole, what is above the vector is cleared, memory need not be aligned.
 */
import type { Cpu } from '../cpu.ts';
import { DEVICE_NOT_AVAILABLE, INVALID_OPCODE, raise } from '../fault.ts';
import type { Feature } from '../features.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, load256 } from '../memory-access.ts';
import type { Opcode } from '../opcode.ts';
import { CR0, CR0_TS, CR4, CR4_OSXSAVE, HIGH, OPERAND, VECTOR_RESULT, XCR0 } from '../state.ts';
import { allMasked, collectFlags, raiseCollected } from './exact.ts';
import {
  fetch8,
  fetch16,
  fetch32,
  fetch64,
  fetch128,
  type Meaning,
  type Prefix,
  type VectorInstruction,
  type VectorOperation,
  type VexForms,
  withMap,
} from './operands.ts';

/** XCR0: the SSE and the AVX component. */
const VECTORS_ENABLED = 6;

/** Raises #UD or #NM unless the system software has enabled AVX (SDM volume 1, 14.3). */
export function requireAvx(cpu: Cpu): void {
  const s = cpu.i32;
  if ((s[CR4] & CR4_OSXSAVE) === 0 || (s[XCR0] & VECTORS_ENABLED) !== VECTORS_ENABLED)
    raise(cpu, INVALID_OPCODE);
  if ((s[CR0] & CR0_TS) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
}

export function fetch256(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  load256(cpu, low, cpu.i32[HIGH], OPERAND);
}

/** Copies four or eight words. */
export function copy128(s: Int32Array, to: number, from: number): void {
  s[to] = s[from];
  s[to + 1] = s[from + 1];
  s[to + 2] = s[from + 2];
  s[to + 3] = s[from + 3];
}

export function copy256(s: Int32Array, to: number, from: number): void {
  copy128(s, to, from);
  copy128(s, to + 4, from + 4);
}

export function clearUpper(s: Int32Array, register: number): void {
  s[register + 4] = s[register + 5] = s[register + 6] = s[register + 7] = 0;
}

/** Moves VECTOR_RESULT to the destination. */
export function write128(s: Int32Array, register: number): void {
  copy128(s, register, VECTOR_RESULT);
  clearUpper(s, register);
}

export function write256(s: Int32Array, register: number): void {
  copy256(s, register, VECTOR_RESULT);
}

type Fetch = (cpu: Cpu, i: Instruction) => void;

/** Bring so many bytes of a memory operand to OPERAND. */
export const FETCH = { 1: fetch8, 2: fetch16, 4: fetch32, 8: fetch64, 16: fetch128, 32: fetch256 } as const;

/** State word index of the operand of ModRM.rm. */
export function sourceOperand(cpu: Cpu, i: Instruction, fetch: Fetch): number {
  if (!i.isMemory) return i.rm;
  fetch(cpu, i);
  return OPERAND;
}

/** Both halves of VECTOR_RESULT by one operation; their floating-point exceptions are raised together. */
export function bothHalves(
  cpu: Cpu,
  operation: VectorOperation,
  first: number,
  second: number,
  immediate: number,
  upperImmediate = immediate,
  upperOperation = operation,
): void {
  if (allMasked(cpu)) {
    operation(cpu, VECTOR_RESULT, first, immediate);
    upperOperation(cpu, VECTOR_RESULT + 4, second, upperImmediate);
  } else {
    collectFlags();
    operation(cpu, VECTOR_RESULT, first, immediate);
    upperOperation(cpu, VECTOR_RESULT + 4, second, upperImmediate);
    raiseCollected(cpu);
  }
}

export const three128 =
  (operation: VectorOperation, fetch: Fetch): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch);
    copy128(cpu.i32, VECTOR_RESULT, i.vvvv);
    operation(cpu, VECTOR_RESULT, source, i.immediateLow & 255);
    write128(cpu.i32, i.reg);
  };

/** The upper half may have an operation of its own. */
export const three256 =
  (operation: VectorOperation, upperImmediate: number, upperOperation = operation): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch256);
    copy256(cpu.i32, VECTOR_RESULT, i.vvvv);
    const immediate = i.immediateLow & 255;
    bothHalves(cpu, operation, source, source + 4, immediate, immediate >> upperImmediate, upperOperation);
    write256(cpu.i32, i.reg);
  };

const two128 =
  (operation: VectorOperation, fetch: Fetch): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch);
    operation(cpu, VECTOR_RESULT, source, i.immediateLow & 255);
    write128(cpu.i32, i.reg);
  };

const two256 =
  (operation: VectorOperation, upperImmediate: number): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch256);
    const immediate = i.immediateLow & 255;
    bothHalves(cpu, operation, source, source + 4, immediate, immediate >> upperImmediate);
    write256(cpu.i32, i.reg);
  };

const count256 =
  (operation: VectorOperation): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch128);
    copy256(cpu.i32, VECTOR_RESULT, i.vvvv);
    operation(cpu, VECTOR_RESULT, source, 0);
    operation(cpu, VECTOR_RESULT + 4, source, 0);
    write256(cpu.i32, i.reg);
  };

/** The second half takes the second `bytes` bytes of the source. */
const widening256 = (operation: VectorOperation, bytes: 2 | 4 | 8): Handler => {
  const fetch = FETCH[(2 * bytes) as 4 | 8 | 16];
  return (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch);
    let second = source + (bytes >> 2);
    if (bytes === 2) {
      second = OPERAND + 4;
      cpu.i32[second] = cpu.u16[2 * source + 1];
    }
    bothHalves(cpu, operation, source, second, 0);
    write256(cpu.i32, i.reg);
  };
};

/** The halves' results, eight bytes each, are put together. */
const narrowing256 =
  (operation: VectorOperation): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const source = sourceOperand(cpu, i, fetch256);
    bothHalves(cpu, operation, source, source + 4, i.immediateLow & 255);
    s[VECTOR_RESULT + 2] = s[VECTOR_RESULT + 4];
    s[VECTOR_RESULT + 3] = s[VECTOR_RESULT + 5];
    write128(s, i.reg);
  };

/** The first operand is in ModRM.reg, a destination of another kind or none at all. */
export const intoReg =
  (operation: VectorOperation, fetch: Fetch): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    operation(cpu, i.reg, sourceOperand(cpu, i, fetch), 0);
  };

function handler128({ bytes, operation }: Meaning, operands: VexForms['operands']): Handler {
  const fetch = FETCH[bytes];
  if (operands === 'three' || operands === 'count') return three128(operation, fetch);
  return operands === 'flags' ? intoReg(operation, fetch) : two128(operation, fetch);
}

function handler256({ bytes, operation }: Meaning, { operands, upperImmediate = 0 }: VexForms): Handler {
  switch (operands) {
    case 'three':
      return three256(operation, upperImmediate);
    case 'count':
      return count256(operation);
    case 'widening':
      if (bytes === 8 || bytes === 4 || bytes === 2) return widening256(operation, bytes);
      break;
    case 'narrowing':
      return narrowing256(operation);
    case 'two':
      return two256(operation, upperImmediate);
    default:
  }
  throw new Error('there is no such form of 256 bits');
}

/** A row for an instruction with a VEX prefix; opcode as in `row`. */
export function vexRow(
  opcode: number,
  prefix: Prefix,
  vex: NonNullable<Opcode['vex']>,
  handler: Handler,
  rest: Partial<Opcode> = {},
): Opcode {
  const registers = { modrm: true, reg: 'vector', rm: 'vector' } as const;
  return {
    opcode: withMap(opcode),
    prefix,
    vex,
    feature: 'avx',
    ...registers,
    handler: () => handler,
    ...rest,
  };
}

/** The VEX forms of an instruction; `feature` is that of the shorter one. */
export function vexRows(instruction: VectorInstruction, feature: Feature = 'avx'): Opcode[] {
  const { opcode, prefix, immediate, w, vex } = instruction;
  if (vex === undefined) return [];
  const vvvv = vex.operands === 'three' || vex.operands === 'count' ? ({ vvvv: 'vector' } as const) : {};
  const rest = { ...(immediate && { immediate }), ...(w !== undefined && { w }) };
  const short = handler128(instruction, vex.operands);
  if (vex.length === 'ignored') return [vexRow(opcode, prefix, vvvv, short, { feature, ...rest })];
  const rows = [vexRow(opcode, prefix, { length: 128, ...vvvv }, short, { feature, ...rest })];
  if (vex.length !== 128) {
    const long = handler256(instruction, vex);
    const longFeature = feature === 'avx' ? vex.length : feature;
    rows.push(vexRow(opcode, prefix, { length: 256, ...vvvv }, long, { feature: longFeature, ...rest }));
  }
  return rows;
}
