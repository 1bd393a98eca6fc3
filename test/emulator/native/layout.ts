/** The address space an instruction case sees, on the real CPU (`harness.c`) and in the emulator alike. */

export const PAGE = 0x1000;

/** Readable and executable, filled with `int3`, nothing mapped around it. */
export const CODE = 0x2000_0000;
export const CODE_SIZE = 2 * PAGE;

/** Two writable pages and a read-only one, nothing executable, nothing mapped around them. */
export const DATA = 0x3000_0000;
export const DATA_SIZE = 3 * PAGE;
export const WRITABLE_SIZE = 2 * PAGE;

export const GS_BASE = DATA + 0x800;

/** Linux's user segments, so that an instruction that reads a selector sees the same. */
export const USER_CS = 0x33;
export const USER_SS = 0x2b;

export const INT3 = 0xcc;

/** Stands for a case that never ends, in place of an exception vector. */
export const VECTOR_TIMEOUT = 255;

/** The segments that code outside of 64-bit mode finds. */
export interface Segment {
  readonly selector: number;
  readonly base: number;
  /** Last offset; of an expand-down segment, the one below the first. */
  readonly limit: number;
  /** Bits 8…23 of a descriptor's upper word, in place. */
  readonly attributes: number;
}

const USER_SEGMENT = 0xf100; // present, privilege level 3, accessed
const DATA_TYPE = USER_SEGMENT | 0x200;
const READ_ONLY_TYPE = USER_SEGMENT;
const EXPAND_DOWN_TYPE = USER_SEGMENT | 0x600;
const CODE_TYPE = USER_SEGMENT | 0xa00;
const EXECUTE_ONLY_TYPE = USER_SEGMENT | 0x800;
const SIZE_32 = 0x40_0000;
const LONG = 0x20_0000;
const PAGES = 0x80_0000;
const ALL = 0xffff_ffff;
const ldt = (index: number): number => index * 8 + 7;

/** Linux's, and those that `harness.c` makes. */
export const LINUX_SEGMENTS: readonly Segment[] = [
  { selector: 0x23, base: 0, limit: ALL, attributes: CODE_TYPE | SIZE_32 | PAGES },
  { selector: USER_SS, base: 0, limit: ALL, attributes: DATA_TYPE | SIZE_32 | PAGES },
  { selector: USER_CS, base: 0, limit: ALL, attributes: CODE_TYPE | LONG | PAGES },
];
export const LDT_SEGMENTS: readonly Segment[] = [
  { selector: ldt(0), base: CODE, limit: CODE_SIZE - 1, attributes: CODE_TYPE | SIZE_32 },
  { selector: ldt(1), base: CODE, limit: CODE_SIZE - 1, attributes: CODE_TYPE },
  { selector: ldt(2), base: DATA, limit: DATA_SIZE - 1, attributes: DATA_TYPE | SIZE_32 },
  { selector: ldt(3), base: DATA, limit: DATA_SIZE - 1, attributes: DATA_TYPE },
  { selector: ldt(4), base: DATA + 0x400, limit: 0x7ff, attributes: DATA_TYPE | SIZE_32 },
  { selector: ldt(5), base: DATA, limit: PAGE - 1, attributes: EXPAND_DOWN_TYPE | SIZE_32 },
  { selector: ldt(6), base: DATA, limit: PAGE - 1, attributes: EXPAND_DOWN_TYPE },
  { selector: ldt(7), base: DATA, limit: DATA_SIZE - 1, attributes: READ_ONLY_TYPE | SIZE_32 },
  { selector: ldt(8), base: DATA, limit: DATA_SIZE - 1, attributes: (DATA_TYPE | SIZE_32) & ~0x8000 },
  { selector: ldt(9), base: DATA, limit: ALL, attributes: DATA_TYPE | SIZE_32 | PAGES },
  { selector: ldt(10), base: CODE, limit: CODE_SIZE - 1, attributes: EXECUTE_ONLY_TYPE | SIZE_32 },
];
export const segmentOf = (selector: number): Segment | undefined =>
  [...LINUX_SEGMENTS, ...LDT_SEGMENTS].find((segment) => segment.selector === selector);
