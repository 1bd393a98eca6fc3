/** The CPU as handlers see it: views over the machine's memory and the way out to the devices. */
import type { InterruptController } from '../devices/device.ts';
import type { PageAttention } from '../mmu/page-attention.ts';
import type { CodeCache } from './code-cache.ts';
import type { CodeMode } from './code-mode.ts';
import type { CpuModel } from './features.ts';
import type { Watches } from './watches.ts';

/** What lies beyond RAM: memory-mapped devices and I/O ports. Sizes 1, 2 or 4 bytes; values unsigned. */
export interface Bus {
  readMemory(physicalAddress: number, size: number): number;
  writeMemory(physicalAddress: number, size: number, value: number): void;
  readPort(port: number, size: number): number;
  writePort(port: number, size: number, value: number): void;
}

export interface Cpu {
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  /** For guest memory, where accesses need not be aligned. Always little-endian. */
  readonly view: DataView;
  readonly ramBytes: number;
  readonly bus: Bus;
  readonly interrupts: InterruptController;
  readonly code: CodeCache;
  readonly pages: PageAttention;
  readonly watches: Watches;
  readonly model: CpuModel;
  /** The modes of the model (opcode-table.ts), and the one that code runs in: a cache of CS, SS and CR0.PE. */
  readonly modes: readonly CodeMode[];
  mode: CodeMode;
  /** Keys (`addressKey`) of the instructions and numbers of the pages with data that the debug registers have breakpoints on:
   * a cache of those, see debug-registers.ts. */
  executionBreakpoints: ReadonlySet<number>;
  watchedPages: readonly number[];
  /** Where the TLBs for the current privilege begin (Int32Array index): caches of CPL, see mmu/tlb.ts. */
  readTlb: number;
  writeTlb: number;
  executeTlb: number;
}
