/** Creating a CPU and its state after reset (Intel SDM volume 3, table 10-1), as far as it is not zero. */
import type { InterruptController } from '../devices/device.ts';
import { RAM } from '../memory-layout.ts';
import { PageAttention } from '../mmu/page-attention.ts';
import { resetTlb, SUPERVISOR_EXECUTE, SUPERVISOR_READ, SUPERVISOR_WRITE } from '../mmu/tlb.ts';
import { CodeCache } from './code-cache.ts';
import type { Bus, Cpu } from './cpu.ts';
import { signatureOf } from './cpuid.ts';
import type { CpuModel } from './features.ts';
import { writeFlags } from './flags.ts';
import { resetMemoryTypes } from './memory-types.ts';
import { MISC_ENABLE_RESET } from './model-specific-registers.ts';
import { codeModes } from './opcode-table.ts';
import { setFlatCode, setFlatData, setSegment } from './segments.ts';
import {
  CR0,
  CS,
  DR6,
  DR7,
  DS,
  ES,
  FPU_CONTROL,
  FPU_OCCUPIED,
  FS,
  GDTR_LIMIT,
  GS,
  IDTR_LIMIT,
  LDTR,
  MISC_ENABLE,
  MXCSR,
  RDX,
  RIP,
  SS,
  TR,
  XCR0,
} from './state.ts';
import { Watches } from './watches.ts';

const WASM_PAGE = 0x1_0000;

export function createCpu(
  ramBytes: number,
  model: CpuModel,
  start: StartState,
  bus: Bus,
  interrupts: InterruptController,
): Cpu {
  const buffer = allocate(ramBytes);
  const code = new CodeCache(ramBytes);
  const cpu: Cpu = {
    i32: new Int32Array(buffer),
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    f32: new Float32Array(buffer, 0, RAM >> 2),
    f64: new Float64Array(buffer, 0, RAM >> 3),
    view: new DataView(buffer),
    ramBytes,
    bus,
    interrupts,
    code,
    pages: new PageAttention(ramBytes, code),
    watches: new Watches(),
    model,
    modes: codeModes(model),
    mode: codeModes(model)[0],
    executionBreakpoints: new Set(),
    watchedPages: [],
    readTlb: SUPERVISOR_READ,
    writeTlb: SUPERVISOR_WRITE,
    executeTlb: SUPERVISOR_EXECUTE,
  };
  reset(cpu, start);
  return cpu;
}

/** Throws RangeError if the host has not that much memory. */
function allocate(ramBytes: number): ArrayBuffer {
  const pages = Math.ceil((RAM + ramBytes) / WASM_PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
  } catch (cause) {
    const mebibytes = ramBytes / 2 ** 20;
    throw new RangeError(`The host cannot give a machine ${mebibytes} MiB of memory: choose less.`, {
      cause,
    });
  }
}

/** What a CPU starts as. flat: 64-bit code with flat segments at privilege level 0, paging and interrupts off, of which a
 * loader sets the rest. hardware: real mode at F000:FFF0, as out of the reset of a processor. */
export type StartState = 'flat' | 'hardware';

/** Sets what reset sets, but for the general registers of a `flat` start and for those of vectors. */
export function reset(cpu: Cpu, start: StartState): void {
  const s = cpu.i32;
  resetTlb(s);
  writeFlags(cpu, 0);
  s[CR0] = 0x6000_0010;
  s[IDTR_LIMIT] = 0;
  s[MXCSR] = 0x1f80;
  s[FPU_CONTROL] = 0x37f;
  s[XCR0] = 1;
  resetMemoryTypes(s);
  s[MISC_ENABLE] = MISC_ENABLE_RESET;
  s[DR6] = 0xffff_0ff0;
  s[DR7] = 0x400;
  if (start === 'hardware') {
    setRealModeReset(cpu);
    return;
  }
  setFlatCode(cpu, 0x08, 0);
  for (const which of [ES, SS, DS, FS, GS]) setFlatData(cpu, which, 0x10, 0);
}

/** SDM volume 3, table 10-1. The x87 is not initialised. The code segment lies at the end of the first 4 GiB until it is loaded. */
function setRealModeReset(cpu: Cpu): void {
  const s = cpu.i32;
  for (const which of [ES, SS, DS, FS, GS]) setSegment(cpu, which, 0, 0, 0, 0xffff, 0x9300);
  setSegment(cpu, CS, 0xf000, 0xffff_0000 | 0, 0, 0xffff, 0x9b00);
  setSegment(cpu, LDTR, 0, 0, 0, 0xffff, 0x8200);
  setSegment(cpu, TR, 0, 0, 0, 0xffff, 0x8b00);
  s[GDTR_LIMIT] = 0xffff;
  s[IDTR_LIMIT] = 0xffff;
  s[FPU_CONTROL] = 0x40;
  s[FPU_OCCUPIED] = 0xff;
  s[RDX] = signatureOf(cpu.model);
  s[RIP] = 0xfff0;
}
