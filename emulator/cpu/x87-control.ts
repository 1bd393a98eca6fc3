/**
 * The x87 control instructions that system software uses without computing anything: FNINIT, FNCLEX, FLDCW,
 * FNSTCW, FNSTSW, FWAIT (Intel SDM volume 1, chapter 8). x87 arithmetic is not there: #UD.
 */
import type { Cpu } from './cpu.ts';
import { DEVICE_NOT_AVAILABLE, raise } from './fault.ts';
import type { Handler, Instruction } from './instruction.ts';
import { effectiveAddress, load16, store16 } from './memory-access.ts';
import { always, type Opcode } from './opcode.ts';
import { CR0, CR0_EM, CR0_MP, CR0_TS, FPU_CONTROL, FPU_STATUS, FPU_TAG, HIGH, RAX } from './state.ts';

const requireX87 = (cpu: Cpu): void => {
  if ((cpu.i32[CR0] & (CR0_EM | CR0_TS)) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
};

const fninit: Handler = (cpu) => {
  requireX87(cpu);
  cpu.i32[FPU_CONTROL] = 0x37f;
  cpu.i32[FPU_STATUS] = 0;
  cpu.i32[FPU_TAG] = 0xffff;
};
/** Clears the exception flags, the summary and busy bits. */
const fnclex: Handler = (cpu) => {
  requireX87(cpu);
  cpu.i32[FPU_STATUS] &= 0x7f00;
};
const fldcw: Handler = (cpu, i) => {
  requireX87(cpu);
  const address = effectiveAddress(cpu, i);
  // Bit 6 is always 1, bits 7 and 13…15 always 0.
  cpu.i32[FPU_CONTROL] = (load16(cpu, address, cpu.i32[HIGH]) & 0x1f3f) | 0x40;
};
const storeWord =
  (word: number): Handler =>
  (cpu, i) => {
    requireX87(cpu);
    const address = effectiveAddress(cpu, i);
    store16(cpu, address, cpu.i32[HIGH], cpu.i32[word]);
  };
const fnstswAx: Handler = (cpu) => {
  requireX87(cpu);
  cpu.u16[RAX * 2] = cpu.i32[FPU_STATUS];
};
const fwait: Handler = (cpu) => {
  const both = CR0_MP | CR0_TS;
  if ((cpu.i32[CR0] & both) === both) raise(cpu, DEVICE_NOT_AVAILABLE);
};

/** Instructions of DB and DF whose whole ModRM byte is the opcode. */
const exactly =
  (modrm: number, handler: Handler) =>
  (i: Instruction): Handler | undefined =>
    (i.rmNumber & 7) === (modrm & 7) ? handler : undefined;

export const X87_CONTROL_OPCODES: readonly Opcode[] = [
  { opcode: 0x9b, handler: always(fwait) },
  { opcode: 0xd9, extension: 5, only: 'memory', handler: always(fldcw) },
  { opcode: 0xd9, extension: 7, only: 'memory', handler: always(storeWord(FPU_CONTROL)) },
  { opcode: 0xdd, extension: 7, only: 'memory', handler: always(storeWord(FPU_STATUS)) },
  {
    opcode: 0xdb,
    extension: 4,
    only: 'register',
    handler: (i) => exactly(0xe3, fninit)(i) ?? exactly(0xe2, fnclex)(i),
  },
  { opcode: 0xdf, extension: 4, only: 'register', handler: exactly(0xe0, fnstswAx) },
];
