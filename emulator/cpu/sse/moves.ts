/** Moves between vector registers, general registers and memory. */
import type { Cpu } from '../cpu.ts';
import type { Handler, Instruction } from '../instruction.ts';
import {
  checkWrite,
  effectiveAddress,
  elementAddress,
  store8,
  store32,
  store64,
  store128,
} from '../memory-access.ts';
import { always, byForm } from '../opcode.ts';
import { HIGH, OPERAND, RDI } from '../state.ts';
import {
  alignedAddress,
  fetch32,
  fetch64,
  fetch128,
  fetchAligned,
  type Guard,
  packedFloat,
  requireSse,
  row,
  two,
  type VectorOperation,
} from './operands.ts';

function copy128(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.reg] = s[i.rm];
  s[i.reg + 1] = s[i.rm + 1];
  s[i.reg + 2] = s[i.rm + 2];
  s[i.reg + 3] = s[i.rm + 3];
}

function copy128Back(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.rm] = s[i.reg];
  s[i.rm + 1] = s[i.reg + 1];
  s[i.rm + 2] = s[i.reg + 2];
  s[i.rm + 3] = s[i.reg + 3];
}

function takeOperand128(cpu: Cpu, i: Instruction): void {
  const s = cpu.i32;
  s[i.reg] = s[OPERAND];
  s[i.reg + 1] = s[OPERAND + 1];
  s[i.reg + 2] = s[OPERAND + 2];
  s[i.reg + 3] = s[OPERAND + 3];
}

function loadAligned(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  fetchAligned(cpu, i);
  takeOperand128(cpu, i);
}

function loadUnaligned(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  fetch128(cpu, i);
  takeOperand128(cpu, i);
}

export const storeAligned =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const low = alignedAddress(cpu, i);
    store128(cpu, low, cpu.i32[HIGH], i.reg);
  };

export const storeUnaligned =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const low = effectiveAddress(cpu, i);
    store128(cpu, low, cpu.i32[HIGH], i.reg);
  };

const aligned = {
  load: byForm(copy128, loadAligned),
  store: byForm(copy128Back, storeAligned(requireSse)),
};
const unaligned = {
  load: byForm(copy128, loadUnaligned),
  store: byForm(copy128Back, storeUnaligned(requireSse)),
};
const streaming = always(storeAligned(requireSse));

// Scalars: a register keeps what is above the scalar, a load clears it.

function copyLow32(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  cpu.i32[i.reg] = cpu.i32[i.rm];
}

function copyLow32Back(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  cpu.i32[i.rm] = cpu.i32[i.reg];
}

function copyLow64(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.reg] = s[i.rm];
  s[i.reg + 1] = s[i.rm + 1];
}

function copyLow64Back(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.rm] = s[i.reg];
  s[i.rm + 1] = s[i.reg + 1];
}

function load32AndClear(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  fetch32(cpu, i);
  const s = cpu.i32;
  s[i.reg] = s[OPERAND];
  s[i.reg + 1] = s[i.reg + 2] = s[i.reg + 3] = 0;
}

function load64AndClear(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  fetch64(cpu, i);
  const s = cpu.i32;
  s[i.reg] = s[OPERAND];
  s[i.reg + 1] = s[OPERAND + 1];
  s[i.reg + 2] = s[i.reg + 3] = 0;
}

export const storeLow32 =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const low = effectiveAddress(cpu, i);
    store32(cpu, low, cpu.i32[HIGH], cpu.i32[i.reg]);
  };

export const storeLow64 =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const s = cpu.i32;
    const low = effectiveAddress(cpu, i);
    store64(cpu, low, s[HIGH], s[i.reg], s[i.reg + 1]);
  };

// Halves.

function loadLow64(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  fetch64(cpu, i);
  const s = cpu.i32;
  s[i.reg] = s[OPERAND];
  s[i.reg + 1] = s[OPERAND + 1];
}

function loadHigh64(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  fetch64(cpu, i);
  const s = cpu.i32;
  s[i.reg + 2] = s[OPERAND];
  s[i.reg + 3] = s[OPERAND + 1];
}

export const storeHigh64 =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const s = cpu.i32;
    const low = effectiveAddress(cpu, i);
    store64(cpu, low, s[HIGH], s[i.reg + 2], s[i.reg + 3]);
  };

function movhlps(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.reg] = s[i.rm + 2];
  s[i.reg + 1] = s[i.rm + 3];
}

function movlhps(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.reg + 2] = s[i.rm];
  s[i.reg + 3] = s[i.rm + 1];
}

// MOVD and MOVQ.

function movdFromGeneral(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.reg] = s[i.rm];
  s[i.reg + 1] = s[i.reg + 2] = s[i.reg + 3] = 0;
}

function movqFromGeneral(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.reg] = s[i.rm];
  s[i.reg + 1] = s[i.rm + 1];
  s[i.reg + 2] = s[i.reg + 3] = 0;
}

export const movdToGeneral =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    cpu.i32[i.rm] = cpu.i32[i.reg];
    cpu.i32[i.rm + 1] = 0;
  };

export const movqToGeneral =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    cpu.i32[i.rm] = cpu.i32[i.reg];
    cpu.i32[i.rm + 1] = cpu.i32[i.reg + 1];
  };

function movqBetweenVectors(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.reg] = s[i.rm];
  s[i.reg + 1] = s[i.rm + 1];
  s[i.reg + 2] = s[i.reg + 3] = 0;
}

function movqBetweenVectorsBack(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  s[i.rm] = s[i.reg];
  s[i.rm + 1] = s[i.reg + 1];
  s[i.rm + 2] = s[i.rm + 3] = 0;
}

const byWidth =
  (narrow: (i: Instruction) => Handler | undefined, wide: (i: Instruction) => Handler | undefined) =>
  (i: Instruction): Handler | undefined =>
    i.operandSize === 8 ? wide(i) : narrow(i);

// Words, masks.

export const pextrw =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    cpu.i32[i.reg] = cpu.u16[2 * i.rm + (i.immediateLow & 7)];
    cpu.i32[i.reg + 1] = 0;
  };

export const movmskps =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const s = cpu.i32;
    const { rm } = i;
    s[i.reg] =
      (s[rm] >>> 31) | ((s[rm + 1] >>> 31) << 1) | ((s[rm + 2] >>> 31) << 2) | ((s[rm + 3] >>> 31) << 3);
    s[i.reg + 1] = 0;
  };

export const movmskpd =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const s = cpu.i32;
    s[i.reg] = (s[i.rm + 1] >>> 31) | ((s[i.rm + 3] >>> 31) << 1);
    s[i.reg + 1] = 0;
  };

export const pmovmskb =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    let mask = 0;
    for (let byte = 0; byte < 16; byte++) mask |= (cpu.u8[4 * i.rm + byte] >> 7) << byte;
    cpu.i32[i.reg] = mask;
    cpu.i32[i.reg + 1] = 0;
  };

/** Raises the page faults of eight bytes at an offset, those that are masked out included. They need no alignment. */
export function checkMaskedStore(cpu: Cpu, low: number, high: number, offset: number): void {
  const first = (low + offset) | 0;
  const last = (first + 7) | 0;
  checkWrite(cpu, first, (high + (first >>> 0 < low >>> 0 ? 1 : 0)) | 0, 1);
  if (((first ^ last) & ~0xfff) !== 0)
    checkWrite(cpu, last & ~0xfff, (high + (last >>> 0 < low >>> 0 ? 1 : 0)) | 0, 1);
}

/** Stores the bytes of a register whose byte in the mask, ModRM.rm, is negative. */
export function storeMasked(cpu: Cpu, i: Instruction, low: number, high: number, bytes: number): void {
  for (let byte = 0; byte < bytes; byte++) {
    if (cpu.u8[4 * i.rm + byte] < 128) continue;
    const at = (low + byte) | 0;
    store8(cpu, at, (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0, cpu.u8[4 * i.reg + byte]);
  }
}

/** Stores the bytes whose mask byte is negative to [RDI]. It faults as stores of the upper and the lower half would. */
export const maskmovdqu =
  (requireEnabled: Guard): Handler =>
  (cpu, i) => {
    requireEnabled(cpu);
    const low = elementAddress(cpu.i32, i, RDI, i.segmentBase);
    const high = cpu.i32[HIGH];
    checkMaskedStore(cpu, low, high, 8);
    checkMaskedStore(cpu, low, high, 0);
    storeMasked(cpu, i, low, high, 16);
  };

// SSE3: moves that duplicate.

/** The low double twice. */
function movddup(cpu: Cpu, i: Instruction): void {
  requireSse(cpu);
  const s = cpu.i32;
  let from = i.rm;
  if (i.isMemory) {
    fetch64(cpu, i);
    from = OPERAND;
  }
  s[i.reg] = s[i.reg + 2] = s[from];
  s[i.reg + 1] = s[i.reg + 3] = s[from + 1];
}

/** The even (`odd` = 0) or odd singles, each twice. */
const duplicateSingles =
  (odd: 0 | 1): VectorOperation =>
  (cpu, destination, source) => {
    const s = cpu.i32;
    s[destination] = s[destination + 1] = s[source + odd];
    s[destination + 2] = s[destination + 3] = s[source + 2 + odd];
  };

const memory = { only: 'memory' } as const;
const register = { only: 'register' } as const;
const toGeneral = { ...register, reg: 'general' } as const;

export const SSE_MOVE_OPCODES = [
  row(0x10, 0, unaligned.load),
  row(0x10, 0x66, unaligned.load),
  row(0x10, 0xf3, byForm(copyLow32, load32AndClear)),
  row(0x10, 0xf2, byForm(copyLow64, load64AndClear)),
  row(0x11, 0, unaligned.store),
  row(0x11, 0x66, unaligned.store),
  row(0x11, 0xf3, byForm(copyLow32Back, storeLow32(requireSse))),
  row(0x11, 0xf2, byForm(copyLow64Back, storeLow64(requireSse))),
  row(0x12, 0, byForm(movhlps, loadLow64)),
  row(0x12, 0x66, always(loadLow64), memory),
  row(0x13, 0, always(storeLow64(requireSse)), memory),
  row(0x13, 0x66, always(storeLow64(requireSse)), memory),
  row(0x16, 0, byForm(movlhps, loadHigh64)),
  row(0x16, 0x66, always(loadHigh64), memory),
  row(0x17, 0, always(storeHigh64(requireSse)), memory),
  row(0x17, 0x66, always(storeHigh64(requireSse)), memory),
  row(0x28, 0, aligned.load),
  row(0x28, 0x66, aligned.load),
  row(0x29, 0, aligned.store),
  row(0x29, 0x66, aligned.store),
  row(0x2b, 0, streaming, memory),
  row(0x2b, 0x66, streaming, memory),
  row(0x50, 0, always(movmskps(requireSse)), toGeneral),
  row(0x50, 0x66, always(movmskpd(requireSse)), toGeneral),
  row(0x6e, 0x66, byWidth(byForm(movdFromGeneral, load32AndClear), byForm(movqFromGeneral, load64AndClear)), {
    rm: 'general',
  }),
  row(
    0x7e,
    0x66,
    byWidth(
      byForm(movdToGeneral(requireSse), storeLow32(requireSse)),
      byForm(movqToGeneral(requireSse), storeLow64(requireSse)),
    ),
    {
      rm: 'general',
    },
  ),
  row(0x7e, 0xf3, byForm(movqBetweenVectors, load64AndClear)),
  row(0xd6, 0x66, byForm(movqBetweenVectorsBack, storeLow64(requireSse))),
  row(0x6f, 0x66, aligned.load),
  row(0x6f, 0xf3, unaligned.load),
  row(0x7f, 0x66, aligned.store),
  row(0x7f, 0xf3, unaligned.store),
  row(0xe7, 0x66, streaming, memory),
  row(0xc5, 0x66, always(pextrw(requireSse)), { ...toGeneral, immediate: 'byte' }),
  row(0xd7, 0x66, always(pmovmskb(requireSse)), toGeneral),
  row(0xf7, 0x66, always(maskmovdqu(requireSse)), register),
  row(0x12, 0xf2, always(movddup), { feature: 'sse3' }),
  row(0x12, 0xf3, two(packedFloat(duplicateSingles(0))), { feature: 'sse3' }),
  row(0x16, 0xf3, two(packedFloat(duplicateSingles(1))), { feature: 'sse3' }),
  row(0xf0, 0xf2, always(loadUnaligned), { ...memory, feature: 'sse3' }),
  row(0x382a, 0x66, always(loadAligned), { ...memory, feature: 'sse4.1' }),
];
