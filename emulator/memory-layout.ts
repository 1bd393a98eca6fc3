/**
 * Where everything lives in the machine's one `WebAssembly.Memory`. Offsets are bytes from its start.
 * Nothing about the CPU lives only in a JavaScript object: a snapshot is a copy of these pages, a register
 * view is a read, and translated WebAssembly code can address all of it directly.
 */

/** General registers RAX…R15 in encoding order (AX CX DX BX SP BP SI DI 8…15), 8 bytes each, little-endian. */
export const GPR = 0x0000;
export const RIP = 0x0080;
/** Vector registers 0…15, 32 bytes each: XMM is the low half, the upper half is kept for AVX. */
export const VECTOR = 0x0200;

/** Everything else of the CPU (flags, segments, control registers, MSRs) is laid out in 0x0400…0x3fff
 * by `cpu/state.ts`. */
export const SYSTEM_STATE = 0x0400;

/** Translation look-aside buffers, laid out by `mmu/tlb.ts`. */
export const TLB = 0x4000;

/** Guest physical address 0. Page-aligned; all below it belongs to the host side. */
export const RAM = 0x10_0000;
