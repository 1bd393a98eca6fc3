/** Segment and gate descriptors (Intel SDM volume 3, chapters 3.4.5 and 7.2): the bits of their upper word. */

export const DESCRIPTOR_ACCESSED = 0x100;
/** Of data; code with it is readable. */
export const DESCRIPTOR_WRITABLE = 0x200;
export const DESCRIPTOR_CONFORMING = 0x400;
/** The same bit, of data. */
export const DESCRIPTOR_EXPAND_DOWN = 0x400;
export const DESCRIPTOR_CODE = 0x800;
export const DESCRIPTOR_NON_SYSTEM = 0x1000;
export const DESCRIPTOR_PRESENT = 0x8000;
export const DESCRIPTOR_LONG = 0x20_0000;
/** D of code, B of stacks. */
export const DESCRIPTOR_DEFAULT_32 = 0x40_0000;
export const DESCRIPTOR_GRANULARITY = 0x80_0000;

export const privilegeOf = (upper: number): number => (upper >> 13) & 3;
export const systemTypeOf = (upper: number): number => (upper >> 8) & 15;

/** Types of system descriptors. 16-bit TSSs and gates do not exist in IA-32e mode. */
export const TSS_16 = 1;
export const LDT_TYPE = 2;
export const CALL_GATE_16 = 4;
export const TASK_GATE = 5;
export const INTERRUPT_GATE_16 = 6;
export const TRAP_GATE_16 = 7;
export const TSS_32 = 9;
export const CALL_GATE_32 = 12;
export const INTERRUPT_GATE_32 = 14;
export const TRAP_GATE_32 = 15;
/** Added to the type of an available TSS. */
export const BUSY = 2;
