/** VEX forms of the moves: a destination register is written as a whole, up to bit 255. */
import type { Cpu } from '../cpu.ts';
import { GENERAL_PROTECTION, raiseWithCode } from '../fault.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, store256 } from '../memory-access.ts';
import type { Opcode } from '../opcode.ts';
import { HIGH, VECTOR, VECTOR_RESULT } from '../state.ts';
import {
  maskmovdqu,
  movdToGeneral,
  movmskpd,
  movmskps,
  movqToGeneral,
  pextrw,
  pmovmskb,
  storeAligned,
  storeHigh64,
  storeLow32,
  storeLow64,
  storeUnaligned,
} from './moves.ts';
import { fetch32, fetch64, fetch128, fetchAligned, type Prefix } from './operands.ts';
import { ldmxcsr, stmxcsr } from './state-image.ts';
import {
  clearUpper,
  copy128,
  copy256,
  fetch256,
  requireAvx,
  sourceOperand,
  vexRow,
  write128,
} from './vex.ts';

function requireAligned32(low: number, cpu: Cpu): void {
  if ((low & 31) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
}

function fetchAligned256(cpu: Cpu, i: Instruction): void {
  requireAligned32(effectiveAddress(cpu, i), cpu);
  fetch256(cpu, i);
}

const load128 =
  (fetch: typeof fetch128): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch);
    copy128(cpu.i32, i.reg, source);
    clearUpper(cpu.i32, i.reg);
  };

const load256 =
  (fetch: typeof fetch128): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const source = sourceOperand(cpu, i, fetch);
    copy256(cpu.i32, i.reg, source);
  };

/** A store, or a copy to the register of ModRM.rm. */
const store128Of = (toMemory: Handler): Handler => {
  return (cpu, i) => {
    if (i.isMemory) {
      toMemory(cpu, i);
      return;
    }
    requireAvx(cpu);
    copy128(cpu.i32, i.rm, i.reg);
    clearUpper(cpu.i32, i.rm);
  };
};

const store256Of =
  (aligned: boolean): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    if (!i.isMemory) {
      copy256(cpu.i32, i.rm, i.reg);
      return;
    }
    const low = effectiveAddress(cpu, i);
    if (aligned) requireAligned32(low, cpu);
    store256(cpu, low, cpu.i32[HIGH], i.reg);
  };

const memory = { only: 'memory' } as const;
const register = { only: 'register' } as const;
const toGeneral = { ...register, reg: 'general' } as const;
const vvvv = { vvvv: 'vector' } as const;
const SHORT = { length: 128 } as const;
const LONG = { length: 256 } as const;
const SHORT_THREE = { ...SHORT, ...vvvv } as const;

const loads = (opcode: number, prefix: Prefix, aligned: boolean, rest: Partial<Opcode> = {}): Opcode[] => [
  vexRow(opcode, prefix, SHORT, load128(aligned ? fetchAligned : fetch128), rest),
  vexRow(opcode, prefix, LONG, load256(aligned ? fetchAligned256 : fetch256), rest),
];
const stores = (opcode: number, prefix: Prefix, aligned: boolean, rest: Partial<Opcode> = {}): Opcode[] => [
  vexRow(opcode, prefix, SHORT, store128Of((aligned ? storeAligned : storeUnaligned)(requireAvx)), rest),
  vexRow(opcode, prefix, LONG, store256Of(aligned), rest),
];

// Scalars and halves, merged with the register in VEX.vvvv.

const loadAndClear =
  (fetch: typeof fetch32, words: 1 | 2): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const source = sourceOperand(cpu, i, fetch);
    const low = s[source];
    const high = words === 2 ? s[source + 1] : 0;
    s.fill(0, i.reg, i.reg + 8);
    s[i.reg] = low;
    s[i.reg + 1] = high;
  };

/** Replaces `words` words of VEX.vvvv, at word `to`, by those at `from` of the source. */
const merge =
  (words: 1 | 2, to: number, from: number): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    // A memory operand is no longer than what is merged.
    const source = i.isMemory ? sourceOperand(cpu, i, fetch64) : i.rm + from;
    copy128(s, VECTOR_RESULT, i.vvvv);
    s[VECTOR_RESULT + to] = s[source];
    if (words === 2) s[VECTOR_RESULT + to + 1] = s[source + 1];
    write128(s, i.reg);
  };

/** The store form of VMOVSS and VMOVSD between registers. */
const mergeBack =
  (words: 1 | 2): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    copy128(s, VECTOR_RESULT, i.vvvv);
    s[VECTOR_RESULT] = s[i.reg];
    if (words === 2) s[VECTOR_RESULT + 1] = s[i.reg + 1];
    write128(s, i.rm);
  };

function vmovqToRm(cpu: Cpu, i: Instruction): void {
  if (i.isMemory) {
    storeLow64Avx(cpu, i);
    return;
  }
  requireAvx(cpu);
  const s = cpu.i32;
  const low = s[i.reg];
  const high = s[i.reg + 1];
  s.fill(0, i.rm, i.rm + 8);
  s[i.rm] = low;
  s[i.rm + 1] = high;
}

const storeLow32Avx = storeLow32(requireAvx);
const storeLow64Avx = storeLow64(requireAvx);
const storeHigh64Avx = storeHigh64(requireAvx);
const toGeneral32 = movdToGeneral(requireAvx);
const toGeneral64 = movqToGeneral(requireAvx);

const fromGeneral32 = loadAndClear(fetch32, 1);
const fromGeneral64 = loadAndClear(fetch64, 2);

function vmovmskps256(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  let mask = 0;
  for (let lane = 0; lane < 8; lane++) mask |= (s[i.rm + lane] >>> 31) << lane;
  s[i.reg] = mask;
  s[i.reg + 1] = 0;
}

function vmovmskpd256(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  const s = cpu.i32;
  let mask = 0;
  for (let lane = 0; lane < 4; lane++) mask |= (s[i.rm + 2 * lane + 1] >>> 31) << lane;
  s[i.reg] = mask;
  s[i.reg + 1] = 0;
}

function vpmovmskb256(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  let mask = 0;
  for (let byte = 0; byte < 32; byte++) mask |= (cpu.u8[4 * i.rm + byte] >> 7) << byte;
  cpu.i32[i.reg] = mask;
  cpu.i32[i.reg + 1] = 0;
}

/** Outside of 64-bit mode the upper eight registers are left alone. */
const registers = (i: Instruction): number => (i.stackSize === 8 ? 16 : 8);

function vzeroupper(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  for (let n = 0; n < registers(i); n++) clearUpper(cpu.i32, VECTOR + 8 * n);
}

function vzeroall(cpu: Cpu, i: Instruction): void {
  requireAvx(cpu);
  cpu.i32.fill(0, VECTOR, VECTOR + 8 * registers(i));
}

export const AVX_MOVE_OPCODES: readonly Opcode[] = [
  ...loads(0x10, 0, false),
  ...loads(0x10, 0x66, false),
  ...stores(0x11, 0, false),
  ...stores(0x11, 0x66, false),
  ...loads(0x28, 0, true),
  ...loads(0x28, 0x66, true),
  ...stores(0x29, 0, true),
  ...stores(0x29, 0x66, true),
  ...loads(0x6f, 0x66, true),
  ...loads(0x6f, 0xf3, false),
  ...stores(0x7f, 0x66, true),
  ...stores(0x7f, 0xf3, false),
  ...stores(0x2b, 0, true, memory),
  ...stores(0x2b, 0x66, true, memory),
  ...stores(0xe7, 0x66, true, memory),
  ...loads(0xf0, 0xf2, false, memory), // VLDDQU
  vexRow(0x382a, 0x66, SHORT, load128(fetchAligned), memory), // VMOVNTDQA
  vexRow(0x382a, 0x66, LONG, load256(fetchAligned256), { ...memory, feature: 'avx2' }),

  vexRow(0x10, 0xf3, vvvv, merge(1, 0, 0), register),
  vexRow(0x10, 0xf2, vvvv, merge(2, 0, 0), register),
  vexRow(0x10, 0xf3, {}, loadAndClear(fetch32, 1), memory),
  vexRow(0x10, 0xf2, {}, loadAndClear(fetch64, 2), memory),
  vexRow(0x11, 0xf3, vvvv, mergeBack(1), register),
  vexRow(0x11, 0xf2, vvvv, mergeBack(2), register),
  vexRow(0x11, 0xf3, {}, storeLow32Avx, memory),
  vexRow(0x11, 0xf2, {}, storeLow64Avx, memory),
  vexRow(0x12, 0, SHORT_THREE, merge(2, 0, 2)),
  vexRow(0x12, 0x66, SHORT_THREE, merge(2, 0, 0), memory),
  vexRow(0x13, 0, SHORT, storeLow64Avx, memory),
  vexRow(0x13, 0x66, SHORT, storeLow64Avx, memory),
  vexRow(0x16, 0, SHORT_THREE, merge(2, 2, 0)),
  vexRow(0x16, 0x66, SHORT_THREE, merge(2, 2, 0), memory),
  vexRow(0x17, 0, SHORT, storeHigh64Avx, memory),
  vexRow(0x17, 0x66, SHORT, storeHigh64Avx, memory),

  vexRow(0x6e, 0x66, SHORT, fromGeneral32, { rm: 'general', w: 0 }),
  vexRow(0x6e, 0x66, SHORT, fromGeneral64, { rm: 'general', w: 1 }),
  vexRow(0x7e, 0x66, SHORT, toGeneral32, { rm: 'general', w: 0, only: 'register' }),
  vexRow(0x7e, 0x66, SHORT, toGeneral64, { rm: 'general', w: 1, only: 'register' }),
  vexRow(0x7e, 0x66, SHORT, storeLow32Avx, { w: 0, only: 'memory' }),
  vexRow(0x7e, 0x66, SHORT, storeLow64Avx, { w: 1, only: 'memory' }),
  vexRow(0x7e, 0xf3, SHORT, loadAndClear(fetch64, 2)),
  vexRow(0xd6, 0x66, SHORT, vmovqToRm),
  vexRow(0xc5, 0x66, SHORT, pextrw(requireAvx), { ...toGeneral, immediate: 'byte' }),

  vexRow(0x50, 0, SHORT, movmskps(requireAvx), toGeneral),
  vexRow(0x50, 0x66, SHORT, movmskpd(requireAvx), toGeneral),
  vexRow(0x50, 0, LONG, vmovmskps256, toGeneral),
  vexRow(0x50, 0x66, LONG, vmovmskpd256, toGeneral),
  vexRow(0xd7, 0x66, SHORT, pmovmskb(requireAvx), toGeneral),
  vexRow(0xd7, 0x66, LONG, vpmovmskb256, { ...toGeneral, feature: 'avx2' }),
  vexRow(0xf7, 0x66, SHORT, maskmovdqu(requireAvx), register),

  vexRow(0xae, 0, SHORT, ldmxcsr(requireAvx), { ...memory, extension: 2 }),
  vexRow(0xae, 0, SHORT, stmxcsr(requireAvx), { ...memory, extension: 3 }),
  { opcode: 0x0f77, prefix: 0, vex: SHORT, feature: 'avx', handler: () => vzeroupper },
  { opcode: 0x0f77, prefix: 0, vex: LONG, feature: 'avx', handler: () => vzeroall },
];
