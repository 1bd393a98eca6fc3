/** What all SSE instructions share: availability, operands, rows of the opcode table. */
import type { Cpu } from '../cpu.ts';
import { DEVICE_NOT_AVAILABLE, GENERAL_PROTECTION, INVALID_OPCODE, raise, raiseWithCode } from '../fault.ts';
import type { Handler, Instruction } from '../instruction.ts';
import { effectiveAddress, load32, load64, load128 } from '../memory-access.ts';
import { byForm, type Opcode } from '../opcode.ts';
import { CR0, CR0_EM, CR0_TS, CR4, CR4_OSFXSR, HIGH, OPERAND } from '../state.ts';

/** Raises #UD or #NM unless the system software has enabled SSE (SDM volume 3, 2.5 and 14.1). */
export function requireSse(cpu: Cpu): void {
  const s = cpu.i32;
  if ((s[CR0] & CR0_EM) !== 0 || (s[CR4] & CR4_OSFXSR) === 0) raise(cpu, INVALID_OPCODE);
  if ((s[CR0] & CR0_TS) !== 0) raise(cpu, DEVICE_NOT_AVAILABLE);
}

/** Address of a 16-byte operand that must be aligned: low half, high half in HIGH. */
export function alignedAddress(cpu: Cpu, i: Instruction): number {
  const low = effectiveAddress(cpu, i);
  if ((low & 15) !== 0) raiseWithCode(cpu, GENERAL_PROTECTION, 0);
  return low;
}

// Memory operands are brought to OPERAND, so that operations see a register in either case.

export function fetch32(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  cpu.i32[OPERAND] = load32(cpu, low, cpu.i32[HIGH]);
}

export function fetch64(cpu: Cpu, i: Instruction): void {
  const s = cpu.i32;
  const low = effectiveAddress(cpu, i);
  s[OPERAND] = load64(cpu, low, s[HIGH]);
  s[OPERAND + 1] = s[HIGH];
}

export function fetchAligned(cpu: Cpu, i: Instruction): void {
  const low = alignedAddress(cpu, i);
  load128(cpu, low, cpu.i32[HIGH], OPERAND);
}

export function fetch128(cpu: Cpu, i: Instruction): void {
  const low = effectiveAddress(cpu, i);
  load128(cpu, low, cpu.i32[HIGH], OPERAND);
}

/** What an instruction does to two vectors, given as word indexes; they may be the same. `immediate` is a byte. */
export type VectorOperation = (cpu: Cpu, destination: number, source: number, immediate: number) => void;

const withFetch =
  (fetch: (cpu: Cpu, i: Instruction) => void) =>
  (operation: VectorOperation): ((i: Instruction) => Handler | undefined) =>
    byForm(
      (cpu, i) => {
        requireSse(cpu);
        operation(cpu, i.reg, i.rm, i.immediateLow & 255);
      },
      (cpu, i) => {
        requireSse(cpu);
        fetch(cpu, i);
        operation(cpu, i.reg, OPERAND, i.immediateLow & 255);
      },
    );

/** Handlers for `xmm, xmm/m128`, aligned, and for `xmm, xmm/m64` and `xmm, xmm/m32`. */
export const packed = withFetch(fetchAligned);
export const scalarDouble = withFetch(fetch64);
export const scalarSingle = withFetch(fetch32);

export type Prefix = 0 | 0x66 | 0xf3 | 0xf2;

/** A row for an opcode 0F xx with vector registers in both places of ModRM; `rest` says what differs. */
export const row = (
  opcode: number,
  prefix: Prefix,
  handler: Opcode['handler'],
  rest: Partial<Opcode> = {},
): Opcode => ({
  opcode: 0x0f00 | opcode,
  prefix,
  modrm: true,
  reg: 'vector',
  rm: 'vector',
  handler,
  ...rest,
});
