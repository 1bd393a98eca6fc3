/** Masked moves and gathers: elements whose mask is not negative are not accessed and cannot fault. */
import type { Cpu } from '../cpu.ts';
import type { Handler, Instruction } from '../instruction.ts';
import {
  anyAlignment,
  checkReach,
  checkWrite,
  effectiveAddress,
  load32,
  load64,
  segmentAddress,
  store32,
  store64,
} from '../memory-access.ts';
import type { Opcode } from '../opcode.ts';
import { HIGH, VECTOR_RESULT, ZERO } from '../state.ts';
import { requireAvx, vexRow, write128, write256 } from './vex.ts';

/** Words per element. */
type Width = 1 | 2;

/** An end that cannot be reached, of the last element that is wanted, comes before any page fault. */
function checkEnd(cpu: Cpu, i: Instruction, low: number, high: number, width: Width, writes: boolean): void {
  let words = i.vectorLength >> 2;
  while (words > 0 && cpu.i32[i.vvvv + words - 1] >= 0) words -= width;
  if (4 * words > 0x1000 - (low & 0xfff)) checkReach(cpu, low, high, 4 * words, writes);
}

const maskedLoad =
  (width: Width): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const low = effectiveAddress(cpu, i);
    const high = s[HIGH];
    checkEnd(cpu, i, low, high, width, false);
    for (let word = 0; word < i.vectorLength >> 2; word += width) {
      const to = VECTOR_RESULT + word;
      const isWanted = s[i.vvvv + word + width - 1] < 0;
      const at = (low + 4 * word) | 0;
      const atHigh = (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0;
      if (width === 1) s[to] = isWanted ? load32(cpu, at, atHigh) : 0;
      else {
        s[to] = isWanted ? load64(cpu, at, atHigh) : 0;
        s[to + 1] = isWanted ? s[HIGH] : 0;
      }
    }
    if (i.vectorLength === 32) write256(s, i.reg);
    else write128(s, i.reg);
  };

const maskedStore =
  (width: Width): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const low = effectiveAddress(cpu, i);
    const high = s[HIGH];
    checkEnd(cpu, i, low, high, width, true);
    // Faults come before the first element is stored.
    for (let pass = 0; pass < 2; pass++) {
      for (let word = 0; word < i.vectorLength >> 2; word += width) {
        if (s[i.vvvv + word + width - 1] >= 0) continue;
        const at = (low + 4 * word) | 0;
        const atHigh = (high + (at >>> 0 < low >>> 0 ? 1 : 0)) | 0;
        if (pass === 0) checkWrite(cpu, at, atHigh, 4 * width);
        else if (width === 1) store32(cpu, at, atHigh, s[i.reg + word]);
        else store64(cpu, at, atHigh, s[i.reg + word], s[i.reg + word + 1]);
      }
    }
  };

/** Address of the element whose index is at a word of the state: low half, high half in HIGH. */
function elementAddress(s: Int32Array, i: Instruction, at: number, indexWidth: Width): number {
  const index = s[at];
  if (i.addressSize !== 8) {
    return segmentAddress(s, i, s[i.base] + i.displacementLow + (index << i.scale), i.segmentBase);
  }
  const indexHigh = indexWidth === 2 ? s[at + 1] : index >> 31;
  const base = s[i.base];
  let low = (base + i.displacementLow) | 0;
  let high = (s[i.base + 1] + i.displacementHigh + (low >>> 0 < base >>> 0 ? 1 : 0)) | 0;
  const scaled = index << i.scale;
  low = (low + scaled) | 0;
  // `>>> (32 − scale)` for scales 0…3 without a shift by 32.
  const scaledHigh = (indexHigh << i.scale) | ((index >>> 1) >>> (31 - i.scale));
  high = (high + scaledHigh + (low >>> 0 < scaled >>> 0 ? 1 : 0)) | 0;
  const segmentBase = s[i.segmentBase];
  low = (low + segmentBase) | 0;
  s[HIGH] = high + s[i.segmentBase + 1] + (low >>> 0 < segmentBase >>> 0 ? 1 : 0);
  return low;
}

/**
 * The mask of an element that has been loaded is cleared at once: after a fault the instruction goes on where it was
 * (SDM volume 2, VPGATHERDD).
 */
const gatherHandler =
  (indexWidth: Width, width: Width): Handler =>
  (cpu, i) => {
    requireAvx(cpu);
    const s = cpu.i32;
    const mask = i.vvvv;
    const elements = (i.vectorLength >> 2) / Math.max(indexWidth, width);
    // While it runs, masks are all ones or zero, and what is beyond the vector is zero.
    const words = i.vectorLength >> 2;
    for (let word = 0; word < 8; word += width) {
      const isWanted = word < words && s[mask + word + width - 1] < 0;
      s[mask + word] = isWanted ? -1 : 0;
      if (width === 2) s[mask + word + 1] = s[mask + word];
    }
    let isFirst = true;
    for (let n = 0; n < elements; n++) {
      const word = n * width;
      if (s[mask + word] === 0) continue;
      const low = elementAddress(s, i, i.index + n * indexWidth, indexWidth);
      if (width === 1) s[i.reg + word] = load32(cpu, low, s[HIGH]);
      else {
        s[i.reg + word] = load64(cpu, low, s[HIGH]);
        s[i.reg + word + 1] = s[HIGH];
        s[mask + word + 1] = 0;
      }
      s[mask + word] = 0;
      if (isFirst) s.fill(0, i.reg + words, i.reg + 8);
      isFirst = false;
    }
    s.fill(0, i.reg + elements * width, i.reg + 8);
    s.fill(0, mask, mask + 8);
  };

/** Destination, index and mask must be three registers, and there must be an index. */
const gather = (indexWidth: Width, width: Width): Opcode['handler'] => {
  const handler = anyAlignment(gatherHandler(indexWidth, width));
  return (i) =>
    i.index === ZERO || i.reg === i.index || i.reg === i.vvvv || i.vvvv === i.index ? undefined : handler;
};

const VVVV = { vvvv: 'vector' } as const;
const MEMORY = { only: 'memory' } as const;
const AVX2 = { ...MEMORY, feature: 'avx2' } as const;

const gatherRows = (opcode: number, indexWidth: Width): Opcode[] =>
  ([0, 1] as const).map((w) => ({
    ...vexRow(opcode, 0x66, VVVV, () => {}, { ...AVX2, w, vectorIndex: true }),
    handler: gather(indexWidth, w === 0 ? 1 : 2),
  }));

export const AVX_MASKED_OPCODES: readonly Opcode[] = [
  vexRow(0x382c, 0x66, VVVV, anyAlignment(maskedLoad(1)), { ...MEMORY, w: 0 }),
  vexRow(0x382d, 0x66, VVVV, anyAlignment(maskedLoad(2)), { ...MEMORY, w: 0 }),
  vexRow(0x382e, 0x66, VVVV, anyAlignment(maskedStore(1)), { ...MEMORY, w: 0 }),
  vexRow(0x382f, 0x66, VVVV, anyAlignment(maskedStore(2)), { ...MEMORY, w: 0 }),
  vexRow(0x388c, 0x66, VVVV, anyAlignment(maskedLoad(1)), { ...AVX2, w: 0 }),
  vexRow(0x388c, 0x66, VVVV, anyAlignment(maskedLoad(2)), { ...AVX2, w: 1 }),
  vexRow(0x388e, 0x66, VVVV, anyAlignment(maskedStore(1)), { ...AVX2, w: 0 }),
  vexRow(0x388e, 0x66, VVVV, anyAlignment(maskedStore(2)), { ...AVX2, w: 1 }),
  ...gatherRows(0x3890, 1),
  ...gatherRows(0x3891, 2),
  ...gatherRows(0x3892, 1),
  ...gatherRows(0x3893, 2),
];
