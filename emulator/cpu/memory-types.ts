/**
 * MTRRs and the PAT (Intel SDM volume 3, chapter 12). They are kept and checked, but memory has no types here: nothing is
 * cached.
 */
import { PHYSICAL_ADDRESS_BITS } from '../mmu/page-walk.ts';
import { MTRR_DEFAULT, MTRR_FIXED, MTRR_VARIABLE, PAT } from './state.ts';

const UNCACHEABLE = 0;
const WRITE_COMBINING = 1;
const WRITE_THROUGH = 4;
const WRITE_PROTECTED = 5;
const WRITE_BACK = 6;
/** UC−: in the PAT only. */
const UNCACHED = 7;
const MTRR_TYPES: readonly number[] = [
  UNCACHEABLE,
  WRITE_COMBINING,
  WRITE_THROUGH,
  WRITE_PROTECTED,
  WRITE_BACK,
];
const PAT_TYPES: readonly number[] = [...MTRR_TYPES, UNCACHED];

const VARIABLE_RANGES = 8;
const FIXED_RANGES = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f] as const;
const FIRST_VARIABLE = 0x200;
/** IA32_MTRRCAP: so many variable ranges, fixed ranges, write-combining. */
export const MTRR_CAPABILITIES = VARIABLE_RANGES | 0x500;
/** Bits of a mask, and of IA32_MTRR_DEF_TYPE: valid; fixed ranges enabled, MTRRs enabled. */
const VALID = 0x800;
const ENABLED = 0xc00;

const ADDRESS_HIGH_RESERVED = -1 << (PHYSICAL_ADDRESS_BITS - 32);

const haveTypes = (word: number, types: readonly number[]): boolean =>
  [0, 8, 16, 24].every((shift) => types.includes((word >>> shift) & 0xff));

type Check = (low: number, high: number) => boolean;
const allOf =
  (types: readonly number[]): Check =>
  (low, high) =>
    haveTypes(low, types) && haveTypes(high, types);
const isBase: Check = (low, high) =>
  MTRR_TYPES.includes(low & 0xff) && (low & 0xf00) === 0 && (high & ADDRESS_HIGH_RESERVED) === 0;
const isMask: Check = (low, high) => (low & (VALID - 1)) === 0 && (high & ADDRESS_HIGH_RESERVED) === 0;
const isDefault: Check = (low, high) =>
  high === 0 && (low & ~(0xff | ENABLED)) === 0 && MTRR_TYPES.includes(low & 0xff);

/** By MSR: where the value is, and what may be written. */
export const MEMORY_TYPE_REGISTERS: readonly (readonly [
  index: number,
  register: { readonly word: number; readonly accepts: Check },
])[] = [
  [0x277, { word: PAT, accepts: allOf(PAT_TYPES) }],
  [0x2ff, { word: MTRR_DEFAULT, accepts: isDefault }],
  ...FIXED_RANGES.map(
    (index, n) => [index, { word: MTRR_FIXED + 2 * n, accepts: allOf(MTRR_TYPES) }] as const,
  ),
  ...Array.from(
    { length: 2 * VARIABLE_RANGES },
    (_, n) =>
      [FIRST_VARIABLE + n, { word: MTRR_VARIABLE + 2 * n, accepts: n % 2 === 0 ? isBase : isMask }] as const,
  ),
];

/** As firmware leaves them: all is write-back but the legacy video memory and the last gigabyte below 4 GiB. */
export function resetMemoryTypes(s: Int32Array): void {
  s[PAT] = s[PAT + 1] = 0x0007_0406;
  s[MTRR_DEFAULT] = ENABLED | WRITE_BACK;
  FIXED_RANGES.forEach((index, n) => {
    const isVideo = index === 0x259;
    s[MTRR_FIXED + 2 * n] = s[MTRR_FIXED + 2 * n + 1] = isVideo ? 0 : 0x0606_0606;
  });
  s[MTRR_VARIABLE] = 0xc000_0000 | UNCACHEABLE;
  s[MTRR_VARIABLE + 2] = 0xc000_0000 | VALID;
  s[MTRR_VARIABLE + 3] = ~ADDRESS_HIGH_RESERVED;
}
