/**
 * The CPU's state: where each field lies in the machine's memory, as indexes into an `Int32Array` over it.
 * A 64-bit field is two words, low half first; its name is the index of the low half.
 *
 * Functions that yield a 64-bit value return the low half and leave the high half in `HIGH`.
 */
import { GPR, RIP as RIP_OFFSET, SYSTEM_STATE, VECTOR as VECTOR_OFFSET } from '../memory-layout.ts';

export const RAX = GPR >> 2;
export const RCX = RAX + 2;
export const RDX = RAX + 4;
export const RBX = RAX + 6;
export const RSP = RAX + 8;
export const RBP = RAX + 10;
export const RSI = RAX + 12;
export const RDI = RAX + 14;
export const R11 = RAX + 22;
export const RIP = RIP_OFFSET >> 2;
/** Vector register n is the words VECTOR + 8 n … + 7. */
export const VECTOR = VECTOR_OFFSET >> 2;

const base = SYSTEM_STATE >> 2;

/** Always zero: the base register of an address that has none. */
export const ZERO = base;
/** High half of the last 64-bit value that a function returned. */
export const HIGH = base + 2;
/** Set by an instruction that the rest of its block must not follow (device access, code overwritten…). */
export const LEAVE_BLOCK = base + 3;
/** Index of the running instruction in its block. */
export const BLOCK_INDEX = base + 4;
/** Vector, error code (−1 for none) of the fault that is being raised. */
export const FAULT_VECTOR = base + 5;
export const FAULT_ERROR = base + 6;
/** What waits for one more instruction: after STI interrupts, after a load of SS all events, debug traps included. */
export const INTERRUPT_SHADOW = base + 7;
export const STI_SHADOW = 1;
export const STACK_SHADOW = 2;
/** 1 after HLT until an interrupt arrives. */
export const HALTED = base + 8;
/** 1 if the fault being raised is a non-canonical address (#SS rather than #GP on the stack). */
export const NON_CANONICAL = base + 9;

/** Lazy arithmetic flags: see flags.ts. */
export const FLAG_KIND = base + 10;
/** RFLAGS but for those arithmetic flags that FLAG_KIND derives from the operands below. */
export const FLAGS = base + 11;
export const FLAG_RESULT = base + 12;
export const FLAG_LEFT = base + 14;
export const FLAG_RIGHT = base + 16;

/** While a repeated string instruction is unfinished: the arithmetic flags from before it, and bit 1; else 0. What comes
 * between two iterations finds those flags, also of a comparison. */
export const REPEAT_FLAGS = base + 18;
/** 1 from the delivery of an NMI to the next IRET. */
export const NMI_BLOCKED = base + 19;
/** Bits of DR6 for the debug trap that is due after the running instruction. */
export const DEBUG_TRAP = base + 20;

/** Scratch for a vector operand from memory (8 words). */
export const OPERAND = base + 24;
export const MXCSR = base + 32;
/** x87 control and status words. */
export const FPU_CONTROL = base + 33;
export const FPU_STATUS = base + 34;
/** A bit for each of the registers 0…7 that is not empty. */
export const FPU_OCCUPIED = base + 35;
/** x87 registers 0…7 (the stack turns over them), 4 words each: significand, sign and exponent, nothing. MMX
 * registers are their significands. */
export const FPU_REGISTERS = base + 36;
/** Last x87 instruction: its opcode (11 bits), address and operand's address as FXSAVE stores them. */
export const FPU_OPCODE = base + 68;
export const FPU_INSTRUCTION = base + 70;
export const FPU_DATA = base + 72;
/** Scratch for an x87 operand from memory and for a result, as registers are. */
export const FPU_OPERAND = base + 74;
export const FPU_RESULT = base + 77;

/** Segment registers in encoding order ES CS SS DS FS GS, then LDTR, TR: SEGMENT_WORDS words each. */
export const SEGMENTS = base + 0x50;
export const SEGMENT_WORDS = 6;
export const SEGMENT_SELECTOR = 0;
export const SEGMENT_BASE = 1;
export const SEGMENT_LIMIT = 3;
/** Bits 8…23 of a descriptor's upper word: type, S, DPL, P, AVL, L, D/B, G. */
export const SEGMENT_ATTRIBUTES = 4;
/** See segment-access.ts. */
export const SEGMENT_TAG = 5;
export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const LDTR = 6;
export const TR = 7;
export const segment = (which: number): number => SEGMENTS + which * SEGMENT_WORDS;
export const FS_BASE = SEGMENTS + FS * SEGMENT_WORDS + SEGMENT_BASE;
export const GS_BASE = SEGMENTS + GS * SEGMENT_WORDS + SEGMENT_BASE;
/** Current privilege level, 0…3. */
export const CPL = SEGMENTS + 8 * SEGMENT_WORDS;

export const GDTR_BASE = base + 0x90;
export const GDTR_LIMIT = base + 0x92;
export const IDTR_BASE = base + 0x94;
export const IDTR_LIMIT = base + 0x96;

export const CR0 = base + 0x98;
export const CR2 = base + 0x9a;
export const CR3 = base + 0x9c;
export const CR4 = base + 0x9e;
export const EFER = base + 0xa0;
/** DR0…DR7, 2 words each. */
export const DEBUG_REGISTERS = base + 0xa2;
export const DR6 = DEBUG_REGISTERS + 12;
export const DR7 = DEBUG_REGISTERS + 14;

export const STAR = base + 0xc0;
export const LSTAR = base + 0xc2;
export const CSTAR = base + 0xc4;
export const SFMASK = base + 0xc6;
export const KERNEL_GS_BASE = base + 0xc8;
export const SYSENTER_CS = base + 0xca;
export const SYSENTER_ESP = base + 0xcc;
export const SYSENTER_EIP = base + 0xce;
export const PAT = base + 0xd0;
export const TSC_AUX = base + 0xd4;
export const TSC_OFFSET = base + 0xd6;
export const MISC_ENABLE = base + 0xd8;
export const MTRR_DEFAULT = base + 0xda;
/** 11 fixed ranges; 8 variable ones, base and mask each. */
export const MTRR_FIXED = base + 0x200;
export const MTRR_VARIABLE = base + 0x220;
export const MACHINE_CHECK_STATUS = base + 0x240;
/** The four page-directory-pointer entries of PAE paging, 2 words each: registers that a load of CR3 fills. */
export const PDPTES = base + 0xe8;
export const XCR0 = base + 0xdc;

/** Scratch of the vector instructions: a destination before it is final (8 words), a lane's result. */
export const VECTOR_RESULT = base + 0x180;
export const LANE_RESULT = base + 0x188;
/** Pairs of neighbours, brought side by side (two vectors). */
export const HORIZONTAL = base + 0x1a0;
/** The two operands of an MMX instruction, in vectors. */
export const MMX_LEFT = base + 0x1c0;
export const MMX_RIGHT = base + 0x1c4;
/** State of the generator behind RDRAND and RDSEED (4 words). */
export const RANDOM = base + 0x1b0;

/** Index into a Float64Array: instructions retired before the running block began. */
export const RETIRED = (SYSTEM_STATE + 0x3f0) >> 3;
/** Index into a Float64Array: count at which the running slice ends. */
export const DEADLINE = RETIRED + 1;

/** DR7: any breakpoint enabled, locally or globally; accesses to debug registers are detected. */
export const DR7_ENABLED = 0xff;
export const DR7_GENERAL_DETECT = 0x2000;
/** DR6: breakpoints 0…3 hit; debug register accessed; single step. */
export const DR6_HITS = 0xf;
export const DR6_ACCESS = 0x2000;
export const DR6_STEP = 0x4000;

export const CR0_PE = 1;
export const CR0_MP = 2;
export const CR0_EM = 4;
export const CR0_TS = 8;
export const CR0_WP = 0x1_0000;
export const CR0_AM = 0x4_0000;
export const CR0_PG = 0x8000_0000 | 0;
export const CR4_TSD = 4;
export const CR4_PAE = 0x20;
export const CR4_PGE = 0x80;
export const CR4_OSFXSR = 0x200;
export const CR4_OSXMMEXCPT = 0x400;
export const CR4_DE = 8;
export const CR4_PSE = 0x10;
export const CR4_MCE = 0x40;
export const CR4_PCE = 0x100;
export const CR4_UMIP = 0x800;
export const CR4_FSGSBASE = 0x1_0000;
export const CR4_PCIDE = 0x2_0000;
export const CR4_OSXSAVE = 0x4_0000;
export const CR4_SMEP = 0x10_0000;
export const CR4_SMAP = 0x20_0000;
export const EFER_SCE = 1;
export const EFER_LME = 0x100;
export const EFER_LMA = 0x400;
export const EFER_NXE = 0x800;
