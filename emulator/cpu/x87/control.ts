/** The x87 instructions that compute nothing: initialisation, control and status word, waiting. */
import type { Cpu } from '../cpu.ts';
import { DEVICE_NOT_AVAILABLE, raise } from '../fault.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, load16, store16 } from '../memory-access.ts';
import { always, type Opcode } from '../opcode.ts';
import { CR0, CR0_MP, CR0_TS, FPU_CONTROL, FPU_STATUS, HIGH, RAX } from '../state.ts';
import { requireX87, waitPending, waitX87 } from './stack.ts';
import { initialise } from './state-image.ts';
import { normaliseControl, setStatus } from './status.ts';

const fninit: Handler = (cpu) => {
  requireX87(cpu);
  initialise(cpu.i32);
};
/** Clears the exception flags, and with them what is pending. */
const fnclex: Handler = (cpu) => {
  requireX87(cpu);
  cpu.i32[FPU_STATUS] &= 0x7f00;
};
const fldcw: Handler = (cpu, i) => {
  waitX87(cpu);
  const s = cpu.i32;
  const address = effectiveAddress(cpu, i);
  s[FPU_CONTROL] = normaliseControl(load16(cpu, address, s[HIGH]));
  setStatus(s, s[FPU_STATUS]);
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
  waitPending(cpu);
};
/** FENI, FDISI, FSETPM of the first coprocessors: nothing to do since. */
const nothing = (cpu: Cpu): void => requireX87(cpu);

const DB_E0: readonly (Handler | undefined)[] = [nothing, nothing, fnclex, fninit, nothing];

export const X87_CONTROL_OPCODES: readonly Opcode[] = [
  { opcode: 0x9b, handler: always(fwait) },
  { opcode: 0xd9, extension: 5, only: 'memory', handler: always(fldcw) },
  { opcode: 0xd9, extension: 7, only: 'memory', handler: always(storeWord(FPU_CONTROL)) },
  { opcode: 0xdd, extension: 7, only: 'memory', handler: always(storeWord(FPU_STATUS)) },
  { opcode: 0xdb, extension: 4, only: 'register', handler: (i) => DB_E0[i.rmNumber & 7] },
  {
    opcode: 0xdf,
    extension: 4,
    only: 'register',
    handler: (i: Instruction) => ((i.rmNumber & 7) === 0 ? fnstswAx : undefined),
  },
];
