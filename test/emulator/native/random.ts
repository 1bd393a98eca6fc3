/** A small seeded generator (xoshiro128**) and the operand values in which instructions like to differ. */
export class Random {
  private readonly s = new Uint32Array(4);

  constructor(seed: number) {
    // splitmix32 spreads the seed over the state.
    for (let i = 0; i < 4; i++) {
      seed = (seed + 0x9e3779b9) | 0;
      let z = seed;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      this.s[i] = z ^ (z >>> 16);
    }
  }

  u32(): number {
    const s = this.s;
    const x = Math.imul(s[1]!, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** 0 ≤ result < limit. */
  below(limit: number): number {
    return this.u32() % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.u32() & 255);
  }
}

const U64 = (1n << 64n) - 1n;

const BOUNDARIES: readonly bigint[] = [8n, 16n, 32n, 64n].flatMap((bits) => [
  1n << (bits - 1n),
  (1n << (bits - 1n)) - 1n,
  (1n << bits) - 1n,
]);

/** A 64-bit integer: boundaries of all operand sizes, small numbers, sparse bits or noise. */
export function interestingInteger(random: Random): bigint {
  switch (random.below(8)) {
    case 0:
      return random.pick([0n, 1n, U64, 2n, 0xfn, 0x10n]);
    case 1:
      return random.pick(BOUNDARIES);
    case 2:
      return (random.pick(BOUNDARIES) + BigInt(random.below(5) - 2)) & U64;
    case 3:
      return BigInt(random.below(256) - 128) & U64;
    case 4:
      return BigInt(random.u32() | 0) & U64;
    case 5:
      return (1n << BigInt(random.below(64))) ^ (random.chance(50) ? U64 : 0n);
    default:
      return random.u64();
  }
}

const SINGLES: readonly number[] = [
  0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x80800000, 0x3f800000, 0xbf800000, 0x3f000000,
  0xbfc00000, 0x40200000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fd12345,
  0x7f800001, 0xffa54321, 0x4f000000, 0xcf000000, 0x4effffff, 0x4f800000, 0x5f000000, 0xdf000000, 0x5effffff,
];

/** The bits of a single: zeros, denormals, infinities, NaNs of both kinds, ends of integer ranges, numbers. */
export function interestingSingle(random: Random): number {
  const sign = random.below(2) << 31;
  switch (random.below(6)) {
    case 0:
    case 1:
      return random.pick(SINGLES);
    case 2: // few significant bits: exact results and ties
      return (sign | ((120 + random.below(16)) << 23) | (random.below(32) << 18)) >>> 0;
    case 3: // at the ends of the exponent range
      return (sign | (random.pick([0, 1, 2, 24, 100, 252, 253, 254]) << 23) | (random.u32() >>> 9)) >>> 0;
    case 4:
      return random.u32();
    default:
      return (sign | ((110 + random.below(45)) << 23) | (random.u32() >>> 9)) >>> 0;
  }
}

const DOUBLES: readonly bigint[] = [
  0x0000000000000000n,
  0x8000000000000000n,
  0x0000000000000001n,
  0x800fffffffffffffn,
  0x0010000000000000n,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x3fe0000000000000n,
  0xbff8000000000000n,
  0x4004000000000000n,
  0x7fefffffffffffffn,
  0xffefffffffffffffn,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0xfff8000000000000n,
  0x7ffa123456789abcn,
  0x7ff0000000000001n,
  0xfff7000000000000n,
  0x41e0000000000000n,
  0xc1e0000000000000n,
  0xc1e0000000100000n,
  0x41dfffffffe00000n,
  0x41dfffffffc00000n,
  0x43e0000000000000n,
  0xc3e0000000000000n,
  0x43dfffffffffffffn,
  0x47efffffefffffffn,
  0x47effffff0000000n,
  0x3810000000000000n,
  0x380fffffffffffffn,
  0x36a0000000000000n,
  0x3690000000000000n,
];

/** The bits of a double; the ends of the range of singles are among them. */
export function interestingDouble(random: Random): bigint {
  const sign = BigInt(random.below(2)) << 63n;
  const fraction = random.u64() >> 12n;
  switch (random.below(6)) {
    case 0:
    case 1:
      return random.pick(DOUBLES);
    case 2:
      return sign | (BigInt(1016 + random.below(16)) << 52n) | (BigInt(random.below(32)) << 47n);
    case 3:
      return (
        sign |
        (BigInt(random.pick([0, 1, 2, 53, 54, 512, 873, 896, 897, 1150, 1151, 2045, 2046])) << 52n) |
        fraction
      );
    case 4:
      return random.u64();
    default:
      return sign | (BigInt(1000 + random.below(70)) << 52n) | fraction;
  }
}

const EXTENDEDS: readonly (readonly [number, bigint])[] = [
  [0, 0n],
  [0, 1n],
  [0, 0x7fff_ffff_ffff_ffffn],
  [0, 1n << 63n], // pseudo-denormal
  [1, 1n << 63n],
  [0x3fff, 1n << 63n],
  [0x3ffe, 1n << 63n],
  [0x3fff, 0xc000_0000_0000_0000n],
  [0x4000, 0xc90f_daa2_2168_c235n], // π
  [0x7ffe, (1n << 64n) - 1n],
  [0x7fff, 1n << 63n],
  [0x7fff, 0xc000_0000_0000_0000n],
  [0x7fff, 0xd123_4567_89ab_cdefn],
  [0x7fff, 0x8000_0000_0000_0001n],
  [0x7fff, 0xa543_2100_0000_0000n],
  // Not supported any more: pseudo-NaN, pseudo-infinity, unnormal.
  [0x7fff, 1n],
  [0x7fff, 0n],
  [0x4001, 0x7000_0000_0000_0000n],
  // Ends of the ranges of integers and of packed decimals.
  [0x400d, 0xffff_0000_0000_0000n],
  [0x400e, 1n << 63n],
  [0x401e, 1n << 63n],
  [0x403e, 1n << 63n],
  [0x403d, 0xffff_ffff_ffff_fffen],
  [0x403a, 0xde0b_6b3a_7640_0000n],
];

/** The ten bytes of an extended double, the kinds that later x87 units reject included. */
export function interestingExtended(random: Random): Uint8Array {
  const sign = random.below(2) << 15;
  const integerBit = 1n << 63n;
  let [exponent, significand] = random.pick(EXTENDEDS);
  switch (random.below(7)) {
    case 0:
    case 1:
      break;
    case 2: // few significant bits
      exponent = 0x3fff - 8 + random.below(16);
      significand = integerBit | (BigInt(random.below(32)) << 58n);
      break;
    case 3: // integers of all sizes
      exponent = 0x3fff + random.below(66);
      significand = integerBit | ((random.u64() >> BigInt(random.below(64))) << BigInt(random.below(64)));
      break;
    case 4: // at the ends of the exponents of all formats
      exponent = random.pick([0, 1, 2, 63, 0x3f7f, 0x3f81, 0x3bff, 0x3c01, 0x407e, 0x43fe, 0x7ffd, 0x7ffe]);
      significand = integerBit | random.u64();
      break;
    case 5:
      exponent = random.below(0x8000);
      significand = random.u64();
      break;
    default:
      exponent = 0x3fff - 40 + random.below(80);
      significand = integerBit | random.u64();
  }
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, significand), true);
  view.setUint16(8, sign | exponent, true);
  return bytes;
}

/** Sixteen bytes that mean something as integers, as four singles or as two doubles. */
export function interestingVector(random: Random): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  switch (random.below(3)) {
    case 0:
      for (let lane = 0; lane < 16; lane += 8) view.setBigUint64(lane, interestingInteger(random), true);
      break;
    case 1:
      for (let lane = 0; lane < 16; lane += 4) view.setUint32(lane, interestingSingle(random), true);
      break;
    default:
      for (let lane = 0; lane < 16; lane += 8) view.setBigUint64(lane, interestingDouble(random), true);
  }
  return bytes;
}
