/** LFENCE, MFENCE, SFENCE, CLFLUSH, MOVNTI: memory is always in order here, and there is no cache. */
import type { Cpu } from '../cpu.ts';
import type { Instruction } from '../instruction.ts';
import { effectiveAddress, load8, store32, store64 } from '../memory-access.ts';
import { always, bySize, type Opcode } from '../opcode.ts';
import { HIGH } from '../state.ts';

function fence(): void {}

/** Faults as a load of the byte does. */
function clflush(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  load8(cpu, low, cpu.i32[HIGH]);
}

function movnti32(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  store32(cpu, low, cpu.i32[HIGH], cpu.i32[i.reg]);
}

function movnti64(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  store64(cpu, low, cpu.i32[HIGH], cpu.i32[i.reg], cpu.i32[i.reg + 1]);
}

const fenceRow = (extension: number): Opcode => ({
  opcode: 0x0fae,
  prefix: 0,
  extension,
  only: 'register',
  handler: always(fence),
});

export const MEMORY_ORDER_OPCODES: readonly Opcode[] = [
  fenceRow(5),
  fenceRow(6),
  fenceRow(7),
  { opcode: 0x0fae, prefix: 0, extension: 7, only: 'memory', handler: always(clflush) },
  { opcode: 0x0fc3, prefix: 0, modrm: true, only: 'memory', handler: bySize(movnti32, movnti32, movnti64) },
];
