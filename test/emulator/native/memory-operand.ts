import { GS_BASE } from './layout.ts';
import type { Random } from './random.ts';

/** A memory operand in bytes. */
export interface MemoryOperand {
  /** ModRM.mod and ModRM.rm in place; ModRM.reg is 0. */
  readonly modrm: number;
  /** SIB byte and displacement. */
  readonly rest: readonly number[];
  /** REX.X and REX.B. */
  readonly rex: number;
  readonly prefixes: readonly number[];
  /** The displacement (the last four bytes of `rest`) is yet to be made relative to the next instruction. */
  readonly ripRelative: boolean;
}

const RIP_RELATIVE = { modrm: 0x05, rest: [0, 0, 0, 0], rex: 0, prefixes: [], ripRelative: true } as const;

/**
 * Chooses an addressing mode whose address comes out as `target`, and puts what it needs into `registers`,
 * leaving alone those that are there already. Addresses of 2³¹ and above always use a base register.
 */
export function encodeMemory(
  random: Random,
  registers: Map<number, bigint>,
  target: bigint,
  useRegisters: boolean,
): MemoryOperand {
  const low = target < 0x8000_0000n;
  const prefixes: number[] = [];
  if (random.chance(4)) prefixes.push(random.pick([0x2e, 0x36, 0x3e, 0x26])); // without meaning in 64-bit mode
  if (low && random.chance(5)) {
    prefixes.push(0x65);
    target -= BigInt(GS_BASE);
    if (target < 0n) target += 1n << 64n; // wraps around as the addition does
  }
  const small = target < 0x8000_0000n || target >= (1n << 64n) - 0x8000_0000n;
  const free = Array.from({ length: 16 }, (_, i) => i).filter((i) => !registers.has(i));
  const mode = random.below(10);
  if (mode === 0 && low && prefixes.length === 0) return RIP_RELATIVE;
  if ((mode === 1 || !useRegisters || free.length < 2) && small) {
    // [disp32] through a SIB byte without base and index
    return { modrm: 0x04, rest: [0x25, ...bytes32(target)], rex: 0, prefixes, ripRelative: false };
  }
  let addressMask = (1n << 64n) - 1n;
  if (random.chance(8) && target < 1n << 32n) {
    prefixes.push(0x67);
    addressMask = 0xffff_ffffn;
  }
  const noise = addressMask === 0xffff_ffffn ? (random.u64() >> 32n) << 32n : 0n;

  const base = free[random.below(free.length)];
  const indexes = free.filter((i) => i !== base && i !== 4);
  const withIndex = indexes.length > 0 && random.chance(40);
  const displacementKind = random.below(3);
  let displacement =
    displacementKind === 0 ? 0 : displacementKind === 1 ? random.below(256) - 128 : random.u32() | 0;
  let mod = displacementKind;
  if (mod === 0 && (base & 7) === 5) mod = 1;
  if (mod === 0) displacement = 0;
  let rest: number[] = mod === 0 ? [] : mod === 1 ? [displacement & 255] : bytes32(BigInt(displacement));
  let value = target - BigInt(displacement);
  let rm = base & 7;
  let rex = base >> 3;
  if (withIndex) {
    const index = random.pick(indexes);
    const scale = random.below(4);
    // Without a base (mod 0, base field 5) the index alone must reach the target.
    const indexValue = random.chance(30) ? random.u64() : BigInt(random.below(0x1000));
    registers.set(index, indexValue | noise);
    value -= (indexValue | noise) << BigInt(scale);
    rest = [(scale << 6) | ((index & 7) << 3) | (base & 7), ...rest];
    rex |= (index >> 3) << 1;
    rm = 4;
  } else if (rm === 4) {
    rest = [0x24, ...rest];
  }
  registers.set(base, (value & addressMask) | noise);
  return { modrm: (mod << 6) | rm, rest, rex, prefixes, ripRelative: false };
}

function bytes32(value: bigint): number[] {
  const word = Number(BigInt.asUintN(32, value));
  return [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];
}
