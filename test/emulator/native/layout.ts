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
